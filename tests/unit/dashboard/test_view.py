"""An address gives a view, a view gives its address."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.view import MOST_AREAS, SPANS, View, parse_view, write_view

EVERY = (
    "date",
    "area",
    "indicator",
    "level",
    "vintage",
    "span",
    "areas",
    "scale",
    "indicator2",
    "day2",
)
codes = st.from_regex(r"\A[A-Za-z0-9_]{1,20}\Z")
views = st.builds(
    View,
    language=st.sampled_from(["vi", "en"]),
    role=st.sampled_from([None, "national", "press", "province:79"]),
    day=st.none() | st.dates(),
    area=st.none() | codes,
    indicator=st.none() | codes,
    indicator2=st.none() | codes,
    day2=st.none() | st.dates(),
    level=st.sampled_from([None, "province", "district"]),
    vintage=st.none() | codes,
    span=st.sampled_from(SPANS),
    areas=st.lists(codes, unique=True, max_size=MOST_AREAS).map(tuple),
    scale=st.sampled_from([None, "index"]),
    bulletin=st.none() | st.integers(min_value=1, max_value=999_999),
    as_of=st.none() | st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)),  # noqa: DTZ001
)


@given(views)
def test_a_copied_link_restores_the_view(view: View) -> None:
    assert parse_view(write_view(view, names=EVERY)) == view


_NAMES = [*EVERY, "lang", "as", "as_of", "bulletin", "x"]


@given(st.dictionaries(st.sampled_from(_NAMES), st.text()))
def test_no_address_can_break_the_view(parameters: dict[str, str]) -> None:
    view = parse_view(parameters)
    assert view.language in {"vi", "en"}
    assert view.span in SPANS
    assert view.as_of is None or view.as_of.tzinfo is not None


@pytest.mark.parametrize(
    "hostile",
    [
        {"area": "79' OR 1=1 --"},
        {"indicator": "<script>"},
        {"indicator": "x" * 41},
        {"level": "ward"},
        {"indicator2": "<script>", "day2": "15/08/2021"},
        {"as": "system"},
        {"as": "province:"},
        {"as": "province:79,01"},
        {"date": "22/01/2022"},
        {"as_of": "2022-01-22T20:00:00"},
        {"span": "9"},
        {"areas": "<b>,' OR 1=1,"},
        {"scale": "log"},
    ],
)
def test_what_is_not_on_the_list_is_left_out(hostile: dict[str, str]) -> None:
    assert parse_view(hostile) == View()


def test_areas_compared_are_codes_each_once_and_not_too_many() -> None:
    view = parse_view({"areas": "01,79,01,<b>,,VN,02,04,06,08"})
    assert view.areas == ("01", "79", "VN", "02", "04", "06")


def test_an_address_holds_only_what_the_page_uses() -> None:
    view = View(day=date(2022, 1, 22), area="79", indicator="cases", language="en")
    assert write_view(view, names=("date",)) == {"date": "2022-01-22", "lang": "en"}
