"""Writes changes of cells: history, present, change numbers. Write side only.

Every function runs inside the write transaction (`engine.writing`) of one batch.
"""

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import delete_matching, insert_frame, matching
from data_access.cube.history import (
    CELL,
    HISTORY_SCHEMA,
    LEVEL,
    changes_only,
    events_of,
    levels_of,
    present,
    summed,
)

_COLUMNS = list(HISTORY_SCHEMA)


def apply_events(
    connection: sa.Connection, events: pl.DataFrame, *, batch_id: int, is_latest: bool
) -> int:
    """Add signed changes of record cells to the cube; return the number of history rows written.

    Args:
        connection: inside the write transaction.
        events: columns of EVENT_SCHEMA; several events may share a cell and moment.
        batch_id: the batch that causes them.
        is_latest: whether every event is later than anything these cells already hold.
    """
    moved = summed(events)
    if moved.is_empty():
        return 0
    if not is_latest:
        return _rewrite(connection, moved, batch_id=batch_id)
    before = matching(
        connection,
        tables.cube_current,
        keys=moved.select(CELL).unique(),
        columns=[*CELL, "value", "n"],
        schema={name: HISTORY_SCHEMA[name] for name in (*CELL, "value", "n")},
    )
    n = pl.col("dn") + pl.col("n").fill_null(0)
    value = pl.col("dvalue") + pl.col("value").fill_null(0)
    after = moved.join(before, on=CELL, how="left", maintain_order="left").with_columns(
        n=n,
        value=pl.when(n != 0).then(value),
        status=pl.lit(0, dtype=pl.Int8),
        batch_id=pl.lit(batch_id, dtype=pl.Int64),
    )
    append(connection, after.select(_COLUMNS), existing=before.select(CELL), batch_id=batch_id)
    return after.height


def append(
    connection: sa.Connection, rows: pl.DataFrame, *, existing: pl.DataFrame, batch_id: int
) -> None:
    """Write history rows that are later than anything their cells hold.

    Args:
        connection: inside the write transaction.
        rows: columns of HISTORY_SCHEMA.
        existing: cells (CELL) of `rows` that are in cube_current.
        batch_id: the batch that causes them.
    """
    insert_frame(connection, tables.cube_history, rows)
    delete_matching(connection, tables.cube_current, existing)
    insert_frame(connection, tables.cube_current, present(rows))
    bump_partitions(connection, rows, change_no=batch_id)


def _rewrite(connection: sa.Connection, events: pl.DataFrame, *, batch_id: int) -> int:
    old = load_history(connection, events.select(CELL).unique())
    everything = pl.concat([events_of(old), events.select(events_of(old).columns)])
    return replace_history(connection, old=old, levels=levels_of(everything), batch_id=batch_id)


def load_history(connection: sa.Connection, cells: pl.DataFrame) -> pl.DataFrame:
    """Return the whole history (HISTORY_SCHEMA) of some cells (CELL, distinct)."""
    return matching(
        connection, tables.cube_history, keys=cells, columns=_COLUMNS, schema=HISTORY_SCHEMA
    )


def replace_history(
    connection: sa.Connection, *, old: pl.DataFrame, levels: pl.DataFrame, batch_id: int
) -> int:
    """Put new histories in place of old ones, writing only what differs; return rows written.

    Args:
        connection: inside the write transaction.
        old: the whole stored history of the cells (HISTORY_SCHEMA).
        levels: their whole new history (CELL, known_at, value, n, status).
        batch_id: what is named as the cause of rows that are new or changed; other rows keep
            the batch that caused them.
    """
    new = changes_only(levels)
    key = [*CELL, "known_at"]
    held = old.rename({name: f"{name}_old" for name in (*LEVEL, "batch_id")})
    joined = new.join(held, on=key, how="left", maintain_order="left")
    same = pl.col("batch_id_old").is_not_null() & pl.all_horizontal(
        [pl.col(name).eq_missing(pl.col(f"{name}_old")) for name in LEVEL]
    )
    this = pl.lit(batch_id, dtype=pl.Int64)
    caused = joined.with_columns(
        _same=same, batch_id=pl.when(same).then(pl.col("batch_id_old")).otherwise(this)
    )
    kept, written = caused.filter("_same"), caused.filter(~pl.col("_same")).select(_COLUMNS)
    gone = old.join(kept.select(key), on=key, how="anti")
    if written.is_empty() and gone.is_empty():
        return 0
    delete_matching(connection, tables.cube_history, gone.select(key))
    insert_frame(connection, tables.cube_history, written)
    touched = pl.concat([written.select(CELL), gone.select(CELL)]).unique()
    ends = present(caused.select(_COLUMNS)).join(touched, on=CELL, how="semi")
    delete_matching(connection, tables.cube_current, touched)
    insert_frame(connection, tables.cube_current, ends)
    bump_partitions(connection, touched, change_no=batch_id)
    return written.height + gone.height


def bump_partitions(connection: sa.Connection, cells: pl.DataFrame, *, change_no: int) -> None:
    """Give every partition (measure, month) of these cells a new change number.

    The number is the batch's; should the partition hold it already, the next higher one.
    """
    partition = tables.partition_change
    touched = cells.select("measure_id", "month").unique().sort("measure_id", "month")
    if touched.is_empty():
        return
    for measure_id, month in touched.iter_rows():
        one = (partition.c.measure_id == measure_id) & (partition.c.month == month)
        held = connection.execute(sa.select(partition.c.change_no).where(one)).scalar()
        if held is None:
            row = {"measure_id": measure_id, "month": month, "change_no": change_no}
            connection.execute(sa.insert(partition), row)
        else:
            number = max(change_no, held + 1)
            connection.execute(sa.update(partition).where(one).values(change_no=number))
