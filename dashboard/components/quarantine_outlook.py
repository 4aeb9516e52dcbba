"""Days until beds are full, province by province, beside it who nearby has room."""

from collections.abc import Mapping
from datetime import date, timedelta

import streamlit as st

from dashboard import formatting, loaders
from dashboard import quarantine_days as days
from dashboard.components import command
from dashboard.components.markup import draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.quarantine_days import Filling, Near, Outlook
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.estimates.pace import SPREAD_DAYS
from data_access.indicators.model import WINDOW_DAYS

PAGE = "quarantine"
CAME, LEFT = "quarantine_site_admissions", "quarantine_site_discharges"
FREE = "quarantine_free"
OCCUPANCY, INSIDE = "quarantine_occupancy", "quarantine_occupied"
FULL_DAYS = "quarantine_days_to_full"
HEADS = ("province", "days", "interval", "free", "net")
NEAR_HEADS = ("province", "free", "distance", "border", "occupancy")
AHEAD = 5
"""Provinces that are prepared for where none is full within the days that are watched."""
NAMED = 2
"""Provinces named that could take people in, in a list for several provinces."""
Values = Mapping[str, float | None]


@section("quarantine_outlook")
def outlook() -> None:
    """Draw how long the free beds last, and beside it who could take people in."""
    seen = look(PAGE)
    if seen.day is None:
        return
    place = command.place_of(seen)
    found = outlooks(seen, day=seen.day, areas=place.areas)
    left, right = st.columns(2, gap="medium")
    with left:
        draw(element("h2", seen.t("quarantine.outlook", place=place.name), class_="td-section"))
        if place.code:
            one = found.get(place.code, Outlook(filling=Filling.UNKNOWN))
            draw(element("p", _sentence(one, place.name, seen)))
        else:
            _listed(found, seen, day=seen.day)
        draw(element("p", seen.t("quarantine.outlook_how"), class_="td-when"))
    with right:
        if place.code:
            _near_one(place.code, seen, day=seen.day)
        else:
            _near_each(found, seen, day=seen.day)


def outlooks(seen: Context, *, day: date, areas: tuple[str, ...]) -> dict[str, Outlook]:
    """Return how long the free beds of each province last."""
    start = day - timedelta(days=SPREAD_DAYS - 1)
    span = [start + timedelta(days=n) for n in range(SPREAD_DAYS)]
    ask = Ask(ids=(CAME, LEFT), level=Level.PROVINCE, areas=areas, start=start, end=day)
    flows = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token)
    known = {
        (code, key, one): value
        for code, key, one, value in flows.select("area_code", "id", "date", "value").iter_rows()
    }
    return {
        code: days.outlook(
            free,
            [known.get((code, CAME, one)) for one in span],
            [known.get((code, LEFT, one)) for one in span],
        )
        for code, free in values_of(FREE, seen, day=day, areas=areas).items()
    }


def values_of(
    key: str, seen: Context, *, day: date, areas: tuple[str, ...] = ()
) -> dict[str, float | None]:
    """Return the figure of each province on a day; None where there is none."""
    ask = Ask(ids=(key,), level=Level.PROVINCE, areas=areas, start=day, end=day)
    found = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token)
    return dict(found.select("area_code", "value").iter_rows())


# --- words --------------------------------------------------------------------------------------


def _number(value: float | None, seen: Context, *, decimals: int = 0) -> str:
    if value is None:
        return "–"
    return formatting.number(value, language=seen.language, decimals=decimals)


def _net(one: Outlook, seen: Context) -> str:
    if one.net is None:
        return "–"
    return formatting.signed(one.net, language=seen.language, decimals=1)


def _days(value: float, seen: Context) -> str:
    entry = loaders.entry(FULL_DAYS, viewer=seen.viewer)
    return entry.value(value, language=seen.language) if entry else _number(value, seen, decimals=1)


def span_text(one: Outlook, seen: Context) -> str:
    """Return the interval in words; empty where nothing fills."""
    if one.filling != Filling.FILLING:
        return ""
    if not one.has_interval or one.earliest is None:
        return seen.t("quarantine.no_span")
    low = _days(one.earliest, seen)
    if one.latest is None:
        return seen.t("quarantine.open_span", low=low)
    return seen.t("quarantine.span", low=low, high=_days(one.latest, seen))


def days_text(one: Outlook, seen: Context) -> str:
    """Return the days until full as a table shows them."""
    if one.filling == Filling.FILLING and one.days is not None:
        return _days(one.days, seen)
    words = {
        Filling.FULL: "quarantine.full",
        Filling.NOT_FILLING: "quarantine.not_filling",
        Filling.UNKNOWN: "quarantine.unknown",
        Filling.FILLING: "quarantine.unknown",
    }
    return seen.t(words[one.filling])


def _sentence(one: Outlook, place: str, seen: Context) -> str:
    if one.filling == Filling.FULL:
        return seen.t("quarantine.one_full", place=place)
    if one.filling == Filling.UNKNOWN:
        return seen.t("quarantine.one_unknown", place=place)
    net = _net(one, seen)
    if one.filling == Filling.FILLING:
        return seen.t(
            "quarantine.one_filling",
            place=place, net=net, days=days_text(one, seen), span=span_text(one, seen),
        )  # fmt: skip
    free = _number(one.free, seen)
    text = seen.t("quarantine.one_not_filling", place=place, net=net, free=free)
    if one.earliest is None:
        return text
    low = _days(one.earliest, seen)
    return f"{text} {seen.t('quarantine.one_perhaps', low=low)}"


