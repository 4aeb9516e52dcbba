"""Days until full, stock and flow, who is near: by hand, and as the indicator says."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.quarantine_days import (
    Filling,
    distance_km,
    half_width,
    nearby,
    outlook,
    residual,
)
from data_access.indicators.registry import INDICATORS

flow = st.lists(st.integers(0, 500).map(float), min_size=14, max_size=14)


def test_by_hand() -> None:
    # Net inflow alternates 8 and 12: mean of the last seven (12 8 12 8 12 8 12) is 72/7.
    came, left = [18.0, 22.0] * 7, [10.0] * 14
    got = outlook(120.0, came, left)
    assert (got.filling, got.free) == (Filling.FILLING, 120.0)
    assert got.net == pytest.approx(72 / 7)
    assert got.days == pytest.approx(120 * 7 / 72)
    # s of seven 8 and seven 12 is sqrt(14 * 4 / 13); t of 13 degrees at 95 % is 1.7709.
    half = 1.770933 * math.sqrt(56 / 13) / math.sqrt(7)
    assert half_width(came, left) == pytest.approx(half, rel=1e-6)
    assert got.earliest == pytest.approx(120 / (72 / 7 + half))
    assert got.latest == pytest.approx(120 / (72 / 7 - half))
    assert not got.is_soon
    assert outlook(40.0, came, left).is_soon


@given(st.integers(-50, 3000), flow, flow)
def test_it_is_what_the_indicator_says(free: int, came: list[float], left: list[float]) -> None:
    frame = pl.DataFrame(
        {
            "beds": [3000.0],
            "occupied": [3000.0 - free],
            "came": [float(np.mean(came[-7:]))],
            "left": [float(np.mean(left[-7:]))],
        }
    )
    wanted = frame.select(INDICATORS["quarantine_days_to_full"].formula).item()
    got = outlook(float(free), came, left)
    if wanted is None:
        assert got.days is None
        assert got.filling == Filling.NOT_FILLING
    else:
        assert got.days == pytest.approx(wanted)


@given(st.integers(1, 3000), flow, flow)
def test_the_interval_holds_the_figure(free: int, came: list[float], left: list[float]) -> None:
    got = outlook(float(free), came, left)
    assert got.has_interval
    if got.days is not None:
        assert got.earliest is not None
        assert got.earliest <= got.days * (1 + 1e-9)
        assert got.latest is None or got.latest >= got.days * (1 - 1e-9)
    elif got.latest is not None:
        raise AssertionError("what does not fill on average does not fill at its slowest")


@given(st.integers(1, 3000), flow)
def test_the_width_is_as_numpy_has_it(free: int, nets: list[float]) -> None:
    half = half_width(nets, [0.0] * 14)
    assert half == pytest.approx(1.7709334 * float(np.std(nets, ddof=1)) / math.sqrt(7), rel=1e-6)
    assert outlook(float(free), nets, nets).net == 0


def test_missing_days_are_not_zeros() -> None:
    full_week = [10.0] * 14
    four = [*[10.0] * 7, None, None, None, *[10.0] * 4]
    assert outlook(50.0, four, full_week).filling == Filling.UNKNOWN
    assert outlook(None, full_week, full_week).filling == Filling.UNKNOWN
    # Five of seven days are enough for the figure, nine of fourteen too few for its interval.
    nine = [*[None] * 3, *[12.0] * 4, None, None, *[12.0] * 5]
    got = outlook(50.0, nine, full_week)
    assert (got.days, got.has_interval) == (25.0, False)
    assert (got.earliest, got.latest) == (None, None)


def test_full_and_not_filling() -> None:
    same = [10.0] * 14
    assert outlook(0.0, same, same).filling == Filling.FULL
    assert outlook(-4.0, [None] * 14, same).days == 0.0
    still = outlook(30.0, same, same)
    assert (still.filling, still.days, still.earliest) == (Filling.NOT_FILLING, None, None)
    # Not filling on average, yet it varies so much that it might.
    uneven = outlook(30.0, [0.0, 20.0] * 7, [11.0] * 14)
    assert uneven.filling == Filling.FILLING
    other = outlook(30.0, [20.0, 0.0] * 7, [11.0] * 14)
    assert other.filling == Filling.NOT_FILLING
    assert other.earliest is not None


def test_residual() -> None:
    assert residual(100, 20, 5, 115) == 0
    assert residual(100, 20, 5, 110) == 5
    assert residual(100, None, 5, 110) is None
    assert residual(None, 20, 5, 110) is None


def test_distance_of_two_cities() -> None:
    hanoi, saigon = (105.85, 21.03), (106.70, 10.78)
    assert distance_km(hanoi, saigon) == pytest.approx(1143, abs=5)
    assert distance_km(hanoi, hanoi) == 0
    assert distance_km(hanoi, None) is None
    assert distance_km((0.0, 0.0), (180.0, 0.0)) == pytest.approx(math.pi * 6371)


def test_those_beside_come_first_then_the_nearest_with_room() -> None:
    centres = {"A": (0.0, 0.0), "B": (2.0, 0.0), "C": (1.0, 0.0), "D": (0.5, 0.0), "E": (3.0, 0.0),
               "F": None}  # fmt: skip
    free = {"B": 0.0, "C": 10.0, "D": None, "E": 7.0, "F": 3.0}
    found = nearby("A", centres, frozenset({"B", "C"}), free)
    assert [(near.code, near.beside, near.has_room) for near in found] == [
        ("C", True, True), ("B", True, False), ("E", False, True), ("F", False, True),
    ]  # fmt: skip
    assert found[0].km == pytest.approx(111.2, abs=0.1)
    assert [near.code for near in nearby("A", centres, frozenset(), free, others=1)] == ["C"]
