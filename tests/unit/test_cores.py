"""A server stays on one core with all its threads, unless whoever starts it decides otherwise."""

import json
import os
import subprocess
import sys

import pytest

from scripts.cores import THREADS
from tests.conftest import ROOT

ASKED = """
import json, os, threading
from pathlib import Path
stop = threading.Event()
had = sorted(os.sched_getaffinity(0))
before = threading.Thread(target=stop.wait); before.start()
from scripts import cores
cores.choose_threads()
chosen = cores.settle()
after = threading.Thread(target=stop.wait); after.start()
held = [sorted(os.sched_getaffinity(int(one.name))) for one in Path("/proc/self/task").iterdir()]
stop.set()
print(json.dumps([chosen, os.environ[cores.THREADS], had, held]))
"""
pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="this system cannot keep a process on a core"
)


def settled(**variables: str) -> tuple[int | None, str, list[int], list[list[int]]]:
    """Return the core chosen, Polars' threads, the cores there were and those of every thread."""
    environment = {key: value for key, value in os.environ.items() if key != THREADS}
    done = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=ROOT, env={**environment, **variables},
        capture_output=True, text=True, check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, range(os.cpu_count() or 1)),
    )  # fmt: skip
    chosen, threads, had, held = json.loads(done.stdout)
    return chosen, threads, had, held


def test_every_thread_stays_on_one_core_with_one_thread_of_polars() -> None:
    chosen, threads, had, held = settled()
    assert threads == "1"
    # The first, one started before and one after; where there is one core only, all are on it.
    assert held == [[had[-1]]] * 3
    assert chosen == (had[-1] if len(had) > 1 else None)


def test_whoever_asks_for_several_threads_keeps_every_core() -> None:
    chosen, threads, had, held = settled(**{THREADS: "2"})
    assert (chosen, threads) == (None, "2")
    assert held == [had] * 3
