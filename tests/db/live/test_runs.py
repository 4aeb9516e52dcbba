"""A simulated country in a database: fast and slow give the same figures; a kill loses nothing."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.chain.records import CHAIN_SOURCE
from data_access.clock import machine_clock
from data_access.cube.verify import verify
from data_access.demonstration import database_clock
from data_access.engine import writing
from data_access.errors import BadUse
from data_access.rollout import ledger as rollout_ledger
from data_access.rollout.rules import rules
from data_access.rollout.standing import deployments
from data_access.simulated import note_simulated, read_simulated
from data_access.viewer import system_viewer
from simulations import reporting
from simulations.live.country import Country
from simulations.live.run import Runner
from simulations.live.send import Sender
from tests.conftest import Database

pytestmark = pytest.mark.vietnam

FIRST = date(2021, 8, 31)
OPENING = datetime(2021, 8, 31, 11, tzinfo=UTC)
COUNTRY = Country(first_day=FIRST, opening=OPENING, provinces=("02",), days=14)
VIEWER = system_viewer(machine_clock())
ZONE = "Asia/Ho_Chi_Minh"
FAST = 1e9
TOLD = tuple(f"{n:02}" for n in range(1, 97))


def quiet(*_words: object) -> None:
    """Say nothing."""


def runner(database: Database, *, country: Country = COUNTRY) -> Runner:
    return Runner(engine=database.engine, viewer=VIEWER, country=country, key="invented people")


def cells(database: Database, *, chain: bool = True) -> set[tuple[object, ...]]:
    """Every cell in force, by name."""
    cell, measure, area = tables.cube_current.c, tables.measure, tables.area
    named = (
        sa.select(tables.source.c.name, measure.c.key, cell.day, area.c.code, area.c.vintage,
                  tables.breakdown.c.dims, cell.value, cell.n)
        .join_from(tables.cube_current, measure, measure.c.measure_id == cell.measure_id)
        .join(area, area.c.area_id == cell.area_id)
        .join(tables.breakdown, tables.breakdown.c.breakdown_id == cell.breakdown_id)
        .join(tables.source, tables.source.c.source_id == cell.source_id)
        .where(cell.n > 0)
    )  # fmt: skip
    with database.engine.connect() as connection:
        rows = {tuple(row) for row in connection.execute(named)}
    return {row for row in rows if chain or row[0] != CHAIN_SOURCE}


def ledger(database: Database) -> list[tuple[object, ...]]:
    """Every delivery but the chain's: file, hash, rows, new rows, refused rows."""
    batch = tables.batch.c
    query = sa.select(batch.file_name, batch.sha256, batch.n_read, batch.n_new, batch.n_rejected)
    with database.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(query.order_by(batch.batch_id))]
    return [row for row in rows if str(row[0])[:4] == "2021"]


def wipe(database: Database) -> None:
    """Take all figures away again; names keep their numbers."""
    keep = {"area", "population", "neighbour", "succession", "alembic_version", "measure",
            "breakdown", "source", "audit", "audit_head", "quoted_number"}  # fmt: skip
    with writing(database.engine) as connection:
        # Other tests declare tables of their own, which this database does not have.
        there = set(sa.inspect(connection).get_table_names())
        for table in reversed(tables.metadata.sorted_tables):
            if table.name not in there:
                continue
            if table.name == "meta":
                connection.execute(sa.delete(table).where(table.c.key != "country"))
            elif table.name not in keep:
                connection.execute(sa.delete(table))


def live(database: Database, *, until: datetime) -> None:
    runner(database).run(speed=FAST, until=until, stop=threading.Event(), say=quiet)


