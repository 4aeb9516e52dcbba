"""Many viewers at once: they arrive one after another, stay, and their answers are summed up."""

import asyncio
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from simulations.viewers.session import FIRST, Answer, Habits, Viewer

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
SUMMARY_SCHEMA = {
    "page": pl.String, "act": pl.String, "n": pl.Int64, "p50": pl.Float64, "p95": pl.Float64,
    "p99": pl.Float64, "kilobytes": pl.Float64, "n_errors": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Who comes and how long they stay.

    Attributes:
        viewers: sessions that are open at the same time once all have come.
        ramp_seconds: time over which they come, evenly.
        stay_seconds: how long all of them stay after the last has come; answers before are not
            counted, as the server was not under the full load.
        seed: of what they do.
    """

    viewers: int
    ramp_seconds: float
    stay_seconds: float
    seed: int = 1


async def watch(
    address: str, *, crowd: Crowd, habits: Habits, say: Callable[[str], None]
) -> list[Answer]:
    """Let a crowd use a dashboard; return the answers under the full load, and every first one.

    Args:
        address: such as http://localhost:8501.
        crowd: how many.
        habits: what they do.
        say: takes a line of progress.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    full, ends = began + crowd.ramp_seconds, began + crowd.ramp_seconds + crowd.stay_seconds
    early: list[Answer] = []
    counted: list[Answer] = []

    async def one(number: int) -> None:
        await asyncio.sleep(crowd.ramp_seconds * number / max(crowd.viewers, 1))
        viewer = Viewer(address, habits=habits, chance=random.Random(f"{crowd.seed}-{number}"))  # noqa: S311
        mine = _Split(early=early, counted=counted, full=full)
        await viewer.visit(ends=ends, answers=mine)

    async def progress() -> None:
        while True:
            await asyncio.sleep(10)
            say(f"{loop.time() - began:4.0f} s  {len(early) + len(counted):,} answers")

    ticking = asyncio.create_task(progress())
    try:
        await asyncio.gather(*(one(number) for number in range(crowd.viewers)))
    finally:
        ticking.cancel()
    return [*(answer for answer in early if answer.act == FIRST or answer.error), *counted]


class _Split(list[Answer]):
    """Takes a session's answers: before and under the full load."""

    def __init__(self, *, early: list[Answer], counted: list[Answer], full: float) -> None:
        super().__init__()
        self.early, self.counted, self.full = early, counted, full

    def append(self, answer: Answer) -> None:
        """Add an answer to its own list and to one of the two common ones."""
        super().append(answer)
        under_load = asyncio.get_running_loop().time() >= self.full
        (self.counted if under_load else self.early).append(answer)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed.

    Raises:
        ValueError: if there are no values.
    """
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def summary(answers: Sequence[Answer]) -> pl.DataFrame:
    """Return one row per page and act, and one per act over all pages (page `*`).

    Seconds of answers without an error; kilobytes are the median of what was received.
    """
    groups: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        for page in (answer.page or "/", "*"):
            groups.setdefault((page, answer.act), []).append(answer)
    rows = [
        {"page": page, "act": act, **_figures(found)}
        for (page, act), found in sorted(groups.items())
    ]
    return pl.DataFrame(rows, schema=SUMMARY_SCHEMA)


def _figures(answers: Sequence[Answer]) -> dict[str, float | int | None]:
    good = [answer for answer in answers if not answer.error]
    times, sizes = [a.seconds for a in good], [a.size / 1000 for a in good]
    return {
        "n": len(answers),
        **{name: quantile(times, share) if times else None for name, share in QUANTILES.items()},
        "kilobytes": quantile(sizes, 0.5) if sizes else None,
        "n_errors": len(answers) - len(good),
    }
