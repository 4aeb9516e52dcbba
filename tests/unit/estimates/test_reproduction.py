"""Rt and growth against EpiEstim's own output, published vectors and what must hold."""

import csv
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma

from data_access.estimates.growth import growth
from data_access.estimates.reproduction import Hidden, Incidence, posterior, reproduction
from data_access.estimates.serial_interval import PERIODS, SerialInterval, prevailing
from tests.conftest import ROOT

EPIESTIM = ROOT.parent / "shared" / "data" / "rt"
needs_epiestim = pytest.mark.skipif(
    not EPIESTIM.is_dir(), reason="EpiEstim's outputs (../shared/data/rt) are not here"
)
FLU = SerialInterval(mean=2.6, sd=1.5)
FLU2009 = (1, 1, 0, 2, 5, 3, 3, 3, 6, 2, 5, 9, 13, 12, 13, 11, 12, 6, 6, 6, 3, 1, 0, 2, 0, 0, 0, 0,
           2, 0, 2, 0)  # fmt: skip
DELTA = SerialInterval(mean=4.0, sd=2.5)


def rows(name: str) -> list[dict[str, str]]:
    with (EPIESTIM / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- serial interval ----------------------------------------------------------------------------


def test_the_first_weights_are_those_of_the_domain() -> None:
    found = FLU.weights(5)
    assert found[0] == 0
    assert found[1:] == pytest.approx([0.2332, 0.3586, 0.1981, 0.1033, 0.0529], abs=5e-5)


@needs_epiestim
@pytest.mark.parametrize(
    ("column", "mean", "sd"),
    [("m2.6_s1.5", 2.6, 1.5), ("m4.7_s2.9", 4.7, 2.9), ("m5.2_s2.8", 5.2, 2.8),
     ("m8.4_s3.8", 8.4, 3.8), ("m14.9_s3.9", 14.9, 3.9)],
)  # fmt: skip
def test_weights_are_epiestim_s(column: str, mean: float, sd: float) -> None:
    theirs = [float(row[column]) for row in rows("discr_si_reference.csv")]
    ours = SerialInterval(mean=mean, sd=sd).weights(len(theirs) - 1)
    assert ours == pytest.approx(theirs, abs=1e-12)


@given(mean=st.floats(1.5, 12), sd=st.floats(0.5, 6))
def test_weights_are_a_distribution_with_the_mean_asked_for(mean: float, sd: float) -> None:
    found = SerialInterval(mean=mean, sd=sd).weights(1_000)
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1, abs=1e-6)
    assert found @ np.arange(len(found)) == pytest.approx(mean, abs=1e-3)


@pytest.mark.parametrize(("mean", "sd"), [(1.0, 1.0), (float("nan"), 1.0), (3.0, 0.0), (3.0, -1)])
def test_an_interval_that_cannot_be_is_refused(mean: float, sd: float) -> None:
    with pytest.raises(ValueError, match="serial interval"):
        SerialInterval(mean=mean, sd=sd)


def test_the_interval_is_that_of_the_variant_that_prevails() -> None:
    assert [one.since for one in PERIODS] == sorted(one.since for one in PERIODS)
    assert prevailing(date(2021, 8, 30)).interval == SerialInterval(mean=4.0, sd=2.5)
    assert prevailing(date(2022, 3, 1)).interval == SerialInterval(mean=3.0, sd=2.0)
    assert prevailing(date(2020, 3, 1)) == prevailing(date(2001, 1, 1)) == PERIODS[0]
    assert all(one.source for one in PERIODS)


def test_sensitivity_is_a_day_less_and_a_day_more() -> None:
    assert [one.mean for one in DELTA.around()] == [3.0, 5.0]
    assert [one.mean for one in SerialInterval(mean=1.8, sd=1.0).around()] == [2.8]


# --- R against EpiEstim -------------------------------------------------------------------------


def test_the_vector_of_the_domain() -> None:
    found = reproduction(Incidence(local=FLU2009), FLU)
    assert [(one.t_start, one.t_end) for one in found[:3]] == [(2, 8), (3, 9), (4, 10)]
    seen = [one.r for one in found[:3]]
    assert [round(r.mean, 4) for r in seen if r] == [1.7358, 1.7492, 1.5371]
    assert [round(r.sd, 4) for r in seen if r] == [0.4091, 0.3647, 0.3074]


