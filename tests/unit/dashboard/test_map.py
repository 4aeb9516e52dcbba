"""What the map's message says: classes, states, size."""

import json
import zlib
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.catalogue import of_indicator
from dashboard.components.map_view import span_of
from dashboard.i18n import translator
from dashboard.maps import payload
from dashboard.maps.classes import MAX_CLASSES, breaks, class_of
from data_access.indicators.registry import INDICATORS

DAY = date(2022, 1, 20)
CASES = of_indicator(INDICATORS["cases"])
AREAS = pl.DataFrame(
    {"code": ["01", "79"], "name": ["Hà Nội", "Hồ Chí Minh"], "aliases": ["HN", "TP.HCM|Sài Gòn"]}
)
CANVAS = payload.Canvas(boundaries="/static-pack/x/b.geojson", islands=None, latitude=16.0)


def figures(*cells: tuple[str, date, float | None, str]) -> pl.DataFrame:
    return pl.DataFrame(
        list(cells),
        schema={"area_code": pl.String, "date": pl.Date, "value": pl.Float64, "status": pl.String},
        orient="row",
    )


def message(found: pl.DataFrame, *, days: int = 1) -> dict[str, object]:
    slides = payload.Slides(
        areas=AREAS, figures=found, start=DAY - timedelta(days=days - 1), end=DAY
    )
    return payload.message(
        slides, CANVAS, entry=CASES, t=translator("vi"), language="vi", day=DAY, selected="79"
    )


@given(st.lists(st.floats(min_value=0, max_value=1e7), max_size=80))
def test_classes_ascend_and_hold_every_value(values: list[float]) -> None:
    limits = breaks(values)
    assert list(limits) == sorted(set(limits))
    assert len(limits) < MAX_CLASSES
    for value in values:
        number = class_of(value, limits)
        assert number == len(limits) or value <= limits[number]
        assert number == 0 or value > limits[number - 1]


def test_breaks_by_hand() -> None:
    # The n-th sixth of 1..60 begins at 11, 21, 31, 41, 51, moved up to 1, 2, 2.5 or 5 times ten.
    assert breaks([float(n) for n in range(1, 61)]) == (20.0, 25.0, 50.0)
    assert breaks([]) == ()
    assert breaks([0.0, 0.0]) == ()
    assert breaks([7.0, 7.0]) == ()


def test_five_states_stay_apart() -> None:
    found = figures(
        ("01", DAY - timedelta(days=4), 0.0, ""),
        ("01", DAY - timedelta(days=3), 3.0, ""),
        ("01", DAY - timedelta(days=2), None, "suppressed"),
        ("01", DAY - timedelta(days=1), None, "not_applicable"),
        ("01", DAY, None, "not_reported"),
    )
    told = message(found, days=5)
    assert told["values"][0] == [0, 3, None, None, None]
    assert told["states"] == ["vvsan", "nnnnn"]


def test_something_small_is_not_zero() -> None:
    told = message(figures(("01", DAY, 0.004, ""), ("79", DAY, 1234.5678, "")))
    assert told["values"] == [[0.004], [1235]]


def test_legend_has_zero_and_every_state_of_its_own() -> None:
    kinds = [row["kind"] for row in message(figures(("01", DAY, 5.0, "")))["legend"]]
    assert kinds[:2] == ["zero", "c0"]
    assert {"not_reported", "suppressed", "not_applicable"} <= set(kinds)
    assert len(kinds) == len(set(kinds))


def test_any_spelling_is_among_the_search_keys() -> None:
    keys = message(figures())["areas"][1]["keys"]
    assert {"hochiminh", "saigon"} <= set(keys)
    assert any("hcm" in key for key in keys)


def test_a_value_without_a_number_is_not_reported() -> None:
    assert message(figures(("01", DAY, None, "")))["states"][0] == "n"


def test_packing_keeps_the_message() -> None:
    told = message(figures(("01", DAY, 5.0, "")))
    assert json.loads(zlib.decompress(payload.pack_message(told))) == json.loads(json.dumps(told))


def test_a_season_of_63_provinces_stays_below_fifty_kilobytes() -> None:
    days = 180
    codes = [f"{n:02d}" for n in range(63)]
    areas = pl.DataFrame({"code": codes, "name": codes, "aliases": [""] * 63})
    # Noise, the worst case for packing.
    cells = [
        (code, DAY - timedelta(days=back), float((int(code) * 7919 + back * 104_729) % 3000), "")
        for code in codes
        for back in range(days)
    ]
    slides = payload.Slides(
        areas=areas, figures=figures(*cells), start=DAY - timedelta(days=days - 1), end=DAY
    )
    told = payload.message(
        slides, CANVAS, entry=CASES, t=translator("vi"), language="vi", day=DAY, selected=None
    )
    assert len(payload.pack_message(told)) < 50_000


@pytest.mark.parametrize("key", ["cases", "vaccination_coverage_1", "quarantine_days_to_full"])
def test_colours_know_good_from_bad(key: str) -> None:
    entry = of_indicator(INDICATORS[key])
    assert entry.ramp == {True: "burden", False: "good", None: "plain"}[entry.higher_is_bad]


def test_the_slider_ends_at_the_newest_day_or_at_the_day_on_screen() -> None:
    first, last = date(2021, 1, 1), date(2022, 5, 11)
    near = date(2022, 5, 1)
    assert span_of(near, first, last, days=30) == (date(2022, 4, 12), last)
    assert span_of(last, first, last, days=30) == (date(2022, 4, 12), last)
    # One source that ran on for months does not push the country's last day off the slider.
    assert span_of(DAY, first, last, days=30) == (DAY - timedelta(days=29), DAY)
    assert span_of(DAY, first, last, days=800) == (first, last)
    assert span_of(DAY, DAY - timedelta(days=3), last, days=30) == (DAY - timedelta(days=3), DAY)


@given(
    st.dates(date(2020, 1, 1), date(2022, 1, 1)),
    st.integers(0, 900),
    st.integers(-50, 950),
    st.sampled_from([30, 90, 180, 800]),
)
def test_the_day_on_screen_is_always_on_the_slider(
    first: date, length: int, at: int, days: int
) -> None:
    last = first + timedelta(days=length)
    day = first + timedelta(days=at)
    start, end = span_of(day, first, last, days=days)
    assert start <= day <= end
    assert (end - start).days < days


@pytest.mark.parametrize("spread", [0.3, 1.5, 40.0])
def test_areas_that_are_much_alike_still_fall_into_several_classes(spread: float) -> None:
    values = [18.0 + spread * number / 60 for number in range(61)] + [57.0, 77.8]
    limits = breaks(values, decimals=3)
    filled = {class_of(value, limits) for value in values}
    assert len(filled) >= 4
    assert list(limits) == sorted(set(limits))


def test_areas_that_are_all_the_same_are_one_class() -> None:
    assert len({class_of(5.0, breaks([5.0] * 63)) for _ in range(63)}) == 1
