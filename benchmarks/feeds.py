"""A day of the whole country, 1:1: records a second, made and made with writing, and peak memory.

`python -m benchmarks.feeds`: prints one line each; a figure of this machine, not a ratio.
"""

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from benchmarks.measure import forget_peak, peak_mib
from data_access.reference.pack import bundled_pack
from simulations.feeds.files import Truth, Writer
from simulations.feeds.model import FeedParameters, FeedSpec
from simulations.feeds.stream import stream

GOAL = 200_000
DAY = FeedSpec(first_day=date(2021, 9, 2), days=1, seed=1,
               parameters=FeedParameters(block_days=1))  # fmt: skip


def main() -> int:
    """Measure once."""
    areas = bundled_pack("vn").areas
    forget_peak()
    started = time.perf_counter()
    days = list(stream(DAY, areas=areas))
    made = time.perf_counter() - started
    n_rows = sum(rows.height for day in days for rows in day.records.values())
    with tempfile.TemporaryDirectory() as name:
        writer = Writer(Path(name))
        for day in days:
            writer.add(day.records)
        writer.close()
        written = time.perf_counter() - started
        n_written = sum(writer.n_rows.values())
    counting = time.perf_counter()
    truth = Truth()
    for day in days:
        truth.add(day.records)
    counted = time.perf_counter() - counting
    for line in (
        f"{n_rows:,} states made: {n_rows / made:,.0f} a second (goal {GOAL:,})",
        f"{n_written:,} records made and written: {n_written / written:,.0f} a second",
        f"truth counted in {counted:.1f} s more; peak {peak_mib():,.0f} MiB",
    ):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
