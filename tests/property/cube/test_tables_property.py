"""Table deliveries in any order leave the history that the order of time gives."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import tables
from data_access.ingest.ledger import Outcome
from data_access.ingest.seam import CELLS, REJECTED, CellDelivery, CellEntry
from data_access.ingest.tables import TableDelivery, ingest_cells
from tests.conftest import Database
from tests.db.probe import DAY, moment_of
from tests.property.cube import oracle
from tests.property.cube.oracle import Cell, Level

CLEARED = (
    tables.cube_current, tables.cube_history, tables.partition_change, tables.delivery,
    tables.batch_flag, tables.batch,
)  # fmt: skip
MEASURES = ("quarantine_beds", "quarantine_admissions")
ENTRIES = tuple(CellEntry(measure=key, feed=f"t|{key}||*") for key in MEASURES)


@dataclass(frozen=True)
class Table:
    """One delivery: its moment, its mode, and (measure, day, area) → (value, status)."""

    moment: int
    mode: str
    cells: tuple[tuple[tuple[int, int, int], tuple[int | None, int]], ...]


states = st.one_of(
    st.tuples(st.integers(0, 3), st.just(0)), st.tuples(st.none(), st.sampled_from([1, 4]))
)
places = st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 31]), st.sampled_from([1, 2]))
deliveries = st.builds(
    Table,
    moment=st.integers(0, 5),
    mode=st.sampled_from(["snapshot", "snapshot", "increment"]),
    cells=st.dictionaries(places, states, max_size=5).map(lambda found: tuple(found.items())),
)


def told(table: Table) -> CellDelivery:
    rows = [
        {
            "row_no": 2 + number // 2,
            "entry": measure,
            "day": DAY + timedelta(days=day),
            "area_id": area,
            "dims": "",
            "value": value,
            "status": status,
        }
        for number, ((measure, day, area), (value, status)) in enumerate(table.cells)
    ]
    cells = pl.DataFrame(rows, schema=CELLS)
    return CellDelivery(
        cells=cells,
        rejected=pl.DataFrame(schema=REJECTED),
        n_read=cells["row_no"].n_unique(),
        entries=ENTRIES,
    )


def deliver(engine: sa.Engine, table: Table, folder: Path) -> Outcome:
    path = folder / "table.csv"
    path.write_text(repr(table))
    delivery = TableDelivery(
        paths=(path,),
        source="t",
        platform="quarantine",
        mode=table.mode,
        known_at=moment_of(table.moment),
    )
    return ingest_cells(
        engine,
        delivery,
        cells=told(table),
        clock=lambda: moment_of(1000),
        rejects_folder=folder,
    )


def expected_states(given_tables: Sequence[Table]) -> dict[int, dict[Cell, Level]]:
    """Replay in order of moment, then of arrival; return the state after each moment."""
    ordered = sorted(enumerate(given_tables), key=lambda pair: (pair[1].moment, pair[0]))
    now: dict[Cell, Level] = {}
    after: dict[int, dict[Cell, Level]] = {}
    for _, table in ordered:
        spoken: dict[Cell, Level] = {
            ("t", MEASURES[measure], DAY + timedelta(days=day), area, ""): (
                None if value is None else float(value), 1, status,
            )
            for (measure, day, area), (value, status) in table.cells
        }  # fmt: skip
        now = spoken if table.mode == "snapshot" else now | spoken
        after[table.moment] = now
    return after


def check(engine: sa.Engine, given_tables: Sequence[Table]) -> None:
    with engine.begin() as connection:
        for table in CLEARED:
            connection.execute(sa.delete(table))
    with tempfile.TemporaryDirectory() as folder:
        for one in given_tables:
            counts = deliver(engine, one, Path(folder)).counts
            assert counts.balanced
            assert counts.read == counts.new + counts.updated + counts.unchanged + counts.stale
        states_after = expected_states(given_tables)
        expected = oracle.history(states_after, states_after)
        held = oracle.stored(engine, tables.cube_history)
        assert held - expected == set()
        assert expected - held == set()
        assert oracle.stored(engine, tables.cube_current) == oracle.present_of(expected)


@pytest.mark.parametrize("n_examples", [pytest.param(40, id="40")])
def test_history_equals_replay(database: Database, n_examples: int) -> None:
    # PostgreSQL takes ten times as long for the same statements; the logic is the same.
    n_run = n_examples if database.kind == "sqlite" else n_examples // 4

    @settings(
        max_examples=n_run,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(given_tables=st.lists(deliveries, min_size=1, max_size=7))
    def run(given_tables: list[Table]) -> None:
        check(database.engine, given_tables)

    run()


def test_the_same_delivery_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    table = Table(0, "snapshot", (((0, 0, 1), (5, 0)), ((0, 0, 2), (None, 1))))
    first = deliver(database.engine, table, tmp_path).counts
    before = oracle.stored(database.engine, tables.cube_history)
    again = deliver(database.engine, table, tmp_path).counts
    assert (first.new, first.unchanged) == (1, 0)  # both cells stand in one row
    assert (again.new, again.unchanged) == (0, 1)
    assert oracle.stored(database.engine, tables.cube_history) == before


def test_a_row_that_is_gone_is_retracted(database: Database, tmp_path: Path) -> None:
    full = Table(0, "snapshot", (((0, 0, 1), (5, 0)), ((0, 0, 2), (7, 0))))
    deliver(database.engine, full, tmp_path)
    counts = deliver(database.engine, Table(1, "snapshot", full.cells[:1]), tmp_path).counts
    assert (counts.unchanged, counts.retracted) == (1, 1)
    rows = oracle.stored(database.engine, tables.cube_history)
    gone = ("t", "quarantine_beds", DAY, 2, "")
    assert {row[1:] for row in rows if row[0] == gone} == {
        (moment_of(0), (7.0, 1, 0)),
        (moment_of(1), (None, 0, 0)),
    }


def test_a_late_table_is_stale_when_a_later_one_says_otherwise(
    database: Database, tmp_path: Path
) -> None:
    deliver(database.engine, Table(2, "snapshot", (((0, 0, 1), (9, 0)),)), tmp_path)
    counts = deliver(database.engine, Table(1, "snapshot", (((0, 0, 1), (5, 0)),)), tmp_path).counts
    assert (counts.new, counts.stale) == (0, 1)
    present = oracle.stored(database.engine, tables.cube_current)
    assert [row[2] for row in present] == [(9.0, 1, 0)]
