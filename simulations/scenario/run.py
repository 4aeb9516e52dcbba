"""Runs a scenario: the country as it stood, the horizon draw by draw, and what comes of it."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from simulations.epidemic.chance import Drawn, Expected, drawn
from simulations.epidemic.engine import simulate
from simulations.epidemic.parameters import Floats, Setup, Whole
from simulations.epidemic.state import State
from simulations.epidemic.summary import LEVELS, Cancelled, quantiles, with_total
from simulations.inputs import CALIBRATED, FITTED, GIVEN, Country, vietnam
from simulations.scenario.levers import known_at, with_levers
from simulations.scenario.model import LATEST, Scenario

CHUNK = 10
"""Draws of a task: small, so that progress moves and a cancelled run stops soon."""
THREADS = 2
MODEL = "1"
"""Of the engine and the levers; another one when the same levers come to give other numbers."""
PLAN_DAYS = 400
"""Of the country, whatever the horizon: how doses spread over provinces depends on it."""
QUANTITIES = (
    "cases", "infections", "severe", "hospital", "icu", "quarantine", "tests", "deaths", "doses",
)  # fmt: skip
FLOWS = ("cases", "infections", "tests", "deaths", "doses")
"""Counts of the day; the others are persons at its end."""
BEDS = ("hospital", "icu", "quarantine")
Values = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a scenario.

    Attributes:
        scenario: its levers.
        codes: province codes, in the order of every array.
        names: Vietnamese names.
        levels: quantiles, ascending.
        bands: quantity → shape (levels, days, provinces).
        nation: quantity → every draw's sum of provinces, shape (draws, days).
        beds: kind of bed → beds there are, shape (days, provinces).
        runs_out: kind of bed → first day on which need exceeds beds, by draw and province; -1 for
            none. Shape (draws, provinces).
        days_short: kind of bed → days on which need exceeds beds, by draw and province. Shape
            (draws, provinces).
    """

    scenario: Scenario
    codes: tuple[str, ...]
    names: tuple[str, ...]
    levels: tuple[float, ...]
    bands: Mapping[str, Floats]
    nation: Mapping[str, Whole]
    beds: Mapping[str, Whole]
    runs_out: Mapping[str, Whole]
    days_short: Mapping[str, Whole]

    @property
    def days(self) -> list[date]:
        """Return the days of the horizon."""
        first = self.scenario.first_day
        return [first + timedelta(days=n) for n in range(self.scenario.horizon)]


@lru_cache(maxsize=1)
def country() -> Country:
    """Return the calibrated country, long enough for the latest scenario."""
    found = vietnam(days=PLAN_DAYS)
    if found.day(LATEST) + 120 > PLAN_DAYS:
        raise ValueError("the plan is shorter than the latest scenario")
    return found


@lru_cache(maxsize=1)
def version() -> str:
    """Return what numbers come from besides the levers: the model, and the country it stands on."""
    held = hashlib.sha256()
    for name in (GIVEN, FITTED):
        held.update((CALIBRATED / name).read_bytes())
    return f"{MODEL}-{held.hexdigest()[:12]}"


@lru_cache(maxsize=8)
def state_before(first_day: date) -> State:
    """Return the expected state on the evening before a day; one for all scenarios from there."""
    setup = known_at(country(), first_day)
    days = range(country().day(first_day))
    *_, (_, state) = simulate(setup, chance=Expected(), days=days)
    return state


