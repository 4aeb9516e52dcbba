"""What the needs add up to: lead time, rounds, first-pass acceptance, days in a state. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import mean, median

from data_access.needs.flow import DONG, NEEDS, NGHIEM_THU, TRIEN_KHAI, is_overdue, rounds
from data_access.workflow.model import Flow, Item

DAY_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True)
class StateFigures:
    """One state.

    Attributes:
        state: which.
        n: items in it now.
        n_stays: stays that are over.
        median_days: of the stays that are over; None: there is none.
        oldest: number of the item that is in it for the longest.
        oldest_days: for how long.
    """

    state: str
    n: int
    n_stays: int
    median_days: float | None
    oldest: int | None
    oldest_days: float | None


@dataclass(frozen=True, kw_only=True)
class NeedFigures:
    """All needs in sight.

    Attributes:
        n: how many.
        n_open: not closed.
        n_overdue: to be in use by a day that is over.
        n_live: that came into use.
        lead_days: median from proposal to use, days, of those in use.
        n_accepted: accepted as built.
        mean_rounds: reviews until acceptance, of those accepted.
        first_pass: share of those accepted at their first review.
        oldest: number of the oldest open one.
        oldest_days: its age, days.
        states: by state.
    """

    n: int
    n_open: int
    n_overdue: int
    n_live: int
    lead_days: float | None
    n_accepted: int
    mean_rounds: float | None
    first_pass: float | None
    oldest: int | None
    oldest_days: float | None
    states: tuple[StateFigures, ...]


def figures(items: Sequence[Item], *, now: datetime, zone: str) -> NeedFigures:
    """Return what needs add up to at a moment."""
    live = [item for item in items if item.entered(TRIEN_KHAI)]
    accepted = [item for item in items if item.entered(NGHIEM_THU)]
    waiting = [item for item in items if item.state != DONG]
    oldest = min(waiting, key=lambda item: (item.opened_at, item.number), default=None)
    tries = [rounds(item) for item in accepted]
    return NeedFigures(
        n=len(items), n_open=len(waiting),
        n_overdue=sum(is_overdue(item, now=now, zone=zone) for item in items),
        n_live=len(live), lead_days=median(map(_lead, live)) if live else None,
        n_accepted=len(accepted), mean_rounds=mean(tries) if tries else None,
        first_pass=sum(n == 1 for n in tries) / len(tries) if tries else None,
        oldest=oldest.number if oldest else None,
        oldest_days=_days(oldest.opened_at, now) if oldest else None,
        states=by_state(NEEDS, items, now=now),
    )  # fmt: skip


def by_state(flow: Flow, items: Sequence[Item], *, now: datetime) -> tuple[StateFigures, ...]:
    """Return the figures of each state, in the order of work."""
    return tuple(_of_state(state, items, now=now) for state in flow.states)


def _of_state(state: str, items: Sequence[Item], *, now: datetime) -> StateFigures:
    there = [item for item in items if item.state == state]
    over = [stay.days(now) for item in items for stay in item.stays
            if stay.state == state and stay.until is not None]  # fmt: skip
    oldest = min(there, key=lambda item: (item.stays[-1].since, item.number), default=None)
    return StateFigures(
        state=state, n=len(there), n_stays=len(over), median_days=median(over) if over else None,
        oldest=oldest.number if oldest else None,
        oldest_days=oldest.stays[-1].days(now) if oldest else None,
    )  # fmt: skip


def _lead(item: Item) -> float:
    live = item.entered(TRIEN_KHAI)
    return _days(item.opened_at, live) if live else 0.0


def _days(since: datetime, until: datetime) -> float:
    return max((until - since).total_seconds(), 0.0) / DAY_SECONDS
