"""Quarantine sites, counted in the database and again record by record in plain Python.

The records are invented versions of stays, facilities and reports, many corrected, taken back or
not yet known at the moment looked from; some facilities are of a vintage that has ended.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_day, to_us
from data_access.cube.geography import Geography
from data_access.engine import writing
from data_access.errors import ScopeDenied
from data_access.quarantine_sites import REPORT_DAYS, SITE_SCHEMA, sites
from data_access.shared import Shared
from tests.conftest import Database
from tests.cube_world import World, make_world

pytestmark = pytest.mark.db
DAY = date(2021, 8, 20)
MIDNIGHT = datetime(2021, 8, 20, 17, tzinfo=UTC)
"""The end of DAY in Hanoi."""
KNOWN = to_us(datetime(2021, 8, 25, tzinfo=UTC))
HOUR, NEVER, N = 3_600_000_000, 1 << 62, 240
NOW = datetime(2021, 8, 26, tzinfo=UTC)
KINDS = ("tap_trung", "khach_san", "nha_o")
Rows = list[dict[str, Any]]
Chance = np.random.Generator


def versions(chance: Chance, name: str, told: Any) -> Rows:
    """Return one to three versions of each of N records, each with the time it is in force."""
    rows: Rows = []
    for number in range(N):
        starts = sorted(int(one) for one in chance.choice(48, 3, replace=False))
        several = int(chance.choice([1, 1, 2, 3]))
        for at in range(several):
            ends = KNOWN + starts[at + 1] * HOUR if at + 1 < several else NEVER
            rows.append(
                {"source_id": 1, "record_id": f"{name}{number}", "version": at,
                 "known_at": KNOWN + starts[at] * HOUR, "valid_to": ends, "batch_id": at,
                 "row_no": number, "deleted": int(chance.random() < 0.1), **told(number)}
            )  # fmt: skip
    return rows


def made_records(chance: Chance, world: World) -> dict[str, Rows]:
    """Return versions of facilities, stays and reports in provinces 01 and 02."""
    one, two = world.areas.id_of("01", "old"), world.areas.id_of("02", "old")
    districts = [world.areas.id_of("011", "old"), world.areas.id_of("012", "old"), None]

    def pick(*values: Any) -> Any:
        return values[int(chance.integers(0, len(values)))]

    def near(days: int) -> int:
        hours = int(chance.integers(-24 * days, 24 * days)) if chance.random() < 0.8 else 0
        return to_us(MIDNIGHT) + hours * HOUR + pick(-1, 0, 0, 1)

    def facility(number: int) -> dict[str, Any]:
        # The same code in two provinces: two sites.
        return {"province_id": one if number % 2 else two, "district_id": pick(*districts),
                "name": pick(f"Khu {number}", None), "kind": pick(*KINDS),
                "beds_total": pick(None, 120, 300), "beds_usable": pick(None, 0, 40, 100),
                "opened_on": to_day(DAY) + pick(-30, -1, 0, 1),
                "closed_on": pick(None, None, to_day(DAY), to_day(DAY) + 1)}  # fmt: skip

    def stay(_: int) -> dict[str, Any]:
        started = near(20)
        where = pick(None, *(f"f{n}" for n in range(24)), "unheard")
        return {"province_id": pick(one, two), "facility_id": where,
                "facility_kind": pick(None, *KINDS), "home_ward": pick(None, "00001"),
                "class": "F1", "start_ts": started,
                "actual_end": pick(None, started + 24 * HOUR, near(3)),
                "overdue_from": pick(None, to_day(DAY), to_day(DAY) + 1)}  # fmt: skip

    def report(number: int) -> dict[str, Any]:
        return {"province_id": pick(one, two), "facility_id": f"f{number % 24}",
                "date": to_day(DAY) - pick(-1, 0, 1, 2, REPORT_DAYS - 1, REPORT_DAYS),
                "state": pick("binh_thuong", "han_che", "ngung"),
                "shortages": pick(None, "vat_tu")}  # fmt: skip

    return {
        "facility": versions(chance, "f", facility),
        "stay": versions(chance, "s", stay),
        "site_report": versions(chance, "r", report),
    }


def store(engine: sa.Engine, records: dict[str, Rows]) -> None:
    """Put every version where the gate would have put it."""
    with writing(engine) as connection:
        for kind, rows in records.items():
            wins = [row for row in rows if row["valid_to"] == NEVER]
            over = [row for row in rows if row["valid_to"] != NEVER]
            both = tables.record_tables("quarantine", kind)
            for table, kept in zip(both, (wins, over), strict=True):
                names = {column.name for column in table.c}
                values = [{k: v for k, v in row.items() if k in names} for row in kept]
                connection.execute(sa.insert(table), values)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return make_world(database.engine, tmp_path / "pack")


@pytest.fixture(params=[5, 17])
def records(request: pytest.FixtureRequest, world: World) -> dict[str, Rows]:
    made = made_records(np.random.default_rng(request.param), world)
    store(world.engine, made)
    return made


# --- the oracle ---------------------------------------------------------------------------------


def in_force(rows: Rows, at: datetime) -> Rows:
    moment = to_us(at)
    return [r for r in rows if r["known_at"] <= moment < r["valid_to"] and not r["deleted"]]


def expected(records: dict[str, Rows], at: datetime, code: dict[int, str]) -> dict[Any, Any]:
    """Return (area, facility, kind) → (usable, total, occupied, overdue, state) by hand."""
    known = in_force(records["facility"], at)
    opened = [row for row in known if row["opened_on"] <= to_day(DAY)]
    register = {(code[row["province_id"]], row["record_id"]): row for row in opened}
    usable, total, occupied, overdue, open_at = (Counter() for _ in range(5))
    unknown_beds: dict[Any, bool] = {}
    for (area, facility), row in register.items():
        home = row["kind"] == "nha_o"
        key = (area, None if home else facility, row["kind"])
        is_open = row["closed_on"] is None or row["closed_on"] > to_day(DAY)
        open_at[key] += is_open
        beds = row["beds_usable"] if row["beds_usable"] is not None else row["beds_total"]
        every = row["beds_total"] if row["beds_total"] is not None else row["beds_usable"]
        unknown_beds[key] = unknown_beds.get(key, True) and is_open and beds is None
        usable[key] += (beds or 0) if is_open else 0
        total[key] += (every or 0) if is_open else 0
    for row in in_force(records["stay"], at):
        if row["start_ts"] >= to_us(MIDNIGHT):
            continue
        if row["actual_end"] is not None and row["actual_end"] < to_us(MIDNIGHT):
            continue
        area = code[row["province_id"]]
        held = register.get((area, row["facility_id"]))
        kind = row["facility_kind"] or ("nha_o" if row["home_ward"] else None)
        kind = held["kind"] if held else kind
        where = None if kind == "nha_o" else row["facility_id"]
        key = (area, where, kind)
        if where is not None and held is None:
            key = (area, where, "any")
        occupied[key] += 1
        overdue[key] += row["overdue_from"] is not None and row["overdue_from"] <= to_day(DAY)
    keys = {k for k, n in open_at.items() if n} | set(occupied)
    return {
        key: (
            None if unknown_beds.get(key, True) else usable[key],
            None if unknown_beds.get(key, True) else total[key],
            occupied[key],
            overdue[key],
        )
        for key in keys
    }


def told(found: pl.DataFrame) -> dict[Any, Any]:
    return {
        (
            row["area_code"],
            row["facility_id"],
            row["kind"] if row["is_registered"] or row["facility_id"] is None else "any",
        ): (row["beds_usable"], row["beds_total"], row["occupied"], row["overdue"])
        for row in found.iter_rows(named=True)
    }


# --- tests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [NOW, datetime(2021, 8, 25, 20, tzinfo=UTC)])
def test_every_site_as_counted_by_hand(
    world: World, records: dict[str, Rows], at: datetime
) -> None:
    code = {world.areas.id_of(one, "old"): one for one in ("01", "02")}
    geography = Geography(world.areas)
    found = sites(world.engine, geography, viewer=world.viewer(now=at), day=DAY)
    wanted = expected(records, at, code)
    assert told(found) == wanted
    assert found.height == len(wanted) > 30
    assert found["occupied"].sum() > 20
    assert dict(found.schema) == SITE_SCHEMA
    assert found.equals(found.sort("area_code", "facility_id", "kind", nulls_last=True))


def test_the_last_report_of_a_month(world: World, records: dict[str, Rows]) -> None:
    code = {world.areas.id_of(one, "old"): one for one in ("01", "02")}
    found = sites(world.engine, Geography(world.areas), viewer=world.viewer(now=NOW), day=DAY)
    newest: dict[Any, tuple[int, int]] = {}
    for row in in_force(records["site_report"], NOW):
        key = (code[row["province_id"]], row["facility_id"])
        if to_day(DAY) - REPORT_DAYS < row["date"] <= to_day(DAY):
            newest[key] = max(newest.get(key, (0, 0)), (row["date"], row["known_at"]))
    named = found.drop_nulls("facility_id")
    assert named["reported_on"].null_count() < named.height
    for row in named.iter_rows(named=True):
        day, _ = newest.get((row["area_code"], row["facility_id"]), (None, 0))
        assert (row["reported_on"] and to_day(row["reported_on"])) == day
        states = {r["state"] for r in in_force(records["site_report"], NOW)
                  if (code[r["province_id"]], r["facility_id"], r["date"])
                  == (row["area_code"], row["facility_id"], day)}  # fmt: skip
        assert row["state"] in (states or {None})


@pytest.mark.usefixtures("records")
def test_a_province_sees_its_own_sites_and_the_same_figures(world: World) -> None:
    geography = Geography(world.areas)
    every = sites(world.engine, geography, viewer=world.viewer(now=NOW), day=DAY)
    assert set(every["area_code"]) == {"01", "02"}
    for one in ("01", "02", "03"):
        viewer = world.viewer(f"province:{one}", now=NOW)
        own = sites(world.engine, geography, viewer=viewer, day=DAY)
        assert own.equals(every.filter(pl.col("area_code") == one))


def test_the_press_is_refused(world: World) -> None:
    with pytest.raises(ScopeDenied):
        sites(world.engine, Geography(world.areas), viewer=world.viewer("press"), day=DAY)


def test_nothing_on_record_is_no_site(world: World) -> None:
    found = sites(world.engine, Geography(world.areas), viewer=world.viewer(), day=DAY)
    assert found.is_empty()
    assert dict(found.schema) == SITE_SCHEMA


def batch_of(engine: sa.Engine, platform: str) -> None:
    """Put a delivery into the ledger."""
    counts = dict.fromkeys(("n_read", "n_new", "n_updated", "n_unchanged", "n_stale"), 0)
    with writing(engine) as connection:
        connection.execute(
            sa.insert(tables.batch).values(
                origin="records", platform=platform, source_id=1, file_name="f.csv", sha256="0",
                n_bytes=1, known_at=KNOWN, received_at=KNOWN, committed_at=KNOWN, n_rejected=0,
                **counts,
            )
        )  # fmt: skip


def test_counted_again_when_the_platform_delivered(world: World) -> None:
    shared = Shared(world.engine, lambda: NOW, areas=world.areas, cube=world.cube)
    with writing(world.engine) as connection:
        source = {"source_id": 1, "name": "q", "origin": "records", "precedence": 100}
        connection.execute(sa.insert(tables.source).values(source))
    batch_of(world.engine, "testing")
    viewer, other = world.viewer(now=NOW), world.viewer("province:02", now=NOW)
    assert shared.quarantine_sites(viewer=viewer, day=DAY).is_empty()
    store(world.engine, made_records(np.random.default_rng(5), world))
    batch_of(world.engine, "testing")
    assert shared.quarantine_sites(viewer=viewer, day=DAY).is_empty()
    batch_of(world.engine, "quarantine")
    every = shared.quarantine_sites(viewer=viewer, day=DAY)
    assert set(every["area_code"]) == {"01", "02"}
    # What is kept for the nation is not handed to a province.
    assert set(shared.quarantine_sites(viewer=other, day=DAY)["area_code"]) == {"02"}
    assert shared.quarantine_sites(viewer=viewer, day=DAY) is every


@pytest.mark.usefixtures("records")
def test_of_a_home_nothing_is_told_but_how_many(world: World) -> None:
    found = sites(world.engine, Geography(world.areas), viewer=world.viewer(now=NOW), day=DAY)
    homes = found.filter(pl.col("kind") == "nha_o")
    assert homes.height == 2
    for name in ("facility_id", "name", "district_code"):
        assert homes[name].null_count() == 2
    assert homes["occupied"].sum() > 0


@pytest.mark.usefixtures("records")
def test_after_the_merger_the_sites_are_those_of_the_merged_province(world: World) -> None:
    now = datetime(2022, 1, 10, tzinfo=UTC)
    day = DAY + timedelta(days=140)
    found = sites(world.engine, Geography(world.areas), viewer=world.viewer(now=now), day=day)
    assert set(found["area_code"]) == {"01"}
    # A viewer of the merged province sees only what was 01's own: 02 may be another's still.
    partial = sites(
        world.engine, Geography(world.areas), viewer=world.viewer("province:01", now=now), day=day
    )
    assert partial.is_empty()
