"""Identities at the door: what they become, and that nothing else of them passes."""

import hashlib
import hmac
import traceback
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from data_access.errors import SettingsError
from data_access.ingest.pseudonyms import person_columns, require_key
from data_access.ingest.reasons import mask, shown
from tests.unit.ingest.support import STAY, admit, admit_rows, dose, stay, write_csv

KEY = b"secret"
# Nguyễn Văn A: decomposed, the tone at the end of its syllable
FOLDED = "nguye\u0302n\u0303 va\u0306n a"
KNOWN_AT = datetime(2022, 2, 1, tzinfo=UTC)


def person(**fields: object) -> tuple[str | None, str]:
    schema = {name: pl.Date if name == "birth_date" else pl.String for name in fields}
    rows = pl.DataFrame([fields], schema=schema)
    found = person_columns(rows, key=KEY, known_at=KNOWN_AT).row(0)
    return found[0], found[1]


def expected(subject: str) -> str:
    return hmac.new(KEY, subject.encode(), hashlib.sha256).hexdigest()[:32]


@pytest.mark.parametrize(
    ("fields", "subject"),
    [
        ({"id_no": "087084000999"}, "cccd\x1f087084000999"),
        ({"id_no": "087 084 000 999"}, "cccd\x1f087084000999"),
        ({"id_no": "87084000999"}, "cccd\x1f087084000999"),
        ({"id_no": "87084000999.0"}, "cccd\x1f087084000999"),
        ({"id_no": "012345678"}, "cmnd\x1f012345678"),
        ({"id_no": "b1234567"}, "passport\x1fB1234567"),
        ({"insurance_no": "DN4790123456789"}, "bhyt\x1f0123456789"),
        ({"insurance_no": "0123456789"}, "bhyt\x1f0123456789"),
        ({"phone": "0912345678"}, "phone\x1f0912345678"),
        ({"phone": "+84 912 345 678"}, "phone\x1f0912345678"),
        ({"phone": "84912345678"}, "phone\x1f0912345678"),
        ({"phone": "0084912345678"}, "phone\x1f0912345678"),
        ({"phone": "912345678"}, "phone\x1f0912345678"),
        ({"phone": "0162 345 6789"}, "phone\x1f0323456789"),
        ({"phone": "+84162 345 6789"}, "phone\x1f0323456789"),
        ({"phone": "0123.456.7890"}, "phone\x1f0834567890"),
        ({"phone": "02438255555"}, "phone\x1f02438255555"),
        (
            {"full_name": " NGUYỄN  Văn A", "birth_date": date(1984, 5, 6)},
            f"name\x1f{FOLDED}\x1f1984-05-06",
        ),
        ({"id_no": "12345"}, "other\x1f12345"),
        ({"person_ref": "P-001"}, "given\x1fP-001"),
    ],
)
def test_what_is_hashed(fields: dict[str, object], subject: str) -> None:
    """Independent of the product's own HMAC: the standard library's."""
    assert person(**fields)[0] == expected(subject)


def test_a_long_key_is_hashed_first_as_the_standard_says() -> None:
    rows = pl.DataFrame({"phone": ["0912345678"]})
    key = b"k" * 100
    found = person_columns(rows, key=key, known_at=KNOWN_AT)["person_ref"][0]
    assert found == hmac.new(key, b"phone\x1f0912345678", hashlib.sha256).hexdigest()[:32]


def test_the_strongest_identifier_decides() -> None:
    weaker = {"phone": "0912345678", "full_name": "A", "birth_date": date(1984, 1, 1)}
    assert person(id_no="087084000999", insurance_no="0123456789", **weaker)[0] == expected(
        "cccd\x1f087084000999"
    )
    assert person(insurance_no="0123456789", **weaker)[0] == expected("bhyt\x1f0123456789")
    assert person(id_no="12345", **weaker)[0] == expected("phone\x1f0912345678")


def test_equal_digits_of_two_kinds_never_meet() -> None:
    refs = {person(id_no="012345678")[0], person(insurance_no="0123456789")[0],
            person(phone="0912345678")[0], person(id_no="0912345678")[0]}  # fmt: skip
    assert len(refs) == 4


def test_another_key_gives_another_pseudonym() -> None:
    rows = pl.DataFrame({"phone": ["0912345678"]})
    refs = {person_columns(rows, key=k, known_at=KNOWN_AT)["person_ref"][0] for k in (b"a", b"b")}
    assert len(refs) == 2


