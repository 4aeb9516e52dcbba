"""One breakdown on a page: chart, table twin, what it says where there is nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from dashboard import breakdown, formatting, loaders
from dashboard.catalogue import Entry
from dashboard.charts import cut as charts
from dashboard.code_names import code_name
from dashboard.commands import Cut
from dashboard.components.markup import Markup, draw, element
from dashboard.components.series import PLOTLY, value_text
from dashboard.components.tables import table
from dashboard.context import Context
from dashboard.i18n import has
from data_access.cube.query import Ask


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A breakdown with its figures.

    Attributes:
        cut: what is broken down by what.
        entry: what it is.
        found: date, the dimension, value; one area.
        parts: the codes with their figures.
        names: of the codes.
        day: the day they stand for, or the last of those summed.
        title: heading.
    """

    cut: Cut
    entry: Entry
    found: pl.DataFrame
    parts: tuple[breakdown.Part, ...]
    names: Mapping[str, str]
    day: date
    title: str


def show(cut: Cut, seen: Context, *, areas: tuple[str, ...], start: date, key: str) -> None:
    """Draw a breakdown of the days up to the one on screen."""
    entry = loaders.entry(cut.id, viewer=seen.viewer)
    if entry is None or seen.day is None:
        return
    title = _title(cut, entry, seen)
    draw(element("h3", title, class_="td-part"))
    ask = Ask(ids=(entry.key,), areas=areas, start=start, end=seen.day, by=cut.by)
    found = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token).drop_nulls("value")
    if found.is_empty():
        draw(element("p", seen.t("command.no_cut"), class_="td-absent"))
        return
    shown = _prepared(cut, entry, found, seen, title=title)
    st.plotly_chart(_figure(shown, seen), key=key, alt=title, config=PLOTLY)
    draw(_note(shown, seen))
    twin = st.expander(seen.t("chart.table"), key=f"{key}_twin", on_change="rerun")
    if twin.open:
        with twin:
            draw(_twin(shown, seen))


def _title(cut: Cut, entry: Entry, seen: Context) -> str:
    what = entry.title(seen.language)
    if cut.named:
        return what
    # The same word may mean something else on another platform: a person's age, a wait's.
    own = f"dimension.{entry.platform}_{cut.by}"
    key = own if has(own, language=seen.language) else f"dimension.{cut.by}"
    return seen.t("command.by", what=what, by=seen.t(key))


def _prepared(cut: Cut, entry: Entry, found: pl.DataFrame, seen: Context, *, title: str) -> Shown:
    found = found.select("date", cut.by, "value")
    last: date = found["date"].max()  # type: ignore[assignment]
    day = seen.day if entry.adds and seen.day else last
    parts = breakdown.ranked(
        found, by=cut.by, adds=entry.adds, day=day, top=_top(cut), is_ratio=entry.is_ratio
    )
    if cut.kind == "bins":
        parts = breakdown.in_order(parts)
    codes = {part.code for part in parts} | set(found[cut.by].unique()) | {breakdown.OTHER}
    names = {
        code: code_name(code, platform=entry.platform, by=cut.by, t=seen.t, language=seen.language)
        for code in codes
    }
    return Shown(
        cut=cut, entry=entry, found=found, parts=parts, names=names, day=day, title=title
    )  # fmt: skip


def _top(cut: Cut) -> int:
    return cut.top if cut.kind != "bins" else 1_000


def _figure(shown: Shown, seen: Context) -> go.Figure:
    cut, language = shown.cut, seen.language
    if cut.kind == "stack":
        # All of it is stacked, or the height would be less than the total.
        # No colour twice: the last one is for the rest.
        top = min(cut.top, len(charts.COLOURS) - 1)
        daily = breakdown.folded(shown.found, by=cut.by, top=top)
        codes = breakdown.largest(daily, by=cut.by, top=top + 1)
        return charts.stack(daily, codes, shown.names, by=cut.by, language=language)
    make = charts.columns if cut.kind == "bins" else charts.bars
    return make(shown.parts, shown.names, entry=shown.entry, language=language)


def _note(shown: Shown, seen: Context) -> Markup:
    text = formatting.day(shown.day, language=seen.language)
    key = "command.sum_of_days" if shown.entry.adds else "command.as_at"
    return element("p", seen.t(key, day=text), class_="td-when")


def _twin(shown: Shown, seen: Context) -> Markup:
    shares = not shown.entry.is_ratio
    rows = [
        (
            shown.names.get(part.code) or part.code,
            value_text(part.value, shown.entry, seen),
            formatting.percent(part.share, language=seen.language)
            if part.share is not None and shares
            else "",
        )
        for part in shown.parts
    ]
    heads = (seen.t("command.code"), seen.t("map.value"), seen.t("command.share"))
    return table(heads, rows, caption=shown.title, numeric=(1, 2))
