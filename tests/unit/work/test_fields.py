"""What people type: read as it is kept, or refused with every fault at once."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.workflow.fields import LONGEST_TEXT, Field, FieldsRefused, Takes, read

TODAY = date(2021, 9, 2)
FIELDS = (
    Field(name="title", takes=Takes.LINE),
    Field(name="about", takes=Takes.TEXT, required=False),
    Field(name="due", takes=Takes.DAY, ahead=True, required=False),
    Field(name="kind", takes=Takes.CHOICE, choices=("a", "b"), required=False),
    Field(name="links", takes=Takes.LINKS, required=False),
    Field(name="people", takes=Takes.ACCOUNTS, required=False),
)


def test_texts_are_kept_composed_without_blanks_around_and_without_letters_that_turn_them() -> None:
    found = read(FIELDS, {"title": "  Đe\u0302\u0300   ba\u0300i \u202e", "about": "a \r\n  b\t c"},
                 today=TODAY)  # fmt: skip
    assert found == {"title": "Đề bài", "about": "a\nb c"}


def test_lists_are_split_and_each_is_kept_once() -> None:
    given_ = {"title": "x", "links": "https://a.vn/1\nhttps://a.vn/2 https://a.vn/1",
              "people": "an, binh;an"}  # fmt: skip
    found = read(FIELDS, given_, today=TODAY)
    assert found["links"] == ("https://a.vn/1", "https://a.vn/2")
    assert found["people"] == ("an", "binh")


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("title", "   ", "missing"),
        ("title", "x" * 161, "too_long"),
        ("about", "x" * (LONGEST_TEXT + 1), "too_long"),
        ("about", "gọi 0912 345 678 nhé", "personal"),
        ("about", "CCCD 079201001234", "personal"),
        ("due", "2021-09-01", "past"),
        ("due", "02/09/2021", "no_day"),
        ("kind", "c", "no_choice"),
        ("links", "javascript:alert(1)", "no_link"),
        ("links", "https://user:secret@a.vn", "no_link"),
        ("links", "ftp://a.vn", "no_link"),
        ("links", "https://[", "no_link"),
        ("other", "x", "unknown"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, text: str, fault: str) -> None:
    with pytest.raises(FieldsRefused) as refused:
        read(FIELDS, {"title": "x", name: text}, today=TODAY)
    assert refused.value.faults == {name: fault}


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(FieldsRefused) as refused:
        read(FIELDS, {"due": "x", "kind": "c"}, today=TODAY)
    assert refused.value.faults == {"title": "missing", "due": "no_day", "kind": "no_choice"}


@given(st.text(max_size=60))
def test_what_was_read_reads_the_same_again(text: str) -> None:
    try:
        found = read(FIELDS, {"title": text, "about": text}, today=TODAY)
    except FieldsRefused:
        return
    assert read(FIELDS, found, today=TODAY) == found


@pytest.mark.parametrize(
    "text",
    ["15.000.000.000 đồng", "họp 02.09.2021 10 giờ", "2021-09-02 10:30", "công văn 4800/QĐ-BYT",
     "đợt 2: 120 000 mẫu"],
)  # fmt: skip
def test_amounts_dates_and_documents_are_nobody_s_numbers(text: str) -> None:
    assert read(FIELDS, {"title": text}, today=TODAY) == {"title": text}


@pytest.mark.parametrize("text", ["+84 912 345 678", "0912.345.678", "012345678", "0283 930 9999"])
def test_numbers_of_people_are_refused_however_they_are_written(text: str) -> None:
    with pytest.raises(FieldsRefused, match="personal"):
        read(FIELDS, {"title": f"gọi {text}."}, today=TODAY)
