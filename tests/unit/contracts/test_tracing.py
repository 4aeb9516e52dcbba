"""Contact tracing: the day a case counts on, contacts reached in time, clusters open and closed."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data_access.contracts.model import RecordKind
from data_access.contracts.tracing import TRACING
from data_access.cube.rollup import contributions
from tests.unit.ingest.support import ZONE, Result, admit, admit_rows

CASE, CONTACT, EXPOSURE_PLACE, CLUSTER = TRACING.kinds
GOOD_CASE = {"case_id": "BN1", "report_date": "2021-08-05", "province_code": "79"}
GOOD_CONTACT = {
    "contact_id": "T1",
    "index_case_id": "BN1",
    "class": "F1",
    "identified_ts": "2021-08-05T08:00:00+07:00",
    "province_code": "79",
}


def cells(kind: RecordKind, got: Result, *measures: str) -> set[tuple[object, ...]]:
    found = contributions(kind, got.accepted, zone=ZONE)
    if measures:
        found = found.filter(pl.col("measure").is_in(measures))
    return set(found.select("measure", "day", "dims", "value").iter_rows())


def test_kinds_in_order() -> None:
    assert [each.name for each in TRACING.kinds] == ["case", "contact", "exposure_place", "cluster"]


@pytest.mark.parametrize(
    ("days", "counts_on"),
    [
        ({"report_date": "06/08/2021", "result_date": "05/08/2021"}, date(2021, 8, 6)),
        ({"report_date": "", "result_date": "2021-08-05", "onset_date": "2021-08-01"},
         date(2021, 8, 5)),
        ({"report_date": "", "sample_date": "2021-08-04"}, date(2021, 8, 4)),
        ({"report_date": "", "onset_date": "2021-08-01"}, date(2021, 8, 1)),
    ],
)  # fmt: skip
def test_the_day_a_case_counts_on(days: dict[str, str], counts_on: date, tmp_path: Path) -> None:
    got = admit_rows(tmp_path, [{**GOOD_CASE, **days}], CASE)
    assert got.reasons == []
    assert got.accepted["case_day"].to_list() == [counts_on]


def test_the_derived_day_decides_which_provinces_there_are(tmp_path: Path) -> None:
    # 15 was Yên Bái until June 2025; the record is of 2021 though no day of report is given.
    row = {**GOOD_CASE, "report_date": "", "onset_date": "2021-08-01", "province_code": "Yên Bái"}
    got = admit_rows(tmp_path, [row], CASE)
    assert got.accepted["province_code"].to_list() == ["15"]


def test_deaths_and_recoveries_count_on_the_day_of_the_outcome(tmp_path: Path) -> None:
    rows = [
        {**GOOD_CASE, "outcome": "tu_vong", "outcome_date": "2021-08-20"},
        {**GOOD_CASE, "case_id": "BN2", "outcome": "Recovered", "outcome_date": "2021-08-21"},
        {**GOOD_CASE, "case_id": "BN3", "outcome": "dead"},
        {**GOOD_CASE, "case_id": "BN4", "outcome": "chuyen_tuyen", "outcome_date": "2021-08-22"},
    ]
    got = admit_rows(tmp_path, rows, CASE)
    assert (got.reasons, got.flags) == ([], {"outcome_without_date": 1})
    assert cells(CASE, got, "deaths", "recovered") == {
        ("deaths", date(2021, 8, 20), "", 1.0),
        ("recovered", date(2021, 8, 21), "", 1.0),
    }


def test_cases_by_place_of_detection_and_severity(tmp_path: Path) -> None:
    rows = [
        {**GOOD_CASE, "detected_in": "cong_dong", "severity": "nhe", "district_code": "760"},
        {**GOOD_CASE, "case_id": "BN2", "detected_in": "khu_cach_ly", "known_contact": "có"},
    ]
    got = admit_rows(tmp_path, rows, CASE)
    day = date(2021, 8, 5)
    assert cells(CASE, got, "cases", "cases_known_contacts") == {
        ("cases", day, "detected_in=cong_dong", 1.0),
        ("cases", day, "detected_in=khu_cach_ly", 1.0),
        ("cases", day, "severity=nhe", 1.0),
        ("cases", day, "severity=unknown", 1.0),
        ("cases_known_contacts", day, "", 1.0),
    }
    assert got.accepted["district_code"].to_list() == ["760", None]


def test_who_infected_whom_is_kept(tmp_path: Path) -> None:
    got = admit_rows(tmp_path, [{**GOOD_CASE, "infector_id": "BN25|BN27"}], CASE)
    assert got.accepted["infector_id"].to_list() == ["BN25|BN27"]


def test_contacts_reached_in_time_from_the_report_of_the_index_case(tmp_path: Path) -> None:
    rows = [
        {**GOOD_CONTACT, "index_reported_at": "2021-08-04T09:00:00+07:00",
         "reached_ts": "2021-08-05T09:00:00+07:00"},  # 24 hours sharp
        {**GOOD_CONTACT, "contact_id": "T2", "index_reported_at": "2021-08-04T09:00:00+07:00",
         "reached_ts": "2021-08-05T09:00:01+07:00"},
        {**GOOD_CONTACT, "contact_id": "T3", "reached_ts": "2021-08-08T08:00:00+07:00",
         "quarantined_ts": "2021-08-09T08:00:00+07:00"},  # 72 hours from being listed
        {**GOOD_CONTACT, "contact_id": "T4"},
    ]  # fmt: skip
    got = admit_rows(tmp_path, rows, CONTACT)
    assert (got.reasons, got.flags) == ([], {})
    found = {
        (name, day): value for name, day, dims, value in cells(CONTACT, got) if dims == "class=F1"
    }
    assert found == {
        ("contacts_listed", date(2021, 8, 5)): 4,
        ("contacts_reached", date(2021, 8, 5)): 2,
        ("contacts_reached", date(2021, 8, 8)): 1,
        ("contacts_reached_24h", date(2021, 8, 5)): 1,
        ("contacts_reached_48h", date(2021, 8, 5)): 2,
        ("contacts_quarantined", date(2021, 8, 9)): 1,
    }
    assert {row[2:] for row in cells(CONTACT, got, "contact_reach_hours")} == {
        ("class=F1|delay=023-024", 1.0),
        ("class=F1|delay=024-026", 1.0),
        ("class=F1|delay=068-072", 1.0),
    }


def test_a_contact_without_a_class_is_refused(tmp_path: Path) -> None:
    got = admit_rows(tmp_path, [{**GOOD_CONTACT, "class": ""}], CONTACT)
    assert got.reasons == [(2, "class", "required")]


def test_a_person_keeps_one_pseudonym_as_contact_and_as_case(tmp_path: Path) -> None:
    case = admit_rows(tmp_path, [{**GOOD_CASE, "id_no": "079080000001"}], CASE)
    contact = admit_rows(tmp_path, [{**GOOD_CONTACT, "id_no": "079080000001"}], CONTACT)
    assert case.accepted["person_ref"].item() == contact.accepted["person_ref"].item()
    assert len(case.accepted["person_ref"].item()) == 32


def test_clusters_open_and_close(tmp_path: Path) -> None:
    place = {"province_code": "79", "setting": "cho"}
    rows = [
        {"cluster_id": "O1", "first_onset": "2021-07-01", "status": "hoat_dong", **place},
        {"cluster_id": "O2", "opened_on": "2021-07-02", "closed_on": "2021-07-30",
         "status": "ket_thuc", **place},
        # Ended without saying when: fourteen quiet days after its last case.
        {"cluster_id": "O3", "first_onset": "2021-07-03", "last_case_date": "2021-07-10",
         "status": "ket_thuc", **place},
        {"cluster_id": "O4", "first_onset": "2021-07-04", "last_case_date": "2021-07-10",
         "status": "theo_doi", **place},
    ]  # fmt: skip
    got = admit_rows(tmp_path, rows, CLUSTER)
    assert (got.reasons, got.flags) == ([], {})
    assert {row[:2] for row in cells(CLUSTER, got)} == {
        ("clusters_opened", date(2021, 7, 1)), ("clusters_opened", date(2021, 7, 2)),
        ("clusters_opened", date(2021, 7, 3)), ("clusters_opened", date(2021, 7, 4)),
        ("clusters_closed", date(2021, 7, 30)), ("clusters_closed", date(2021, 7, 24)),
    }  # fmt: skip


def test_places_of_exposure_count_on_the_day_of_the_visit(tmp_path: Path) -> None:
    row = {"exposure_id": "M1", "case_id": "BN1", "setting": "cho", "province_code": "79",
           "visited_from": "2021-08-04T23:00:00+07:00",
           "visited_to": "2021-08-05T01:00:00+07:00"}  # fmt: skip
    got = admit_rows(tmp_path, [row], EXPOSURE_PLACE)
    assert cells(EXPOSURE_PLACE, got) == {("exposure_places", date(2021, 8, 4), "setting=cho", 1.0)}


@pytest.mark.parametrize("kind", [CASE, CLUSTER], ids=lambda kind: kind.name)
def test_an_export_of_ours_reads_back_alike(kind: RecordKind, tmp_path: Path) -> None:
    row = {"province_code": "79", "onset_date": "2021-07-01", "first_onset": "2021-07-01"}
    first = admit_rows(tmp_path, [{kind.key: "1", **row}], kind)
    path = tmp_path / "export.parquet"
    exported = first.accepted.rename({"record_id": kind.key})
    exported.drop("row_no", "province_id", "district_id").write_parquet(path)
    again = admit(path, kind)
    assert again.reasons == []
    assert again.accepted.drop("row_no").equals(first.accepted.drop("row_no"))
