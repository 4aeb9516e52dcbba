"""Growth rate, doubling and halving time of two weeks' cases. Pure."""

import math
from dataclasses import dataclass

from scipy.special import ndtri

WEEK_DAYS = 7
MIN_CASES = 10
"""Cases below which a week says nothing about growth."""


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How fast cases grow.

    Attributes:
        rate: per day; below zero they shrink.
        low: lower end of the interval of the rate.
        high: its upper end.
    """

    rate: float
    low: float
    high: float

    @property
    def doubling_days(self) -> float | None:
        """Days in which cases double; None where they do not grow."""
        return math.log(2) / self.rate if self.rate > 0 else None

    @property
    def halving_days(self) -> float | None:
        """Days in which cases halve; None where they do not shrink."""
        return math.log(2) / -self.rate if self.rate < 0 else None

    @property
    def quickest(self) -> float | None:
        """Days of doubling (halving) at the end of the interval with the faster change."""
        end = self.high if self.rate > 0 else self.low
        return math.log(2) / abs(end) if end * self.rate > 0 else None

    @property
    def slowest(self) -> float | None:
        """Days of doubling (halving) at the slower end; None: it may not double (halve) at all."""
        end = self.low if self.rate > 0 else self.high
        return math.log(2) / abs(end) if end * self.rate > 0 else None


def growth(
    this_week: float | None, week_before: float | None, *, level: float = 0.95
) -> Growth | None:
    """Return the growth rate ln(C_w / C_{w-1}) / 7 per day; None: a week below 10 cases or unknown.

    Method: the interval takes both weeks' counts as Poisson: ± z √(1/C_w + 1/C_{w-1}) / 7.
        Clustered cases vary more than that; it is the least that chance does.

    Args:
        this_week: cases of seven days.
        week_before: cases of the seven days before.
        level: of the interval.
    """
    if this_week is None or week_before is None or min(this_week, week_before) < MIN_CASES:
        return None
    rate = math.log(this_week / week_before) / WEEK_DAYS
    z = float(ndtri((1 + level) / 2))
    half = z * math.sqrt(1 / this_week + 1 / week_before) / WEEK_DAYS
    return Growth(rate=rate, low=rate - half, high=rate + half)
