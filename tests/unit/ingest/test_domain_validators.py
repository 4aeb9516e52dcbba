"""The domain's list of validators (section 6), line by line, at the door of the gate.

Sums over many rows (running totals, provinces and nation, doses 2 and 1, tests and positives, beds)
are no affair of one row: reconciliation compares them, and tests/db/reconcile plants them.
"""

import hashlib
import hmac
import unicodedata
from pathlib import Path

import polars as pl
import pytest

from data_access.contracts.model import Kind
from data_access.contracts.registry import CONTRACTS, record_kind
from data_access.reconcile.rules import RULES
from tests.unit.ingest.support import DOSE, KEY, STAY, Result, admit_rows, dose, stay

SAMPLE = record_kind("testing")
GOOD_SAMPLE = {
    "sample_id": "X1", "collected_at": "2021-08-05T10:00:00+07:00", "method": "RT_PCR",
    "province_code": "79",
}  # fmt: skip
PROVINCES_OF_2021 = 63


def sealed(domain: str, number: str) -> str:
    """Return a pseudonym by the standard library alone."""
    subject = f"{domain}\x1f{number}".encode()
    return hmac.new(KEY.encode(), subject, hashlib.sha256).hexdigest()[:32]


def one(tmp_path: Path, **fields: str) -> tuple[str | None, str]:
    """Return (person_ref, identity_status) of one dose with these identity fields."""
    got = admit_rows(tmp_path, [dose(**fields)])
    return got.accepted.select("person_ref", "identity_status").row(0)


def reasons(got: Result) -> list[tuple[str, str]]:
    return [(field, reason) for _, field, reason in got.reasons]


# --- CCCD, CMND -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "fields", "status"),
    [
        ("the domain's example: Đồng Tháp, male, 1984", {"sex": "nam"}, "verified"),
        ("sex against digit 4", {"sex": "nu"}, "mismatch"),
        ("year against digits 5-6", {"birth_date": "05/06/1984"}, "verified"),
        ("year against digits 5-6", {"birth_date": "05/06/1985"}, "mismatch"),
        ("a sex of neither kind contradicts nothing", {"sex": "khac"}, "verified"),
        ("0/1 are 1900s m/f", {"id_no": "087184000999", "sex": "nu"}, "verified"),
        ("2/3 are 2000s m/f", {"id_no": "079203000001", "sex": "nam"}, "verified"),
        ("2/3 are 2000s m/f", {"id_no": "079303000001", "sex": "nu"}, "verified"),
        ("2/3 are 2000s", {"id_no": "079203000001", "birth_date": "01/01/1903"}, "mismatch"),
        ("the year is not in the future", {"id_no": "079222000001"}, "verified"),
        ("the year is not in the future", {"id_no": "079223000001"}, "mismatch"),
        ("4/5 are 2100s: in the future", {"id_no": "079403000001"}, "mismatch"),
        ("6/7 are 2200s: in the future", {"id_no": "079703000001"}, "mismatch"),
        ("8/9 are 2300s: in the future", {"id_no": "079903000001"}, "mismatch"),
        ("no province 003", {"id_no": "003084000999"}, "mismatch"),
        ("no province 000", {"id_no": "000084000999"}, "mismatch"),
        ("no province 097", {"id_no": "097084000999"}, "mismatch"),
        ("001 to 096", {"id_no": "001084000999"}, "verified"),
        ("001 to 096", {"id_no": "096084000999"}, "verified"),
        ("a country's code", {"id_no": "100084000999"}, "verified"),
        ("11 digits: the zero a spreadsheet dropped", {"id_no": "87084000999"}, "verified"),
        ("11 digits that no zero mends", {"id_no": "97084000999"}, "mismatch"),
        ("13 digits", {"id_no": "0870840009991"}, "mismatch"),
        ("old CMND of 9 digits", {"id_no": "012345678"}, "verified"),
        ("10 digits", {"id_no": "0123456789"}, "mismatch"),
    ],
)
def test_personal_number(tmp_path: Path, line: str, fields: dict[str, str], status: str) -> None:
    assert one(tmp_path, **{"id_no": "087084000999", **fields})[1] == status, line


