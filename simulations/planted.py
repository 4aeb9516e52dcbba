"""Daily counts with planted outbreaks whose days are known: the truth alerts are held against.

Each area has a level of its own (log-normal, median 12 a day), fewer reports on Sundays, a slow
drift, and overdispersed days (negative binomial, variance twice the mean). One outbreak in each
area: a rise and a fall over 14 to 28 days that adds half to three times a usual week's cases. Pure;
the same seed gives the same counts.
"""

from dataclasses import dataclass

import numpy as np

MEDIAN, SPREAD = 12.0, 0.8
SUNDAY, DRIFT = 0.75, 0.004
VARIANCE_RATIO = 2.0
SHORTEST, LONGEST = 14, 28
SMALLEST, LARGEST = 0.5, 3.0
WEEK = 7
LEAST_CASES = 10.0


@dataclass(frozen=True, kw_only=True)
class Planted:
    """One area.

    Attributes:
        counts: of each day.
        start: place of the outbreak's first day.
        end: place of its last day.
    """

    counts: tuple[float, ...]
    start: int
    end: int


def planted(seed: int, *, n_areas: int, n_days: int, first: int) -> list[Planted]:
    """Return areas, each with one outbreak that begins on day `first` or later.

    Args:
        seed: the same seed, the same counts.
        n_areas: how many.
        n_days: days of each.
        first: place of the earliest day of an outbreak; there must be room for the longest.
    """
    chance = np.random.default_rng(seed)
    return [_area(chance, n_days=n_days, first=first) for _ in range(n_areas)]


def _area(chance: np.random.Generator, *, n_days: int, first: int) -> Planted:
    level = MEDIAN * float(np.exp(SPREAD * chance.standard_normal()))
    days = np.arange(n_days)
    slope = DRIFT * chance.standard_normal()
    mean = level * np.exp(slope * (days - n_days / 2)) * np.where(days % WEEK == 0, SUNDAY, 1.0)
    length = int(chance.integers(SHORTEST, LONGEST + 1))
    start = int(chance.integers(first, n_days - length))
    size = max(float(chance.uniform(SMALLEST, LARGEST)) * level * WEEK, LEAST_CASES)
    # Up for a third of its days, down for the rest.
    shape = np.interp(np.arange(length) + 0.5, [0, length / 3, length], [0.0, 1.0, 0.0])
    excess = np.zeros(n_days)
    excess[start : start + length] = size * shape / shape.sum()
    usual = chance.negative_binomial(mean / (VARIANCE_RATIO - 1), 1 / VARIANCE_RATIO)
    counts = usual + chance.poisson(excess)
    return Planted(counts=tuple(map(float, counts)), start=start, end=start + length - 1)
