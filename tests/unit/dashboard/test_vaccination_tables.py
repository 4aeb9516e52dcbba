"""The vaccination page's tables, by hand."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import vaccination_tables
from data_access.contracts.vaccination import (
    LONGEST_DAYS,
    MINIMUM_DAYS,
    PRIMARY_DOSES,
    PRODUCT,
)

DAY = date(2021, 9, 1)


def doses(*rows: tuple[int, str, float | None]) -> pl.DataFrame:
    """Doses by days before the day looked at."""
    return pl.DataFrame(
        [(DAY - timedelta(days=back), product, value) for back, product, value in rows],
        schema={"date": pl.Date, "product": pl.String, "value": pl.Float64},
        orient="row",
    )


def test_a_second_dose_is_due_by_the_interval_of_its_vaccine() -> None:
    first = doses((100, "AZ", 50.0), (84, "AZ", 30.0), (83, "AZ", 7.0), (28, "AZ", 11.0),
                  (27, "AZ", 1000.0), (10, "PF", 5.0), (3, "JJ", 40.0), (90, "AB", 9.0),
                  (90, "PF", None))  # fmt: skip
    told = {one.product: one for one in vaccination_tables.second_doses(
        first, doses((20, "AZ", 60.0), (1, "PF", 2.0)), day=DAY)}  # fmt: skip
    assert set(told) == {"AZ", "PF"}  # Janssen needs none, Abdala takes three
    az = told["AZ"]
    assert (az.first, az.second) == (1098.0, 60.0)
    assert az.may == 50 + 30 + 7 + 11 - 60
    assert az.late == 50 + 30 - 60
    assert (told["PF"].may, told["PF"].late) == (0.0, 0.0)


@given(
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(sorted(PRODUCT)), st.integers(0, 99))),
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(sorted(PRODUCT)), st.integers(0, 99))),
)
def test_who_is_late_may_and_nobody_is_fewer_than_none(
    first: list[tuple[int, str, int]], second: list[tuple[int, str, int]]
) -> None:
    for one in vaccination_tables.second_doses(doses(*first), doses(*second), day=DAY):
        assert 0 <= one.late <= one.may <= one.first


def test_every_vaccine_of_two_doses_has_both_intervals() -> None:
    assert set(LONGEST_DAYS) == {code for code, n in PRIMARY_DOSES.items() if n == 2}
    assert all(LONGEST_DAYS[code] >= MINIMUM_DAYS[code] for code in LONGEST_DAYS)


def ledger(*rows: tuple[int, str, str, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(DAY - timedelta(days=back), key, product, value) for back, key, product, value in rows],
        schema={"date": pl.Date, "id": pl.String, "product": pl.String, "value": pl.Float64},
        orient="row",
    )


def test_days_of_stock_and_wastage_are_told_by_product() -> None:
    found = ledger(
        (0, "doses_in_stock", "AZ", 700.0), (1, "doses_in_stock", "AZ", 9_999.0),
        (0, "doses_used", "AZ", 100.0), (1, "doses_used", "AZ", 600.0),
        (0, "doses_wasted", "AZ", 7.0), (0, "doses_near_expiry", "AZ", 0.0),
        (0, "doses_in_stock", "PF", 10.0), (0, "doses_used", "PF", 70.0),
        (1, "doses_in_stock", "MD", 50.0),
    )  # fmt: skip
    pf, az, md = vaccination_tables.stocks(found, day=DAY)
    assert (pf.product, pf.days, pf.wasted_share) == ("PF", pytest.approx(1.0), None)
    assert (az.held, az.per_day, az.days) == (700.0, 100.0, pytest.approx(7.0))
    assert az.wasted_share == pytest.approx(7 / 707)
    assert (az.near_expiry, az.expired) == (0.0, None)
    # Yesterday's stock is not today's, and no use is no number of days.
    assert (md.product, md.held, md.days) == ("MD", None, None)
    assert vaccination_tables.stocks(found.clear(), day=DAY) == ()


def test_the_spread_names_ends_and_counts_who_lives_behind() -> None:
    shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1]
    found = pl.DataFrame(
        {
            "area_code": [f"{n:02}" for n in range(12)],
            "value": [*shares, None],
            "denominator": [10.0] * 12,
        }
    )
    told = vaccination_tables.spread(found)
    assert told is not None
    assert (told.low, told.high) == (pytest.approx(0.2), pytest.approx(1.0))
    assert told.lowest[0] == ("00", 0.1)
    assert told.highest[0] == ("10", 1.1)
    # Below half of 1.0 lie four provinces.
    assert (told.behind, told.people, told.counted) == (40.0, 110.0, 11)
    assert vaccination_tables.spread(found.head(1)) is None
