"""FHIR deliveries: which resource is which record, and a reason for every other."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data_access.contracts.registry import record_kind
from data_access.errors import BadInput, BadUse
from data_access.ingest.readers import file_format
from data_access.ingest.record_mapping import RecordMapping
from tests.unit.ingest.support import DOSE, STAY, Result, admit

SAMPLE = Path(__file__).resolve().parents[4] / "shared/data/fhir/synthea_r4_bundle_Luna60.json"
needs_sample = pytest.mark.skipif(not SAMPLE.exists(), reason="../shared/data/fhir is not there")
SAMPLE_KIND = record_kind("testing")
NAME, NUMBER, PHONE = "Canary Thị Hoàng Yến", "001184099991", "0912345678"

PATIENT = {
    "resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1984-05-06",
    "name": [{"use": "official", "family": "Canary", "given": ["Thị", "Hoàng", "Yến"]}],
    "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "7"},
                   {"type": {"coding": [{"code": "NI"}]}, "value": NUMBER}],
    "telecom": [{"system": "phone", "value": PHONE}],
    "address": [{"state": "Hà Nội", "district": "Ba Đình"}],
}  # fmt: skip
SITE = {
    "resourceType": "Location", "id": "l1", "identifier": [{"value": "TT-07"}],
    "partOf": {"reference": "Location/l0"},
}  # fmt: skip
REGION = {"resourceType": "Location", "id": "l0", "address": {"state": "TP.HCM"}}
SHOT: dict[str, Any] = {
    "resourceType": "Immunization", "id": "i1", "status": "completed",
    "meta": {"versionId": "2"},
    "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "208"}]},
    "patient": {"reference": "Patient/p1"}, "location": {"reference": "urn:uuid:l1"},
    "occurrenceDateTime": "2021-08-05T10:11:12+07:00", "recorded": "2021-08-05T12:00:00+07:00",
    "lotNumber": "FG1", "expirationDate": "2021-12-31",
    "protocolApplied": [{"doseNumberPositiveInt": 2}],
    "extension": [{"url": "https://example.org/priority-group", "valueString": "8"}],
}  # fmt: skip


def written(folder: Path, *resources: Any) -> Path:
    path = folder / "bundle.json"
    entries = [each if "request" in each else {"resource": each} for each in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    path.write_text(json.dumps(bundle, ensure_ascii=False), encoding="utf-8")
    return path


def reasons(found: Result) -> dict[int, set[str]]:
    told: dict[int, set[str]] = {}
    for row_no, _, reason in found.reasons:
        told.setdefault(row_no, set()).add(reason)
    return told


def test_an_immunization_is_a_dose_at_its_place_and_of_a_pseudonym(tmp_path: Path) -> None:
    found = admit(written(tmp_path, PATIENT, SITE, REGION, SHOT))
    assert found.n_read == 4
    assert reasons(found) == dict.fromkeys((1, 2, 3), {"part_of_record"})
    row = found.accepted.row(0, named=True)
    expected = {
        "row_no": 4, "record_id": "i1", "version": 2, "deleted": False, "dose_no": "2",
        "vaccine_code": "PF", "lot_no": "FG1", "site_code": "TT-07", "priority_group": "8",
        "province_code": "79", "age_group": "18-49", "identity_status": "verified",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert row["vaccinated_at"].isoformat() == "2021-08-05T03:11:12+00:00"
    told = str(found.accepted.to_dicts()) + str(found.rejected.to_dicts())
    assert not any(secret in told for secret in (NAME, NUMBER, PHONE, "Canary", "1984"))


def test_the_pseudonym_is_that_of_the_same_person_in_a_csv(tmp_path: Path) -> None:
    shot = admit(written(tmp_path, PATIENT, SHOT))
    csv = tmp_path / "a.csv"
    csv.write_text(
        "dose_event_id,dose_no,vaccine_code,vaccinated_at,province_code,full_name,birth_date,"
        f"id_no,sex\nD1,1,AZ,2021-08-05,01,{NAME},1984-05-06,{NUMBER},nữ\n",
        encoding="utf-8",
    )
    assert shot.accepted["person_ref"].to_list() == admit(csv).accepted["person_ref"].to_list()
    # Without a place of its own the dose counts where the person lives.
    assert shot.accepted["district_code"].to_list() == ["001"]


@pytest.mark.parametrize(
    ("vaccine", "protocol", "dose"),
    [
        ("208", {"doseNumberPositiveInt": 1}, "1"),
        ("208", {"doseNumberString": "2"}, "2"),
        ("208", {"doseNumberPositiveInt": 3, "seriesDosesPositiveInt": 2}, "nhac_1"),
        ("212", {"doseNumberPositiveInt": 2, "series": "COVID booster"}, "nhac_1"),
        ("210", {"doseNumberPositiveInt": 4, "series": "Mũi nhắc"}, "nhac_2"),
    ],
)
def test_dose_numbers(tmp_path: Path, vaccine: str, protocol: dict[str, Any], dose: str) -> None:
    code = {"coding": [{"code": vaccine}]}
    shot = {**SHOT, "vaccineCode": code, "protocolApplied": [protocol]}
    assert admit(written(tmp_path, PATIENT, shot)).accepted["dose_no"].to_list() == [dose]


def test_every_other_resource_has_its_reason(tmp_path: Path) -> None:
    found = admit(
        written(
            tmp_path,
            {**SHOT, "id": "a", "status": "not-done"},
            {**SHOT, "id": "b", "status": "entered-in-error"},
            {**SHOT, "id": "c", "occurrenceDateTime": "soon"},
            {**SHOT, "id": "d", "vaccineCode": {"text": "BCG"}},
            {"resourceType": "Claim", "id": "e"},
            {"resourceType": "Nothing"},
            {"request": {"method": "DELETE", "url": "Immunization/f"}},
            {"request": {"method": "DELETE", "url": "Claim/g"}},
            PATIENT,
            {**SHOT, "id": "h", "patient": {"reference": "Patient/unknown"}},
        )
    )
    assert found.n_read == 10
    assert reasons(found) == {
        1: {"not_done"}, 3: {"not_fhir"}, 4: {"unknown_code"}, 5: {"not_for_platform"},
        6: {"not_for_platform"}, 8: {"not_for_platform"}, 9: {"part_of_record"},
        10: {"area_missing"},
    }  # fmt: skip
    kept = found.accepted.sort("row_no").select("row_no", "record_id", "deleted").rows()
    assert kept == [(2, "b", True), (7, "f", True)]


def test_reasons_name_what_fhir_names_and_nothing_the_sender_does(tmp_path: Path) -> None:
    told = admit(
        written(
            tmp_path,
            {"resourceType": NAME},
            {"resourceType": "Medication"},
            {"request": {"method": "DELETE", "url": f"{NAME}/1"}},
            {**PATIENT, NAME: 1},
            {**PATIENT, "name": [{NAME: 1}]},
            {**PATIENT, "contained": [{"resourceType": "Patient", "maritalStatus": {PHONE: 1}}]},
            {**PATIENT, "birthDate": NAME},
        )
    ).reasons
    assert [field for _, field, _ in told] == [
        "resourceType", "Medication", "resourceType", "Patient.Patient", "Patient.name.0",
        "Patient.contained.0.maritalStatus", "Patient.birthDate",
    ]  # fmt: skip


def covid(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": "o1", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
        "subject": {"reference": "Patient/p1"}, "issued": "2021-08-06T06:00:00+07:00",
        "valueCodeableConcept": {"coding": [{"code": "260373001"}]}, **more,
    }  # fmt: skip


def test_specimen_observation_and_report_are_one_sample(tmp_path: Path) -> None:
    specimen = {
        "resourceType": "Specimen", "id": "s1", "subject": {"reference": "Patient/p1"},
        "receivedTime": "2021-08-05T14:00:00+07:00",
        "type": {"coding": [{"code": "258500001"}]},
        "collection": {"collectedDateTime": "2021-08-05T08:00:00+07:00"},
    }  # fmt: skip
    laboratory = {"resourceType": "Organization", "id": "g1", "name": "Pasteur",
                  "identifier": [{"value": "PAS"}]}  # fmt: skip
    report = {
        "resourceType": "DiagnosticReport", "id": "r1", "status": "final",
        "code": {"text": "SARS-CoV-2"}, "specimen": [{"reference": "Specimen/s1"}],
        "result": [{"reference": "Observation/o1"}], "issued": "2021-08-06T09:00:00+07:00",
        "performer": [{"reference": "Organization/g1"}],
    }  # fmt: skip
    antigen = covid(id="o2", code={"coding": [{"code": "94558-4"}]},
                    effectiveDateTime="2021-08-05T09:00:00+07:00",
                    valueCodeableConcept={"coding": [{"code": "LA11883-8"}]})  # fmt: skip
    weight = {"resourceType": "Observation", "id": "o3", "status": "final",
              "code": {"text": "weight"}}  # fmt: skip
    found = admit(
        written(tmp_path, PATIENT, specimen, covid(), report, laboratory, antigen, weight),
        SAMPLE_KIND,
    )
    assert found.n_read == 7
    assert reasons(found) == {
        **dict.fromkeys((1, 3, 4, 5), {"part_of_record"}), 7: {"not_for_platform"}
    }  # fmt: skip
    rows = found.accepted.sort("row_no").select(
        "record_id", "method", "specimen", "result", "lab_code", "province_code",
        pl.col("resulted_at").dt.strftime("%d %H"), pl.col("returned_at").dt.strftime("%d %H"),
    )  # fmt: skip
    assert rows.rows() == [
        ("s1", "RT_PCR", "ty_hau", "duong_tinh", "PAS", "01", "05 23", "06 02"),
        ("o2", "AG_RAPID", None, "am_tinh", None, "01", "05 23", None),
    ]


def test_a_preliminary_result_is_none(tmp_path: Path) -> None:
    given = covid(status="preliminary", effectiveDateTime="2021-08-05T09:00:00+07:00")
    found = admit(written(tmp_path, PATIENT, given), SAMPLE_KIND)
    assert found.accepted.select("result", "resulted_at").rows() == [(None, None)]


def test_an_encounter_is_a_stay_and_its_location_a_facility(tmp_path: Path) -> None:
    site = {
        "resourceType": "Location", "id": "q1", "name": "Trường QS",
        "identifier": [{"value": "Q9"}],
        "type": [{"coding": [{"code": "tap_trung"}]}], "address": {"state": "Đà Nẵng"},
        "extension": [{"url": "https://example.org/fhir#beds_total", "valueInteger": 300},
                      {"url": "https://example.org/fhir#opened-on", "valueDate": "2021-05-01"}],
    }  # fmt: skip
    stay = {
        "resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "IMP"},
        "reasonCode": [{"text": "F1"}], "subject": {"reference": "Patient/p1"},
        "period": {"start": "2021-08-01T08:00:00+07:00", "end": "2021-08-15T08:00:00+07:00"},
        "location": [{"location": {"reference": "Location/q1"}}],
        "extension": [{"url": "urn:x:end_reason", "valueCode": "du_ngay"}],
    }  # fmt: skip
    wellness = {**stay, "id": "e2", "reasonCode": []}
    del wellness["reasonCode"]
    path = written(tmp_path, PATIENT, site, stay, wellness)
    stays = admit(path, STAY)
    assert stays.accepted.select(
        "record_id", "class", "facility_id", "facility_kind", "province_code", "end_reason"
    ).rows() == [("e1", "F1", "Q9", "tap_trung", "48", "du_ngay")]
    assert reasons(stays)[4] == {"required"}
    facilities = admit(path, record_kind("quarantine", kind="facility"))
    assert facilities.accepted.select(
        "record_id", "kind", "beds_total", "province_code", pl.col("opened_on").cast(pl.String)
    ).rows() == [("Q9", "tap_trung", 300, "48", "2021-05-01")]
    assert facilities.n_read == 4


def test_a_questionnaire_response_is_a_declaration(tmp_path: Path) -> None:
    answered = {
        "resourceType": "QuestionnaireResponse", "id": "d1", "status": "completed",
        "authored": "2021-08-05T08:00:00+07:00", "subject": {"reference": "Patient/p1"},
        "item": [
            {"linkId": "symptoms", "item": [
                {"linkId": "sot", "answer": [{"valueBoolean": True}]},
                {"linkId": "ho", "answer": [{"valueBoolean": False}]}]},
            {"linkId": "exposure_14d", "answer": [{"valueCoding": {"code": "tiep_xuc_F0"}}]},
            {"linkId": "channel", "answer": [{"valueString": "ncovi"}]},
            {"linkId": "province-code", "answer": [{"valueString": "79"}]},
        ],
    }  # fmt: skip
    unfinished = {**answered, "id": "d2", "status": "in-progress"}
    found = admit(written(tmp_path, PATIENT, answered, unfinished), record_kind("declarations"))
    columns = ("record_id", "symptoms_14d", "exposure_14d", "channel", "province_code", "risk")
    assert found.accepted.select(columns).rows() == [
        ("d1", "sot", "tiep_xuc_F0", "ncovi", "79", "urgent")
    ]
    assert reasons(found) == {1: {"part_of_record"}, 3: {"not_done"}}


def test_a_bulk_export_has_one_resource_on_each_line(tmp_path: Path) -> None:
    path = tmp_path / "Immunization.ndjson"
    lines = [json.dumps(PATIENT), json.dumps(SHOT), "{broken", json.dumps({**SHOT, "id": "i2"})]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert file_format(path, fmt="fhir") == "fhir"
    found = admit(path, fmt="fhir")
    assert (found.n_read, found.accepted["record_id"].to_list()) == (4, ["i1", "i2"])
    assert reasons(found)[3] == {"not_fhir"}


def test_a_bundle_is_known_by_its_content(tmp_path: Path) -> None:
    assert file_format(written(tmp_path, SHOT)) == "fhir"


def test_what_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadUse, match="no FHIR resource is a stock; choose from dose"):
        admit(written(tmp_path, SHOT), record_kind("vaccination", kind="stock"))
    for content in (
        "{",
        "[]",
        "3",
        '{"resourceType": "Bundle", "entry": 3}',
        "[" * 50_000,
        '{"a":1}',
    ):
        path = tmp_path / "bad.json"
        path.write_text(content)
        with pytest.raises(BadInput, match=r"bad\.json"):
            admit(path, fmt="fhir")


@needs_sample
@pytest.mark.parametrize(
    ("kind", "of_type"),
    [(DOSE, {"Immunization"}), (STAY, {"Encounter"}), (SAMPLE_KIND, {"Specimen"})],
)
def test_every_resource_of_the_sample_is_accounted_for(kind: Any, of_type: set[str]) -> None:
    counted = Counter(
        entry["resource"]["resourceType"] for entry in json.loads(SAMPLE.read_text())["entry"]
    )
    found = admit(SAMPLE, kind)
    assert found.n_read == counted.total() == 223
    refused = found.rejected.filter(
        pl.col("reason").is_in(["not_for_platform", "part_of_record", "not_fhir"])
    )
    own = sum(counted[name] for name in of_type)
    assert refused["row_no"].n_unique() == 223 - own
    # A child's vaccines and check-ups in Massachusetts are no records of this epidemic.
    assert found.accepted.height == 0
    assert found.rejected["row_no"].n_unique() == 223


@needs_sample
def test_the_doses_of_the_sample_go_in_once_they_are_of_this_campaign(tmp_path: Path) -> None:
    bundle = json.loads(SAMPLE.read_text())
    wanted = Counter()
    for number, entry in enumerate(bundle["entry"]):
        resource = entry["resource"]
        if resource["resourceType"] == "Immunization":
            product = ("208", "210", "207")[number % 3]
            resource["vaccineCode"]["coding"] = [{"code": product}]
            resource["occurrenceDateTime"] = "2021-08-05T10:00:00+07:00"
            resource["protocolApplied"] = [{"doseNumberPositiveInt": 1 + number % 2}]
            wanted[({"208": "PF", "210": "AZ", "207": "MD"}[product], str(1 + number % 2))] += 1
    path = tmp_path / "moved.json"
    path.write_text(json.dumps(bundle))
    here = RecordMapping(values={"province_code": {"massachusetts": "79"}})
    found = admit(path, mapping=here)
    counted = found.accepted.group_by("vaccine_code", "dose_no").len().rows()
    assert {(product, dose): n for product, dose, n in counted} == dict(wanted)
    assert found.accepted.height == 27
    assert found.accepted["person_ref"].n_unique() == 1
