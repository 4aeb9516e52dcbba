"""One indicator of one place over time, as a Plotly figure. Pure."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta

import plotly.graph_objects as go
import polars as pl

from dashboard.catalogue import Entry
from dashboard.charts.once import once
from dashboard.i18n import Translate
from data_access.estimates.transmission import ENOUGH, Expected

MEAN_DAYS = 7
MIN_DAYS = 5
HEIGHT = 260
ROOM_DAYS = 8  # shaded days from which their label fits above them
# Seen on both grounds; the chart itself is transparent.
INK, SOFT, BAND = "#2C8797", "#8FB9C1", "rgba(140,140,140,0.16)"
OPEN = "#C2410C"
LINE, HOLIDAY = "#8A6D3B", "rgba(138,109,59,0.14)"
SUPPRESSED = "suppressed"
SIGNS = {"rule": "triangle-down", "holiday": "circle", "event": "diamond"}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something to know when reading a curve: a rule, a holiday, a turn.

    Attributes:
        since: its first day.
        until: its last day; None: it is drawn as a line.
        text: what it is.
        kind: rule, holiday or event.
    """

    since: date
    until: date | None
    text: str
    kind: str


@once
def trend(  # noqa: PLR0913 -- the parts of one chart
    daily: pl.DataFrame,
    *,
    entry: Entry,
    t: Translate,
    language: str,
    complete_until: date,
    marks: Sequence[Mark] = (),
    expected: Sequence[Expected] = (),
    first: Sequence[tuple[date, float]] = (),
) -> go.Figure:
    """Return bars of a daily count with its 7-day mean, or a line of anything else.

    Args:
        daily: date, value (null where there is none), status if known; one area, sorted.
        entry: what it is.
        t: texts of the language.
        language: `vi` or `en`.
        complete_until: the last day that is usually complete; later days are shaded.
        marks: rules, holidays and turns of these days.
        expected: what days that are still being reported will come to.
        first: what was told first of each day, drawn beside the newest.
    """
    days, raw = daily["date"].to_list(), daily["value"].to_list()
    values = [None if value is None else entry.within(value) for value in raw]
    still_open = {one.day for one in expected if one.share < ENOUGH}
    complete_until = min((day - timedelta(days=1) for day in still_open), default=complete_until)
    hover = _hover(entry, language)
    figure = go.Figure(layout=layout(entry, language))
    half = timedelta(hours=12)
    if days:
        figure.update_xaxes(range=[days[0] - half, days[-1] + half])
    if entry.adds:
        name = t("transmission.reported") if expected else t("chart.value")
        figure.add_bar(x=days, y=values, name=name, marker_color=SOFT, hovertemplate=hover)
        figure.add_scatter(
            x=days, y=_mean_of(days, values, still_open), name=t("chart.mean"), mode="lines",
            line={"color": INK, "width": 2.5}, hoverinfo="skip",
        )  # fmt: skip
    else:
        figure.add_scatter(
            x=days, y=values, name=entry.title(language), mode="lines+markers",
            line={"color": INK, "width": 2.2}, marker={"size": 4}, hovertemplate=hover,
            connectgaps=False, text=texts_of(raw, entry, language),
        )  # fmt: skip
    if expected:
        _lay_expected(figure, expected, t=t)
    shown = [mark for mark in marks if days and days[0] <= mark.since <= days[-1]]
    spans = _shaded(days, complete_until) + [_span_of(mark) for mark in shown]
    if spans:  # all at once: Plotly reads every one again for each that is added
        figure.update_layout(shapes=spans)
    _say_shaded(figure, days, complete_until, label=t("chart.delay"))
    _lay_signs(figure, shown)
    _lay_hidden(figure, daily, t=t)
    _lay_first(figure, [one for one in first if one[0] in set(days)], t=t)
    return figure


