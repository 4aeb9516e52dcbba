"""Who gets the day's doses, and what doses prevent on a day. Pure.

A dose goes to a susceptible or immune person at large. Within a province, age groups are served in
the order of `Vaccination.order`; second doses are due `interval_days` after the first.
"""

from dataclasses import dataclass

import numpy as np

from simulations.epidemic.chance import Counts
from simulations.epidemic.parameters import DOSES, Floats, Setup, Vaccination
from simulations.epidemic.state import State

ALMOST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What a person of each stratum is spared, by day: shape (days, DOSES), shares."""

    infection: Floats
    severe: Floats


def protection(setup: Setup) -> Protection:
    """Return the protection of each stratum on each day of the plan.

    Doses of the last `protected_after_days` days do not protect yet (a person with a second dose
    keeps what the first gave); what protects wanes from then on, by the mean age of the doses
    planned so far, over the whole country.
    """
    given = _planned(setup)
    infection: list[Floats] = []
    severe: list[Floats] = []
    how = setup.vaccination
    for dose in range(1, DOSES):
        effects = _of_dose(how, dose)
        old, seen = _seen(given[dose - 1], how.protected_after_days)
        wane = np.exp(-how.waning_per_day * _mean_age(given[dose - 1], how.protected_after_days))
        for kept, effect, before in zip((infection, severe), effects, _of_dose(how, dose - 1),
                                        strict=True):  # fmt: skip
            ripe = np.divide(seen, old, out=np.zeros_like(seen), where=old > 0)
            kept.append((ripe * effect + (1 - ripe) * before) * wane)
    zero = np.zeros(setup.plan.days)
    return Protection(
        infection=np.stack([zero, *infection], axis=1), severe=np.stack([zero, *severe], axis=1)
    )


def _of_dose(how: Vaccination, dose: int) -> tuple[float, float]:
    """Return what a number of doses prevents, mean of the products in use."""
    if dose == 0:
        return 0.0, 0.0
    if dose == DOSES - 1:
        return how.booster
    weight = np.array(how.mix) / sum(how.mix)
    infection = np.array([p.against_infection[dose - 1] for p in how.products])
    severe = np.array([p.against_severe[dose - 1] for p in how.products])
    return float(weight @ infection), float(weight @ severe)


def _planned(setup: Setup) -> list[Floats]:
    total = setup.plan.doses.sum(axis=1).astype(float)
    second, third = total * setup.plan.second_share, total * setup.plan.third_share
    return [np.maximum(total - second - third, 0), second, third]


def _seen(given: Floats, delay: int) -> tuple[Floats, Floats]:
    total = np.cumsum(given)
    late = np.concatenate([np.zeros(delay), total])[: len(total)]
    return total, late


def _mean_age(given: Floats, delay: int) -> Floats:
    day = np.arange(len(given))
    total, late = _seen(given, delay)
    _, sum_late = _seen(given * day, delay)
    mean_day = np.divide(sum_late, late, out=day.astype(float), where=late > 0)
    return np.asarray(np.maximum(day - mean_day - delay, 0))


def vaccinate(setup: Setup, state: State, *, day: int, ring: int) -> Counts:
    """Give the day's doses; change the state; return doses, shape (draws, provinces, 3).

    Args:
        setup: the plan and its rules.
        state: persons, changed in place.
        day: day of the plan.
        ring: place in `State.past_first` of the day `interval_days` ago, which is overwritten.
    """
    plan = setup.plan
    total = np.broadcast_to(plan.doses[day], state.new_cases.shape).astype(state.susceptible.dtype)
    given = np.zeros((*total.shape, DOSES - 1), dtype=total.dtype)
    if state.susceptible.shape[-1] == 1:
        return given
    due = state.past_first[:, ring].copy() - state.second_doses
    if total.any():
        kept = (plan.third_share[day], plan.second_share[day])
        third = _floor(total * kept[0], total)
        second = np.minimum(_floor(total * kept[1], total), total - third)
        third = third - _offer(setup, state, dose=3, doses=third, given=given)
        second = second + third - _offer(setup, state, dose=2, doses=second + third, given=given,
                                         due=due)  # fmt: skip
        spare = total - given.sum(axis=-1)
        spare = spare - _offer(setup, state, dose=1, doses=spare, given=given)
        _offer(setup, state, dose=2, doses=spare, given=given, due=due)
    state.past_first[:, ring] = state.first_doses
    return given


def _offer(
    setup: Setup,
    state: State,
    *,
    dose: int,
    doses: Counts,
    given: Counts,
    due: Counts | None = None,
) -> Counts:
    """Offer doses of one number to the age groups in order; return how many were taken."""
    left = doses.copy()
    for age in setup.vaccination.order:
        free = state.susceptible[..., age, dose - 1] + state.immune[..., age, dose - 1]
        if dose == 1:
            accept = _floor(setup.population[:, age] * setup.vaccination.uptake[age], doses)
            free = np.minimum(free, np.maximum(accept - state.first_doses[..., age], 0))
        if due is not None:
            free = np.minimum(free, np.maximum(due[..., age], 0))
        taken = np.minimum(left, free)
        _move(state, age=age, dose=dose, taken=taken)
        if due is not None:
            due[..., age] -= taken
        left -= taken
        given[..., dose - 1] += taken
    return doses - left


def _move(state: State, *, age: int, dose: int, taken: Counts) -> None:
    susceptible, immune = state.susceptible[..., age, :], state.immune[..., age, :]
    both = susceptible[..., dose - 1] + immune[..., dose - 1]
    if taken.dtype.kind == "f":
        share = np.divide(susceptible[..., dose - 1], both, out=np.zeros_like(both), where=both > 0)
        first = taken * share
    else:
        first = taken * susceptible[..., dose - 1] // np.maximum(both, 1)
    for people, number in ((susceptible, first), (immune, taken - first)):
        people[..., dose - 1] -= number
        people[..., dose] += number
    if dose == 1:
        state.first_doses[..., age] += taken
    elif dose == 2:  # noqa: PLR2004 - the second dose
        state.second_doses[..., age] += taken


def _floor(number: Counts, like: Counts) -> Counts:
    """Return whole doses: a part of a dose is not given."""
    return np.asarray(np.floor(number + ALMOST).astype(like.dtype))
