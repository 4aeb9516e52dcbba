"""Days until beds are full, whether stock and flow agree, who nearby has room. Pure.

Nothing here is a figure of its own: each is worked out of declared figures, as docs/quarantine.md
says, so that it can be checked by hand.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from data_access.estimates import pace
from data_access.indicators.model import MIN_REPORTED_DAYS, WINDOW_DAYS

SOON_DAYS = 5.0
EARTH_KM = 6371.0
Daily = Sequence[float | None]


class Filling(StrEnum):
    """What becomes of free beds at the pace of the last week."""

    FULL = "full"
    FILLING = "filling"
    NOT_FILLING = "not_filling"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """How long the free beds last.

    Attributes:
        filling: full, filling, not filling, or not known.
        free: free beds.
        net: mean net inflow a day over the last week; None: not known.
        days: days until full at that pace; None where it is not filling or not known.
        earliest: lower end of the interval; None: not even at its fastest would it fill, or the
            days reported are too few to tell.
        latest: upper end; None: at its slowest it would not fill, or too few days.
        has_interval: whether enough days were reported for an interval.
    """

    filling: Filling
    free: float | None = None
    net: float | None = None
    days: float | None = None
    earliest: float | None = None
    latest: float | None = None
    has_interval: bool = False

    @property
    def is_soon(self) -> bool:
        """Whether it is full, or will be within the days that are watched."""
        return self.days is not None and self.days <= SOON_DAYS


def outlook(free: float | None, came: Daily, left: Daily) -> Outlook:
    """Return how long free beds last.

    Method: the pace is the indicator's own (`quarantine_days_to_full`): the mean of the reported
        days of the last seven, of admissions less that of discharges, so that no day has two
        numbers. The interval (90 %) is that of this mean, with the spread of the daily net inflow
        of the last fourteen days: net ± t(n-1) · s / √7. Days are taken to vary independently;
        where they go up and down together it is too narrow.

    Args:
        free: usable beds less people inside; None: not known.
        came: admissions a day, oldest first, the last one of the day on screen; None: not reported.
        left: discharges of the same days.
    """
    into, out = _mean(came), _mean(left)
    if free is None:
        return Outlook(filling=Filling.UNKNOWN)
    if free <= 0:
        return Outlook(filling=Filling.FULL, free=free, days=0.0)
    if into is None or out is None:
        return Outlook(filling=Filling.UNKNOWN, free=free)
    net = into - out
    half = half_width(came, left)
    fast, slow = (None, None) if half is None else (net + half, net - half)
    return Outlook(
        filling=Filling.FILLING if net > 0 else Filling.NOT_FILLING,
        free=free,
        net=net,
        days=_days(free, net),
        earliest=_days(free, fast),
        latest=_days(free, slow),
        has_interval=half is not None,
    )


def _mean(daily: Daily) -> float | None:
    known = [value for value in daily[-WINDOW_DAYS:] if value is not None]
    return fmean(known) if len(known) >= MIN_REPORTED_DAYS else None


def _days(free: float, net: float | None) -> float | None:
    return free / net if net is not None and net > 0 else None


def half_width(came: Daily, left: Daily) -> float | None:
    """Return half the width of the interval of a week's mean net inflow; None: too few days."""
    pairs = zip(came, left, strict=True)
    return pace.half_width(
        [None if into is None or out is None else into - out for into, out in pairs]
    )


def residual(
    before: float | None, came: float | None, left: float | None, now: float | None
) -> float | None:
    """Return yesterday's people + admissions - discharges - today's; None: a term is missing."""
    if before is None or came is None or left is None or now is None:
        return None
    return before + came - left - now


# --- who nearby has room ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Near:
    """A province that could take people in.

    Attributes:
        code: of the province.
        km: between the centres, as the crow flies; None: not known.
        beside: whether they share a border.
        free: free beds; None: not known.
    """

    code: str
    km: float | None
    beside: bool
    free: float | None

    @property
    def has_room(self) -> bool:
        """Whether a bed is free."""
        return self.free is not None and self.free > 0


def nearby(
    code: str,
    centres: Mapping[str, tuple[float, float] | None],
    beside: frozenset[str],
    free: Mapping[str, float | None],
    *,
    others: int = 3,
) -> tuple[Near, ...]:
    """Return those beside a province, nearest first, then the nearest others that have room.

    Args:
        code: whose people need a bed.
        centres: (longitude, latitude) of every province.
        beside: those it shares a border with.
        free: free beds by province.
        others: how many further away are named.
    """
    every = [
        Near(
            code=one,
            km=distance_km(centres.get(code), place),
            beside=one in beside,
            free=free.get(one),
        )
        for one, place in centres.items()
        if one != code
    ]
    ordered = sorted(every, key=lambda near: (near.km is None, near.km or 0.0, near.code))
    close = tuple(near for near in ordered if near.beside)
    far = tuple(near for near in ordered if not near.beside and near.has_room)
    return close + far[:others]


def distance_km(one: tuple[float, float] | None, other: tuple[float, float] | None) -> float | None:
    """Return the distance over ground of two (longitude, latitude), in km; None: one unknown."""
    if one is None or other is None:
        return None
    (lon_a, lat_a), (lon_b, lat_b) = (map(math.radians, place) for place in (one, other))
    across = math.sin((lon_b - lon_a) / 2) ** 2 * math.cos(lat_a) * math.cos(lat_b)
    chord = math.sin((lat_b - lat_a) / 2) ** 2 + across
    return 2 * EARTH_KM * math.asin(math.sqrt(min(chord, 1.0)))