@needs_epiestim
@pytest.mark.parametrize(("name", "window"), [("weekly", 7), ("biweekly", 14)])
def test_every_window_shown_is_epiestim_s(name: str, window: int) -> None:
    theirs = rows(f"Flu2009_R_parametric_2.6_1.5_{name}.csv")
    ours = reproduction(Incidence(local=FLU2009), FLU, window=window)
    assert [(one.t_start, one.t_end) for one in ours] == [
        (int(row["t_start"]), int(row["t_end"])) for row in theirs
    ]
    columns = ("Mean(R)", "Std(R)", "Quantile.0.025(R)", "Median(R)", "Quantile.0.975(R)")
    n_shown = 0
    for row, one in zip(theirs, ours, strict=True):
        if one.r is None:
            assert sum(FLU2009[one.t_start - 1 : one.t_end]) < 12
            continue
        n_shown += 1
        mine = (one.r.mean, one.r.sd, one.r.q025, one.r.q50, one.r.q975)
        assert mine == pytest.approx([float(row[column]) for column in columns], abs=1e-6)
    assert n_shown >= 18


@needs_epiestim
@pytest.mark.parametrize("name", ["Flu2009", "Flu1918"])
def test_with_their_weights_the_rest_is_epiestim_s_too(name: str) -> None:
    """Their non-parametric tables: infectivity and posterior without our serial interval."""
    local = np.array([float(row["I"]) for row in rows(f"{name}_incidence.csv")])
    weights = [float(row["w"]) for row in rows(f"{name}_si.csv")]
    for row in rows(f"{name}_R_nonparametric_weekly.csv"):
        start, end = int(row["t_start"]), int(row["t_end"])
        pressure = sum(
            weights[s] * local[t - s - 1]
            for t in range(start, end + 1)
            for s in range(1, min(len(weights), t))
        )
        found = posterior(float(local[start - 1 : end].sum()), pressure)
        assert found.mean == pytest.approx(float(row["Mean(R)"]), abs=1e-6)
        assert found.q975 == pytest.approx(float(row["Quantile.0.975(R)"]), abs=1e-6)


def test_constant_incidence_gives_one_and_doubling_in_a_week_what_the_domain_says() -> None:
    steady = reproduction(Incidence(local=[100.0] * 60), DELTA)[-1].r
    doubling = reproduction(Incidence(local=[1000 * 2 ** (t / 7) for t in range(80)]), DELTA)[-1].r
    assert steady is not None
    assert doubling is not None
    assert steady.mean == pytest.approx(1.0, abs=0.01)
    assert doubling.mean == pytest.approx(1.445, abs=0.002)


# --- what must hold -----------------------------------------------------------------------------

DAILY = st.lists(st.integers(5, 400), min_size=12, max_size=50)


@given(daily=DAILY)
def test_quantiles_are_those_of_the_posterior_by_scipy(daily: list[int]) -> None:
    weights = DELTA.weights(len(daily))
    for one in reproduction(Incidence(local=daily), DELTA):
        days = range(one.t_start, one.t_end + 1)
        pressure = sum(daily[t - s - 1] * weights[s] for t in days for s in range(1, t))
        believed = gamma(1 + sum(daily[t - 1] for t in days), scale=1 / (1 / 5 + pressure))
        assert one.r is not None
        assert (one.r.q025, one.r.q50, one.r.q975) == pytest.approx(
            believed.ppf([0.025, 0.5, 0.975]), rel=1e-9
        )


@given(daily=DAILY, factor=st.integers(100, 1000))
def test_more_cases_of_the_same_shape_leave_r_and_narrow_it(daily: list[int], factor: int) -> None:
    few = reproduction(Incidence(local=[100 * one for one in daily]), DELTA)
    many = reproduction(Incidence(local=[100 * factor * one for one in daily]), DELTA)
    for one, other in zip(few, many, strict=True):
        assert one.r is not None
        assert other.r is not None
        assert other.r.mean == pytest.approx(one.r.mean, rel=0.01)
        assert other.r.sd < one.r.sd


@given(daily=DAILY)
def test_cases_from_abroad_alone_are_not_transmission(daily: list[int]) -> None:
    none = [0.0] * len(daily)
    found = reproduction(Incidence(local=none, imported=daily), DELTA)
    assert {one.hidden for one in found} <= {Hidden.FEW_CASES}
    here = reproduction(Incidence(local=[12.0] * len(daily), imported=daily), DELTA)
    alone = reproduction(Incidence(local=[12.0] * len(daily)), DELTA)
    for mixed, pure in zip(here, alone, strict=True):
        assert mixed.r is not None
        assert pure.r is not None
        assert mixed.r.mean < pure.r.mean


