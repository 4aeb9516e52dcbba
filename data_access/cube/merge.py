"""Writes changes of cells: history, present, change numbers. Write side only.

Every function runs inside the write transaction (`engine.writing`) of one batch.
"""

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import Upsert, delete_matching, insert_frame, matching, staged, upsert_into
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
_CELLS_AT_ONCE = 250_000
"""Cells that are staged at a time: a delivery of years may change millions."""


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
    if not is_latest or moved["known_at"].n_unique() > 1:
        return _rewrite(connection, moved, batch_id=batch_id)
    are_new = _are_new(connection, moved)
    for piece in moved.iter_slices(_CELLS_AT_ONCE):
        _add_to_present(connection, piece, batch_id=batch_id, are_new=are_new)
    bump_partitions(connection, moved, change_no=batch_id)
    return moved.height


def _are_new(connection: sa.Connection, moved: pl.DataFrame) -> bool:
    """Return whether cells are new for sure: no partition of theirs ever held any."""
    partition = tables.partition_change.c
    query = sa.select(partition.measure_id, partition.month)
    held = {tuple(row) for row in connection.execute(query)}
    return held.isdisjoint(moved.select("measure_id", "month").unique().iter_rows())


def _add_to_present(
    connection: sa.Connection, moved: pl.DataFrame, *, batch_id: int, are_new: bool
) -> None:
    """Add changes of one moment to cells in place, and enter what came of it in the history.

    The frame travels once; each cell is looked up and written once in either table. What new cells
    come to is what is added to them: nothing is looked up for their history.
    """
    current, history = tables.cube_current, tables.cube_history
    moment = moved["known_at"][0]
    staged_columns = [
        *[current.c[name] for name in CELL],
        sa.Column("dvalue", sa.Double),
        sa.Column("dn", sa.BigInteger),
    ]
    with staged(connection, staged_columns, moved) as stage:
        rows = _added(stage, known_at=moment, batch_id=batch_id)
        adding = _addition(connection, rows)
        if connection.dialect.name == "postgresql":
            after = adding.returning(*[current.c[name] for name in _COLUMNS]).cte("after")
            whole = sa.select(*[after.c[name] for name in _COLUMNS])
        elif are_new:
            connection.execute(adding)
            whole = rows
        else:
            connection.execute(adding)
            same_cell = sa.and_(*[stage.c[name] == current.c[name] for name in CELL])
            joined = stage.join(current, same_cell)
            whole = sa.select(*[current.c[name] for name in _COLUMNS]).select_from(joined)
        connection.execute(sa.insert(history).from_select(_COLUMNS, whole))
    _drop_ended(connection, moved.filter(pl.col("dn") <= 0))


def _added(stage: sa.Table, *, known_at: int, batch_id: int) -> sa.Select[tuple[object, ...]]:
    """Return staged changes as the cells that they are where nothing was before."""
    added = {
        **{name: stage.c[name] for name in CELL},
        "known_at": sa.literal(known_at, sa.BigInteger),
        "value": stage.c.dvalue,
        "n": stage.c.dn,
        "status": sa.literal(0, sa.SmallInteger),
        "batch_id": sa.literal(batch_id, sa.BigInteger),
    }
    # SQLite cannot tell ON CONFLICT from a join's ON unless the SELECT has a WHERE.
    return sa.select(*[added[name].label(name) for name in _COLUMNS]).where(sa.true())


def _addition(connection: sa.Connection, rows: sa.Select[tuple[object, ...]]) -> Upsert:
    current = tables.cube_current
    adding = upsert_into(connection, current).from_select(_COLUMNS, rows)
    new = adding.excluded
    n = current.c.n + new.n
    value = sa.func.coalesce(current.c.value, 0) + new.value
    return adding.on_conflict_do_update(
        index_elements=list(CELL),
        set_={
            "known_at": new.known_at,
            "value": sa.case((n != 0, value)),
            "n": n,
            "status": new.status,
            "batch_id": new.batch_id,
        },
    )


def _drop_ended(connection: sa.Connection, lessened: pl.DataFrame) -> None:
    """Take cells out of the present that no record stands behind any more."""
    schema = {name: HISTORY_SCHEMA[name] for name in (*CELL, "n")}
    held = matching(
        connection,
        tables.cube_current,
        keys=lessened.select(CELL),
        columns=list(schema),
        schema=schema,
    )
    delete_matching(connection, tables.cube_current, held.filter(pl.col("n") == 0).select(CELL))


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
    entering = upsert_into(connection, partition)
    held, given = partition.c.change_no, entering.excluded.change_no
    next_number = sa.case((given > held, given), else_=held + 1)
    entered = entering.on_conflict_do_update(
        index_elements=["measure_id", "month"], set_={"change_no": next_number}
    )
    connection.execute(entered, [{**row, "change_no": change_no} for row in touched.to_dicts()])
