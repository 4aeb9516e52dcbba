"""Spellings of a name that are one, and those that are not."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.ingest.pseudonyms import fold_person_name


def folded(name: str) -> str | None:
    found: str | None = fold_person_name(pl.Series([name]))[0]
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Thị Mỹ Lý", "NGUYỄN  THỊ MĨ LÍ"),
        ("Nguyễn-Thị Hoà", "Nguyễn Thị Hòa"),
        ("Trần Thuý", "Trần Thúy"),
        ("Phạm Quý", "Phạm Quí"),
        ("Võ Thị Sỹ", "võ thị sĩ"),
        ("Đỗ Ý Nhi", "ĐỖ Ý NHI"),
    ],
)
def test_one_name(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Thị Mỹ Lý", "Nguyen Thi My Ly"),
        ("Lê Thúy", "Lê Thúi"),
        ("Lê Tay", "Lê Tai"),
        ("Đỗ Hoa", "Đỗ Hoà"),
        ("Đình", "Dình"),
        ("Trần Hân", "Trần Hăn"),
    ],
)
def test_two_names(one: str, other: str) -> None:
    assert folded(one) != folded(other)


SYLLABLES = st.sampled_from(
    ["Nguyễn", "Thị", "Mỹ", "Lý", "Hoà", "Thuý", "Quý", "Đặng", "Trường", "Ánh", "Yến", "Phượng"]
)


@given(st.lists(SYLLABLES, min_size=1, max_size=5), st.sampled_from(["NFC", "NFD"]))
def test_writing_does_not_matter(syllables: list[str], form: str) -> None:
    name = " ".join(syllables)
    written = [
        unicodedata.normalize(form, each)  # type: ignore[arg-type]
        for each in (name, name.upper(), name.lower(), f"  {name} ", "-".join(syllables))
    ]
    assert len({folded(each) for each in written}) == 1


def test_nothing_is_nobody() -> None:
    assert fold_person_name(pl.Series(["", " - ", None], dtype=pl.String)).to_list() == [None] * 3
