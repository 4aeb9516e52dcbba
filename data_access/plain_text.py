"""Tables as CSV, with no text that a spreadsheet would take for a formula. Pure.

The one writer of every file that people open. What goes back into the gate as it came (records,
`data_access.cube.export`) is not written here: an apostrophe would be another value.
"""

import polars as pl

MARK = b"\xef\xbb\xbf"
"""Byte order mark: with it in front a spreadsheet reads Vietnamese letters as they are."""
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_LARGEST_WHOLE = 2**53


def csv_of(table: pl.DataFrame, *, marked: bool = False) -> bytes:
    """Return a table as CSV: texts harmless, numbers numbers, instants ISO 8601 UTC.

    A whole number has no point. What is no number, and a text that is empty, is written as nothing.

    Args:
        table: what to write.
        marked: whether a byte order mark stands in front.
    """
    numbers = [name for name, dtype in table.schema.items() if dtype.is_float()]
    shown = harmless(table).with_columns(plain_number(name) for name in numbers)
    empty = pl.col(pl.String).replace("", None)  # a null is written as nothing, "" with quotes
    body = shown.with_columns(empty).write_csv(datetime_format=_INSTANT).encode()
    return MARK + body if marked else body


def plain_number(column: str) -> pl.Expr:
    """Return a column of numbers as text: whole ones without a fraction, null for no number."""
    value = pl.when(pl.col(column).is_finite()).then(pl.col(column))
    whole = (value == value.round(0)) & (value.abs() < _LARGEST_WHOLE)
    text = value.cast(pl.Int64, strict=False).cast(pl.String)
    return pl.when(whole).then(text).otherwise(value.cast(pl.String)).alias(column)


def harmless(found: pl.DataFrame) -> pl.DataFrame:
    """Return a frame without any text that a spreadsheet would take for a formula.

    Such a text gets an apostrophe in front; a number written as text is none.
    """
    texts = [name for name, dtype in found.schema.items() if dtype == pl.String]
    starts = pl.col(texts).str.contains(r"^[=+\-@\t\r]")
    number = pl.col(texts).str.contains(r"^[+-]?[0-9]+(\.[0-9]+)?$")
    quoted = pl.when(starts & ~number).then("'" + pl.col(texts)).otherwise(pl.col(texts))
    return found.with_columns(quoted.name.keep()) if texts else found
