"""Days until an amount is reached, with an interval."""

import math
from statistics import mean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from data_access.estimates.pace import reached

DAILY = st.lists(st.integers(50, 500), min_size=14, max_size=30)


@given(daily=DAILY, lacking=st.floats(1, 1e6))
def test_it_is_what_the_definition_says(daily: list[int], lacking: float) -> None:
    found = reached(lacking, daily)
    assert found is not None
    pace, half = mean(daily[-7:]), t.ppf(0.95, 13) * stdev(daily[-14:]) / math.sqrt(7)
    assert found.days == pytest.approx(lacking / pace)
    assert found.earliest == pytest.approx(lacking / (pace + half))
    if pace > half:
        assert found.latest == pytest.approx(lacking / (pace - half))
    else:
        assert found.latest is None


def test_nothing_lacking_is_reached_and_no_pace_never() -> None:
    done = reached(0, [])
    assert done is not None
    assert (done.days, done.earliest, done.latest) == (0, 0, 0)
    assert reached(10, [0.0] * 14) is None
    assert reached(10, [None] * 14) is None
    assert reached(10, [None, None, None, 5.0, 5.0, 5.0, 5.0]) is None


def test_few_days_have_a_pace_and_no_interval() -> None:
    found = reached(100, [None, None, 10.0, 10.0, 10.0, 10.0, 10.0])
    assert found is not None
    assert (found.days, found.earliest, found.latest, found.has_interval) == (10, None, None, False)


def test_the_interval_covers_what_it_says_when_days_are_independent() -> None:
    chance = np.random.default_rng(7)
    inside = 0
    for _ in range(2_000):
        found = reached(1_000, chance.normal(100, 20, 14).tolist())
        assert found is not None
        assert found.earliest is not None
        assert found.latest is not None
        inside += found.earliest <= 10 <= found.latest
    assert inside / 2_000 == pytest.approx(0.9, abs=0.02)
