"""The period forms of DHIS2, each with the last day it covers. Pure.

Forms whose year can be read in two ways (half years and quarters from November) are not read.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_YEAR, LAST_YEAR = 1900, 2200
DAILY = "daily"
_WEEKDAYS = {"": 0, "Mon": 0, "Tue": 1, "Wed": 2, "Thu": 3, "Fri": 4, "Sat": 5, "Sun": 6}
_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_MONTHS |= {name: number for number, name in enumerate(calendar.month_name) if name}


@dataclass(frozen=True, kw_only=True)
class Period:
    """A period of reporting.

    Attributes:
        kind: daily, weekly, biweekly, monthly, bimonthly, quarterly, sixmonthly or yearly;
            weeks and years that begin elsewhere say where (weekly_wed, sixmonthly_apr,
            yearly_oct).
        last_day: its last day.
    """

    kind: str
    last_day: date


def parse_period(text: str) -> Period | None:
    """Return the period that a text means; None if it is none."""
    bare = text.strip()
    for pattern, made in _FORMS:
        found = pattern.fullmatch(bare)
        if found is None:
            continue
        try:
            period = made(**found.groupdict())
        except (ValueError, OverflowError):  # a thirteenth month, the year 0
            return None
        return period if FIRST_YEAR <= period.last_day.year <= LAST_YEAR else None
    return None


def _daily(year: str, month: str, day: str) -> Period:
    return Period(kind=DAILY, last_day=date(int(year), int(month), int(day)))


def _weekly(year: str, start: str, week: str) -> Period:
    start = start.capitalize()
    last_day = _week_end(int(year), int(week), first_weekday=_WEEKDAYS[start])
    suffix = "" if start in {"", "Mon"} else f"_{start.lower()}"
    return Period(kind=f"weekly{suffix}", last_day=last_day)


def _biweekly(year: str, number: str) -> Period:
    last_day = _week_end(int(year), 2 * int(number), first_weekday=0)
    return Period(kind="biweekly", last_day=last_day)


def _week_end(year: int, week: int, *, first_weekday: int) -> date:
    """Return the last day of a week; week 1 is the one that holds 4 January."""
    fourth = date(year, 1, 4)
    first_start = fourth - timedelta(days=(fourth.weekday() - first_weekday) % 7)
    start = first_start + timedelta(weeks=week - 1)
    following = date(year + 1, 1, 4)
    next_start = following - timedelta(days=(following.weekday() - first_weekday) % 7)
    if week < 1 or start >= next_start:
        raise ValueError("the year has no such week")
    return start + timedelta(days=6)


def _months(year: int, month: int, *, kind: str, n_months: int) -> Period:
    """Return the period of some months from a month on, which may lie in the next year."""
    beyond = year * 12 + month - 1 + n_months
    last_day = date(beyond // 12, beyond % 12 + 1, 1) - timedelta(days=1)
    return Period(kind=kind, last_day=last_day)


def _within(number: str, most: int) -> int:
    if not 1 <= int(number) <= most:
        raise ValueError("the year has no such part")
    return int(number)


def _monthly(year: str, month: str) -> Period:
    return _months(int(year), _within(month, 12), kind="monthly", n_months=1)


def _bimonthly(year: str, number: str) -> Period:
    return _months(int(year), 2 * _within(number, 6) - 1, kind="bimonthly", n_months=2)


def _quarterly(year: str, number: str) -> Period:
    return _months(int(year), 3 * _within(number, 4) - 2, kind="quarterly", n_months=3)


def _sixmonthly(year: str, number: str) -> Period:
    return _months(int(year), 6 * _within(number, 2) - 5, kind="sixmonthly", n_months=6)


def _sixmonthly_april(year: str, number: str) -> Period:
    return _months(int(year), 6 * _within(number, 2) - 2, kind="sixmonthly_apr", n_months=6)


def _yearly(year: str) -> Period:
    return _months(int(year), 1, kind="yearly", n_months=12)


def _financial(year: str, month: str) -> Period:
    first = _MONTHS[month.capitalize()]
    return _months(int(year), first, kind=f"yearly_{month[:3].lower()}", n_months=12)


_YEAR = r"(?P<year>\d{4})"
_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Period]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.ASCII), made)
    for pattern, made in (
        (rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)", _daily),
        (rf"{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)", _daily),
        (rf"{_YEAR}(?P<start>|Mon|Tue|Wed|Thu|Fri|Sat|Sun)W(?P<week>\d\d?)", _weekly),
        (rf"{_YEAR}BiW(?P<number>\d\d?)", _biweekly),
        (rf"{_YEAR}-?(?P<month>\d\d)", _monthly),
        (rf"{_YEAR}(?P<number>\d\d)B", _bimonthly),
        (rf"{_YEAR}Q(?P<number>\d)", _quarterly),
        (rf"{_YEAR}S(?P<number>\d)", _sixmonthly),
        (rf"{_YEAR}AprilS(?P<number>\d)", _sixmonthly_april),
        (_YEAR, _yearly),
        (rf"{_YEAR}(?P<month>April|July|Sep|September|Oct|October|Nov|November)", _financial),
    )
)
