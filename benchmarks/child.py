"""One task in a fresh interpreter: `python -m benchmarks.child TASK JSON` prints a JSON line."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import formats, rebuild
from benchmarks.measure import forget_peak, peak_mib

TASKS: dict[str, Callable[..., Any]] = {
    "load_one": formats.load_one,
    "rebuild_ours": rebuild.rebuild_ours,
    "rebuild_duckdb": rebuild.rebuild_duckdb,
    "rebuild_pandas": rebuild.rebuild_pandas,
}


def main() -> None:
    """Do the task; print how long it took, how much memory it needed, what it answered."""
    task = TASKS[sys.argv[1]]
    arguments = json.loads(sys.argv[2])
    baseline = forget_peak()
    started = time.perf_counter()
    answer = task(**arguments)
    seconds = time.perf_counter() - started
    told = {
        "seconds": seconds,
        "peak_mib": peak_mib(),
        "baseline_mib": baseline,
        "answer": answer,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