# --- when it must not be shown ------------------------------------------------------------------


def test_few_cases_and_recent_days_are_hidden() -> None:
    found = {one.t_end: one for one in reproduction(Incidence(local=[2.0] * 30), DELTA)}
    assert found[30].cases == 14
    assert found[30].hidden is None
    assert {one.hidden for one in reproduction(Incidence(local=[1.5] * 30), DELTA)} == {
        Hidden.FEW_CASES
    }
    late = {
        one.t_end: one.hidden
        for one in reproduction(Incidence(local=[50.0] * 30), DELTA, recent_days=3)
    }
    assert [day for day, hidden in late.items() if hidden is Hidden.RECENT] == [28, 29, 30]


@given(gap=st.integers(9, 29), kind=st.sampled_from([None, -4.0]))
def test_a_gap_or_a_negative_day_hides_what_it_touches(gap: int, kind: float | None) -> None:
    daily: list[float | None] = [80.0] * 40
    daily[gap - 1] = kind
    touched = Hidden.GAP if kind is None else Hidden.NEGATIVE
    for one in reproduction(Incidence(local=daily), DELTA):
        if one.t_start <= gap <= one.t_end:
            assert (one.hidden, one.r, one.cases) == (touched, None, None)
        elif one.t_end < gap:
            assert one.hidden is None
        elif one.hidden is None:
            assert one.r is not None
            assert one.r.mean == pytest.approx(1, abs=0.2)


def test_nothing_before_the_mean_serial_interval_has_passed() -> None:
    slow = SerialInterval(mean=14.9, sd=3.9)
    hidden = {one.t_end: one.hidden for one in reproduction(Incidence(local=[20.0] * 60), slow)}
    assert [day for day, why in hidden.items() if why is Hidden.TOO_EARLY] == list(range(8, 15))


def test_too_short_a_series_has_no_window() -> None:
    assert reproduction(Incidence(local=[]), DELTA) == ()
    assert reproduction(Incidence(local=[9.0] * 7), DELTA) == ()
    assert len(reproduction(Incidence(local=[9.0] * 8), DELTA)) == 1
    with pytest.raises(ValueError, match="window"):
        reproduction(Incidence(local=[9.0] * 8), DELTA, window=0)
    with pytest.raises(ValueError, match="3 of imported"):
        Incidence(local=[1.0] * 8, imported=[1.0] * 3)


# --- growth -------------------------------------------------------------------------------------


def test_growth_meets_the_vectors_of_the_domain() -> None:
    up, down = growth(14_000, 7_000), growth(4_000, 5_000)
    assert up is not None
    assert down is not None
    assert (round(up.rate, 5), up.doubling_days, up.halving_days) == (
        0.09902, pytest.approx(7.0), None,
    )  # fmt: skip
    assert (round(down.rate, 5), down.doubling_days) == (-0.03188, None)
    assert down.halving_days == pytest.approx(21.74, abs=5e-3)


@pytest.mark.parametrize(("now", "before"), [(9, 100), (100, 9), (None, 100), (100, None)])
def test_growth_of_few_cases_is_not_told(now: float | None, before: float | None) -> None:
    assert growth(now, before) is None


@given(now=st.integers(10, 10**6), before=st.integers(10, 10**6))
def test_the_interval_holds_the_rate_and_its_days(now: int, before: int) -> None:
    found = growth(now, before)
    assert found is not None
    assert found.low < found.rate < found.high
    days = found.doubling_days or found.halving_days
    if days is None:
        assert now == before
    else:
        assert found.quickest is not None
        assert found.quickest < days < (found.slowest or float("inf"))
        assert (found.slowest is None) == (found.low <= 0 <= found.high)


def test_the_interval_of_growth_covers_what_it_says() -> None:
    chance = np.random.default_rng(20210902)
    inside, n = 0, 4_000
    for _ in range(n):
        found = growth(float(chance.poisson(150)), float(chance.poisson(100)))
        assert found is not None
        inside += found.low <= np.log(1.5) / 7 <= found.high
    assert inside / n == pytest.approx(0.95, abs=0.01)


def test_days_are_counted_as_dates() -> None:
    """The first window's last day is the eighth of the series."""
    first = date(2021, 9, 1)
    one = reproduction(Incidence(local=[20.0] * 8), DELTA)[0]
    assert first + timedelta(days=one.t_end - 1) == date(2021, 9, 8)
