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


def ranked(
    found: pl.DataFrame, *, day: date, horizon: float | None = None
) -> tuple[Row, ...]:  # fmt: skip
    """Return the areas of a day, the largest value first, then those without a figure by code.

    Args:
        found: date, area_code, value, status of one indicator, the day and a week before.
        day: the day ranked.
        horizon: of values beyond it no change is told but how far they came inside.
    """
    before = found.filter(pl.col("date") == day - WEEK).select("area_code", earlier="value")
    today = (
        found.filter(pl.col("date") == day)
        .join(before, on="area_code", how="left")
        .with_columns(
            rank=pl.col("value").rank("min", descending=True).cast(pl.Int64),
            change=_within("value", horizon) - _within("earlier", horizon),
        )
        .sort("value", "area_code", descending=[True, False], nulls_last=True)
    )
    rows = today.select("area_code", "rank", "value", "status", "change").iter_rows()
    return tuple(
        Row(code=code, rank=rank, value=value, status=status, change=change)
        for code, rank, value, status, change in rows
    )


def _within(column: str, horizon: float | None) -> pl.Expr:
    return pl.col(column) if horizon is None else pl.col(column).clip(upper_bound=horizon)
