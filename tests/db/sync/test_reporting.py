"""The reporting matrix against a country where it is known who was silent, late and partial."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_us
from data_access.settings import read_settings
from data_access.shared import Shared, open_shared
from tests.conftest import Database
from tests.cube_world import NOW, Cell, World, make_world

pytestmark = pytest.mark.db
FIRST, START, END = date(2021, 7, 1), date(2021, 8, 20), date(2021, 9, 2)
SILENT_DAYS = {date(2021, 8, 25), date(2021, 8, 26)}
LATE_DAYS = {date(2021, 8, 27): 30.0, date(2021, 8, 28): 5.5}
PARTIAL_DAY = date(2021, 8, 24)


def on_time(day: date) -> datetime:
    """14:00 in Hanoi the day after: two hours before it is due."""
    return datetime(day.year, day.month, day.day, 7, tzinfo=UTC) + timedelta(days=1)


def due(day: date) -> datetime:
    """16:00 in Hanoi the day after."""
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(days=1)


def planted() -> list[Cell]:
    """01 reports every day; 02 is silent, late and partial; 03 reports every sixth day."""
    cells = []
    for number in range((END - FIRST).days):
        day = FIRST + timedelta(days=number)
        cells.append(Cell(day=day, area="01", value=100.0 + number % 7, known=on_time(day)))
        if day not in SILENT_DAYS:
            late = LATE_DAYS.get(day)
            known = due(day) + timedelta(hours=late) if late else on_time(day)
            value = 12.0 if day == PARTIAL_DAY else 100.0 + number % 5
            cells.append(Cell(day=day, area="02", value=value, known=known))
        if number % 6 == 0:
            cells.append(Cell(day=day, area="03", value=1.0, known=on_time(day)))
    return cells


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    made = make_world(database.engine, tmp_path / "pack")
    made.put(*planted())
    return made


@pytest.fixture
def shared(world: World, database: Database) -> Iterator[Shared]:
    found = open_shared(
        read_settings({"TUYENDAU_DATABASE_URL": database.url, "TUYENDAU_NOW": NOW.isoformat()})
    )
    yield found
    found.close()
    del world


def states(found: pl.DataFrame, area: str, platform: str = "tracing") -> dict[date, str]:
    own = found.filter(pl.col("area_code") == area, pl.col("platform") == platform)
    return dict(own.select("date", "state").iter_rows())


def test_each_state_is_where_it_was_planted(shared: Shared, world: World) -> None:
    found = shared.reporting(viewer=world.viewer(), start=START, end=END)
    expected = {START + timedelta(days=n): "on_time" for n in range((END - START).days)}
    expected |= dict.fromkeys(SILENT_DAYS, "silent") | dict.fromkeys(LATE_DAYS, "late")
    expected |= {PARTIAL_DAY: "partial", END: "not_due"}
    assert states(found, "02") == expected
    assert set(states(found, "01").values()) == {"on_time", "not_due"}
    assert set(states(found, "03").values()) == {"on_time", "not_expected"}


def test_late_by_so_many_hours_and_usually_so(shared: Shared, world: World) -> None:
    found = shared.reporting(viewer=world.viewer(), start=START, end=END)
    own = found.filter(pl.col("area_code") == "02", pl.col("state") == "late")
    assert dict(own.select("date", "hours_late").iter_rows()) == LATE_DAYS
    # 14:00 the day after is 14 hours after the day ended, on every day of the past.
    assert set(own["usual_hours"]) == {14.0}
    assert set(own["p90_hours"]) == {14.0}
    partial = found.filter(pl.col("state") == "partial").row(0, named=True)
    tuesdays = [
        100.0 + (day - FIRST).days % 5
        for day in (PARTIAL_DAY - timedelta(weeks=n) for n in range(1, 8))
        if FIRST <= day < START
    ]
    middle = sorted(tuesdays)[len(tuesdays) // 2]
    assert partial["value_ratio"] == pytest.approx(12.0 / middle)
    silent = found.filter(pl.col("state") == "silent", pl.col("date") == date(2021, 8, 26))
    assert silent["hours_late"].item() == (NOW - due(date(2021, 8, 26))).total_seconds() / 3600


def test_looking_from_an_earlier_moment(shared: Shared, world: World) -> None:
    moment = due(date(2021, 8, 27)) + timedelta(hours=1)  # a day that came 30 hours late
    found = shared.reporting(viewer=world.viewer(now=moment), start=START, end=END)
    seen = states(found, "02")
    assert seen[date(2021, 8, 27)] == "silent"
    assert seen[date(2021, 8, 28)] == "not_due"
    assert max(seen) == date(2021, 8, 28)
    later = states(shared.reporting(viewer=world.viewer(), start=START, end=END), "02")
    assert later[date(2021, 8, 27)] == "late"


def test_a_mandated_platform_without_a_feed_says_never(shared: Shared, world: World) -> None:
    found = shared.reporting(viewer=world.viewer(), start=date(2021, 7, 20), end=END)
    never = found.filter(pl.col("state") == "never")
    assert set(never["platform"]) == {"checkpoints", "testing", "vaccination"}
    assert set(never["area_code"]) == {"01", "02", "03"}
    assert never["date"].min() == date(2021, 7, 27)
    assert never["date"].max() == date(2021, 9, 1)


@pytest.mark.parametrize("role", ["province:01", "press"])
def test_nobody_sees_another_province(shared: Shared, world: World, role: str) -> None:
    whole = shared.reporting(viewer=world.viewer(), start=START, end=END)
    own = shared.reporting(viewer=world.viewer(role), start=START, end=END)
    areas = {"01"} if role == "province:01" else set()
    assert set(own["area_code"]) == areas
    assert own.equals(whole.filter(pl.col("area_code").is_in(sorted(areas))))


def test_what_is_taken_back_is_silent_again(shared: Shared, world: World) -> None:
    gone = date(2021, 8, 30)
    world.put(Cell(day=gone, area="01", value=None, n=0, known=on_time(date(2021, 8, 31))))
    found = shared.reporting(viewer=world.viewer(), start=START, end=END)
    assert states(found, "01")[gone] == "silent"


def test_what_the_first_delivery_brought_of_the_past_is_not_late(
    shared: Shared, world: World
) -> None:
    begin = on_time(date(2021, 8, 25))
    world.put(
        *[
            Cell(measure="doses", day=date(2021, 8, 1) + timedelta(days=n), area="01",
                 source="late-start", value=50.0, known=max(begin, on_time(
                     date(2021, 8, 1) + timedelta(days=n))))
            for n in range(31)
        ]
    )  # fmt: skip
    found = shared.reporting(viewer=world.viewer(), start=START, end=END)
    seen = states(found.filter(pl.col("source") == "late-start"), "01", "vaccination")
    assert {seen[day] for day in seen if day <= date(2021, 8, 31)} == {"on_time"}
    assert seen[date(2021, 9, 1)] == "silent"


def rejected(world: World, **row: object) -> None:
    """Enter a batch with refused rows."""
    counts = dict.fromkeys(("n_new", "n_updated", "n_unchanged", "n_stale"), 0)
    known = to_us(on_time(date(2021, 8, 30)))
    given = {"origin": "table", "platform": "tracing", "source_id": 1, "file_name": "a.csv",
             "sha256": "0", "n_bytes": 1, "known_at": known, "received_at": known,
             "committed_at": known, "n_read": 7, "n_rejected": 7, **counts, **row}  # fmt: skip
    with world.engine.begin() as connection:
        entered = sa.insert(tables.batch).values(**given).returning(tables.batch.c.batch_id)
        number = connection.execute(entered).scalar_one()
        flags = [
            {"batch_id": number, "reason": "reject:area_unknown", "n_rows": given["n_rejected"]},
            {"batch_id": number, "reason": "flag:person_without_identity", "n_rows": 3},
        ]
        connection.execute(sa.insert(tables.batch_flag), flags)


def test_rejects_of_a_shared_source_are_no_province_s(shared: Shared, world: World) -> None:
    world.put(Cell(measure="doses", day=date(2021, 8, 30), area="02", source="own-of-02",
                   known=on_time(date(2021, 8, 30))))  # fmt: skip
    rejected(world)
    rejected(world, source_id=2, platform="vaccination", n_rejected=50, n_read=50)
    rejected(world, source_id=2, platform="vaccination", n_rejected=10, n_read=10)
    span = {"start": START, "end": END}
    whole = shared.reject_reasons(viewer=world.viewer(), **span)
    assert whole.select("source", "reason", "n_rows", "n_files").rows() == [
        ("own-of-02", "area_unknown", 60, 2),
        ("s", "area_unknown", 7, 1),
    ]
    own = shared.reject_reasons(viewer=world.viewer("province:02"), **span)
    assert own.select("source", "n_rows").rows() == [("own-of-02", 60)]
    assert shared.reject_reasons(viewer=world.viewer("province:01"), **span).is_empty()
    assert shared.reject_reasons(viewer=world.viewer("press"), **span).is_empty()
    debt = shared.data_debt(viewer=world.viewer(), **span)
    counts = {(area, part): count for area, part, count, *_ in debt.iter_rows()}
    # The same file came again with 10 refused rows: those are what is still open.
    assert counts["02", "rows_rejected"] == 10
    assert counts["02", "identities"] == 6
    assert ("01", "rows_rejected") not in counts
    assert counts["02", "days_silent"] == len(SILENT_DAYS)
    assert counts["02", "hours_late"] == sum(LATE_DAYS.values())
    assert counts["02", "days_partial"] == 1
    totals = debt.group_by("area_code", maintain_order=True).agg(pl.col("points").sum())
    assert totals["area_code"].to_list() == ["02", "01", "03"]
    # The doses of 02 leave two mandated platforms that it never used; the others miss all three.
    never = {area: n for (area, part), n in counts.items() if part == "platforms_never"}
    assert never == {"01": 3, "02": 2, "03": 3}
    assert totals["points"].is_sorted(descending=True)
    alone = shared.data_debt(viewer=world.viewer("province:02"), **span)
    assert alone.equals(debt.filter(pl.col("area_code") == "02"))
