"""What days that are still being reported will come to: a nowcast with its band. Pure.

How much of a day is known after so many days is learnt from the past of the same series: the
value of a day as it stood at every age (`Triangle`). No day is looked at from its own future.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln
from scipy.stats import nbinom
from scipy.stats import t as student

MAX_DELAY = 21
"""Days after which a day counts as complete."""
TRAINING_DAYS = 28
"""Latest days from which the share known at an age is learnt; it moves on with every delivery."""
ORIGINS = 35
"""Past days at which the method is tried out, to learn its errors."""
MIN_ERRORS = 14
"""Errors of an age below which no band is drawn."""
MIN_SHARE = 0.1
"""Share known below which a day says too little."""
COMPLETE = 0.995
"""Share known from which a day counts as complete."""
MIN_CASES = 20
"""Cases of the training days below which nothing is learnt from them."""
BACKLOG_DAYS, BACKLOG_MADS, BACKLOG_AGE, BACKLOG_PART = 14, 5.0, 7, 1 / 3
LEVELS = (0.8, 0.95)
Numbers = NDArray[np.float64]


class Hidden(StrEnum):
    """Why a nowcast must not be shown."""

    NOT_REPORTED = "not_reported"
    NO_DELAYS = "no_delays"
    LITTLE_REPORTED = "little_reported"
    FEW_ERRORS = "few_errors"


@dataclass(frozen=True, kw_only=True)
class Triangle:
    """Days as they stood at every age.

    Attributes:
        known: days × (MAX_DELAY + 1); the total of a day as known so many days later, oldest day
            first; not-a-number where that age lies ahead, or before deliveries began.
    """

    known: Numbers

    def at(self, last: int) -> "Triangle":
        """Return what stood at the end of a day: that day the last, nothing of what came later."""
        days = self.known[: last + 1].copy()
        ages = np.arange(days.shape[1])
        behind = last - np.arange(len(days))
        days[ages[None, :] > behind[:, None]] = np.nan
        return Triangle(known=days)


@dataclass(frozen=True, kw_only=True)
class Nowcast:
    """A day that is still being reported.

    Attributes:
        day: number of the day in the triangle.
        age: days since.
        reported: what is known; None: nothing.
        share: share of the day that is usually known at this age; None: not known.
        estimate: what it will come to; None: not shown.
        bands: (low, high) for each of LEVELS; None: no band.
        hidden: why there is no estimate, or no band.
    """

    day: int
    age: int
    reported: float | None
    share: float | None
    estimate: float | None
    bands: tuple[tuple[float, float], ...] | None
    hidden: Hidden | None


def completed(reported: float, share: float) -> float:
    """Return what a day will come to when a share of it (0-1) is known: reported ÷ share."""
    return reported / share


def shares(triangle: Triangle, *, backlog: frozenset[int] = frozenset()) -> Numbers:
    """Return the share of a day known at each age, 0-1; not-a-number where nothing tells.

    Method: chain ladder. The step from one age to the next is the ratio of sums over the latest
        training days that have both; the share is the inverse of the steps still to come. Steps
        that happened on a day of backlog are left out.
    """
    known = triangle.known
    n, ages = known.shape
    steps = np.full(ages, np.nan)
    steps[-1] = 1.0
    barred = np.array(sorted(backlog), dtype=np.int64)
    for age in range(ages - 1):
        both = ~np.isnan(known[:, age]) & ~np.isnan(known[:, age + 1])
        both &= ~np.isin(np.arange(n) + age + 1, barred)
        rows = np.flatnonzero(both)[-TRAINING_DAYS:]
        before, after = known[rows, age].sum(), known[rows, age + 1].sum()
        if after >= MIN_CASES and before > 0:
            steps[age] = after / before
        elif after >= MIN_CASES:
            steps[age] = np.inf
    # Read from the end: what is still to come multiplies.
    return np.asarray(1.0 / np.cumprod(steps[::-1])[::-1], dtype=np.float64)


def backlog_days(triangle: Triangle) -> frozenset[int]:
    """Return the days on which far more old cases came in than in the two weeks before.

    Method: cases that came in a week or more after their day, by the day they came; more than the
        median of the fourteen days before + 5 × their median absolute deviation, and more than a
        third of what an ordinary day has in all.
    """
    known = triangle.known
    n, ages = known.shape
    steps = np.diff(known, axis=1)
    late = np.zeros(n)
    for age in range(BACKLOG_AGE - 1, ages - 1):
        arrived = np.arange(n) + age + 1
        there = (arrived < n) & ~np.isnan(steps[:, age])
        np.add.at(late, arrived[there], steps[there, age])
    whole = known[:, -1][~np.isnan(known[:, -1])]
    ordinary = float(np.median(whole)) if len(whole) else 0.0
    found = set()
    for day in range(BACKLOG_DAYS + ages, n):
        before = late[day - BACKLOG_DAYS : day]
        middle = float(np.median(before))
        limit = middle + BACKLOG_MADS * float(np.median(np.abs(before - middle)))
        if late[day] > max(limit, ordinary * BACKLOG_PART, MIN_CASES):
            found.add(day)
    return frozenset(found)


def nowcast(
    triangle: Triangle, *, backlog: frozenset[int] = frozenset(), min_errors: int = MIN_ERRORS
) -> tuple[Nowcast, ...]:
    """Return the days that are still being reported, oldest first.

    Method: estimate = reported ÷ share. The band takes what is still to come as negative binomial
        around its expectation, with the spread that the same method's errors had at this age on
        past days, each judged by what was known then (baselinenowcast); where
        past days shrank afterwards, the errors' logarithms as Student's t.

    Args:
        triangle: the past; its last day is the newest.
        backlog: days of delivery to learn nothing from, see `backlog_days`.
        min_errors: past errors of an age without which it has no band.
    """
    n = len(triangle.known)
    share = shares(triangle, backlog=backlog)
    ages_open = _settled(share)
    errors = _Errors(triangle, settled=ages_open, backlog=backlog, least=min_errors)
    return tuple(
        _one(n - 1 - age, age, triangle.known[n - 1 - age, age], share[age], errors)
        for age in reversed(range(min(ages_open, n)))
    )


def _settled(share: Numbers) -> int:
    """Return the first age from which on days count as complete."""
    still_open = np.flatnonzero(~(share >= COMPLETE) | (share > 2 - COMPLETE))
    return int(still_open[-1]) + 1 if len(still_open) else 0


def _one(day: int, age: int, reported: float, share: float, errors: "_Errors") -> Nowcast:
    estimate, bands, hidden = None, None, None
    if np.isnan(reported):
        hidden = Hidden.NOT_REPORTED
    elif np.isnan(share):
        hidden = Hidden.NO_DELAYS
    elif share < MIN_SHARE:
        hidden = Hidden.LITTLE_REPORTED
    else:
        estimate = completed(reported, share)
        bands = errors.bands(age, reported, estimate)
        hidden = Hidden.FEW_ERRORS if bands is None else None
    return Nowcast(
        day=day,
        age=age,
        reported=None if np.isnan(reported) else float(reported),
        share=None if np.isnan(share) else float(share),
        estimate=estimate,
        bands=bands,
        hidden=hidden,
    )


class _Errors:
    """What the method got wrong on past days, by age."""

    def __init__(
        self, triangle: Triangle, *, settled: int, backlog: frozenset[int], least: int
    ) -> None:
        self._least = least
        n = len(triangle.known)
        self._tried: dict[int, list[tuple[float, float, float]]] = {}
        known = triangle.known
        settled = min(settled, known.shape[1] - 1)
        for origin in range(max(n - ORIGINS - settled, 1), n - 1):
            then = shares(triangle.at(origin), backlog=backlog)
            for age in range(max(origin + settled - n + 1, 0), min(settled, origin + 1)):
                day = origin - age
                if backlog & set(range(origin + 1, day + settled + 1)):
                    continue
                reported, truth = known[day, age], known[day, settled]
                if not np.isnan(reported + truth + then[age]) and then[age] >= MIN_SHARE:
                    self._tried.setdefault(age, []).append(
                        (reported, completed(reported, then[age]), truth)
                    )

    def bands(
        self, age: int, reported: float, estimate: float
    ) -> tuple[tuple[float, float], ...] | None:
        """Return (low, high) for every level; None: too few errors to tell."""
        tried = self._tried.get(age, [])[-ORIGINS:]
        if len(tried) < self._least:
            return None
        before, expected, truth = np.array(tried).T
        to_come = estimate - reported
        if (truth >= before).all() and (expected >= before).all() and to_come >= 0:
            size = _size(truth - before, expected - before)
            return tuple(
                (reported + low, reported + high)
                for low, high in (_negative_binomial(to_come, size, level) for level in LEVELS)
            )
        logs = np.log((truth + 0.5) / (expected + 0.5))
        spread = float(np.sqrt(np.mean(logs**2) * (1 + 1 / len(logs))))
        reach = [spread * float(student.ppf((1 + level) / 2, len(logs))) for level in LEVELS]
        return tuple((estimate * np.exp(-one), estimate * np.exp(one)) for one in reach)


def _negative_binomial(mean: float, size: float, level: float) -> tuple[float, float]:
    if mean <= 0:
        return 0.0, 0.0
    ends = nbinom.ppf([(1 - level) / 2, (1 + level) / 2], size, size / (size + mean))
    return float(ends[0]), float(ends[1])


def _size(came: Numbers, expected: Numbers) -> float:
    """Return the negative binomial's size that makes past errors likeliest."""
    expected = np.maximum(expected, 1e-6)

    def surprise(log_size: float) -> float:
        size = np.exp(log_size)
        likely = gammaln(came + size) - gammaln(size) - gammaln(came + 1)
        likely += size * np.log(size / (size + expected))
        likely += came * np.log(expected / (size + expected))
        return -float(likely.sum())

    return float(np.exp(minimize_scalar(surprise, bounds=(-4.0, 12.0), method="bounded").x))