@pytest.mark.slow
def test_fast_and_slow_give_the_same_cells_and_a_kill_loses_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner(database).build(quiet)
    fast = cells(database)
    assert len({row[1] for row in fast}) > 30
    assert not [row for row in ledger(database) if row[4]]
    wipe(database)

    # Killed in the middle of a tick, after its first file, with nothing noted of it.
    real, calls = Sender._records, []

    def dies(self: Sender, *args: object, **words: object) -> object:
        calls.append(args)
        if len(calls) == 30:
            raise KeyboardInterrupt
        return real(self, *args, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(Sender, "_records", dies)
    with pytest.raises(KeyboardInterrupt):
        live(database, until=OPENING)
    before = ledger(database)
    monkeypatch.setattr(Sender, "_records", real)
    live(database, until=OPENING)
    assert ledger(database)[: len(before)] == before
    assert len({row[:2] for row in ledger(database)}) == len(ledger(database))
    assert cells(database) == fast
    assert verify(database.engine, viewer=VIEWER, zone=ZONE, n_moments=2).differences.is_empty()


@pytest.mark.slow
def test_live_goes_on_where_the_fast_build_ended(database: Database) -> None:
    later = OPENING + timedelta(hours=1)
    runner(database).build(quiet)
    live(database, until=later)
    went_on = cells(database, chain=False)
    wipe(database)
    both = Country(first_day=FIRST, opening=later, provinces=("02",), days=14)
    runner(database, country=both).build(quiet)
    assert cells(database, chain=False) == went_on


def test_the_clock_goes_with_the_simulation(database: Database) -> None:
    runner(database).build(quiet)
    clock = database_clock(database.engine, now="", zone=ZONE, viewer=VIEWER)
    assert clock() == OPENING
    state = read_simulated(database.engine, viewer=VIEWER)
    assert state is not None
    assert (state.sent, state.scale, state.speed) == (OPENING, 200, 0.0)
    fixed = database_clock(database.engine, now="2022-01-01", zone=ZONE, viewer=VIEWER)
    assert fixed() == datetime(2021, 12, 31, 17, tzinfo=UTC)


def test_other_figures_and_other_simulations_are_refused(database: Database) -> None:
    runner(database).build(quiet)
    other = Country(first_day=FIRST, opening=OPENING, provinces=("02",), days=14, seed=2)
    with pytest.raises(BadUse, match="another simulation"):
        runner(database, country=other).build(quiet)
    with writing(database.engine) as connection:
        connection.execute(sa.delete(tables.meta).where(tables.meta.c.key == "simulation"))
    before = cells(database)
    with pytest.raises(BadUse, match="not of this simulation"):
        live(database, until=OPENING + timedelta(hours=1))
    assert cells(database) == before
    assert read_simulated(database.engine, viewer=VIEWER) is None


def test_told_to_stop_it_stops_between_ticks_and_the_clock_stands(database: Database) -> None:
    stop = threading.Event()
    runner(database).run(speed=FAST, until=OPENING, stop=stop, say=lambda _line: stop.set())
    state = read_simulated(database.engine, viewer=VIEWER)
    assert state is not None
    assert state.speed == 0
    assert state.sent == datetime(2021, 8, 30, 17, 15, tzinfo=UTC)
    note_simulated(database.engine, state)
    assert read_simulated(database.engine, viewer=VIEWER) == state


def test_provinces_go_on_saying_how_their_rollout_stands(database: Database) -> None:
    run = runner(database, country=replace(COUNTRY, provinces=None))
    assert run.tell_rollout() > 0
    later = OPENING + timedelta(hours=60)

    def tell() -> int:
        return reporting.tell(database.engine, provinces=TOLD, until=later, zone=ZONE,
                              seed=COUNTRY.seed, viewer=VIEWER)  # fmt: skip

    assert tell() > 0
    assert tell() == 0  # whoever goes on after a crash says nothing twice
    seen = replace(VIEWER, now=later)
    found = rollout_ledger.history(database.engine, viewer=seen)
    stands = deployments(found, now=later, stale=rules().stale, today=later.date())
    own = stands.filter(pl.col("province").is_in(TOLD))
    stale = own.group_by("province").agg(pl.col("is_stale").all())["is_stale"]
    assert 0 < stale.sum() < len(stale) / 2
