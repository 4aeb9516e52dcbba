"""A chart is built once for the same content, and anew for any other."""

from datetime import date

import plotly.graph_objects as go
import plotly.io
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.once import content, once

frames = st.lists(
    st.tuples(st.dates(date(2021, 1, 1), date(2021, 1, 4)), st.none() | st.integers(0, 3)),
    max_size=4,
).map(lambda rows: pl.DataFrame(rows, schema={"date": pl.Date, "value": pl.Float64}, orient="row"))


@once
def bars(daily: pl.DataFrame, *, language: str) -> go.Figure:
    figure = go.Figure(layout={"template": "none", "separators": language})
    return figure.add_bar(x=daily["date"].to_list(), y=daily["value"].to_list())


@given(frames, frames, st.sampled_from([",.", ".,"]))
def test_one_figure_for_equal_content_and_the_right_one_for_each(
    one: pl.DataFrame, other: pl.DataFrame, language: str
) -> None:
    first, second = bars(one, language=language), bars(other, language=language)
    assert (first is second) == one.equals(other)
    assert list(second.data[0].y) == other["value"].to_list()
    assert bars(one.clone(), language=language) is first


def test_what_is_sent_is_what_plotly_would_have_sent() -> None:
    daily = pl.DataFrame({"date": [date(2021, 8, 1)], "value": [2.5]})
    plain = go.Figure(layout={"template": "none", "separators": ",."})
    plain.add_bar(x=daily["date"].to_list(), y=daily["value"].to_list())
    sent = plotly.io.to_json(bars(daily, language=",.").to_dict(), validate=False)
    assert sent == plotly.io.to_json(plain.to_dict(), validate=False)


def test_numbers_that_are_equal_but_written_otherwise_are_not_the_same() -> None:
    assert content([1, 2]) != content([1.0, 2.0])
    assert content({"a": None}) != content({"a": 0})


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(TypeError, match="bytearray"):
        content(bytearray(b"x"))
