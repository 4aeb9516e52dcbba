"""`rt`: the reproduction number of any incidence file, as EpiEstim computes it."""

import argparse
import csv
import json
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from data_access.cli.context import Context
from data_access.errors import BadInput, BadUse
from data_access.estimates.reproduction import (
    WINDOW_DAYS,
    Incidence,
    Window,
    reproduction,
)
from data_access.estimates.serial_interval import SerialInterval

HEADER = ("t_start", "t_end", "mean", "sd", "q025", "q50", "q975")
MISSING = {"", "na", "nan", "null", "none"}
CASES = ("cases", "i", "incidence")
ALSO = {
    "ngay": "date", "ngay bao cao": "date", "so ca": "cases", "so ca mac": "cases",
    "ca mac": "cases", "ca moi": "cases", "ca mac moi": "cases", "trong nuoc": "local",
    "nhap canh": "imported",
}  # fmt: skip
"""What columns are called in Vietnamese, without diacritics."""
WEEK_DAYS = 7
FEWEST = 2
"""Of two days nobody can tell how far apart the rows of a file are."""
_GROUPED = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
MAX_DAYS = 20_000
"""Longer than any epidemic: two dates a typing error apart would else fill the memory."""
Row = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Series:
    """An incidence file.

    Attributes:
        first: date of its first day; None: its days are only numbered.
        incidence: cases of every day from the first to the last.
    """

    first: date | None
    incidence: Incidence


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "rt", help=f"print the reproduction number of an incidence file: {','.join(HEADER)}"
    )
    parser.add_argument("--file", required=True, type=Path, metavar="F", help="CSV, one row a day:"
                        " date or t; cases (or I), or local and imported")  # fmt: skip
    parser.add_argument("--mean-si", required=True, type=float, metavar="X", help="days")
    parser.add_argument("--sd-si", required=True, type=float, metavar="Y", help="days")
    parser.add_argument("--window", type=int, default=WINDOW_DAYS, metavar="N", help="days")
    parser.add_argument("--json", action="store_true", help="with dates, and why a value is absent")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Print one row per window; return the exit code.

    Raises:
        BadUse: for a serial interval or window that cannot be, or no such file.
        BadInput: if the file cannot be read as an incidence series.
    """
    del context  # a file goes in and estimates come out: no database is asked
    if args.window < 1:
        raise BadUse(f"--window has 1 day or more, not {args.window}")
    try:
        interval = SerialInterval(mean=args.mean_si, sd=args.sd_si)
    except ValueError as error:
        raise BadUse(str(error)) from error
    series = read_series(args.file)
    n_days = len(series.incidence.local)
    if n_days <= args.window:
        raise BadInput(
            f"{args.file.name} has {n_days} days: a window of {args.window} that starts on day 2"
            f" needs {args.window + 1}"
        )
    windows = reproduction(series.incidence, interval, window=args.window)
    print(_as_json(windows, series) if args.json else _as_csv(windows))
    return 0


def _values(one: Window) -> tuple[float | None, ...]:
    r = one.r
    return (None,) * 5 if r is None else (r.mean, r.sd, r.q025, r.q50, r.q975)


def _as_csv(windows: Sequence[Window]) -> str:
    lines = [",".join(HEADER)]
    for one in windows:
        cells = ["" if value is None else repr(value) for value in _values(one)]
        lines.append(",".join([str(one.t_start), str(one.t_end), *cells]))
    return "\n".join(lines)


def _as_json(windows: Sequence[Window], series: Series) -> str:
    rows = []
    for one in windows:
        row: dict[str, object] = dict(
            zip(HEADER, (one.t_start, one.t_end, *_values(one)), strict=True)
        )
        if series.first is not None:
            row["date_start"] = (series.first + timedelta(days=one.t_start - 1)).isoformat()
            row["date_end"] = (series.first + timedelta(days=one.t_end - 1)).isoformat()
        rows.append(row | {"cases": one.cases, "not_shown": one.hidden})
    return json.dumps(rows)


# --- reading ------------------------------------------------------------------------------------


def read_series(path: Path) -> Series:
    """Return the cases of every day in a file; a day without a row or a number is not known.

    Raises:
        BadUse: if there is no such file.
        BadInput: if it is no incidence series.
    """
    rows = _rows(path)
    days = _days(rows)
    first, last = min(days, default=0), max(days, default=-1)
    if last - first >= MAX_DAYS:
        raise BadInput(f"{path.name} spans {last - first + 1} days; at most {MAX_DAYS} are read")
    by_day: dict[int, tuple[float | None, float | None]] = {}
    for number, (day, row) in enumerate(zip(days, rows, strict=True), start=2):
        if day in by_day:
            raise BadInput(f"line {number}: the day of this row was there before")
        by_day[day] = _cases(row, number)
    every = [by_day.get(day, (None, None)) for day in range(first, last + 1)]
    imported = [one[1] for one in every] if rows and "imported" in rows[0] else []
    dated = bool(rows) and "date" in rows[0]
    return Series(
        first=date.fromordinal(first) if dated else None,
        incidence=Incidence(local=[one[0] for one in every], imported=imported),
    )


def _rows(path: Path) -> list[Row]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BadUse(f"there is no file {path.name!r}") from error
    except (OSError, UnicodeError) as error:
        raise BadInput(f"{path.name} cannot be read as text (UTF-8)") from error
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        table = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise BadInput(f"{path.name} cannot be read as CSV: {error}") from error
    names = [_name(cell) for cell in table[0]] if table else []
    _require(names, path.name)
    for number, row in enumerate(table[1:], start=2):
        if len(row) != len(names):
            raise BadInput(f"line {number} has {len(row)} cells, the header {len(names)}")
    return [dict(zip(names, (cell.strip() for cell in row), strict=True)) for row in table[1:]]


def _name(cell: str) -> str:
    """Return a column's name as it is known here, whatever the language of the heading."""
    name = cell.strip().lower()
    apart = unicodedata.normalize("NFD", name.replace("đ", "d"))
    plain = " ".join("".join(x for x in apart if not unicodedata.combining(x)).split())
    return ALSO.get(plain, name)


