"""`export-records`: records in force, as the gate takes them in."""

import argparse
import sys
from pathlib import Path
from typing import Any

from data_access import audit
from data_access.cli.context import Context, entry_of
from data_access.clock import parse_instant
from data_access.contracts.registry import record_kind
from data_access.cube.export import FORMATS, export_records
from data_access.errors import BadUse, DataAccessError
from data_access.migrations import require_current
from data_access.viewer import Viewer, parse_viewer


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "export-records", help="print records as the gate takes them in"
    )
    parser.add_argument("platform", metavar="PLATFORM", type=str.lower)
    parser.add_argument("--kind", metavar="RECORD", help="kind of record (default: the main one)")
    parser.add_argument("--as-of", dest="as_of", metavar="T", help="as known at this moment")
    parser.add_argument("--source", default="", metavar="S", help="only this source")
    parser.add_argument("--as", dest="role", default="national", metavar="ROLE[:AREA]")
    parser.add_argument("--format", dest="fmt", type=str.lower, choices=FORMATS, default="csv")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write to a file")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Print the records; return the exit code.

    Raises:
        DataAccessError: with one clear line; nothing was printed then.
    """
    kind = record_kind(args.platform, kind=args.kind)
    require_current(context.engine)
    viewer = _viewer(args, context)
    # Before anything is read: what cannot be put on record is not handed over.
    noted = {"source": args.source, "as_of": args.as_of or "", "format": args.fmt, "as": args.role}
    about = f"{args.platform}/{kind.name}"
    entry = entry_of("records.export", about, role=viewer.role.value, **noted)
    audit.append(context.engine, entry)
    records = export_records(
        context.engine,
        args.platform,
        kind=kind,
        viewer=viewer,
        areas=context.areas,
        source=args.source,
    )
    _write(FORMATS[args.fmt](records), args.out)
    return 0


def _viewer(args: argparse.Namespace, context: Context) -> Viewer:
    viewer = parse_viewer(args.role, now=context.clock())
    if args.as_of is None:
        return viewer
    try:
        return viewer.at(parse_instant(args.as_of, zone=context.zone))
    except ValueError as error:
        raise BadUse(f"--as-of {args.as_of!r} is no ISO date or time") from error


def _write(content: bytes, target: Path | None) -> None:
    if target is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        target.write_bytes(content)
    except OSError as error:
        raise DataAccessError(f"cannot write {target.name}: {error.strerror}") from error