def test_personal_numbers_begin_with_the_63_provinces_of_birth(tmp_path: Path, vn_pack) -> None:
    rows = [dose(dose_event_id=f"D{n}", id_no=f"0{n:02d}084000999") for n in range(100)]
    got = admit_rows(tmp_path, rows).accepted
    taken = got.filter(pl.col("identity_status") == "verified")["record_id"].str.slice(1)
    areas = vn_pack.areas.filter(pl.col("level") == "province", pl.col("vintage") == "63")
    assert set(taken.str.zfill(2)) == set(areas["code"])
    assert len(taken) == PROVINCES_OF_2021


@pytest.mark.parametrize("last", range(10))
def test_personal_numbers_have_no_check_digit(tmp_path: Path, last: int) -> None:
    assert one(tmp_path, id_no=f"08708400099{last}")[1] == "verified"


# --- BHYT -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "card", "status"),
    [
        ("object, level, province, number", "DN4790123456789", "verified"),
        ("however it is written", "dn 4 79 0123456789", "verified"),
        ("since April 2021 the number alone", "0123456789", "verified"),
        ("levels are 1 to 5", "DN5790123456789", "verified"),
        ("levels are 1 to 5", "DN6790123456789", "mismatch"),
        ("levels are 1 to 5", "DN0790123456789", "mismatch"),
        ("14 characters", "DN479012345678", "mismatch"),
        ("16 characters", "DN47901234567890", "mismatch"),
        ("one letter", "D14790123456789", "mismatch"),
        ("9 digits", "123456789", "mismatch"),
    ],
)
def test_insurance_number(tmp_path: Path, line: str, card: str, status: str) -> None:
    ref, found = one(tmp_path, insurance_no=card)
    assert found == status, line
    assert (ref == sealed("bhyt", "0123456789")) == (status == "verified"), line


# --- telephone ------------------------------------------------------------------------------

MOBILE = {"03": "23456789", "05": "25689", "07": "06789", "08": "123456789", "09": "012346789"}
"""Third digits in use, written out from the pattern of the domain's list."""
MOVED = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078", "0123": "083",
    "0124": "084", "0125": "085", "0127": "081", "0129": "082", "0162": "032", "0163": "033",
    "0164": "034", "0165": "035", "0166": "036", "0167": "037", "0168": "038", "0169": "039",
    "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip


def test_every_mobile_prefix_and_no_other(tmp_path: Path) -> None:
    prefixes = [f"0{a}{b}" for a in range(1, 10) for b in range(10) if a != 2]
    rows = [dose(dose_event_id=f"D{each}", phone=f"{each}1234567") for each in prefixes]
    got = admit_rows(tmp_path, rows).accepted
    found = {key[1:]: ref for key, ref in got.select("record_id", "person_ref").iter_rows()}
    used = {f"{start}{third}" for start, thirds in MOBILE.items() for third in thirds}
    assert {prefix for prefix, ref in found.items() if ref} == used
    assert all(found[each] == sealed("phone", f"{each}1234567") for each in used)


@pytest.mark.parametrize(
    "written", ["0912345678", "+84912345678", "84 912 345 678", "0912.345.678"]
)
def test_a_mobile_number_however_it_is_written(tmp_path: Path, written: str) -> None:
    assert one(tmp_path, phone=written)[0] == sealed("phone", "0912345678")


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_eleven_digits_became_ten_in_2018(tmp_path: Path, old: str, new: str) -> None:
    for written in (f"{old}3456789", f"+84{old[1:]}3456789"):
        assert one(tmp_path, phone=written)[0] == sealed("phone", f"{new}3456789")


@pytest.mark.parametrize("written", ["091234567", "09123456789", "0112345678", "01612345678", "x"])
def test_what_is_no_telephone_number_identifies_nobody(tmp_path: Path, written: str) -> None:
    assert one(tmp_path, phone=written) == (None, "missing")


