"""Reads days and moments as Vietnamese and other hands write them; vectorised. Pure.

Days are dd/mm/yyyy or ISO, never mm/dd unless the mapping says so. A moment without an offset is
local time; a day alone is its midnight. Years before 1900 are not read, unless a
mapping names an earlier first year: they are years of two digits.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial

import polars as pl

from data_access.ingest.columns import INSTANT, Attempt, Formats, Parsed, by_unique, first_fit
from data_access.localtime import local_day

EARLIEST_DAY = date(1900, 1, 1)
EXCEL_DAY_ZERO = date(1899, 12, 30)
LAST_EXCEL_SERIAL = 2_958_465  # 31 December 9999
_PATTERN_WORDS = (
    ("yyyy", "%Y"), ("YYYY", "%Y"), ("yy", "%y"), ("dd", "%d"), ("DD", "%d"), ("HH", "%H"),
    ("hh", "%H"), ("ss", "%S"), ("SS", "%S"),
)  # fmt: skip


def strptime_pattern(written: str) -> str:
    """Return the strptime pattern of `dd/mm/yyyy`-like words; a pattern with % as it is."""
    if "%" in written:
        return written
    pattern = written
    for word, code in _PATTERN_WORDS:
        pattern = pattern.replace(word, code)
    # mm is the month beside a day or year, the minute after an hour.
    before, hour, after = pattern.partition("%H")
    after = after.replace("mm", "%M").replace("MM", "%M")
    before = before.replace("mm", "%m").replace("MM", "%m")
    return before + hour + after


def _to_day(pattern: str) -> Attempt:
    return lambda text: text.str.to_date(pattern, strict=False)


def _slashed(text: pl.Series) -> pl.Series:
    """Return d-m-y and d.m.y with slashes."""
    return text.str.replace(r"^(\d{1,2})[-.](\d{1,2})[-.](\d{4})", "$1/$2/$3")


def parse_days(text: pl.Series, *, formats: Formats) -> Parsed:
    """Return a column of calendar days (Date); of a moment, its local day."""
    if formats.dates == "excel":
        days = first_fit(text, [lambda rest: _serials(rest)[0], _to_day("%Y-%m-%d")], dtype=pl.Date)
    elif formats.dates != "auto":
        pattern = strptime_pattern(formats.dates)
        days = by_unique(text, _with_pattern_first(pattern, formats=formats), dtype=pl.Date)
    else:
        days = by_unique(text, lambda t: _lenient_days(t, zone=formats.zone), dtype=pl.Date)
    return _bounded(days, text=text, reason="not_a_date", first_year=formats.first_year)


def _with_pattern_first(pattern: str, *, formats: Formats) -> Attempt:
    def moment_day(text: pl.Series) -> pl.Series:
        moments = text.str.to_datetime(pattern, strict=False, time_unit="us")
        zoned = moments.dtype == INSTANT
        return (moments.dt.convert_time_zone(formats.zone) if zoned else moments).dt.date()

    has_time = any(code in pattern for code in ("%H", "%I", "%T", "%R"))
    attempts = [moment_day if has_time else _to_day(pattern)]
    if not pattern.startswith("%Y"):
        # What a spreadsheet holds as a date, not as text, comes out as ISO whatever the mapping.
        attempts.append(_to_day("%Y-%m-%d"))
    return lambda text: first_fit(text, attempts, dtype=pl.Date)


def _lenient_days(text: pl.Series, *, zone: str) -> pl.Series:
    def of_moment(rest: pl.Series) -> pl.Series:
        return _lenient_moments(rest, zone=zone).dt.convert_time_zone(zone).dt.date()

    attempts = (
        _to_day("%Y-%m-%d"),
        _to_day("%d/%m/%Y"),
        lambda rest: _slashed(rest).str.to_date("%d/%m/%Y", strict=False),
        _to_day("%Y/%m/%d"),
        of_moment,
    )
    return first_fit(text, attempts, dtype=pl.Date)


def _serials(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return (days, microseconds into the day) of Excel's serial numbers."""
    number = text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    number = number.set((number < 1) | (number > LAST_EXCEL_SERIAL), None)
    whole = number.floor()
    days = (
        pl.Series([EXCEL_DAY_ZERO]).new_from_index(0, len(text))
        if len(text)
        else pl.Series([], dtype=pl.Date)
    )
    counted = (days.cast(pl.Int64) + whole.cast(pl.Int64)).cast(pl.Int32).cast(pl.Date)
    micros = ((number - whole) * 86_400).round(0).cast(pl.Int64) * 1_000_000
    return counted.alias(text.name), micros


def parse_moments(text: pl.Series, *, formats: Formats) -> Parsed:
    """Return a column of moments (Datetime, microseconds, UTC); a day alone is its midnight."""
    if formats.dates == "excel":
        counted = partial(_serial_moments, zone=formats.zone)
        written = partial(_lenient_moments, zone=formats.zone, iso_only=True)
        moments = first_fit(text, [counted, written], dtype=INSTANT)
    elif formats.dates != "auto":
        moments = _by_pattern(text, formats=formats)
    else:
        moments = _lenient_moments(text, zone=formats.zone)
    return _bounded(moments, text=text, reason="not_a_moment", first_year=formats.first_year)


def _serial_moments(text: pl.Series, *, zone: str) -> pl.Series:
    days, micros = _serials(text)
    local = (days.cast(pl.Datetime("us")).cast(pl.Int64) + micros).cast(pl.Datetime("us"))
    return to_utc(local, zone=zone)


