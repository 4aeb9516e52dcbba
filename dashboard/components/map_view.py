"""Maps on a page: which ground, which figures, and what the person picked on them."""

from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from dashboard import loaders, watched
from dashboard.catalogue import Entry
from dashboard.context import Context
from dashboard.maps import component
from data_access.codes import Level
from data_access.cube.query import Ask

COMPACT, FULL, SECOND = "map_small", "map_full", "map_second"
LINK = "pair"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Which areas a map shows.

    Attributes:
        level: their level.
        vintage: their vintage.
        inside: code of the province whose parts are shown; None: all of the nation.
    """

    level: str
    vintage: str
    inside: str | None = None


def ground_of(entry: Entry, seen: Context, *, day: date) -> Ground:
    """Return the ground of a day's map: a province sees its districts where they have figures."""
    vintage = loaders.vintage_for(day, None)
    country = Ground(level=Level.PROVINCE.value, vintage=vintage)
    if not seen.home or not loaders.has_level(Level.DISTRICT.value, vintage, seen.home):
        return country
    own = Ground(level=Level.DISTRICT.value, vintage=vintage, inside=seen.home)
    ask = ask_of(entry, own, start=day, end=day)
    known = loaders.day_range(viewer=seen.viewer, ask=ask, token=seen.token)
    return own if known else country


def inside(code: str | None, *, day: date) -> Ground:
    """Return the ground of a place: the districts of a province, else the provinces."""
    vintage = loaders.vintage_for(day, None)
    if code and loaders.has_level(Level.DISTRICT.value, vintage, code):
        return Ground(level=Level.DISTRICT.value, vintage=vintage, inside=code)
    return Ground(level=Level.PROVINCE.value, vintage=vintage)


def ask_of(
    entry: Entry, ground: Ground, *, start: date | None, end: date | None, denominator: str = ""
) -> Ask:
    """Return the question behind a map."""
    return Ask(
        ids=(entry.key,),
        level=Level(ground.level),
        areas=(ground.inside,) if ground.inside else (),
        start=start,
        end=end,
        vintage=ground.vintage,
        denominator=denominator,
    )


def compact(
    entry: Entry,
    seen: Context,
    *,
    selected: str | None = None,
    denominator: str = "",
    marks: str = "",
    ground: Ground | None = None,
    key: str = COMPACT,
) -> None:
    """Draw the day on screen without a player, on a ground of its own where one is given.

    A map of other areas has a key of its own: what is picked on one is no choice on another.
    `marks` is as in `loaders_maps.map_message`.
    """
    if seen.day is None:
        return
    ground = ground or ground_of(entry, seen, day=seen.day)
    ask = ask_of(entry, ground, start=seen.day, end=seen.day, denominator=denominator)
    packed = watched.map_message(
        viewer=seen.viewer,
        ask=ask,
        token=seen.token,
        entry=entry,
        ground=(ground.level, ground.vintage, ground.inside),
        language=seen.language,
        day=seen.day,
        selected=selected,
        compact=True,
        marks=marks,
    )
    component.paint(packed, key=key)


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What binds a map to another one beside it.

    Attributes:
        follows: whether the other one has the player.
        ask: the other one's question, where both show one indicator.
    """

    follows: bool
    ask: Ask | None


def full(  # noqa: PLR0913 -- the parts of one map
    entry: Entry, ground: Ground, seen: Context, *, start: date, end: date, day: date,
    selected: str | None, marks: str = "", beside: Beside | None = None,
) -> None:  # fmt: skip
    """Draw the map with its player over a span of days; marks are those of the day it opened."""
    packed = watched.map_message(
        viewer=seen.viewer,
        ask=ask_of(entry, ground, start=start, end=end),
        token=seen.token,
        entry=entry,
        ground=(ground.level, ground.vintage, ground.inside),
        language=seen.language,
        day=day,
        selected=selected,
        compact=False,
        marks=marks,
        link=LINK if beside else "",
        follows=bool(beside and beside.follows),
        beside=beside.ask if beside else None,
    )
    component.paint(packed, key=SECOND if beside and beside.follows else FULL)


def picked(key: str) -> str | None:
    """Return the area the person picked on a map."""
    return component.said(key, "selected")


def news(key: str) -> tuple[str | None, date | None]:
    """Return what the person picked on a map since the last look: area, day; None for no news.

    Only news counts: a day said long ago must not overrule a choice made elsewhere since.
    """
    said = (component.said(key, "selected"), component.said(key, "day"))
    heard = st.session_state.get(f"{key}_heard", (None, None))
    st.session_state[f"{key}_heard"] = said
    area, day = (new if new != old else None for new, old in zip(said, heard, strict=True))
    return area, date.fromisoformat(day) if day else None


def is_painted(key: str) -> bool:
    """Return whether a map is on screen, so that larger things may load."""
    return component.said(key, "ready") is not None


def span_of(day: date, first: date, last: date, *, days: int) -> tuple[date, date]:
    """Return the days on the slider: up to the newest, if the day on screen is among them.

    Otherwise up to the day on screen: one source that runs on must not move the country's day.
    """
    back = timedelta(days=days - 1)
    end = last if last - back <= day <= last else day
    return min(day, max(first, end - back)), end


def opening(day: date, selected: str | None, *, series: str) -> tuple[date, str | None]:
    """Return day and area a map opened with.

    They stay as they were while the same series is shown: the map itself remembers what the
    person did since, and a message that does not change is not sent again.
    """
    kept = st.session_state.get("map_opening")
    if kept is None or kept[0] != series:
        st.session_state["map_opening"] = kept = (series, day, selected)
    return kept[1], kept[2]
