"""What stands on top of the areas of a map: places and arrows. Declared once for all. Pure.

The area of a circle grows with what it counts. Places of one point stand in a small ring about it,
so that none hides another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

Point = tuple[float, float]
"""(longitude, latitude)."""
Centres = Mapping[str, Point | None]
"""Centre of each area, None where not known."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A place on top of the areas.

    Attributes:
        at: where.
        turn: its number among the marks of one place, which stand in a ring about it.
        radius: in pixels.
        kind: class of its colour, one of the legend's.
        area: code of the area that a click on it picks.
        name: what it is.
        text: what is told of it.
    """

    at: Point
    turn: int
    radius: float
    kind: str
    area: str
    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """A movement from one area to another.

    Attributes:
        start: centre of the area left.
        end: centre of the area entered.
        width: in pixels.
        area: code of the area that a click on it picks.
        name: from where to where.
        text: what is told of it.
    """

    start: Point
    end: Point
    width: float
    area: str
    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Places or arrows on top of the areas, the largest first.

    Attributes:
        marks: the places.
        title: heading of their legend.
        legend: (kind, label) of every class of place, or (persons, label) of arrows.
        arrows: the arrows.
        note: a sentence under the legend; empty for none.
    """

    marks: tuple[Mark, ...] = ()
    title: str
    legend: tuple[tuple[str, str], ...]
    arrows: tuple[Arrow, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A place before it is laid out: a `Mark` with what it counts (None: not known)."""

    at: Point
    size: float | None
    kind: str
    area: str
    name: str
    text: str


def laid(dots: Sequence[Dot], *, smallest: float, largest: float) -> tuple[Mark, ...]:
    """Return places as marks, in their order: sized, and in a ring where several share a point.

    Args:
        dots: the places.
        smallest: radius that is still seen, in pixels.
        largest: radius of the one that counts most, in pixels.
    """
    most = max((dot.size or 0 for dot in dots), default=0)
    crowd: dict[Point, int] = {}
    made = []
    for dot in dots:
        crowd[dot.at] = crowd.get(dot.at, -1) + 1
        made.append(
            Mark(
                at=dot.at,
                turn=crowd[dot.at],
                radius=radius(dot.size, most=most, smallest=smallest, largest=largest),
                kind=dot.kind,
                area=dot.area,
                name=dot.name,
                text=dot.text,
            )
        )
    return tuple(made)


def radius(size: float | None, *, most: float, smallest: float, largest: float) -> float:
    """Return the radius (px) of a place: its area grows with its size, and it stays visible."""
    if not size or not most:
        return smallest
    return round(max(smallest, largest * sqrt(size / most)), 1)


def place_of(
    district: object, province: object, districts: Centres, provinces: Centres
) -> Point | None:
    """Return the centre of a district, else of its province; None where neither is known."""
    return districts.get(str(district or "")) or provinces.get(str(province))
