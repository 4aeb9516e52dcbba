"""How soon the pace of change takes a value over an edge. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from data_access.rules.model import Criterion

DAYS = 14
FEWEST = 5
"""Values among the days below which no pace is told."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Days until a value leaves its band, if it goes on as in the last days.

    Attributes:
        edge: the edge it is moving to; None: there is none in that direction, or no movement.
        linear: days at the same absolute pace; None: never, or not to be told.
        exponential: days at the same relative pace; None: never, or not to be told.
        per_day: absolute pace, units a day.
        growth: relative pace, natural logarithm a day; None where a value is zero.
    """

    edge: float | None
    linear: float | None
    exponential: float | None
    per_day: float | None
    growth: float | None


def pace(recent: Sequence[float | None], criterion: Criterion) -> Pace:
    """Return how soon a criterion's value crosses an edge.

    Method: slope of a least-squares line through the last 14 days, of the values and of their
    logarithms; from the last value, days = (edge - value) / slope, and ln(edge / value) / slope.

    Args:
        recent: the criterion's value on consecutive days, the day assessed last.
        criterion: the edges.
    """
    days = list(enumerate(recent[-DAYS:]))
    known = [(float(x), y) for x, y in days if y is not None]
    if not recent or recent[-1] is None or len(known) < FEWEST:
        return Pace(edge=None, linear=None, exponential=None, per_day=None, growth=None)
    last, slope = recent[-1], _slope(known)
    grown = _slope([(x, log(y)) for x, y in known]) if all(y > 0 for _, y in known) else None
    edge = _ahead(criterion, last, slope)
    other = _ahead(criterion, last, grown) if grown is not None else None
    return Pace(
        edge=edge if edge is not None else other,
        linear=(edge - last) / slope if edge is not None else None,
        exponential=log(other / last) / grown if other and grown else None,
        per_day=slope,
        growth=grown,
    )


def _ahead(criterion: Criterion, value: float, slope: float) -> float | None:
    """Return the edge that a value moves to; at zero pace there is none."""
    band = criterion.band(value)
    if slope > 0:
        return criterion.edges[band] if band < len(criterion.edges) else None
    return criterion.edges[band - 1] if slope < 0 and band else None


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the least-squares slope; exactly 0 where all values are the same."""
    n = len(points)
    if len({y for _, y in points}) == 1:
        return 0.0
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    over = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return over / sum((x - mean_x) ** 2 for x, _ in points)


def slope(values: Sequence[float | None]) -> float | None:
    """Return the least-squares slope a day over the known values; None below five of them."""
    known = [(float(x), y) for x, y in enumerate(values) if y is not None]
    return _slope(known) if len(known) >= FEWEST else None
