"""Record files through the front of the gate: what is let in, what is refused and why."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from data_access.contracts.model import DTYPES
from data_access.contracts.registry import record_kind
from data_access.errors import BadInput, SettingsError
from data_access.ingest import text_blocks
from data_access.ingest.record_mapping import RecordMapping
from tests.unit.ingest.support import (
    DOSE,
    GOOD_DOSE,
    KNOWN_AT,
    STAY,
    admit,
    admit_rows,
    area_id,
    dose,
    stay,
    write_csv,
)

FACILITY = record_kind("quarantine", kind="facility")
CHECK = record_kind("quarantine", kind="daily_check")
STOCK = record_kind("vaccination", kind="stock")


def test_a_good_dose_comes_through_whole(tmp_path: Path) -> None:
    given = dose(version="2", lot_no=" L  1 ", birth_date="04/08/1956", age="", expiry="31/12/2021")
    got = admit_rows(tmp_path, [given])
    assert got.reasons == []
    assert got.accepted.to_dicts() == [
        {
            "row_no": 2,
            "record_id": "D1",
            "version": 2,
            "deleted": False,
            "province_id": area_id("79"),
            "district_id": area_id("760"),
            "dose_no": "1",
            "vaccine_code": "AZ",
            "lot_no": "L 1",
            "expiry": date(2021, 12, 31),
            "site_code": None,
            "vaccinated_at": datetime(2021, 8, 5, 3, 11, 12, tzinfo=UTC),
            "previous_on": None,
            "previous_code": None,
            "recorded_at": datetime(2021, 8, 6, 1, tzinfo=UTC),
            "priority_group": None,
            "screening": None,
            "observed_minutes": None,
            "aefi": None,
            "certificate_status": None,
            "age_group": "65+",
            "person_ref": None,
            "identity_status": "missing",
            "ward_code": None,
            "district_code": "760",
            "province_code": "79",
        }
    ]


def test_accepted_columns_have_the_declared_types(tmp_path: Path) -> None:
    got = admit_rows(tmp_path, [GOOD_DOSE]).accepted
    for field in DOSE.stored_fields():
        if field.name != DOSE.key:
            assert got.schema[field.name] == DTYPES[field.kind], field.name


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"dose_no": "9"}, "dose_no", "unknown_code"),
        ({"dose_no": ""}, "dose_no", "required"),
        ({"dose_event_id": " "}, "dose_event_id", "required"),
        ({"vaccine_code": "=cmd|' /C calc'!A0"}, "vaccine_code", "formula"),
        ({"vaccinated_at": "05/13/2021"}, "vaccinated_at", "not_a_moment"),
        ({"vaccinated_at": "2022-02-01T16:00:01+07:00", "recorded_at": ""},
         "vaccinated_at", "in_future"),
        ({"recorded_at": "2021-08-05T10:11:11+07:00"}, "recorded_at", "recorded_before_vaccinated"),
        ({"vaccinated_at": "2021-03-07T23:59:59+07:00"}, "vaccinated_at", "before_campaign"),
        ({"dose_no": "3"}, "dose_no", "dose_not_possible"),
        ({"dose_no": "2", "vaccine_code": "JJ"}, "dose_no", "dose_not_possible"),
        ({"birth_date": "2021-08-06"}, "birth_date", "born_after_dose"),
        ({"birth_date": "1900-08-04"}, "birth_date", "too_old"),
        ({"birth_date": "31/02/1990"}, "birth_date", "not_a_date"),
        ({"observed_minutes": "12,5"}, "observed_minutes", "not_whole"),
        ({"observed_minutes": "-1"}, "observed_minutes", "out_of_range"),
        ({"observed_minutes": "1441"}, "observed_minutes", "out_of_range"),
        ({"observed_minutes": "thirty"}, "observed_minutes", "not_a_number"),
        ({"lot_no": "x" * 41}, "lot_no", "too_long"),
        ({"lot_no": "+cmd|x"}, "lot_no", "formula"),
        ({"lot_no": "@SUM(A1)"}, "lot_no", "formula"),
        ({"lot_no": "\t=1+1"}, "lot_no", "formula"),
        ({"full_name": "=HYPERLINK(1)"}, "full_name", "formula"),
        ({"lot_no": "a\x07b"}, "lot_no", "control_character"),
        ({"lot_no": "a\u202eb"}, "lot_no", "control_character"),
        ({"province_code": "99"}, "province_code", "area_unknown"),
        ({"district_code": "999"}, "district_code", "area_unknown"),
        ({"district_code": "001"}, "district_code", "district_not_in_province"),
        ({"district_code": "", "province_code": ""}, "province_code", "area_missing"),
        ({"district_code": "", "province_code": "", "ward_code": "99999"},
         "ward_code", "area_unknown"),
        ({"district_code": "", "province_code": "", "ward_code": "Phường 1"},
         "ward_code", "area_ambiguous"),
        ({"ward_code": "00001"}, "ward_code", "ward_not_in_district"),
        ({"district_code": "", "ward_code": "00001"}, "ward_code", "ward_not_in_district"),
        ({"version": "-1"}, "version", "out_of_range"),
        ({"deleted": "maybe"}, "deleted", "not_boolean"),
    ],
)  # fmt: skip
def test_each_broken_rule_has_its_reason(
    tmp_path: Path, changes: dict[str, str], field: str, reason: str
) -> None:
    got = admit_rows(
        tmp_path, [dose(), dose(**{"dose_event_id": "D2", **changes}), dose(dose_event_id="D3")]
    )
    assert got.reasons == [(3, field, reason)]
    assert got.accepted["record_id"].to_list() == ["D1", "D3"]
    texts = got.rejected.row(0, named=True)
    assert texts["vi"]
    assert texts["en"]
    assert texts["vi"] != texts["en"]


@pytest.mark.parametrize(
    ("kind", "changes", "field", "reason"),
    [
        ("stay", {"actual_end": "2021-08-04"}, "actual_end", "end_before_start"),
        ("stay", {"planned_end": "2021-08-04"}, "planned_end", "planned_end_before_start"),
        ("stay", {"class": "F9"}, "class", "unknown_code"),
        ("facility", {"beds_usable": "11"}, "beds_usable", "usable_above_total"),
        ("facility", {"closed_on": "2021-06-30"}, "closed_on", "closed_before_opened"),
        ("daily_check", {"temp_c": "43,5"}, "temp_c", "out_of_range"),
        ("daily_check", {"temp_c": "33.9"}, "temp_c", "out_of_range"),
        ("daily_check", {"symptoms": "sot;gout"}, "symptoms", "unknown_code"),
        ("stock", {"ledger_date": "2021-01-31"}, "ledger_date", "stock_before_campaign"),
        ("stock", {"received": "-5"}, "received", "out_of_range"),
    ],
)
def test_rules_of_the_other_kinds(
    tmp_path: Path, kind: str, changes: dict[str, str], field: str, reason: str
) -> None:
    good = {
        "stay": stay(),
        "facility": {
            "facility_id": "Q1", "kind": "tap_trung", "beds_total": "10", "beds_usable": "9",
            "opened_on": "01/07/2021", "province_code": "Hà Nội",
        },
        "daily_check": {
            "check_id": "C1", "stay_id": "S1", "date": "06/08/2021", "temp_c": "36,6",
            "symptoms": "", "province_code": "01",
        },
        "stock": {
            "stock_id": "K1", "site_code": "P1", "vaccine_code": "pfizer",
            "ledger_date": "05/08/2021", "opening": "1.000", "received": "1.200",
            "closing": "2.200", "province_code": "1",
        },
    }[kind]  # fmt: skip
    declared = {"stay": STAY, "facility": FACILITY, "daily_check": CHECK, "stock": STOCK}[kind]
    bad = {**good, declared.key: "other", **changes}
    got = admit_rows(tmp_path, [good, bad], declared)
    assert got.reasons == [(3, field, reason)]
    assert got.accepted.height == 1
    assert got.accepted["province_id"].to_list() == [area_id("01")]


def test_several_reasons_of_one_row_are_all_told_and_count_once(tmp_path: Path) -> None:
    got = admit_rows(tmp_path, [dose(dose_no="9", province_code="99", version="x")])
    assert got.reasons == [
        (2, "dose_no", "unknown_code"),
        (2, "province_code", "area_unknown"),
        (2, "version", "not_a_number"),
    ]
    assert got.n_read == 1


def test_flags_count_accepted_rows_only(tmp_path: Path) -> None:
    flagged = dose(expiry="2021-08-04", observed_minutes="29")
    refused = dose(dose_event_id="D2", expiry="2021-08-04", dose_no="9")
    got = admit_rows(tmp_path, [flagged, refused, dose(dose_event_id="D3", screening="tri_hoan")])
    assert got.accepted["record_id"].to_list() == ["D1", "D3"]
    assert got.flags == {"expired_lot": 1, "observed_too_short": 1, "not_eligible": 1}


@pytest.mark.parametrize(
    ("row", "flags"),
    [
        ({"opening": "10", "received": "5", "used_doses": "3", "closing": "12"}, {}),
        ({"opening": "10", "received": "5", "used_doses": "3", "closing": "13"},
         {"stock_not_balanced": 1}),
        ({"opening": "10", "transferred_in": "2", "transferred_out": "1", "returned": "1",
          "wasted_open_vial": "3", "wasted_closed_vial": "2", "closing": "5"}, {}),
        ({"opening": "", "received": "5", "closing": "13"}, {}),
        ({"opening": "1", "used_doses": "3", "closing": ""}, {"stock_negative": 1}),
    ],
)  # fmt: skip
def test_stock_balance_is_flagged(
    tmp_path: Path, row: dict[str, str], flags: dict[str, int]
) -> None:
    base = {
        "stock_id": "K1", "site_code": "P1", "vaccine_code": "PF", "ledger_date": "2021-08-05",
        "province_code": "79",
    }  # fmt: skip
    assert admit_rows(tmp_path, [{**base, **row}], STOCK).flags == flags


@pytest.mark.parametrize(
    ("born", "given", "band"),
    [
        ("2016-08-05", "2021-08-05", "5-11"),
        ("2016-08-06", "2021-08-05", "0-4"),
        ("2003-09-01", "2021-08-05", "12-17"),
        ("2003-07-31", "2021-08-05", "18-49"),
        ("2009-08-05", "2021-08-05", "12-17"),
        ("2003-08-06", "2021-08-05", "12-17"),
        ("2003-08-05", "2021-08-05", "18-49"),
        ("1971-08-05", "2021-08-05", "50-64"),
        ("1956-08-06", "2021-08-05", "50-64"),
        ("1956-08-05", "2021-08-05", "65+"),
        ("1956", "2021-08-05", "65+"),
        ("2004-02-29", "2022-01-31", "12-17"),
    ],
)
def test_age_group_changes_on_the_birthday(
    tmp_path: Path, born: str, given: str, band: str
) -> None:
    row = dose(birth_date=born, vaccinated_at=f"{given}T23:30:00+07:00", recorded_at="")
    assert admit_rows(tmp_path, [row]).accepted["age_group"].to_list() == [band]


def test_age_group_from_a_delivered_age(tmp_path: Path) -> None:
    rows = [dose(age="64"), dose(dose_event_id="D2", age=""), dose(dose_event_id="D3", age="12.0")]
    got = admit_rows(tmp_path, rows).accepted
    assert got["age_group"].to_list() == ["50-64", None, "12-17"]
    assert "age" not in got.columns


def test_codes_are_read_whatever_their_case_and_by_name(tmp_path: Path) -> None:
    rows = [
        dose(dose_no="NHAC_1", vaccine_code=" pf "),
        dose(dose_event_id="D2", dose_no="Mũi 2", vaccine_code="AstraZeneca"),
        dose(
            dose_event_id="D3",
            dose_no="1.0",
            vaccine_code="Sinopharm Vero Cell",
            priority_group="01",
        ),
    ]
    got = admit_rows(tmp_path, rows).accepted
    assert got["dose_no"].to_list() == ["nhac_1", "2", "1"]
    assert got["vaccine_code"].to_list() == ["PF", "AZ", "VC"]
    assert got["priority_group"].to_list() == [None, None, "1"]


def test_sets_of_codes_are_sorted_and_joined(tmp_path: Path) -> None:
    base = {"stay_id": "S1", "date": "2021-08-06", "province_code": "01"}
    cells = ["sot;ho", "ho, sot", "Ho|Sốt|ho", "", '["sot", "ho"]']
    rows = [{**base, "check_id": f"C{n}", "symptoms": cell} for n, cell in enumerate(cells)]
    got = admit_rows(tmp_path, rows, CHECK).accepted
    assert got["symptoms"].to_list() == ["ho|sot", "ho|sot", "ho|sot", None, "ho|sot"]


def test_areas_by_name_code_without_zero_and_vintage(tmp_path: Path) -> None:
    rows = [
        dose(province_code="TP.HCM", district_code="Quận 1"),
        dose(dose_event_id="D2", province_code="1", district_code="1"),
        dose(dose_event_id="D3", province_code="", district_code="760"),
        dose(dose_event_id="D4", province_code="01.0", district_code=""),
        dose(
            dose_event_id="D5",
            province_code="thừa thiên - huế",
            district_code="",
            ward_code="19789",
        ),
    ]
    got = admit_rows(tmp_path, rows)
    assert got.reasons == []
    assert got.accepted.select("province_code", "district_code", "ward_code").rows() == [
        ("79", "760", None),
        ("01", "001", None),
        ("79", "760", None),
        ("01", None, None),
        ("46", "474", "19789"),
    ]


def test_a_ward_alone_places_a_record_and_an_unknown_one_loses_none(tmp_path: Path) -> None:
    rows = [
        dose(dose_event_id="D1", province_code="", district_code="", ward_code="26734"),
        dose(dose_event_id="D2", province_code="", district_code="", ward_code="1"),
        dose(dose_event_id="D3", ward_code="P. Bến Nghé"),
        dose(dose_event_id="D4", district_code="", ward_code="Bến Nghé"),
        dose(dose_event_id="D5", ward_code="99999"),
        dose(dose_event_id="D6", ward_code="Không Có"),
        dose(dose_event_id="D7", province_code="15", district_code="138", ward_code="Minh Quán"),
        dose(dose_event_id="D8", province_code="15", district_code="138", ward_code="Minh Quan"),
    ]
    got = admit_rows(tmp_path, rows)
    assert got.reasons == []
    assert got.flags["ward_unknown"] == 3
    assert got.accepted.select("province_code", "district_code", "ward_code").rows() == [
        ("79", "760", "26734"),
        ("01", "001", "00001"),
        ("79", "760", "26740"),
        ("79", "760", "26740"),
        ("79", "760", None),
        ("79", "760", None),
        ("15", "138", "04516"),
        ("15", "138", None),
    ]


@pytest.mark.parametrize(
    ("moment", "placed"),
    [
        ("2025-06-30T23:59:00+07:00", ("01", "001", "00004")),  # Trúc Bạch, district of Ba Đình
        ("2025-07-01T00:00:00+07:00", ("01", None, "00004")),  # Ba Đình, of no district
    ],
)
def test_a_ward_code_means_what_it_meant_on_the_day(
    tmp_path: Path, moment: str, placed: tuple[str | None, ...]
) -> None:
    known = datetime(2026, 1, 1, tzinfo=UTC)
    row = dose(province_code="", district_code="", ward_code="00004",
               vaccinated_at=moment, recorded_at="")  # fmt: skip
    got = admit(write_csv(tmp_path / "a.csv", [row]), known_at=known)
    assert got.reasons == []
    assert got.accepted.select("province_code", "district_code", "ward_code").rows() == [placed]


def test_the_vintage_is_that_of_the_day_of_the_record(tmp_path: Path) -> None:
    known = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        dose(province_code="15", district_code="",
             vaccinated_at="2025-06-30T23:00:00+07:00", recorded_at=""),
        dose(dose_event_id="D2", province_code="15", district_code="",
             vaccinated_at="2025-07-01T00:30:00+07:00", recorded_at=""),
        dose(dose_event_id="D3", province_code="17", district_code="",
             vaccinated_at="2025-07-01T00:30:00+07:00", recorded_at=""),
    ]  # fmt: skip
    got = admit(write_csv(tmp_path / "a.csv", rows), known_at=known)
    assert got.accepted["province_id"].to_list() == [area_id("15", "63"), area_id("15", "34")]
    assert got.reasons == [(4, "province_code", "area_unknown")]


def test_deletions_need_only_their_key(tmp_path: Path) -> None:
    got = admit_rows(tmp_path, [{"dose_event_id": "D1", "version": "3", "deleted": "1"}])
    assert got.reasons == []
    row = got.accepted.row(0, named=True)
    assert (row["record_id"], row["version"], row["deleted"]) == ("D1", 3, True)
    assert row["province_id"] is None


@pytest.mark.parametrize("word", ["true", "1", "Có", "x", "YES"])
def test_words_for_deleted(tmp_path: Path, word: str) -> None:
    assert admit_rows(tmp_path, [dose(deleted=word)]).accepted["deleted"].to_list() == [True]


def test_header_of_any_case_and_foreign_columns(tmp_path: Path) -> None:
    row = {name.upper().replace("_", " "): cell for name, cell in GOOD_DOSE.items()}
    got = admit_rows(tmp_path, [{**row, "ghi chú": "=1+1"}])
    assert got.accepted["record_id"].to_list() == ["D1"]
    assert "ghi chú" not in got.accepted.columns


def test_html_in_text_is_text(tmp_path: Path) -> None:
    name = "<script>alert(1)</script> Trạm y tế"
    row = {"facility_id": "Q1", "name": name, "kind": "tap_trung", "beds_usable": "1",
           "opened_on": "2021-07-01", "province_code": "79"}  # fmt: skip
    assert admit_rows(tmp_path, [row], FACILITY).accepted["name"].to_list() == [name]


def test_signs_that_are_no_formula(tmp_path: Path) -> None:
    rows = [dose(lot_no="-12.5"), dose(dose_event_id="D2", phone="+84 912 345 678", lot_no="- 7")]
    assert admit_rows(tmp_path, rows).reasons == []


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (["dose_no"], "missing column dose_no"),
        (["dose_no", "vaccinated_at"], "missing columns dose_no, vaccinated_at"),
        (["province_code", "district_code"], "ward_code or district_code or province_code"),
    ],
)
def test_missing_columns_are_named(tmp_path: Path, missing: list[str], said: str) -> None:
    row = {name: cell for name, cell in GOOD_DOSE.items() if name not in missing}
    with pytest.raises(BadInput, match=said):
        admit_rows(tmp_path, [row])


def test_missing_column_of_ndjson_and_parquet(tmp_path: Path) -> None:
    rows = pl.DataFrame([{k: v for k, v in GOOD_DOSE.items() if k != "dose_no"}])
    rows.write_ndjson(tmp_path / "a.ndjson")
    rows.write_parquet(tmp_path / "a.parquet")
    for name in ("a.ndjson", "a.parquet"):
        with pytest.raises(BadInput, match=f"{name}: missing column dose_no"):
            admit(tmp_path / name)


def test_one_content_in_three_formats_gives_one_result(tmp_path: Path) -> None:
    rows = [dose(version="1"), dose(dose_event_id="D2", dose_no="9", birth_date="1990-01-31")]
    table = pl.DataFrame(rows).fill_null("")
    typed = table.with_columns(
        pl.col("vaccinated_at", "recorded_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%z"),
        pl.col("birth_date").str.to_date("%Y-%m-%d", strict=False),
        pl.col("version").cast(pl.Int32, strict=False),
    )
    write_csv(tmp_path / "a.csv", rows)
    table.write_ndjson(tmp_path / "a.ndjson")
    typed.write_parquet(tmp_path / "a.parquet")
    found = [admit(tmp_path / f"a.{end}") for end in ("csv", "ndjson", "parquet")]
    bare = [each.accepted.drop("row_no").to_dicts() for each in found]
    assert bare[0] == bare[1] == bare[2]
    assert [each.reasons for each in found] == [
        [(3, "dose_no", "unknown_code")],
        [(2, "dose_no", "unknown_code")],
        [(2, "dose_no", "unknown_code")],
    ]


def test_native_types_of_parquet(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "check_id": [1, 2],
            "stay_id": [7.0, 8.0],
            "date": [datetime(2021, 8, 5, 17, tzinfo=UTC), None],
            "temp_c": [36.6, float("nan")],
            "symptoms": [["sot", "ho"], []],
            "province_code": [79, 1],
            "deleted": [False, True],
        },
        schema_overrides={"date": pl.Datetime("ms", "UTC")},
    )
    table.write_parquet(tmp_path / "a.parquet")
    got = admit(tmp_path / "a.parquet", CHECK)
    assert got.reasons == [(2, "temp_c", "not_a_number")]
    row = got.accepted.row(0, named=True)
    assert (row["record_id"], row["stay_id"], row["date"]) == ("1", "7", date(2021, 8, 6))
    assert (row["temp_c"], row["symptoms"], row["province_code"]) == (36.6, "ho|sot", "79")


def test_row_numbers_run_on_from_block_to_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 400)
    rows = [dose(dose_event_id=f"D{n}", dose_no="9" if n in {7, 40} else "1") for n in range(50)]
    got = admit_rows(tmp_path, rows)
    assert got.n_read == 50
    assert [row_no for row_no, _, _ in got.reasons] == [9, 42]
    assert got.accepted["row_no"].to_list() == [n + 2 for n in range(50) if n not in {7, 40}]


def test_without_a_key_no_record_about_people(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [GOOD_DOSE])
    with pytest.raises(SettingsError, match="TUYENDAU_PSEUDONYM_KEY"):
        admit(path, key="")


def test_without_a_key_records_about_places_are_fine(tmp_path: Path) -> None:
    row = {"site_code": "P1", "opened_on": "2021-07-01", "province_code": "79"}
    got = admit(
        write_csv(tmp_path / "a.csv", [row]), record_kind("vaccination", kind="site"), key=""
    )
    assert got.accepted["record_id"].to_list() == ["P1"]


def test_the_end_of_the_local_day_is_not_the_future(tmp_path: Path) -> None:
    row = {"site_code": "P1", "opened_on": "01/02/2022", "province_code": "79"}
    later = {**row, "site_code": "P2", "opened_on": "02/02/2022"}
    got = admit_rows(tmp_path, [row, later], record_kind("vaccination", kind="site"))
    assert KNOWN_AT.date() == date(2022, 2, 1)
    assert got.reasons == [(3, "opened_on", "in_future")]


def test_a_mapping_reads_another_spreadsheet(tmp_path: Path) -> None:
    mapping = RecordMapping(
        columns={"Mã": "dose_event_id", "Mũi": "dose_no", "Vắc xin": "vaccine_code",
                 "Ngày tiêm": "vaccinated_at", "Tỉnh": "province_code", "Phút": "observed_minutes"},
        values={"vaccine_code": {"astra": "AZ"}, "dose_no": {"thứ nhất": "1"}},
        dates="%d.%m.%y",
        numbers="vi",
        missing=("-",),
        name="m.toml",
    )  # fmt: skip
    row = {"MÃ": "D1", "Mũi": "Thứ  nhất", "Vắc  xin": "Astra", "Ngày tiêm": "05.08.21",
           "tỉnh": "Bà Rịa - Vũng Tàu", "Phút": "-", "version": "4"}  # fmt: skip
    got = admit_rows(tmp_path, [row], mapping=mapping)
    assert got.reasons == []
    found = got.accepted.row(0, named=True)
    assert (found["record_id"], found["dose_no"], found["vaccine_code"]) == ("D1", "1", "AZ")
    assert found["vaccinated_at"] == datetime(2021, 8, 4, 17, tzinfo=UTC)
    assert (found["province_code"], found["version"]) == ("77", 4)


def test_a_mapped_column_that_is_not_there(tmp_path: Path) -> None:
    mapping = RecordMapping(columns={"Mã số": "dose_event_id"}, name="m.toml")
    with pytest.raises(BadInput, match="'Mã số', which is not there"):
        admit_rows(tmp_path, [GOOD_DOSE], mapping=mapping)
