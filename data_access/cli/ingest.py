"""`ingest records`, `ingest table` and `ingest dhis2`: files in, balanced counts out."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_access.chain.follow import PLATFORMS
from data_access.chain.refresh import refresh
from data_access.cli import chain
from data_access.cli.context import Context
from data_access.errors import DataAccessError
from data_access.ingest import ledger
from data_access.ingest.intake import check_source
from data_access.ingest.ledger import Counts, Outcome
from data_access.ingest.readers import FORMATS


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser("ingest", help="take files in")
    ways = parser.add_subparsers(dest="way", required=True, metavar="records|table|dhis2")
    _add_records(ways.add_parser("records", help="records of a platform"))
    _add_table(ways.add_parser("table", help="an aggregate table, read by a mapping"))
    _add_dhis2(ways.add_parser("dhis2", help="DHIS2 data value sets, JSON or CSV"))
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
    parser.add_argument("--known-at", metavar="T", help="moment the delivery speaks of")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.add_argument(
        "--progress", action="store_true", help="say how far a long load is, terminal or not"
    )


def _add_records(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("platform", metavar="PLATFORM", type=str.lower)
    _add_common(parser)
    parser.add_argument("--source", required=True, metavar="S", help="who delivers")
    parser.add_argument("--kind", metavar="RECORD", help="kind of record (default: the main one)")
    parser.add_argument("--mapping", metavar="M.toml", type=Path, help="their columns to ours")
    parser.add_argument("--format", dest="fmt", type=str.lower, choices=FORMATS)


def _add_table(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mapping", metavar="MAPPING.toml", type=Path)
    _add_common(parser)


def _add_dhis2(parser: argparse.ArgumentParser) -> None:
    _add_common(parser)
    parser.add_argument("--source", required=True, metavar="S", help="who delivers")
    parser.add_argument("--mapping", metavar="M.toml", type=Path, help="their names to ours")


def run(args: argparse.Namespace, context: Context) -> int:
    """Take the files in; return the exit code.

    Files of records are one batch each: when one fails, those before it stay, and are told.

    Raises:
        DataAccessError: with one clear line; nothing of the failing delivery was kept.
    """
    if args.way != "table":
        check_source(args.source)
    outcomes: list[Outcome] = []
    try:
        for outcome in _deliver(args, context):
            outcomes.append(outcome)
            if not args.json:
                print(sentence(outcome))
    finally:
        if args.json and outcomes:
            print(json.dumps(summary(outcomes), ensure_ascii=False))
        if outcomes and args.way == "records" and args.platform in PLATFORMS:
            _follow(context, says=_wants_progress(args))
    return 0


def _follow(context: Context, *, says: bool) -> None:
    """Bring the response chain up to what was taken in, which stays whatever comes of this."""
    try:
        done = refresh(context.engine, clock=context.clock, zone=context.zone)
    except DataAccessError as error:
        _say(f"the response chain has not followed yet ({error}); the delivery was kept")
        return
    if says:
        _say(chain.sentence(done))


def _wants_progress(args: argparse.Namespace) -> bool:
    return bool(args.progress or sys.stderr.isatty())


def _deliver(args: argparse.Namespace, context: Context) -> Iterator[Outcome]:
    intake = context.intake
    if _wants_progress(args):
        intake = replace(intake, progress=_say)
    known_at = ledger.known_at(args.known_at, clock=context.clock, zone=context.zone)
    if args.way == "table":
        yield intake.table(tuple(args.files), mapping=args.mapping, known_at=known_at)
        return
    if args.way == "dhis2":
        yield intake.dhis2(
            tuple(args.files),
            source=args.source.strip(),
            mapping=args.mapping,
            known_at=known_at,
        )
        return
    for path in args.files:
        yield intake.records(
            path,
            platform=args.platform,
            kind=args.kind,
            source=args.source.strip(),
            fmt=args.fmt,
            mapping=args.mapping,
            known_at=known_at,
        )


def _say(line: str) -> None:
    # Standard error: what is printed on standard output is the answer, and may be JSON.
    print(line, file=sys.stderr, flush=True)


def sentence(outcome: Outcome) -> str:
    """Return the counts of a batch as one line."""
    counts = outcome.counts
    parts = (
        f"read {counts.read} = new {counts.new} + updated {counts.updated}"
        f" + unchanged {counts.unchanged} + stale {counts.stale} + rejected {counts.rejected}"
    )
    more = [f"batch {outcome.batch}"]
    if counts.flagged:
        more.append(f"flagged {counts.flagged}")
    if counts.retracted:
        more.append(f"retracted {counts.retracted} cells")
    if outcome.rejects_file:
        more.append(f"rejects in {outcome.rejects_file}")
    return f"{outcome.file_name}: {parts} ({', '.join(more)})"


def summary(outcomes: list[Outcome]) -> dict[str, object]:
    """Return the JSON object of one delivery, or the sums over several with each in `files`."""
    if len(outcomes) == 1:
        return outcomes[0].as_json()
    total = Counts()
    for outcome in outcomes:
        total = total.plus(outcome.counts)
    rejects = [outcome.rejects_file for outcome in outcomes if outcome.rejects_file]
    return {
        "batch": outcomes[-1].batch,
        **vars(total),
        "rejects_file": rejects[0] if rejects else None,
        "known_at": outcomes[-1].known_at.isoformat(),
        "files": [outcome.as_json() for outcome in outcomes],
    }
