"""Percentiles read off histograms: against plain Python, and against the delays themselves."""

import math
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.contracts.rules import DELAY_BINS
from data_access.cube.quantiles import from_bins, over_window

DAY = date(2021, 8, 1)


def histogram(counts: dict[str, float], *, day: date = DAY, area: int = 1) -> pl.DataFrame:
    return pl.DataFrame(
        [(day, area, name, value) for name, value in counts.items()],
        schema={"day": pl.Date, "area_id": pl.Int32, "by": pl.String, "value": pl.Float64},
        orient="row",
    )


def bin_of(hours: float) -> str:
    """The bin of a delay, looked for one by one."""
    for name, (low, high) in DELAY_BINS.items():
        if (low < hours or (low == 0 and hours == 0)) and (high is None or hours <= high):
            return name
    raise AssertionError(hours)


@given(
    st.lists(st.floats(min_value=0, max_value=400), min_size=1, max_size=200),
    st.sampled_from([0.1, 0.5, 0.9]),
)
def test_the_percentile_lies_in_the_bin_of_the_true_one(hours: list[float], share: float) -> None:
    counts: dict[str, float] = {}
    for one in hours:
        counts[bin_of(one)] = counts.get(bin_of(one), 0) + 1
    (found,) = from_bins(histogram(counts), share)["quantile"].to_list()
    true = sorted(hours)[max(0, math.ceil(share * len(hours)) - 1)]
    low, high = DELAY_BINS[bin_of(true)]
    assert low <= found <= (low if high is None else high)


def test_by_hand() -> None:
    half = from_bins(histogram({"000-001": 1.0, "001-002": 2.0, "unknown": 50.0}), 0.5)
    assert half["quantile"].to_list() == [pytest.approx(1.25)]  # rank 1.5: a quarter into the bin
    assert from_bins(histogram({"336+": 3.0}), 0.9)["quantile"].to_list() == [336.0]
    assert from_bins(histogram({"000-001": 0.0}), 0.5).is_empty()


def test_a_window_sums_bins_before_anything_is_read_off_them() -> None:
    days = pl.concat(
        [
            histogram({"000-001": 1.0}, day=DAY),
            histogram({"000-001": 1.0, "001-002": 4.0}, day=DAY + timedelta(days=2)),
        ]
    )
    summed = over_window(days, 3).filter(pl.col("day") == DAY + timedelta(days=2))
    assert dict(summed.select("by", "value").iter_rows()) == {"000-001": 2.0, "001-002": 4.0}
    alone = over_window(days, 2).filter(pl.col("day") == DAY + timedelta(days=2))
    assert dict(alone.select("by", "value").iter_rows()) == {"000-001": 1.0, "001-002": 4.0}
