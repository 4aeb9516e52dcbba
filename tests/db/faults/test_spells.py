"""Faults of time on weeks of a feed, delivered evening by evening: the sync desk finds them all."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.ingest.intake import Intake
from data_access.shared import Shared
from data_access.viewer import parse_viewer
from simulations.faults.spells import Spells
from simulations.feeds.model import LAST, SENT
from simulations.live.ticks import cut
from simulations.platforms.written import write_records
from tests.conftest import Database
from tests.db.gate import open_gate
from tests.faulty import (
    SPELLS,
    WEEKS_FIRST,
    WEEKS_KINDS,
    WEEKS_N_DAYS,
    WEEKS_OF,
    WEEKS_START,
    ZONE,
    weeks,
)

pytestmark = [pytest.mark.db, pytest.mark.slow, pytest.mark.vietnam]
END = WEEKS_FIRST + timedelta(days=WEEKS_N_DAYS - 1)
EVENING, DAY = time(20), timedelta(days=1)
STATE_OF = {"silent": "silent", "partial": "partial"}
NOW = datetime.combine(END + timedelta(days=2), EVENING, tzinfo=UTC)


def evening(day: date) -> datetime:
    return datetime.combine(day, EVENING, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def deliver(intake: Intake, folder: Path, spells: Spells) -> Shared:
    """Deliver the past at once, then each evening what is there by then; return the database."""
    edges = [evening(WEEKS_START + n * DAY) for n in range(-1, (END - WEEKS_START).days + 1)]
    laid = (spells.lay(day) for day in weeks())
    for tick in cut(laid, edges=edges, zone=ZONE):
        for (platform, kind), rows in tick.records.items():
            path = folder / f"{platform}-{kind}.parquet"
            write_records(rows.drop(SENT, LAST), path, kind=kind, fmt="parquet")
            done = intake.records(path, platform=platform, kind=kind, source=platform,
                                  known_at=tick.until)  # fmt: skip
            assert done.counts.rejected == 0
    cube = HotCube(intake.engine, lambda: NOW, geography=Geography(intake.areas))
    return Shared(intake.engine, lambda: NOW, areas=intake.areas, cube=cube)


def test_each_spell_is_on_the_desk_and_nobody_else_is(database: Database, tmp_path: Path) -> None:
    intake = open_gate(database, tmp_path, clock=lambda: NOW)
    spells = Spells(spells=SPELLS, seed=3, zone=ZONE)
    shared = deliver(intake, tmp_path, spells)
    viewer = parse_viewer("national", now=NOW)
    days = {"start": WEEKS_START, "end": END}
    grid = shared.reporting(viewer=viewer, **days).filter(pl.col("source") != "")
    seen = {
        (platform, area, day): (state, hours)
        for platform, area, day, state, hours in grid.select(
            "platform", "area_code", "date", "state", "hours_late"
        ).iter_rows()
    }
    assert len(seen) == len(WEEKS_KINDS) * len(WEEKS_OF) * (END - WEEKS_START + DAY).days
    # From the spells themselves, not from what the planting tells of them.
    meant: dict[tuple[str, str, date], tuple[str, float | None]] = {}
    for spell in SPELLS:
        for n in range(spell.n_days):
            day = spell.first_day + n * DAY
            due = datetime.combine(day + DAY, time(16), tzinfo=ZoneInfo(ZONE))
            arrives = {"backlog": spell.end, "late_daily": day + DAY}.get(spell.fault)
            late = None if arrives is None else (evening(arrives) - due).total_seconds() / 3600
            state = STATE_OF.get(spell.fault, "late")
            meant[spell.platform, spell.province, day] = (state, late)
    for cell, (state, hours) in seen.items():
        expected, late = meant.get(cell, ("on_time", 0.0))
        assert (cell, state) == (cell, expected)
        assert late is None or (cell, hours) == (cell, late)
    told = spells.planted.select("platform", "province_code", "day", "expected")
    assert {(*row[:3], row[3]) for row in told.iter_rows()} == {
        (*cell, f"desk:{state}") for cell, (state, _) in meant.items()
    }
    debt = shared.data_debt(viewer=viewer, **days).filter(
        pl.col("area_code").is_in(WEEKS_OF),
        ~pl.col("part").is_in(["platforms_never", "contradictions"]),
    )
    # The feed itself holds these: who had a first dose before it began.
    assert set(shared.findings(viewer=viewer, **days)["rule"]) == {"dose_2_without_1"}
    by_part = {
        (area, part): n for area, part, n in debt.select("area_code", "part", "count").rows()
    }
    assert by_part == debt_of(meant)


def debt_of(
    meant: dict[tuple[str, str, date], tuple[str, float | None]],
) -> dict[tuple[str, str], float]:
    """Return what the spells add up to: days silent and partial, hours late, by province."""
    sums: dict[tuple[str, str], float] = {}
    for (_, area, _), (state, late) in meant.items():
        part = "hours_late" if state == "late" else f"days_{state}"
        sums[area, part] = sums.get((area, part), 0) + (late or 1)
    return sums
