"""The same records in every format are the same figures; what DHIS2 takes back is gone."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.codes import from_day
from data_access.cube.verify import verify
from data_access.ingest.intake import Intake
from data_access.viewer import system_viewer
from tests.conftest import Database
from tests.db.gate import open_gate
from tests.unit.ingest.sheets import write_xlsx
from tests.unit.ingest.support import GOOD_DOSE, dose, write_csv

KNOWN_AT = datetime(2022, 2, 1, 9, tzinfo=UTC)
CVX = {"PF": "208", "MD": "207", "AZ": "210"}
DOSES = [
    dose(dose_event_id="D1", vaccine_code="PF"),
    dose(dose_event_id="D2", vaccine_code="MD", dose_no="2", district_code="761"),
    dose(dose_event_id="D3", vaccine_code="PF", province_code="01", district_code="001"),
]
pytestmark = [pytest.mark.db, pytest.mark.vietnam]


@pytest.fixture
def intake(database: Database, tmp_path: Path) -> Intake:
    return open_gate(database, tmp_path, clock=lambda: KNOWN_AT + timedelta(days=9))


def held(engine: sa.Engine) -> set[tuple[object, ...]]:
    """Return what the cube holds now, without the source."""
    cube, measure = tables.cube_current, tables.measure
    query = (
        sa.select(
            measure.c.key, cube.c.day, tables.area.c.code, tables.breakdown.c.dims,
            cube.c.value, cube.c.n,
        )
        .join(measure, measure.c.measure_id == cube.c.measure_id)
        .join(tables.area, tables.area.c.area_id == cube.c.area_id)
        .join(tables.breakdown, tables.breakdown.c.breakdown_id == cube.c.breakdown_id)
        .where(cube.c.n > 0)
    )  # fmt: skip
    with engine.connect() as connection:
        return {(key, from_day(day), *rest) for key, day, *rest in connection.execute(query)}


def as_fhir(path: Path) -> Path:
    entries = [
        {"resource": {
            "resourceType": "Immunization", "id": row["dose_event_id"], "status": "completed",
            "vaccineCode": {"coding": [{"code": CVX[row["vaccine_code"]]}]},
            "patient": {"display": "nobody"}, "occurrenceDateTime": row["vaccinated_at"],
            "recorded": row["recorded_at"],
            "protocolApplied": [{"doseNumberPositiveInt": int(row["dose_no"])}],
            "extension": [
                {"url": "https://example.org/province-code", "valueString": row["province_code"]},
                {"url": "https://example.org/district-code", "valueString": row["district_code"]},
            ],
        }} for row in DOSES
    ]  # fmt: skip
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries}))
    return path


def test_five_formats_of_the_same_doses_change_nothing_after_the_first(
    intake: Intake, tmp_path: Path
) -> None:
    frame = pl.DataFrame(DOSES)
    frame.write_ndjson(tmp_path / "a.ndjson")
    frame.write_parquet(tmp_path / "a.parquet")
    rows = {n: [row[name] for name in GOOD_DOSE] for n, row in enumerate(DOSES, 2)}
    files = [
        write_csv(tmp_path / "a.csv", DOSES),
        tmp_path / "a.ndjson",
        tmp_path / "a.parquet",
        write_xlsx(tmp_path / "a.xlsx", {1: list(GOOD_DOSE), **rows}),
        as_fhir(tmp_path / "a.json"),
    ]
    counts = [
        intake.records(
            path, platform="vaccination", source="s", known_at=KNOWN_AT + timedelta(hours=n)
        ).counts
        for n, path in enumerate(files)
    ]
    assert [(each.read, each.new, each.unchanged) for each in counts] == [
        (3, 3, 0), *[(3, 0, 3)] * 4
    ]  # fmt: skip
    assert all(each.balanced for each in counts)
    doses = {row for row in held(intake.engine) if row[0] == "doses" and row[3] == "dose=1"}
    assert {(area, value) for _, _, area, _, value, _ in doses} == {("760", 1.0), ("001", 1.0)}


def test_what_dhis2_takes_back_is_gone_at_that_moment_and_not_before(
    intake: Intake, tmp_path: Path
) -> None:
    def deliver(hours: int, **changes: object) -> tuple[int, int, int]:
        path = tmp_path / f"{hours}.json"
        told = {"dataElement": "cases", "period": "20210902", "orgUnit": "01", "value": "5"}
        path.write_text(json.dumps({"dataValues": [{**told, **changes}]}))
        counts = intake.dhis2(
            (path,), source="s", known_at=KNOWN_AT + timedelta(hours=hours)
        ).counts
        assert counts.balanced
        return counts.new, counts.updated, counts.unchanged

    assert deliver(4, deleted=True) == (0, 0, 1)
    assert deliver(1) == (0, 0, 0)  # late: it was already taken back, so only the past changes
    assert held(intake.engine) == set()
    assert deliver(6, value="7") == (1, 0, 0)
    assert {row[4] for row in held(intake.engine)} == {7.0}
    assert deliver(8, deleted="true") == (0, 1, 0)
    assert held(intake.engine) == set()
    verdict = verify(intake.engine, viewer=system_viewer(KNOWN_AT), zone=intake.zone)
    assert verdict.differences.is_empty()