def _listed(found: Mapping[str, Outlook], seen: Context, *, day: date) -> None:
    names = loaders.names(loaders.vintage_for(day, None), language=seen.language)
    order = sorted((one.days, code) for code, one in found.items() if one.days is not None)
    rows = [
        (
            names.get(code, code),
            days_text(found[code], seen),
            span_text(found[code], seen),
            _number(found[code].free, seen),
            _net(found[code], seen),
        )
        for _, code in order
    ]
    heads = [seen.t(f"quarantine.{name}") for name in HEADS]
    if rows:
        caption = seen.t("quarantine.outlook", place=seen.t("map.all_areas"))
        draw(table(heads, rows, caption=caption, numeric=(1, 3, 4)))
    else:
        draw(element("p", seen.t("quarantine.none_filling"), class_="td-absent"))
    draw(element("p", _rest(found, seen, day=day), class_="td-when"))


def _rest(found: Mapping[str, Outlook], seen: Context, *, day: date) -> str:
    """Return how many are not listed, and of those not known how many have no more people."""
    still = sum(one.filling == Filling.NOT_FILLING for one in found.values())
    unknown = [code for code, one in found.items() if one.filling == Filling.UNKNOWN]
    then, now = (
        values_of(INSIDE, seen, day=one) for one in (day - timedelta(days=WINDOW_DAYS), day)
    )
    pairs = [(then.get(code), now.get(code)) for code in unknown]
    calm = sum(1 for old, new in pairs if old is not None and new is not None and new <= old)
    return seen.t("quarantine.rest", still=still, unknown=len(unknown), calm=calm)


# --- who nearby has room ------------------------------------------------------------------------


def _near(code: str, free: Values, *, day: date) -> tuple[Near, ...]:
    vintage = loaders.vintage_for(day, None)
    centres = loaders.centres(Level.PROVINCE, vintage)
    return days.nearby(code, centres, frozenset(loaders.neighbours(code, vintage)), free)


def _near_one(code: str, seen: Context, *, day: date) -> None:
    names = loaders.names(loaders.vintage_for(day, None), language=seen.language)
    # A province sees its own figures only: of the others it learns where they are.
    free: Values = {} if seen.home else values_of(FREE, seen, day=day)
    busy: Values = {} if seen.home else values_of(OCCUPANCY, seen, day=day)
    rows = [
        (
            names.get(near.code, near.code),
            *([] if seen.home else [_number(near.free, seen)]),
            _number(near.km, seen),
            seen.t("quarantine.yes" if near.beside else "quarantine.no"),
            *([] if seen.home else [_share(busy.get(near.code), seen)]),
        )
        for near in _near(code, free, day=day)
    ]
    columns = NEAR_HEADS[:1] + NEAR_HEADS[2:4] if seen.home else NEAR_HEADS
    heads = [seen.t(f"quarantine.{name}") for name in columns]
    caption = seen.t("quarantine.nearby", place=names.get(code, code))
    draw(element("h2", caption, class_="td-section"))
    draw(table(heads, rows, caption=caption, numeric=(1,) if seen.home else (1, 2, 4)))
    note = "quarantine.nearby_own" if seen.home else "quarantine.nearby_how"
    draw(element("p", seen.t(note), class_="td-when"))


def _share(value: float | None, seen: Context) -> str:
    return "–" if value is None else formatting.percent(value, language=seen.language)


def _near_each(found: Mapping[str, Outlook], seen: Context, *, day: date) -> None:
    caption = seen.t("quarantine.nearby_all")
    draw(element("h2", caption, class_="td-section"))
    order = sorted((one.days, code) for code, one in found.items() if one.days is not None)
    soon = [pair for pair in order if found[pair[1]].is_soon]
    if not soon:
        draw(element("p", seen.t("quarantine.nearby_none")))
        soon = order[:AHEAD]
    if not soon:
        return
    names = loaders.names(loaders.vintage_for(day, None), language=seen.language)
    free = {code: one.free for code, one in found.items()}
    rows = [
        (
            names.get(code, code),
            days_text(found[code], seen),
            _takers(_near(code, free, day=day), names, seen),
        )
        for _, code in soon
    ]
    heads = [seen.t(f"quarantine.{name}") for name in ("short_of", "days", "takes")]
    draw(table(heads, rows, caption=caption, numeric=(1,)))
    draw(element("p", seen.t("quarantine.nearby_how"), class_="td-when"))


def _takers(near: tuple[Near, ...], names: Mapping[str, str], seen: Context) -> str:
    with_room = [one for one in near if one.has_room][:NAMED]
    told = [
        seen.t(
            "quarantine.takes_one",
            name=names.get(one.code, one.code),
            free=_number(one.free, seen),
            km=_number(one.km, seen),
        )
        for one in with_room
    ]
    return "; ".join(told) or seen.t("quarantine.takes_none")
