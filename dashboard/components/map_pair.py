"""One map, or two beside each other with one camera: a second indicator, or a second day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from dashboard import filters, loaders
from dashboard.catalogue import Entry
from dashboard.components import map_view
from dashboard.components.markup import draw, element
from dashboard.context import Context
from dashboard.view import SPANS


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the first map shows.

    Attributes:
        entry: what is mapped.
        ground: which areas.
        start: first day of the slider.
        end: last day.
        day: the day it opened with.
        selected: the area it opened with.
        picked: the day on screen.
    """

    entry: Entry
    ground: map_view.Ground
    start: date
    end: date
    day: date
    selected: str | None
    picked: date


def is_asked() -> bool:
    """Return whether a second map is wanted."""
    view = filters.current()
    return bool(view.indicator2 or view.day2)


def controls(titles: Mapping[str, str], seen: Context) -> None:
    """Offer indicator and day of the second map; both are in the address."""
    filters.choice(
        "indicator2",
        label=seen.t("map.second"),
        options=(None, *titles),
        format_option=lambda key: titles.get(key) or seen.t("map.no_second"),
    )
    if seen.last:
        first = seen.last - timedelta(days=SPANS[-1])
        filters.second_day(label=seen.t("map.second_day"), first=first, last=seen.last)


def keep_apart(before: date, now: date) -> None:
    """Move the second map's day with the first one's: playing goes through both."""
    apart = filters.current().day2
    if apart:
        filters.change(day2=apart + (now - before))


def draw_one(shown: Shown, seen: Context) -> None:
    """Draw the one map."""
    map_view.full(
        shown.entry, shown.ground, seen, start=shown.start, end=shown.end, day=shown.day,
        selected=shown.selected, marks=filters.current().layer or "",
    )  # fmt: skip


def draw_both(shown: Shown, seen: Context) -> None:
    """Draw both; the second follows the first through days as far apart as the two chosen."""
    view = filters.current()
    other = loaders.entry(view.indicator2 or shown.entry.key, viewer=seen.viewer) or shown.entry
    apart = (view.day2 - shown.picked) if view.day2 else timedelta()
    asks = [
        map_view.ask_of(entry, shown.ground, start=shown.start + by, end=shown.end + by)
        for entry, by in ((shown.entry, timedelta()), (other, apart))
    ]
    is_same = other.key == shown.entry.key
    left, right = st.columns(2, gap="medium")
    for column, entry, by, follows in (
        (left, shown.entry, timedelta(), False), (right, other, apart, True),
    ):  # fmt: skip
        with column:
            draw(element("h2", entry.title(seen.language), class_="td-section"))
            map_view.full(
                entry, shown.ground, seen, start=shown.start + by, end=shown.end + by,
                day=shown.day + by, selected=shown.selected, marks=view.layer or "",
                beside=map_view.Beside(
                    follows=follows, ask=asks[0 if follows else 1] if is_same else None
                ),
            )  # fmt: skip
