"""Speed and clock: simulated time goes with real time, stands still when nobody sends."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import simulated as module
from data_access.simulated import GRACE, TICK, Simulated, SimulatedClock
from simulations.live.run import Pace

SENT = datetime(2021, 9, 2, 9, tzinfo=UTC)
REAL = datetime(2026, 1, 1, tzinfo=UTC)


def state(speed: float) -> Simulated:
    return Simulated(spec="", scale=200, sent=SENT, real=REAL, speed=speed)


@given(st.floats(0.5, 10_000), st.integers(0, 100_000))
def test_now_goes_at_the_speed_and_never_beyond_the_tick_on_its_way(
    speed: float, seconds: int
) -> None:
    now = state(speed).now(REAL + timedelta(seconds=seconds))
    assert now == min(SENT + seconds * timedelta(seconds=1) * speed, SENT + TICK)


def test_it_stands_still_when_stopped_and_when_the_next_tick_is_overdue() -> None:
    assert state(0).now(REAL + timedelta(days=3)) == SENT
    assert state(0).is_paused(REAL)
    due = TICK / 60
    assert not state(60).is_paused(REAL + due + GRACE)
    assert state(60).is_paused(REAL + due + GRACE + timedelta(seconds=1))


def test_the_clock_never_goes_back_and_follows_what_is_noted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    held, real = [state(60)], [REAL]
    clock = SimulatedClock(lambda: held[0], held[0], real=lambda: real[0])
    real[0] += timedelta(seconds=10)
    assert clock() == SENT + timedelta(minutes=10)
    held[0] = Simulated(spec="", scale=200, sent=SENT, real=real[0], speed=0)
    assert clock() == SENT + timedelta(minutes=10)
    assert clock.state.speed == 0
    held[0] = Simulated(spec="", scale=200, sent=SENT + TICK, real=real[0], speed=0)
    assert clock() == SENT + TICK


@given(st.floats(0.5, 10_000), st.integers(-500_000, 500_000))
def test_a_tick_is_waited_for_as_long_as_the_speed_says(speed: float, ahead: int) -> None:
    pace = Pace(simulated=SENT, real=REAL, speed=speed)
    left = pace.wait(SENT + timedelta(seconds=ahead), real=REAL)
    assert left == pytest.approx(max(ahead / speed, 0), abs=1e-5)
