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
        moved: withheld ones that a revision made new.
        mixed: rows whose withheld cells became new at different times, days × groups.
    """

    values: Floats
    hidden: Bools
    small: Bools
    group: NDArray[np.int64]
    threshold: int
    moved: Bools | None = None
    mixed: Bools | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """What an earlier bulletin did with the running totals, days × parts.

    Attributes:
        before: those that it told: the attacker keeps them.
        known: those of them that tell what they are now, since no withheld day was revised.
        hidden: those that it withheld.
    """

    before: Bools
    known: Bools
    hidden: Bools

    @classmethod
    def nothing(cls, shape: tuple[int, ...]) -> "Told":
        """Return what the first bulletin follows."""
        nothing = np.zeros(shape, dtype=bool)
        return cls(before=nothing, known=nothing, hidden=nothing)


class _Rows:
    """What is known of the withheld cells of each group's day, as totals are told.

    Only cells that became new together can give and take: in a row with a revision, those that it
    made new; in a row with several, none.
    """

    def __init__(self, flows: Flows) -> None:
        n_groups = int(flows.group.max()) + 1 if flows.group.size else 0
        self.counts = np.maximum(flows.values, 0.0)
        nothing = np.zeros_like(flows.hidden)
        moved = nothing if flows.moved is None else flows.moved
        shape = (flows.values.shape[0], n_groups)
        mixed = np.zeros(shape, dtype=bool) if flows.mixed is None else flows.mixed.copy()
        for number in range(n_groups):
            mixed[:, number] |= moved[:, flows.group == number].any(axis=1)
        self.group = flows.group
        self.open = np.where(mixed[:, flows.group], moved, flows.hidden)
        self.whole, self.sum = np.zeros(shape), np.zeros(shape)
        self.n_open = np.zeros(shape, dtype=int)
        for number in range(n_groups):
            parts = flows.group == number
            self.whole[:, number] = self.counts[:, parts].sum(axis=1)
            self.sum[:, number] = (self.counts * self.open)[:, parts].sum(axis=1)
            self.n_open[:, number] = self.open[:, parts].sum(axis=1)
        self.room = np.minimum(flows.threshold - 1.0, self.whole)
        self.bars = flows.hidden & ~self.open

    def close(self, gap: NDArray[np.int64], part: int) -> None:
        """Note that the sum of a part's withheld days is known."""
        days = gap[self.open[gap, part]]
        self.sum[days, self.group[part]] -= self.counts[days, part]
        self.n_open[days, self.group[part]] -= 1
        self.open[days, part] = False


def hidden_totals(flows: Flows, totals: Floats, *, told: Told | None = None) -> Bools:
    """Return which running totals are withheld, days × parts.

    Args:
        flows: the days behind them.
        totals: running totals, days × parts.
        told: what an earlier bulletin did with them; None: there was none.
    """
    told = told or Told.nothing(totals.shape)
    rows = _Rows(flows)
    moved = np.zeros_like(flows.hidden) if flows.moved is None else flows.moved
    hidden = is_small(totals, flows.threshold) | told.hidden
    n_parts = flows.values.shape[1]
    since = np.zeros(n_parts, dtype=int)  # first day that no told total covers
    since_then = np.zeros(n_parts, dtype=int)  # ... that none of the earlier bulletin covers
    n_hidden, closable = np.zeros(n_parts, dtype=int), np.ones(n_parts, dtype=bool)
    for day in range(flows.values.shape[0]):
        n_hidden += flows.hidden[day]
        # A row with fewer than three open cells bars every later total of its parts.
        barred = (rows.n_open[day] <= PAIR)[flows.group] | rows.bars[day]
        closable &= ~(flows.hidden[day] & barred)
        for part in np.flatnonzero(told.before[day]):
            _keep(rows, flows.hidden & ~moved, int(part), int(since_then[part]), day)
        since_then[told.before[day]] = day + 1
        for part in np.flatnonzero(told.known[day] & (n_hidden > 0)):
            _keep(rows, flows.hidden, int(part), int(since[part]), day)
        shown = ~hidden[day] & ((n_hidden == 0) | told.known[day])
        waiting = ~hidden[day] & (n_hidden > 0) & closable & ~told.known[day]
        for part in np.flatnonzero(waiting)[np.argsort(-totals[day, waiting], kind="stable")]:
            if _may_close(rows, flows, int(part), int(since[part]), day):
                _keep(rows, flows.hidden, int(part), int(since[part]), day)
                shown[part] = True
        hidden[day] |= ~shown
        ended = shown | told.known[day]
        since[ended], n_hidden[ended], closable[ended] = day + 1, 0, True
    return hidden


def _gap(hidden: Bools, part: int, since: int, day: int) -> NDArray[np.int64]:
    """Return the withheld days of a part from one day to another, both included."""
    return since + np.flatnonzero(hidden[since : day + 1, part])


def _keep(rows: _Rows, hidden: Bools, part: int, since: int, day: int) -> None:
    rows.close(_gap(hidden, part, since, day), part)


def _may_close(rows: _Rows, flows: Flows, part: int, since: int, day: int) -> bool:
    """Return whether the sum of a part's days since the last told total may be told."""
    gap, group = _gap(flows.hidden, part, since, day), int(flows.group[part])
    own = np.maximum(flows.values[gap, part], 0.0)
    total, room = float(own.sum()), rows.room[gap, group]
    if 0 < total < flows.threshold or rows.bars[gap, part].any():
        return False
    is_open = rows.open[gap, part]
    left = rows.sum[gap, group] - own * is_open
    if (rows.n_open[gap, group] - is_open < PAIR).any() or (left < room).any():
        return False
    lowest = np.where(room > 1, 1.0, 0.0)
    can_rise, can_fall = total >= room, room.sum() - room >= own - lowest
    return bool((~flows.small[gap, part] | (can_rise & can_fall)).all())
