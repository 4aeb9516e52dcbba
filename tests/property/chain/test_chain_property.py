"""Records in any order leave the response chain that a recount gives, as of every moment."""

import tempfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import tables
from data_access.chain.refresh import refresh
from data_access.codes import to_us
from data_access.cube.verify import verify
from data_access.viewer import system_viewer
from tests.chain_world import KINDS, ZONE, Batch, Version, cells, deliver, hours, items, waiting
from tests.conftest import Database

pytestmark = pytest.mark.db
CLEARED = (
    tables.cube_current, tables.cube_history, tables.partition_change, tables.confirmation,
    tables.batch_flag, tables.batch,
    *(table for kind, of in KINDS.items() for table in tables.record_tables(of, kind)),
)  # fmt: skip
LAST_MOMENT = 4
DAYS = [date(2021, 8, 1) + timedelta(days=n) for n in (0, 1, 2, 4, 8, 20)]

when = st.sampled_from([-30, -20, 0, 1, 24, 25, 80, 400]).map(hours)
maybe = st.one_of(st.none(), when)
person = st.sampled_from([None, "p1", "p1", "p2"])
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
def batches(draw: st.DrawFn) -> Batch:
    kind = draw(st.sampled_from(list(KINDS)))
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


def clear(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for table in CLEARED:
            connection.execute(sa.delete(table))


def stored(engine: sa.Engine, *, at: int) -> pl.DataFrame:
    """The chain's cells as of a moment: measure, day, area_id, dims, value."""
    history = tables.cube_history
    query = (
        sa.select(tables.measure.c.key, history.c.day, history.c.area_id,
                  tables.breakdown.c.dims, history.c.known_at, history.c.value, history.c.n)
        .join(tables.measure, tables.measure.c.measure_id == history.c.measure_id)
        .join(tables.breakdown, tables.breakdown.c.breakdown_id == history.c.breakdown_id)
        .where(tables.measure.c.platform == "response", history.c.known_at <= to_us(hours(at)))
        .order_by(history.c.known_at)
    )  # fmt: skip
    with engine.connect() as connection:
        rows = {tuple(row[:4]): (row.value, row.n) for row in connection.execute(query)}
    held = [(*key, value) for key, (value, n) in rows.items() if n]
    names = ["measure", "day", "area_id", "dims", "value"]
    types = [pl.String, pl.Int32, pl.Int32, pl.String, pl.Float64]
    frame = pl.DataFrame(held, schema=dict(zip(names, types, strict=True)), orient="row")
    return frame.with_columns(pl.col("day").cast(pl.Date))


def flows(held: pl.DataFrame) -> Counter[tuple[str, date, int, str]]:
    plain = held.filter(~pl.col("measure").str.starts_with("chain_waiting"))
    return Counter({tuple(row[:4]): int(row[4]) for row in plain.iter_rows()})


def stock(held: pl.DataFrame, *, day: date) -> Counter[tuple[str, int, str]]:
    total: Counter[tuple[str, int, str]] = Counter()
    for measure, on, area, dims, value in held.iter_rows():
        if measure.startswith("chain_waiting") and on <= day:
            codes = dict(part.split("=") for part in dims.split("|"))
            sign = 1 if measure.endswith("began") else -1
            total[codes["step"], area, codes["age"]] += sign * int(value)
    return +total


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


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(given_batches=st.lists(batches(), min_size=1, max_size=7), after_each=st.booleans())
def test_the_chain_is_what_a_recount_of_the_records_gives(
    database: Database, given_batches: list[Batch], after_each: bool
) -> None:
    check(database.engine, given_batches, after_each=after_each)
