"""Cells changed in place hold what plain addition says; keys that are there stop an insert."""

from collections import defaultdict
from random import Random

import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.carry import insert_if_new
from data_access.cube import merge
from data_access.cube.history import CELL, EVENT_SCHEMA
from data_access.cube.merge import apply_events, bump_partitions
from data_access.engine import writing
from tests.conftest import Database

Cell = tuple[int, ...]
Change = tuple[float, int]


def events(changes: dict[Cell, Change], *, known_at: int) -> pl.DataFrame:
    rows = [(*cell, known_at, value, n) for cell, (value, n) in changes.items()]
    return pl.DataFrame(rows, schema=dict(EVENT_SCHEMA), orient="row")


def stored(engine: sa.Engine, table: sa.Table) -> set[tuple[object, ...]]:
    query = sa.select(*[table.c[n] for n in (*CELL, "known_at", "value", "n", "batch_id")])
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(query)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_batches_add_up(database: Database, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    # Pieces smaller than a batch: their borders must not show.
    monkeypatch.setattr(merge, "_CELLS_AT_ONCE", 3)
    chance = Random(seed)  # noqa: S311 -- invented changes, not secrets
    # More partitions than a batch has cells: some are new in it, some are not.
    cells = [(1 + k % 2, 202107 + k // 4 % 3, 18_870 + k, 7, 1, 1) for k in range(12)]
    level: dict[Cell, Change] = {}
    history: set[tuple[object, ...]] = set()
    current: dict[Cell, tuple[object, ...]] = {}
    for batch in range(1, 7):
        changes: dict[Cell, Change] = {}
        for cell in chance.sample(cells, 5):
            value, n = level.get(cell, (0.0, 0))
            if n and chance.random() < 0.4:
                changes[cell] = (-value, -n)
            else:
                changes[cell] = (
                    float(chance.randrange(1, 9)),
                    chance.choice([0, 1, 2]) if n else 1,
                )
        for cell, (value, n) in changes.items():
            held = level.get(cell, (0.0, 0))
            level[cell] = (held[0] + value, held[1] + n)
            total = level[cell][0] if level[cell][1] else None
            row = (*cell, batch * 10, total, level[cell][1], batch)
            history.add(row)
            current[cell] = row
            if not level[cell][1]:
                del current[cell]
        with writing(database.engine) as connection:
            frame = events(changes, known_at=batch * 10)
            written = apply_events(connection, frame, batch_id=batch, is_latest=True)
        assert written == len(changes)
        assert stored(database.engine, tables.cube_history) == history
        assert stored(database.engine, tables.cube_current) == set(current.values())


def test_change_numbers_only_grow(database: Database) -> None:
    partition = tables.partition_change
    numbers: dict[int, list[int]] = defaultdict(list)
    for change_no, measures in ((5, (1, 2)), (9, (1,)), (3, (1, 2)), (9, (2,))):
        cells = pl.DataFrame({"measure_id": measures, "month": [202109] * len(measures)})
        with writing(database.engine) as connection:
            bump_partitions(connection, cells, change_no=change_no)
            for row in connection.execute(sa.select(partition)):
                numbers[row.measure_id].append(row.change_no)
    assert numbers == {1: [5, 9, 10, 10], 2: [5, 5, 6, 9]}


def test_one_held_key_keeps_all_rows_out_and_the_transaction_alive(database: Database) -> None:
    table = tables.meta
    new = pl.DataFrame({"key": ["x1", "x2"], "value": ["", "b"]})
    mixed = pl.DataFrame({"key": ["x3", "x2"], "value": ["c", "other"]})
    with writing(database.engine) as connection:
        assert insert_if_new(connection, table, new)
        assert not insert_if_new(connection, table, mixed)
        assert insert_if_new(connection, table, mixed.head(1))
    with database.engine.connect() as connection:
        query = sa.select(table).where(table.c.key.in_(["x1", "x2", "x3"]))
        held = {tuple(row) for row in connection.execute(query)}
    assert held == {("x1", ""), ("x2", "b"), ("x3", "c")}
