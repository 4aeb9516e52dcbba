"""Scenarios for the pages: one run at a time, the others wait; the only bridge to `simulations`.

A run belongs to its levers, not to who asked: two who ask for the same wait for the same run, and
it stops when the last of them cancels or has left. What a viewer gets of it is cut to their own
areas here.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from data_access.errors import BadUse
from data_access.viewer import Viewer
from simulations.epidemic.parameters import AGES
from simulations.epidemic.summary import Cancelled
from simulations.scenario import run as running
from simulations.scenario.model import EARLIEST, LATEST, Measure, Scenario
from simulations.scenario.report import bands, runs_out
from simulations.scenario.run import BEDS, QUANTITIES, Result, difference, version
from simulations.scenario.score import score
from simulations.scenario.toml import digest, from_json, to_json
from simulations.surge.board import board
from simulations.surge.transfers import Rules

__all__ = [
    "AGES", "BEDS", "EARLIEST", "LATEST", "QUANTITIES", "Job", "Measure", "RunState", "Rules",
    "Runs", "Scenario",
    "Seat", "change", "digest", "from_json", "score", "seen_bands", "seen_moves", "seen_runs_out",
    "to_json", "version",
]  # fmt: skip

MOST_WAITING = 8
MOST_KEPT = 16
NATION = "VN"
GRACE_SECONDS = 30.0
"""How long who left is waited for: a screen that lost its connection comes back within it."""


class RunState(StrEnum):
    """Where a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass
class Job:
    """A run. Read it from any thread; it is changed by `Runs` alone.

    Attributes:
        scenario: its levers.
        state: where it stands.
        done: share of the work that is done, 0 to 1.
        result: what came of it, once done.
        error: why it failed.
        waiters: the sessions that wait for it, and did not cancel.
    """

    scenario: Scenario
    state: RunState = RunState.WAITING
    done: float = 0.0
    result: Result | None = None
    error: Exception | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    waiters: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        """Return whether something is still to come."""
        return self.state in {RunState.WAITING, RunState.RUNNING}


