"""Turns a delivered column, text or native, into the type its field declares; vectorised. Pure."""

import polars as pl

from data_access.contracts.model import Field, Kind
from data_access.ingest.columns import Formats, Parsed, by_unique, cleaned
from data_access.ingest.number_text import parse_numbers
from data_access.ingest.time_text import local_days, parse_days, parse_moments, to_utc

WHOLE_WITHIN = 1e-9
_TRUE = ("true", "t", "1", "yes", "y", "có", "co", "đúng", "dung", "x", "1.0")
_FALSE = ("false", "f", "0", "no", "n", "không", "khong", "sai", "0.0")


def parse_field(cells: pl.Series, *, of: Field, formats: Formats) -> Parsed:
    """Return a delivered column in the type of its field.

    Args:
        cells: the column as read: text, or any type a Parquet file may hold.
        of: the field.
        formats: how the delivery writes its values.
    """
    native = _native(cells, of=of, formats=formats)
    if native is not None:
        return native
    text = cleaned(cells, missing=formats.missing)
    if of.kind in {Kind.DATE, Kind.INSTANT}:
        parse = parse_days if of.kind is Kind.DATE else parse_moments
        return parse(text, formats=formats)
    if of.kind is Kind.INTEGER:
        return _whole(parse_numbers(text, numbers=formats.numbers, whole=True))
    if of.kind is Kind.NUMBER:
        return parse_numbers(text, numbers=formats.numbers)
    if of.kind is Kind.BOOLEAN:
        return parse_booleans(text)
    return Parsed(values=_one_line(text)) if of.kind is Kind.TEXT else parse_codes(text, of=of)


def _one_line(text: pl.Series) -> pl.Series:
    spaced = text.str.contains(r"\s\s|[\t\n\r]").any()
    return text.str.replace_all(r"\s+", " ") if spaced else text


def _whole(parsed: Parsed) -> Parsed:
    off = ((parsed.values - parsed.values.round(0)).abs() > WHOLE_WITHIN).fill_null(value=False)
    values = parsed.values.set(off, None) if off.any() else parsed.values
    bad = {**parsed.bad, **({"not_whole": off} if off.any() else {})}
    return Parsed(values=values.round(0).cast(pl.Int64, strict=False), bad=bad)


def _native(cells: pl.Series, *, of: Field, formats: Formats) -> Parsed | None:
    """Return a column that already has a fitting type; None to go by way of text."""
    dtype = cells.dtype
    if of.kind in {Kind.DATE, Kind.INSTANT} and (
        dtype == pl.Date or isinstance(dtype, pl.Datetime)
    ):
        return Parsed(values=_native_time(cells, kind=of.kind, zone=formats.zone))
    if of.kind is Kind.BOOLEAN and dtype == pl.Boolean:
        return Parsed(values=cells)
    if of.kind is Kind.INTEGER and dtype.is_integer():
        return Parsed(values=cells.cast(pl.Int64))
    if of.kind in {Kind.INTEGER, Kind.NUMBER} and dtype.is_numeric():
        found = _native_number(cells)
        return _whole(found) if of.kind is Kind.INTEGER else found
    return None


def _native_time(cells: pl.Series, *, kind: Kind, zone: str) -> pl.Series:
    dtype = cells.dtype
    if dtype == pl.Date and kind is Kind.DATE:
        return cells
    if not isinstance(dtype, pl.Datetime):
        return to_utc(cells.cast(pl.Datetime("us")), zone=zone)
    in_us = cells.cast(pl.Datetime("us", dtype.time_zone))
    if dtype.time_zone is None:
        return in_us.dt.date() if kind is Kind.DATE else to_utc(in_us, zone=zone)
    utc = in_us.dt.convert_time_zone("UTC")
    return local_days(utc, zone=zone) if kind is Kind.DATE else utc


def _native_number(cells: pl.Series) -> Parsed:
    values = cells.cast(pl.Float64)
    unusable = (~values.is_finite()).fill_null(value=False)
    if not unusable.any():
        return Parsed(values=values)
    return Parsed(values=values.set(unusable, None), bad={"not_a_number": unusable})


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
