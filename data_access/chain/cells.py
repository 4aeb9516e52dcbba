"""From items of the response chain to cells of the cube, and percentiles back out of bins. Pure.

A delay is counted on the local day its step began. Who waits is kept as flows: an item enters an
age on the day it reaches it and leaves on the day it grows older or is done, so that the stock of
those who wait, by age, stands at the end of any day without being written every day.
"""

from collections.abc import Iterator, Mapping

import polars as pl

from data_access.chain.steps import STEPS
from data_access.contracts.rules import DELAY_BINS, delay_bin

AGES: Mapping[str, tuple[int, int | None]] = {
    "00": (0, 1),
    "01": (1, 2),
    "02": (2, 3),
    "03-06": (3, 7),
    "07-13": (7, 14),
    "14+": (14, None),
}
"""Code → (from, up to but not including) in days since the day on which the step began."""

STARTED, BEGAN, ENDED = "chain_started", "chain_waiting_began", "chain_waiting_ended"
EVENTS = {"known_at": pl.Int64(), "measure": pl.String(), "day": pl.Date(), "area_id": pl.Int32(),
          "dims": pl.String(), "value": pl.Int64(), "n": pl.Int64()}  # fmt: skip
"""Signed changes of cells, summed."""


def hours_measure(step: str) -> str:
    """Return the id of the measure that holds the delays of a step."""
    return f"chain_{step}_hours"


def signed_changes(items: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """Return what each moment changes in the cells (EVENTS), from histories of items (ITEMS)."""
    key = ["step", "source_id", "item"]
    spans = items.sort(*key, "known_at").with_columns(until=pl.col("known_at").shift(-1).over(key))
    open_ = spans.filter(pl.col("started").is_not_null())
    begins = open_.with_columns(sign=pl.lit(1, dtype=pl.Int64))
    ends = open_.filter(pl.col("until").is_not_null()).with_columns(
        known_at=pl.col("until"), sign=pl.lit(-1, dtype=pl.Int64)
    )
    both = pl.concat([begins, ends]).with_columns(
        start_day=_local_day("started", zone), done_day=_local_day("done", zone)
    )
    cells = pl.concat(list(_cells(both)))
    group = [name for name in EVENTS if name not in ("value", "n")]
    return (
        cells.group_by(group)
        .agg(value=pl.col("sign").sum(), n=pl.col("sign").sum())
        .filter(pl.col("n") != 0)
        .select([pl.col(name).cast(dtype) for name, dtype in EVENTS.items()])
    )


def _local_day(name: str, zone: str) -> pl.Expr:
    moment = pl.from_epoch(pl.col(name), time_unit="us").dt.replace_time_zone("UTC")
    return moment.dt.convert_time_zone(zone).dt.date()


def _cells(items: pl.DataFrame) -> Iterator[pl.DataFrame]:
    step = pl.col("step")
    yield _of(items, pl.lit(STARTED), dims=pl.format("step={}", step), day=pl.col("start_day"))
    done = items.filter(pl.col("done").is_not_null())
    moments = [pl.from_epoch(pl.col(name), time_unit="us") for name in ("started", "done")]
    yield _of(
        done,
        pl.format("chain_{}_hours", step),
        dims=pl.format("delay={}", delay_bin(*moments)),
        day=pl.col("start_day"),
    )
    for age, (low, high) in AGES.items():
        enters = pl.col("start_day").dt.offset_by(f"{low}d")
        waits = items.filter(pl.col("done").is_null() | (pl.col("done_day") > enters))
        dims = pl.format(f"age={age}|step={{}}", step)
        yield _of(waits, pl.lit(BEGAN), dims=dims, day=enters)
        older = pl.lit(None, dtype=pl.Date)
        if high is not None:
            older = pl.col("start_day").dt.offset_by(f"{high}d")
        leaves = pl.min_horizontal("done_day", older)
        yield _of(waits.filter(leaves.is_not_null()), pl.lit(ENDED), dims=dims, day=leaves)


def _of(items: pl.DataFrame, measure: pl.Expr, *, dims: pl.Expr, day: pl.Expr) -> pl.DataFrame:
    return items.select(
        "known_at", measure=measure, day=day, area_id="area_id", dims=dims, sign="sign"
    )


def within(hours: int) -> list[str]:
    """Return the codes of the delay bins that end within so many hours."""
    return [name for name, (_, high) in DELAY_BINS.items() if high is not None and high <= hours]


HOURS_MEASURES = {hours_measure(step): step for step in STEPS}
"""Measure id → step."""
