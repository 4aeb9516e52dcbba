"""When a day's count is more than chance makes of the days before it. Pure.

EARS C1, C2, C3 (Hutwagner, Thompson, Seeman, Treadwell: J Urban Health 2003;80(2 Suppl 1):i89-96;
notation of Fricker, Hegler, Dunfee: Stat Med 2008;27:3407-29) and a detector in the manner of
Farrington et al. (J R Stat Soc A 1996;159:547-63): a quasi-Poisson regression with trend whose
outlying past weighs less. There are no past years of daily figures here, so that its baseline is
the same weekdays of the weeks before, not the same weeks of the years before: it knows no season.

A day that is not there, or negative after a correction, takes no part; nothing is filled in.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy.special import ndtri

BASELINE_DAYS = 7
MIN_BASELINE = 5
"""Days of a baseline of seven that must be there."""
LAGS = {"c1": 1, "c2": 3, "c3": 3}
"""Days between the day judged and the last day of its baseline."""
LIMITS = {"c1": 3.0, "c2": 3.0, "c3": 2.0, "farrington": 1.0}
"""Of each method's statistic: what lies above is an aberration."""
C3_DAYS = 3
C3_DEVIATIONS = 1.0
MIN_SD = 0.5
"""Least standard deviation: after seven equal days, one case more is not infinitely unusual."""

WEEKS, HALF_WINDOW, GUARD_DAYS = 8, 1, 7
"""Farrington: weeks looked back, days on either side of the weekday, last days left out."""
MIN_POINTS = 12
ALPHA = 0.005
OUTLIER = 2.58
"""Anscombe residual from which a day of the past weighs less (Noufaily et al. 2013)."""
TREND_Z = 1.96
_STEPS, _NEAR = 50, 1e-9
_FLOOR = 1e-6
_STEEPEST = 12.0
"""Largest logarithm of a mean, either way: 160,000 cases a day, or one in 400 years."""
MIN_WITH_CASES = 5
"""Days with cases below which there is no trend to speak of: its likelihood may have no top."""

Values = Sequence[float | None]


