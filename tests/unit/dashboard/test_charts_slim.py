"""What goes to the browser draws and says the same as what was drawn."""

from datetime import date, timedelta
from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.slim import DAY_MS, FEWEST, short, slim

START = date(2021, 2, 25)  # so that a month of 28 days is crossed
heights = st.none() | st.floats(0, 1e7) | st.integers(0, 10**9)


def days_of(trace: dict[str, Any]) -> list[str]:
    """The days of a trace as Plotly counts them from its first day and step."""
    if "x" in trace:
        return [str(day) for day in trace["x"]]
    start = date.fromisoformat(trace["x0"])
    step = timedelta(milliseconds=trace["dx"])
    return [(start + n * step).isoformat() for n in range(len(trace["y"]))]


def known(trace: dict[str, Any]) -> dict[str, Any]:
    """What of a trace is drawn: values by day."""
    pairs = zip(days_of(trace), trace["y"], strict=True)
    return {day: value for day, value in pairs if value is not None}


def figure_of(trace: dict[str, Any], **axis: object) -> dict[str, Any]:
    return {"data": [trace], "layout": {"xaxis": axis}}


@given(
    st.dictionaries(st.integers(0, 60), heights, max_size=40),
    st.sampled_from(["bar", "scatter"]),
    st.booleans(),
)
def test_a_series_over_days_has_the_same_values_on_the_same_days(
    by_day: dict[int, float | None], kind: str, framed: bool
) -> None:
    numbers = sorted(by_day)
    trace = {
        "type": kind, "name": "a", "y": [by_day[n] for n in numbers],
        "x": [(START + timedelta(days=n)).isoformat() for n in numbers],
    }  # fmt: skip
    axis = {"range": ["2021-02-25", "2021-05-01"]} if framed else {}
    found = slim(figure_of(trace, **axis))["data"][0]
    drawn = known(found)
    assert {day: pytest.approx(value, rel=1e-4) for day, value in known(trace).items()} == drawn
    assert found["name"] == "a"
    if kind == "scatter" and len(by_day) >= FEWEST and not framed:
        # A line joins the days that are there: none may come between them.
        assert days_of(found) == trace["x"]


def test_consecutive_days_are_told_by_the_first_and_the_step() -> None:
    days = [(START + timedelta(days=n)).isoformat() for n in range(10)]
    found = slim(figure_of({"type": "scatter", "x": days, "y": [1.0] * 10}))
    assert found["data"][0] == {"type": "scatter", "x0": days[0], "dx": DAY_MS, "y": [1] * 10}
    assert found["layout"]["xaxis"]["type"] == "date"


def test_what_goes_with_a_day_stays_with_it() -> None:
    days = [(START + timedelta(days=n)).isoformat() for n in range(6)]
    values = [None, None, 3.0, None, 5.0, None]
    trace = {
        "type": "scatter", "x": days, "y": values, "text": list("abcdef"),
        "marker": {"size": [0, 1, 2, 3, 4, 5], "color": "#123456"},
    }  # fmt: skip
    found = slim(figure_of(trace, range=[days[0], days[-1]]))["data"][0]
    assert dict(zip(days_of(found), found["text"], strict=True)) == dict(
        zip(days[2:5], "cde", strict=True)
    )
    assert found["marker"] == {"size": [2, 3, 4], "color": "#123456"}
    assert trace["marker"] == {"size": [0, 1, 2, 3, 4, 5], "color": "#123456"}, "changed in place"


def test_a_band_of_errors_stays_whole() -> None:
    days = [(START + timedelta(days=n)).isoformat() for n in range(6)]
    trace = {"type": "scatter", "x": days, "y": [None, 1.0, 2.0, 3.0, 4.0, None],
             "error_y": {"array": [0.123456789] * 6}}  # fmt: skip
    found = slim(figure_of(trace, range=[days[0], days[-1]]))["data"][0]
    assert len(found["y"]) == len(found["error_y"]["array"]) == 6


def test_names_that_look_like_days_and_days_out_of_order_are_left() -> None:
    days = [(START + timedelta(days=n)).isoformat() for n in range(6)]
    named = figure_of({"type": "bar", "x": days, "y": [1] * 6}, type="category")
    assert slim(named)["data"][0]["x"] == days
    band = {"type": "scatter", "x": days + days[::-1], "y": list(range(12))}
    assert slim(figure_of(band))["data"][0]["x"] == days + days[::-1]


def test_columns_stay_as_wide_as_the_nearest_days_allow() -> None:
    # Every other day: a column two days wide; a gap between each would halve it.
    days = [(START + timedelta(days=2 * n)).isoformat() for n in range(12)]
    found = slim(figure_of({"type": "bar", "x": days, "y": [1] * 12}))["data"][0]
    assert (found["dx"], len(found["y"])) == (2 * DAY_MS, 12)


@given(st.floats(-1e12, 1e12), st.integers(0, 4), st.booleans())
def test_a_shorter_number_is_shown_as_the_number(value: float, decimals: int, ratio: bool) -> None:
    scale, places = (100, max(decimals - 2, 0)) if ratio else (1, decimals)
    value += 0.0  # of two zeros the one without a sign: nobody is shown "-0"
    assert f"{short(value) * scale:.{places}f}" == f"{value * scale:.{places}f}"
    assert abs(short(value) - value) <= 1e-4 * abs(value)


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 2))
def test_a_share_is_shown_as_the_share(part: int, whole: int, decimals: int) -> None:
    value = part / whole
    assert f"{short(value):.{decimals}%}" == f"{value:.{decimals}%}"


def test_numbers_with_many_digits_become_short() -> None:
    assert short(3.8369847043233647) == 3.83698
    assert short(7445.0) == 7445
    assert short(0.9999999999) == 1
    assert short(1e-9) == 1e-9
    other = {"type": "scatter", "x": ["a", None, True], "y": [0.5, None, 2.0]}
    assert slim(figure_of(other))["data"][0] == other | {"y": [0.5, None, 2]}


def test_plotly_takes_the_shorter_description() -> None:
    figure = go.Figure(layout={"template": "none"})
    figure.add_bar(x=[START + timedelta(days=n) for n in range(8)], y=[0.5 * n for n in range(8)])
    shorter = go.Figure(slim(figure.to_plotly_json() | {"data": [_plain(figure.data[0])]}))
    assert shorter.data[0].x is None
    assert list(shorter.data[0].y) == list(figure.data[0].y)


def _plain(trace: Any) -> dict[str, Any]:
    return {"type": "bar", "x": [day.isoformat() for day in trace.x], "y": list(trace.y)}
