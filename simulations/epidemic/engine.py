"""The engine: day after day of infections, finding, care and doses, for all draws side by side.

A chain of binomials (Bretó & Ionides 2011, Stoch Proc Appl 121:2571: hazards that compete are
split after the exit is drawn). `Disease.r0` is exact for the step in use: the rate of infection is
r0 (1 - exp(-step/infectious_days))/step, so the final size is that of the final-size equation and
r0 = 1 neither grows nor dies in the mean. No I/O, no clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.epidemic.chance import Chance, Counts, Expected
from simulations.epidemic.detection import Contacts, Tests, occupancy, test, trace
from simulations.epidemic.parameters import DOSES, GRADES, SETTINGS, SEVERE, Floats, Setup
from simulations.epidemic.state import State
from simulations.epidemic.state import start as at_start
from simulations.epidemic.vaccination import Protection, protection, vaccinate

CHUNK = 50
"""Draws worked on at a time: bounds the memory of intermediate results, changes no number."""
CASES = tuple(f"cases_{setting}" for setting in SETTINGS)
IN_CARE = tuple(f"in_care_{grade}" for grade in GRADES)
FLOWS = (
    "infections", *CASES, "deaths", "doses_1", "doses_2", "doses_3", "samples", "persons_tested",
    "contacts_listed",
)  # fmt: skip
STOCKS = (*IN_CARE, "hospital", "icu", "quarantine", "quarantine_home")
SERIES = (*FLOWS, *STOCKS)
"""Flows are counts of the day; stocks are persons at its end."""

Day = dict[str, NDArray[np.int32] | Floats]
"""Series → shape (draws, provinces); int32, or real numbers without chance."""


@dataclass(frozen=True, kw_only=True)
class _Fixed:
    """What does not change from day to day."""

    protection: Protection
    weights: Floats
    activity: Floats
    rate_per_r0: float
    norm: float
    chance: Chance


@dataclass(frozen=True, kw_only=True)
class _Today:
    """What holds all day, of a chunk of draws."""

    day: int
    tests: Tests
    contacts: Contacts
    spread: Floats
    away: Floats


def simulate(
    setup: Setup,
    *,
    chance: Chance,
    state: State | None = None,
    days: range | None = None,
    chunk: int = CHUNK,
) -> Iterator[tuple[Day, State]]:
    """Yield, day by day, the series of SERIES and the state at the day's end.

    The state is changed in place from day to day: copy what is to be kept. Stop by not asking for
    another day. Same setup and seed, same bytes, whatever the chunk and the number of draws.

    Args:
        setup: population, parameters and plan.
        chance: `drawn(seed, draws)` or `Expected()`.
        state: where to begin; everybody susceptible if not given. Changed in place.
        days: days of the plan to run; all of them if not given.
        chunk: draws worked on at a time.
    """
    whole = not isinstance(chance, Expected)
    state = at_start(setup, draws=chance.draws, whole=whole) if state is None else state
    fixed = _fixed(setup, chance)
    if setup.disease.transmission_sd:
        _spread_draws(setup, state, chance, sd=setup.disease.transmission_sd)
    for day in range(setup.plan.days) if days is None else days:
        if setup.disease.walk_sd:
            state.log_transmission[...] *= np.exp(-1 / setup.disease.walk_return_days)
            _spread_draws(setup, state, chance, sd=setup.disease.walk_sd)
        yield _one_day(setup, fixed, state, day=day, whole=whole, chunk=chunk), state


def _spread_draws(setup: Setup, state: State, chance: Chance, *, sd: float) -> None:
    state.log_transmission[...] += sd * chance.normal(int(setup.noise_group.max()) + 1)


def _fixed(setup: Setup, chance: Chance) -> _Fixed:
    disease, step = setup.disease, 1 / setup.steps_per_day
    activity = np.asarray(disease.activity)
    met = np.maximum(setup.population * activity, 1e-12)
    return _Fixed(
        protection=protection(setup),
        weights=activity / met.sum(axis=1, keepdims=True),
        activity=activity,
        rate_per_r0=float(-np.expm1(-step / disease.infectious_days) / step),
        norm=_reproduction(setup.population.sum(axis=0), activity, disease.assortativity),
        chance=chance,
    )


def _reproduction(persons: NDArray[np.int64], activity: Floats, assortativity: float) -> float:
    """Return the greatest eigenvalue of who infects whom by age, before it is scaled to r0."""
    mixed = np.outer(activity * persons, activity) / max(float(activity @ persons), 1e-12)
    matrix = (1 - assortativity) * mixed + assortativity * np.diag(activity)
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def _one_day(
    setup: Setup, fixed: _Fixed, state: State, *, day: int, whole: bool, chunk: int
) -> Day:
    found: list[dict[str, Counts]] = []
    for first in range(0, state.draws, chunk):
        draws = slice(first, min(first + chunk, state.draws))
        found.append(_chunk_day(setup, fixed, state.part(draws), day=day, draws=draws))
    joined = {name: np.concatenate([part[name] for part in found]) for name in SERIES}
    if not whole:
        return joined
    return {name: np.rint(values).astype(np.int32) for name, values in joined.items()}


def _chunk_day(
    setup: Setup, fixed: _Fixed, state: State, *, day: int, draws: slice
) -> dict[str, Counts]:
    chance = fixed.chance.part(draws)
    series: dict[str, Counts] = {name: np.zeros(state.new_cases.shape) for name in FLOWS}
    _from_outside(setup, state, chance, day=day, series=series)
    doses = vaccinate(setup, state, day=day, ring=day % setup.vaccination.interval_days)
    for dose in range(DOSES - 1):
        series[f"doses_{dose + 1}"] = doses[..., dose]
    today = _today(setup, fixed, state, day=day)
    for _ in range(setup.steps_per_day):
        _step(setup, fixed, state, chance, today, series)
    state.new_cases[...] = sum(series[name] for name in CASES if name != "cases_entry")
    series["samples"], series["persons_tested"] = today.tests.samples, today.tests.persons
    series["contacts_listed"] = today.contacts.listed
    return series | _stocks(setup, state, today)


def _from_outside(
    setup: Setup, state: State, chance: Chance, *, day: int, series: dict[str, Counts]
) -> None:
    """Infect residents from outside, by age as they are many; take arrivals into care."""
    shares = setup.population / np.maximum(setup.population.sum(axis=1, keepdims=True), 1)
    for name, numbers in (("seeds", setup.plan.seeds[day]), ("entries", setup.plan.entries[day])):
        if not numbers.any():
            continue
        people = _by_age(numbers, shares).astype(state.cured.dtype)
        people = np.broadcast_to(people, state.cured.shape)
        if name == "seeds":
            people = np.minimum(people, state.susceptible[..., 0])
            state.susceptible[..., 0] -= people
            state.exposed[..., 0] += people
            series["infections"] = series["infections"] + people.sum(axis=-1)
        else:
            state.arrived[...] += people
            series["cases_entry"] = series["cases_entry"] + people.sum(axis=-1)
            severe = chance.binomial(people, _severe_shares(setup, np.zeros(1))[..., 0])
            _admit(setup, state, chance, light=people - severe, severe=severe)


def _by_age(numbers: NDArray[np.int64], shares: Floats) -> Counts:
    """Return whole persons by age, summing to the numbers: parts of a person go to the next age."""
    so_far = np.rint(numbers[:, None] * np.cumsum(shares, axis=1))
    return np.diff(so_far, axis=1, prepend=0.0)


def _today(setup: Setup, fixed: _Fixed, state: State, *, day: int) -> _Today:
    """Return tests, contacts and the rate at which one prevalence unit infects each province."""
    plan, level = setup.plan, setup.plan.level[day]
    own = np.exp(state.log_transmission[:, setup.noise_group])
    beta = setup.disease.r0 * fixed.rate_per_r0 / max(fixed.norm, 1e-12)
    contact = np.asarray(setup.distancing.contact)[level]
    away = setup.distancing.away_share * np.asarray(setup.distancing.travel)[level]
    return _Today(
        day=day,
        tests=test(setup, state, day=day),
        contacts=trace(setup, state, day=day),
        spread=beta * plan.transmission[day] * contact * own,
        away=np.minimum(away, 1.0),
    )


def _step(
    setup: Setup, fixed: _Fixed, state: State, chance: Chance, today: _Today,
    series: dict[str, Counts],
) -> None:  # fmt: skip
    """Move everybody by one step; all exits are drawn from who was there at its start."""
    step, disease = 1 / setup.steps_per_day, setup.disease
    if _quiet(setup, state):
        return
    force = _force(setup, fixed, state, today)
    strata = state.susceptible.shape[-1]
    spared = 1 - fixed.protection.infection[today.day, :strata]
    caught = chance.binomial(state.susceptible, -np.expm1(-step * force[..., None] * spared))
    traced_rate = today.contacts.rate
    left_e, held_e = _exits(
        chance, state.exposed, (traced_rate, 1 / disease.latent_days), step=step
    )
    left_i, found, held_i = _exits3(
        chance, state.infectious, (today.tests.rate, traced_rate, 1 / disease.infectious_days),
        step=step,
    )  # fmt: skip
    out = chance.binomial(state.held, _within(today.tests.held_rate, step))
    _quarantine(setup, state, chance, today, step=step, caught=caught)
    _leave_care(setup, state, chance, today, step=step, series=series)
    _wane(setup, state, chance, step=step)
    state.susceptible[...] -= caught
    state.exposed[...] += caught - left_e
    state.infectious[...] += left_e - held_e - left_i
    state.held[...] += held_e + held_i - out
    ended = left_i - found - held_i
    _known(setup, fixed, state, chance, today, series, left=(found, out, ended))
    series["infections"] = series["infections"] + caught.sum(axis=(2, 3))


def _quiet(setup: Setup, state: State) -> bool:
    """Return whether nobody can move: nobody infected, held, in care, or about to lose immunity."""
    moving = (state.exposed, state.infectious, state.held, state.waiting, state.care)
    return not setup.disease.immunity_days and not any(people.any() for people in moving)


def _within(rate: Floats | float, step: float) -> Floats:
    """Return the probability of leaving within a step; (draws, provinces) widened by two axes."""
    probability = -np.expm1(-step * np.asarray(rate))
    return probability[..., None, None] if probability.ndim else probability


def _wide(array: Floats) -> Floats:
    return array[..., None, None]


def _exits(
    chance: Chance, people: Counts, rates: tuple[Floats, float], *, step: float
) -> tuple[Counts, Counts]:
    """Return who left, and of them who left by the first of two competing rates."""
    first, last = rates
    left = chance.binomial(people, _within(first + last, step))
    return left, chance.binomial(left, _wide(first / (first + last)))


def _exits3(
    chance: Chance, people: Counts, rates: tuple[Floats, Floats, float], *, step: float
) -> tuple[Counts, Counts, Counts]:
    """Return who left, and of them who left by the first and by the second of three rates."""
    first, second, last = rates
    left = chance.binomial(people, _within(first + second + last, step))
    by_first = chance.binomial(left, _wide(first / (first + second + last)))
    return left, by_first, chance.binomial(left - by_first, _wide(second / (second + last)))


def _force(setup: Setup, fixed: _Fixed, state: State, today: _Today) -> Floats:
    """Return the force of infection, shape (draws, provinces, ages), per day.

    Contacts are made at home but for the share `away`, which goes by the travel matrix; within a
    place by activity, but for the share that stays in the age group.
    """
    mixed = setup.disease.assortativity
    infectious = state.infectious.sum(axis=-1).astype(float)
    if setup.tracing.home_leak and setup.tracing.contacts_per_case:
        leak = setup.tracing.home_leak * today.contacts.at_home
        infectious = infectious + state.held.sum(axis=-1) * leak[..., None]
    pressure = (1 - mixed) * (infectious * fixed.weights).sum(axis=-1, keepdims=True)
    if mixed:
        pressure = pressure + mixed * infectious / np.maximum(setup.population, 1)
    if today.away.any():
        elsewhere = np.matmul(setup.travel, pressure)
        away = today.away[:, None]
        pressure = (1 - away) * pressure + away * elsewhere
    return np.asarray(today.spread[..., None] * fixed.activity * pressure)


def _quarantine(
    setup: Setup, state: State, chance: Chance, today: _Today, *, step: float, caught: Counts
) -> None:
    """Admit contacts who are not infected; release those whose stay is over."""
    if not setup.tracing.contacts_per_case:
        return
    share = _wide(-np.expm1(step * np.log1p(-today.contacts.admitted_share)))
    admitted = chance.binomial(state.susceptible - caught, share)
    released = chance.binomial(state.waiting, _within(1 / setup.tracing.stay_days, step))
    state.susceptible[...] += released - admitted
    state.waiting[...] += admitted - released


def _leave_care(
    setup: Setup, state: State, chance: Chance, today: _Today, *, step: float,
    series: dict[str, Counts],
) -> None:  # fmt: skip
    """End stays; in the two worst grades some die, more where beds are short."""
    if not state.care.any():
        return
    stays = -np.expm1(-step / np.asarray(setup.care.stay_days))
    over = chance.binomial(state.care, stays)
    died = chance.binomial(over, _death_shares(setup, state, day=today.day))
    state.care[...] -= over
    state.cured[...] += (over - died).sum(axis=-1)
    state.dead[...] += died.sum(axis=-1)
    series["deaths"] = series["deaths"] + died.sum(axis=(2, 3))


def _death_shares(setup: Setup, state: State, *, day: int) -> Floats:
    """Return the share of stays that end in death, shape (draws, provinces, 1, grades)."""
    care, plan = setup.care, setup.plan
    need = state.care.sum(axis=2)
    without = np.zeros(need.shape)
    for grade, beds in ((SEVERE, plan.hospital_beds[day]), (SEVERE + 1, plan.icu_beds[day])):
        without[..., grade] = 1 - np.minimum(1.0, beds / np.maximum(need[..., grade], 1e-12))
    scale = 1 + (care.shortage_factor - 1) * without
    return np.minimum(np.asarray(care.death_share) * scale, 1.0)[:, :, None, :]


def _wane(setup: Setup, state: State, chance: Chance, *, step: float) -> None:
    """Let immunity after infection end, where it does; who was a case is then without a dose."""
    if not setup.disease.immunity_days:
        return
    p = np.asarray(-np.expm1(-step / setup.disease.immunity_days))
    lost, cured = chance.binomial(state.immune, p), chance.binomial(state.cured, p)
    state.immune[...] -= lost
    state.susceptible[...] += lost
    state.cured[...] -= cured
    state.susceptible[..., 0] += cured


def _known(
    setup: Setup, fixed: _Fixed, state: State, chance: Chance, today: _Today,
    series: dict[str, Counts], *, left: tuple[Counts, Counts, Counts],
) -> None:  # fmt: skip
    """Take what was found into care; who falls severely ill at large is found in a facility.

    `left` is who left by each road: found at large, found in quarantine, at the end unfound.
    """
    found, out, ended = left
    severe_share = _severe_shares(setup, fixed.protection.severe[today.day, : left[0].shape[-1]])
    fell_ill = chance.binomial(ended, severe_share)
    state.immune[...] += ended - fell_ill
    cases = found + out
    severe = chance.binomial(cases, severe_share)
    _admit(
        setup, state, chance,
        light=(cases - severe).sum(axis=-1), severe=(severe + fell_ill).sum(axis=-1),
    )  # fmt: skip
    total = found.sum(axis=(2, 3))
    locked = chance.binomial(total, today.tests.locked_share)
    for name, number in (
        ("cases_community", total - locked),
        ("cases_locked_area", locked),
        ("cases_quarantine", out.sum(axis=(2, 3))),
        ("cases_facility", fell_ill.sum(axis=(2, 3))),
    ):
        series[name] = series[name] + number


def _severe_shares(setup: Setup, spared: Floats) -> Floats:
    """Return the share of infections that become severe, shape (provinces, ages, strata)."""
    by_age = np.asarray(setup.disease.severe_share)[:, None] * (1 - spared)
    return np.minimum(setup.severity_scale[:, None, None] * by_age, 1.0)


def _admit(setup: Setup, state: State, chance: Chance, *, light: Counts, severe: Counts) -> None:
    """Put new cases, shape (draws, provinces, ages), into care by grade."""
    disease = setup.disease
    symptomless = chance.binomial(light, np.asarray(disease.symptomless_share))
    moderate = chance.binomial(light - symptomless, np.asarray(disease.moderate_share))
    critical = chance.binomial(severe, np.asarray(disease.critical_share))
    grades = (symptomless, light - symptomless - moderate, moderate, severe - critical, critical)
    for grade, people in enumerate(grades):
        state.care[..., grade] += people


def _stocks(setup: Setup, state: State, today: _Today) -> dict[str, Counts]:
    """Return who is in care and in quarantine at the end of the day; beds needed, not beds had."""
    care = state.care.sum(axis=2)
    inside = occupancy(state)
    beds = setup.plan.quarantine_beds[today.day]
    central = np.minimum(inside * (1 - setup.tracing.home_share), beds)
    return {
        **{name: care[..., grade] for grade, name in enumerate(IN_CARE)},
        "hospital": care[..., SEVERE - 1 : SEVERE + 1].sum(axis=-1),
        "icu": care[..., SEVERE + 1],
        "quarantine": inside,
        "quarantine_home": inside - central,
    }
