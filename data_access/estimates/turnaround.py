"""How long results take when some are still awaited. Pure.

Who looks only at the samples that have come back calls a laboratory fast that answers the easy ones
first. Samples without a result have waited at least so long: they count as that (Kaplan-Meier).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data_access.contracts.rules import DELAY_BINS

HOURS_OF_A_DAY = 24


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The samples collected on one day.

    Attributes:
        age_days: whole days from the end of that day to the end of the day looked at.
        collected: how many.
        returned: code of DELAY_BINS → how many came back after so many hours.
    """

    age_days: int
    collected: float
    returned: Mapping[str, float]

    @property
    def waiting(self) -> float:
        """How many have not come back; 0 where more came back than were collected."""
        return max(self.collected - sum(self.returned.values()), 0.0)


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The share of samples that have come back by an hour.

    Attributes:
        hours: ends of the delay bins, ascending.
        done: share back by each end, 0-1; as far as anything is known.
        counted: samples on which it rests.
        waiting: of which still awaited.
    """

    hours: tuple[float, ...]
    done: tuple[float, ...]
    counted: float
    waiting: float

    def share_by(self, hours: float) -> float | None:
        """Return the share back by some hours; None beyond what is known."""
        known = [share for end, share in zip(self.hours, self.done, strict=True) if end <= hours]
        reached = bool(self.hours) and self.hours[-1] >= hours
        return known[-1] if known and reached else None

    def quantile(self, share: float) -> float | None:
        """Return the hours by which a share is back; None where fewer than that are by now.

        Method: straight line within a bin.
        """
        before_hour = before = 0.0
        for end, done in zip(self.hours, self.done, strict=True):
            if done >= share:
                return before_hour + (end - before_hour) * (share - before) / (done - before)
            before_hour, before = end, done
        return None


def curve(days: Sequence[Collected]) -> Curve:
    """Return how the samples of some days came back, those awaited counted as awaited.

    Method: Kaplan-Meier over the delay bins. A sample still awaited is at risk until the hour it
        has waited for sure: whole days since the end of the day it was collected on.
    """
    counted = sum(max(day.collected, sum(day.returned.values())) for day in days)
    awaited = [(day.age_days * HOURS_OF_A_DAY, day.waiting) for day in days]
    left, still = 1.0, counted
    hours: list[float] = []
    done: list[float] = []
    for code, (_, high) in DELAY_BINS.items():
        if high is None:
            break
        gone = sum(n for waited, n in awaited if waited < high)
        at_risk = still - gone
        back = sum(day.returned.get(code, 0.0) for day in days)
        if at_risk <= 0 and left > 0:
            break  # whoever is left has not waited so long: nothing is known
        left *= max(1 - back / at_risk, 0.0) if at_risk > 0 else 0.0
        still -= back
        hours.append(float(high))
        done.append(1 - left)
    waiting = sum(n for _, n in awaited)
    return Curve(hours=tuple(hours), done=tuple(done), counted=counted, waiting=waiting)
