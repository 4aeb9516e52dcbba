"""Days and moments as people write them."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from data_access.ingest.columns import Formats
from data_access.ingest.time_text import local_days, parse_days, parse_moments, strptime_pattern

ZONE = "Asia/Ho_Chi_Minh"
FIFTH = date(2021, 8, 5)


def days(*cells: str | None, dates: str = "auto") -> list[date | None]:
    text = pl.Series(cells, dtype=pl.String)
    return parse_days(text, formats=Formats(zone=ZONE, dates=dates)).values.to_list()


def moments(*cells: str | None, dates: str = "auto", zone: str = ZONE) -> list[datetime | None]:
    text = pl.Series(cells, dtype=pl.String)
    return parse_moments(text, formats=Formats(zone=zone, dates=dates)).values.to_list()


@pytest.mark.parametrize(
    "cell",
    [
        "2021-08-05",
        "05/08/2021",
        "5/8/2021",
        "05-08-2021",
        "05.08.2021",
        "2021/08/05",
        "2021-08-05T00:30:00+07:00",
        "2021-08-04T17:30:00Z",
        "2021-08-05 23:59",
        "05/08/2021 07:15",
    ],
)
def test_one_day(cell: str) -> None:
    assert days(cell) == [FIFTH]


@pytest.mark.parametrize(
    "cell", ["31/02/2021", "12/31/2021", "5/8/21", "hôm qua", "20210805x", "0021-08-05"]
)
def test_what_is_no_day(cell: str) -> None:
    text = pl.Series([cell])
    parsed = parse_days(text, formats=Formats(zone=ZONE))
    assert parsed.values.to_list() == [None]
    assert parsed.bad["not_a_date"].to_list() == [True]


@pytest.mark.parametrize(
    ("cell", "hour_utc", "minute", "second"),
    [
        ("2021-08-05T10:11:12+07:00", 3, 11, 12),
        ("2021-08-05T10:11:12Z", 10, 11, 12),
        ("2021-08-05T10:11:12+0700", 3, 11, 12),
        ("2021-08-05T10:11:12+07", 3, 11, 12),
        ("2021-08-05 10:11:12+07:00", 3, 11, 12),
        ("2021-08-05 10:11:12 +0700", 3, 11, 12),
        ("2021-08-05T10:11+07:00", 3, 11, 0),
        ("2021-08-05T10:11:12", 3, 11, 12),
        ("2021-08-05 10:11:12", 3, 11, 12),
        ("2021-08-05T10:11", 3, 11, 0),
        ("05/08/2021 10:11", 3, 11, 0),
        ("5/8/2021 10:11:12", 3, 11, 12),
        ("10:11 05/08/2021", 3, 11, 0),
        ("5/8/2021 7:05", 0, 5, 0),
    ],
)
def test_one_moment(cell: str, hour_utc: int, minute: int, second: int) -> None:
    assert moments(cell) == [datetime(2021, 8, 5, hour_utc, minute, second, tzinfo=UTC)]


@pytest.mark.parametrize("cell", ["2021-08-05", "05/08/2021", "5.8.2021"])
def test_a_day_alone_is_its_local_midnight(cell: str) -> None:
    assert moments(cell) == [datetime(2021, 8, 4, 17, tzinfo=UTC)]


@pytest.mark.parametrize("cell", ["2021-08-05T25:00:00", "x", "10:11", "2021-13-01T00:00:00"])
def test_what_is_no_moment(cell: str) -> None:
    parsed = parse_moments(pl.Series([cell]), formats=Formats(zone=ZONE))
    assert parsed.values.to_list() == [None]
    assert parsed.bad["not_a_moment"].to_list() == [True]


def test_a_column_may_mix_ways_of_writing() -> None:
    first = datetime(2021, 8, 5, 3, 11, 12, tzinfo=UTC)
    cells = ("2021-08-05T10:11:12+07:00", None, "05/08/2021 10:11:12", "2021-08-05T03:11:12Z")
    assert moments(*cells) == [first, None, first, first]


def test_fractions_of_a_second_are_kept_to_the_microsecond() -> None:
    assert moments("2021-08-05T10:11:12.345678+07:00") == [
        datetime(2021, 8, 5, 3, 11, 12, 345678, tzinfo=UTC)
    ]


def test_a_zone_with_summer_time_is_looked_up_for_each_moment() -> None:
    assert moments("2021-01-15 12:00:00", "2021-07-15 12:00:00", zone="Europe/Paris") == [
        datetime(2021, 1, 15, 11, tzinfo=UTC),
        datetime(2021, 7, 15, 10, tzinfo=UTC),
    ]


def test_serial_numbers_only_when_the_mapping_says_so() -> None:
    assert days("44413") == [None]
    assert days("44413", dates="excel") == [FIFTH]
    assert moments("44413.5", dates="excel") == [datetime(2021, 8, 5, 5, tzinfo=UTC)]
    assert days("0", dates="excel") == [None]


def test_a_stated_pattern_decides() -> None:
    assert days("08/05/2021", dates="%m/%d/%Y") == [FIFTH]
    assert days("05/08/2021", dates="%Y-%m-%d") == [None]
    assert moments("05/08/2021 10:11", dates="dd/mm/yyyy") == [
        datetime(2021, 8, 5, 3, 11, tzinfo=UTC)
    ]


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("dd/mm/yyyy", "%d/%m/%Y"),
        ("yyyy-mm-dd HH:mm:ss", "%Y-%m-%d %H:%M:%S"),
        ("%d.%m.%Y", "%d.%m.%Y"),
        ("mm/dd/yyyy", "%m/%d/%Y"),
    ],
)
def test_words_of_a_pattern(written: str, pattern: str) -> None:
    assert strptime_pattern(written) == pattern


def test_local_day_of_an_evening_in_utc() -> None:
    evening = pl.Series(
        [datetime(2021, 8, 4, 17, tzinfo=UTC), None], dtype=pl.Datetime("us", "UTC")
    )
    assert local_days(evening, zone=ZONE).to_list() == [FIFTH, None]
