"""The compare page's charts, tables and downloads."""

from datetime import date, timedelta
from functools import partial

import polars as pl
import streamlit as st

from dashboard import downloads, formatting, indexing, resources
from dashboard.charts.compare import Curve, highest, lines, small
from dashboard.components import download
from dashboard.components.compare_page import (
    FEWEST,
    PAGE,
    Compared,
    compared,
    complete_until,
    last_values,
)
from dashboard.components.markup import Markup, draw, element, join
from dashboard.components.section import section
from dashboard.components.series import PLOTLY, status_text, value_text
from dashboard.components.tables import table
from dashboard.context import Context, look

BESIDE = 3
WEEK = timedelta(days=7)


@section("compare_lines")
def lines_section() -> None:
    """Draw all areas on one chart, then each alone on the same axis."""
    seen = look(PAGE)
    of = compared(seen)
    if of is None:
        draw(element("p", seen.t("compare.too_few", n=FEWEST), class_="td-absent"))
        return
    title = _title(of, seen)
    draw(element("h2", title, class_="td-section"))
    _say(of, seen)
    curves = curves_of(of)
    if not any(curve.last for curve in curves):
        draw(element("p", seen.t("error.no_figures"), class_="td-absent"))
        return
    base = indexing.BASE if of.base else None
    figure = lines(
        curves, entry=of.entry, t=seen.t, language=seen.language, base=base,
        complete_until=complete_until(of.entry, seen),
    )  # fmt: skip
    st.plotly_chart(figure, key="compare_lines", alt=title, config=PLOTLY)
    _twin(of, seen, title=title)
    _alone(of, curves, seen, base=base)


def _title(of: Compared, seen: Context) -> str:
    what = of.entry.title(seen.language)
    if of.base:
        day = formatting.day(of.base, language=seen.language)
        return seen.t("compare.title_index", what=what, day=day)
    unit = "%" if of.entry.is_ratio else of.entry.unit_text(seen.t)
    return f"{what} ({unit})" if unit and unit not in what else what


def _say(of: Compared, seen: Context) -> None:
    """Say which areas cannot be drawn, and why."""
    day = formatting.day(of.base, language=seen.language) if of.base else ""
    said = [
        element("p", seen.t(f"compare.{reason}", name=of.names[code], day=day), class_="td-absent")
        for code, reason in of.absent.items()
    ]
    silent = [] if of.base else [code for code in of.names if code not in last_values(of)]
    said += [
        element("p", seen.t("compare.silent", name=of.names[code]), class_="td-absent")
        for code in silent
    ]
    if said:
        draw(join(said))


def curves_of(of: Compared) -> tuple[Curve, ...]:
    """Return the areas as curves, in the order chosen."""
    return tuple(
        _curve(of.shown.filter(pl.col("area_code") == code).sort("date"), code, name, place, of=of)
        for place, (code, name) in enumerate(of.names.items())
        if code not in of.absent
    )


def _curve(own: pl.DataFrame, code: str, name: str, place: int, *, of: Compared) -> Curve:
    raw = own["value"].to_list()
    within = [None if one is None or of.base else of.entry.within(one) for one in raw]
    return Curve(code=code, name=name, place=place, days=own["date"].to_list(),
                 values=raw if of.base else within, raw=raw)  # fmt: skip


def _alone(of: Compared, curves: tuple[Curve, ...], seen: Context, *, base: float | None) -> None:
    draw(element("h2", seen.t("compare.alone"), class_="td-section"))
    top = highest(curves)
    columns = st.columns(BESIDE, gap="medium")
    for number, curve in enumerate(curves):
        with columns[number % BESIDE]:
            draw(element("h3", curve.name, class_="td-part"))
            figure = small(curve, top=top, entry=of.entry, language=seen.language, base=base)
            alt = f"{of.entry.title(seen.language)}: {curve.name}"
            st.plotly_chart(figure, key=f"compare_{curve.code}", alt=alt, config=PLOTLY)


