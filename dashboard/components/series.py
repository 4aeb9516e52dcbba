"""One indicator of one place over time: chart, marks of what happened, table twin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from dashboard import formatting, loaders
from dashboard.catalogue import Entry
from dashboard.charts.trend import HEIGHT, SUPPRESSED, Mark, trend
from dashboard.components.markup import Markup, draw, element
from dashboard.components.tables import table
from dashboard.context import Context
from dashboard.i18n import pick
from data_access.estimates.transmission import Expected

TOPOJSON = "/ui/"  # Plotly asks for world outlines nowhere else
SHAPES: Mapping[str, str] = {"rule": "▼", "holiday": "●", "event": "◆"}
"""The signs of the chart as text."""
PLOTLY = {"displayModeBar": False, "topojsonURL": TOPOJSON}


@dataclass(frozen=True, kw_only=True)
class Series:
    """What is drawn.

    Attributes:
        daily: date, value, status of one area, sorted by date.
        entry: what it is.
        place: name of the area.
        area: its code; None for the nation.
        expected: what days still being reported will come to; empty: not known.
        first: what was told first of each day; empty: not asked for, or not known.
    """

    daily: pl.DataFrame
    entry: Entry
    place: str
    area: str | None
    expected: tuple[Expected, ...] = ()
    first: Mapping[date, float] = field(default_factory=dict)


def show(shown: Series, seen: Context, *, key: str, ready: bool = True) -> None:
    """Draw the chart with its table twin; a skeleton of the same height until larger things may.

    Args:
        shown: what is drawn.
        seen: who looks.
        key: of the chart on its page.
        ready: whether the chart's library may load.
    """
    daily = shown.daily.select("date", "value", "status")
    if daily["value"].null_count() == daily.height:
        hidden = bool((daily["status"] == SUPPRESSED).any())
        draw(element("p", seen.t("public.series" if hidden else "error.no_figures"),
                     class_="td-absent"))  # fmt: skip
        return
    alt = _caption(shown, seen)
    if not ready:
        st.skeleton(height=HEIGHT)
        return
    marks = marks_between(daily["date"][0], daily["date"][-1], area=shown.area, seen=seen)
    st.plotly_chart(_figure(shown, daily, marks, seen), key=key, alt=alt, config=PLOTLY)
    _told(marks, seen)
    # The table comes when it is asked for: a filter change then does not carry it each time.
    twin = st.expander(seen.t("chart.table"), key=f"{key}_twin", on_change="rerun")
    if twin.open:
        with twin:
            draw(_twin(daily, shown, seen, caption=alt))


def _caption(shown: Series, seen: Context) -> str:
    start, end = (
        formatting.day(shown.daily["date"][place], language=seen.language) for place in (0, -1)
    )
    title = shown.entry.title(seen.language)
    return seen.t("chart.alt", indicator=title, place=shown.place, start=start, end=end)


def _told(marks: Sequence[Mark], seen: Context) -> None:
    """Say in words what the signs on the chart are: on paper and on a phone nothing points."""
    if not marks:
        return
    lines = [
        element(
            "li",
            element("i", SHAPES[mark.kind], aria_hidden="true"),
            formatting.short_day(mark.since, language=seen.language),
            " ",
            mark.text,
        )
        for mark in sorted(marks, key=lambda mark: mark.since)
    ]
    draw(element("ul", *lines, class_="td-marks", aria_label=seen.t("chart.marks")))


def _figure(
    shown: Series, daily: pl.DataFrame, marks: tuple[Mark, ...], seen: Context
) -> go.Figure:
    lag = loaders.lag_days(shown.entry.key)
    return trend(
        daily, entry=shown.entry, t=seen.t, language=seen.language,
        complete_until=seen.moment.date() - timedelta(days=lag + 1),
        marks=marks, expected=shown.expected, first=tuple(sorted(shown.first.items())),
    )  # fmt: skip


def marks_between(start: date, end: date, *, area: str | None, seen: Context) -> tuple[Mark, ...]:
    """Return the rules, holidays and turns to mark on some days of an area."""
    return tuple(
        Mark(
            since=event.since,
            until=event.until,
            text=pick(event.vi, event.en, language=seen.language),
            kind=event.kind,
        )
        for event in loaders.events(area=area)
        if event.since <= end and start <= (event.until or event.since)
    )


def _twin(daily: pl.DataFrame, shown: Series, seen: Context, *, caption: str) -> Markup:
    rows = [
        (
            formatting.day(day, language=seen.language),
            value_text(value, shown.entry, seen, status=status),
            status_text(status, seen),
        )
        for day, value, status in daily.sort("date", descending=True).iter_rows()
    ]
    heads = (seen.t("chart.day"), seen.t("map.value"), seen.t("map.status"))
    if not shown.expected:
        return table(heads, rows, caption=caption, numeric=(1,))
    said = {
        formatting.day(one.day, language=seen.language): _expected_text(one, shown.entry, seen)
        for one in shown.expected
    }
    more = [(*row, said.get(row[0], "")) for row in rows]
    return table((*heads, seen.t("transmission.expected")), more, caption=caption, numeric=(1,))


def _expected_text(one: Expected, entry: Entry, seen: Context) -> str:
    (low, high), (lowest, highest) = (
        tuple(value_text(end, entry, seen) for end in band) for band in one.bands
    )
    return f"{value_text(one.estimate, entry, seen)} ({low}–{high}; {lowest}–{highest})"


def value_text(value: float | None, entry: Entry, seen: Context, *, status: str = "") -> str:
    """Return a value as a table shows it; one that is withheld says so where a number would be."""
    if value is None:
        return seen.t("status.hidden") if status == SUPPRESSED else "–"
    return entry.value(value, language=seen.language)


def status_text(status: str, seen: Context) -> str:
    """Return why there is no value; empty where there is one."""
    return seen.t(f"status.{status}") if status else ""
