"""The quick way to a local day gives the same days as the slow one."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.localtime import local_day, offset_changes

ZONES = ("Asia/Ho_Chi_Minh", "Asia/Kuala_Lumpur", "UTC", "Europe/Paris", "Asia/Kathmandu")
INSTANTS = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 -- hypothesis adds the zone
    max_value=datetime(2099, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def instants(*moments: datetime) -> pl.DataFrame:
    return pl.DataFrame({"at": moments}, schema={"at": pl.Datetime("us", "UTC")})


@pytest.mark.parametrize("zone", ZONES)
@given(moments=st.lists(INSTANTS, min_size=1, max_size=30))
def test_local_day_is_the_day_on_that_zones_calendar(zone: str, moments: list[datetime]) -> None:
    got = instants(*moments).select(
        quick=local_day(pl.col("at"), zone=zone),
        slow=pl.col("at").dt.convert_time_zone(zone).dt.date(),
    )
    assert got["quick"].to_list() == got["slow"].to_list()


def test_a_dose_at_half_past_five_utc_and_one_at_seventeen_fall_on_neighbouring_days() -> None:
    given_at = instants(
        datetime(2021, 9, 1, 16, 59, 59, 999_999, tzinfo=UTC), datetime(2021, 9, 1, 17, tzinfo=UTC)
    )
    got = given_at.select(local_day(pl.col("at"), zone="Asia/Ho_Chi_Minh"))
    assert got.to_series().to_list() == [date(2021, 9, 1), date(2021, 9, 2)]


@pytest.mark.parametrize("zone", ZONES)
def test_each_change_is_exact_to_the_second(zone: str) -> None:
    for from_us, _ in offset_changes(zone)[1:9]:
        change = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=from_us)
        around = [change + timedelta(seconds=second) for second in (-1, 0, 1)]
        got = instants(*around).select(
            quick=local_day(pl.col("at"), zone=zone),
            slow=pl.col("at").dt.convert_time_zone(zone).dt.date(),
        )
        assert got["quick"].to_list() == got["slow"].to_list()


def test_a_missing_instant_has_no_day() -> None:
    got = pl.DataFrame({"at": [None]}, schema={"at": pl.Datetime("us", "UTC")})
    assert got.select(local_day(pl.col("at"), zone="Asia/Ho_Chi_Minh")).item() is None