def _twin(of: Compared, seen: Context, *, title: str) -> None:
    with st.container(horizontal=True, key="td_downloads"):
        download.offer(
            seen.t("map.download"),
            partial(csv_of, of),
            file_name=resources.file_name(f"compare-{of.entry.key}.csv", t=seen.t),
            key="compare_csv",
        )
    twin = st.expander(seen.t("chart.table"), key="compare_twin", on_change="rerun")
    if twin.open:
        with twin:
            draw(_table(of, seen, title=title))


def csv_of(of: Compared) -> bytes:
    """Return the figures as CSV; with an index, one column more that holds it."""
    if of.base is None:
        return downloads.csv_of(of.found)
    index = of.shown.select("date", "area_code", index=pl.col("value").round(2))
    figures = of.found.select("date", "area_code", "area", "id", "value", "status")
    joined = figures.join(index, on=["date", "area_code"], how="left").sort("date", "area_code")
    return downloads.plain_csv(joined)


def _table(of: Compared, seen: Context, *, title: str) -> Markup:
    """Return a day a row, an area a column, the newest day on top."""
    cells = _cells(of)
    days = sorted({day for _, day in cells}, reverse=True)
    codes = [code for code in of.names if code not in of.absent]
    rows = [
        (formatting.day(day, language=seen.language),
         *(_cell(*cells.get((code, day), (None, "")), of, seen) for code in codes))
        for day in days
    ]  # fmt: skip
    heads = (seen.t("chart.day"), *(of.names[code] for code in codes))
    return table(heads, rows, caption=title, numeric=range(1, len(codes) + 1), wide=True)


def _cells(of: Compared) -> dict[tuple[str, date], tuple[float | None, str]]:
    status = of.found.select("area_code", "date", "status")
    joined = of.shown.join(status, on=["area_code", "date"], how="left")
    rows = joined.select("area_code", "date", "value", "status").iter_rows()
    return {(code, day): (value, status) for code, day, value, status in rows}


def _cell(value: float | None, status: str, of: Compared, seen: Context) -> str:
    if value is None:
        return status_text(status, seen) or "–"
    if of.base:
        return formatting.number(value, language=seen.language, decimals=1)
    return value_text(value, of.entry, seen)


@section("compare_table")
def table_section() -> None:
    """Draw where each area stands: newest value, how it moved, what it was made of."""
    seen = look(PAGE)
    of = compared(seen)
    if of is None:
        return
    title = seen.t("compare.standing", what=of.entry.title(seen.language))
    draw(element("h2", title, class_="td-section"))
    names = ["area", "value", "day", "change", "above", "below"]
    heads = [seen.t(f"compare.{name}") for name in names]
    rows = [_row(code, of, seen) for code in of.names]
    draw(table(heads, rows, caption=title, numeric=(1, 3, 4, 5), wide=True))
    about = of.entry.about(seen.language)
    if about:
        draw(element("p", about, class_="td-when"))


def _row(code: str, of: Compared, seen: Context) -> tuple[str, ...]:
    own = of.found.filter(pl.col("area_code") == code).sort("date")
    known = own.drop_nulls("value")
    if known.is_empty():
        last = own.tail(1)
        why = status_text(str(last["status"][0]), seen) if last.height else ""
        return (of.names[code], why or "–", "–", "–", "–", "–")
    row = known.row(-1, named=True)
    before = own.filter(pl.col("date") == row["date"] - WEEK)["value"].to_list()
    change = row["value"] - before[0] if before and before[0] is not None else None
    return (
        of.names[code],
        value_text(row["value"], of.entry, seen),
        formatting.day(row["date"], language=seen.language),
        _moved(change, of, seen),
        _part(row["numerator"], seen),
        _part(row["denominator"], seen),
    )


def _moved(change: float | None, of: Compared, seen: Context) -> str:
    if change is None:
        return "–"
    text = of.entry.change(change, language=seen.language)
    return seen.t("card.points", change=text) if of.entry.is_ratio else text


def _part(value: float | None, seen: Context) -> str:
    if value is None:
        return "–"
    decimals = 0 if value == round(value) else 1
    return formatting.number(value, language=seen.language, decimals=decimals)
