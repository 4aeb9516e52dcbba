"""Takes times and memory peaks so that two things can be compared fairly.

What is compared is run in turns (A B, B A, A B ...), so that a busy moment of the machine hits
both; the figure is the median of the ratios of the turns. Anything whose memory is stated runs in
a process of its own.
"""

import gc
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Run = Callable[[int], float | None]
"""Does the work of one turn (its number is given); may return its own count of seconds."""

MIB = 2**20


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes; rubbish of earlier work is cleared first."""
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def in_turns(runs: Mapping[str, Run], *, turns: int) -> dict[str, list[float]]:
    """Return the seconds of each run, turn by turn; every second turn goes backwards.

    Args:
        runs: name → work. If the work returns a number, that is its time; else it is timed here.
        turns: how many times each is run.
    """
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(turns):
        names = list(runs) if turn % 2 == 0 else list(reversed(list(runs)))
        for name in names:
            gc.collect()
            started = time.perf_counter()
            own = runs[name](turn)
            taken[name].append(time.perf_counter() - started if own is None else own)
    return taken


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median over the turns of above ÷ below."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def spread(above: Sequence[float], below: Sequence[float]) -> str:
    """Return the smallest and largest ratio of the turns, as text."""
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    return f"{min(ratios):.3g} to {max(ratios):.3g} over {len(ratios)} turns"


@dataclass(frozen=True, kw_only=True)
class Child:
    """What a process of its own reported.

    Attributes:
        seconds: time of the work itself, without the interpreter's start and imports.
        peak_mib: highest resident memory of the process, MiB.
        baseline_mib: resident memory just before the work, MiB.
        answer: whatever the work returned.
    """

    seconds: float
    peak_mib: float
    baseline_mib: float
    answer: Any = field(default=None)


def in_child(task: str, **arguments: object) -> Child:
    """Return what `benchmarks.child` reports after doing one task in a fresh interpreter.

    Raises:
        RuntimeError: with the last line of the child's complaint, if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", task, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parent.parent,
    )
    if done.returncode:
        complaint = done.stderr.strip().splitlines() or ["no message"]
        raise RuntimeError(f"{task} failed: {complaint[-1]}")
    return Child(**json.loads(done.stdout.strip().splitlines()[-1]))


def peak_mib() -> float:
    """Return the highest resident memory of this process so far, MiB.

    `VmHWM` where there is one: `ru_maxrss` also remembers the parent that was forked.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> float:
    """Start the peak anew where the system allows it; return the resident memory now, MiB."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return peak_mib()
    return peak_mib()
