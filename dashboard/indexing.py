"""Curves set to 100 on their first day, so that areas of any size share an axis. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

BASE = 100.0
MISSING, ZERO = "missing", "zero"
"""Why an area has no index: nothing reported on the first day, or nothing to divide by."""


@dataclass(frozen=True, kw_only=True)
class Indexed:
    """Curves as an index.

    Attributes:
        daily: date, area_code, value (100 on the base day, null where there is none); only the
            areas that have an index.
        absent: why an area has none, by code: `missing` or `zero`.
    """

    daily: pl.DataFrame
    absent: Mapping[str, str]


def indexed(daily: pl.DataFrame, *, base: date) -> Indexed:
    """Return each area's values as percent of its own value on the base day.

    An area without a value that day, or with zero, is left out and said: no other day stands in,
    or the curves would not begin together.

    Args:
        daily: date, area_code, value; other columns pass through.
        base: the day that is 100.
    """
    codes = daily["area_code"].unique(maintain_order=True).to_list()
    first = daily.filter(pl.col("date") == base).select("area_code", base_value="value")
    bases = dict(first.iter_rows())
    absent = {
        code: MISSING if bases.get(code) is None else ZERO for code in codes if not bases.get(code)
    }
    kept = (
        daily.filter(~pl.col("area_code").is_in(list(absent)))
        .join(first, on="area_code", how="left", maintain_order="left")
        .with_columns(value=pl.col("value") / pl.col("base_value") * BASE)
        .drop("base_value")
    )
    return Indexed(daily=kept, absent=absent)
