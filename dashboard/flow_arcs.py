"""Movements between provinces as arrows on a map and as a table. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt

import polars as pl

from dashboard import formatting
from dashboard.i18n import Translate
from dashboard.maps.marks import Arrow, Centres, Marks

MOST = 40
"""Arrows at most: more would cover the country. The table holds all."""
THINNEST, WIDEST = 1.5, 8.0


@dataclass(frozen=True, kw_only=True)
class Flow:
    """People who went from one province to another.

    Attributes:
        origin: area code.
        destination: area code.
        persons: different people.
        back: people the other way; None: not shown or none.
        last_day: newest day of such a movement.
    """

    origin: str
    destination: str
    persons: int
    back: int | None
    last_day: date


def listed(found: pl.DataFrame, *, area: str | None) -> tuple[Flow, ...]:
    """Return the flows that touch an area (None: all), most people first.

    Args:
        found: as `data_access.travel.flows` gives it.
        area: code of a province.
    """
    rows = list(
        found.drop_nulls("persons")
        .select("origin", "destination", "persons", "last_day")
        .iter_rows()
    )  # fmt: skip
    known = {(origin, destination): persons for origin, destination, persons, _ in rows}
    return tuple(
        Flow(origin=origin, destination=destination, persons=persons,
             back=known.get((destination, origin)), last_day=last_day)
        for origin, destination, persons, last_day in rows
        if area is None or area in (origin, destination)
    )  # fmt: skip


def hidden(found: pl.DataFrame) -> int:
    """Return how many flows were too small to be shown."""
    return int(found.filter(pl.col("persons").is_null())["pairs"].sum())


def on_map(
    found: pl.DataFrame, provinces: Centres, names: Mapping[str, str], *, area: str | None,
    t: Translate, language: str,
) -> Marks | None:  # fmt: skip
    """Return the largest flows as arrows; None without any that can be drawn.

    An arrow's width grows with the square root of the people, so that small ones are still seen.

    Args:
        found: as `data_access.travel.flows` gives it.
        provinces: their centres.
        names: of the provinces.
        area: only flows that touch this province; None: all.
        t: texts of the language.
        language: `vi` or `en`.
    """
    flows = [
        (one, start, end)
        for one in listed(found, area=area)
        if (start := provinces.get(one.origin)) and (end := provinces.get(one.destination))
    ]
    shown = flows[:MOST]
    if not shown:
        return None
    most = shown[0][0].persons
    arrows = tuple(
        Arrow(
            start=start,
            end=end,
            width=_width(one.persons, most),
            area=one.destination if one.destination != area else one.origin,
            name=f"{names.get(one.origin, one.origin)} → "
            f"{names.get(one.destination, one.destination)}",
            text=_told(one, t=t, language=language),
        )
        for one, start, end in shown
    )
    words = {"n": len(shown), "of": len(flows)}
    title = t("layers.flows_top", **words) if len(shown) < len(flows) else t("layers.flows")
    legend = _legend(most, shown[-1][0].persons, language=language, t=t)
    return Marks(arrows=arrows, title=title, legend=legend)


def _width(persons: int, most: int) -> float:
    return round(max(THINNEST, WIDEST * sqrt(persons / most)), 1)


def _legend(most: int, least: int, *, language: str, t: Translate) -> tuple[tuple[str, str], ...]:
    """Return width (px) and people of the arrows that the legend shows."""
    steps = dict.fromkeys(max(round(most * part), least) for part in (1.0, 0.25, 0.05))
    return tuple(
        (str(_width(n, most)),
         t("layers.persons", count=n, n=formatting.number(n, language=language)))
        for n in steps
    )  # fmt: skip


def _told(one: Flow, *, t: Translate, language: str) -> str:
    there = t("layers.persons", count=one.persons,
              n=formatting.number(one.persons, language=language))  # fmt: skip
    if one.back is None:
        return there
    return t("layers.and_back", there=there, n=formatting.number(one.back, language=language))
