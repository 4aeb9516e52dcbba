"""`level-inputs`: what no platform tells of a level, said by somebody, kept with their name."""

import argparse
import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

from data_access.actor import Actor
from data_access.cli.context import Context
from data_access.errors import BadInput, BadUse
from data_access.levels import hand
from data_access.levels.asked import FORMS, Said
from data_access.migrations import require_current
from data_access.viewer import parse_viewer

COLUMNS = ("area", "key", "value", "from", "until", "source")


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "level-inputs", help="criteria of levels that no platform tells: list, set, import"
    )
    ways = parser.add_subparsers(dest="way", required=True, metavar="list|set|import")
    listing = ways.add_parser("list", help="print every version in sight")
    listing.add_argument("--json", action="store_true", help="print JSON")
    setting = ways.add_parser("set", help="say one; an empty VALUE: not known any more")
    setting.add_argument("area", metavar="AREA", help="code or name")
    setting.add_argument("key", metavar="KEY", help=", ".join(FORMS))
    setting.add_argument("value", metavar="VALUE", help="yes, no, low, medium, high or a number")
    setting.add_argument("--from", dest="since", required=True, metavar="D")
    setting.add_argument("--until", metavar="D")
    setting.add_argument("--source", required=True, metavar="TEXT", help="document or office")
    setting.add_argument("--version", type=int, default=-1, metavar="N",
                         help="refuse if somebody said it since")  # fmt: skip
    taking = ways.add_parser("import", help=f"all rows of a file or none: {','.join(COLUMNS)}")
    taking.add_argument("file", type=Path, metavar="FILE")
    for way in (listing, setting, taking):
        way.add_argument("--as", dest="role", default="national", metavar="ROLE[:AREA]")
    for way in (setting, taking):
        way.add_argument("--by", required=True, metavar="LOGIN", help="account that says it")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Do it; return the exit code.

    Raises:
        DataAccessError: with one clear line; nothing was changed then.
    """
    require_current(context.engine)
    viewer = parse_viewer(args.role, now=context.clock())
    if args.way == "list":
        for row in hand.history(context.engine, viewer=viewer).iter_rows(named=True):
            print(_line(row, as_json=args.json))
        return 0
    book = hand.HandBook(engine=context.engine, areas=context.areas)
    actor = Actor(account=args.by, role=viewer.role, areas=viewer.areas)
    if args.way == "set":
        said = Said(area=args.area, key=args.key, value=args.value, since=_day(args.since),
                    until=_day(args.until) if args.until else None, source=args.source,
                    base=args.version)  # fmt: skip
        print(f"version {book.put(said, actor=actor, at=viewer.now)}")
        return 0
    rows = _rows(args.file)
    print(f"{book.put_many(rows, actor=actor, at=viewer.now, origin=args.file.name)} rows")
    return 0


def _line(row: dict[str, object], *, as_json: bool) -> str:
    plain = {name: None if value is None else str(value) for name, value in row.items()}
    if as_json:
        return json.dumps({**plain, "version": row["version"]}, ensure_ascii=False)
    until = f" to {plain['until']}" if plain["until"] else ""
    return (
        f"{plain['area']}\t{plain['key']}\t{plain['value'] or 'not known'}\t{plain['since']}{until}"
        f"\tversion {plain['version']}\t{plain['account']}\t{plain['source']}"
    )


def _rows(path: Path) -> list[Said]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = tuple(reader.fieldnames or ())
            if missing := [name for name in COLUMNS if name not in names]:
                raise BadInput(f"{path.name}: has no column {', '.join(missing)}")
            return [_said(row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path.name}: cannot be read as CSV in UTF-8") from error


def _said(row: dict[str, str | None]) -> Said:
    text = {name: (row.get(name) or "").strip() for name in COLUMNS}
    return Said(
        area=text["area"], key=text["key"], value=text["value"], since=_day(text["from"]),
        until=_day(text["until"]) if text["until"] else None, source=text["source"],
    )  # fmt: skip


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadUse(f"{text[:20]!r} is no date, as in 2021-10-22") from error