def _lay_first(figure: go.Figure, first: Sequence[tuple[date, float]], *, t: Translate) -> None:
    """Draw what was told first of each day, beside what is told of it now."""
    if not first:
        return
    figure.add_scatter(
        x=[day for day, _ in first], y=[value for _, value in first], mode="markers",
        name=t("settling.first"), marker={"symbol": "line-ew-open", "size": 9, "color": OPEN},
        hovertemplate="%{x|%d/%m}: %{y:,.0f}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(showlegend=True)


def _lay_hidden(figure: go.Figure, daily: pl.DataFrame, *, t: Translate) -> None:
    """Mark the days whose figure is withheld: neither a gap nor a zero."""
    if "status" not in daily.columns:
        return
    days = daily.filter(pl.col("status") == SUPPRESSED)["date"].to_list()
    if not days:
        return
    text = t("status.suppressed")
    figure.add_scatter(
        x=days, y=[0.0] * len(days), mode="markers", name=text, showlegend=True,
        marker={"symbol": "circle-open-dot", "size": 8, "color": LINE}, cliponaxis=False,
        hovertemplate=f"%{{x|%d/%m}}: {text}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(showlegend=True)


def _mean_of(
    days: Sequence[date], values: Sequence[float | None], still_open: Set[date]
) -> list[float | None]:
    """Return the 7-day mean; none where a day is known to be far from complete."""
    means = rolling_mean(values)
    return [None if day in still_open else one for day, one in zip(days, means, strict=True)]


def _lay_expected(figure: go.Figure, expected: Sequence[Expected], *, t: Translate) -> None:
    """Draw the estimates of days still being reported, each with its 80 and 95 % band."""
    days = [one.day for one in expected]
    for number, width in ((1, 2.0), (0, 5.0)):
        lows = [one.estimate - one.bands[number][0] for one in expected]
        highs = [one.bands[number][1] - one.estimate for one in expected]
        figure.add_scatter(
            x=days, y=[one.estimate for one in expected], mode="markers",
            name=t("transmission.expected"), showlegend=number == 1,
            marker={"color": OPEN, "size": 7, "symbol": "diamond-open", "line": {"width": 2}},
            error_y={"type": "data", "array": highs, "arrayminus": lows, "color": OPEN,
                     "thickness": width, "width": 0},
            hovertemplate="%{x|%d/%m}: %{y:,.0f}<extra></extra>" if number == 1 else None,
            hoverinfo=None if number == 1 else "skip",
        )  # fmt: skip


def _span(start: date, end: date, **look: object) -> dict[str, object]:
    """Return days from the foot of the chart to its top, as a shape."""
    kind = "rect" if end > start else "line"
    return {"type": kind, "x0": start, "x1": end, "xref": "x", "y0": 0, "y1": 1,
            "yref": "y domain", **look}  # fmt: skip


def _span_of(mark: Mark) -> dict[str, object]:
    if mark.until is None:
        return _span(mark.since, mark.since, line={"width": 1, "dash": "dot", "color": LINE})
    half = timedelta(hours=12)
    return _span(mark.since - half, mark.until + half, fillcolor=HOLIDAY, line={"width": 0},
                 layer="below")  # fmt: skip


def _lay_signs(figure: go.Figure, shown: Sequence[Mark]) -> None:
    """Draw on top a row of signs that say what happened when pointed at."""
    if not shown:
        return
    figure.add_scatter(
        x=[mark.since for mark in shown], y=[1.0] * len(shown), yaxis="y2", mode="markers",
        marker={"symbol": [SIGNS[mark.kind] for mark in shown], "size": 9, "color": LINE},
        text=[mark.text for mark in shown], hovertemplate="%{text}<extra></extra>",
        showlegend=False, name="", cliponaxis=False,
    )  # fmt: skip
    figure.update_layout(yaxis2={"overlaying": "y", "range": [0, 1], "visible": False,
                                 "fixedrange": True})  # fmt: skip


def rolling_mean(values: Sequence[float | None]) -> list[float | None]:
    """Return the mean of the reported days among the last seven; null below five of them."""
    means: list[float | None] = []
    for end in range(1, len(values) + 1):
        known = [value for value in values[max(end - MEAN_DAYS, 0) : end] if value is not None]
        means.append(round(sum(known) / len(known), 1) if len(known) >= MIN_DAYS else None)
    return means


def _hover(entry: Entry, language: str) -> str:
    # One pattern instead of a text per day: the browser fills it in, with our separators.
    day = "%d/%m/%Y" if language == "vi" else "%e %b %Y"
    number = f".{entry.decimals}%" if entry.is_ratio else f",.{entry.decimals}f"
    value = f"%{{y:{number}}}" if entry.horizon is None else "%{text}"
    return f"%{{x|{day}}}: {value}<extra></extra>"


def texts_of(values: Sequence[float | None], entry: Entry, language: str) -> list[str] | None:
    """Return each value in words where some may lie beyond what is drawn; else None."""
    if entry.horizon is None:
        return None
    return ["" if one is None else entry.value(one, language=language) for one in values]


def _shaded(days: Sequence[date], until: date) -> list[dict[str, object]]:
    if not days or days[-1] <= until:
        return []
    half = timedelta(hours=12)
    return [_span(until + half, days[-1] + half, fillcolor=BAND, line={"width": 0}, layer="below")]


def _say_shaded(figure: go.Figure, days: Sequence[date], until: date, *, label: str) -> None:
    """Name the shaded days above them, where there is room."""
    if days and (days[-1] - until).days >= ROOM_DAYS:
        figure.add_annotation(
            text=label, font={"size": 10}, showarrow=False, x=days[-1] + timedelta(hours=12),
            xref="x", xanchor="right", y=1, yref="y domain", yanchor="top",
        )  # fmt: skip


def layout(entry: Entry, language: str) -> dict[str, object]:
    """Return the layout of a figure's days: what every chart of one has in common."""
    separators = ",." if language == "vi" else ".,"
    return {
        "template": "none",  # Streamlit's theme dresses it; Plotly's own would be sent each time
        "height": HEIGHT,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "separators": separators,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "x",
        "bargap": 0.15,
        "showlegend": entry.adds,
        "legend": {
            "orientation": "h",
            "y": 1.05,
            "yanchor": "bottom",
            "x": 0,
            "font": {"size": 11},
        },
        "xaxis": {
            "showgrid": False,
            "tickformat": "%d/%m<br>%Y" if language == "vi" else "%e %b<br>%Y",
            "nticks": 6,
            "fixedrange": True,
        },
        "yaxis": {
            "rangemode": "tozero",
            "tickformat": ".0%" if entry.is_ratio else ",~r",
            "nticks": 5,
            "fixedrange": True,
            "zeroline": False,
        },
    }
