"""Fits transmission by group of provinces and period to observed cases; forecasts from there. Pure.

Fitting is sequential. The factor of a period is found for all groups at once by fixed-point
iteration: the expected epidemic of the period and `LAG` days after is run again and again from the
state at the period's start, until the cases of the days that the period decides are those observed.
A pull towards the factor before it (`PULL`) keeps empty weeks from deciding anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulations.epidemic.chance import Expected
from simulations.epidemic.engine import simulate
from simulations.epidemic.parameters import Floats, Setup, Whole
from simulations.epidemic.state import State
from simulations.epidemic.state import start as at_start
from simulations.epidemic.summary import LEVELS, Wanted, quantiles, run, with_total

PERIOD = 7
LAG = 7
"""Days from a change of transmission to its cases: latent 3, then found about 4 days later."""
LEAST_DAYS = 7
"""Days of cases without which a period takes the factor before it."""
TURNS = 7
STEP = 0.6
PULL = 3.0
"""Cases a day and group that the factor before counts for."""
BOUNDS = (0.02, 6.0)
AHEAD = 3
"""Periods behind a forecast's factor: the last two fitted, of which one stands for the last, which
has no cases of its own yet."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What was fitted.

    Attributes:
        factors: factor of transmission, shape (periods, groups).
        cases: expected cases by day and group with them, shape (days, groups).
        state: the expected state after the last day known.
        known: days known.
    """

    factors: Floats
    cases: Floats
    state: State
    known: int


def by_group(values: Floats, group: Whole) -> Floats:
    """Return sums over the provinces of each group, last axis."""
    members = group[:, None] == np.arange(int(group.max()) + 1)[None, :]
    return np.asarray(values @ members.astype(float))


def with_factors(setup: Setup, factors: Floats, *, group: Whole) -> Setup:
    """Return the setup with the factors of each period; the last one goes on."""
    period = np.minimum(np.arange(setup.plan.days) // PERIOD, len(factors) - 1)
    return replace(setup, plan=replace(setup.plan, transmission=factors[period][:, group]))


def fit(setup: Setup, observed: Floats, *, group: Whole, known: int) -> Fit:
    """Fit the factors to the first `known` days.

    Args:
        setup: what is not fitted.
        observed: cases by day and group; NaN where not known.
        group: province → group.
        known: days that may be looked at.
    """
    state = at_start(setup, draws=1, whole=False)
    factors: list[Floats] = []
    cases: list[Floats] = []
    before = np.ones(observed.shape[1])
    for first in range(0, known, PERIOD):
        last = min(first + PERIOD, known)
        window = range(first + LAG, min(last + LAG, known))
        if len(window) >= LEAST_DAYS:
            before = _period(setup, state, observed, group=group, before=before, first=first,
                             window=window, factors=factors)  # fmt: skip
        factors.append(before)
        here = with_factors(setup, np.array(factors), group=group)
        cases.append(_expected(here, state, range(first, last), group))
    return Fit(factors=np.array(factors), cases=np.concatenate(cases), state=state, known=known)


def _period(
    setup: Setup, state: State, observed: Floats, *, group: Whole, before: Floats, first: int,
    window: range, factors: Sequence[Floats],
) -> Floats:  # fmt: skip
    seen = observed[window.start : window.stop]
    there = ~np.isnan(seen)
    target = np.where(there, seen, 0).sum(axis=0)
    now, pull = before.copy(), PULL * len(window)
    for _ in range(TURNS):
        trial = with_factors(setup, np.array([*factors, now]), group=group)
        found = _expected(trial, state.copy(), range(first, window.stop), group)
        got = np.where(there, found[window.start - first :], 0).sum(axis=0)
        weight = target / (target + pull)
        wanted = (1 - weight) * np.log(before / now) + STEP * np.log((target + 1) / (got + 1))
        now = np.clip(now * np.exp(np.clip(wanted, -1.0, 1.0)), *BOUNDS)
    return now


def _expected(setup: Setup, state: State, days: range, group: Whole) -> Floats:
    """Return expected cases by day and group; the state is taken along to the last day."""
    chain = simulate(setup, chance=Expected(), state=state, days=days)
    return np.array(
        [by_group(np.asarray(with_total(day)["cases"][0], dtype=float), group) for day, _ in chain]
    )


def walk_of(factors: Floats, *, periods: int = 3) -> float:
    """Return how much log factors move, per square root of a day: median over the groups.

    The robust spread (1.4826 × median absolute step) of steps of so many periods: what comes and
    goes within a week is noise of reports, not of transmission.
    """
    steps = np.log(factors[periods:]) - np.log(factors[:-periods])
    spread = 1.4826 * np.median(np.abs(steps), axis=0)
    return float(np.median(spread) / np.sqrt(periods * PERIOD))


def noise_of(observed: Floats, expected: Floats) -> Floats:
    """Return the overdispersion of daily cases by group: variance = mean + noise × mean².

    Moments over the days given, about a seven-day moving level so that a level which is off does
    not count as noise.
    """
    level = _moving(np.where(np.isnan(observed), expected, observed))
    error = (observed - level) ** 2 - level
    size = np.maximum(np.nansum(level**2, axis=0), 1.0)
    return np.asarray(np.clip(np.nansum(error, axis=0) / size, 0.0, 4.0))


def _moving(values: Floats) -> Floats:
    padded = np.pad(values, ((3, 3), (0, 0)), mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 7, axis=0).mean(axis=-1))


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Bands of daily cases; shape (levels, days, groups) and (levels, days)."""

    groups: Floats
    nation: Floats


def forecast(
    setup: Setup, fitted: Fit, *, group: Whole, noise: Floats, days: int, draws: int, seed: int
) -> Forecast:
    """Forecast daily cases of the days after those known, as they would be reported.

    Transmission goes on as the last two periods were in the mean, and walks as it used to
    (`Disease.walk_sd`); each day's report scatters about the cases with the noise of its group.
    """
    last = np.exp(np.log(fitted.factors[-AHEAD:]).mean(axis=0))
    going_on = np.concatenate([fitted.factors[: fitted.known // PERIOD], last[None]])
    ahead = with_factors(setup, going_on, group=group)
    span = range(fitted.known, fitted.known + days)
    state = fitted.state.repeated(draws, whole=True)
    keep = tuple(f"cases_{one}" for one in ("community", "quarantine", "locked_area", "facility"))
    kept = run(
        ahead, seed=seed, draws=draws, state=state, days=span, wanted=Wanted(series=(), keep=keep)
    ).kept
    cases = by_group(np.sum([kept[name] for name in keep], axis=0, dtype=float), group)
    rng = np.random.default_rng([seed, 1])
    spread = np.maximum(noise, 1e-9)
    reported = rng.poisson(rng.gamma(1 / spread, np.maximum(cases * spread, 1e-12)))
    return Forecast(
        groups=quantiles(reported, LEVELS), nation=quantiles(reported.sum(axis=-1), LEVELS)
    )
