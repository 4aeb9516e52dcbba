"""`query`: figures out of the shared database, as CSV, JSON or Parquet."""

import argparse
import io
import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import sqlalchemy as sa

from data_access.bulletins.book import Book
from data_access.clock import Clock, parse_instant
from data_access.codes import Level
from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.cube.query import Ask, answer
from data_access.errors import BadUse, DataAccessError
from data_access.plain_text import csv_of
from data_access.reference.areas import Areas
from data_access.viewer import parse_viewer

FORMATS = ("csv", "json", "parquet")


class Context(Protocol):
    """What the command line gives to a command."""

    @property
    def engine(self) -> sa.Engine:
        """The shared database."""

    @property
    def clock(self) -> Clock:
        """What time it is."""

    @property
    def areas(self) -> Areas:
        """The places of the country."""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "query", help="print figures: date,area_code,area,id[,<dimension>],value,status"
    )
    parser.add_argument("ids", nargs="+", metavar="ID", help="measure or indicator")
    levels = [level.value for level in Level]
    parser.add_argument("--level", type=str.lower, choices=levels, help="level of the areas")
    parser.add_argument("--area", action="append", default=[], metavar="CODE", help="code or name")
    parser.add_argument("--from", dest="start", metavar="D", help="first day")
    parser.add_argument("--to", dest="end", metavar="D", help="last day")
    parser.add_argument("--by", default="", metavar="DIM", help="dimension to keep apart")
    parser.add_argument("--source", default="", metavar="S", help="only this source")
    moment = parser.add_mutually_exclusive_group()
    moment.add_argument("--as-of", dest="as_of", metavar="T", help="as known at this moment")
    moment.add_argument("--bulletin", type=int, metavar="N", help="as frozen in this bulletin")
    parser.add_argument("--as", dest="role", default="national", metavar="ROLE[:AREA]")
    parser.add_argument("--vintage", metavar="V", help="edition of the map")
    parser.add_argument("--denominator", default="", metavar="P", help="population to divide by")
    parser.add_argument(
        "--reported", action="store_true", help="only what was reported at this level"
    )
    parser.add_argument("--format", type=str.lower, choices=FORMATS, default="csv")
    parser.add_argument("--out", metavar="FILE", help="write to a file, not to standard output")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Print the answer; return the exit code.

    Raises:
        DataAccessError: with one clear line; nothing was printed then.
    """
    try:
        content = _WRITERS[args.format](_answered(args, context))
    finally:
        context.engine.dispose()
    _write(content, args.out)
    return 0


def _answered(args: argparse.Namespace, context: Context) -> pl.DataFrame:
    ask = _ask(args)
    areas = context.areas
    viewer = parse_viewer(args.role, now=context.clock())
    if args.as_of is not None:
        viewer = viewer.at(_moment(args.as_of, areas.country.time_zone))
    if args.bulletin is not None:
        viewer = viewer.in_bulletin(args.bulletin)
    cube = HotCube(context.engine, context.clock, geography=Geography(areas))
    book = Book(context.engine, context.clock, areas=areas)
    answering, seen = book.reading(cube, viewer=viewer)
    return answer(answering, ask, viewer=seen)


def _moment(text: str, zone: str) -> datetime:
    try:
        return parse_instant(text, zone=zone)
    except ValueError as error:
        raise BadUse(f"--as-of {text!r} is no ISO date or time") from error


def _ask(args: argparse.Namespace) -> Ask:
    listed = [part.strip() for text in args.area for part in text.split(",")]
    return Ask(
        ids=tuple(args.ids),
        level=Level(args.level) if args.level else None,
        areas=tuple(part for part in listed if part),
        start=_day(args.start, "--from"),
        end=_day(args.end, "--to"),
        by=args.by,
        source=args.source,
        vintage=args.vintage,
        reported=args.reported,
        denominator=args.denominator,
    )


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    for read in (date.fromisoformat, _vietnamese_day):
        try:
            return read(text.strip())
        except ValueError:
            continue
    raise BadUse(f"{option} {text!r} is no date, as in 2021-09-02 or 02/09/2021")


def _vietnamese_day(text: str) -> date:
    day, month, year = text.split("/")
    return date(int(year), int(month), int(day))


# --- writing ------------------------------------------------------------------------------------


def to_csv(answered: pl.DataFrame) -> bytes:
    """Return the answer as CSV, whole numbers without a decimal point."""
    return csv_of(answered)


def to_json(answered: pl.DataFrame) -> bytes:
    """Return the answer as a JSON list of objects, one per row."""
    rows = [
        {name: _plain(value) for name, value in row.items()}
        for row in answered.iter_rows(named=True)
    ]
    return (json.dumps(rows, ensure_ascii=False) + "\n").encode()


def to_parquet(answered: pl.DataFrame) -> bytes:
    """Return the answer as a Parquet file."""
    buffer = io.BytesIO()
    answered.write_parquet(buffer)
    return buffer.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.isoformat() if isinstance(value, date) else value


_WRITERS: dict[str, Callable[[pl.DataFrame], bytes]] = {
    "csv": to_csv,
    "json": to_json,
    "parquet": to_parquet,
}


def _write(content: bytes, target: str | None) -> None:
    if target is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        Path(target).write_bytes(content)
    except OSError as error:
        raise DataAccessError(f"cannot write {Path(target).name}: {error.strerror}") from error
