"""Ranks of one area among others: counted again by hand, missing figures never a place."""

from datetime import date
from itertools import chain

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.catalogue import of_indicator
from dashboard.components.command import Place
from dashboard.components.province_page import Line
from dashboard.components.province_place import Circle, bars_of
from dashboard.province import DISTRICT_CHOICES, LEAD, PLATFORM_CARDS, RANKED, SAID
from dashboard.standing import Standing, newest_day, standing, values_on
from data_access.codes import PLATFORMS
from data_access.indicators.forms import indicator_of
from data_access.indicators.model import Unit
from data_access.indicators.registry import INDICATORS

VALUES = {"a": 5.0, "b": 9.0, "c": None, "d": 5.0, "e": 1.0, "f": 0.0}
codes = st.sampled_from("abcdefgh")


@pytest.mark.parametrize(
    ("code", "among", "expected"),
    [
        ("a", "abcdef", Standing(rank=2, of=5, asked=6)),
        ("d", "abcdef", Standing(rank=2, of=5, asked=6)),  # equal values share a rank
        ("e", "abcdef", Standing(rank=4, of=5, asked=6)),
        ("f", "abcdef", Standing(rank=5, of=5, asked=6)),  # zero is a figure
        ("c", "abcdef", Standing(rank=None, of=5, asked=6)),
        ("e", "bc", Standing(rank=2, of=2, asked=3)),  # the area itself belongs to the group
        ("b", "", Standing(rank=1, of=1, asked=1)),
        ("z", "ab", Standing(rank=None, of=2, asked=3)),
    ],
)
def test_rank_by_hand(code: str, among: str, expected: Standing) -> None:
    assert standing(VALUES, code, among=among) == expected


@given(st.dictionaries(codes, st.none() | st.integers(0, 4).map(float)), codes, st.sets(codes))
def test_rank_is_one_more_than_those_above(
    values: dict[str, float | None], code: str, among: set[str]
) -> None:
    found = standing(values, code, among=among)
    ordered = sorted(
        (values[one] for one in among | {code} if values.get(one) is not None), reverse=True
    )  # type: ignore[type-var]
    own = values.get(code)
    assert found.rank == (None if own is None else ordered.index(own) + 1)
    assert found.of == len(ordered)


def frame() -> pl.DataFrame:
    rows = [
        (date(2021, 9, 1), "79", "cases", None),
        (date(2021, 8, 31), "79", "cases", 7.0),
        (date(2021, 8, 30), "79", "cases", 6.0),
        (date(2021, 9, 1), "01", "cases", 3.0),
        (date(2021, 8, 31), "01", "cases", None),
        (date(2021, 9, 1), "79", "deaths", 1.0),
    ]
    schema = {"date": pl.Date, "area_code": pl.String, "id": pl.String, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_the_newest_day_is_that_of_the_area_and_the_indicator() -> None:
    assert newest_day(frame(), "79", id_="cases") == date(2021, 8, 31)
    assert newest_day(frame(), "79", id_="deaths") == date(2021, 9, 1)
    assert newest_day(frame(), "01", id_="deaths") is None


def test_values_of_a_day_keep_what_is_missing() -> None:
    assert values_on(frame(), date(2021, 8, 31), id_="cases") == {"79": 7.0, "01": None}


@pytest.mark.parametrize(
    ("value", "limit", "above", "expected"),
    [
        (1.0, 1.0, True, True),
        (0.9, 1.0, True, False),
        (3.0, 3.0, False, True),
        (3.1, 3.0, False, False),
        (0.0, 0.0, False, True),  # zero is a figure
        (None, 3.0, False, False),  # no figure crosses nothing
    ],
)
def test_a_line_is_crossed_on_its_own_side(
    value: float | None, limit: float, above: bool, expected: bool
) -> None:
    entry = of_indicator(INDICATORS["vaccine_stock_days"])
    line = Line(page="vaccination", entry=entry, value=value, limit=limit, above=above)
    assert line.crossed is expected


def test_every_figure_of_the_page_exists_and_platforms_are_the_six() -> None:
    keys = {LEAD, *SAID, *RANKED, *DISTRICT_CHOICES, *chain(*PLATFORM_CARDS.values())}
    assert [key for key in keys if indicator_of(key) is None] == []
    assert set(PLATFORM_CARDS) == set(PLATFORMS)
    sizes = {Unit.COUNT, Unit.PER_DAY}
    assert [key for key in RANKED if indicator_of(key).unit in sizes] == []  # type: ignore[union-attr]


def test_bars_name_everybody_once_the_nearest_group_first() -> None:
    circle = Circle(
        everyone=("a", "b", "c", "d"), neighbours=("b", "c"), peers=("c", "d"), by_density=True
    )
    found = bars_of(
        circle,
        Place(code="a", name="A"),
        {"a": 2.0, "b": None, "c": 9.0, "d": 0.0},
        {"VN": 3.0},
        {"a": "A", "b": "B", "c": "C", "VN": "Nation"},
    )
    assert [(bar.name, bar.group, bar.value) for bar in found] == [
        ("C", "neighbour", 9.0),  # a peer beside it is a neighbour
        ("Nation", "nation", 3.0),
        ("A", "own", 2.0),
        ("d", "peer", 0.0),
        ("B", "neighbour", None),
    ]
