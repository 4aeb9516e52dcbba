"""Faults of tables on two weeks of reports: each is noticed as declared, and nothing else is."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.ingest.intake import Intake
from data_access.shared import Shared
from data_access.viewer import parse_viewer
from simulations.faults.provincial import MAPPING, Report
from simulations.faults.tables import ALL_OF_TABLES, TableFaults
from simulations.feeds.model import LAST
from simulations.platforms.written import write_records
from tests.conftest import Database
from tests.db.gate import open_gate
from tests.faulty import (
    REPORTS_FIRST,
    REPORTS_N_DAYS,
    REPORTS_OF,
    cases_of_reports,
    reports,
    samples_of_reports,
)

pytestmark = [pytest.mark.db, pytest.mark.slow, pytest.mark.vietnam, pytest.mark.thinned]
NOW = datetime(2021, 9, 2, tzinfo=UTC)
CAUSES = {"cut_off": "shifted_day", "thousandfold": "decimal_mark",
          "columns_swapped": "samples_as_persons", "coverage_over": "typed_wrong",
          "wrong_denominator": "denominator",
          "parts_differ": "unexplained"}  # fmt: skip


@pytest.fixture
def intake(database: Database, tmp_path: Path) -> Intake:
    made = open_gate(database, tmp_path, clock=lambda: NOW)
    for platform, kind, rows in (
        ("tracing", "case", cases_of_reports()), ("testing", "sample", samples_of_reports()),
    ):  # fmt: skip
        path = tmp_path / f"{kind}.parquet"
        write_records(rows.drop(LAST), path, kind=kind, fmt="parquet")
        done = made.records(path, platform=platform, kind=kind, source="p", known_at=NOW)
        assert done.counts.rejected == 0
    return made


def load(
    intake: Intake, delivered: list[Report], folder: Path
) -> tuple[Counter[str], Counter[str], pl.DataFrame]:
    """Return what the gate says, what the ledger counts, and what reconciliation finds."""
    mapping = folder / "reports.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    reasons: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for report in delivered:
        path = folder / report.file_name
        path.write_text(report.text, encoding="utf-8")
        done = intake.table((path,), mapping=mapping, known_at=report.sent_at)
        reasons.update(done.reasons)
        counts.update(vars(done.counts))
    cube = HotCube(intake.engine, lambda: NOW, geography=Geography(intake.areas))
    shared = Shared(intake.engine, lambda: NOW, areas=intake.areas, cube=cube)
    found = shared.findings(
        viewer=parse_viewer("national", now=NOW),
        start=REPORTS_FIRST,
        end=REPORTS_FIRST + timedelta(days=REPORTS_N_DAYS),
    )
    return reasons, counts, found


def laid(faults: TableFaults) -> list[Report]:
    return [each for report in reports() for each in faults.lay_table(report)]


def expected(planted: pl.DataFrame, whose: str) -> Counter[tuple[str, str, date]]:
    """Return (what, province, day) of what that part of the system must notice."""
    rows = planted.select("province_code", "day", "expected", "n_records").iter_rows()
    return Counter({
        (text.partition(":")[2], province, day): n
        for province, day, text, n in rows
        if text.startswith(f"{whose}:")
    })  # fmt: skip


def test_reports_in_order_raise_nothing(intake: Intake, tmp_path: Path) -> None:
    reasons, counts, found = load(intake, reports(), tmp_path)
    assert reasons == Counter()
    assert counts["new"] == counts["read"] == len(REPORTS_OF) * REPORTS_N_DAYS
    assert found.rows() == []


def test_each_fault_is_noticed_as_declared(intake: Intake, tmp_path: Path) -> None:
    faults = TableFaults(seed=1)
    reasons, counts, found = load(intake, laid(faults), tmp_path)
    planted = faults.planted
    assert set(planted["fault"]) == set(ALL_OF_TABLES)
    refused = Counter(f"reject:{what}" for what, _, _ in expected(planted, "reject"))
    assert reasons == refused
    unchanged = planted.filter(pl.col("expected") == "ledger:unchanged")["n_records"].sum()
    assert (counts["rejected"], counts["unchanged"]) == (refused.total(), unchanged)
    assert counts["rejected"] > 0
    assert counts["unchanged"] > 0
    # Another name and a decimal comma are read as what was meant.
    assert counts["new"] == len(REPORTS_OF) * REPORTS_N_DAYS - refused.total()
    # Of two swapped columns both are found.
    seen = [
        row[:3]
        for row in found.select("rule", "area_code", "date", "measure_a").rows()
        if row[3] != "samples_resulted"
    ]
    assert len(seen) == len(set(seen))
    swapped = planted.filter(pl.col("fault") == "columns_swapped")
    assert found.height - len(seen) == swapped.height > 0
    assert set(seen) == set(expected(planted, "rule"))
    of_fault = {(code, day): fault for fault, code, day in
                planted.select("fault", "province_code", "day").iter_rows()}  # fmt: skip
    causes = {of_fault[code, day]: cause for code, day, cause in
              found.filter(pl.col("rule") != "cumulative_falls")
              .select("area_code", "date", "cause").iter_rows()}  # fmt: skip
    assert causes == CAUSES
