"""Lines named at their ends: apart from each other, on one axis, gaps kept."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.catalogue import of_indicator
from dashboard.charts.compare import Curve, highest, lines, small, spread
from dashboard.i18n import translator
from data_access.indicators.registry import INDICATORS

FIRST = date(2021, 8, 1)
T = translator("vi")


def curve(name: str, *values: float | None, place: int = 0) -> Curve:
    days = [FIRST + timedelta(days=n) for n in range(len(values))]
    return Curve(code=name, name=name, days=days, values=values, place=place)


@given(
    st.lists(st.floats(min_value=0, max_value=100), max_size=6),
    st.floats(min_value=0.1, max_value=20),
)
def test_names_keep_their_order_and_their_distance(heights: list[float], gap: float) -> None:
    moved = spread(heights, gap=gap)
    order = sorted(range(len(heights)), key=lambda n: heights[n])
    apart = [moved[b] - moved[a] for a, b in zip(order, order[1:], strict=False)]
    assert all(one >= gap - 1e-6 for one in apart)
    assert sum(moved) == pytest.approx(sum(heights), abs=1e-6)


@given(heights=st.lists(st.floats(0, 100), min_size=1, max_size=6), gap=st.floats(0.1, 6.2))
def test_names_stay_within_the_axis_and_apart(heights: list[float], gap: float) -> None:
    moved = spread(heights, gap=gap, low=0.0, high=100.0)
    assert all(-1e-6 <= one <= 100.0 + 1e-6 for one in moved)
    ordered = sorted(moved)
    assert all(b - a >= gap - 1e-6 for a, b in zip(ordered, ordered[1:], strict=False))


def test_names_far_apart_stay_where_their_lines_end() -> None:
    assert spread([9.0, 1.0, 5.0], gap=1.0) == [9.0, 1.0, 5.0]
    assert spread([5.0, 5.0], gap=2.0) == [4.0, 6.0]


def test_an_area_keeps_its_colour_and_the_gap_its_hole() -> None:
    entry = of_indicator(INDICATORS["incidence_7d_per_100k"])
    first, second = curve("Hà Nội", 1.0, None, 3.0), curve("Huế", 9.0, 8.0, None, place=4)
    figure = lines(
        [first, second], entry=entry, t=T, language="vi", complete_until=FIRST + timedelta(days=9)
    )
    drawn = {trace.name: trace for trace in figure.data if trace.mode == "lines+markers"}
    assert list(drawn["Hà Nội"].y) == [1.0, None, 3.0]
    assert not drawn["Hà Nội"].connectgaps
    assert drawn["Huế"].line.color == second.colour != first.colour
    assert drawn["Huế"].line.dash != drawn["Hà Nội"].line.dash
    assert [list(drawn[name].marker.size) for name in ("Hà Nội", "Huế")] == [[5, 0, 5], [0, 0, 0]]
    named = [note.text for note in figure.layout.annotations]
    assert named == [
        f'<span style="color:{one.colour}">●</span> {one.name}' for one in (first, second)
    ]
    assert second.last == (FIRST + timedelta(days=1), 8.0)


def test_small_ones_share_the_axis() -> None:
    entry = of_indicator(INDICATORS["test_positivity"])
    curves = [curve("a", 0.1, 0.2), curve("b", 0.01, None)]
    top = highest(curves)
    ranges = [small(one, top=top, entry=entry, language="en").layout.yaxis.range for one in curves]
    assert ranges == [(0, top), (0, top)]
    assert top == pytest.approx(0.2 * 1.06)


def test_days_that_may_still_change_are_shaded() -> None:
    entry = of_indicator(INDICATORS["cases"])

    def shades(until: date) -> int:
        figure = lines([curve("a", 1.0, 2.0, 3.0)], entry=entry, t=T, language="en",
                       complete_until=until)  # fmt: skip
        return len(figure.layout.shapes)

    assert shades(FIRST) == 1
    assert shades(FIRST + timedelta(days=2)) == 0


def test_a_name_is_no_part_of_the_pattern() -> None:
    entry = of_indicator(INDICATORS["cases"])
    figure = lines([curve("<b>%{x}", 1.0)], entry=entry, t=T, language="en", complete_until=FIRST)
    assert "<b>" not in figure.data[0].hovertemplate
    assert "%{x}" not in figure.data[0].hovertemplate.replace("%{x|", "")
