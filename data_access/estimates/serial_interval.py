"""Serial intervals: from the symptoms of a case to those of whom it infected. Pure.

Which one is used is data: by the variant that prevails, with its source.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

Weights = NDArray[np.float64]
LEAST_MEAN_DAYS = 1.0
"""The discretised interval has no mass on the day of infection: its mean is above this."""
SENSITIVITY_DAYS = 1.0


@dataclass(frozen=True, kw_only=True)
class SerialInterval:
    """A gamma distribution shifted by one day.

    Attributes:
        mean: days.
        sd: standard deviation, days.
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        """Refuse what the discretisation cannot take.

        Raises:
            ValueError: for a mean of a day or less, or no spread.
        """
        if not (np.isfinite(self.mean) and self.mean > LEAST_MEAN_DAYS):
            raise ValueError(f"the mean serial interval must be above 1 day, not {self.mean:g}")
        if not (np.isfinite(self.sd) and self.sd > 0):
            raise ValueError(
                f"the serial interval's standard deviation must be above 0, not {self.sd:g}"
            )

    def weights(self, n_days: int) -> Weights:
        """Return w_0 … w_n: the share of infections that come k days after, w_0 = 0.

        Method: shifted gamma with shape A = ((μ-1)/σ)², scale B = σ²/(μ-1), integrated against
            the triangle of days that k whole days apart can mean.
        Source: Cori et al. 2013 (doi:10.1093/aje/kwt133), web appendix 11, as `discr_si` of
            EpiEstim.
        """
        shape = ((self.mean - 1) / self.sd) ** 2
        scale = self.sd**2 / (self.mean - 1)
        k = np.arange(n_days + 1, dtype=np.float64)

        def cdf(at: Weights, more: int = 0) -> Weights:
            return np.asarray(gamma.cdf(at, shape + more, scale=scale), dtype=np.float64)

        found = k * cdf(k) + (k - 2) * cdf(k - 2) - 2 * (k - 1) * cdf(k - 1)
        found += shape * scale * (2 * cdf(k - 1, 1) - cdf(k - 2, 1) - cdf(k, 1))
        weights: Weights = np.maximum(found, 0.0)
        return weights

    def around(self, days: float = SENSITIVITY_DAYS) -> tuple["SerialInterval", ...]:
        """Return the intervals with a mean shorter and longer, as far as there are such."""
        return tuple(
            SerialInterval(mean=mean, sd=self.sd)
            for mean in (self.mean - days, self.mean + days)
            if mean > LEAST_MEAN_DAYS
        )


@dataclass(frozen=True, kw_only=True)
class Period:
    """The serial interval used while a variant prevails.

    Attributes:
        variant: ancestral, delta or omicron.
        since: first day.
        interval: what is used.
        source: where the figures come from.
    """

    variant: str
    since: date
    interval: SerialInterval
    source: str


# The fourth wave (Delta) began on 27 April 2021. No day is published since when Omicron prevailed:
# it was still rare in mid-January 2022 and the rule by March; the first of February is assumed.
PERIODS = (
    Period(
        variant="ancestral",
        since=date(2019, 12, 1),
        interval=SerialInterval(mean=5.2, sd=3.0),
        source="assumed, after pairs of early 2020; 33 pairs of Viet Nam alone gave 3.24 days",
    ),
    Period(
        variant="delta",
        since=date(2021, 4, 27),
        interval=SerialInterval(mean=4.0, sd=2.5),
        source="assumed, after Guangzhou 2021 (5.19 falling to 3.78 days); others 2.3 to 4.7",
    ),
    Period(
        variant="omicron",
        since=date(2022, 2, 1),
        interval=SerialInterval(mean=3.0, sd=2.0),
        source="assumed, for BA.1: a day shorter than Delta",
    ),
)


def prevailing(day: date) -> Period:
    """Return the period that a day falls into; the first one for days before all."""
    began = [one for one in PERIODS if one.since <= day]
    return began[-1] if began else PERIODS[0]
