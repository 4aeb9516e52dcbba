"""`audit list`, `audit verify`, `audit head`: what was done by whom, and whether all is there."""

import argparse
import json
import sys
from typing import Any

from data_access import audit
from data_access.cli.context import Context
from data_access.clock import machine_clock
from data_access.migrations import require_current
from data_access.viewer import Viewer, parse_viewer


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "audit", help="what was done by whom, and whether all of it is still there"
    )
    ways = parser.add_subparsers(dest="way", required=True, metavar="list|verify|head")
    listing = ways.add_parser("list", help="the newest rows, oldest of them first")
    listing.add_argument("--last", type=int, default=50, metavar="N", help="how many (50)")
    listing.add_argument("--account", default="", metavar="A", help="only this account's")
    listing.add_argument("--action", default="", metavar="A", help="only this action")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    checking = ways.add_parser("verify", help="check the chain; exit code 1 if a row is broken")
    checking.add_argument("--head", metavar="LINE", help="a head that was kept elsewhere")
    ending = ways.add_parser("head", help="print the sealed end of the log, to be kept elsewhere")
    for each in (listing, checking, ending):
        each.add_argument("--as", dest="role", default="admin", metavar="ROLE[:AREA]")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """List, check or print the head; return the exit code.

    Raises:
        DataAccessError: with one clear line.
    """
    require_current(context.engine)
    viewer = parse_viewer(args.role, now=machine_clock())
    if args.way == "list":
        return _list(args, context, viewer)
    if args.way == "verify":
        return _verify(args, context, viewer)
    end = audit.head(context.engine, viewer=viewer)
    if not context.settings.audit_key:
        print("not sealed: TUYENDAU_AUDIT_KEY is not set", file=sys.stderr)
    print(end)
    return 0


def _list(args: argparse.Namespace, context: Context, viewer: Viewer) -> int:
    found = audit.read(
        context.engine, viewer=viewer, limit=args.last, account=args.account, action=args.action
    )
    for row in found.reverse().iter_rows(named=True):
        if args.json:
            told = {**row, "at": row["at"].isoformat(), "detail": json.loads(row["detail"])}
            print(json.dumps(told, ensure_ascii=False))
        else:
            print(audit.line_of(row))
    return 0


def _verify(args: argparse.Namespace, context: Context, viewer: Viewer) -> int:
    kept = audit.parse_head(args.head) if args.head else None
    key = context.settings.audit_key
    verdict = audit.verify(context.engine, viewer=viewer, key=key, kept=kept)
    if verdict.broken is not None:
        print(f"row {verdict.broken} is broken: {verdict.why}", file=sys.stderr)
        return 1
    sealed = "sealed" if key else "not sealed: TUYENDAU_AUDIT_KEY is not set"
    print(f"{verdict.n_rows} rows, each follows the one before it ({sealed})")
    return 0
