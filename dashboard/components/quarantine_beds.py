"""Beds and people by kind, admissions against discharges, and whether stock and flow agree."""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl
import streamlit as st

from dashboard import formatting, loaders
from dashboard.charts.flows import Line
from dashboard.charts.flows import flows as lines_of
from dashboard.code_names import code_name
from dashboard.command_sentence import listed
from dashboard.components import command
from dashboard.components.markup import draw, element
from dashboard.components.quarantine_outlook import CAME, INSIDE, LEFT, PAGE, values_of
from dashboard.components.section import section
from dashboard.components.series import PLOTLY
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.quarantine_days import residual
from data_access.contracts.quarantine import FACILITY_KIND
from data_access.cube.query import Ask

TOTAL, USABLE = "quarantine_beds_total", "quarantine_beds"
FREE, OCCUPANCY = "quarantine_free", "quarantine_occupancy"
HOME = "nha_o"
Cells = Mapping[tuple[str, str], float | None]


@section("quarantine_beds")
def beds() -> None:
    """Draw beds and people by kind beside admissions and discharges over time."""
    seen = look(PAGE)
    if seen.day is None:
        return
    place = command.place_of(seen)
    left, right = st.columns(2, gap="medium")
    with left:
        _kinds(place, seen, day=seen.day)
        _balance(place, seen, day=seen.day)
    with right:
        _flows(place, seen, day=seen.day)


# --- by kind ------------------------------------------------------------------------------------


def _kinds(place: command.Place, seen: Context, *, day: date) -> None:
    shown = formatting.day(day, language=seen.language)
    title = seen.t("quarantine.kinds", place=place.name, day=shown)
    draw(element("h2", title, class_="td-section"))
    cells = _cells(place, seen, day=day, by="kind")
    whole = _cells(place, seen, day=day)
    if not any(value is not None for value in (*cells.values(), *whole.values())):
        draw(element("p", seen.t("command.no_cut"), class_="td-absent"))
        return
    # A code that is known elsewhere alone is no kind of this place.
    codes = {code for (code, _), value in cells.items() if value is not None}
    known = [code for code in FACILITY_KIND if code in codes]
    rows = [_row(code, cells, seen) for code in (*known, *sorted(codes - set(known)))]
    rows.append(_row("", whole, seen))
    heads = [seen.t(f"quarantine.{name}") for name in KIND_HEADS]
    draw(table(heads, rows, caption=title, numeric=(1, 2, 3, 4, 5), chosen=len(rows) - 1))


KIND_HEADS = ("kind", "total", "usable", "occupied", "free", "occupancy")


def _cells(place: command.Place, seen: Context, *, day: date, by: str = "") -> Cells:
    # Of the whole the page has figures of its own: whoever is at home takes no bed.
    ids = (TOTAL, USABLE, INSIDE) if by else (TOTAL, USABLE, INSIDE, FREE, OCCUPANCY)
    ask = Ask(ids=ids, areas=place.areas, start=day, end=day, by=by)
    found = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token)
    code = pl.col(by) if by else pl.lit("")
    told = found.select(code.fill_null("").alias("code"), "id", "value")
    return {(code, key): value for code, key, value in told.iter_rows()}


def _row(code: str, cells: Cells, seen: Context) -> tuple[str, ...]:
    total, usable, inside = (cells.get((code, key)) for key in (TOTAL, USABLE, INSIDE))
    name = (
        code_name(code, platform=PAGE, by="kind", t=seen.t, language=seen.language)
        if code
        else seen.t("quarantine.all_kinds")
    )
    if code == HOME and not usable:
        none = seen.t("quarantine.home_no_beds")
        return name, none, none, _number(inside, seen), "–", "–"
    free, share = cells.get((code, FREE)), cells.get((code, OCCUPANCY))
    if code and usable is not None and inside is not None:
        free, share = usable - inside, inside / usable if usable else None
    return (
        name,
        *(_number(value, seen) for value in (total, usable, inside, free)),
        "–" if share is None else formatting.percent(share, language=seen.language),
    )