# --- dates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "changes", "found"),
    [
        ("dd/mm/yyyy", {"vaccinated_at": "05/08/2021 10:00"}, []),
        ("dd/mm/yyyy, never mm/dd", {"vaccinated_at": "08/25/2021 10:00"},
         [("vaccinated_at", "not_a_moment")]),
        ("exactly 120", {"birth_date": "06/08/1900"}, []),
        ("over 120", {"birth_date": "05/08/1900"}, [("birth_date", "too_old")]),
        ("before 1900", {"birth_date": "05/08/1899"}, [("birth_date", "not_a_date")]),
        ("event after receipt", {"vaccinated_at": "2022-02-01T16:00:01+07:00", "recorded_at": ""},
         [("vaccinated_at", "in_future")]),
        ("event at receipt", {"vaccinated_at": "2022-02-01T16:00:00+07:00", "recorded_at": ""}, []),
        ("before the campaign", {"vaccinated_at": "2021-03-07T23:59:59+07:00"},
         [("vaccinated_at", "before_campaign")]),
        ("its first day", {"vaccinated_at": "2021-03-08T00:00:00+07:00"}, []),
    ],
)  # fmt: skip
def test_dates(
    tmp_path: Path, line: str, changes: dict[str, str], found: list[tuple[str, str]]
) -> None:
    assert reasons(admit_rows(tmp_path, [dose(**changes)])) == found, line


PLANS = {("stay", "planned_end"), ("stay", "overdue_from"), ("cluster", "closed_day"),
         ("dose", "expiry"), ("stock", "expiry")}  # fmt: skip
"""What may well lie ahead of the day on which it is delivered."""


def test_every_moment_of_every_kind_is_before_receipt_unless_it_is_a_plan() -> None:
    ahead = {
        (kind.name, each.name)
        for contract in CONTRACTS
        for kind in contract.kinds
        for each in kind.all_fields()
        if each.kind in {Kind.INSTANT, Kind.DATE} and not each.not_future
    }
    assert ahead == PLANS


@pytest.mark.parametrize(
    ("line", "vaccine", "earlier", "days", "flags"),
    [
        ("AstraZeneca after 28 days", "AZ", "AZ", 28, set()),
        ("AstraZeneca after 27", "AZ", "AZ", 27, {"dose_too_early"}),
        ("Pfizer after 21 days", "PF", "PF", 21, set()),
        ("Pfizer after 20", "PF", "PF", 20, {"dose_too_early"}),
        ("Moderna after 27", "MD", "MD", 27, {"dose_too_early"}),
        ("Vero Cell after 20", "VC", "VC", 20, {"dose_too_early"}),
        ("more than one dose on a day", "AZ", "AZ", 0, {"two_doses_one_day"}),
        ("another brand", "PF", "VC", 30, {"mixed_products"}),
        ("another brand, the wrong way round", "AZ", "PF", 30, {"mixed_products"}),
        ("AstraZeneca then Pfizer", "PF", "AZ", 30, set()),
        ("AstraZeneca then Moderna", "MD", "AZ", 30, set()),
    ],
)
def test_the_dose_before(
    tmp_path: Path, line: str, vaccine: str, earlier: str, days: int, flags: set[str]
) -> None:
    day = pl.select(pl.date(2021, 8, 5).dt.offset_by(f"-{days}d")).item().isoformat()
    row = dose(dose_no="2", vaccine_code=vaccine, previous_code=earlier, previous_on=day)
    got = admit_rows(tmp_path, [row])
    # Warned of, never refused.
    assert (got.accepted.height, set(got.flags)) == (1, flags), line


def test_every_kind_with_people_looks_at_births_and_no_other_does() -> None:
    for contract in CONTRACTS:
        for kind in contract.kinds:
            looked = {check.key for check in kind.checks if check.field == "birth_date"}
            assert ("too_old" in looked) == kind.has_person, kind.name
            assert any(key.startswith("born_after") for key in looked) == kind.has_person, kind.name


