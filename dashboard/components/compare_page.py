"""The compare page: which areas, which indicator in which form, and their figures."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import streamlit as st

from dashboard import filters, formatting, indexing, loaders
from dashboard.catalogue import Entry
from dashboard.components import command
from dashboard.components.markup import Markup, draw, element
from dashboard.components.section import section
from dashboard.components.series import value_text
from dashboard.context import Context, look
from dashboard.view import INDEX, MOST_AREAS, PER_PEOPLE, SMOOTH, SPANS
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.indicators.forms import form_of
from data_access.indicators.registry import INDICATORS

PAGE = "compare"
ADDRESS = ("date", "areas", "indicator", "span", "per", "smooth", "scale")
OPENING = "incidence_7d_per_100k"
FEWEST = 2
OPENED_WITH = 3
OFFERED = (Level.NATIONAL.value, Level.PROVINCE.value, Level.DISTRICT.value)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What is compared, with its figures.

    Attributes:
        entry: the indicator in the form asked for.
        names: of the areas by code, in the order chosen.
        whole: code of the area that holds the others, if it is among them.
        found: figures of the areas (columns of `loaders.figures`), sorted by area and date.
        shown: date, area_code, value as drawn: the figures, or the index of those that have one.
        absent: why an area has no index, by code; empty without index.
        base: the day that is 100; None without index.
    """

    entry: Entry
    names: dict[str, str]
    whole: str | None
    found: pl.DataFrame
    shown: pl.DataFrame
    absent: dict[str, str]
    base: date | None


def offered(seen: Context) -> dict[str, tuple[str, str]]:
    """Return the areas that may be compared: level and name by code.

    The nation and its provinces; for a province's viewer the province and its districts.
    """
    vintage = loaders.vintage_for(seen.day, None)
    levels = OFFERED[:2] if seen.viewer.everywhere else OFFERED[1:]
    found: dict[str, tuple[str, str]] = {}
    for level in levels:
        inside = seen.home if level == Level.DISTRICT.value else None
        if level == Level.NATIONAL.value:
            areas = loaders.nation(vintage, language=seen.language)
        else:
            ground = (level, vintage, inside)
            areas = loaders.areas_of(ground, viewer=seen.viewer, language=seen.language)
        found |= {code: (level, name) for code, name in areas.select("code", "name").iter_rows()}
    return found


def chosen_codes(seen: Context) -> tuple[str, ...]:
    """Return the areas chosen that may be compared; none chosen: those the page opens with."""
    known = offered(seen)
    chosen = tuple(code for code in filters.current().areas if code in known)
    return chosen or _opening(seen, known)


def _opening(seen: Context, known: dict[str, tuple[str, str]]) -> tuple[str, ...]:
    """Return the largest area in view and the parts of it with the largest figures that day."""
    whole, part = (OFFERED[0], OFFERED[1]) if seen.viewer.everywhere else (OFFERED[1], OFFERED[2])
    first = [code for code, (level, _) in known.items() if level == whole]
    ask = Ask(ids=("cases_7d_mean",), level=Level(part), start=seen.day, end=seen.day,
              areas=(seen.home,) if seen.home else ())  # fmt: skip
    found = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token).drop_nulls("value")
    order = found.sort("value", "area_code", descending=[True, False])["area_code"].to_list()
    rest = [code for code, (level, _) in known.items() if level == part and code not in order]
    parts = [code for code in (*order, *rest) if code in known]
    return (*first, *parts[:OPENED_WITH])


def choices(seen: Context) -> dict[str, str]:
    """Return every indicator in view: title by id."""
    entries = ((key, loaders.entry(key, viewer=seen.viewer)) for key in INDICATORS)
    return {key: entry.title(seen.language) for key, entry in entries if entry}


def chosen_entry(seen: Context) -> Entry:
    """Return the indicator chosen in the form asked for.

    Raises:
        KeyError: if there is none.
    """
    view, known = filters.current(), choices(seen)
    key = view.indicator if view.indicator in known else OPENING
    formed = form_of(key, week=view.smooth == SMOOTH, rate=view.per == PER_PEOPLE)
    entry = loaders.entry(formed, viewer=seen.viewer)
    if entry is None:
        raise KeyError(formed)
    return entry


def controls() -> None:
    """Offer areas, indicator, days and form; each is in the address."""
    seen = look(PAGE)
    if not filters.current().areas:
        filters.change(areas=chosen_codes(seen))
    known, titles = offered(seen), choices(seen)
    filters.several(
        "areas",
        label=seen.t("compare.areas", n=FEWEST, m=MOST_AREAS),
        options=tuple(known),
        format_option=lambda code: known[code][1],
        most=MOST_AREAS,
        prompt=seen.t("compare.prompt"),
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="td_filters"):
        if filters.current().indicator not in titles:
            filters.change(indicator=OPENING)
        filters.indicator_choice(tuple(titles), format_option=titles.__getitem__)
        filters.choice(
            "span",
            label=seen.t("command.span"),
            options=(SPANS[1], SPANS[0], *SPANS[2:]),
            format_option=lambda days: _span_name(days, seen),
        )
        _forms(filters.current().indicator or OPENING, seen)


