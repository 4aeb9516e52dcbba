"""Curves that begin at 100: recomputed by hand, left out where there is nothing to begin with."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.indexing import MISSING, ZERO, indexed

FIRST = date(2021, 8, 1)


def daily(**areas: list[float | None]) -> pl.DataFrame:
    rows = [
        (FIRST + timedelta(days=n), code, value)
        for code, values in areas.items()
        for n, value in enumerate(values)
    ]
    schema = {"date": pl.Date, "area_code": pl.String, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_values_are_percent_of_the_first_day() -> None:
    found = indexed(daily(a=[40.0, 60.0, None, 10.0], b=[2.0, 2.0, 3.0, 0.0]), base=FIRST)
    values = {
        code: found.daily.filter(pl.col("area_code") == code)["value"].to_list() for code in "ab"
    }
    assert values == {"a": [100.0, 150.0, None, 25.0], "b": [100.0, 100.0, 150.0, 0.0]}
    assert found.absent == {}


def test_an_area_without_a_first_day_is_left_out_with_its_reason() -> None:
    found = indexed(daily(a=[None, 5.0], b=[0.0, 5.0], c=[1.0, 2.0]), base=FIRST)
    assert found.absent == {"a": MISSING, "b": ZERO}
    assert set(found.daily["area_code"]) == {"c"}


def test_a_base_day_that_nobody_reported_leaves_nothing() -> None:
    found = indexed(daily(a=[1.0], b=[2.0]), base=FIRST - timedelta(days=1))
    assert found.daily.is_empty()
    assert found.absent == {"a": MISSING, "b": MISSING}


@given(
    st.lists(st.floats(min_value=0.01, max_value=1e6), min_size=1, max_size=9),
    st.floats(min_value=0.01, max_value=1e3),
)
def test_size_does_not_matter(values: list[float], times: float) -> None:
    found = indexed(daily(a=list(values), b=[value * times for value in values]), base=FIRST)
    small, large = (
        found.daily.filter(pl.col("area_code") == code)["value"].to_list() for code in "ab"
    )
    assert small == pytest.approx(large)
    assert small[0] == pytest.approx(100.0)