def _number(value: float | None, seen: Context) -> str:
    return "–" if value is None else formatting.number(value, language=seen.language)


# --- admissions and discharges ------------------------------------------------------------------


def _flows(place: command.Place, seen: Context, *, day: date) -> None:
    title = seen.t("quarantine.flows", place=place.name)
    draw(element("h2", title, class_="td-section"))
    start = command.start_of(day)
    ask = Ask(ids=(CAME, LEFT), areas=place.areas, start=start, end=day)
    found = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token).drop_nulls("value")
    if found.is_empty():
        draw(element("p", seen.t("quarantine.no_flows"), class_="td-absent"))
        return
    known = {(key, one): value for key, one, value in found.select("id", "date", "value").rows()}
    first: date = found["date"].min()  # type: ignore[assignment]
    span = [first + timedelta(days=n) for n in range((day - first).days + 1)]
    names = {CAME: seen.t("quarantine.came"), LEFT: seen.t("quarantine.left")}
    lines = [
        Line(name=name, values=[known.get((key, one)) for one in span])
        for key, name in names.items()
    ]
    figure = lines_of(span, lines, language=seen.language)
    st.plotly_chart(figure, key="quarantine_flows", alt=title, config=PLOTLY)
    twin = st.expander(seen.t("chart.table"), key="quarantine_flows_twin", on_change="rerun")
    if twin.open:
        with twin:
            rows = [
                (
                    formatting.day(one, language=seen.language),
                    *(_number(known.get((key, one)), seen) for key in names),
                )
                for one in reversed(span)
            ]
            heads = (seen.t("chart.day"), *names.values())
            draw(table(heads, rows, caption=title, numeric=(1, 2)))


# --- stock and flow -----------------------------------------------------------------------------


def _balance(place: command.Place, seen: Context, *, day: date) -> None:
    draw(element("h3", seen.t("quarantine.balance"), class_="td-part"))
    terms = (
        values_of(INSIDE, seen, day=day - timedelta(days=1), areas=place.areas),
        values_of(CAME, seen, day=day, areas=place.areas),
        values_of(LEFT, seen, day=day, areas=place.areas),
        values_of(INSIDE, seen, day=day, areas=place.areas),
    )
    codes = dict.fromkeys(code for one in terms for code in one)
    told = {code: tuple(one.get(code) for one in terms) for code in codes}
    gaps = {code: residual(*four) for code, four in told.items()}
    known = {code: gap for code, gap in gaps.items() if gap is not None}
    words = {"day": formatting.day(day, language=seen.language)}
    if not known:
        draw(element("p", seen.t("quarantine.balance_none", **words), class_="td-absent"))
        return
    if place.code in known:
        figures = (*told[place.code], known[place.code])
        parts = zip(("before", "came", "left", "now", "gap"), figures, strict=True)
        numbers = {name: _number(value, seen) for name, value in parts}
        text = seen.t("quarantine.balance_one", place=place.name, **words, **numbers)
    else:
        text = _of_all(known, len(gaps) - len(known), seen, day=day)
    draw(element("p", text))
    draw(element("p", seen.t("quarantine.balance_how"), class_="td-when"))


def _of_all(known: Mapping[str, float], n_unknown: int, seen: Context, *, day: date) -> str:
    words = {"day": formatting.day(day, language=seen.language)}
    off = sorted(
        ((gap, code) for code, gap in known.items() if gap), key=lambda one: (-abs(one[0]), one[1])
    )
    text = seen.t("quarantine.balance_fits", n=len(known), **words)
    if off:
        names = loaders.names(loaders.vintage_for(day, None), language=seen.language)
        told = [
            f"{names.get(code, code)} ({formatting.signed(gap, language=seen.language)})"
            for gap, code in off
        ]
        both = listed(told, t=seen.t)
        text = seen.t("quarantine.balance_off", n=len(off), of=len(known), names=both, **words)
    if n_unknown:
        text = f"{text} {seen.t('quarantine.balance_unknown', n=n_unknown)}"
    return text
