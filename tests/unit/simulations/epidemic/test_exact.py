"""Answers that are known: by theory, by an equation solver, or because nothing can happen."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from simulations.epidemic.chance import drawn
from simulations.epidemic.engine import CASES
from simulations.epidemic.parameters import (
    Disease,
    Distancing,
    Finding,
    Product,
    Setup,
    Tracing,
    Vaccination,
    bare_plan,
    bare_setup,
    one_age,
)
from tests.unit.simulations.epidemic.worlds import busy, one_place, seeded, whole_run

LATENT, INFECTIOUS, R0 = 3.0, 4.0, 2.5


def final_size(r0: float, *, susceptible: float, infected: float) -> float:
    """Share infected in the end, seeds counted: s0 - s = s0 (1 - exp(-r0 z)), all shares of 1."""
    return brentq(lambda z: z - infected - susceptible * -np.expm1(-r0 * z), 1e-9, 1.0)


def limit_of(setup: Setup, of: Callable[[dict], np.ndarray]) -> np.ndarray:
    """What the engine gives as the step goes to nothing: three steps, extrapolated twice."""
    ten, twenty, forty = (of(whole_run(replace(setup, steps_per_day=n))[0]) for n in (10, 20, 40))
    return (8 * forty - 6 * twenty + ten) / 3


def ever(name: str) -> Callable[[dict], np.ndarray]:
    return lambda series: np.cumsum(series[name][0], axis=0)


def test_without_chance_it_is_the_differential_equations() -> None:
    persons = np.array([400_000.0, 600_000.0])
    travel, away = np.array([[0.0, 1.0], [1.0, 0.0]]), 0.1
    setup = bare_setup(
        persons[:, None].astype(int), seeded(days=90, provinces=2, seeds=100), travel=travel,
        disease=one_age(r0=R0, latent_days=LATENT, infectious_days=INFECTIOUS),
        distancing=Distancing(away_share=away),
    )  # fmt: skip

    def change(_, y):
        s, e, i, _r = y.reshape(4, 2)
        met = (1 - away) * i / persons + away * travel @ (i / persons)
        caught = R0 / INFECTIOUS * s * met
        moved = np.array([-caught, caught - e / LATENT, e / LATENT - i / INFECTIOUS,
                          i / INFECTIOUS])  # fmt: skip
        return moved.ravel()

    first = np.array([persons - [100, 0], [100.0, 0], [0, 0], [0, 0]]).ravel()
    solved = solve_ivp(change, (0, 90), first, t_eval=np.arange(1, 91), rtol=1e-10, atol=1e-6)
    expected = persons[:, None] - solved.y[:2]
    found = limit_of(setup, ever("infections")).T
    assert np.abs(found / expected - 1).max() < 1e-3
    assert np.abs(found - expected).max() / persons.max() < 1e-3


def test_finding_and_care_are_the_differential_equations_too() -> None:
    """Symptoms found at a rate, light cases under care for ten days, none severe."""
    seek, stay = 0.3, 10.0
    setup = replace(
        one_place(days=60, seeds=50, r0=R0, latent_days=LATENT, infectious_days=INFECTIOUS),
        finding=Finding(seek_share=seek, seek_days=1.0, other_fever_per_day=0.0, sensitivity=1.0),
    )
    setup = replace(setup, plan=replace(setup.plan, samples=np.full((60, 1), 1e9)))

    def change(_, y):
        s, e, i, c, found = y
        caught, rate = R0 / INFECTIOUS * s * i / 1e6, seek
        return [-caught, caught - e / LATENT, e / LATENT - (rate + 1 / INFECTIOUS) * i,
                rate * i - c / stay, rate * i]  # fmt: skip

    solved = solve_ivp(change, (0, 60), [1e6 - 50, 50, 0, 0, 0], t_eval=np.arange(1, 61),
                       rtol=1e-10, atol=1e-6)  # fmt: skip
    found = limit_of(setup, ever("cases_community"))[:, 0]
    assert np.abs(found[9:] / solved.y[4][9:] - 1).max() < 1e-3
    inside = limit_of(setup, lambda series: series["in_care_asymptomatic"][0, :, 0])
    assert np.abs(inside[9:] / solved.y[3][9:] - 1).max() < 1e-3


@pytest.mark.parametrize(
    ("r0", "steps", "days"), [(1.2, 1, 900), (2.0, 1, 300), (2.0, 3, 300), (6.0, 1, 300)]
)
def test_final_size_is_that_of_the_equation(r0: float, steps: int, days: int) -> None:
    setup = replace(one_place(days=days, seeds=1000, r0=r0), steps_per_day=steps)
    total = whole_run(setup)[0]["infections"].sum() / 1e6
    assert total == pytest.approx(final_size(r0, susceptible=0.999, infected=0.001), abs=1e-6)


def test_final_size_with_chance_is_around_it() -> None:
    setup = one_place(persons=200_000, days=200, seeds=400, r0=2.0)
    total = whole_run(setup, drawn(3, 30))[0]["infections"].sum(axis=(1, 2)) / 2e5
    expected = final_size(2.0, susceptible=0.998, infected=0.002)
    assert abs(total.mean() - expected) < 4 * total.std(ddof=1) / np.sqrt(30)


def test_final_size_by_age_is_that_of_the_equations() -> None:
    """Two ages of unlike activity: z_a = 1 - exp(-sum of what each group gives to a)."""
    persons, activity = np.array([600_000, 400_000]), np.array([0.6, 1.6])
    disease = one_age(
        r0=1.8, activity=tuple(activity), severe_share=(0.0,) * 2,
        symptomless_share=(1.0,) * 2, moderate_share=(0.0,) * 2,
    )  # fmt: skip
    setup = bare_setup(
        persons[None, :], seeded(days=900, seeds=10), disease=disease,
        vaccination=Vaccination(uptake=(1.0, 1.0), order=(0, 1)),
    )  # fmt: skip
    last = whole_run(setup)[1]
    mixed = np.outer(activity, activity * persons) / (activity @ persons)
    scale = 1.8 / np.abs(np.linalg.eigvals(mixed)).max()
    z = np.full(2, 0.5)
    for _ in range(2000):
        z = -np.expm1(-scale * mixed @ z)
    found = 1 - last.susceptible[0, 0].sum(axis=-1) / persons
    assert found == pytest.approx(z, abs=1e-4)


def test_at_one_it_neither_grows_nor_dies_in_the_mean() -> None:
    """So few are infected of so many that nobody is missing: each infects one, in the mean."""
    setup = one_place(persons=1_000_000_000, days=60, seeds=200, r0=1.0)
    series, last = whole_run(setup)
    infected = (last.exposed + last.infectious).sum()
    assert infected == pytest.approx(200, rel=1e-4)
    ever = whole_run(setup, drawn(11, 100))[1]
    at_end = (ever.exposed + ever.infectious).sum(axis=(1, 2, 3))
    assert abs(at_end.mean() - 200) < 4 * at_end.std(ddof=1) / 10
    assert at_end.std() > 20


@pytest.mark.parametrize(("r0", "grows"), [(0.9, False), (1.1, True)])
def test_about_one_it_dies_or_grows(r0: float, grows: bool) -> None:
    last = whole_run(one_place(persons=10**9, days=120, seeds=200, r0=r0))[1]
    assert bool((last.exposed + last.infectious).sum() > 200) is grows


def test_without_transmission_only_the_seeds_are_infected() -> None:
    setup = busy()
    setup = replace(setup, disease=Disease(r0=0.0))
    series, _ = whole_run(setup, drawn(5, 3))
    assert (
        series["infections"].sum(axis=1).tolist()
        == setup.plan.seeds.sum(axis=0)[None].repeat(3, axis=0).tolist()
    )


def test_without_travel_only_the_seeded_province_is_infected() -> None:
    plan = seeded(days=120, provinces=3, seeds=50)
    setup = bare_setup(np.full((3, 1), 100_000), plan, travel=np.full((3, 3), 1 / 3),
                       disease=one_age(r0=3.0))  # fmt: skip
    total = whole_run(setup, drawn(5, 4))[0]["infections"].sum(axis=1)
    assert (total[:, 0] > 80_000).all()
    assert (total[:, 1:] == 0).all()
    mixed = replace(setup, distancing=Distancing(away_share=0.05))
    assert (whole_run(mixed, drawn(5, 4))[0]["infections"].sum(axis=1) > 80_000).all()


def test_closed_travel_is_no_travel() -> None:
    plan = seeded(days=60, provinces=2, seeds=50)
    shut = Distancing(away_share=0.5, contact=(1.0,) * 5, travel=(1.0, 1.0, 1.0, 1.0, 0.0))
    setup = bare_setup(np.full((2, 1), 100_000), replace(plan, level=plan.level + 4),
                       travel=np.array([[0, 1.0], [1.0, 0]]), disease=one_age(r0=3.0),
                       distancing=shut)  # fmt: skip
    assert whole_run(setup, drawn(1, 2))[0]["infections"][..., 1].sum() == 0


def test_full_coverage_of_a_perfect_vaccine_lets_nobody_else_be_infected() -> None:
    days = 60
    perfect = Product(code="X", against_infection=(1.0, 1.0), against_severe=(1.0, 1.0))
    plan = bare_plan(days=days, provinces=1)
    doses, seeds = plan.doses.copy(), plan.seeds.copy()
    doses[0], seeds[20] = 100_000, 500
    setup = bare_setup(
        np.array([[100_000]]), replace(plan, doses=doses, seeds=seeds),
        disease=one_age(r0=8.0),
        vaccination=Vaccination(products=(perfect,), mix=(1.0,), uptake=(1.0,), order=(0,),
                                protected_after_days=0),
    )  # fmt: skip
    series, last = whole_run(setup, drawn(2, 3))
    assert (series["doses_1"].sum(axis=(1, 2)) == 100_000).all()
    # Everybody has a dose, so there is nobody left to be infected from outside either.
    assert series["infections"].sum() == 0
    assert (last.susceptible[..., 1] == 100_000).all()


def test_no_tests_and_no_severe_disease_find_nobody() -> None:
    series, _ = whole_run(one_place(days=100, seeds=100, r0=3.0), drawn(1, 2))
    assert series["infections"].sum() > 1_000_000
    assert sum(series[name].sum() for name in CASES) == 0


def test_tracing_everybody_ends_what_could_grow() -> None:
    """Half of those at large are taken every day: 1.3 persons infected, in the mean, by each."""
    plan = seeded(days=80, seeds=100)
    plan = replace(plan, tracers=np.full((80, 1), 1e9), samples=np.full((80, 1), 1e9))
    finding = Finding(seek_share=1.0, seek_days=1.0, other_fever_per_day=0.0)
    loose = bare_setup(np.array([[10**6]]), plan, disease=one_age(r0=3.0), finding=finding)
    tight = replace(loose, tracing=Tracing(contacts_per_case=100.0, home_leak=0.0,
                                           reached_share=1.0, home_share=0.0))  # fmt: skip
    assert whole_run(loose)[0]["infections"].sum() > 5 * whole_run(tight)[0]["infections"].sum()
    assert whole_run(tight)[0]["infections"][0, -1, 0] < 1
