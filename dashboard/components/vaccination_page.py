"""What the vaccination page alone has: denominators, second doses due, stock, spread."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl
import streamlit as st

from dashboard import formatting, loaders, vaccination_tables
from dashboard.code_names import code_name
from dashboard.components import command
from dashboard.components.markup import Child, draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.estimates.pace import SPREAD_DAYS, reached
from data_access.indicators.vaccination import TARGET

PAGE = "vaccination"
WEEK = timedelta(days=6)
SPREAD = timedelta(days=SPREAD_DAYS - 1)
FAR_DAYS = 730
COVERAGE = ("vaccination_coverage_1", "vaccination_coverage_full")


def _figures(
    seen: Context, ids: tuple[str, ...], *, start: date | None, by: str = "", denominator: str = ""
) -> pl.DataFrame:
    ask = Ask(ids=ids, areas=command.place_of(seen).areas, start=start, end=seen.day, by=by,
              denominator=denominator)  # fmt: skip
    return loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token)


@section("vaccination_denominators")
def denominators_section() -> None:
    """Draw coverage under every declared denominator; more than the whole is a finding."""
    seen = look(PAGE)
    if seen.day is None:
        return
    title = seen.t("vaccination_page.denominators")
    draw(element("h2", title, class_="td-section"))
    cells = [
        row
        for one in loaders.populations(loaders.population_group(COVERAGE[0]))
        if (row := _under(one.id, one.label.get(seen.language, one.id), seen))
    ]
    if not cells:
        draw(element("p", seen.t("error.no_figures"), class_="td-absent"))
        return
    heads = ("denominator", "people", "first", "first_share", "full", "full_share", "target")
    titles = tuple(seen.t(f"vaccination_page.{head}") for head in heads)
    draw(table(titles, cells, caption=title, numeric=(1, 2, 3, 4, 5), wide=True))
    draw(element("p", seen.t("vaccination_page.denominators_note"), class_="td-when"))


def _under(key: str, label: str, seen: Context) -> tuple[Child, ...] | None:
    found = _figures(seen, COVERAGE, start=seen.day, denominator=key)
    day, start = seen.day, seen.day - SPREAD if seen.day else None
    daily = _figures(seen, ("doses_1",), start=start).sort("date")["value"].to_list()
    rows = {row["id"]: row for row in found.iter_rows(named=True)}
    first, full = (rows.get(one, {}) for one in COVERAGE)
    if first.get("value") is None:
        return None
    return (
        label,
        _number(first.get("denominator"), seen),
        _number(first.get("numerator"), seen),
        _share(first.get("value"), seen),
        _number(full.get("numerator"), seen),
        _share(full.get("value"), seen),
        _target(first, daily, day, seen),
    )


def _target(
    first: Mapping[str, float], daily: Sequence[float | None], day: date | None, seen: Context
) -> str:
    """Return the day on which the target is reached at the pace of the last week, with interval."""
    people, done = first.get("denominator"), first.get("numerator")
    if day is None or people is None or done is None:
        return "–"
    found = reached(TARGET * people - done, daily)
    if found is None:
        return seen.t("vaccination_page.target_never")
    if found.days == 0:
        return seen.t("vaccination_page.target_reached")
    ends = [
        "?" if days is None else _day_after(day, days, seen)
        for days in (found.earliest, found.latest)
    ]
    when = _day_after(day, found.days, seen)
    return f"{when} ({ends[0]}–{ends[1]})" if found.has_interval else when


def _day_after(day: date, days: float, seen: Context) -> str:
    if days > FAR_DAYS:
        return seen.t("vaccination_page.target_far")
    return formatting.day(day + timedelta(days=math.ceil(days)), language=seen.language)


def _number(value: float | None, seen: Context) -> str:
    return "–" if value is None else formatting.number(value, language=seen.language)


def _share(value: float | None, seen: Context) -> Child:
    if value is None:
        return "–"
    text = formatting.percent(value, language=seen.language)
    if value <= 1:
        return text
    return element("span", f"{text} · {seen.t('vaccination_page.over')}", class_="td-finding")


@section("vaccination_due")
def due_section() -> None:
    """Draw who may have a second dose and who should have had it."""
    seen = look(PAGE)
    if seen.day is None:
        return
    title = seen.t("vaccination_page.due")
    draw(element("h2", title, class_="td-section"))
    first = _figures(seen, ("doses_1",), start=None, by="product")
    second = _figures(seen, ("doses_2",), start=None, by="product")
    rows = vaccination_tables.second_doses(first, second, day=seen.day)
    if not rows:
        draw(element("p", seen.t("vaccination_page.no_products"), class_="td-absent"))
        return
    cells = [
        (
            _product(row.product, seen),
            *(_number(n, seen) for n in (row.first, row.second, row.may, row.late)),
        )
        for row in rows
    ]
    heads = ("product", "first", "second", "may", "late")
    titles = tuple(seen.t(f"vaccination_page.{head}") for head in heads)
    draw(table(titles, cells, caption=title, numeric=(1, 2, 3, 4)))
    draw(element("p", seen.t("vaccination_page.due_note"), class_="td-when"))


def _product(code: str, seen: Context) -> str:
    return code_name(code, platform=PAGE, by="product", t=seen.t, language=seen.language)


@section("vaccination_stock")
def stock_section() -> None:
    """Draw what each product's stock lasts, what expires, what is wasted."""
    seen = look(PAGE)
    if seen.day is None:
        return
    title = seen.t("vaccination_page.stock")
    draw(element("h2", title, class_="td-section"))
    found = _figures(seen, vaccination_tables.STOCK_IDS, start=seen.day - WEEK, by="product")
    rows = vaccination_tables.stocks(found, day=seen.day)
    if not rows:
        draw(element("p", seen.t("vaccination_page.no_ledger"), class_="td-absent"))
        return
    cells = [
        (
            _product(row.product, seen),
            _number(row.held, seen),
            _number(row.per_day, seen),
            "–"
            if row.days is None
            else formatting.number(row.days, language=seen.language, decimals=1),
            _number(row.near_expiry, seen),
            _number(row.expired, seen),
            "–"
            if row.wasted_share is None
            else formatting.percent(row.wasted_share, language=seen.language, decimals=2),
        )
        for row in rows
    ]
    heads = ("product", "held", "per_day", "days", "near_expiry", "expired", "wasted")
    titles = tuple(seen.t(f"vaccination_page.{head}") for head in heads)
    draw(table(titles, cells, caption=title, numeric=(1, 2, 3, 4, 5, 6), wide=True))
    draw(element("p", seen.t("vaccination_page.stock_note"), class_="td-when"))


