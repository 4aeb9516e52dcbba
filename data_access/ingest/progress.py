"""Says how far a long load is, without ever getting into the way of its answer."""

import time
from collections.abc import Callable, Iterable, Iterator

from data_access.ingest.seam import Admitted

PATIENCE_S = 2.0
"""A load that takes no longer says nothing."""
EVERY_S = 1.0
"""The least time between two lines."""

Say = Callable[[str], None]


def told(
    chunks: Iterable[Admitted],
    *,
    file_name: str,
    say: Say,
    seconds: Callable[[], float] = time.monotonic,
) -> Iterator[Admitted]:
    """Yield chunks as they are; say how many rows have been handed on, and how fast.

    The first line comes when the load has taken `PATIENCE_S`, further ones at least `EVERY_S`
    apart. Nothing of a row's content is told.
    """
    started = seconds()
    next_line, n_rows = started + PATIENCE_S, 0
    for chunk in chunks:
        yield chunk
        n_rows += chunk.n_read
        now = seconds()
        if now >= next_line:
            next_line = now + EVERY_S
            say(line(file_name, n_rows=n_rows, taken_s=now - started))


def line(file_name: str, *, n_rows: int, taken_s: float) -> str:
    """Return what is told of a load: file, rows so far, rows per second."""
    speed = n_rows / taken_s if taken_s > 0 else 0.0
    return f"{file_name}: {n_rows:,} rows so far, {speed:,.0f} rows/s"
