"""Vaccines, tests, contacts, mobility, parameters and summaries, each by itself."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.epidemic import parameters as parameters_module
from simulations.epidemic.chance import Expected, drawn
from simulations.epidemic.detection import samples_per_person, sensitivity
from simulations.epidemic.detection import test as day_of_tests
from simulations.epidemic.engine import SERIES, simulate
from simulations.epidemic.mobility import distances_km, gravity
from simulations.epidemic.parameters import (
    Care,
    Disease,
    Distancing,
    Finding,
    Tracing,
    Vaccination,
    bare_plan,
)
from simulations.epidemic.quantities import described
from simulations.epidemic.state import start
from simulations.epidemic.summary import Cancelled, Wanted, quantiles, run
from simulations.epidemic.vaccination import protection
from tests.unit.simulations.epidemic.worlds import busy, whole_run


def no_disease(**changed):
    setup = busy(disease=Disease(r0=0.0), **changed)
    zero = np.zeros_like(setup.plan.seeds)
    return replace(setup, plan=replace(setup.plan, seeds=zero, entries=zero))


def test_doses_are_those_planned_while_there_is_somebody_to_take_them() -> None:
    setup = no_disease()
    series = whole_run(setup, drawn(1, 2))[0]
    given_ = sum(series[f"doses_{n}"] for n in (1, 2, 3))
    assert (given_ == setup.plan.doses).all()
    early = series["doses_2"][:, :10]
    assert early.sum() == 0
    assert (series["doses_2"][:, 10:].sum(axis=(1, 2)) > 0).all()


def test_shares_that_ask_for_more_than_there_is_give_no_more_than_there_is() -> None:
    setup = no_disease()
    greedy = replace(setup.plan, second_share=np.full(40, 0.9), third_share=np.full(40, 0.4))
    for _, state in simulate(replace(setup, plan=greedy), chance=drawn(1, 2)):
        assert (state.persons() == setup.population).all()
        assert state.susceptible.min() >= 0
    series = whole_run(replace(setup, plan=greedy), drawn(1, 2))[0]
    given_ = sum(series[f"doses_{n}"] for n in (1, 2, 3))
    assert (given_ == greedy.doses).all()


def test_second_doses_wait_for_their_interval() -> None:
    series = whole_run(no_disease(), drawn(1, 1))[0]
    first, second = (np.cumsum(series[f"doses_{n}"][0], axis=0) for n in (1, 2))
    assert (second[10:] <= first[:-10]).all()
    assert (second[:10] == 0).all()


def test_groups_are_served_in_their_order_and_nobody_beyond_who_accepts() -> None:
    order = (4, 2, 3, 1)
    setup = no_disease(vaccination=Vaccination(order=order, interval_days=100))
    plan = replace(setup.plan, second_share=np.zeros(40), third_share=np.zeros(40),
                   doses=np.full_like(setup.plan.doses, 900))  # fmt: skip
    setup = replace(setup, plan=plan)
    accept = np.floor(setup.population * setup.vaccination.uptake + 1e-9)
    for day, (_, state) in enumerate(simulate(setup, chance=drawn(1, 1))):
        left = np.full(4, 900 * (day + 1))
        for age in order:
            expected = np.minimum(left, accept[:, age])
            assert (state.first_doses[0, :, age] == expected).all()
            left = left - expected
    assert (state.first_doses[..., 0] == 0).all()


def test_protection_is_the_mix_of_products_ripe_after_two_weeks() -> None:
    setup = no_disease()
    how = setup.vaccination
    got = protection(setup).infection
    weight = np.array(how.mix) / sum(how.mix)
    one = float(weight @ [p.against_infection[0] for p in how.products])
    assert got[:14, :2].tolist() == np.zeros((14, 2)).tolist()
    # Day 39: 40 equal days of first doses, 26 of which are at least 14 days old.
    assert got[39, 1] == pytest.approx(one * 26 / 40)
    two = float(weight @ [p.against_infection[1] for p in how.products])
    assert got[39, 2] == pytest.approx(two * 26 / 40 + one * 14 / 40)


def test_waning_halves_what_is_left_after_its_half_life() -> None:
    setup = no_disease()
    doses = np.zeros_like(setup.plan.doses)
    doses[0] = 1000
    setup = replace(setup, plan=replace(setup.plan, doses=doses))
    wane = replace(setup.vaccination, waning_per_day=np.log(2) / 10)
    kept = protection(setup).infection[:, 1]
    waned = protection(replace(setup, vaccination=wane)).infection[:, 1]
    assert waned[14] == pytest.approx(kept[14])
    assert waned[24] == pytest.approx(kept[24] / 2)
    assert waned[34] == pytest.approx(kept[34] / 4)


def test_pools_need_what_dorfman_says() -> None:
    p = np.array([0.0, 0.01, 0.1, 0.9])
    need = samples_per_person(p, 10)
    assert need[:3] == pytest.approx([0.1, 0.1 + 1 - 0.99**10, 0.1 + 1 - 0.9**10])
    assert need[3] == 1.0
    assert samples_per_person(p, 1).tolist() == [1.0] * 4


@given(st.integers(1, 50), st.floats(0, 1))
def test_a_pool_never_needs_more_than_one_sample_each(size: int, prevalence: float) -> None:
    need = samples_per_person(np.array([prevalence]), size)[0]
    assert 1 / size <= need + 1e-12
    assert need <= 1


def test_bigger_pools_see_less() -> None:
    assert sensitivity(Finding(pool_size=1)) == pytest.approx(0.9)
    assert sensitivity(Finding(pool_size=20)) == pytest.approx(0.9 * 20**-0.05)


def test_tests_never_exceed_the_laboratories() -> None:
    setup = busy()
    series = whole_run(setup, drawn(1, 3))[0]
    assert series["samples"].max() == 3000
    assert (series["persons_tested"] > series["samples"]).any()


def test_quarantine_is_tested_before_anybody_is_screened() -> None:
    setup = busy()
    state = start(setup, draws=1, whole=True)
    state.waiting[..., 0] = 10_000
    state.susceptible[..., 0] -= 10_000
    done = day_of_tests(setup, state, day=35)
    assert done.samples == pytest.approx(np.full((1, 4), 3000.0))
    assert done.persons == pytest.approx(np.full((1, 4), 3000.0))
    share = 3000 / (50_000 * 3 / 14 + setup.population.sum(axis=1) * 0.0002)
    assert done.held_rate[0] == pytest.approx(share / 3.0)


def test_distances_are_those_of_the_globe() -> None:
    # Hà Nội and Hồ Chí Minh City: about 1,140 km; a quarter of the equator.
    km = distances_km(np.array([105.85, 106.66, 0.0, 90.0]), np.array([21.03, 10.78, 0.0, 0.0]))
    assert km[0, 1] == pytest.approx(1141, abs=5)
    assert km[2, 3] == pytest.approx(np.pi / 2 * 6371.0088)
    assert (km == km.T).all()


def test_gravity_draws_to_the_many_and_the_near() -> None:
    km = np.array([[0, 50.0, 100.0], [50.0, 0, 50.0], [100.0, 50.0, 0]])
    share = gravity(np.array([1.0, 2.0, 4.0]), km)
    assert share.sum(axis=1) == pytest.approx(np.ones(3))
    assert np.diag(share).tolist() == [0, 0, 0]
    assert share[0].tolist() == pytest.approx([0, 2 / 3, 1 / 3])


CLASSES = (Disease, Care, Vaccination, Finding, Tracing, Distancing)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_number_has_unit_bounds_and_source(kind) -> None:
    about = described(kind)
    numbers = {f.name for f in fields(kind) if f.name not in {"products", "mix", "order"}}
    assert set(about) == numbers
    for one in about.values():
        assert one.unit
        assert one.source
        assert one.low < one.high


@pytest.mark.parametrize("kind", CLASSES)
def test_a_number_out_of_bounds_is_refused_by_name(kind) -> None:
    for name, about in described(kind).items():
        now = getattr(kind(), name)
        for wrong in (about.low - 1, about.high + 1):
            value = (*now[1:], wrong) if isinstance(now, tuple) else wrong
            with pytest.raises(ValueError, match=f"{kind.__name__}.{name}"):
                kind(**{name: value})


def test_parts_that_do_not_fit_are_refused() -> None:
    setup = busy()
    for wrong in (
        {"population": setup.population[:2]},
        {"travel": setup.travel * 2},
        {"disease": Disease(activity=(1.0,))},
        {"vaccination": Vaccination(uptake=(1.0,))},
        {"vaccination": Vaccination(mix=(1.0,))},
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - each says its own
            replace(setup, **wrong)
    plan = bare_plan(days=3, provinces=2)
    with pytest.raises(ValueError, match="shape"):
        replace(plan, samples=np.zeros((2, 2)))
    with pytest.raises(ValueError, match="below zero"):
        replace(plan, samples=np.full((3, 2), -1.0))
    with pytest.raises(ValueError, match="above 1"):
        replace(plan, third_share=np.full(3, 1.1))
    with pytest.raises(ValueError, match="level"):
        replace(plan, level=np.full((3, 2), 5, dtype=np.int8))


def test_levels_of_distancing_fit_their_factors() -> None:
    assert len(parameters_module.LEVELS) == len(Distancing().contact) == len(Distancing().travel)
    assert len(parameters_module.LEVELS) == len(Finding().screened_per_day)


def test_bands_are_numpys_quantiles() -> None:
    values = np.random.default_rng(1).integers(0, 50, (17, 5))
    levels = (0.025, 0.25, 0.5, 0.975)
    assert quantiles(values, levels) == pytest.approx(np.quantile(values, levels, axis=0))


def test_a_summary_is_that_of_the_draws_kept() -> None:
    setup = busy(days=20)
    asked = Wanted(keep=SERIES, groups={"two": (1, 2)})
    got = run(setup, seed=3, draws=9, wanted=asked)
    plain = whole_run(setup, drawn(3, 9))[0]
    levels = np.asarray(got.levels)
    for name in SERIES:
        assert (got.kept[name] == plain[name]).all()
        assert got.bands[name] == pytest.approx(np.quantile(plain[name], levels, axis=0))
        pair = plain[name][..., 1:3].sum(axis=-1)
        assert got.groups["two"][name] == pytest.approx(np.quantile(pair, levels, axis=0))
    dead = plain["deaths"].sum(axis=(1, 2))
    assert got.totals["nation"]["deaths"] == pytest.approx(np.quantile(dead, levels))
    cases = sum(plain[f"cases_{s}"] for s in ("community", "quarantine", "locked_area", "facility"))
    assert got.bands["cases"] == pytest.approx(np.quantile(cases, levels, axis=0))


def test_progress_is_told_each_day_and_a_run_stops_between_two() -> None:
    setup, told = busy(days=12), []
    run(setup, seed=1, draws=2, progress=lambda done, of: told.append((done, of)))
    assert told == [(n, 12) for n in range(1, 13)]
    told.clear()
    with pytest.raises(Cancelled, match="after 5 of 12"):
        run(setup, seed=1, draws=2, progress=lambda done, _: told.append(done),
            cancelled=lambda: len(told) == 5)  # fmt: skip
    assert told == [1, 2, 3, 4, 5]


def test_expectation_is_one_draw() -> None:
    assert Expected().draws == 1
    assert Expected().normal(3).tolist() == [[0.0] * 3]