class Runs:
    """The runs of a server process. Safe between threads."""

    def __init__(
        self,
        run: Callable[..., Result] = running.run,
        *,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with none; `run` computes one, `ticks` counts seconds."""
        self._run, self._ticks = run, ticks
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._left: dict[str, float] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scenario")

    def ask(self, scenario: Scenario, *, viewer: Viewer, who: str) -> str:
        """Ask for a run and return its number; one that is there or on its way is not run again.

        Args:
            scenario: the levers.
            viewer: who looks.
            who: the session that waits for it.

        Raises:
            ScopeDenied: if the viewer sees no area.
            BadUse: if too many wait.
        """
        _require_sight(viewer)
        number = digest(scenario)
        with self._lock:
            self._left.pop(who, None)
            there = self._jobs.get(number)
            # One that was told to stop is no longer waited for, even if it has not stopped yet.
            if there and not there.stop.is_set() and (there.open or there.state is RunState.DONE):
                there.waiters |= {who}
                self._jobs.move_to_end(number)
                return number
            if sum(job.open for job in self._jobs.values()) >= MOST_WAITING:
                raise BadUse("too many scenarios are waiting; try again when one is done")
            job = self._jobs[number] = Job(scenario, waiters=frozenset({who}))
            self._jobs.move_to_end(number)
            self._forget()
        self._pool.submit(self._work, job)
        return number

    def _forget(self) -> None:
        closed = [number for number, job in self._jobs.items() if not job.open]
        for number in closed[: max(len(self._jobs) - MOST_KEPT, 0)]:
            del self._jobs[number]

    def _work(self, job: Job) -> None:
        if self._unwanted(job):
            job.state = RunState.CANCELLED
            return
        job.state = RunState.RUNNING

        def progress(done: int, of: int) -> None:
            job.done = done / of

        try:
            job.result = self._run(
                job.scenario, progress=progress, cancelled=lambda: self._unwanted(job)
            )
            job.state = RunState.DONE
        except Cancelled:
            job.state = RunState.CANCELLED
        except Exception as error:  # noqa: BLE001 - whoever shows the job shows it
            job.error, job.state = error, RunState.FAILED

    def _unwanted(self, job: Job) -> bool:
        """Return whether nobody waits for a run any more; from then on nobody can join it."""
        with self._lock:
            if all(self._has_left(who) for who in job.waiters):
                job.stop.set()
            return job.stop.is_set()

    def _has_left(self, who: str) -> bool:
        since = self._left.get(who)
        return since is not None and self._ticks() - since >= GRACE_SECONDS

    def find(self, number: str, *, viewer: Viewer) -> Job | None:
        """Return a run, None if there is none (any more).

        Raises:
            ScopeDenied: if the viewer sees no area.
        """
        _require_sight(viewer)
        with self._lock:
            return self._jobs.get(number)

    def cancel(self, number: str, *, viewer: Viewer, who: str) -> None:
        """Wait for a run no longer.

        It stops at the end of its simulated day, and one that has not begun never starts, unless
        another session waits for it.

        Raises:
            ScopeDenied: if the viewer sees no area.
        """
        job = self.find(number, viewer=viewer)
        if job is None:
            return
        with self._lock:
            job.waiters -= {who}
            if not job.waiters and job.open:
                job.stop.set()

    def leave(self, who: str) -> None:
        """Note that a session is gone; if it is not back soon, it waits for nothing any more."""
        with self._lock:
            waiting = frozenset().union(*(job.waiters for job in self._jobs.values() if job.open))
            self._left[who] = self._ticks()
            self._left = {one: since for one, since in self._left.items() if one in waiting}

    def arrive(self, who: str) -> None:
        """Note that a session is there (again)."""
        with self._lock:
            self._left.pop(who, None)

    def close(self) -> None:
        """Stop everything and wait for it."""
        with self._lock:
            for job in self._jobs.values():
                job.stop.set()
        self._pool.shutdown(wait=True)


class Seat:
    """A session's place among those who wait: taken while its screen is connected."""

    def __init__(self, runs: Runs, who: str) -> None:
        """Take the place."""
        self._runs, self._who = runs, who
        runs.arrive(who)

    def close(self) -> None:
        """Give the place up: the screen was closed, or lost its connection."""
        self._runs.leave(self._who)


def _require_sight(viewer: Viewer) -> None:
    """Raise ScopeDenied for whoever sees no area at all: the press first of all."""
    viewer.require(None if viewer.everywhere else next(iter(viewer.areas), None))


def seen_bands(job: Job, *, viewer: Viewer) -> pl.DataFrame:
    """Return the bands of the areas in a viewer's sight; the nation's for who sees the nation."""
    return _in_sight(bands(_result(job)), viewer)


def seen_runs_out(job: Job, *, viewer: Viewer) -> pl.DataFrame:
    """Return when beds run out, in the areas in a viewer's sight."""
    return _in_sight(runs_out(_result(job)), viewer)


def seen_moves(
    job: Job, *, viewer: Viewer, rules: Rules | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return transfers from or to, and the unmet need of, the areas in a viewer's sight.

    `rules` are what a transfer may do; None: as is usual.
    """
    found = board(_result(job), rules=rules or Rules())
    ends = pl.col("from_code", "to_code")
    codes = [one for one in _result(job).codes if viewer.may_see(one)]
    moves = found.moves.filter(pl.any_horizontal(ends.is_in(codes)))
    return moves, _in_sight(found.unmet, viewer)


def change(
    job: Job, base: Job, quantity: str, *, viewer: Viewer
) -> tuple[float, float, float] | None:
    """Return the nation's relative change against the base: ends of the 95 % band and median.

    None for who does not see the nation, and where the two do not begin alike.
    """
    if not viewer.may_see(None):
        return None
    try:
        found = difference(_result(job), _result(base), quantity, levels=(0.025, 0.5, 0.975))
    except ValueError:
        return None
    return float(found[0]), float(found[1]), float(found[2])


def _result(job: Job) -> Result:
    if job.result is None:
        raise ValueError("the run is not done")
    return job.result


def _in_sight(found: pl.DataFrame, viewer: Viewer) -> pl.DataFrame:
    codes = [code for code in found["area_code"].unique().to_list()
             if viewer.may_see(None if code == NATION else code)]  # fmt: skip
    return found.filter(pl.col("area_code").is_in(codes))
