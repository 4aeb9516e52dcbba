"""A day ends where the next one begins, also where clocks are put forward at midnight."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from data_access.codes import to_us
from data_access.cube.missing import end_of_day

DAYS = pl.date_range(date(2017, 1, 1), date(2019, 12, 31), eager=True)


@pytest.mark.parametrize(
    "zone", ["Asia/Ho_Chi_Minh", "America/Sao_Paulo", "America/Havana", "UTC", "Europe/London"]
)
def test_a_day_ends_with_the_first_moment_of_the_next(zone: str) -> None:
    told = pl.DataFrame({"day": DAYS}).select(end_of_day(pl.col("day"), zone)).to_series()
    starts = [
        datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone)) for day in DAYS
    ]
    assert told.to_list() == [to_us(start) for start in starts]
