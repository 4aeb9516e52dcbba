"""A row's own name and numbers are found in its other texts, and nothing else is."""

import re
import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.ingest.pseudonyms import OwnIdentity

PERSON = {
    "full_name": "Kỳ Nguyễn Hoàng Yến", "id_no": "087184765432", "insurance_no": "DN4798765432109",
    "phone": "0987123123",
}  # fmt: skip


def found_in(text: str, *, or_is: bool = True, **changes: str | None) -> bool:
    rows = pl.DataFrame([{**PERSON, **changes}], schema=dict.fromkeys(PERSON, pl.String))
    texts = pl.Series("note", [text], dtype=pl.String)
    return OwnIdentity(rows).is_in(texts, or_is=or_is).to_list() == [True]


@pytest.mark.parametrize(
    "text",
    [
        "Kỳ Nguyễn Hoàng Yến", "KY NGUYEN HOANG YEN", "nhà ông Kỳ  Nguyễn-Hoàng Yến, tổ 3",
        "ki nguyen hoang yen", unicodedata.normalize("NFD", "Kỳ Nguyễn Hoàng Yến"),
        "087184765432", "87184765432", "087 184-765.432", "CCCD 087184765432/2", "87184765432.0",
        "DN4798765432109", "8765432109", "thẻ dn 4 79 8765432109",
        "0987123123", "+84 987 123 123", "0987.123.123", "Quầy 84987123123",
    ],
)  # fmt: skip
def test_own_words_are_found_however_they_are_written(text: str) -> None:
    assert found_in(text)


@pytest.mark.parametrize(
    "text",
    ["", "Kỳ Nguyễn", "Hoàng Yến", "087184765433", "0987123124", "8765432", "DT-0000001",
     "Trường Nguyễn Hoàng", "2021-08-05 09:00"],
)  # fmt: skip
def test_other_texts_are_not(text: str) -> None:
    assert not found_in(text)


def test_numbers_that_fit_no_pattern_and_old_telephones_count_as_written_and_as_they_are_now() -> (
    None
):
    assert found_in("gọi 01623456789", phone="01623456789")
    assert found_in("gọi 0323456789", phone="01623456789")
    assert found_in("+1 415 555 0123", phone="14155550123")
    assert found_in("B1234567", id_no="B1234567")


def test_a_short_name_counts_only_as_the_whole_text() -> None:
    assert found_in("Lê An", full_name="Lê An")
    assert found_in("yen", full_name="Yến")
    assert not found_in("phường Lê An", full_name="Lê An")
    assert not found_in("Lê An", full_name="Lê An", or_is=False)
    assert not found_in("Lê Vũ An", full_name="Lê Vũ An", or_is=False)
    assert found_in("Kỳ Nguyễn Hoàng Yến", or_is=False)


def test_rows_without_a_person_and_blank_texts_hold_nobody() -> None:
    assert not found_in("Kỳ Nguyễn Hoàng Yến 0987123123", **dict.fromkeys(PERSON))
    assert not found_in("--", full_name="-")
    rows = pl.DataFrame([PERSON] * 2)
    texts = pl.Series("note", [None, "0987123123"])
    assert OwnIdentity(rows).is_in(texts).to_list() == [False, True]
    assert OwnIdentity(pl.DataFrame({"x": [1]})).is_in(texts[1:]).to_list() == [False]
    held = OwnIdentity(rows.rename({"phone": "owner_phone"}), phones=["owner_phone"])
    assert held.is_in(texts).to_list() == [False, True]


def plain(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.upper().replace("Đ", "D"))
    return re.sub(r"[^0-9A-Z]", "", apart).replace("Y", "I")


WORDS = st.lists(
    st.sampled_from(["Lê", "Đỗ", "Yến", "Ý", "Nguyễn", "an", "TÍ", "Hoàng"]), min_size=1, max_size=4
)
AROUND = st.sampled_from(["", "nhà ", " tổ 3", "A-", "12"])


@given(WORDS, WORDS, AROUND, AROUND)
def test_names_are_found_where_plain_python_finds_them(
    name: list[str], other: list[str], before: str, after: str
) -> None:
    for words in (name, other):
        text = f"{before}{' '.join(words)}{after}"
        own, seen = plain(" ".join(name)), plain(text)
        long = len(name) > 2 and len(own) > 7
        has_digit = any(c.isdigit() for c in text)
        expected = (long and own in seen) or (own == seen and not has_digit)
        numbers = dict.fromkeys(("id_no", "insurance_no", "phone"))
        assert found_in(text, full_name=" ".join(name), **numbers) == expected


@given(st.integers(10**8, 10**12 - 1), st.sampled_from([" ", ".", "-", ""]), AROUND, AROUND)
def test_numbers_are_found_with_any_sign_between_digits(
    number: int, sign: str, before: str, after: str
) -> None:
    written = str(number)
    text = f"{before}{sign.join((written[:3], written[3:7], written[7:]))}{after}"
    assert found_in(text, id_no=written)
    other = str(number + 1)
    found = found_in(text, id_no=other, insurance_no=None, phone=None)
    assert found == (other in plain(text))
