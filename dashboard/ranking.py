"""The table twin of a map: areas by value, those without a figure last with their word. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One area.

    Attributes:
        code: its code.
        rank: 1 for the largest value, equal values alike; None without a figure.
        value: the figure; None if there is none.
        status: the data layer's word for why; empty for a value.
        change: difference to seven days ago; None where either is missing.
    """

    code: str
    rank: int | None
    value: float | None
    status: str
    change: float | None


def ranked(found: pl.DataFrame, *, day: date) -> tuple[Row, ...]:
    """Return the areas of a day, the largest value first, then those without a figure by code.

    Args:
        found: date, area_code, value, status of one indicator, the day and a week before.
        day: the day ranked.
    """
    before = found.filter(pl.col("date") == day - WEEK).select("area_code", earlier="value")
    today = (
        found.filter(pl.col("date") == day)
        .join(before, on="area_code", how="left")
        .with_columns(
            rank=pl.col("value").rank("min", descending=True).cast(pl.Int64),
            change=pl.col("value") - pl.col("earlier"),
        )
        .sort("value", "area_code", descending=[True, False], nulls_last=True)
    )
    rows = today.select("area_code", "rank", "value", "status", "change").iter_rows()
    return tuple(
        Row(code=code, rank=rank, value=value, status=status, change=change)
        for code, rank, value, status, change in rows
    )