def _by_pattern(text: pl.Series, *, formats: Formats) -> pl.Series:
    pattern = strptime_pattern(formats.dates)

    def whole(rest: pl.Series) -> pl.Series:
        return _read_moment(rest, pattern, zone=formats.zone)

    def day_only(rest: pl.Series) -> pl.Series:
        days = rest.str.to_date(pattern, strict=False)
        return to_utc(days.cast(pl.Datetime("us")), zone=formats.zone)

    with_clock = [
        lambda rest, p=f"{pattern} {clock}": _read_moment(rest, p, zone=formats.zone)
        for clock in ("%H:%M:%S", "%H:%M")
    ]
    attempts = [whole] if "%H" in pattern else [day_only, *with_clock]
    lenient = [lambda rest: _lenient_moments(rest, zone=formats.zone, iso_only=True)]
    return first_fit(text, [*attempts, *lenient], dtype=INSTANT)


def _read_moment(text: pl.Series, pattern: str, *, zone: str) -> pl.Series:
    found = text.str.to_datetime(pattern, strict=False, time_unit="us")
    return found if found.dtype == INSTANT else to_utc(found, zone=zone)


def to_utc(local: pl.Series, *, zone: str) -> pl.Series:
    """Return local wall-clock times as UTC.

    Zones of this part of the world have had one offset for decades; where the first and last
    time of the column share it, one subtraction serves all rows.
    """
    ends = pl.Series([local.min(), local.max()], dtype=pl.Datetime("us"))
    zoned = ends.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    utc = zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    shifts = (utc - ends).drop_nulls().unique()
    if len(shifts) == 1 and _has_one_offset(zone, ends):
        shifted: pl.Series = local + shifts[0]
        return shifted.dt.replace_time_zone("UTC")
    every = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return every.dt.convert_time_zone("UTC")


def _has_one_offset(zone: str, ends: pl.Series) -> bool:
    """Return whether every half year between two moments has the same offset."""
    if ends.null_count():
        return False
    low, high = ends[0], ends[1]
    if not isinstance(low, datetime) or low.year < EARLIEST_DAY.year:
        return False
    steps = pl.datetime_range(low, high, interval="90d", eager=True, time_unit="us")
    steps = pl.concat([steps, ends])
    zoned = steps.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    utc = zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return (utc - steps).n_unique() == 1


def local_days(moments: pl.Series, *, zone: str) -> pl.Series:
    """Return the local calendar day (Date) of moments."""
    table = pl.DataFrame({"moment": moments})
    return table.select(local_day(pl.col("moment"), zone=zone)).to_series()


def _lenient_moments(text: pl.Series, *, zone: str, iso_only: bool = False) -> pl.Series:
    def zoned(pattern: str) -> Attempt:
        return lambda rest: rest.str.to_datetime(pattern, strict=False, time_unit="us")

    def naive(pattern: str) -> Attempt:
        return lambda rest: to_utc(
            rest.str.to_datetime(pattern, strict=False, time_unit="us"), zone=zone
        )

    def joined(pattern: str, attempt: Callable[[str], Attempt]) -> Attempt:
        return lambda rest: attempt(pattern)(_joined(rest))

    iso = (
        zoned("%Y-%m-%dT%H:%M:%S%.f%#z"),
        naive("%Y-%m-%d %H:%M:%S"),
        joined("%Y-%m-%dT%H:%M:%S%.f%#z", zoned),
        joined("%Y-%m-%dT%H:%M%#z", zoned),
        joined("%Y-%m-%dT%H:%M:%S%.f", naive),
        joined("%Y-%m-%dT%H:%M", naive),
        lambda rest: to_utc(
            rest.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")), zone=zone
        ),
    )
    local = (
        naive("%d/%m/%Y %H:%M"),
        naive("%d/%m/%Y %H:%M:%S"),
        joined("%d/%m/%YT%H:%M:%S%.f", naive),
        joined("%d/%m/%YT%H:%M", naive),
        joined("%Y/%m/%dT%H:%M:%S", naive),
        joined("%Y/%m/%dT%H:%M", naive),
        lambda rest: to_utc(
            _slashed(rest).str.to_date("%d/%m/%Y", strict=False).cast(pl.Datetime("us")), zone=zone
        ),
    )
    return first_fit(text, iso if iso_only else (*iso, *local), dtype=INSTANT)


def _joined(text: pl.Series) -> pl.Series:
    """Return date and clock joined by T, whichever came first, the offset close behind."""
    return (
        _slashed(text)
        .str.replace(r"^(\d{1,2}:\d\d(?::\d\d)?)[\s,]+(\d{1,4}[-/]\d{1,2}[-/]\d{1,4})$", "$2 $1")
        .str.replace(r"\s+([+-]\d\d:?\d\d)$", "$1")
        .str.replace(r"^(\S{8,10})[\s,]+(\d)", "${1}T$2")
        .str.replace(r"T(\d):", "T0$1:")
    )


def _bounded(values: pl.Series, *, text: pl.Series, reason: str, first_year: int) -> Parsed:
    """Mark what could not be read, and days too early (before 1900: a year of two digits)."""
    bad = values.is_null() & text.is_not_null()
    early = (values.dt.year() < first_year).fill_null(value=False)
    if early.any():
        bad = bad | early
        values = values.set(early, None)
    return Parsed(values=values, bad={reason: bad} if bad.any() else {})
