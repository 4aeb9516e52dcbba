"""An invented period of six platforms agrees with itself: reconciliation finds nothing in it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.ingest.intake import Intake
from data_access.reference.pack import bundled_pack
from data_access.shared import Shared
from data_access.viewer import parse_viewer
from simulations.day import make_day
from simulations.platforms.written import write_records
from tests.conftest import Database
from tests.db.gate import open_gate

pytestmark = [pytest.mark.db, pytest.mark.vietnam]
FIRST, N_DAYS = date(2021, 8, 5), 2
KNOWN_AT = datetime(2021, 8, 8, 1, tzinfo=UTC)
NOW = KNOWN_AT + timedelta(days=7)
"""Later than every lag that a rule tolerates."""
DAYS = {"start": FIRST - timedelta(days=1), "end": FIRST + timedelta(days=N_DAYS)}


@pytest.fixture
def intake(database: Database, tmp_path: Path) -> Intake:
    return open_gate(database, tmp_path, clock=lambda: NOW)


def load(intake: Intake, folder: Path, day: dict[tuple[str, str], pl.DataFrame]) -> None:
    """Put every kind through the gate, each platform as a source of its own."""
    for (platform, kind), rows in day.items():
        path = write_records(rows, folder / f"{platform}-{kind}.parquet", kind=kind, fmt="parquet")
        done = intake.records(path, platform=platform, kind=kind, source=platform,
                              known_at=KNOWN_AT)  # fmt: skip
        assert done.counts.rejected == 0, (platform, kind)


def findings(intake: Intake) -> pl.DataFrame:
    cube = HotCube(intake.engine, lambda: NOW, geography=Geography(intake.areas))
    shared = Shared(intake.engine, lambda: NOW, areas=intake.areas, cube=cube)
    return shared.findings(viewer=parse_viewer("national", now=NOW), **DAYS)


def test_an_invented_period_holds_no_contradiction_and_a_planted_one_is_found(
    intake: Intake, tmp_path: Path
) -> None:
    day = make_day(areas=bundled_pack("vn").areas, first_day=FIRST, n_days=N_DAYS, seed=11,
                   provinces=["01", "79"], per_province=6)  # fmt: skip
    load(intake, tmp_path, day)
    found = findings(intake)
    assert found.select("rule", "area_code", "date", "value_a", "value_b").rows() == []
    # Half of a province's doses taken back: the ledger still speaks of them as used.
    doses = day["vaccination", "dose"].filter(pl.col("province_code") == "79").gather_every(2)
    gone = doses.select("dose_event_id", "province_code", version=1, deleted=True)
    gone.write_parquet(tmp_path / "gone.parquet")
    intake.records(tmp_path / "gone.parquet", platform="vaccination", kind="dose",
                   source="vaccination", known_at=KNOWN_AT + timedelta(hours=1))  # fmt: skip
    told = {(row[0], row[1]) for row in findings(intake).select("rule", "area_code").rows()}
    assert ("doses_and_stock", "79") in told
    assert {area for _, area in told} == {"79"}
