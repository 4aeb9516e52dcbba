"""`watch`: take in the files that arrive in a folder; layout in `data_access.ingest.watch`."""

import argparse
import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from data_access.chain.refresh import refresh
from data_access.cli.context import Context
from data_access.errors import BadUse, DatabaseUnavailable, StorageUnavailable
from data_access.ingest.ledger import stream_moment
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
    follower = _Follower(context=context)
    watch = Watch(folder=args.folder.resolve(), intake=context.intake, say=follower.say)
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


@dataclass(kw_only=True)
class _Follower:
    """Brings the response chain up to what was taken in, once a tick: it reads all its records."""

    context: Context
    taken: bool = False
    last: datetime | None = None

    def say(self, line: str) -> None:
        """Pass on what the watch says; whatever it is, there is something to follow."""
        self.taken = True
        _say(line)

    def follow(self) -> None:
        """Refresh the chain if anything came in and the tick is a new one."""
        tick = stream_moment(self.context.clock())
        if self.taken and tick != self.last:
            refresh(self.context.engine, clock=self.context.clock, zone=self.context.zone)
            self.taken, self.last = False, tick


def _looked(watch: Watch, follower: _Follower) -> bool:
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