@section("vaccination_spread")
def spread_section() -> None:
    """Draw how unequal the provinces are; nothing for a viewer of one province."""
    seen = look(PAGE)
    if seen.day is None or seen.home:
        return
    title = seen.t("vaccination_page.spread")
    draw(element("h2", title, class_="td-section"))
    ask = Ask(ids=COVERAGE[:1], level=Level.PROVINCE, start=seen.day, end=seen.day)
    told = vaccination_tables.spread(loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token))
    if told is None:
        draw(element("p", seen.t("error.no_figures"), class_="td-absent"))
        return
    words = {
        "n": told.counted,
        "low": formatting.percent(told.low, language=seen.language),
        "high": formatting.percent(told.high, language=seen.language),
        "behind": formatting.number(told.behind, language=seen.language),
        "people": formatting.number(told.people, language=seen.language),
    }
    draw(element("p", seen.t("vaccination_page.spread_said", **words), class_="td-say"))
    names = loaders.names(loaders.vintage_for(seen.day, None), language=seen.language)
    sides = st.columns(2, gap="medium")
    for side, key, rows in zip(
        sides, ("lowest", "highest"), (told.lowest, told.highest), strict=True
    ):
        with side:
            caption = seen.t(f"vaccination_page.{key}")
            cells = [(names.get(code, code), _share(value, seen)) for code, value in rows]
            draw(table((caption, seen.t("map.value")), cells, caption=caption, numeric=(1,)))
