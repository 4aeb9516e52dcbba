"""The reproduction number Rt after Cori, with its interval and when it must not be shown. Pure.

The conventions are EpiEstim's, so that both give the same numbers: the first day's cases count as
imported, the first window starts on day 2, no estimate before the mean serial interval has passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import gammaincinv

from data_access.estimates.serial_interval import SerialInterval, Weights

WINDOW_DAYS = 7
PRIOR_SHAPE, PRIOR_SCALE = 1.0, 5.0
"""Gamma prior of R: mean 5, standard deviation 5."""
MIN_CASES = 12
"""Cases in a window below which the posterior is too wide to be shown (CV about 0.3)."""
MAX_UNKNOWN_WEIGHT = 0.05
"""Share of the infectors' days that may be unknown."""
QUANTILES = (0.025, 0.5, 0.975)
Daily = Sequence[float | None]


class Hidden(StrEnum):
    """Why an estimate must not be shown."""

    FEW_CASES = "few_cases"
    RECENT = "recent"
    GAP = "gap"
    NEGATIVE = "negative"
    TOO_EARLY = "too_early"


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """What is believed of R: a gamma distribution.

    Attributes:
        mean: of R.
        sd: of R.
        q025: 2.5 % lie below.
        q50: half lie below.
        q975: 97.5 % lie below.
    """

    mean: float
    sd: float
    q025: float
    q50: float
    q975: float


@dataclass(frozen=True, kw_only=True)
class Window:
    """R of some days.

    Attributes:
        t_start: first day, counted from 1.
        t_end: last day.
        cases: domestic cases of these days; None: not all are known.
        r: the estimate; None: it must not be shown.
        hidden: why not; None: it is shown.
    """

    t_start: int
    t_end: int
    cases: float | None
    r: Posterior | None
    hidden: Hidden | None


@dataclass(frozen=True, kw_only=True)
class Incidence:
    """Cases by day.

    Attributes:
        local: infected here, oldest day first; None: not reported.
        imported: infected elsewhere, same days; empty: none known of.
    """

    local: Daily
    imported: Daily = ()

    def __post_init__(self) -> None:
        """Refuse series of different lengths.

        Raises:
            ValueError: if they differ.
        """
        if self.imported and len(self.imported) != len(self.local):
            raise ValueError(
                f"{len(self.local)} days of local and {len(self.imported)} of imported cases"
            )

    @property
    def local_days(self) -> NDArray[np.float64]:
        """Domestic cases, not-a-number where a day is not known or below zero."""
        return self._known(self.local)

    @property
    def total_days(self) -> NDArray[np.float64]:
        """All cases, not-a-number likewise."""
        return self.local_days + (self._known(self.imported) if self.imported else 0.0)

    @property
    def negative_days(self) -> NDArray[np.bool_]:
        """Which days are corrections below zero."""
        both = (self.local, self.imported or self.local)
        return np.array([any(one is not None and one < 0 for one in day) for day in zip(*both)])  # noqa: B905

    @staticmethod
    def _known(daily: Daily) -> NDArray[np.float64]:
        values = np.array([np.nan if one is None else one for one in daily], dtype=np.float64)
        return np.where(values < 0, np.nan, values)


def infectivity(total: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """Return Λ_t = Σ_{s≥1} I_{t-s} w_s; the first day has none. Unknown days count as zero."""
    n = len(total)
    if n == 0:
        return np.zeros(0)
    return np.convolve(np.nan_to_num(total), weights[:n])[:n]


def reproduction(
    incidence: Incidence,
    interval: SerialInterval,
    *,
    window: int = WINDOW_DAYS,
    recent_days: int = 0,
) -> tuple[Window, ...]:
    """Return R of every window of some days, first that of days 2 to `window` + 1.

    Method: posterior gamma with shape a + Σ local cases and scale 1 / (1/b + ΣΛ), where Λ holds
        all cases, imported ones too. A window is hidden where a day of it is unknown or negative,
        where more than a twentieth of the days that could have infected it is unknown, where it
        ends no later than the mean serial interval, with fewer than 12 cases, and where it
        ends in the last `recent_days`, which are still being reported.
    Source: Cori et al. 2013 (doi:10.1093/aje/kwt133).

    Args:
        incidence: cases by day.
        interval: serial interval.
        window: days in a window, 1 or more.
        recent_days: last days of the series that are incomplete.

    Raises:
        ValueError: for a window below one day.
    """
    if window < 1:
        raise ValueError(f"a window has 1 day or more, not {window}")
    n = len(incidence.local)
    # One weight less than days, as EpiEstim cuts it: it decides from when on there is an estimate.
    weights = interval.weights(max(n - 1, 0))
    local, total = incidence.local_days, incidence.total_days
    lam = infectivity(total, weights)
    unknown = infectivity(np.isnan(total).astype(np.float64), weights)
    mean_si = float(weights @ np.arange(len(weights)))
    if n <= window:
        return ()

    def sums(daily: NDArray[np.float64]) -> list[float]:
        found: list[float] = sliding_window_view(daily, window)[1:].sum(axis=1).tolist()
        return found

    is_gap = sums(np.isnan(total).astype(np.float64))
    is_negative = sums(incidence.negative_days.astype(np.float64))
    days = zip(sums(local), sums(lam), sums(unknown), is_gap, is_negative, strict=True)
    found = []
    for start, (cases, pressure, unseen, gaps, negatives) in enumerate(days, start=2):
        end = start + window - 1
        hidden = _hidden(
            cases=cases,
            is_early=end <= mean_si,
            is_recent=end > n - recent_days,
            is_negative=negatives > 0,
            unknown=1.0 if gaps else unseen / window,
        )
        r = None if hidden else posterior(cases, pressure)
        known = None if np.isnan(cases) else cases
        found.append(Window(t_start=start, t_end=end, cases=known, r=r, hidden=hidden))
    return tuple(found)


def _hidden(
    *, cases: float, is_early: bool, is_recent: bool, is_negative: bool, unknown: float
) -> Hidden | None:
    if is_negative:
        return Hidden.NEGATIVE
    if unknown > MAX_UNKNOWN_WEIGHT:
        return Hidden.GAP
    if is_recent:
        return Hidden.RECENT
    if is_early:
        return Hidden.TOO_EARLY
    return Hidden.FEW_CASES if cases < MIN_CASES else None


def posterior(cases: float, pressure: float) -> Posterior:
    """Return what is believed of R after some local cases under a summed infectivity Λ."""
    shape = PRIOR_SHAPE + cases
    scale = 1.0 / (1.0 / PRIOR_SCALE + pressure)
    low, middle, high = (gammaincinv(shape, QUANTILES) * scale).tolist()
    return Posterior(
        mean=shape * scale, sd=float(np.sqrt(shape)) * scale, q025=low, q50=middle, q975=high
    )
