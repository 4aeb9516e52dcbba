"""`watch`: take in the files that arrive in a folder; layout in `data_access.ingest.watch`."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from data_access.chain.follow import Follower
from data_access.cli.context import Context
from data_access.errors import BadUse, DatabaseUnavailable, StorageUnavailable
from data_access.ingest.watch import Watch

_WAIT_WHEN_AWAY_S = 5.0


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "watch",
        help="take in what arrives in FOLDER/<platform>/<record kind>/<source>/"
        " and FOLDER/tables/<mapping>/",
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--every", type=float, default=1.0, metavar="S", help="seconds per look")
    parser.add_argument("--once", action="store_true", help="take in what is there, then end")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Watch until interrupted (or once); print one JSON line per file.

    Raises:
        BadUse: if there is no such folder.
        DataAccessError: if the database is not set up.
    """
    if not args.folder.is_dir():
        raise BadUse(f"there is no folder {args.folder.name!r}")
    follower = Follower(engine=context.engine, clock=context.clock, zone=context.zone)

    def say(line: str) -> None:
        # Whatever it is that the watch says, there may be something to follow.
        follower.note()
        _say(line)

    watch = Watch(folder=args.folder.resolve(), intake=context.intake, say=say)
    if args.once:
        watch.look()
        time.sleep(min(args.every, 1.0))
        watch.look()
        follower.follow()
        return 0
    try:
        while True:
            time.sleep(args.every if _looked(watch, follower) else _WAIT_WHEN_AWAY_S)
    except KeyboardInterrupt:
        return 0


def _looked(watch: Watch, follower: Follower) -> bool:
    """Look once; return False, having said so, when the database or the disk is away."""
    try:
        watch.look()
        follower.follow()
    except (DatabaseUnavailable, StorageUnavailable) as error:
        _say(json.dumps({"status": "waiting", "error": str(error)}, ensure_ascii=False))
        return False
    return True


def _say(line: str) -> None:
    print(line, flush=True)
