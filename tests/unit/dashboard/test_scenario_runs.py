"""Runs of scenarios: one at a time, shared, cancelled, cut to who looks."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest

from dashboard import scenarios
from dashboard.scenarios import Job, Runs, RunState, change, seen_bands, seen_moves, seen_runs_out
from data_access.codes import Role
from data_access.errors import BadUse, ScopeDenied
from data_access.viewer import Viewer, make_viewer
from simulations.epidemic.summary import Cancelled
from simulations.scenario.model import Scenario
from simulations.scenario.run import run
from tests.conftest import NOW

A, B = "one session", "another session"
SMALL = Scenario(name="small", first_day=date(2021, 9, 2), horizon=2, draws=10)


def looking(role: Role, *areas: str) -> Viewer:
    return make_viewer(role, now=NOW, areas=frozenset(areas))


NATION, HCMC = looking(Role.NATIONAL), looking(Role.PROVINCE, "79")


class Held:
    """Stands in for the engine: a run goes on until it is let go or cancelled."""

    def __init__(self) -> None:
        self.go, self.started, self.at_once, self.most = threading.Event(), [], 0, 0

    def __call__(self, scenario: Scenario, *, progress: Callable, cancelled: Callable) -> str:
        self.started.append(scenario.name)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        progress(1, 4)
        while not self.go.wait(0.005):
            if cancelled():
                self.at_once -= 1
                raise Cancelled("stopped")
        self.at_once -= 1
        return scenario.name


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def runs(held: Held) -> Iterator[Runs]:
    made = Runs(held)
    yield made
    made.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def state(runs: Runs, number: str) -> RunState:
    job = runs.find(number, viewer=NATION)
    assert job
    return job.state


def test_one_run_at_a_time_and_the_same_levers_once(runs: Runs, held: Held) -> None:
    first = runs.ask(SMALL, viewer=NATION, who=A)
    second = runs.ask(replace(SMALL, name="other", seed=2), viewer=NATION, who=A)
    assert runs.ask(replace(SMALL, name="same levers"), viewer=HCMC, who=A) == first
    until(lambda: state(runs, first) is RunState.RUNNING)
    until(lambda: runs.find(first, viewer=NATION).done == 0.25)
    assert state(runs, second) is RunState.WAITING
    held.go.set()
    until(lambda: state(runs, second) is RunState.DONE)
    assert held.started == ["small", "other"]
    assert held.most == 1
    assert runs.find(first, viewer=NATION).result == "small"


def test_a_running_and_a_waiting_run_are_cancelled_and_may_be_asked_again(
    runs: Runs, held: Held
) -> None:
    first = runs.ask(SMALL, viewer=NATION, who=A)
    second = runs.ask(replace(SMALL, seed=2), viewer=NATION, who=A)
    until(lambda: state(runs, first) is RunState.RUNNING)
    runs.cancel(second, viewer=NATION, who=A)
    runs.cancel(first, viewer=NATION, who=A)
    until(lambda: state(runs, second) is RunState.CANCELLED)
    assert state(runs, first) is RunState.CANCELLED
    assert len(held.started) == 1
    held.go.set()
    assert runs.ask(SMALL, viewer=NATION, who=A) == first
    until(lambda: state(runs, first) is RunState.DONE)


def test_a_shared_run_goes_on_until_the_last_who_waits_cancels(runs: Runs, held: Held) -> None:
    number = runs.ask(SMALL, viewer=NATION, who=A)
    assert runs.ask(SMALL, viewer=HCMC, who=B) == number
    until(lambda: state(runs, number) is RunState.RUNNING)
    runs.cancel(number, viewer=NATION, who=A)
    assert runs.find(number, viewer=NATION).waiters == {B}
    runs.cancel(number, viewer=NATION, who=A)
    time.sleep(0.05)
    assert state(runs, number) is RunState.RUNNING
    runs.cancel(number, viewer=HCMC, who=B)
    until(lambda: state(runs, number) is RunState.CANCELLED)
    # Who cancelled may ask again, and others do not lose what is done by cancelling.
    held.go.set()
    runs.ask(SMALL, viewer=NATION, who=A)
    until(lambda: state(runs, number) is RunState.DONE)
    runs.cancel(number, viewer=NATION, who=A)
    assert state(runs, number) is RunState.DONE


def test_a_run_that_was_told_to_stop_is_joined_by_nobody(held: Held) -> None:
    """Between the last cancel and the end of the simulated day a new one must be asked for."""

    def slow(scenario: Scenario, *, cancelled: Callable, **_: object) -> str:
        held.started.append(scenario.name)
        while not cancelled():
            if held.go.is_set():
                return scenario.name
            time.sleep(0.002)
        held.go.wait(5)
        raise Cancelled("stopped late")

    runs = Runs(slow)
    number = runs.ask(SMALL, viewer=NATION, who=A)
    until(lambda: state(runs, number) is RunState.RUNNING)
    runs.cancel(number, viewer=NATION, who=A)
    assert runs.ask(SMALL, viewer=NATION, who=B) == number
    assert state(runs, number) is RunState.WAITING
    held.go.set()
    until(lambda: state(runs, number) is RunState.DONE)
    assert held.started == ["small", "small"]
    runs.close()


def test_who_left_is_waited_for_a_while(held: Held) -> None:
    now = [0.0]
    runs = Runs(held, ticks=lambda: now[0])
    number = runs.ask(SMALL, viewer=NATION, who=A)
    runs.ask(SMALL, viewer=NATION, who=B)
    until(lambda: state(runs, number) is RunState.RUNNING)
    runs.leave(A)
    runs.leave(B)
    now[0] = scenarios.GRACE_SECONDS - 1
    time.sleep(0.05)
    assert state(runs, number) is RunState.RUNNING
    runs.arrive(B)
    now[0] += scenarios.GRACE_SECONDS
    time.sleep(0.05)
    assert state(runs, number) is RunState.RUNNING
    runs.leave(B)
    now[0] += scenarios.GRACE_SECONDS
    until(lambda: state(runs, number) is RunState.CANCELLED)
    runs.close()


def test_the_queue_is_bounded(runs: Runs) -> None:
    for seed in range(scenarios.MOST_WAITING):
        runs.ask(replace(SMALL, seed=seed), viewer=NATION, who=A)
    with pytest.raises(BadUse, match="too many"):
        runs.ask(replace(SMALL, seed=99), viewer=NATION, who=A)


def test_old_results_are_forgotten(runs: Runs, held: Held) -> None:
    held.go.set()
    numbers = []
    for seed in range(scenarios.MOST_KEPT + 3):
        numbers.append(runs.ask(replace(SMALL, seed=seed), viewer=NATION, who=A))
        until(lambda: state(runs, numbers[-1]) is RunState.DONE)
    kept = [number for number in numbers if runs.find(number, viewer=NATION)]
    assert kept == numbers[-scenarios.MOST_KEPT :]


def test_a_failure_is_kept_with_its_reason() -> None:
    def fails(_scenario: Scenario, **_: object) -> None:
        raise ValueError("no such place")

    runs = Runs(fails)
    number = runs.ask(SMALL, viewer=NATION, who=A)
    runs.close()
    job = runs.find(number, viewer=NATION)
    assert job
    assert job.state is RunState.FAILED
    assert str(job.error) == "no such place"


@pytest.mark.parametrize("viewer", [looking(Role.PRESS), looking(Role.PROVINCE)])
def test_who_sees_nothing_may_not_ask(runs: Runs, viewer: Viewer) -> None:
    with pytest.raises(ScopeDenied):
        runs.ask(SMALL, viewer=viewer, who=A)
    with pytest.raises(ScopeDenied):
        runs.find("x", viewer=viewer)


def test_a_province_gets_its_own_area_alone() -> None:
    result = Job(SMALL, result=run(SMALL))
    assert seen_bands(result, viewer=HCMC)["area_code"].unique().to_list() == ["79"]
    assert seen_runs_out(result, viewer=HCMC)["area_code"].unique().to_list() == ["79"]
    assert seen_bands(result, viewer=NATION)["area_code"].n_unique() == 64
    assert seen_bands(result, viewer=looking(Role.PRESS)).is_empty()
    moves, unmet = seen_moves(result, viewer=HCMC)
    assert set(unmet["area_code"]) == {"79"}
    assert moves.height
    assert all("79" in pair for pair in moves.select("from_code", "to_code").rows())
    assert change(result, result, "severe", viewer=HCMC) is None
    assert change(result, result, "severe", viewer=NATION) == (0.0, 0.0, 0.0)
