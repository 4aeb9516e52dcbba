"""Scenarios for the pages: one run at a time, the others wait; the only bridge to `simulations`.

A run belongs to its levers, not to who asked: two who ask for the same wait for the same run. What
a viewer gets of it is cut to their own areas here.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from data_access.errors import BadUse
from data_access.viewer import Viewer
from simulations.epidemic.summary import Cancelled
from simulations.scenario import run as running
from simulations.scenario.model import EARLIEST, LATEST, Measure, Scenario
from simulations.scenario.report import bands, runs_out
from simulations.scenario.run import QUANTITIES, Result, difference
from simulations.scenario.toml import digest
from simulations.surge.board import board
from simulations.surge.transfers import Rules

__all__ = [
    "EARLIEST", "LATEST", "QUANTITIES", "Job", "Measure", "RunState", "Runs", "Scenario", "change",
    "digest",
    "seen_bands", "seen_moves", "seen_runs_out",
]  # fmt: skip

MOST_WAITING = 8
MOST_KEPT = 16
NATION = "VN"


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
    """

    scenario: Scenario
    state: RunState = RunState.WAITING
    done: float = 0.0
    result: Result | None = None
    error: Exception | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def open(self) -> bool:
        """Return whether something is still to come."""
        return self.state in {RunState.WAITING, RunState.RUNNING}


class Runs:
    """The runs of a server process. Safe between threads."""

    def __init__(self, run: Callable[..., Result] = running.run) -> None:
        """Start with none; `run` computes one."""
        self._run = run
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scenario")

    def ask(self, scenario: Scenario, *, viewer: Viewer) -> str:
        """Ask for a run and return its number; one that is there or on its way is not run again.

        Raises:
            ScopeDenied: if the viewer sees no area.
            BadUse: if too many wait.
        """
        _require_sight(viewer)
        number = digest(scenario)
        with self._lock:
            there = self._jobs.get(number)
            if there and (there.open or there.state is RunState.DONE):
                self._jobs.move_to_end(number)
                return number
            if sum(job.open for job in self._jobs.values()) >= MOST_WAITING:
                raise BadUse("too many scenarios are waiting; try again when one is done")
            job = self._jobs[number] = Job(scenario)
            self._jobs.move_to_end(number)
            self._forget()
        self._pool.submit(self._work, job)
        return number

    def _forget(self) -> None:
        closed = [number for number, job in self._jobs.items() if not job.open]
        for number in closed[: max(len(self._jobs) - MOST_KEPT, 0)]:
            del self._jobs[number]

    def _work(self, job: Job) -> None:
        if job.stop.is_set():
            job.state = RunState.CANCELLED
            return
        job.state = RunState.RUNNING

        def progress(done: int, of: int) -> None:
            job.done = done / of

        try:
            job.result = self._run(job.scenario, progress=progress, cancelled=job.stop.is_set)
            job.state = RunState.DONE
        except Cancelled:
            job.state = RunState.CANCELLED
        except Exception as error:  # noqa: BLE001 - whoever shows the job shows it
            job.error, job.state = error, RunState.FAILED

    def find(self, number: str, *, viewer: Viewer) -> Job | None:
        """Return a run, None if there is none (any more).

        Raises:
            ScopeDenied: if the viewer sees no area.
        """
        _require_sight(viewer)
        with self._lock:
            return self._jobs.get(number)

    def cancel(self, number: str, *, viewer: Viewer) -> None:
        """Stop a run at the end of its simulated day; one that waits never starts."""
        job = self.find(number, viewer=viewer)
        if job and job.open:
            job.stop.set()

    def close(self) -> None:
        """Stop everything and wait for it."""
        with self._lock:
            for job in self._jobs.values():
                job.stop.set()
        self._pool.shutdown(wait=True)


def _require_sight(viewer: Viewer) -> None:
    """Raise ScopeDenied for whoever sees no area at all: the press first of all."""
    viewer.require(None if viewer.everywhere else next(iter(viewer.areas), None))


def seen_bands(job: Job, *, viewer: Viewer) -> pl.DataFrame:
    """Return the bands of the areas in a viewer's sight; the nation's for who sees the nation."""
    return _in_sight(bands(_result(job)), viewer)


def seen_runs_out(job: Job, *, viewer: Viewer) -> pl.DataFrame:
    """Return when beds run out, in the areas in a viewer's sight."""
    return _in_sight(runs_out(_result(job)), viewer)


def seen_moves(job: Job, *, viewer: Viewer) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return transfers from or to, and the unmet need of, the areas in a viewer's sight."""
    found = board(_result(job), rules=Rules())
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
