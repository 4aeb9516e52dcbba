"""Keeps a server on one core. Standard library only: it is asked before anything is loaded.

A page asks Polars hundreds of small questions, and each is handed from the page's thread to
Polars' own and back. Between two cores each of these waits for the other core to wake, which takes
longer than the work (docs/decisions/0015). Python draws one page at a time on however many cores.
"""

import os
from pathlib import Path

THREADS = "POLARS_MAX_THREADS"
_TASKS = Path("/proc/self/task")


def choose_threads() -> None:
    """Let Polars work in one thread, unless whoever started us says otherwise."""
    os.environ.setdefault(THREADS, "1")


def settle() -> int | None:
    """Keep this process, with its threads and those to come, on one of its cores; return which.

    None where nothing was done: Polars has several threads to spread, there is one core only, or
    the system cannot do it.
    """
    if os.environ.get(THREADS) != "1" or not hasattr(os, "sched_setaffinity"):
        return None
    cores = os.sched_getaffinity(0)
    if len(cores) == 1:
        return None
    # The first core is where most systems answer their devices.
    chosen = max(cores)
    keep_on(chosen)
    return chosen


def keep_on(core: int) -> None:
    """Keep every thread of this process, and all that they will start, on one core."""
    for task in _TASKS.iterdir() if _TASKS.is_dir() else ():
        os.sched_setaffinity(int(task.name), {core})
    os.sched_setaffinity(0, {core})
