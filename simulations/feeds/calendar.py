"""Days on which less is done and less is reported: Sundays and public holidays. Pure.

Holidays: Labour Code 45/2019/QH14, article 112 (New Year, five days of Tết, the Hùng Kings' day,
30 April, 1 May, two days around 2 September), with the days off that replace those on a weekend;
the dates of the lunar ones and of the replacements are from memory.
"""

from datetime import date, timedelta

import polars as pl

SUNDAY = 7
_KEPT = ((1, 1), (4, 30), (5, 1), (9, 2))
"""(month, day) of the holidays that keep their date."""
_MOVED = (
    date(2021, 4, 21), date(2021, 5, 3), date(2021, 9, 3),
    date(2022, 1, 3), *(date(2022, 1, 31) + timedelta(days=n) for n in range(7)),
    date(2022, 4, 11), date(2022, 5, 2), date(2022, 5, 3), date(2022, 9, 1),
)  # fmt: skip
"""Hùng Kings' days, replacements, the day beside 2 September, and Tết (31 January to 6 February
2022)."""


def is_quiet(day: date) -> bool:
    """Return whether a local day is a Sunday or a public holiday."""
    return day.isoweekday() == SUNDAY or (day.month, day.day) in _KEPT or day in _MOVED


def weekday_factor(day: date, share: float) -> float:
    """Return how much of a usual day's volume falls on a day; 1 in the mean of its week.

    Args:
        day: local day.
        share: of a working day's volume, how much a quiet day has.
    """
    monday = day - timedelta(days=day.weekday())
    week = [share if is_quiet(monday + timedelta(days=n)) else 1.0 for n in range(7)]
    return week[day.weekday()] * 7 / sum(week)


def next_working(first: date, last: date) -> pl.DataFrame:
    """Return `day, works_on` (Dates) from first to last: the day, or the next that is not quiet."""
    days, works_on = [], []
    for number in range((last - first).days + 1):
        at = first + timedelta(days=number)
        days.append(at)
        while is_quiet(at):
            at += timedelta(days=1)
        works_on.append(at)
    return pl.DataFrame({"day": days, "works_on": works_on}).cast(pl.Date)
