"""`rollout import`, `export`, `list`: the rollout of mandated platforms, from and to files."""

import argparse
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data_access import audit
from data_access.actor import Actor
from data_access.cli.context import Context, account_name, entry_of
from data_access.errors import BadInput
from data_access.migrations import require_current
from data_access.rollout import files, ledger
from data_access.rollout.ledger import Book, RefusedRows
from data_access.rollout.rules import rules
from data_access.rollout.standing import deployments
from data_access.viewer import Viewer, parse_viewer

_AS_IT_STANDS = "hiện trạng / as it stands"
_FIRST_ROW = 2
"""Row of the file that is its first change: the head is row 1."""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "rollout", help="stages, teams, tickets of the mandated platforms"
    )
    ways = parser.add_subparsers(dest="way", required=True, metavar="import|export|list")
    taking = ways.add_parser("import", help="take in a CSV: all of its rows, or none")
    taking.add_argument("file", type=Path, metavar="FILE.csv")
    giving = ways.add_parser("export", help="print what stands as a CSV that import takes")
    giving.add_argument("--history", action="store_true", help="every version, not the last alone")
    listing = ways.add_parser("list", help="print where every province stands")
    for each in (taking, giving, listing):
        each.add_argument("--as", dest="role", default="national", metavar="ROLE[:AREA]")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Import, export or list; return the exit code.

    Raises:
        DataAccessError: with one clear line; nothing was written then.
    """
    require_current(context.engine)
    viewer = parse_viewer(args.role, now=context.clock())
    if args.way == "import":
        return _import(args.file, context, viewer)
    if args.way == "export":
        return _export(context, viewer, with_history=args.history)
    return _list(context, viewer)


def _import(path: Path, context: Context, viewer: Viewer) -> int:
    changes = files.read_changes(path, now=viewer.now)
    held = context.areas.frame
    provinces = held.filter(held["level"] == "province")["code"].unique().to_list()
    book = Book(engine=context.engine, zone=ZoneInfo(context.zone), provinces=provinces)
    actor = Actor(account=f"shell:{account_name()}", role=viewer.role, areas=viewer.areas)
    try:
        n = book.put_many(changes, actor=actor, origin=path.name)
    except RefusedRows as error:
        rows = [(number + _FIRST_ROW - 1, one) for number, one in error.refused]
        raise BadInput(files.told(path.name, rows)) from error
    print(f"{n} rows taken in")
    return 0


def _export(context: Context, viewer: Viewer, *, with_history: bool) -> int:
    # Before anything is read: what cannot be put on record is not handed over.
    entry = entry_of("rollout.export", "rollout", role=viewer.role.value)
    audit.append(context.engine, entry)
    found = ledger.history(context.engine, viewer=viewer)
    state = files.write_changes(ledger.latest(found), reason=_AS_IT_STANDS)
    sys.stdout.write(files.write_changes(found) if with_history else state)
    return 0


def _list(context: Context, viewer: Viewer) -> int:
    today = viewer.now.astimezone(ZoneInfo(context.zone)).date()
    found = ledger.history(context.engine, viewer=viewer)
    stands = deployments(found, now=viewer.now, stale=rules().stale, today=today)
    for row in stands.iter_rows(named=True):
        flags = [name for name in ("is_stale", "is_overdue") if row[name]]
        said = (row["province"], row["platform"], row["stage"], row["side"] or "", row["date"],
                row["owner"], " ".join(flag.removeprefix("is_") for flag in flags))  # fmt: skip
        print("\t".join(said))
    return 0
