"""Laboratories with a finite capacity: samples wait their turn, first come, first served. Pure."""

from datetime import timedelta

import polars as pl

DAY = timedelta(days=1)
_US = "_us"


def queued(
    samples: pl.DataFrame, laboratories: pl.DataFrame, *, free: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return samples with `resulted_at` as the queue gives it, and when each laboratory is free.

    Method: one server a laboratory, a sample in 1/capacity of a day; the end of sample i is
        s·(i + 1) + max(free, max over j ≤ i of (received_j - s·j)), in order of arrival (Lindley).

    Args:
        samples: `sample_id, lab_code, received_lab_at` (none null) and any others.
        laboratories: `lab_code, capacity_per_day`.
        free: `lab_code, free_us` (microseconds UTC) as this function gave it before; may be empty.
    """
    pace = (DAY / timedelta(microseconds=1) / pl.col("capacity_per_day")).cast(pl.Int64)
    rows = (
        samples.join(
            laboratories.select("lab_code", "capacity_per_day"), on="lab_code", how="left",
            maintain_order="left",
        )
        .join(free, on="lab_code", how="left", maintain_order="left")
        .sort("received_lab_at", "sample_id")
        .with_columns(
            pace.alias("_pace"), pl.col("received_lab_at").dt.timestamp("us").alias(_US),
            pl.int_range(pl.len()).over("lab_code").alias("_i"), pl.col("free_us").fill_null(0),
        )
    )  # fmt: skip
    waits = (pl.col(_US) - pl.col("_pace") * pl.col("_i")).cum_max().over("lab_code")
    done = pl.col("_pace") * (pl.col("_i") + 1) + pl.max_horizontal(waits, "free_us")
    rows = rows.with_columns(done.alias("_done"))
    now_free = pl.concat(
        [free, rows.select("lab_code", pl.col("_done").alias("free_us"))]
    ).group_by("lab_code").agg(pl.col("free_us").max()).sort("lab_code")  # fmt: skip
    # Whole seconds, as laboratories write them.
    resulted = pl.from_epoch("_done", time_unit="us").dt.truncate("1s").dt.replace_time_zone("UTC")
    return (
        rows.with_columns(resulted.alias("resulted_at")).select(samples.columns),
        now_free,
    )
