"""A day of six platforms in every format, on both databases: what comes out is what was counted."""

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from data_access.contracts.model import RecordKind
from data_access.contracts.registry import CONTRACTS, record_kind
from data_access.cube.export import FORMATS as EXPORTS
from data_access.cube.export import export_records
from data_access.ingest.intake import Intake
from data_access.ingest.readers import FORMATS
from data_access.reference.areas import load_areas
from data_access.reference.pack import bundled_pack
from data_access.viewer import system_viewer
from scripts import load_day
from tests.conftest import Database
from tests.unit.ingest.support import admit

PROVINCES = ["48"]
OF_TYPE = {"dose": "Immunization", "sample": "Specimen", "stay": "Encounter",
           "facility": "Location", "declaration": "QuestionnaireResponse"}  # fmt: skip


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> load_day.Delivery:
    folder = tmp_path_factory.mktemp("day")
    return load_day.write_day(folder, pack=bundled_pack("vn"), provinces=PROVINCES, seed=3)


def test_every_kind_comes_in_every_format_it_has(delivery: load_day.Delivery) -> None:
    seen = {(each.platform, each.kind, each.fmt) for each in delivery.files}
    kinds = [(c.platform, k.name) for c in CONTRACTS for k in c.kinds]
    plain = {fmt for fmt in FORMATS if fmt != "fhir"}
    # Only what there is more of than formats comes in each of them.
    for platform, kind in kinds:
        held = {fmt for p, k, fmt in seen if (p, k) == (platform, kind)}
        assert "csv" in held
        if kind in ("declaration", "scan", "case", "contact", "stay", "sample", "dose"):
            assert plain <= held
        assert ("fhir" in held) <= (kind in OF_TYPE)
    assert {fmt for _, _, fmt in seen} == set(FORMATS)
    assert sum(each.mapping is not None for each in delivery.files) == 1


def test_every_cell_is_what_was_counted_beside_the_gate(
    delivery: load_day.Delivery,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pack = bundled_pack("vn")
    outcomes = load_day.load(delivery, database.engine, pack=pack, rejects=tmp_path / "rejects")
    assert load_day.judge(delivery, database.engine, outcomes, zone=pack.time_zone)
    assert "0 differences" in capsys.readouterr().out
    for outcome in outcomes:
        c = outcome.counts
        assert c.read == c.new + c.updated + c.unchanged + c.stale + c.rejected
    exported_again_changes_nothing(database.engine, tmp_path)
    wrong = load_day.differences(database.engine, _one_more(delivery.expected))
    assert wrong.select("measure", "dims").rows() == [("cases", "")]


def exported_again_changes_nothing(engine: sa.Engine, folder: Path) -> None:
    """Deliver what `export-records` gives for every kind: all unchanged."""
    areas = load_areas(engine, viewer=system_viewer(load_day.KNOWN_AT))
    intake = Intake(engine=engine, areas=areas, clock=lambda: load_day.KNOWN_AT,
                    pseudonym_key=load_day.KEY, rejects_folder=folder)  # fmt: skip
    for contract in CONTRACTS:
        name = contract.platform
        for kind in contract.kinds:

            def exported(source: str, kind: RecordKind = kind, of: str = name) -> pl.DataFrame:
                viewer = system_viewer(load_day.KNOWN_AT)
                return export_records(
                    engine, of, kind=kind, viewer=viewer, areas=areas, source=source
                )

            rows = exported("")
            assert exported(load_day.SOURCE).equals(rows)
            path = folder / f"{contract.platform}-{kind.name}.csv"
            path.write_bytes(EXPORTS["csv"](rows))
            outcome = intake.records(
                path,
                platform=contract.platform,
                kind=kind.name,
                source=load_day.SOURCE,
                known_at=load_day.KNOWN_AT,
            )
            counts = outcome.counts
            assert counts.read == counts.unchanged == rows.height > 0, kind.name


def _one_more(expected: pl.DataFrame) -> pl.DataFrame:
    """Return the figures with the DHIS2 source's of the first day one too high."""
    first = (pl.col("source") == load_day.DHIS2_SOURCE) & (pl.col("date") == load_day.FIRST_DAY)
    return expected.with_columns(
        pl.when(first).then(pl.col("value") + 1).otherwise("value").alias("value")
    )


def test_each_resource_of_a_bundle_is_a_record_or_told(delivery: load_day.Delivery) -> None:
    bundles = [each for each in delivery.files if each.fmt == "fhir"]
    assert {each.kind for each in bundles} <= OF_TYPE.keys()
    for each in bundles:
        listed = json.loads(each.path.read_text(encoding="utf-8"))["entry"]
        counted = Counter(entry["resource"]["resourceType"] for entry in listed)
        found = admit(each.path, record_kind(each.platform, kind=each.kind), fmt="fhir")
        told = Counter(reason for _, _, reason in found.reasons)
        assert found.n_read == counted.total()
        assert found.accepted.height == counted.pop(OF_TYPE[each.kind])
        assert told == Counter({"part_of_record": counted.total()}) - Counter()
