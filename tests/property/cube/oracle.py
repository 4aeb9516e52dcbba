"""What history and present must be, in plain Python: lists, dictionaries and loops."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import from_us
from tests.db.probe import DAY, Batch, Version, moment_of

Cell = tuple[str, str, date, int, str]  # source, measure, day, area, breakdown
Level = tuple[float | None, int, int]  # value, n, status


def winners(batches: Sequence[Batch], *, at: int) -> dict[tuple[str, str], Version]:
    """Return the version in force of each (source, record); batches in order of arrival."""
    best: dict[tuple[str, str], tuple[tuple[int, int, int, int], Version]] = {}
    for number, batch in enumerate(batches):
        if batch.moment > at:
            continue
        for row_no, row in enumerate(batch.rows):
            rank = (row.version, batch.moment, number, row_no)
            key = (batch.source, row.record)
            if key not in best or rank > best[key][0]:
                best[key] = (rank, row)
    return {key: row for key, (_, row) in best.items()}


def cells(batches: Sequence[Batch], *, at: int) -> dict[Cell, Level]:
    """Return the cells that the winners add up to."""
    found: dict[Cell, Level] = {}

    def add(cell: Cell, value: int) -> None:
        before = found.get(cell, (0.0, 0, 0))
        found[cell] = (float(before[0] or 0) + value, before[1] + 1, 0)

    for (source, _), row in winners(batches, at=at).items():
        if row.deleted:
            continue
        day = DAY + timedelta(days=row.day)
        method = f"method={row.method or 'unknown'}"
        if row.amount is not None and row.province is not None:
            add((source, "samples_collected", day, row.province, method), row.amount)
        if row.amount is not None and row.district is not None:
            add((source, "samples_collected", day, row.district, ""), row.amount)
        if row.method == "pcr" and row.province is not None:
            add((source, "persons_tested", day, row.province, ""), 1)
    return found


def history(
    moments: Iterable[int], states: dict[int, dict[Cell, Level]]
) -> set[tuple[object, ...]]:
    """Return (cell, moment, level) for every change between one moment's state and the next."""
    before: dict[Cell, Level] = {}
    rows: set[tuple[object, ...]] = set()
    for moment in sorted(moments):
        now = states[moment]
        for cell in before.keys() | now.keys():
            if before.get(cell) != now.get(cell):
                rows.add((cell, moment_of(moment), now.get(cell, (None, 0, 0))))
        before = now
    return rows


def stored(engine: sa.Engine, table: sa.Table) -> set[tuple[object, ...]]:
    """Return (cell, moment, level) of every row of a cube table, by names."""
    source, measure, breakdown = tables.source.c, tables.measure.c, tables.breakdown.c
    query = (
        sa.select(
            source.name, measure.key, table.c.day, table.c.area_id, breakdown.dims,
            table.c.known_at, table.c.value, table.c.n, table.c.status, table.c.month,
        )
        .join(tables.source, source.source_id == table.c.source_id)
        .join(tables.measure, measure.measure_id == table.c.measure_id)
        .join(tables.breakdown, breakdown.breakdown_id == table.c.breakdown_id)
    )  # fmt: skip
    rows: set[tuple[object, ...]] = set()
    with engine.connect() as connection:
        for name, key, number, area, dims, known_at, value, n, status, month in connection.execute(
            query
        ):
            day = date(1970, 1, 1) + timedelta(days=number)
            assert month == day.year * 100 + day.month
            rows.add(((name, key, day, area, dims), from_us(known_at), (value, n, status)))
    return rows


def present_of(rows: set[tuple[object, ...]]) -> set[tuple[object, ...]]:
    """Return the last row of each cell that has not ended."""
    last: dict[object, tuple[object, ...]] = {}
    for row in sorted(rows, key=lambda row: row[1]):  # type: ignore[arg-type,return-value]
        last[row[0]] = row
    return {row for row in last.values() if row[2] != (None, 0, 0)}


def frame_of(rows: set[tuple[object, ...]]) -> pl.DataFrame:
    """Return history rows as a frame, for messages."""
    return pl.DataFrame({"row": sorted(map(repr, rows))})
