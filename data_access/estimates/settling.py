"""How far first figures move until they settle, read off a reporting triangle. Pure."""

from dataclasses import dataclass

import numpy as np

from data_access.estimates.nowcast import Triangle

WITHIN = 0.01
"""A day has settled once it stays within this share of its last figure."""
ENOUGH_DAYS, OLD_ENOUGH = 7, 14
"""So many days are needed, and so many days must have passed since each of them."""


@dataclass(frozen=True, kw_only=True)
class Settling:
    """How a series settles.

    Attributes:
        n_days: days that it was measured on.
        moved: median over days of |last ÷ first − 1|.
        settled_after: median number of days until a day stays within `WITHIN` of its last figure.
    """

    n_days: int
    moved: float
    settled_after: float


def firsts(triangle: Triangle) -> list[float | None]:
    """Return what was told first of every day; None: nothing yet."""
    found: list[float | None] = []
    for row in triangle.known:
        told = row[~np.isnan(row)]
        found.append(float(told[0]) if told.size else None)
    return found


def settling(triangle: Triangle) -> Settling | None:
    """Return how days settled; None where too few are old enough to tell.

    A day whose last figure is 0 has no relative change and is left out.
    """
    moves, ages = [], []
    newest = len(triangle.known) - 1
    for number, row in enumerate(triangle.known):
        told = np.flatnonzero(~np.isnan(row))
        if newest - number < OLD_ENOUGH or not told.size or row[told[-1]] == 0:
            continue
        last = row[told[-1]]
        moves.append(abs(last / row[told[0]] - 1) if row[told[0]] else 1.0)
        off = told[np.abs(row[told] / last - 1) > WITHIN]
        ages.append(int(off[-1]) + 1 if off.size else int(told[0]))
    if len(moves) < ENOUGH_DAYS:
        return None
    return Settling(
        n_days=len(moves), moved=float(np.median(moves)), settled_after=float(np.median(ages))
    )
