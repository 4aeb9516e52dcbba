"""Scores against hand-computed numbers and against another road to the same number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.epidemic.scores import (
    coverage,
    interval_score,
    same_as_last_week,
    skill,
    weighted_interval_score,
)

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


def test_interval_score_by_hand() -> None:
    observed = np.array([5.0, 0.0, 14.0])
    got = interval_score(observed, np.full(3, 2.0), np.full(3, 10.0), alpha=0.2)
    assert got.tolist() == [8.0, 8 + 10 * 2, 8 + 10 * 4]


def test_weighted_score_by_hand() -> None:
    # One 50 % interval [8, 12], median 10, observed 15: (2.5 + 0.25 (4 + 4 × 3)) / 1.5.
    got = weighted_interval_score(
        np.array(15.0), np.array([8.0, 10.0, 12.0]), levels=(0.25, 0.5, 0.75)
    )
    assert float(got) == pytest.approx((2.5 + 0.25 * 16) / 1.5)


@given(st.lists(st.floats(-1e4, 1e4), min_size=7, max_size=7).map(sorted), st.floats(-1e4, 1e4))
def test_weighted_score_is_the_mean_of_twice_the_quantile_loss(bands, observed) -> None:
    loss = [
        2 * ((observed <= q) - level) * (q - observed)
        for q, level in zip(bands, LEVELS, strict=True)
    ]
    got = weighted_interval_score(np.array(observed), np.array(bands), levels=LEVELS)
    assert float(got) == pytest.approx(sum(loss) / 7, rel=1e-9, abs=1e-6)


def test_score_of_a_point_is_its_absolute_error() -> None:
    got = weighted_interval_score(np.array([3.0, 9.0]), np.full((7, 2), 5.0), levels=LEVELS)
    assert got == pytest.approx([2.0, 4.0])


def test_levels_without_symmetry_are_refused() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        weighted_interval_score(np.array(1.0), np.zeros(3), levels=(0.1, 0.5, 0.8))


def test_the_right_forecast_covers_what_it_says() -> None:
    rng = np.random.default_rng(5)
    observed = rng.normal(size=20_000)
    bands = np.quantile(rng.normal(size=50_000), LEVELS)[:, None].repeat(20_000, axis=1)
    for band in (0.5, 0.8, 0.95):
        assert coverage(observed, bands, levels=LEVELS, band=band) == pytest.approx(band, abs=0.02)
    with pytest.raises(ValueError, match="90%"):
        coverage(observed, bands, levels=LEVELS, band=0.9)


def test_the_right_forecast_scores_best() -> None:
    rng = np.random.default_rng(5)
    observed = rng.normal(size=20_000)
    right = np.quantile(rng.normal(size=50_000), LEVELS)

    def mean(bands) -> float:
        wide = bands[:, None].repeat(20_000, axis=1)
        return weighted_interval_score(observed, wide, levels=LEVELS).mean()

    assert mean(right) < min(mean(right * 0.5), mean(right * 2), mean(right + 0.5))


def test_skill_is_what_is_saved_of_the_baseline() -> None:
    assert skill(np.array([1.0, 2.0]), np.array([2.0, 4.0])) == pytest.approx(0.5)
    assert skill(np.array([4.0]), np.array([2.0])) == -1.0


def test_baseline_repeats_the_last_week_and_widens() -> None:
    rng = np.random.default_rng(2)
    history = rng.poisson(100, (70, 2)).astype(float)
    got = same_as_last_week(history, days=21, levels=LEVELS)
    assert got[3] == pytest.approx(np.tile(history[-7:], (3, 1)))
    assert (np.diff(got, axis=0) >= 0).all()
    assert got.min() >= 0
    steady = same_as_last_week(np.tile(np.arange(7.0), 10), days=14, levels=LEVELS)
    assert (steady == np.tile(np.arange(7.0), 2)).all()
    with pytest.raises(ValueError, match="short"):
        same_as_last_week(history[:30], days=21, levels=LEVELS)
