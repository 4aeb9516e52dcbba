"""What happened is marked on the days of a curve as Plotly itself would draw it, in few bytes."""

import json
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import plotly.graph_objects as go
import plotly.io
import polars as pl
import pytest

from dashboard.charts.slim import slim
from dashboard.charts.trend import BAND, HOLIDAY, LINE, Mark, trend

DAYS = [date(2021, 8, 1) + timedelta(days=n) for n in range(30)]
HALF = timedelta(hours=12)
ENTRY: Any = SimpleNamespace(
    adds=True, is_ratio=False, decimals=0, horizon=None, within=lambda value: value,
    title=lambda _: "Ca",
)  # fmt: skip
TEXTS: Any = {"chart.delay": "còn bổ sung"}
RULE = Mark(since=DAYS[3], until=None, text="Chỉ thị 16", kind="rule")
HOLIDAY_MARK = Mark(since=DAYS[10], until=DAYS[12], text="Nghỉ lễ", kind="holiday")
BEFORE = Mark(since=DAYS[0] - timedelta(days=9), until=None, text="trước", kind="event")


def drawn(*, until: date, marks: tuple[Mark, ...] = ()) -> go.Figure:
    daily = pl.DataFrame({"date": DAYS, "value": [float(n % 7) for n in range(30)]})
    made = trend.__wrapped__  # type: ignore[attr-defined] -- without what is held for everybody
    figure: go.Figure = made(daily, entry=ENTRY, t=lambda key, **_: TEXTS.get(key, key),
                             language="vi", complete_until=until, marks=marks)  # fmt: skip
    return figure


def shapes_of(figure: go.Figure) -> list[dict[str, Any]]:
    return [shape.to_plotly_json() for shape in figure.layout.shapes]


def test_lines_and_spans_are_those_of_plotly() -> None:
    own = go.Figure()
    own.add_vrect(x0=DAYS[19] + HALF, x1=DAYS[-1] + HALF, fillcolor=BAND, line_width=0,
                  layer="below")  # fmt: skip
    own.add_vline(x=RULE.since, line={"width": 1, "dash": "dot", "color": LINE})
    own.add_vrect(x0=DAYS[10] - HALF, x1=DAYS[12] + HALF, fillcolor=HOLIDAY, line_width=0,
                  layer="below")  # fmt: skip
    figure = drawn(until=DAYS[19], marks=(RULE, BEFORE, HOLIDAY_MARK))
    assert shapes_of(figure) == shapes_of(own)
    assert list(figure.data[-1].text) == [RULE.text, HOLIDAY_MARK.text]


@pytest.mark.parametrize(("days", "named"), [(0, False), (7, False), (8, True), (20, True)])
def test_shaded_days_are_named_where_there_is_room(days: int, named: bool) -> None:
    figure = drawn(until=DAYS[-1 - days])
    assert len(figure.layout.shapes) == (1 if days else 0)
    said = [one.text for one in figure.layout.annotations]
    assert said == (["còn bổ sung"] if named else [])


def test_two_years_of_days_go_over_in_less_than_half_of_the_bytes() -> None:
    plain = json.loads(plotly.io.to_json(drawn(until=DAYS[-1]), validate=False))
    years = [(DAYS[0] + timedelta(days=n)).isoformat() for n in range(800)]
    for trace in plain["data"]:
        trace |= {"x": years, "y": [1000.0 + n % 97 + 1 / 7 for n in range(800)]}
    assert len(json.dumps(slim(plain))) < len(json.dumps(plain)) / 2
