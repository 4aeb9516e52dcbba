"""Folding names to keys."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.reference.names import name_keys, normalise

VIETNAMESE = st.text(
    alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộ"
    "ờớởỡợùúủũụừứửữựỳýỷỹỵ -.–0123456789ABCĐỈẬ",
    max_size=40,
)


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(VIETNAMESE)
def test_composed_and_decomposed_text_have_one_key(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert normalise(decomposed) == normalise(unicodedata.normalize("NFC", text))


@given(VIETNAMESE)
def test_letter_case_does_not_matter(text: str) -> None:
    assert normalise(text.upper()) == normalise(text.lower())


@given(VIETNAMESE)
def test_keys_hold_only_small_plain_letters_and_digits(text: str) -> None:
    key = normalise(text)
    assert key == "" or (key.isascii() and key.isalnum() and key == key.lower())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("TP. Hồ Chí Minh", "hochiminh"),
        ("T.P Hồ Chí Minh", "hochiminh"),
        ("Thành phố  Hà Nội", "hanoi"),
        ("Ha Noi City", "hanoi"),
        ("Tỉnh Đắk Lắk", "daklak"),
        ("TINH DAK LAK", "daklak"),
        ("Bà Rịa – Vũng Tàu", "bariavungtau"),
        ("Khánh Hoà", normalise("Khánh Hòa")),
        ("Thị xã Kỳ Anh", "kyanh"),
        ("TX.Kỳ Anh", "kyanh"),
        ("Q.01", "quan1"),
        ("Quận 1", "quan1"),
        ("q1", "quan1"),
        ("P. 12", "phuong12"),
        ("Tĩnh Gia", "tinhgia"),
        ("Tỉnh", "tinh"),
        ("", ""),
        (" - ", ""),
    ],
)
def test_known_names(text: str, key: str) -> None:
    assert normalise(text) == key


def test_type_word_tells_which_levels_may_bear_it() -> None:
    assert name_keys("Huyện Củ Chi").levels == ("district",)
    assert name_keys("Củ Chi").levels == ()
