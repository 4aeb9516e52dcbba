"""A share with its interval. Pure."""

import math
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate between two ends.

    Attributes:
        estimate: the estimate; None where there is none.
        low: lower end.
        high: upper end.
    """

    estimate: float | None
    low: float
    high: float


def wilson(successes: float, trials: float, *, level: float = 0.95) -> Interval | None:
    """Return a share with Wilson's score interval; None without a trial.

    Source: Wilson 1927; the dashboard's convention for proportions (DOMAIN 4).

    Raises:
        ValueError: if there are more successes than trials, or either is negative.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    if trials == 0:
        return None
    z = float(stats.norm.ppf(0.5 + level / 2))
    share, spread = successes / trials, z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    # At the ends the formula is exact; rounding must not leave it a hair inside.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return Interval(estimate=share, low=low, high=high)


def exact(successes: int, trials: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the exact (Clopper-Pearson) interval of a share."""
    tail = (1 - level) / 2
    low = float(stats.beta.ppf(tail, successes, trials - successes + 1)) if successes else 0.0
    high = (
        float(stats.beta.ppf(1 - tail, successes + 1, trials - successes))
        if successes < trials
        else 1.0
    )
    return low, high