def test_a_pseudonym_given_earlier_is_kept() -> None:
    own = expected("anything")
    assert person(person_ref=own, identity_status="verified") == (own, "verified")
    assert person(person_ref=own) == (own, "missing")
    assert person(person_ref="0912345678")[0] == expected("given\x1f0912345678")


def test_nobody_is_nobody() -> None:
    rows = pl.DataFrame(
        {"phone": [None], "full_name": ["A"]}, schema_overrides={"phone": pl.String}
    )
    assert person_columns(rows, key=KEY, known_at=KNOWN_AT).rows() == [(None, "missing")]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        # 087084000999: Đồng Tháp, male, 1984 (DOMAIN.md §6)
        ({"id_no": "087084000999"}, "verified"),
        ({"id_no": "087084000999", "sex": "nam", "birth_date": date(1984, 3, 1)}, "verified"),
        ({"id_no": "087084000999", "sex": "nu"}, "mismatch"),
        ({"id_no": "087084000999", "birth_date": date(1985, 3, 1)}, "mismatch"),
        ({"id_no": "079303000001", "sex": "nu", "birth_date": date(2003, 3, 1)}, "verified"),
        ({"id_no": "079225000001"}, "mismatch"),  # born in 2025, after the delivery
        ({"id_no": "003084000999"}, "mismatch"),  # no province 03
        ({"id_no": "12345"}, "mismatch"),
        ({"id_no": "012345678"}, "verified"),
        ({"id_no": "B1234567"}, "verified"),
        ({"insurance_no": "DN4790123456789"}, "verified"),
        ({"insurance_no": "DN479"}, "mismatch"),
        ({"phone": "0912345678", "full_name": "A"}, "missing"),
    ],
)
def test_identity_status(fields: dict[str, object], status: str) -> None:
    assert person(**fields)[1] == status


def test_no_key_names_the_variable() -> None:
    with pytest.raises(SettingsError, match="TUYENDAU_PSEUDONYM_KEY"):
        require_key("")


@pytest.mark.parametrize(
    ("value", "hidden"),
    [("0912345679", "0****9"), ("Nguyễn Văn A", "N****A"), ("abcde", "****"), ("", "****")],
)
def test_mask(value: str, hidden: str) -> None:
    assert mask(value) == hidden


def test_numbers_of_people_are_masked_in_any_field() -> None:
    assert shown("lot 0912 345 678 x") == "lot 0****8 x"
    assert shown("DN4790123456789") == "DN4****9"
    assert shown("2021-13-45") == "2021-13-45"
    assert shown("12345678") == "12345678"
    assert shown("a\x07b\n c") == "a?b c"


CANARY = {
    "full_name": "Canary Kanarienvogel",
    "birth_date": "03/02/1984",
    "id_no": "087084765432",
    "insurance_no": "DN4798765432109",
    "phone": "0987123123",
    "vaccinator": "Doctor Nightingale",
}
TRACES = ("Canary", "canary", "Kanarien", "1984", "765432", "8765432", "87123123", "Nightingale")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"id_no": "=087084765432"},
        {"phone": "@0987123123"},
        {"birth_date": "1984-02-31 Canary"},
        {"full_name": "Canary Kanarienvogel" * 20},
        {"birth_date": "1884-02-03"},
        # a column shifted by one
        {"dose_no": "087084765432", "lot_no": "0987123123"},
        {"province_code": "0987123123"},
    ],
)
def test_no_identity_leaves_the_gate(tmp_path: Path, changes: dict[str, str]) -> None:
    got = admit_rows(tmp_path, [dose(**{**CANARY, **changes})])
    seen = got.accepted.write_csv() + got.rejected.write_csv() + repr(got)
    if changes and "lot_no" not in changes:
        assert got.accepted.is_empty() or "birth_date" in changes
    assert [trace for trace in TRACES if trace in seen] == []


def test_no_identity_in_an_exception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SettingsError("made up")

    monkeypatch.setattr("data_access.ingest.checks.identified", fail)
    with pytest.raises(SettingsError) as caught:
        admit(write_csv(tmp_path / "a.csv", [dose(**CANARY)]))
    text = "".join(traceback.format_exception(caught.value))
    assert [trace for trace in TRACES if trace in text] == []


def test_one_person_on_two_platforms_has_one_pseudonym(tmp_path: Path) -> None:
    vaccinated = admit_rows(tmp_path, [dose(**CANARY)]).accepted["person_ref"]
    quarantined = admit_rows(
        tmp_path, [stay(id_no="87084765432", phone="0900000000")], STAY
    ).accepted["person_ref"]
    assert vaccinated.to_list() == quarantined.to_list()
    assert vaccinated.str.contains("^[0-9a-f]{32}$").all()
