"""Prevalence from pooled samples, for a test without error. Pure.

A positive pool says that at least one of its members is positive, not how many. The estimate is
the share of positive people that makes what was seen likeliest; it is biased upwards a little.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from data_access.estimates.proportions import Interval, exact

_TINY = 1e-12


@dataclass(frozen=True, kw_only=True)
class Pools:
    """Pools of one size.

    Attributes:
        size: people in each.
        tested: how many pools.
        positive: how many of them were positive.
    """

    size: int
    tested: int
    positive: int

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: for no members, or more positive pools than pools.
        """
        if self.size < 1 or not 0 <= self.positive <= self.tested:
            raise ValueError(f"{self.positive} of {self.tested} pools of {self.size}")


def prevalence(pools: Sequence[Pools], *, level: float = 0.95) -> Interval | None:
    """Return the share of people positive, 0-1, with its interval; None without a pool.

    Method: for one size `1 - (1 - x/n)^(1/k)` with the exact binomial interval transformed the
        same way; for several sizes the likeliest share, with the interval whose ends are not
        rejected by the likelihood ratio. Where every pool is positive there is no estimate, only
        a lower end.
    Source: Hepworth; the calculator of EpiTools (22 of 42 pools of 5: 0.1379, 0.0832-0.1926).
    """
    known = [one for one in pools if one.tested]
    if not known:
        return None
    if len({one.size for one in known}) == 1:
        return _one_size(known, level=level)
    return _several_sizes(known, level=level)


def standard_error(pools: Pools) -> float:
    """Return the standard error of the estimate from pools of one size."""
    q, k = pools.positive / pools.tested, pools.size
    return float(np.sqrt(q * (1 - q) / pools.tested) / (k * (1 - q) ** ((k - 1) / k)))


def _one_size(pools: Sequence[Pools], *, level: float) -> Interval:
    size = pools[0].size
    tested, positive = sum(p.tested for p in pools), sum(p.positive for p in pools)
    low, high = (1 - (1 - end) ** (1 / size) for end in exact(positive, tested, level=level))
    estimate = None if positive == tested else 1 - (1 - positive / tested) ** (1 / size)
    return Interval(estimate=estimate, low=low, high=high)


def _several_sizes(pools: Sequence[Pools], *, level: float) -> Interval:
    allowed = float(stats.chi2.ppf(level, 1)) / 2
    if all(one.positive == one.tested for one in pools):
        low = optimize.brentq(lambda p: _log_likelihood(p, pools) + allowed, _TINY, 1 - _TINY)
        return Interval(estimate=None, low=float(low), high=1.0)
    if not any(one.positive for one in pools):
        # Nobody seen: the likelihood falls from its top at zero.
        high = optimize.brentq(lambda p: _log_likelihood(p, pools) + allowed, 0.0, 1 - _TINY)
        return Interval(estimate=0.0, low=0.0, high=float(high))
    best = float(optimize.brentq(lambda p: _score(p, pools), _TINY, 1 - _TINY, xtol=1e-14))
    top = _log_likelihood(best, pools)

    def gap(p: float) -> float:
        return _log_likelihood(p, pools) - top + allowed

    low = float(optimize.brentq(gap, _TINY, best))
    high = float(optimize.brentq(gap, best, 1 - _TINY))
    return Interval(estimate=best, low=low, high=high)


def _score(p: float, pools: Sequence[Pools]) -> float:
    """Return what is zero at the likeliest share: people seen positive less people expected."""
    seen = sum(one.positive * one.size / (1 - (1 - p) ** one.size) for one in pools)
    return float(seen - sum(one.tested * one.size for one in pools))


def _log_likelihood(p: float, pools: Sequence[Pools]) -> float:
    total = 0.0
    for one in pools:
        negative = one.size * np.log1p(-p)
        total += (one.tested - one.positive) * negative
        if one.positive:
            total += one.positive * np.log(-np.expm1(negative))
    return float(total)
