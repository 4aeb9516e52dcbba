"""Numbers as people write them."""

import polars as pl
import pytest

from data_access.ingest.number_text import number_style, parse_numbers


def read(*cells: str | None, numbers: str = "auto", whole: bool = False) -> list[float | None]:
    return parse_numbers(
        pl.Series(cells, dtype=pl.String), numbers=numbers, whole=whole
    ).values.to_list()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0", 0.0),
        ("12", 12.0),
        ("-5", -5.0),
        ("+3", 3.0),
        ("12.0", 12.0),
        ("13.855.509", 13855509.0),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1,234,567", 1234567.0),
        ("51,59 %", 0.5159),
        ("51.59%", 0.5159),
        ("100 %", 1.0),
        ("1234.5", 1234.5),
        ("0,5", 0.5),
        ("0.234", 0.234),
        ("13 855 509", 13855509.0),
        ("13\u00a0855", 13855.0),
        ("1.2E+05", 120000.0),
        ("\u22127", -7.0),
        ("(12)", -12.0),
        ("9007199254740993", 9007199254740992.0),
    ],
)
def test_one_number(cell: str, value: float) -> None:
    assert read(cell)[0] == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "cell", ["abc", "1.2.3", "nan", "inf", "1,2,3", "--1", "12a", "%", "1.23.456"]
)
def test_what_is_no_number(cell: str) -> None:
    parsed = parse_numbers(pl.Series([cell]))
    assert parsed.values.to_list() == [None]
    assert parsed.bad["not_a_number"].to_list() == [True]


def test_blank_is_not_bad() -> None:
    parsed = parse_numbers(pl.Series([None, "1"]))
    assert parsed.values.to_list() == [None, 1.0]
    assert parsed.bad == {}


@pytest.mark.parametrize(
    ("others", "value"),
    [
        (["13.855.509"], 1234.0),
        (["1.234,5"], 1234.0),
        (["51,59"], 1234.0),
        (["36.5"], 1.234),
        (["1,234,567"], 1.234),
        (["1234.5"], 1.234),
        (["12", "7"], 1234.0),
    ],
)
def test_a_point_before_three_digits_follows_its_column(others: list[str], value: float) -> None:
    assert read(*others, "1.234")[-1] == pytest.approx(value)


@pytest.mark.parametrize(("others", "value"), [(["1.234,5"], 1.234), (["36.5"], 1234.0)])
def test_a_comma_before_three_digits_follows_its_column(others: list[str], value: float) -> None:
    assert read(*others, "1,234")[-1] == pytest.approx(value)


def test_without_evidence_counts_are_grouped() -> None:
    assert read("1.234", "1,234", whole=True) == [1234.0, 1234.0]
    assert read("1,234") == [1.234]


def test_a_column_in_both_styles_leaves_the_unclear_ones_unread() -> None:
    parsed = parse_numbers(pl.Series(["1.234.567", "1234.5", "1.234", "12"]))
    assert parsed.values.to_list() == [1234567.0, 1234.5, None, 12.0]
    assert parsed.bad["number_ambiguous"].to_list() == [False, False, True, False]


def test_a_stated_style_decides() -> None:
    assert read("1.234", numbers="en") == [1.234]
    assert read("1.234", numbers="vi") == [1234.0]
    assert read("1,234", numbers="en", whole=True) == [1234.0]
    assert read("1,234", numbers="vi", whole=True) == [1.234]


@pytest.mark.parametrize(
    ("cells", "style"),
    [
        (["1.234", "12"], ""),
        (["1.234.567"], "vi"),
        (["0,5"], "vi"),
        (["1,234,567"], "en"),
        (["0.5"], "en"),
        (["0.5", "0,5"], "both"),
        ([], ""),
    ],
)
def test_style_of_a_column(cells: list[str], style: str) -> None:
    assert number_style(pl.Series(cells, dtype=pl.String)) == style
