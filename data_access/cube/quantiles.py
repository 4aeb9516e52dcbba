"""Medians and percentiles read off additive histograms of delays. Pure Polars.

A histogram adds up over places, days and sources; a percentile does not. So bins are summed first,
over the window and the parts, and the percentile is read from the sum.
"""

from datetime import timedelta

import polars as pl

from data_access.contracts.rules import DELAY_BINS

EDGES = pl.DataFrame(
    [(name, float(low), None if high is None else float(high)) for name, (low, high) in
     DELAY_BINS.items()],
    schema={"by": pl.String, "low": pl.Float64, "high": pl.Float64},
    orient="row",
)  # fmt: skip
"""Bin code, the hours after which it begins and with which it ends; the last has no end."""


def over_window(bins: pl.DataFrame, window_days: int) -> pl.DataFrame:
    """Return each day's bins summed with those of the days before it.

    Shape: day, area_id, by (bin code), value in; the same columns out, one row per day that any
        day of its window has.
    """
    ahead = [pl.col("day") + timedelta(days=n) for n in range(window_days)]
    return (
        bins.select("day", "area_id", "by", "value")
        .drop_nulls("value")
        .with_columns(day=pl.concat_list(ahead))
        .explode("day")
        .group_by("day", "area_id", "by")
        .agg(pl.col("value").sum())
    )


def from_bins(bins: pl.DataFrame, share: float) -> pl.DataFrame:
    """Return the hours within which a share of what was counted had happened.

    Shape: day, area_id, by (bin code), value in; day, area_id, quantile (Float64, hours) out, one
        row per day and area with anything in its bins.
    Method: inside its bin the percentile lies as far along as its rank does. In the last bin,
        which has no end, it is where that bin begins: at least so long. Codes that are no bin of
        delays (unknown) are not counted.

    Args:
        bins: sums per bin.
        share: 0.5 for the median, 0.9 for p90.
    """
    place = ["day", "area_id"]
    ordered = (
        bins.filter(pl.col("value") > 0)
        .join(EDGES, on="by", how="inner")
        .sort(*place, "low")
        .with_columns(
            until=pl.col("value").cum_sum().over(place), total=pl.col("value").sum().over(place)
        )
    )
    rank = share * pl.col("total")
    along = (rank - (pl.col("until") - pl.col("value"))) / pl.col("value")
    width = (pl.col("high") - pl.col("low")).fill_null(0.0)
    return (
        ordered.filter(pl.col("until") >= rank)
        .unique(place, keep="first", maintain_order=True)
        .select(*place, quantile=pl.col("low") + along.clip(0.0, 1.0) * width)
    )