class Method(StrEnum):
    """How a day is judged."""

    C1 = "c1"
    C2 = "c2"
    C3 = "c3"
    FARRINGTON = "farrington"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a method says of one day, with the numbers that made it.

    Attributes:
        value: the day's count.
        baseline: what was to be expected.
        spread: standard deviation of the baseline (of one day around it, for Farrington).
        bound: the count above which the day is an aberration.
        statistic: what is compared with the limit.
        limit: the limit; larger is an aberration.
        n_days: days of the past that it rests on.
    """

    value: float
    baseline: float
    spread: float
    bound: float
    statistic: float
    limit: float
    n_days: int

    @property
    def is_aberrant(self) -> bool:
        """Whether the day is more than the method lets chance do."""
        return self.statistic > self.limit


def reading(
    values: Values, at: int, *, method: Method, min_sd: float = MIN_SD, alpha: float = ALPHA
) -> Reading | None:
    """Return what a method says of a day; None: the day, or too much of its past, is not there.

    Args:
        values: counts of consecutive days, oldest first; None where there is none.
        at: place of the day judged.
        method: which.
        min_sd: least standard deviation (EARS).
        alpha: share of ordinary days that may be called aberrant (Farrington).
    """
    if method is Method.FARRINGTON:
        return farrington(values, at, alpha=alpha)
    return ears(values, at, method=method, min_sd=min_sd)


# --- EARS -----------------------------------------------------------------------------------------


def ears(values: Values, at: int, *, method: Method, min_sd: float = MIN_SD) -> Reading | None:
    """Return what C1, C2 or C3 says of a day.

    Method: C1 and C2 are (y - mean) / sd over the seven days that end one, or three, days before;
        sd with n - 1. C3 adds up max(0, C2 - 1) of the day and the two before it. Limits 3, 3, 2.
    """
    own = _deviation(values, at, lag=LAGS[method], min_sd=min_sd)
    if own is None:
        return None
    limit = LIMITS[method]
    if method is not Method.C3:
        return _reading(own, statistic=own.excess, limit=limit, needed=limit)
    before = [_deviation(values, at - back, lag=LAGS[method], min_sd=min_sd)
              for back in range(1, C3_DAYS)]  # fmt: skip
    carried = sum(_over(one.excess) for one in before if one is not None)
    total = carried + _over(own.excess)
    # Where the days before alone reach the limit, any count above one sd does.
    needed = C3_DEVIATIONS + max(limit - carried, 0.0)
    return _reading(own, statistic=total, limit=limit, needed=needed)


@dataclass(frozen=True, kw_only=True)
class _Deviation:
    value: float
    mean: float
    sd: float
    n: int

    @property
    def excess(self) -> float:
        return (self.value - self.mean) / self.sd


def _deviation(values: Values, at: int, *, lag: int, min_sd: float) -> _Deviation | None:
    value = _known(values, at)
    last = at - lag
    days = (_known(values, place) for place in range(last - BASELINE_DAYS + 1, last + 1))
    past = [one for one in days if one is not None]
    if value is None or len(past) < MIN_BASELINE:
        return None
    mean = math.fsum(past) / len(past)
    variance = math.fsum((one - mean) ** 2 for one in past) / (len(past) - 1)
    return _Deviation(value=value, mean=mean, sd=max(math.sqrt(variance), min_sd), n=len(past))


def _known(values: Values, place: int) -> float | None:
    value = values[place] if 0 <= place < len(values) else None
    return value if value is not None and value >= 0 else None


def _over(excess: float) -> float:
    return max(excess - C3_DEVIATIONS, 0.0)


def _reading(own: _Deviation, *, statistic: float, limit: float, needed: float) -> Reading:
    return Reading(
        value=own.value, baseline=own.mean, spread=own.sd, bound=own.mean + needed * own.sd,
        statistic=statistic, limit=limit, n_days=own.n,
    )  # fmt: skip


# --- Farrington -----------------------------------------------------------------------------------


def farrington(values: Values, at: int, *, alpha: float = ALPHA) -> Reading | None:
    """Return what a quasi-Poisson regression over the weeks before says of a day.

    Method: baseline are the days within one of the same weekday, one to eight weeks before, without
        the last seven days. log mu = a + b t by iterated weighted least squares; dispersion not
        below 1. Days whose Anscombe residual exceeds 2.58 weigh 1 / residual squared, weights
        adding up to the number of days, and the model is fitted again. The trend is kept where
        |b| > 1.96 standard errors, but leads no higher than the largest day of the baseline (the
        original drops it there: with weeks instead of years behind, every rise would be). The bound
        is mu (1 + 2/3 z sqrt(tau / mu))^(3/2), tau = dispersion + var(mu) / mu.
        The statistic is (y - mu) / (bound - mu), the limit 1.
    """
    value = _known(values, at)
    places = [place for place in baseline_places(at) if _known(values, place) is not None]
    if value is None or len(places) < MIN_POINTS:
        return None
    counts = np.array([_known(values, place) for place in places], dtype=float)
    days = np.array([place - at for place in places], dtype=float)
    if not counts.any():
        return _after_nothing(value, n_days=len(places), alpha=alpha)
    model = _with_trend(counts, days) or _fitted(counts, days, has_trend=False)
    mu = max(model.expected, _FLOOR)
    tau = model.dispersion + model.variance_of_mean / mu
    bound = mu * (1 + 2 / 3 * float(ndtri(1 - alpha)) * math.sqrt(tau / mu)) ** 1.5
    return Reading(
        value=value, baseline=mu, spread=math.sqrt(tau * mu), bound=bound,
        statistic=(value - mu) / (bound - mu), limit=LIMITS[Method.FARRINGTON], n_days=len(places),
    )  # fmt: skip


def _with_trend(counts: np.ndarray, days: np.ndarray) -> "_Model | None":
    """Return the model with trend; None where the trend is not to be kept, or has no value."""
    if np.count_nonzero(counts) < MIN_WITH_CASES:
        return None
    try:
        made = _fitted(counts, days, has_trend=True)
    except np.linalg.LinAlgError:
        return None
    if abs(made.slope) <= TREND_Z * made.slope_error:
        return None
    # No further up than there ever was; the standard error of the mean goes with it.
    cap = min(float(counts.max()) / made.expected, 1.0)
    return replace(
        made, expected=made.expected * cap, variance_of_mean=made.variance_of_mean * cap**2
    )


def baseline_places(at: int) -> list[int]:
    """Return the places of the days that a day is compared with, oldest first."""
    found = {
        at - 7 * week + side
        for week in range(1, WEEKS + 1)
        for side in range(-HALF_WINDOW, HALF_WINDOW + 1)
    }
    return sorted(place for place in found if 0 <= place < at - GUARD_DAYS + 1)


def _after_nothing(value: float, *, n_days: int, alpha: float) -> Reading:
    """Return the reading after days of nothing: no regression stands on zeros alone.

    Method: with n days without a case, the rate lies below -ln(alpha) / n with that confidence
        (the "rule of three", exact); the bound is one case where that is less.
    """
    rate = -math.log(alpha) / n_days
    bound = max(rate, 1.0)
    return Reading(
        value=value, baseline=0.0, spread=math.sqrt(rate), bound=bound, statistic=value / bound,
        limit=LIMITS[Method.FARRINGTON], n_days=n_days,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Model:
    expected: float
    variance_of_mean: float
    slope: float
    slope_error: float
    dispersion: float


def _fitted(counts: np.ndarray, days: np.ndarray, *, has_trend: bool) -> _Model:
    # In weeks, so that the columns are of one size.
    design = np.column_stack([np.ones_like(days), days / 7] if has_trend else [np.ones_like(days)])
    even = np.ones_like(counts)
    weights = _lighter_outliers(counts, design, even)
    beta, information = _irls(counts, design, weights)
    mu = _means(design, beta)
    dispersion = _dispersion(counts, mu, weights, n_terms=design.shape[1])
    covariance = dispersion * np.linalg.inv(information)
    expected = float(np.exp(np.clip(beta[0], -_STEEPEST, _STEEPEST)))  # the day judged: zero
    return _Model(
        expected=expected,
        variance_of_mean=expected**2 * float(covariance[0, 0]),
        slope=float(beta[1]) if has_trend else 0.0,
        slope_error=math.sqrt(float(covariance[1, 1])) if has_trend else 0.0,
        dispersion=dispersion,
    )


def _irls(
    counts: np.ndarray, design: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients of a log-linear Poisson model, and its information matrix."""
    beta = np.zeros(design.shape[1])
    beta[0] = math.log(max(float(np.average(counts, weights=weights)), _FLOOR))
    information = np.eye(design.shape[1])
    for _ in range(_STEPS):
        mu = _means(design, beta)
        working = np.log(mu) + (counts - mu) / mu
        information = design.T @ (design * (weights * mu)[:, None])
        following = np.linalg.solve(information, design.T @ (weights * mu * working))
        is_there = bool(np.abs(following - beta).max() < _NEAR)
        beta = following
        if is_there:
            break
    return beta, information


def _means(design: np.ndarray, beta: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(np.clip(design @ beta, -_STEEPEST, _STEEPEST)))


def _dispersion(counts: np.ndarray, mu: np.ndarray, weights: np.ndarray, *, n_terms: int) -> float:
    squares = weights * (counts - mu) ** 2 / mu
    return max(float(squares.sum()) / (len(counts) - n_terms), 1.0)


def _lighter_outliers(counts: np.ndarray, design: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weights of a second fit: days far above the first one weigh less."""
    beta, information = _irls(counts, design, weights)
    mu = _means(design, beta)
    dispersion = _dispersion(counts, mu, weights, n_terms=design.shape[1])
    leverage = weights * mu * np.einsum("ij,jk,ik->i", design, np.linalg.inv(information), design)
    scale = np.sqrt(dispersion * np.maximum(1 - leverage, _FLOOR))
    residuals = 1.5 * (counts ** (2 / 3) * mu ** (-1 / 6) - np.sqrt(mu)) / scale
    lighter = np.where(residuals > OUTLIER, 1 / np.maximum(residuals, _FLOOR) ** 2, 1.0)
    return np.asarray(lighter * len(counts) / lighter.sum())