def _require(names: list[str], file: str) -> None:
    if not {"date", "t"} & set(names):
        raise BadInput(f"{file} has no column 'date' or 't'")
    if "local" not in names and not set(CASES) & set(names):
        raise BadInput(f"{file} has no column 'cases', 'I' or 'local'")
    if len(set(names)) != len(names):
        raise BadInput(f"{file} names a column twice")


def _days(rows: Sequence[Row]) -> list[int]:
    found = []
    for number, row in enumerate(rows, start=2):
        column = "date" if "date" in row else "t"
        try:
            found.append(_date(row["date"]).toordinal() if column == "date" else int(row["t"]))
        except ValueError as error:
            wanted = "date, as in 2021-09-02 or 02/09/2021" if column == "date" else "whole number"
            raise BadInput(f"line {number}, {column}: {row[column]!r} is no {wanted}") from error
    if len(found) > FEWEST and _least_gap(found) >= WEEK_DAYS:
        raise BadInput("the rows are a week or more apart: a series of days is needed")
    return found


def _date(text: str) -> date:
    """Return a date written as in ISO 8601, or as in Viet Nam: day, month, year."""
    if "/" not in text:
        return date.fromisoformat(text)
    day, month, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


def _least_gap(days: Sequence[int]) -> int:
    ordered = sorted(days)
    return min(after - before for before, after in pairwise(ordered))


def _cases(row: Row, number: int) -> tuple[float | None, float | None]:
    """Return (local, imported); where only all cases are given, local is what is not imported."""
    imported = _number(row, "imported", number)
    if "local" in row:
        return _number(row, "local", number), imported
    total = _number(row, next(name for name in CASES if name in row), number)
    if total is None or "imported" not in row:
        return total, imported
    return (None if imported is None else total - imported), imported


def _number(row: Row, column: str, number: int) -> float | None:
    text = row.get(column, "")
    if text.lower() in MISSING:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if _GROUPED.fullmatch(text):
        raise BadInput(f"line {number}, {column}: {text!r} may be thousands or a fraction")
    if not math.isfinite(value):
        raise BadInput(f"line {number}, {column}: {text!r} is no number")
    return value
