"""Turns delivered text into numbers, days, moments, flags and codes; vectorised. Pure.

Rules that a reader should know (docs/ingest.md says them to the people who deliver):
- Vietnamese numbers group with `.` and mark decimals with `,`. A text that can be read both ways
  (`1.234`, `1,234`) is decided by the other values of its column; `auto` without any evidence
  reads whole counts as grouped and otherwise follows Vietnamese use.
- Days are dd/mm/yyyy or ISO, never mm/dd. A moment without an offset is local time.
- `12.0` is the whole number 12; `51,59 %` is 0.5159.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from data_access.contracts.model import Field, Kind

INSTANT = pl.Datetime("us", "UTC")
EARLIEST_DAY = date(1900, 1, 1)
EXCEL_DAY_ZERO = date(1899, 12, 30)
_GROUP_DOT = r"^[+-]?[1-9]\d{0,2}(?:\.\d{3})+$"
_GROUP_COMMA = r"^[+-]?[1-9]\d{0,2}(?:,\d{3})+$"
_ONE_DOT = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
_ONE_COMMA = r"^[+-]?[1-9]\d{0,2},\d{3}$"
_DOT_THEN_COMMA = r"^[+-]?[1-9]\d{0,2}(?:\.\d{3})+,\d+$"
_COMMA_THEN_DOT = r"^[+-]?[1-9]\d{0,2}(?:,\d{3})+\.\d+$"
_DECIMAL_DOT = r"^[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d{1,3})?$"
_DECIMAL_COMMA = r"^[+-]?(?:\d+,\d*|,\d+)$"
_TRUE = ("true", "t", "1", "yes", "y", "có", "co", "đúng", "dung", "x", "1.0")
_FALSE = ("false", "f", "0", "no", "n", "không", "khong", "sai", "0.0")
_PATTERN_WORDS = (
    ("yyyy", "%Y"), ("YYYY", "%Y"), ("yy", "%y"), ("dd", "%d"), ("DD", "%d"), ("HH", "%H"),
    ("hh", "%H"), ("ss", "%S"), ("SS", "%S"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Formats:
    """How a delivery writes its values.

    Attributes:
        zone: time zone of moments without an offset.
        dates: "auto", "excel" (serial numbers) or a strptime pattern.
        numbers: "auto", "vi" (1.234,5), "en" (1,234.5).
        missing: texts that stand for nothing, besides the empty one.
        whole: whether numbers are counts, so that `1.234` is more likely 1234.
    """

    zone: str
    dates: str = "auto"
    numbers: str = "auto"
    missing: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """One column, parsed.

    Attributes:
        values: in the type of the field's kind; null where blank or bad.
        bad: reason key → mask of the rows it holds for.
    """

    values: pl.Series
    bad: dict[str, pl.Series] = field(default_factory=dict)


Attempt = Callable[[pl.Series], pl.Series]


def cleaned(cells: pl.Series, *, missing: Sequence[str] = ()) -> pl.Series:
    """Return cells as trimmed text; null where blank or one of the words for nothing."""
    text = as_text(cells).str.strip_chars()
    blank = (text == "").fill_null(value=True)
    words = [word.strip().casefold() for word in missing if word.strip()]
    if words:
        blank = blank | text.str.to_lowercase().is_in(words).fill_null(value=True)
    return text.set(blank, None) if blank.any() else text


def as_text(cells: pl.Series) -> pl.Series:
    """Return any column as text: whole floats without `.0`, lists joined by `|`."""
    if cells.dtype == pl.String:
        return cells
    if isinstance(cells.dtype, pl.List):
        return cells.cast(pl.List(pl.String)).list.join("|", ignore_nulls=True)
    if cells.dtype.is_float():
        whole = cells.cast(pl.Int64, strict=False)
        text = cells.cast(pl.String)
        return text.zip_with((whole.cast(pl.Float64) != cells).fill_null(value=True),
                             whole.cast(pl.String))  # fmt: skip
    if isinstance(cells.dtype, (pl.Struct, pl.Binary, pl.Object)):
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.String)
    return cells.cast(pl.String)


def by_unique(cells: pl.Series, parse: Attempt, *, dtype: Any) -> pl.Series:  # noqa: ANN401 -- Polars types
    """Return `parse(cells)`, run on the distinct values only where they are few."""
    distinct = cells.unique()
    if len(distinct) * 4 > len(cells):
        return parse(cells)
    return cells.replace_strict(distinct, parse(distinct), return_dtype=dtype)


def first_fit(text: pl.Series, attempts: Sequence[Attempt], *, dtype: Any) -> pl.Series:  # noqa: ANN401
    """Return each value by the first attempt that can read it; null where none can."""
    result = pl.Series(text.name, [None], dtype=dtype).new_from_index(0, len(text))
    for attempt in attempts:
        left = result.is_null() & text.is_not_null()
        if not left.any():
            break
        if left.all():
            result = attempt(text)
        else:
            result = result.scatter(left.arg_true(), attempt(text.filter(left)))
    return result


# --- numbers --------------------------------------------------------------------------------


def number_style(text: pl.Series) -> str:
    """Return "vi", "en", "both" or "" (no evidence): how a column of numbers is written."""
    def seen(pattern: str, unless: str) -> bool:
        return bool((text.str.contains(pattern) & ~text.str.contains(unless)).any())

    vietnamese = seen(_DOT_THEN_COMMA, "^$") or seen(_GROUP_DOT, _ONE_DOT)
    vietnamese = vietnamese or seen(_DECIMAL_COMMA, _ONE_COMMA)
    english = seen(_COMMA_THEN_DOT, "^$") or seen(_GROUP_COMMA, _ONE_COMMA)
    english = english or bool(
        (text.str.contains(r"\.") & text.str.contains(_DECIMAL_DOT)
         & ~text.str.contains(_GROUP_DOT)).any()
    )  # fmt: skip
    return "both" if vietnamese and english else "vi" if vietnamese else "en" if english else ""


def parse_numbers(text: pl.Series, *, numbers: str = "auto", whole: bool = False) -> Parsed:
    """Return a column of numbers as Float64.

    Args:
        text: cleaned text.
        numbers: "vi", "en" or "auto": decided by the whole column.
        whole: whether the column holds counts.
    """
    plain = text.str.to_integer(strict=False, dtype=pl.Int64)
    left = plain.is_null() & text.is_not_null()
    values = plain.cast(pl.Float64)
    if not left.any():
        return Parsed(values=values)
    rest = _bare_numbers(text.filter(left))
    style = number_style(rest) if numbers == "auto" else numbers
    found = _written_numbers(rest, style=style, whole=whole and numbers == "auto")
    share = text.filter(left).str.contains("%", literal=True)
    found = found.zip_with(~share, found / 100)
    values = values.scatter(left.arg_true(), found)
    bad = values.is_null() & text.is_not_null()
    if not bad.any():
        return Parsed(values=values)
    unclear = bad & text.str.contains(r"^[+-]?[1-9]\d{0,2}[.,]\d{3}\s*%?$")
    return Parsed(values=values, bad={"not_a_number": bad & ~unclear, "number_ambiguous": unclear})


def _bare_numbers(text: pl.Series) -> pl.Series:
    return (
        text.str.replace_all(r"[\s\u00a0\u202f']", "")
        .str.replace(r"^\u2212", "-")
        .str.replace(r"%$", "")
        .str.replace(r"^\((.*)\)$", "-$1")
    )


def _written_numbers(text: pl.Series, *, style: str, whole: bool) -> pl.Series:
    dots_out, commas_out = text.str.replace_all(".", "", literal=True), text.str.replace_all(",", "", literal=True)
    as_vi = dots_out.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    as_en = commas_out.cast(pl.Float64, strict=False)
    dotted = text.cast(pl.Float64, strict=False)
    one_dot, one_comma = text.str.contains(_ONE_DOT), text.str.contains(_ONE_COMMA)
    groups = dots_out.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
    clear = pl.DataFrame({"text": text, "vi": as_vi, "en": as_en, "dot": dotted, "grouped": groups})
    matches = pl.col("text").str.contains
    unclear = pl.lit(None, dtype=pl.Float64)
    if style == "en":
        on_dot, on_comma = pl.col("dot"), pl.col("grouped")
    elif style == "vi" or (not style and not whole):
        on_dot, on_comma = pl.col("grouped"), pl.col("vi")
    elif not style:
        on_dot, on_comma = pl.col("grouped"), pl.col("grouped")
    else:
        on_dot, on_comma = unclear, unclear
    return clear.select(
        pl.when(pl.lit(one_dot)).then(on_dot)
        .when(pl.lit(one_comma)).then(on_comma)
        .when(matches(_GROUP_DOT) | matches(_GROUP_COMMA)).then(pl.col("grouped"))
        .when(matches(_DOT_THEN_COMMA) | matches(_DECIMAL_COMMA)).then(pl.col("vi"))
        .when(matches(_COMMA_THEN_DOT)).then(pl.col("en"))
        .when(matches(_DECIMAL_DOT)).then(pl.col("dot"))
    ).to_series()  # fmt: skip


# --- days and moments -----------------------------------------------------------------------


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
        days = _serials(text)[0]
    elif formats.dates != "auto":
        pattern = strptime_pattern(formats.dates)
        days = by_unique(text, _with_pattern_first(pattern, formats=formats), dtype=pl.Date)
    else:
        days = by_unique(text, lambda t: _lenient_days(t, zone=formats.zone), dtype=pl.Date)
    return _bounded(days, text=text, reason="not_a_date")


def _with_pattern_first(pattern: str, *, formats: Formats) -> Attempt:
    def moment_day(text: pl.Series) -> pl.Series:
        moments = text.str.to_datetime(pattern, strict=False, time_unit="us")
        zoned = moments.dtype == INSTANT
        return (moments.dt.convert_time_zone(formats.zone) if zoned else moments).dt.date()

    has_time = any(code in pattern for code in ("%H", "%I", "%T", "%R"))
    attempt = moment_day if has_time else _to_day(pattern)
    return lambda text: first_fit(text, [attempt], dtype=pl.Date)


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
    number = number.set((number < 1) | (number > 2_958_465), None)
    whole = number.floor()
    days = pl.Series([EXCEL_DAY_ZERO]).new_from_index(0, len(text)) if len(text) else pl.Series([], dtype=pl.Date)
    counted = (days.cast(pl.Int64) + whole.cast(pl.Int64)).cast(pl.Int32).cast(pl.Date)
    micros = ((number - whole) * 86_400).round(0).cast(pl.Int64) * 1_000_000
    return counted.alias(text.name), micros


def parse_moments(text: pl.Series, *, formats: Formats) -> Parsed:
    """Return a column of moments (Datetime, microseconds, UTC); a day alone is its midnight."""
    if formats.dates == "excel":
        days, micros = _serials(text)
        local = (days.cast(pl.Datetime("us")).cast(pl.Int64) + micros).cast(pl.Datetime("us"))
        moments = _to_utc(local, zone=formats.zone)
        moments = first_fit(text, [lambda _: moments], dtype=INSTANT)
    elif formats.dates != "auto":
        moments = _by_pattern(text, formats=formats)
    else:
        moments = _lenient_moments(text, zone=formats.zone)
    return _bounded(moments, text=text, reason="not_a_moment")


def _by_pattern(text: pl.Series, *, formats: Formats) -> pl.Series:
    pattern = strptime_pattern(formats.dates)

    def whole(rest: pl.Series) -> pl.Series:
        return _read_moment(rest, pattern, zone=formats.zone)

    def day_only(rest: pl.Series) -> pl.Series:
        days = rest.str.to_date(pattern, strict=False)
        return _to_utc(days.cast(pl.Datetime("us")), zone=formats.zone)

    with_clock = [
        lambda rest, p=f"{pattern} {clock}": _read_moment(rest, p, zone=formats.zone)
        for clock in ("%H:%M:%S", "%H:%M")
    ]
    attempts = [whole] if "%H" in pattern else [day_only, *with_clock]
    lenient = [lambda rest: _lenient_moments(rest, zone=formats.zone, iso_only=True)]
    return first_fit(text, [*attempts, *lenient], dtype=INSTANT)


def _read_moment(text: pl.Series, pattern: str, *, zone: str) -> pl.Series:
    found = text.str.to_datetime(pattern, strict=False, time_unit="us")
    return found if found.dtype == INSTANT else _to_utc(found, zone=zone)


def _to_utc(local: pl.Series, *, zone: str) -> pl.Series:
    """Return local wall-clock times as UTC.

    Zones of this part of the world have had one offset for decades; where the first and last
    time of the column share it, one subtraction serves all rows.
    """
    ends = pl.Series([local.min(), local.max()], dtype=pl.Datetime("us"))
    zoned = ends.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    utc = zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    shifts = (utc - ends).drop_nulls().unique()
    if len(shifts) == 1 and _has_one_offset(zone, ends):
        return (local + shifts[0]).dt.replace_time_zone("UTC")
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
    plain = moments.dt.replace_time_zone(None)
    ends = pl.Series([plain.min(), plain.max()], dtype=pl.Datetime("us"))
    if not _has_one_offset(zone, ends):
        return moments.dt.convert_time_zone(zone).dt.date()
    there = ends.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    return (plain + (there - ends)[0]).dt.date()


_OFFSET = r"(?:[+-]\d\d:?(?:\d\d)?|Z|z)$"


def _lenient_moments(text: pl.Series, *, zone: str, iso_only: bool = False) -> pl.Series:
    def zoned(pattern: str) -> Attempt:
        return lambda rest: rest.str.to_datetime(pattern, strict=False, time_unit="us")

    def naive(pattern: str) -> Attempt:
        return lambda rest: _to_utc(
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
        lambda rest: _to_utc(rest.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")), zone=zone),
    )
    local = (
        naive("%d/%m/%Y %H:%M"),
        naive("%d/%m/%Y %H:%M:%S"),
        joined("%d/%m/%YT%H:%M:%S%.f", naive),
        joined("%d/%m/%YT%H:%M", naive),
        joined("%Y/%m/%dT%H:%M:%S", naive),
        joined("%Y/%m/%dT%H:%M", naive),
        lambda rest: _to_utc(_slashed(rest).str.to_date("%d/%m/%Y", strict=False).cast(pl.Datetime("us")), zone=zone),
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


def _bounded(values: pl.Series, *, text: pl.Series, reason: str) -> Parsed:
    """Mark what could not be read, and days before 1900 (a year of two digits)."""
    bad = values.is_null() & text.is_not_null()
    early = (values.dt.year() < EARLIEST_DAY.year).fill_null(value=False)
    if early.any():
        bad = bad | early
        values = values.set(early, None)
    return Parsed(values=values, bad={reason: bad} if bad.any() else {})


# --- flags and codes ------------------------------------------------------------------------


def parse_booleans(text: pl.Series) -> Parsed:
    """Return a column of yes and no, in Vietnamese or English."""
    words = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
    values = text.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    bad = values.is_null() & text.is_not_null()
    return Parsed(values=values, bad={"not_boolean": bad} if bad.any() else {})


def code_table(of: Field) -> dict[str, str]:
    """Return lower-case spelling → code: the codes, their aliases and their names."""
    table = {code.casefold(): code for code in of.allowed}
    for code, names in of.labels.items():
        for name in names:
            table.setdefault(name.casefold(), code)
    for spelling, code in of.aliases.items():
        table.setdefault(spelling.casefold(), code)
    return table


def parse_codes(text: pl.Series, *, of: Field) -> Parsed:
    """Return a column of codes: one each (CODE) or several joined by `|`, sorted (CODES)."""
    table = code_table(of)

    def one(cells: pl.Series) -> pl.Series:
        # 1.0 is how other programs write the code 1.
        folded = cells.str.to_lowercase().str.replace(r"^0*(\d+)(?:\.0)?$", "$1")
        return folded.replace_strict(table, default=None, return_dtype=pl.String)

    def several(cells: pl.Series) -> pl.Series:
        return pl.Series(
            cells.name, [_sorted_codes(cell, table) for cell in cells], dtype=pl.String
        )

    values = by_unique(text, one if of.kind is Kind.CODE else several, dtype=pl.String)
    bad = values.is_null() & text.is_not_null()
    return Parsed(values=values, bad={"unknown_code": bad} if bad.any() else {})


def _sorted_codes(cell: str | None, table: dict[str, str]) -> str | None:
    """Return the codes of one distinct cell; None if any of them is not known."""
    if cell is None:
        return None
    bare = cell.strip("[]{}()")
    for mark in ",;/+":
        bare = bare.replace(mark, "|")
    parts = [part.strip().strip("\"'").strip().casefold() for part in bare.split("|")]
    found = [table.get(part) for part in parts if part]
    known = {code for code in found if code is not None}
    return None if None in found else "|".join(sorted(known))


# --- a column of a declared field -----------------------------------------------------------


def parse_field(cells: pl.Series, *, of: Field, formats: Formats) -> Parsed:
    """Return a delivered column (text or native) in the type of its field."""
    native = _native(cells, of=of, formats=formats)
    if native is not None:
        return native
    text = cleaned(cells, missing=formats.missing)
    match of.kind:
        case Kind.TEXT:
            return Parsed(values=text.str.replace_all(r"\s+", " ") if _has_inner_space(text) else text)
        case Kind.INTEGER:
            return _whole(parse_numbers(text, numbers=formats.numbers, whole=True))
        case Kind.NUMBER:
            return parse_numbers(text, numbers=formats.numbers, whole=formats.whole)
        case Kind.DATE:
            return parse_days(text, formats=formats)
        case Kind.INSTANT:
            return parse_moments(text, formats=formats)
        case Kind.BOOLEAN:
            return parse_booleans(text)
        case Kind.CODE | Kind.CODES:
            return parse_codes(text, of=of)


def _has_inner_space(text: pl.Series) -> bool:
    return bool(text.str.contains(r"\s\s|[\t\n\r]").any())


def _whole(parsed: Parsed) -> Parsed:
    off = ((parsed.values - parsed.values.round(0)).abs() > 1e-9).fill_null(value=False)
    values = parsed.values.set(off, None) if off.any() else parsed.values
    bad = {**parsed.bad, **({"not_whole": off} if off.any() else {})}
    return Parsed(values=values.round(0).cast(pl.Int64, strict=False), bad=bad)


def _native(cells: pl.Series, *, of: Field, formats: Formats) -> Parsed | None:
    """Return a Parquet column that already has a fitting type; None to go by way of text."""
    dtype, kind = cells.dtype, of.kind
    if kind is Kind.INSTANT and isinstance(dtype, pl.Datetime):
        in_us = cells.cast(pl.Datetime("us", dtype.time_zone))
        zoned = dtype.time_zone is not None
        return Parsed(values=in_us.dt.convert_time_zone("UTC") if zoned else _to_utc(in_us, zone=formats.zone))
    if kind is Kind.INSTANT and dtype == pl.Date:
        return Parsed(values=_to_utc(cells.cast(pl.Datetime("us")), zone=formats.zone))
    if kind is Kind.DATE and dtype == pl.Date:
        return Parsed(values=cells)
    if kind is Kind.DATE and isinstance(dtype, pl.Datetime):
        zoned = dtype.time_zone is not None
        return Parsed(values=(cells.dt.convert_time_zone(formats.zone) if zoned else cells).dt.date())
    if kind is Kind.BOOLEAN and dtype == pl.Boolean:
        return Parsed(values=cells)
    if kind is Kind.INTEGER and dtype.is_integer():
        return Parsed(values=cells.cast(pl.Int64))
    if kind in {Kind.INTEGER, Kind.NUMBER} and dtype.is_numeric():
        values = cells.cast(pl.Float64)
        unusable = (~values.is_finite()).fill_null(value=False)
        found = Parsed(values=values.set(unusable, None), bad={"not_a_number": unusable} if unusable.any() else {})
        return _whole(found) if kind is Kind.INTEGER else found
    return None
