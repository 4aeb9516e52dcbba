"""What holds whatever the numbers: conservation, the same bytes, levers that work."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulations.epidemic.chance import Expected, drawn
from simulations.epidemic.engine import CASES, SERIES, STOCKS, simulate
from simulations.epidemic.parameters import Disease, Tracing
from simulations.epidemic.state import ROOM, State
from tests.unit.simulations.epidemic.worlds import busy, one_place, whole_run


def smallest(state: State) -> float:
    return min(getattr(state, name).min() for name in (*ROOM, "care", "cured", "dead"))


def test_persons_are_conserved_day_by_day_to_the_last_one() -> None:
    setup = busy(disease=Disease(immunity_days=30.0))
    for _, state in simulate(setup, chance=drawn(1, 6)):
        assert (state.persons() == setup.population).all()
        assert smallest(state) >= 0


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32),
    r0=st.floats(0, 20),
    immunity=st.sampled_from([0.0, 5.0]),
    doses=st.integers(0, 200_000),
    beds=st.integers(0, 2000),
    steps=st.sampled_from([1, 2]),
    home=st.floats(0, 1),
)
def test_persons_are_conserved_whatever_is_decided(
    seed, r0, immunity, doses, beds, steps, home
) -> None:
    setup = busy(provinces=2, days=25, scale=20_000, tracing=Tracing(home_share=home),
                 disease=Disease(r0=r0, immunity_days=immunity))  # fmt: skip
    shape = setup.plan.doses.shape
    plan = replace(
        setup.plan, doses=np.full(shape, doses), quarantine_beds=np.full(shape, beds * 1.0)
    )
    *_, (_, state) = simulate(replace(setup, plan=plan, steps_per_day=steps), chance=drawn(seed, 2))
    assert (state.persons() == setup.population).all()
    assert smallest(state) >= 0


def test_expectations_conserve_persons_too() -> None:
    setup = busy(disease=Disease(immunity_days=30.0))
    for _, state in simulate(setup, chance=Expected()):
        assert state.persons() == pytest.approx(setup.population[None], rel=1e-12)
        assert smallest(state) > -1e-6


def test_same_seed_same_bytes_whatever_the_chunk_and_the_number_of_draws() -> None:
    setup = busy(days=12, disease=Disease(transmission_sd=0.2, walk_sd=0.05))
    known = whole_run(setup, drawn(9, 7), chunk=7)[0]
    for draws, chunk in ((7, 1), (7, 3), (4, 2), (11, 25)):
        again = whole_run(setup, drawn(9, draws), chunk=chunk)[0]
        for name in SERIES:
            common = min(draws, 7)
            assert again[name][:common].tobytes() == known[name][:common].tobytes(), name
    other = whole_run(setup, drawn(10, 7))[0]
    assert (other["infections"] != known["infections"]).any()


def test_draws_differ_from_one_another() -> None:
    total = whole_run(busy(days=25), drawn(9, 8))[0]["infections"].sum(axis=(1, 2))
    assert len(set(total.tolist())) == 8


def test_series_are_whole_numbers_of_32_bits_and_never_below_zero() -> None:
    series = whole_run(busy(), drawn(1, 3))[0]
    for name, values in series.items():
        assert values.dtype == np.int32, name
        assert values.min() >= 0, name
        assert values.max() > 0, name


def test_flows_add_up_to_where_people_are() -> None:
    setup = busy()
    series, last = whole_run(setup, drawn(2, 4))
    found = sum(series[name].sum(axis=1) for name in CASES)
    assert (series["deaths"].sum(axis=1) == last.dead.sum(axis=-1)).all()
    in_care_or_after = last.care.sum(axis=(2, 3)) + last.cured.sum(-1) + last.dead.sum(-1)
    assert (found == in_care_or_after).all()
    assert (series["cases_entry"].sum(axis=1) == last.arrived.sum(axis=-1)).all()
    at_large = sum(
        getattr(last, name).sum(axis=(2, 3)) for name in ("exposed", "infectious", "held", "immune")
    )
    infected = at_large + in_care_or_after - last.arrived.sum(-1)
    assert (series["infections"].sum(axis=1) == infected).all()
    for name in STOCKS[:5]:
        grade = STOCKS.index(name)
        assert (series[name][:, -1] == last.care[..., grade].sum(axis=2)).all()


def test_the_mean_of_many_draws_is_near_the_expectation_while_few_are_infected() -> None:
    setup = replace(one_place(persons=10**7, days=30, seeds=500, r0=2.0))
    mean = whole_run(setup, drawn(4, 200))[0]["infections"].sum(axis=1)[:, 0]
    expected = whole_run(setup)[0]["infections"].sum()
    assert abs(mean.mean() - expected) < 4 * mean.std(ddof=1) / np.sqrt(200)


def more(setup, name: str, factor: float):
    return replace(setup, plan=replace(setup.plan, **{name: getattr(setup.plan, name) * factor}))


@pytest.mark.parametrize(
    ("lever", "factor", "series", "sign"),
    [
        ("doses", 4, "infections", -1),
        ("samples", 4, "persons_tested", 1),
        ("tracers", 10, "infections", -1),
        ("quarantine_beds", 0, "quarantine_home", 1),
        ("hospital_beds", 0, "deaths", 1),
        ("icu_beds", 0, "deaths", 1),
        ("transmission", 0.5, "infections", -1),
        ("level", 0, "infections", 1),
    ],
)
def test_each_lever_pulls_its_way(lever, factor, series, sign) -> None:
    setup = busy(days=60)
    changed = more(setup, lever, factor)
    if lever == "level":
        changed = replace(setup, plan=replace(setup.plan, level=setup.plan.level * np.int8(0)))
    before = whole_run(setup)[0][series].sum()
    after = whole_run(changed)[0][series].sum()
    assert np.sign(after - before) == sign


def test_beds_hold_no_more_than_there_are() -> None:
    setup = busy(tracing=Tracing(overflow_home=0.0, home_share=0.0))
    inside = whole_run(setup, drawn(1, 4))[0]["quarantine"]
    # Admission is drawn, so the beds hold in the mean: four sigmas of a Poisson count above.
    assert inside.max() > 250
    assert inside.max() < 300 + 4 * np.sqrt(300)


def test_spread_between_draws_is_what_was_asked() -> None:
    setup = busy(days=3, disease=Disease(transmission_sd=0.3))
    *_, (_, state) = simulate(setup, chance=drawn(1, 300))
    assert state.log_transmission.std() == pytest.approx(0.3, rel=0.12)
    assert state.log_transmission.shape == (300, 2)
    assert abs(np.corrcoef(state.log_transmission.T)[0, 1]) < 0.2


def test_a_run_goes_on_from_a_state_as_if_it_had_not_stopped() -> None:
    setup = busy(days=20)
    at_once = whole_run(setup)[0]
    _, state = whole_run(setup, days=range(12))
    after = whole_run(setup, state=state.copy(), days=range(12, 20))[0]
    for name in SERIES:
        assert after[name].tolist() == at_once[name][:, 12:].tolist()


def test_an_expected_state_becomes_whole_persons_without_losing_one() -> None:
    setup = busy()
    _, state = whole_run(setup)
    many = state.repeated(5, whole=True)
    assert (many.persons() == setup.population).all()
    assert smallest(many) >= 0
    assert many.infectious.dtype == np.int64
    assert many.infectious.sum() / 5 == pytest.approx(state.infectious.sum(), rel=0.02)
    assert {getattr(many, f.name).shape[0] for f in fields(many)} == {5}


def test_what_is_a_hair_below_nothing_is_nobody_in_whole_persons() -> None:
    setup = busy()
    _, state = whole_run(setup)
    state.exposed[...] = np.where(state.exposed < 1, -1e-12, state.exposed)
    state.susceptible[:, 0, 0, 0] = 0.2
    many = state.repeated(2, whole=True)
    assert smallest(many) == 0
