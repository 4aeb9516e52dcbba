"""Local calendar days of instants, as expressions over whole columns. Pure: no I/O.

Polars looks a named zone up row by row (15 s for 20 million rows); where a zone keeps its offset
for decades, as Vietnam does, the same day comes from one addition (0.3 s).
"""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl

from data_access.codes import to_us

_SCAN_FROM = datetime(1970, 1, 1, tzinfo=UTC)
_SCAN_TO = datetime(2100, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=1)
_MOST_CHANGES = 4
_DAY_US = 86_400_000_000


def local_day(instant: pl.Expr, *, zone: str) -> pl.Expr:
    """Return the calendar day (Date) that an instant (Datetime us UTC) falls on in a zone.

    Method: the zone's offset, changed where the zone changed it since 1970 (instants before 1970
    take the offset of 1970). A zone with summer time is left to Polars, row by row.
    """
    changes = offset_changes(zone)
    if len(changes) > _MOST_CHANGES:
        return instant.dt.convert_time_zone(zone).dt.date()
    microseconds = instant.dt.timestamp("us")
    shift = pl.lit(changes[0][1], dtype=pl.Int64)
    for moment, offset in changes[1:]:
        later = pl.lit(offset, dtype=pl.Int64)
        shift = pl.when(microseconds >= moment).then(later).otherwise(shift)
    return ((microseconds + shift) // _DAY_US).cast(pl.Int32).cast(pl.Date)


def day_starts(days: pl.Series, *, zone: str) -> pl.Series:
    """Return the instants (Int64, microseconds UTC) at which local days begin.

    A day without a midnight begins where the clocks were put forward.
    """
    rules = ZoneInfo(zone)
    known = days.unique().drop_nulls()
    starts = [to_us(datetime.combine(day, time(), tzinfo=rules)) for day in known]
    return days.replace_strict(known, starts, default=None, return_dtype=pl.Int64)


@lru_cache
def offset_changes(zone: str) -> tuple[tuple[int, int], ...]:
    """Return (from, offset) of a zone from 1970 to 2100, both in microseconds, oldest first."""
    rules = ZoneInfo(zone)
    moment, found = _SCAN_FROM, [(0, _offset_us(_SCAN_FROM, rules))]
    while moment < _SCAN_TO:
        following = moment + _STEP
        offset = _offset_us(following, rules)
        if offset != found[-1][1]:
            exact = _change_between(moment, following, rules=rules)
            found.append((int(exact.timestamp()) * 1_000_000, offset))
        moment = following
    return tuple(found)


def _change_between(before: datetime, after: datetime, *, rules: ZoneInfo) -> datetime:
    # Halve the span until the second of the change is known.
    old = _offset_us(before, rules)
    while after - before > timedelta(seconds=1):
        half = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (half, after) if _offset_us(half, rules) == old else (before, half)
    return after


def _offset_us(moment: datetime, rules: ZoneInfo) -> int:
    offset = moment.astimezone(rules).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)
