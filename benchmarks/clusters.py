"""The register of clusters of a million people, beside a plain Polars group-by of the same rows.

    python -m benchmarks.clusters [--people 1000000] [--turns 3]

Two shapes, invented, the same for the same seed: declared clusters of about twelve cases each, and
one chain that nobody has declared, in which every case but the first was infected by an earlier
one. Every second case is somebody's listed contact besides. The plain side counts the cases by
cluster and day and knows nothing of who infected whom. Nothing is read from a database. Time is
that of the processor.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from benchmarks.machine import machine_lines
from benchmarks.measure import Run, forget_peak, in_turns, peak_mib, ratio, spread
from dashboard.chain_layout import by_generation
from data_access.chain.clusters import CASES, CLUSTERS, LINKS, members, of_cluster, register

SEED, DAYS, PER_CLUSTER = 7, 120, 12
FIRST = date(2021, 5, 1)
LAST = date(2021, 8, 28)


@dataclass(frozen=True, kw_only=True)
class World:
    """Cases and the contacts that name some of them; columns as the records have them."""

    cases: pl.DataFrame
    links: pl.DataFrame


def invented(people: int, *, declared: bool) -> World:
    """Return so many cases, in order of their day, each infected by one of those before it."""
    rng = np.random.default_rng(SEED)
    number = np.arange(people)
    day = (number * DAYS) // people
    if declared:
        cluster = number % max(people // PER_CLUSTER, 1)
        source = number - max(people // PER_CLUSTER, 1)
    else:
        cluster = None
        # From the last tenth of those before: generations follow each other as in an epidemic.
        source = (number * rng.uniform(0.9, 1.0, people)).astype(np.int64) - 1
    named = pl.Series(source).cast(pl.String)
    cases = pl.DataFrame(
        {
            "case_id": pl.Series(number).cast(pl.String),
            "source": "s",
            "province_code": pl.Series(rng.integers(1, 64, people)).cast(pl.String),
            "person_ref": pl.Series(number).cast(pl.String),
            "case_day": pl.Series(day).cast(pl.Int32).cast(pl.Date) + (FIRST - date(1970, 1, 1)),
            "infector_id": pl.select(pl.when(pl.Series(source) >= 0).then(named)).to_series(),
            "cluster_id": None if cluster is None else pl.Series(cluster).cast(pl.String),
        }
    )
    missing = [pl.lit(None, dtype=dtype).alias(n) for n, dtype in CASES.items() if n not in cases]
    infected = cases.filter(pl.col("infector_id").is_not_null()).gather_every(2)
    links = infected.select(
        "source", "person_ref", contact_id="case_id", index_case_id="infector_id",
        **{"class": pl.lit("F1")},
    ).select(list(LINKS))  # fmt: skip
    return World(cases=cases.with_columns(missing).select(list(CASES)), links=links)


def plain(world: World) -> pl.DataFrame:
    """Return what a group-by alone can say."""
    by = ["source", "cluster_id", "case_day"]
    return world.cases.group_by(by).agg(n=pl.len()).sort(by)


def ours(world: World) -> pl.DataFrame:
    """Return the register, from the bare records."""
    held = members(world.cases, world.links)
    return register(held, pl.DataFrame(schema=CLUSTERS), day=LAST)


def timed(work: Callable[[], object]) -> Run:
    """Return a piece of work that tells its own seconds of the processor."""

    def run(_turn: int) -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    return run


def memory(work: Callable[[], object]) -> float:
    """Return the MiB by which a piece of work raises the process's peak above what it held."""
    before = forget_peak()
    work()
    return peak_mib() - before


def measure(name: str, world: World, *, turns: int) -> None:
    """Print times, ratio and memory of one shape."""
    taken = in_turns(
        {"plain": timed(lambda: plain(world)), "ours": timed(lambda: ours(world))},
        turns=turns,
    )
    held = members(world.cases, world.links)
    again = in_turns(
        {"day": timed(lambda: register(held, pl.DataFrame(schema=CLUSTERS), day=LAST))},
        turns=turns,
    )
    found = register(held, pl.DataFrame(schema=CLUSTERS), day=LAST)
    one = of_cluster(held, found.row(0, named=True), day=LAST)
    drawn = in_turns({"drawn": timed(lambda: by_generation(one))}, turns=turns)
    times = {key: min(values) for key, values in {**taken, **again, **drawn}.items()}
    print(  # noqa: T201 -- a benchmark reports to the terminal
        f"{name}: {world.cases.height:,} cases, {found.height:,} clusters, "
        f"up to {found['generations'].max()} generations\n"
        f"  register {times['ours']:.2f} s, group-by {times['plain']:.3f} s: "
        f"{ratio(taken['ours'], taken['plain']):.1f} times "
        f"({spread(taken['ours'], taken['plain'])})\n"
        f"  another day of the same cases {times['day']:.2f} s; the largest cluster's "
        f"{one.height:,} cases by generation and day {times['drawn']:.3f} s\n"
        f"  memory above the rows: register {memory(lambda: ours(world)):.0f} MiB, "
        f"group-by {memory(lambda: plain(world)):.0f} MiB"
    )


def main() -> None:
    """Measure both shapes."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=1_000_000)
    arguments.add_argument("--turns", type=int, default=3)
    wanted = arguments.parse_args()
    for line in machine_lines():
        print(line)  # noqa: T201 -- a benchmark reports to the terminal
    for name, declared in (("declared clusters", True), ("one chain", False)):
        measure(name, invented(wanted.people, declared=declared), turns=wanted.turns)


if __name__ == "__main__":
    main()
