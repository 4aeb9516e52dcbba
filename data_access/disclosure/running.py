"""On which days a running total may be told although some of its days are withheld. Pure, NumPy.

Two totals told, subtracted, are the sum of the days between them. With withheld days among these
the attacker gains an equation that runs along time and crosses those that run over areas. A total
is told again only where the equation leaves every withheld cell its room:

- in each withheld day's row two other cells stay *open*: no such equation is known of them, and
  together they hold room enough, so that whatever one cell takes the open ones can give;
- the days between hold enough for the cell to take from, and their open cells enough to give.

Then a withheld cell differs by an exchange between two days that touches no other total, however
many are told: the condition is sufficient, and stays so when further totals are told.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_access.disclosure.rows import PAIR, is_small
from data_access.disclosure.tables import Bools, Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Flows:
    """The days behind the running totals of parts.

    Attributes:
        values: counts, days × parts.
        hidden: withheld ones.
        small: those of them that are small.
        group: number of the whole that each part belongs to.
        threshold: smallest count that may be told.
    """

    values: Floats
    hidden: Bools
    small: Bools
    group: NDArray[np.int64]
    threshold: int


class _Rows:
    """What is known of the withheld cells of each group's day, as totals are told."""

    def __init__(self, flows: Flows) -> None:
        n_groups = int(flows.group.max()) + 1 if flows.group.size else 0
        counts = np.maximum(flows.values, 0.0)
        shape = (flows.values.shape[0], n_groups)
        self.whole, self.sum = np.zeros(shape), np.zeros(shape)
        self.n_open = np.zeros(shape, dtype=int)
        for number in range(n_groups):
            parts = flows.group == number
            self.whole[:, number] = counts[:, parts].sum(axis=1)
            self.sum[:, number] = (counts * flows.hidden)[:, parts].sum(axis=1)
            self.n_open[:, number] = flows.hidden[:, parts].sum(axis=1)
        self.room = np.minimum(flows.threshold - 1.0, self.whole)


def hidden_totals(
    flows: Flows, totals: Floats, *, told_before: Bools, hidden_before: Bools
) -> Bools:
    """Return which running totals are withheld, days × parts.

    Args:
        flows: the days behind them.
        totals: running totals, days × parts.
        told_before: totals that an earlier bulletin told: the attacker keeps them.
        hidden_before: totals that an earlier bulletin withheld.
    """
    rows = _Rows(flows)
    hidden = is_small(totals, flows.threshold) | hidden_before
    n_parts = flows.values.shape[1]
    since = np.zeros(n_parts, dtype=int)  # first day that no told total covers
    n_hidden, closable = np.zeros(n_parts, dtype=int), np.ones(n_parts, dtype=bool)
    for day in range(flows.values.shape[0]):
        n_hidden += flows.hidden[day]
        # A row with fewer than three open cells bars every later total of its parts.
        barred = rows.n_open[day] <= PAIR
        closable &= ~(flows.hidden[day] & barred[flows.group])
        for part in np.flatnonzero(told_before[day] & (n_hidden > 0)):
            _use(rows, flows, int(part), int(since[part]), day)
        told = ~hidden[day] & ((n_hidden == 0) | told_before[day])
        waiting = ~hidden[day] & (n_hidden > 0) & closable & ~told_before[day]
        for part in np.flatnonzero(waiting)[np.argsort(-totals[day, waiting], kind="stable")]:
            if _may_close(rows, flows, int(part), int(since[part]), day):
                _use(rows, flows, int(part), int(since[part]), day)
                told[part] = True
        hidden[day] |= ~told
        ended = told | told_before[day]
        since[ended], n_hidden[ended], closable[ended] = day + 1, 0, True
    return hidden


def _gap(flows: Flows, part: int, since: int, day: int) -> NDArray[np.int64]:
    """Return the withheld days of a part from one day to another, both included."""
    return since + np.flatnonzero(flows.hidden[since : day + 1, part])


def _use(rows: _Rows, flows: Flows, part: int, since: int, day: int) -> None:
    gap = _gap(flows, part, since, day)
    rows.sum[gap, flows.group[part]] -= np.maximum(flows.values[gap, part], 0.0)
    rows.n_open[gap, flows.group[part]] -= 1


def _may_close(rows: _Rows, flows: Flows, part: int, since: int, day: int) -> bool:
    """Return whether the sum of a part's days since the last told total may be told."""
    gap, group = _gap(flows, part, since, day), int(flows.group[part])
    own = np.maximum(flows.values[gap, part], 0.0)
    total, room = float(own.sum()), rows.room[gap, group]
    if 0 < total < flows.threshold:
        return False
    if (rows.n_open[gap, group] <= PAIR).any() or (rows.sum[gap, group] - own < room).any():
        return False
    lowest = np.where(room > 1, 1.0, 0.0)
    can_rise, can_fall = total >= room, room.sum() - room >= own - lowest
    return bool((~flows.small[gap, part] | (can_rise & can_fall)).all())
