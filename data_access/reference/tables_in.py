"""Reads the CSV files of a country pack into typed frames; every complaint names its place.

Rows are numbered as a text editor shows them: the header is row 1.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from data_access.errors import PackError

ROW = "_row"
DATE_FORMAT = "%Y-%m-%d"


def problem(file: str, reason: str, *, row: int | None = None, field: str = "") -> PackError:
    """Return the error `file, row N, field F: reason`."""
    place = [file]
    if row is not None:
        place.append(f"row {row}")
    if field:
        place.append(f"field {field}")
    return PackError(f"{', '.join(place)}: {reason}")


def read_text_table(path: Path, *, required: tuple[str, ...]) -> pl.DataFrame:
    """Return a CSV file as text, trimmed, with its line number in column `_row`.

    Raises:
        PackError: if the file is not UTF-8 CSV, a column is absent or double, or a row has
            another number of fields than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path.name, header, required)
            rows = [
                _checked_row(path.name, row, header, number=reader.line_num)
                for row in reader
                if row
            ]
    except UnicodeDecodeError as error:
        raise problem(path.name, "is not UTF-8 text") from error
    except csv.Error as error:
        raise problem(path.name, f"is not CSV: {error}") from error
    except OSError as error:
        raise problem(path.name, "cannot be read") from error
    schema = {ROW: pl.Int64} | dict.fromkeys(header, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _check_header(file: str, header: list[str], required: tuple[str, ...]) -> None:
    absent = [name for name in required if name not in header]
    if absent:
        raise problem(file, f"column {', '.join(absent)} is missing", row=1)
    double = sorted({name for name in header if header.count(name) > 1})
    if double:
        raise problem(file, f"column {', '.join(double)} appears twice", row=1)


def _checked_row(
    file: str, row: list[str], header: list[str], *, number: int
) -> tuple[int | str, ...]:
    if len(row) != len(header):
        reason = f"has {len(row)} fields where the header has {len(header)}"
        raise problem(file, reason, row=number)
    return (number, *(value.strip() for value in row))


def with_columns_of(
    text: pl.DataFrame, schema: Mapping[str, type[pl.DataType]], *, fill: Mapping[str, str]
) -> pl.DataFrame:
    """Return the text table with all columns of a schema; absent or empty ones are filled."""
    absent = [name for name in schema if name not in text.columns]
    table = text.with_columns(pl.lit("").alias(name) for name in absent)
    filled = [
        pl.when(pl.col(name) == "").then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in fill.items()
    ]
    return table.with_columns(filled).select(ROW, *schema)


def typed(
    text: pl.DataFrame, schema: Mapping[str, type[pl.DataType]], *, file: str
) -> pl.DataFrame:
    """Return the text table with the types of a schema; empty text is null in other types.

    Raises:
        PackError: naming the first value that is not a date, a number or a whole number.
    """
    for name, dtype in schema.items():
        if dtype is pl.String:
            continue
        parsed = text.with_columns(_parsed(name, dtype).alias("_parsed"))
        wrong = pl.col("_parsed").is_null() & (pl.col(name) != "")
        refuse_where(parsed, wrong, file=file, field=name, reason=_expected(dtype))
        text = parsed.with_columns(pl.col("_parsed").alias(name)).drop("_parsed")
    return text


def _parsed(name: str, dtype: type[pl.DataType]) -> pl.Expr:
    if dtype is pl.Date:
        return pl.col(name).str.to_date(DATE_FORMAT, strict=False)
    number = pl.col(name).cast(pl.Float64, strict=False)
    number = pl.when(number.is_finite()).then(number)
    if dtype is pl.Int64:
        return pl.when(number == number.round()).then(number).cast(pl.Int64, strict=False)
    return number


def _expected(dtype: type[pl.DataType]) -> str:
    if dtype is pl.Date:
        return "is not a date YYYY-MM-DD"
    return "is not a whole number" if dtype is pl.Int64 else "is not a number"


def refuse_where(
    table: pl.DataFrame, wrong: pl.Expr, *, file: str, field: str, reason: str
) -> None:
    """Raise PackError for the first row where `wrong` holds, quoting the field's value."""
    found = table.filter(wrong).head(1)
    if found.height:
        value = str(found[field][0])[:60]
        raise problem(file, f"{value!r} {reason}", row=found[ROW][0], field=field)


def refuse_double(table: pl.DataFrame, key: list[str], *, file: str) -> None:
    """Raise PackError for the first row whose key was already used."""
    found = table.filter(~pl.struct(key).is_first_distinct()).head(1)
    if found.height:
        values = ", ".join(str(found[name][0]) for name in key)
        raise problem(file, f"{values} appears twice", row=found[ROW][0], field=" + ".join(key))