@pytest.mark.parametrize(
    ("born", "found"),
    [("2021-08-05", []), ("2021-08-06", [("birth_date", "born_after_event")]),
     ("1900-08-05", [("birth_date", "too_old")])],
)  # fmt: skip
def test_births_of_people_in_quarantine(
    tmp_path: Path, born: str, found: list[tuple[str, str]]
) -> None:
    assert reasons(admit_rows(tmp_path, [stay(birth_date=born)], STAY)) == found


# --- numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "written", "value"),
    [
        ("a point groups thousands", "1.440", 1440),
        ("a comma is the decimal", "30,0", 30),
        ("no part of a minute", "30,5", None),
    ],
)
def test_numbers(tmp_path: Path, line: str, written: str, value: int | None) -> None:
    # Minutes observed are not stored; the flag shows how they were read.
    got = admit_rows(tmp_path, [dose(observed_minutes=written)])
    kept = got.accepted["observed_minutes"].to_list()
    assert kept == ([] if value is None else [value]), line
    assert reasons(got) == ([("observed_minutes", "not_whole")] if value is None else [])


@pytest.mark.parametrize(("written", "value"), [("24,5", 24.5), ("24.5", 24.5), ("51,59 %", None)])
def test_decimals(tmp_path: Path, written: str, value: float | None) -> None:
    row = {**GOOD_SAMPLE, "ct_value": written, "result": "duong_tinh",
           "resulted_at": "2021-08-06T10:00:00+07:00"}  # fmt: skip
    got = admit_rows(tmp_path, [row], SAMPLE)
    # A percentage is read as a share (0.5159), which is no Ct value.
    assert got.accepted["ct_value"].to_list() == ([] if value is None else [value])
    assert reasons(got) == ([("ct_value", "out_of_range")] if value is None else [])


# --- geography ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "place", "found"),
    [
        ("ward in district in province", ("26734", "760", "79"), []),
        ("ward of another district", ("26734", "761", "79"),
         [("ward_code", "ward_not_in_district")]),
        ("district of another province", ("", "760", "01"),
         [("district_code", "district_not_in_province")]),
        ("ward of another province", ("26734", "", "01"), [("ward_code", "ward_not_in_district")]),
        ("no district of 2021", ("", "999", "79"), [("district_code", "area_unknown")]),
    ],
)  # fmt: skip
def test_geography_on_the_day_of_the_record(
    tmp_path: Path, line: str, place: tuple[str, str, str], found: list[tuple[str, str]]
) -> None:
    names = ("ward_code", "district_code", "province_code")
    got = admit_rows(tmp_path, [dose(**dict(zip(names, place, strict=True)))])
    assert reasons(got) == found, line


# --- pool, text, sums -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "persons", "found"),
    [("2", "a|b", []), ("3", "a|b", [("pool_size", "pool_size_not_members")]), ("", "a|b", []),
     ("5", "", [])],
)  # fmt: skip
def test_a_pool_is_as_large_as_its_list(
    tmp_path: Path, size: str, persons: str, found: list[tuple[str, str]]
) -> None:
    row = {**GOOD_SAMPLE, "pool_kind": "gop_que", "pool_size": size, "persons": persons}
    assert reasons(admit_rows(tmp_path, [row], SAMPLE)) == found


def test_text_is_trimmed_and_composed(tmp_path: Path) -> None:
    written = unicodedata.normalize("NFD", "  Lô   số Đặc biệt ")
    assert admit_rows(tmp_path, [dose(lot_no=written)]).accepted["lot_no"][0] == "Lô số Đặc biệt"
    assert DOSE.field_named("lot_no") is not None


@pytest.mark.parametrize(
    "rule",
    ["cumulative_falls", "areas_sum", "dose_2_and_dose_1", "positives_and_tested",
     "occupied_and_beds", "dose_2_too_early", "dose_2_other_product", "two_doses_one_day"],
)  # fmt: skip
def test_what_takes_many_rows_is_compared_later(rule: str) -> None:
    assert rule in RULES
