"""A fit finds what made the data; a forecast's bands hold what comes; files give the same again."""

from dataclasses import replace

import numpy as np
import pytest

from simulations.epidemic.calibration import (
    PERIOD,
    by_group,
    fit,
    forecast,
    noise_of,
    walk_of,
    with_factors,
)
from simulations.epidemic.chance import Expected, drawn
from simulations.epidemic.engine import simulate
from simulations.epidemic.parameters import Finding, bare_plan, bare_setup, one_age
from simulations.epidemic.summary import LEVELS, with_total

GROUP = np.array([0, 0, 1])
DAYS = 70


def land():
    plan = bare_plan(days=DAYS + 21, provinces=3)
    seeds = plan.seeds.copy()
    seeds[:3] = 60
    plan = replace(plan, seeds=seeds, samples=np.full(seeds.shape, 1e9))
    return bare_setup(
        np.full((3, 1), 2_000_000), plan, disease=one_age(r0=3.0),
        finding=Finding(seek_share=0.5, seek_days=3.0, other_fever_per_day=0.0),
        noise_group=GROUP,
    )  # fmt: skip


def cases_of(setup, chance) -> np.ndarray:
    """Cases by day and group of the first draw."""
    days = [with_total(day)["cases"][0] for day, _ in simulate(setup, chance=chance)]
    return by_group(np.array(days, dtype=float), GROUP)


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray]:
    """Factors that nobody fitted, and the cases they make without chance."""
    periods = DAYS // PERIOD
    factors = np.stack([np.linspace(1.0, 0.5, periods), np.linspace(0.6, 1.0, periods)], axis=1)
    return factors, cases_of(with_factors(land(), factors, group=GROUP), Expected())


def test_a_fit_finds_the_cases_and_the_factors_that_made_them(made) -> None:
    factors, cases = made
    found = fit(land(), cases[:DAYS], group=GROUP, known=DAYS)
    weekly = [np.add.reduceat(x, np.arange(0, DAYS, 7)) for x in (cases[:DAYS], found.cases)]
    assert np.abs(weekly[1][4:] / weekly[0][4:] - 1).max() < 0.12
    middle = slice(3, -2)
    assert np.abs(np.log(found.factors[middle] / factors[middle])).mean() < 0.12
    assert found.factors.shape == (DAYS // PERIOD, 2)


def test_a_fit_sees_nothing_after_the_last_day_known(made) -> None:
    _, cases = made
    known = 42
    wrong = cases.copy()
    wrong[known:] = 1e6
    one, other = (fit(land(), x, group=GROUP, known=known) for x in (cases, wrong))
    assert one.factors.tolist() == other.factors.tolist()
    assert one.cases.shape == (known, 2)
    assert fit(land(), cases[:known], group=GROUP, known=known).cases.tolist() == one.cases.tolist()


def test_a_day_that_is_not_known_decides_nothing(made) -> None:
    _, cases = made
    holes = cases.copy()
    holes[30:32] = np.nan
    zeros = np.where(np.isnan(holes), 0, holes)
    whole, holed, wrong = (
        fit(land(), x, group=GROUP, known=56).factors for x in (cases, holes, zeros)
    )
    assert np.abs(np.log(holed / whole)).max() < 0.2
    assert np.abs(np.log(holed / whole)).max() < np.abs(np.log(wrong / whole)).max()


def test_a_forecast_of_what_goes_on_covers_what_comes(made) -> None:
    factors, _ = made
    steady = np.concatenate([factors[: DAYS // PERIOD - 4], factors[[DAYS // PERIOD - 5] * 4]])
    setup = with_factors(land(), steady, group=GROUP)
    cases = cases_of(setup, drawn(3, 1))
    found = fit(land(), cases[:DAYS], group=GROUP, known=DAYS)
    walking = replace(land(), disease=one_age(r0=3.0, walk_sd=0.03))
    ahead = forecast(walking, found, group=GROUP, noise=np.full(2, 0.01), days=21, draws=60, seed=4)
    assert ahead.groups.shape == (len(LEVELS), 21, 2)
    truth = cases[DAYS : DAYS + 21]
    inside = (ahead.groups[0] <= truth) & (truth <= ahead.groups[-1])
    assert inside.mean() > 0.8
    assert (np.diff(ahead.nation, axis=0) >= 0).all()
    again = forecast(walking, found, group=GROUP, noise=np.full(2, 0.01), days=21, draws=60, seed=4)
    assert again.nation.tobytes() == ahead.nation.tobytes()


def test_walk_and_noise_are_found_again() -> None:
    rng = np.random.default_rng(3)
    steps = rng.normal(0, 0.05 * np.sqrt(PERIOD), (400, 3))
    assert walk_of(np.exp(np.cumsum(steps, axis=0))) == pytest.approx(0.05, rel=0.25)
    level = np.full((600, 2), 500.0)
    reported = rng.poisson(rng.gamma(1 / 0.1, level * 0.1)).astype(float)
    # A moving mean of seven days takes a seventh of the noise with it.
    assert noise_of(reported, level) == pytest.approx(np.full(2, 0.1 * 6 / 7), rel=0.25)
    assert noise_of(rng.poisson(level).astype(float), level).max() < 0.01


def test_groups_add_up() -> None:
    values = np.arange(12.0).reshape(4, 3)
    assert by_group(values, GROUP).tolist() == [[1, 2], [7, 5], [13, 8], [19, 11]]
