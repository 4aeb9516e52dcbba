"""Findings are read newest first: by when they began to show, not by the day they speak of."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.ingest.intake import Intake
from data_access.shared import Shared
from data_access.viewer import parse_viewer
from tests.db.reconcile.clean_days import FIRST, KNOWN_AT, N_DAYS, Row, at, on
from tests.db.reconcile.test_planted import NOW, intake
from tests.unit.ingest.support import write_csv

__all__ = ["intake"]
pytestmark = [pytest.mark.db, pytest.mark.vietnam]
WHERE = {"province_code": "79"}


def contact(number: int, day: int, case: str) -> Row:
    return {"contact_id": f"T{number}", "index_case_id": case, "class": "F1",
            "identified_ts": at(day), **WHERE}  # fmt: skip


def case(name: str, day: int) -> Row:
    return {"case_id": name, "report_date": on(day), **WHERE}


def deliver(intake: Intake, folder: Path, kind: str, rows: list[Row], *, hours: int) -> None:
    path = write_csv(folder / f"{kind}-{hours}.csv", rows)
    done = intake.records(path, platform="tracing", kind=kind, source="t",
                          known_at=KNOWN_AT + timedelta(hours=hours))  # fmt: skip
    assert done.counts.rejected == 0


def test_what_began_to_show_last_comes_first(intake: Intake, tmp_path: Path) -> None:
    deliver(intake, tmp_path, "case", [case("C1", 1), case("C2", 1), case("C3", 0)], hours=0)
    fine = [contact(1, 2, "C1"), contact(2, 3, "C2")]
    deliver(intake, tmp_path, "contact", [contact(3, 4, "C-nobody"), *fine], hours=1)
    # An old day, told late; beside it a good one of the first day, later still.
    deliver(intake, tmp_path, "contact", [contact(4, 0, "C-nobody")], hours=3)
    deliver(intake, tmp_path, "contact", [contact(5, 0, "C1")], hours=4)
    # What a contact points at is taken back: from then on it points nowhere.
    gone = {"case_id": "C2", "deleted": "true", "version": "1", **WHERE}
    deliver(intake, tmp_path, "case", [gone], hours=5)
    cube = HotCube(intake.engine, lambda: NOW, geography=Geography(intake.areas))
    shared = Shared(intake.engine, lambda: NOW, areas=intake.areas, cube=cube)
    span = {"start": FIRST, "end": FIRST + timedelta(days=N_DAYS)}
    found = shared.findings(viewer=parse_viewer("national", now=NOW), **span)
    rows = found.select("rule", pl.col("date").cast(pl.String), "known_at").rows()
    assert [(rule, day, known - KNOWN_AT) for rule, day, known in rows] == [
        ("contact_case_unknown", on(day), timedelta(hours=hours))
        for day, hours in ((3, 5), (0, 3), (4, 1))
    ]
    # Each is there from the moment it names, and not a moment before.
    for number, began in enumerate(found["known_at"]):
        before = parse_viewer("national", now=began - timedelta(microseconds=1))
        then = shared.findings(viewer=before, **span)
        assert then["finding_id"].to_list() == found["finding_id"].to_list()[number + 1 :]
