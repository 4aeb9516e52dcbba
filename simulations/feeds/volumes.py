"""How many of each thing happen in each province on each day of a feed. Pure but for the inputs.

What is expected of each is the calibrated epidemic without chance: a single draw of the engine may
be several times off the wave that was (docs/calibration.md). Each day then comes by chance, thinned
as `FeedSpec.thin` says, from the seed and the day alone, so totals are right in the mean.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from simulations.epidemic.chance import Expected
from simulations.epidemic.engine import FLOWS, simulate
from simulations.feeds.calendar import is_quiet, weekday_factor
from simulations.feeds.model import FeedParameters, FeedSpec
from simulations.inputs import GIVEN, Country, read_values, vietnam

DRIVE = date(2021, 8, 2)
"""Hà Nội's daily-declaration drive: its count doubled the next day (domain description 1.1)."""
MANDATE = date(2021, 7, 28)
"""QR at places is compulsory from here on (end of July 2021; the very day is assumed)."""
Whole = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class DayVolumes:
    """Counts of one local day.

    Attributes:
        day: local day.
        codes: province codes, in the order of every array.
        counts: the engine's flows, `arrivals`, `declarations` and `scans` → persons or records,
            shape (provinces,).
    """

    day: date
    codes: tuple[str, ...]
    counts: Mapping[str, Whole]


def volumes(
    country: Country, spec: FeedSpec, *, from_the_start: bool = False
) -> Iterator[DayVolumes]:
    """Yield the volumes of the spec's days, in order, of the epidemic as calibrated.

    The epidemic always runs from its own first day, so a later first day waits for those before.

    Args:
        country: as the engine sees it; its plan must reach the spec's last day.
        spec: which days, how thin, which provinces, which seed.
        from_the_start: also the days of the epidemic before the spec's first one.

    Raises:
        ValueError: if a day lies outside the plan, or a province is not known.
    """
    first = country.day(spec.first_day)
    last = first + spec.days
    if first < 0 or last > country.setup.plan.days:
        raise ValueError(f"the epidemic is planned from {country.first_day} for "
                         f"{country.setup.plan.days} days, which the days leave")  # fmt: skip
    codes = country.codes if spec.provinces is None else tuple(sorted(set(spec.provinces)))
    if unknown := sorted(set(codes) - set(country.codes)):
        raise ValueError(f"provinces that are not known: {', '.join(unknown)}")
    here = np.array([country.index(code) for code in codes], dtype=np.int64)
    people = country.setup.population.sum(axis=1).astype(float)
    shares = people / people.sum()
    running = simulate(country.setup, chance=Expected(), days=range(last))
    for number, (series, _) in enumerate(running):
        if number < first and not from_the_start:
            continue
        day = country.first_day + timedelta(days=number)
        rng = np.random.default_rng((spec.seed, number))
        # Drawn for every province, so that those asked for are the same whoever else is.
        # In real numbers a count may lie below zero by a rounding.
        means = {name: np.maximum(series[name][0], 0.0) * spec.thin * rhythm(name, day, spec)
                 for name in FLOWS}  # fmt: skip
        counts = {name: rng.poisson(means[name])[here] for name in FLOWS}
        for name, mean in activity(day, spec.parameters).items():
            counts[name] = rng.poisson(mean * spec.thin * shares)[here]
        yield DayVolumes(day=day, codes=codes, counts=counts)


def country_of(spec: FeedSpec) -> Country:
    """Return the calibrated country with a plan that reaches the spec's last day."""
    first: date = read_values(GIVEN)["first_day"]
    return vietnam(days=max((spec.first_day - first).days + spec.days, 1))


def rhythm(flow: str, day: date, spec: FeedSpec) -> float:
    """Return how much of the engine's flow falls on a day, for which all days of a week are alike.

    Doses and tests are given less on quiet days; illness knows no weekday.
    """
    if flow.startswith("doses"):
        return weekday_factor(day, spec.parameters.quiet_doses)
    if flow in {"samples", "persons_tested"}:
        return weekday_factor(day, spec.parameters.quiet_tests)
    return 1.0


def activity(day: date, p: FeedParameters) -> dict[str, float]:
    """Return arrivals, declarations and scans expected in the whole country on a local day."""
    usual = p.weekend_share if is_quiet(day) else 1.0
    mandated = day >= MANDATE
    declared = (p.drive_factor if day >= DRIVE else 1.0) if mandated else p.declarations_before
    return {
        "arrivals": p.arrivals_per_day,
        "declarations": p.declarations_per_day * usual * declared,
        "scans": p.scans_per_day * usual * (1.0 if mandated else p.scans_before),
    }
