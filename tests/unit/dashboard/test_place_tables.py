"""The checkpoints page's tables, by hand."""

from datetime import date

import polars as pl

from dashboard import place_tables
from data_access.places import ACTIVITY_SCHEMA

DAY, BEFORE = date(2021, 9, 1), date(2021, 8, 31)
FOUND = pl.DataFrame(
    [
        (BEFORE, "01", "00001", 5, 1, 2, 9), (BEFORE, "01", "00004", 3, 0, 0, 0),
        (BEFORE, "79", "26734", 4, 0, 1, 1), (BEFORE, "79", "", 1, 0, 0, 0),
        (DAY, "01", "00001", 6, 1, 0, 0), (DAY, "01", "00004", 3, 0, 0, 0),
        (DAY, "79", "26734", 4, 0, 3, 7),
    ],
    schema=ACTIVITY_SCHEMA, orient="row",
)  # fmt: skip


def test_a_day_is_the_sum_of_its_wards_newest_first() -> None:
    today, before = place_tables.panel(FOUND)
    assert (today.day, today.places, today.new, today.active, today.scans) == (DAY, 13, 1, 3, 7)
    assert today.active_share == 3 / 13
    assert (before.places, before.active) == (13, 3)
    assert place_tables.panel(FOUND.clear()) == ()


def test_silent_wards_are_those_of_the_day_the_most_often_silent_first() -> None:
    rows = place_tables.silent_wards(FOUND, day=DAY)
    assert [(row.ward_code, row.places, row.days, row.of_days) for row in rows] == [
        ("00004", 3, 2, 2),
        ("00001", 6, 1, 2),
    ]
    assert place_tables.wards_counted(FOUND, day=DAY) == 3
    assert place_tables.by_province(rows) == {"01": 2}
