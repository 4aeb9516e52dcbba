"""Puts a scenario's levers on the calibrated country. Pure.

What a scenario may know is what was known when it starts: transmission stays at the last factor
fitted to a week that was over, and distancing stays as it was, unless the scenario says otherwise.
Doses and laboratories follow the plan.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.epidemic.calibration import PERIOD
from simulations.epidemic.parameters import AGES, LEVELS, Floats, Plan, Setup, Whole
from simulations.inputs import Country
from simulations.scenario.model import Measure, Scenario


def known_at(country: Country, first_day: date) -> Setup:
    """Return the setup as it would go on from a day with nothing new decided or learnt."""
    day = country.day(first_day)
    plan = country.setup.plan
    transmission, level = plan.transmission.copy(), plan.level.copy()
    over = day // PERIOD * PERIOD
    transmission[over:] = transmission[over - 1]
    level[day:] = level[day - 1]
    return replace(country.setup, plan=replace(plan, transmission=transmission, level=level))


def with_levers(country: Country, scenario: Scenario) -> Setup:
    """Return the setup of a scenario: `known_at` its first day, and its levers from then on.

    Raises:
        ValueError: if it names a place that does not exist.
    """
    setup = known_at(country, scenario.first_day)
    day = country.day(scenario.first_day)
    return replace(
        setup,
        plan=_plan(country, scenario, setup.plan, day=day),
        vaccination=replace(
            setup.vaccination, order=tuple(AGES.index(one) for one in scenario.order)
        ),
        finding=replace(setup.finding, pool_size=scenario.pool_size),
        tracing=replace(
            setup.tracing,
            contacts_per_case=scenario.contacts_per_case,
            stay_days=scenario.stay_days,
            home_share=scenario.home_share,
        ),
    )


def _plan(country: Country, scenario: Scenario, plan: Plan, *, day: int) -> Plan:
    factors = {
        "samples": scenario.laboratory_factor,
        "tracers": scenario.tracing_factor,
        "quarantine_beds": scenario.quarantine_factor,
        "hospital_beds": scenario.hospital_factor,
        "icu_beds": scenario.icu_factor,
    }
    changed: Mapping[str, Any] = {name: _times(getattr(plan, name), factor, day)
                                  for name, factor in factors.items()}  # fmt: skip
    second = plan.second_share.copy()
    if scenario.second_share is not None:
        second[day:] = scenario.second_share
    return replace(
        plan,
        **changed,
        level=_levels(country, scenario, plan.level, day=day),
        doses=_doses(scenario, plan.doses, day=day),
        second_share=second,
    )


def _times(values: Floats, factor: float, day: int) -> Floats:
    out = values.copy()
    out[day:] *= factor
    return out


def _doses(scenario: Scenario, doses: Whole, *, day: int) -> Whole:
    """Return whole doses; what rounding leaves of a day is given on the next, so none is lost."""
    ahead = doses[day:].astype(float)
    if scenario.doses_per_day is not None:
        total = ahead.sum(axis=1, keepdims=True)
        shares = np.divide(ahead, total, out=np.full_like(ahead, 1 / ahead.shape[1]),
                           where=total > 0)  # fmt: skip
        ahead = shares * scenario.doses_per_day
    else:
        ahead *= scenario.doses_factor
    whole = np.diff(np.rint(np.cumsum(ahead, axis=0)), axis=0, prepend=0)
    return np.concatenate([doses[:day], whole.astype(np.int64)])


def _levels(
    country: Country, scenario: Scenario, level: NDArray[np.int8], *, day: int
) -> NDArray[np.int8]:
    out = level.copy()
    for measure in scenario.distancing:
        since = country.day(measure.since) if measure.since else day
        until = country.day(measure.until) + 1 if measure.until else len(level)
        out[max(since, day) : max(until, day), places(country, measure)] = LEVELS.index(
            measure.level
        )
    return out


def places(country: Country, measure: Measure) -> list[int]:
    """Return the provinces of a measure; all of them if it names none.

    Raises:
        ValueError: naming the place that does not exist.
    """
    if not measure.places:
        return list(range(len(country.codes)))
    found: set[int] = set()
    for place in measure.places:
        if place in country.groups:
            found |= set(np.flatnonzero(country.group == country.groups.index(place)).tolist())
        elif place in country.codes:
            found.add(country.index(place))
        else:
            raise ValueError(f"distancing.places: there is no province or group {place!r}")
    return sorted(found)
