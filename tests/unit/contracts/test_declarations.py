"""Health declarations: the risk rule, calls in time, and journeys kept as ward codes."""

from pathlib import Path

import pytest

from data_access.contracts.declarations import DECLARATIONS
from data_access.cube.rollup import contributions
from tests.unit.ingest.support import ZONE, admit, admit_rows

DECLARATION = DECLARATIONS.kinds[0]
GOOD = {
    "declaration_id": "D1",
    "declared_at": "2021-08-05T23:30:00+07:00",
    "district_code": "760",
    "province_code": "79",
}


def row(**changes: str) -> dict[str, str]:
    return {**GOOD, **changes}


@pytest.mark.parametrize(
    ("symptoms", "exposure", "given", "risk"),
    [
        ("", "", "", "none"), ("ho", "", "", "watch"), ("", "tu_vung_dich", "", "watch"),
        ("kho_tho", "", "", "urgent"), ("", "tiep_xuc_F0", "", "urgent"),
        ("sot|ho", "tu_vung_dich", "", "urgent"), ("ho", "", "none", "none"),
        ("", "", "urgent", "urgent"), ("Khó thở, Ho", "", "", "urgent"),
        ("", "Contact with a confirmed case", "", "urgent"),
    ],
)  # fmt: skip
def test_the_risk_delivered_or_else_ours(
    symptoms: str, exposure: str, given: str, risk: str, tmp_path: Path
) -> None:
    told = row(symptoms_14d=symptoms, exposure_14d=exposure, risk_flag=given)
    got = admit_rows(tmp_path, [told], DECLARATION)
    assert got.reasons == []
    assert got.accepted["risk"].item() == risk


@pytest.mark.parametrize(
    ("journey", "wards"),
    [
        ("26734", "26734"), ("26734|00001 | 26734", "00001|26734"), ("", None),
        ("Nguyễn Văn A đi xe 51F-12345678 ghế 12", ""),
        ('[{""place_ward"": ""26734"", ""from_ts"": ""2021-08-01T08:00:00+07:00""}]', "26734"),
    ],
)  # fmt: skip
def test_of_a_journey_only_the_wards_are_kept(
    journey: str, wards: str | None, tmp_path: Path
) -> None:
    got = admit_rows(tmp_path, [row(travel_14d=journey.replace('""', '"'))], DECLARATION)
    assert got.accepted["travel_wards"].item() == wards
    assert "travel_14d" not in got.accepted.columns


def test_a_journey_as_a_list_of_objects(tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_text(
        '{"declaration_id": "D1", "declared_at": "2021-08-05T08:00:00+07:00",'
        ' "province_code": "79", "symptoms_14d": ["ho", "sot"],'
        ' "travel_14d": [{"place_ward": "26734", "seat": "12A"}, {"place_ward": "00001"}]}\n',
        encoding="utf-8",
    )
    got = admit(path, DECLARATION)
    assert got.reasons == []
    kept = got.accepted.row(0, named=True)
    assert (kept["symptoms_14d"], kept["travel_wards"]) == ("ho|sot", "00001|26734")


def test_what_follows_from_flagged_declarations(tmp_path: Path) -> None:
    rows = [
        # Called after 24 hours sharp; sampled after 48 hours and a second.
        row(risk_flag="urgent", called_at="2021-08-06T23:30:00+07:00",
            sampled_at="2021-08-07T23:30:01+07:00"),
        # The call is known from the follow-up alone, a second late.
        row(declaration_id="D2", risk_flag="watch", followup_status="verified",
            followup_at="2021-08-06T23:30:01+07:00", test_result="duong_tinh"),
        row(declaration_id="D3", risk_flag="urgent", followup_status="unreachable",
            followup_at="2021-08-05T23:40:00+07:00"),
        # Not flagged: whoever is called without need counts nowhere.
        row(declaration_id="D4", called_at="2021-08-05T23:35:00+07:00"),
    ]  # fmt: skip
    got = admit_rows(tmp_path, rows, DECLARATION)
    assert got.reasons == []
    found = contributions(DECLARATION, got.accepted, zone=ZONE).filter(dims="risk=urgent")
    assert dict(found.select("measure", "value").iter_rows()) == {
        "declarations_flagged": 2, "declarations_called": 1, "declarations_called_24h": 1,
        "declarations_sampled": 1, "declarations_sampled_48h": 0, "declarations_unreachable": 1,
    }  # fmt: skip
    watched = contributions(DECLARATION, got.accepted, zone=ZONE).filter(dims="risk=watch")
    assert dict(watched.select("measure", "value").iter_rows()) == {
        "declarations_flagged": 1, "declarations_called": 1, "declarations_called_24h": 0,
        "declarations_unreachable": 0, "declarations_positive": 1,
    }  # fmt: skip


def test_an_export_of_ours_reads_back_alike(tmp_path: Path) -> None:
    first = admit_rows(tmp_path, [row(symptoms_14d="kho_tho", travel_14d="26734")], DECLARATION)
    exported = first.accepted.rename({"record_id": "declaration_id"})
    path = tmp_path / "export.parquet"
    exported.drop("row_no", "province_id", "district_id").write_parquet(path)
    again = admit(path, DECLARATION)
    assert again.reasons == []
    assert again.accepted.drop("row_no").equals(first.accepted.drop("row_no"))
