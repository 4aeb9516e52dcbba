"""How good a forecast was: coverage of its bands, weighted interval score, skill. Pure.

Weighted interval score after Bracher, Ray, Gneiting & Reich 2021, PLoS Comput Biol 17:e1008618;
interval score after Gneiting & Raftery 2007, J Am Stat Assoc 102:359.
"""

from collections.abc import Sequence

import numpy as np

from simulations.epidemic.parameters import Floats

BANDS = (0.5, 0.8, 0.95)


def interval_score(observed: Floats, low: Floats, high: Floats, *, alpha: float) -> Floats:
    """Return the interval score of central (1 - alpha) intervals: smaller is better.

    (high - low) + 2/alpha (low - y) where y < low, + 2/alpha (y - high) where y > high.
    """
    below, above = np.maximum(low - observed, 0), np.maximum(observed - high, 0)
    return np.asarray((high - low) + 2 / alpha * (below + above))


def weighted_interval_score(observed: Floats, bands: Floats, *, levels: Sequence[float]) -> Floats:
    """Return the score of each forecast, in units of the data.

    WIS = (|y - m| / 2 + sum over K intervals of alpha/2 IS_alpha) / (K + 1/2). Equals the mean of
    2 × quantile loss over the levels; of a point forecast, the absolute error.

    Args:
        observed: shape (...).
        bands: quantiles, shape (levels, ...), ascending in level.
        levels: symmetric around a median that is among them.

    Raises:
        ValueError: if the levels are not symmetric around 0.5.
    """
    count = len(levels)
    if count % 2 == 0 or not np.allclose(np.add(levels, levels[::-1]), 1.0):
        raise ValueError("levels are symmetric around 0.5, which is one of them")
    half = count // 2
    score = 0.5 * np.abs(observed - bands[half])
    for i in range(half):
        alpha = 2 * levels[i]
        score = score + alpha / 2 * interval_score(observed, bands[i], bands[-1 - i], alpha=alpha)
    return np.asarray(score / (half + 0.5))


def coverage(observed: Floats, bands: Floats, *, levels: Sequence[float], band: float) -> float:
    """Return the share of observations inside a central band; both ends belong to it.

    Raises:
        ValueError: if the ends of the band are not among the levels.
    """
    ends = [np.flatnonzero(np.isclose(levels, (1 + s * band) / 2)) for s in (-1, 1)]
    if not all(len(end) == 1 for end in ends):
        raise ValueError(f"the ends of the {band:.0%} band are not among the levels")
    low, high = (bands[int(end[0])] for end in ends)
    return float(np.mean((low <= observed) & (observed <= high)))


def skill(score: Floats, baseline: Floats) -> float:
    """Return 1 - mean score / mean score of the baseline: 0 no better than it, 1 perfect."""
    return float(1 - np.mean(score) / np.mean(baseline))


def same_as_last_week(history: Floats, *, days: int, levels: Sequence[float]) -> Floats:
    """Return the baseline's quantiles: the last week again, with the errors it used to make.

    The median of a day is the value of the same weekday in the last seven days known. Its spread at
    a horizon of w weeks is that of the differences between days w weeks apart in the history, made
    symmetric (Cramer et al. 2022, PNAS 119:e2113561119, the Hub's baseline, by weekday). Cut at 0.

    Args:
        history: daily values, shape (days known, ...); at least four weeks more than `days`.
        days: days to forecast.
        levels: quantiles.

    Returns:
        shape (levels, days, ...).
    """
    weeks = -(-days // 7)
    if len(history) < 7 * (weeks + 3):
        raise ValueError("the history is too short for a baseline")
    out = np.empty((len(levels), days, *history.shape[1:]))
    for day in range(days):
        lag = 7 * (day // 7 + 1)
        errors = history[lag:] - history[:-lag]
        both = np.concatenate([errors, -errors])
        middle = history[len(history) - 7 + day % 7]
        out[:, day] = middle + np.quantile(both, levels, axis=0)
    return np.maximum(out, 0)
