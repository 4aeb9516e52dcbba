"""Days loaded one after the other: what is planted is noticed as declared, and nothing else is."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import polars as pl
import pytest

from data_access.contracts.registry import record_kind
from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.ingest.intake import Intake
from data_access.reference.pack import Pack
from data_access.shared import Shared
from data_access.viewer import parse_viewer
from simulations.faults.lay import Faults
from simulations.faults.model import How
from simulations.faults.table import FAULTS
from simulations.feeds.model import LAST, SENT, FeedDay
from simulations.platforms.written import write_records
from tests.conftest import Database
from tests.db.gate import open_gate
from tests.faulty import FIRST, N_DAYS, days

pytestmark = [pytest.mark.db, pytest.mark.slow, pytest.mark.vietnam, pytest.mark.thinned]
NOW = datetime(2021, 8, 22, tzinfo=UTC)
"""Later than every lag that a rule tolerates."""
LEDGER = ("updated", "unchanged", "stale", "rejected", "flagged")
_ROUND = "_round"


@pytest.fixture
def intake(database: Database, tmp_path: Path) -> Intake:
    return open_gate(database, tmp_path, clock=lambda: NOW)


def load(intake: Intake, day: FeedDay, folder: Path) -> tuple[Counter[str], Counter[str]]:
    """Deliver a day in the evening, a record's states in files of their own; return its counts."""
    evening = datetime.combine(day.day, time(20), tzinfo=UTC)
    reasons: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for (platform, kind), rows in day.records.items():
        key = record_kind(platform, kind=kind).key
        numbered = rows.with_columns(pl.col(SENT).rank("ordinal").over(key).alias(_ROUND))
        for (number,), part in numbered.group_by(_ROUND, maintain_order=True):
            path = folder / f"{platform}-{kind}-{day.day}-{number}.parquet"
            write_records(part.drop(_ROUND, SENT, LAST), path, kind=kind, fmt="parquet")
            known_at = evening + timedelta(minutes=int(str(number)))
            done = intake.records(path, platform=platform, kind=kind, source=platform,
                                  known_at=known_at)  # fmt: skip
            reasons.update(done.reasons)
            counts.update(vars(done.counts))
    return reasons, counts


def findings(intake: Intake) -> pl.DataFrame:
    cube = HotCube(intake.engine, lambda: NOW, geography=Geography(intake.areas))
    shared = Shared(intake.engine, lambda: NOW, areas=intake.areas, cube=cube)
    return shared.findings(
        viewer=parse_viewer("national", now=NOW),
        start=FIRST - timedelta(days=60),
        end=FIRST + timedelta(days=N_DAYS),
    )


def noticed(
    intake: Intake, areas: pl.DataFrame, folder: Path, faults: Faults
) -> tuple[Counter[str], Counter[str], pl.DataFrame]:
    reasons: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for day in days(areas):
        told, counted = load(intake, faults.lay(day), folder)
        reasons.update(told)
        counts.update(counted)
    assert counts["read"] == sum(counts[k] for k in ("new", *LEDGER[:4]))
    return reasons, counts, findings(intake)


def expected(planted: pl.DataFrame, whose: str) -> Counter[tuple[str, str]]:
    """Return (what, province) → records of which that must be noticed."""
    return Counter(
        (part.partition(":")[2], province)
        for province, text in planted.select("province_code", "expected").iter_rows()
        for part in text.split("; ")
        if part.startswith(f"{whose}:")
    )


def test_days_in_order_raise_nothing(intake: Intake, vn_pack: Pack, tmp_path: Path) -> None:
    nothing = Faults(seed=1, chosen=())
    reasons, counts, found = noticed(intake, vn_pack.areas, tmp_path, nothing)
    assert counts["new"] == counts["read"] > 1000
    assert reasons == Counter()
    assert found.rows() == []


def test_each_record_befallen_is_noticed_as_declared(
    intake: Intake, vn_pack: Pack, tmp_path: Path
) -> None:
    chosen = [key for key, fault in FAULTS.items() if fault.how is not How.DROP]
    faults = Faults(seed=1, chosen=chosen)
    reasons, counts, found = noticed(intake, vn_pack.areas, tmp_path, faults)
    planted = faults.planted
    assert set(planted["fault"]) == set(chosen)
    of_gate: Counter[str] = Counter()
    for whose in ("reject", "flag"):
        for (what, _), n in expected(planted, whose).items():
            of_gate[f"{whose}:{what}"] += n
    assert reasons == of_gate
    ledger: Counter[str] = Counter()
    for (what, _), n in expected(planted, "ledger").items():
        ledger[what] += n
    refused = expected(planted, "reject").total()
    assert counts["rejected"] == refused > 0
    assert counts["flagged"] == expected(planted, "flag").total() > 0
    assert (counts["updated"], counts["unchanged"], counts["stale"]) == (
        ledger["updated"], ledger["unchanged"], 0,
    )  # fmt: skip
    told = found.group_by("rule", "area_code").agg(pl.col("n").sum())
    assert {(rule, area): n for rule, area, n in told.rows()} == dict(expected(planted, "rule"))


def test_records_never_sent_are_missed_by_the_other_platform(
    intake: Intake, vn_pack: Pack, tmp_path: Path
) -> None:
    chosen = [key for key, fault in FAULTS.items() if fault.how is How.DROP]
    faults = Faults(seed=1, chosen=chosen)
    reasons, _, found = noticed(intake, vn_pack.areas, tmp_path, faults)
    assert reasons == Counter()
    pairs = {(rule, area) for rule, area in found.select("rule", "area_code").rows()}
    assert set(expected(faults.planted, "rule")) <= pairs
    # Second doses whose first one was never sent point at the same gap.
    gaps = {area for _, area in expected(faults.planted, "rule")}
    own = {what for what, _ in expected(faults.planted, "rule")}
    assert {rule for rule, _ in pairs} <= own | {"dose_2_without_1", "dose_2_and_dose_1"}
    assert {area for _, area in pairs} <= gaps
