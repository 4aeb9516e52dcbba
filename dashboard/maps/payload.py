"""What the browser's map receives: one packed message for all days. Pure but for reading the pack.

Figures of every day go over once (a filter change stays far below 50 KB); geometry goes by
address and is kept by the browser.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from dashboard import formatting
from dashboard.catalogue import Entry
from dashboard.i18n import Translate
from dashboard.maps.classes import breaks
from dashboard.maps.marks import Marks
from data_access.reference.names import normalise

STATE_LETTERS: Mapping[str, str] = {
    "": "v",
    "not_reported": "n",
    "not_due": "d",
    "suppressed": "s",
    "not_applicable": "a",
    "not_synchronised": "y",
}
# States that every legend shows, also when no area is in them; the others only when met.
ALWAYS_IN_LEGEND = ("not_reported", "suppressed", "not_applicable")
_TILE_LETTERS = 7


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """The ground of a map.

    Attributes:
        boundaries: address of the areas' geometry; None: tiles.
        islands: address of what is drawn on every map; None: nothing.
        latitude: where the projection is true.
        focus: whether only the listed areas are drawn (a province's districts).
        sea: name and (lon, lat) of a label on the water; None: none.
        note: sentence under the map.
    """

    boundaries: str | None
    islands: str | None
    latitude: float
    focus: bool = False
    sea: tuple[str, tuple[float, float]] | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Slides:
    """The figures of a map.

    Attributes:
        areas: code, name, aliases, and for tiles column, row; in the order of the message.
        figures: area_code, date, value, status; one indicator.
        start: first day.
        end: last day.
    """

    areas: pl.DataFrame
    figures: pl.DataFrame
    start: date
    end: date


@dataclass(frozen=True, kw_only=True)
class Link:
    """What binds maps that stand beside each other: one camera, one step through the days.

    Attributes:
        name: of the group.
        follows: whether another map of the group has the player.
        values: of the other map where both show one indicator: they share the classes.
    """

    name: str
    follows: bool = False
    values: Sequence[float] = ()


def message(  # noqa: PLR0913 -- the parts of one message
    slides: Slides,
    canvas: Canvas,
    *,
    entry: Entry,
    t: Translate,
    language: str,
    day: date,
    selected: str | None,
    compact: bool = False,
    marks: Marks | None = None,
    link: Link | None = None,
) -> dict[str, object]:
    """Return the map's message as plain JSON types."""
    places = entry.decimals + (2 if entry.is_ratio else 0)
    values, states = series(slides, places=places)
    told = [value for row in values for value in row if value is not None]
    beside = link.values if link else ()
    limits = breaks([entry.within(value) for value in (*told, *beside)], decimals=places)
    count = (slides.end - slides.start).days + 1
    return {
        "series": f"{entry.key}|{slides.start}|{count}|{compact}",
        "compact": compact,
        "areas": _areas(slides.areas),
        "start": slides.start.isoformat(),
        "count": count,
        "day": min(max((day - slides.start).days, 0), count - 1),
        "selected": selected,
        "values": values,
        "states": states,
        "breaks": list(limits),
        "ramp": entry.ramp,
        "percent": entry.is_ratio,
        "percentSign": "%" if language == "en" else formatting.NARROW + "%",
        "decimals": entry.decimals,
        "horizon": entry.horizon,
        "unit": "" if entry.is_ratio else entry.unit_text(t),
        "locale": "vi-VN" if language == "vi" else "en-GB",
        "month": "2-digit" if language == "vi" else "short",
        "legend": legend(limits, entry=entry, t=t, language=language),
        "legendTitle": legend_title(entry, t=t, language=language),
        "text": _texts(entry, t=t, language=language),
        "link": link.name if link else "",
        "follows": link.follows if link else False,
        **_ground(canvas),
        **({"marks": _marks(marks)} if marks else {}),
    }


def _marks(marks: Marks) -> dict[str, object]:
    # A list each and no names: a nation's sites are hundreds.
    kinds = [kind for kind, _ in marks.legend]
    points = [
        [
            round(one.at[0], 3), round(one.at[1], 3), one.turn, one.radius,
            kinds.index(one.kind), one.area, one.name, one.text,
        ]
        for one in marks.marks
    ]  # fmt: skip
    arrows = [
        [*(round(one, 3) for one in (*arrow.start, *arrow.end)), arrow.width, arrow.area,
         arrow.name, arrow.text]
        for arrow in marks.arrows
    ]  # fmt: skip
    return {
        "title": marks.title,
        "legend": list(map(list, marks.legend)),
        "points": points,
        **({"arrows": arrows} if arrows else {}),
    }


def _ground(canvas: Canvas) -> dict[str, object]:
    sea = {"name": canvas.sea[0], "at": list(canvas.sea[1])} if canvas.sea else None
    return {
        "boundaries": canvas.boundaries,
        "islands": canvas.islands,
        "latitude": canvas.latitude,
        "focus": canvas.focus,
        "sea": sea,
        "note": canvas.note,
    }


def series(slides: Slides, *, places: int) -> tuple[list[list[float | None]], list[str]]:
    """Return values by area and day, and one letter per day telling each value's state.

    A day that the figures do not name is `not_reported`. Values have the decimals that are shown.
    """
    days = [slides.start + timedelta(days=n) for n in range((slides.end - slides.start).days + 1)]
    known = {
        (code, one): (value, status)
        for code, one, value, status in slides.figures.select(
            "area_code", "date", "value", "status"
        ).iter_rows()
    }
    values: list[list[float | None]] = []
    states: list[str] = []
    for code in slides.areas["code"]:
        cells = [known.get((code, one), (None, "not_reported")) for one in days]
        values.append([_plain(value, places) for value, _ in cells])
        states.append("".join(_letter(value, status) for value, status in cells))
    return values, states


def _plain(value: float | None, places: int) -> float | None:
    if value is None:
        return None
    # Something small must not become a zero: that is a class of its own.
    shown = round(value, places) or float(f"{value:.1g}")
    return int(shown) if shown == int(shown) else shown


def _letter(value: float | None, status: str) -> str:
    if value is None and not status:
        return STATE_LETTERS["not_reported"]
    return STATE_LETTERS.get(status, STATE_LETTERS["not_reported"])


def _areas(areas: pl.DataFrame) -> list[dict[str, object]]:
    rows = []
    for row in areas.iter_rows(named=True):
        spellings = [row["code"], row["name"], *str(row.get("aliases") or "").split("|")]
        area: dict[str, object] = {
            "code": row["code"],
            "name": row["name"],
            "keys": sorted({normalise(text) for text in spellings if text}),
        }
        if row.get("column") is not None:
            area |= {"tile": [row["column"], row["row"]], "short": row["name"][:_TILE_LETTERS]}
        rows.append(area)
    return rows


def legend(
    limits: Sequence[float], *, entry: Entry, t: Translate, language: str
) -> list[dict[str, object]]:
    """Return the rows of the legend: zero, the classes, then what is no figure."""

    def show(value: float) -> str:
        if entry.is_ratio:
            return formatting.percent(value, language=language, decimals=entry.decimals)
        return formatting.short(value, language=language)

    rows: list[dict[str, object]] = [{"kind": "zero", "label": t("map.zero")}]
    for number, limit in enumerate(limits):
        low = f"> {show(limits[number - 1])} – " if number else "≤ "
        rows.append({"kind": f"c{number}", "label": low + show(limit)})
    label = f"> {show(limits[-1])}" if limits else t("map.any_value")
    rows.append({"kind": f"c{len(limits)}", "label": label})
    for status in list(STATE_LETTERS)[1:]:
        rare = status not in ALWAYS_IN_LEGEND
        rows.append({"kind": status, "label": t(f"status.{status}"), "rare": rare})
    return rows


def legend_title(entry: Entry, *, t: Translate, language: str) -> str:
    """Return the legend's heading: what is shown, in which unit."""
    unit = "%" if entry.is_ratio else entry.unit_beside(t, language=language)
    return f"{entry.title(language)} ({unit})" if unit else entry.title(language)


def _texts(entry: Entry, *, t: Translate, language: str) -> dict[str, object]:
    names = ("search", "nothing", "day", "speed", "play", "pause", "closer", "farther", "whole")
    states = {status: t(f"status.{status}") for status in STATE_LETTERS if status}
    alt = t("map.alt", indicator=entry.title(language))
    return {**{name: t(f"map.{name}") for name in names}, "states": states, "alt": alt}


def pack_message(content: Mapping[str, object]) -> bytes:
    """Return the message as it goes over: JSON, deflated."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return zlib.compress(text.encode(), level=9)