def run(
    scenario: Scenario,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result:
    """Run a scenario; the same scenario gives the same numbers, however it is divided.

    Args:
        scenario: levers, horizon, draws, seed.
        progress: called with (days of draws done, all of them), from any thread, one at a time.
        cancelled: asked after each day of each chunk of draws.

    Raises:
        ValueError: if it names a place that does not exist.
        Cancelled: when `cancelled` answers true.
    """
    land = country()
    setup = with_levers(land, scenario)
    first = land.day(scenario.first_day)
    days = range(first, first + scenario.horizon)
    start = state_before(scenario.first_day).repeated(1, whole=True)
    shape = (scenario.draws, scenario.horizon, len(land.codes))
    room = {name: np.empty(shape, dtype=np.int32) for name in QUANTITIES}
    watch = _Watch(all=scenario.draws * scenario.horizon, progress=progress, cancelled=cancelled)
    chance = drawn(scenario.seed, scenario.draws)

    def task(draws: slice) -> None:
        _chunk(setup, chance.part(draws), start, days=days, room=room, draws=draws, watch=watch)

    parts = [slice(n, min(n + CHUNK, scenario.draws)) for n in range(0, scenario.draws, CHUNK)]
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        list(pool.map(task, parts))
    return _result(scenario, land, setup, room, days=days)


class _Watch:
    """Counts what is done and knows whether to go on; for several threads."""

    def __init__(
        self,
        *,
        all: int,  # noqa: A002 - what there is to do
        progress: Callable[[int, int], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._all, self._progress, self._cancelled = all, progress, cancelled
        self._done, self._stopped, self._lock = 0, False, Lock()

    def step(self, draws: int) -> None:
        """Count a day of so many draws.

        Raises:
            Cancelled: when the run is to stop.
        """
        with self._lock:
            self._done += draws
            if self._progress:
                self._progress(self._done, self._all)
            self._stopped = self._stopped or bool(self._cancelled and self._cancelled())
            if self._stopped and self._done < self._all:
                raise Cancelled(f"stopped after {self._done} of {self._all} days of draws")


def _chunk(
    setup: Setup, chance: Drawn, start: State, *, days: range, room: Mapping[str, Values],
    draws: slice, watch: _Watch,
) -> None:  # fmt: skip
    state = start.repeated(chance.draws, whole=True)
    home = setup.tracing.home_share
    for n, (day, _) in enumerate(simulate(setup, chance=chance, state=state, days=days)):
        found = with_total(day)
        found["severe"] = found["in_care_severe"] + found["in_care_critical"]
        found["quarantine"] = np.ceil(found["quarantine"] * (1 - home))
        found["tests"] = found["persons_tested"]
        found["doses"] = found["doses_1"] + found["doses_2"] + found["doses_3"]
        for name in QUANTITIES:
            room[name][draws, n] = found[name]
        watch.step(chance.draws)


def _result(
    scenario: Scenario, land: Country, setup: Setup, room: Mapping[str, Values], *, days: range
) -> Result:
    beds = {
        name: np.floor(getattr(setup.plan, f"{name}_beds")[days.start : days.stop]).astype(np.int64)
        for name in BEDS
    }
    return Result(
        scenario=scenario,
        codes=land.codes,
        names=land.names,
        levels=LEVELS,
        bands={name: quantiles(values, LEVELS) for name, values in room.items()},
        nation={name: values.sum(axis=2, dtype=np.int64) for name, values in room.items()},
        beds=beds,
        runs_out={name: first_day_over(room[name], beds[name]) for name in BEDS},
        days_short={name: (room[name] > beds[name]).sum(axis=1) for name in BEDS},
    )


def first_day_over(need: Values, beds: Whole) -> Whole:
    """Return the first day on which need exceeds beds, shape (draws, provinces); -1 for none."""
    over = need > beds
    return np.asarray(np.where(over.any(axis=1), over.argmax(axis=1), -1))


def difference(
    result: Result, base: Result, quantity: str, *, levels: Sequence[float] = LEVELS
) -> Floats:
    """Return quantiles of the relative change against a base, draw by draw.

    Of a flow, the sum of the horizon is compared; of a stock, the days in it. Both runs begin in
    the same state with the same seed and share, draw by draw, the walk of transmission; what
    happens to persons is drawn anew. A draw in which the base has none counts as no change.

    Raises:
        ValueError: if the two do not begin alike or differ in draws or horizon.
    """
    ours, theirs = result.scenario, base.scenario
    alike = [(s.first_day, s.horizon, s.draws, s.seed) for s in (ours, theirs)]
    if alike[0] != alike[1]:
        raise ValueError("only scenarios of one start, horizon, seed and number of draws compare")
    after, before = (one.nation[quantity].sum(axis=1).astype(float) for one in (result, base))
    change = np.divide(after - before, before, out=np.zeros_like(before), where=before > 0)
    return quantiles(change, levels)
