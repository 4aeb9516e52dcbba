"""Closed forms for the two shapes that nearly all public figures have. Pure, NumPy.

A row: parts of one total that is always told. A breakdown: parts × codes with both margins, of
which a part is shown whole or not at all; what is withheld is then a full table with known
margins, whose cells have the bounds of Fréchet (1940). Both are exact: they say what the attacker's
program would say, for a country's days at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_access.disclosure.tables import Bools, Floats

PAIR = 2
"""A withheld cell of a row needs at least one other."""


def is_small(values: Floats, threshold: int) -> Bools:
    """Return which counts are too small to be told; zero is none of them."""
    found: Bools = (values != 0) & (values < threshold)
    return found


def hidden_in_rows(
    values: Floats,
    small: Bools,
    before: Bools,
    *,
    group: NDArray[np.int64],
    threshold: int,
    news: Bools | None = None,
) -> Bools:
    """Return the cells to withhold, in every row of every group.

    Shape: days × parts in and out; the total of a group's parts on a day is always told.
    Method: the sum of a row's withheld cells is what the attacker knows, so each lies between 0
        and that sum if there are two of them. Where the small ones do not leave each other room
        up to threshold - 1, the smallest cell that is not small goes with them, or a zero where
        there is no such cell: the fewest possible in every row.
        After a revision the same must hold of the withheld cells that are new by themselves:
        their sum follows from the difference of two bulletins (docs/disclosure.md). Only cells
        that are new can cover them; then the row as a whole is looked at, for an attacker who
        does not know which cells moved.

    Args:
        values: counts.
        small: cells to withhold by themselves.
        before: cells withheld by an earlier bulletin.
        group: number of the total that each part belongs to.
        threshold: smallest count that may be told.
        news: cells whose value the bulletin before did not have; None: all.
    """
    hidden = small | before
    counts = np.maximum(values, 0.0)
    weight = counts.sum(axis=0)
    every = np.ones_like(hidden)
    for number in np.unique(group):
        parts = np.flatnonzero(group == number)
        for fresh in (every,) if news is None else (news, every):
            _cover(hidden, counts, small, fresh, parts, weight=weight, threshold=threshold)
    return hidden


def _cover(
    hidden: Bools,
    counts: Floats,
    small: Bools,
    news: Bools,
    parts: NDArray[np.int64],
    *,
    weight: Floats,
    threshold: int,
) -> None:
    """Withhold one more new cell in the rows of a group whose withheld new ones lack cover."""
    fresh, of = news[:, parts], counts[:, parts] * news[:, parts]
    inside, few = hidden[:, parts] & fresh, small[:, parts] & fresh
    is_partial = ~fresh.all(axis=1)
    # After a revision what covers an older one must be replaced as well, small or not.
    asked = few.any(axis=1) | (is_partial & inside.any(axis=1))
    lonely = few.any(axis=1) & (inside.sum(axis=1) < PAIR)
    room = np.minimum(threshold - 1.0, of.sum(axis=1))
    lacking = asked & (lonely | ((of * inside).sum(axis=1) < room))
    days = np.flatnonzero(lacking)
    if not days.size:
        return
    price = np.where(inside[days] | (of[days] == 0), np.inf, of[days])
    best, dearest = price.argmin(axis=1), np.isinf(price.min(axis=1))
    # Nothing but zeros is left: the place where one would least wonder at a count.
    free = fresh[days] & ~inside[days]
    zeros = np.where(free, weight[parts][None, :], -1.0)
    best = np.where(dearest, zeros.argmax(axis=1), best)
    found = ~dearest | free.any(axis=1)
    hidden[days[found], parts[best[found]]] = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Checked:
    """Rows of a withheld breakdown that must stay uncertain.

    Attributes:
        small: cells to protect, days × rows × codes.
        most: what the attacker can at most hold for the total of each row, days × rows.
        least: what he must at least hold for it: the same, where the total is told, else 0.
        owner: number of the part that each row belongs to (itself, or the area that holds it).
    """

    small: Bools
    most: Floats
    least: Floats
    owner: NDArray[np.int64]


def hidden_breakdowns(
    values: Floats, forced: Bools, checked: Checked, *, group: NDArray[np.int64], threshold: int
) -> Bools:
    """Return the parts whose breakdown is withheld, every code of it.

    Shape: values: days × parts × codes; the result: days × parts. The sum of a group's parts is
        told by code.
    Method: Fréchet's bounds of a cell whose row may hold r and whose column holds c of N:
        max(0, r + c - N) and min(r, c), N and c over what is withheld. Parts are added, smallest
        first among those that widen the bounds, until every small cell of a withheld part may be
        anything from 1 (0, where no more than 1 is left) to threshold - 1, or as near to it as
        withholding every part would bring it.

    Args:
        values: counts.
        forced: parts that must be withheld anyway.
        checked: what must stay uncertain.
        group: number of the whole that each part belongs to.
        threshold: smallest count that may be told.
    """
    hidden = forced.copy()
    counts = np.maximum(values, 0.0)
    for number in np.unique(group):
        parts = np.flatnonzero(group == number)
        rows = np.flatnonzero(np.isin(checked.owner, parts))
        if not hidden[:, parts].any():
            continue
        days = np.flatnonzero(hidden[:, parts].any(axis=1))
        place = np.searchsorted(parts, checked.owner[rows])
        sub = Checked(
            small=checked.small[np.ix_(days, rows)], most=checked.most[np.ix_(days, rows)],
            least=checked.least[np.ix_(days, rows)], owner=place,
        )  # fmt: skip
        of = counts[np.ix_(days, parts)]
        hidden[np.ix_(days, parts)] = _grown(of, hidden[np.ix_(days, parts)], sub, threshold)
    return hidden


def with_moved(forced: Bools, moved: Bools, *, group: NDArray[np.int64]) -> Bools:
    """Return the parts to withhold with all that a revision changed beside them.

    What did not change is known, or known in sum, from the bulletin before: what changed with a
    withheld part is all that can cover it.

    Args:
        forced: parts that must be withheld, days × parts.
        moved: parts that a revision changed, days × parts.
        group: number of the whole that each part belongs to.
    """
    found = forced.copy()
    for number in np.unique(group):
        parts = group == number
        found[:, parts] |= moved[:, parts] & forced[:, parts].any(axis=1, keepdims=True)
    return found


def _grown(values: Floats, hidden: Bools, checked: Checked, threshold: int) -> Bools:
    """Return the withheld parts of one group, added to until nothing is lacking."""
    days = np.arange(values.shape[0])
    grown = hidden.copy()
    wholes = values.sum(axis=2)
    high, low = _wanted(values, checked, threshold)
    for _ in range(values.shape[1]):
        useful = _useful(values[days], grown[days], _of_days(checked, days), high[days], low[days])
        price = np.where(useful & ~grown[days], wholes[days], np.inf)
        lacking = np.isfinite(price.min(axis=1))
        if not lacking.any():
            break
        days, best = days[lacking], price.argmin(axis=1)[lacking]
        grown[days, best] = True
    return grown


def _of_days(checked: Checked, days: NDArray[np.int64]) -> Checked:
    return Checked(
        small=checked.small[days], most=checked.most[days], least=checked.least[days],
        owner=checked.owner,
    )  # fmt: skip


def _wanted(values: Floats, checked: Checked, threshold: int) -> tuple[Floats, Floats]:
    """Return the ends of the protection interval of every cell: high and low."""
    column = values.sum(axis=1)[:, None, :]
    every = values.sum(axis=(1, 2))[:, None, None]
    high = np.minimum(threshold - 1.0, np.minimum(checked.most[:, :, None], column))
    lowest = np.maximum(0.0, checked.least[:, :, None] + column - every)
    return high, np.maximum(np.where(high > 1, 1.0, 0.0), lowest)


def _useful(values: Floats, hidden: Bools, checked: Checked, high: Floats, low: Floats) -> Bools:
    """Return which parts would widen the bounds of a cell that lacks it, days × parts."""
    inside = values * hidden[:, :, None]
    column = inside.sum(axis=1)[:, None, :]
    every = inside.sum(axis=(1, 2))[:, None, None]
    asked = checked.small & hidden[:, checked.owner][:, :, None]
    most = np.minimum(checked.most[:, :, None], column)
    least = np.maximum(0.0, checked.least[:, :, None] + column - every)
    # More of the code itself, or more of the others.
    more_of_it = (asked & (most < high)).any(axis=1)
    more_of_others = (asked & (least > low)).any(axis=1)
    others = values.sum(axis=2)[:, :, None] - values
    wanted = (more_of_it[:, None, :] & (values > 0)) | (more_of_others[:, None, :] & (others > 0))
    found: Bools = wanted.any(axis=2)
    return found
