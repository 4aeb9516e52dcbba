"""When something is reached at the pace of the last week, with an interval. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy.special import stdtrit

WINDOW_DAYS, MIN_REPORTED_DAYS = 7, 5
SPREAD_DAYS, MIN_SPREAD_DAYS = 14, 10
"""Days whose figures tell how much a day varies; at least so many of them reported."""
TAIL = 0.95
"""Upper end of the interval: 90 % of it lies between this and its counterpart."""
Daily = Sequence[float | None]


def half_width(daily: Daily) -> float | None:
    """Return half the width of the 90 % interval of a week's mean; None: too few days.

    Method: t(n-1) · s / √7, with the spread s of the last fourteen days. Days are taken to vary
        independently; where they go up and down together it is too narrow.
    """
    known = [value for value in daily[-SPREAD_DAYS:] if value is not None]
    if len(known) < MIN_SPREAD_DAYS:
        return None
    return float(stdtrit(len(known) - 1, TAIL)) * stdev(known) / math.sqrt(WINDOW_DAYS)


@dataclass(frozen=True, kw_only=True)
class Reached:
    """In how many days an amount is reached.

    Attributes:
        days: at the pace of the last week; 0: it is already.
        earliest: at the fast end of the interval; None: too few days to tell.
        latest: at the slow end; None: perhaps never, or too few days.
        has_interval: whether enough days were reported for an interval.
    """

    days: float
    earliest: float | None
    latest: float | None
    has_interval: bool


def reached(lacking: float, daily: Daily) -> Reached | None:
    """Return when what is lacking has been done; None: no pace, or none above zero.

    Method: lacking ÷ mean of the reported days of the last seven, at least five of them.

    Args:
        lacking: how much is still to be done.
        daily: how much was done a day, oldest first; None: not reported.
    """
    if lacking <= 0:
        return Reached(days=0.0, earliest=0.0, latest=0.0, has_interval=True)
    week = [value for value in daily[-WINDOW_DAYS:] if value is not None]
    mean = fmean(week) if len(week) >= MIN_REPORTED_DAYS else 0.0
    if mean <= 0:
        return None
    half = half_width(daily)
    slow = None if half is None else mean - half
    return Reached(
        days=lacking / mean,
        earliest=None if half is None else lacking / (mean + half),
        latest=lacking / slow if slow is not None and slow > 0 else None,
        has_interval=half is not None,
    )
