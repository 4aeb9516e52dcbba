"""What a province owes: lines it has crossed, and its data debt by its parts."""

import polars as pl
import streamlit as st

from dashboard import formatting, loaders, navigation
from dashboard.components import closed, sync_page, sync_tables
from dashboard.components.markup import Markup, draw, element
from dashboard.components.province_page import PAGE, Line, lines_of, place_of
from dashboard.components.section import section
from dashboard.components.series import value_text
from dashboard.components.tables import table
from dashboard.context import Context, look
from data_access.sync.reporting import by_platform

WAITING = 120
LEAST = 0.05  # points: below that a part reads as nothing
CROSSED, KEPT, UNKNOWN = "crossed", "kept", "unknown"
STATES = {
    CROSSED: "province.state_crossed",
    KEPT: "province.state_kept",
    UNKNOWN: "province.state_unknown",
}


@section("province_lines")
def lines_section() -> None:
    """Draw the watched lines of the command pages, crossed ones first."""
    seen = look(PAGE)
    if seen.day is None:
        return
    place = place_of(seen)
    title = seen.t("province.lines", name=place.name)
    draw(element("h2", title, class_="td-section"))
    rows = [_line(line, seen) for line in lines_of(seen, place)]
    heads = [seen.t(f"province.{name}") for name in ("indicator", "value", "limit", "state")]
    draw(table(heads, rows, caption=title, numeric=(1, 2)))


def _line(line: Line, seen: Context) -> tuple[str | Markup, ...]:
    unit = line.entry.unit_text(seen.t)
    value = value_text(line.value, line.entry, seen)
    limit = line.entry.value(line.limit, language=seen.language)
    state = CROSSED if line.crossed else UNKNOWN if line.value is None else KEPT
    return (
        line.entry.title(seen.language),
        f"{value} {unit}" if unit and line.value is not None else value,
        seen.t("province.at_least" if line.above else "province.at_most", limit=limit),
        element("b", seen.t(STATES[state]), class_=f"td-line-{state}"),
    )


@section("province_debts")
def debts_section() -> None:
    """Draw the data debt of the province by its parts, and whom to call.

    It takes seconds the first time, in which the session answers nothing else: so it is worked out
    when it is asked for, as the sync desk does, from the same moment and days. Both pages show one
    number, and a commit does not start it anew.
    """
    seen = look(PAGE)
    place = place_of(seen)
    title = seen.t("province.debts", name=place.name)
    draw(element("h2", title, class_="td-section"))
    if closed.instead(seen, "sync"):
        return
    box = st.expander(seen.t("province.debts_open"), key="province_debts_box", on_change="rerun")
    if box.open:
        with box, st.empty():
            st.skeleton(height=WAITING)
            desk = look(sync_page.PAGE)
            window = sync_page.window(desk)
            debt = window.read(loaders.data_debt, desk)
            draw(_debts(place.code or "", debt, window, desk))
    # The desk opens with this province's contradictions: the session keeps the area.
    st.page_link(
        navigation.streamlit_page(sync_page.PAGE, title=seen.t("data_sync.title")),
        label=seen.t("province.open_desk"),
        icon=":material/arrow_forward:",
        icon_position="right",
    )


def _debts(code: str, debt: pl.DataFrame, window: sync_page.Window, seen: Context) -> Markup:
    t, language = seen.t, seen.language
    days = {
        "start": formatting.day(window.start, language=language),
        "end": formatting.day(window.end, language=language),
    }
    own = debt.filter(pl.col("area_code") == code, pl.col("points") >= LEAST)
    if own.is_empty():
        return element("p", t("province.no_debt", **days), class_="td-absent")
    rows = [
        (t(f"debt.{part}", n=_count(count, seen)),
         formatting.number(weight, language=language, decimals=3),
         formatting.number(points, language=language, decimals=1))
        for part, count, weight, points in own.select("part", "count", "weight", "points").rows()
    ]  # fmt: skip
    heads = [t(f"data_sync.{name}") for name in ("part", "weight", "points")]
    calls = sync_tables.whom(code, by_platform(window.found), seen)
    return element(
        "div",
        element("p", t("province.debt", points=_points(own, seen), **days), " ",
                _place(code, debt, seen), class_="td-absent"),
        table(heads, rows, caption=t("data_sync.debt"), numeric=(1, 2)),
        element("p", t("province.calls"), class_="td-when") if calls else None,
        element("ul", *(element("li", line) for line in calls), class_="td-calls"),
        class_="td-debt-of",
    )  # fmt: skip


def _count(count: float, seen: Context) -> str:
    # A quarter of an hour late is not "0 hours".
    decimals = 0 if count == round(count) else 1
    return formatting.number(count, language=seen.language, decimals=decimals)


def _points(own: pl.DataFrame, seen: Context) -> str:
    return formatting.number(float(own["points"].sum()), language=seen.language, decimals=1)


def _place(code: str, debt: pl.DataFrame, seen: Context) -> str | None:
    """Return the province's place among the indebted; nothing where others are not in view."""
    if not seen.viewer.everywhere:
        return None
    order = debt.group_by("area_code").agg(pl.col("points").sum()).rows()
    points = dict(order)
    rank = 1 + sum(one > points[code] for one in points.values())
    return seen.t("province.debt_place", rank=rank, n=len(points))
