"""Records in any order leave the response chain that a recount gives, as of every moment."""

import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import tables
from data_access.chain.cells import signed_changes
from data_access.chain.records import FIELDS, WATCHED, chain_records
from data_access.chain.refresh import refresh
from data_access.chain.steps import item_histories
from data_access.codes import to_day, to_us
from data_access.cube.verify import verify
from data_access.viewer import system_viewer
from tests.chain_world import (
    KINDS,
    ZONE,
    Batch,
    Version,
    cells,
    deliver,
    flows,
    hours,
    items,
    stock,
    stored,
    waiting,
    winners,
)
from tests.conftest import Database

pytestmark = pytest.mark.db
CLEARED = (
    tables.cube_current, tables.cube_history, tables.partition_change, tables.confirmation,
    tables.batch_flag, tables.batch, tables.chain_touched, tables.chain_link, tables.meta,
    *(table for kind, of in KINDS.items() for table in tables.record_tables(of, kind)),
)  # fmt: skip
LAST_MOMENT = 4
DAYS = [date(2021, 8, 1) + timedelta(days=n) for n in (0, 1, 2, 4, 8, 20)]

when = st.sampled_from([-30, -20, 0, 1, 24, 25, 80, 672, 673]).map(hours)
maybe = st.one_of(st.none(), when)
person = st.sampled_from(["p1", "p1", "p1", "p2", None])
province = st.sampled_from([1, 2])
TOLD = {
    "case": st.fixed_dictionaries(
        {"person_ref": person, "case_day": st.sampled_from([date(2021, 8, 1), date(2021, 8, 3)])}
    ),
    "contact": st.fixed_dictionaries(
        {
            "person_ref": person,
            "index_case_id": st.sampled_from(["a", "b"]),
            "class": st.sampled_from(["F1", "F1", "F2"]),
            "index_reported_at": maybe,
            "last_exposure_ts": maybe,
            "identified_ts": when,
            "reached_ts": maybe,
            "quarantined_ts": maybe,
            "sampled_ts": maybe,
        }
    ),
    "stay": st.fixed_dictionaries(
        {"person_ref": person, "class": st.just("F1"), "start_ts": when, "actual_end": maybe}
    ),
    "sample": st.fixed_dictionaries(
        {
            "person_ref": person,
            "member_refs": st.sampled_from([None, None, "p1", "p1|p2"]),
            "result": st.sampled_from(["duong_tinh", "duong_tinh", "am_tinh", None]),
            "collected_at": when,
            "resulted_at": maybe,
        }
    ).map(lambda told: {**told, "n_members": 2 if "|" in (told["member_refs"] or "") else 1}),
    "sample_person": st.fixed_dictionaries(
        {"person_ref": person, "sample_id": st.sampled_from(["a", "b"]), "collected_at": when}
    ),
}


@st.composite
def batches(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(KINDS)) -> Batch:
    kind = draw(st.sampled_from(kinds))
    rows = st.builds(
        Version,
        kind=st.just(kind),
        record=st.sampled_from(["a", "b"]),
        told=TOLD[kind],
        version=st.sampled_from([0, 0, 1]),
        deleted=st.sampled_from([False, False, False, True]),
        province=province,
    )
    return Batch(
        moment=draw(st.integers(0, LAST_MOMENT)),
        kind=kind,
        rows=tuple(draw(st.lists(rows, min_size=1, max_size=3))),
        source=draw(st.sampled_from(["s", "s", "t"])),
    )


# Links are what matters: every world has something of every kind.
worlds = st.tuples(*(batches((kind,)) for kind in KINDS), st.lists(batches(), max_size=6)).flatmap(
    lambda parts: st.permutations([*parts[:-1], *parts[-1]])
)


def clear(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for table in CLEARED:
            connection.execute(sa.delete(table))


def computed(given_batches: list[Batch]) -> pl.DataFrame:
    """The chain's signed changes, without a database: from the versions in force, one by one."""
    found = {}
    for place in WATCHED:
        kind = place[1]
        rows = []
        for moment in range(LAST_MOMENT + 1):
            for (source, record), won in winners(given_batches, at=moment, kind=kind).items():
                told = {name: stored_value(won.told.get(name)) for name in FIELDS[place]}
                told |= {"province_id": won.province} if "province_id" in told else {}
                begin = to_us(hours(moment))
                end = None if moment == LAST_MOMENT else to_us(hours(moment + 1))
                rows.append({"source_id": ord(source), "record_id": record, **told,
                             "begin": begin, "end": end})  # fmt: skip
        schema = {"source_id": pl.Int32, "record_id": pl.String, **FIELDS[place],
                  "begin": pl.Int64, "end": pl.Int64}  # fmt: skip
        found[place] = pl.DataFrame(rows, schema=schema)
    return signed_changes(item_histories(**chain_records(found, zone=ZONE)), zone=ZONE)


def stored_value(value: object) -> object:
    if isinstance(value, datetime):
        return to_us(value)
    return to_day(value) if isinstance(value, date) else value


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(given_batches=worlds)
def test_what_each_moment_changes_adds_up_to_a_recount(given_batches: list[Batch]) -> None:
    changes = computed(given_batches)
    key = ["measure", "day", "area_id", "dims"]
    for moment in range(LAST_MOMENT + 1):
        known = changes.filter(pl.col("known_at") <= to_us(hours(moment)))
        summed = known.group_by(key).agg(pl.col("value").sum()).filter(pl.col("value") != 0)
        wanted = items(given_batches, at=moment)
        assert flows(summed) == cells(wanted)
        for day in DAYS:
            assert stock(summed, day=day) == waiting(wanted, day=day)


def check(engine: sa.Engine, given_batches: list[Batch], *, after_each: bool) -> None:
    clear(engine)
    with tempfile.TemporaryDirectory() as folder:
        for batch in given_batches:
            deliver(engine, batch, Path(folder))
            if after_each:
                refresh(engine, clock=lambda: hours(10_000), zone=ZONE)
    refresh(engine, clock=lambda: hours(10_000), zone=ZONE)
    for moment in range(LAST_MOMENT + 1):
        held, wanted = stored(engine, at=moment), items(given_batches, at=moment)
        assert flows(held) == cells(wanted)
        for day in DAYS:
            assert stock(held, day=day) == waiting(wanted, day=day)
    verdict = verify(engine, viewer=system_viewer(hours(10_000)), zone=ZONE)
    assert verdict.differences.to_dicts() == []
    assert refresh(engine, clock=lambda: hours(10_000), zone=ZONE).batch is None
    # All of it worked out at once gives the same rows of history, values and moments.
    whole = refresh(engine, clock=lambda: hours(10_000), zone=ZONE, anew=True)
    assert (whole.is_whole, whole.n_written) == (True, 0)


@settings(
    max_examples=4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(given_batches=worlds, after_each=st.booleans())
def test_the_chain_is_what_a_recount_of_the_records_gives(
    database: Database, given_batches: list[Batch], after_each: bool
) -> None:
    check(database.engine, given_batches, after_each=after_each)