def _span_name(days: int, seen: Context) -> str:
    return seen.t("map.span_all") if days == SPANS[-1] else seen.t("map.span_days", n=days)


def _forms(key: str, seen: Context) -> None:
    per, smooth = seen.t("command.per"), seen.t("command.smooth")
    filters.switch("per", label=per, on=PER_PEOPLE, possible=form_of(key, rate=True) != key)
    filters.switch("smooth", label=smooth, on=SMOOTH, possible=form_of(key, week=True) != key)
    filters.switch("scale", label=seen.t("compare.index"), on=INDEX, possible=True)


def compared(seen: Context) -> Compared | None:
    """Return what is compared; None without figures at all, or with fewer than two areas."""
    known, codes = offered(seen), chosen_codes(seen)
    if seen.day is None or len(codes) < FEWEST:
        return None
    entry = chosen_entry(seen)
    base = command.start_of(seen.day)
    found = figures_of({code: known[code][0] for code in codes}, entry, seen, start=base)
    names = {code: known[code][1] for code in codes}
    top = OFFERED[0] if seen.viewer.everywhere else OFFERED[1]
    whole = next((code for code in codes if known[code][0] == top), None)
    if filters.current().scale != INDEX:
        shown = found.select("date", "area_code", "value")
        return Compared(entry=entry, names=names, whole=whole, found=found, shown=shown,
                        absent={}, base=None)  # fmt: skip
    drawn = indexing.indexed(found.select("date", "area_code", "value"), base=base)
    return Compared(entry=entry, names=names, whole=whole, found=found, shown=drawn.daily,
                    absent=dict(drawn.absent), base=base)  # fmt: skip


def figures_of(levels: dict[str, str], entry: Entry, seen: Context, *, start: date) -> pl.DataFrame:
    """Return the figures of some areas, level by level: one question knows one level."""
    vintage = loaders.vintage_for(seen.day, None)
    found = []
    for level in dict.fromkeys(levels.values()):
        of_level = tuple(code for code, own in levels.items() if own == level)
        national = level == Level.NATIONAL.value
        ask = Ask(ids=(entry.key,), level=Level(level), areas=() if national else of_level,
                  start=start, end=seen.day, vintage=vintage)  # fmt: skip
        found.append(loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token))
    return pl.concat(found).sort("area_code", "date")


def last_values(of: Compared) -> dict[str, tuple[date, float]]:
    """Return each area's newest value with its day, by code; areas without one are left out."""
    known = of.found.drop_nulls("value").sort("date").group_by("area_code").last()
    return {code: (day, value) for code, day, value in
            known.select("area_code", "date", "value").iter_rows()}  # fmt: skip


@section("compare_sentence")
def sentence_section() -> None:
    """Say on top which area is highest, which lowest, on the newest day that all have."""
    seen = look(PAGE)
    of = compared(seen)
    if of is None:
        return
    draw(element("p", _sentence(of, seen), class_="td-lede"))


def _sentence(of: Compared, seen: Context) -> str | Markup:
    t, language = seen.t, seen.language
    title = of.entry.title(language)
    days = [
        set(of.found.filter(pl.col("area_code") == code).drop_nulls("value")["date"])
        for code in of.names
    ]
    common = set.intersection(*days)
    if not common:
        return t("compare.no_day", what=title)
    day = max(common)
    rows = of.found.filter(pl.col("date") == day, pl.col("area_code").is_in(list(of.names)))
    values = dict(rows.select("area_code", "value").iter_rows())
    parts = [code for code in values if code != of.whole]
    apart = len(parts) >= FEWEST and of.whole in values  # a whole is no rival of its parts
    ordered = sorted(parts if apart else values, key=lambda code: (-values[code], code))
    high, low = ordered[0], ordered[-1]
    whole = {}
    if apart and of.whole:
        whole = {"whole": of.names[of.whole], "whole_value": _figure(values[of.whole], of, seen)}
    return t(
        "compare.sentence_whole" if whole else "compare.sentence",
        **whole,
        what=title,
        day=formatting.day(day, language=language),
        high=of.names[high],
        high_value=_figure(values[high], of, seen),
        low=of.names[low],
        low_value=_figure(values[low], of, seen),
    )


def _figure(value: float, of: Compared, seen: Context) -> str:
    unit = of.entry.unit_text(seen.t)
    text = value_text(value, of.entry, seen)
    # The title names the unit where it is a rate.
    return f"{text} {unit}" if unit and unit not in of.entry.title(seen.language) else text


def complete_until(entry: Entry, seen: Context) -> date:
    """Return the last day that is usually complete."""
    return seen.moment.date() - timedelta(days=loaders.lag_days(entry.key) + 1)
