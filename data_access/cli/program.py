"""The command line: `python -m data_access COMMAND`. One module per command.

Exit codes: 0 done, 1 could not do it, 2 asked for wrongly. An error is one line on standard
error, never a traceback.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from sqlalchemy.exc import DBAPIError

from data_access import log_filter
from data_access.cli import (
    alerts,
    audit,
    bulletin,
    chain,
    export,
    grants,
    ingest,
    init,
    level,
    level_inputs,
    query,
    rekey,
    rollout,
    rt,
    tokens,
    users,
    verify,
    watch,
    work,
)
from data_access.cli.context import Context
from data_access.engine import unavailable
from data_access.errors import BadUse, DataAccessError
from data_access.settings import read_settings

COMMANDS = (
    init, ingest, watch, query, level, level_inputs, rt, verify, export, bulletin, chain, tokens,
    users, rekey, audit, grants, rollout, alerts, work.NEEDS, work.PROPOSALS,
)  # fmt: skip
DONE, COULD_NOT, BAD_USE, INTERRUPTED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, without the usage that argparse puts in front."""
        self.exit(BAD_USE, f"error: {message} (see {self.prog} --help)\n")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = _Parser(prog="python -m data_access", description=__doc__.splitlines()[0])
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = command.add_parser(subparsers)
        added.set_defaults(run=command.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    log_filter.install()
    args = make_parser().parse_args(arguments)
    try:
        context = Context(read_settings())
        try:
            return int(args.run(args, context))
        finally:
            context.close()
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT
    except KeyboardInterrupt:
        return _fail("interrupted; nothing of the running delivery was kept", code=INTERRUPTED)
    except Exception as error:  # noqa: BLE001 -- the last place where a traceback can be stopped
        return _explain(error)


def _explain(error: Exception) -> int:
    if isinstance(error, BadUse):
        return _fail(str(error), code=BAD_USE)
    if isinstance(error, DataAccessError):
        return _fail(str(error), code=COULD_NOT)
    if isinstance(error, DBAPIError):
        return _fail(str(unavailable(error)), code=COULD_NOT)
    # A fault of ours: its text may hold anything, so only its kind and place are told.
    return _fail(f"internal fault {type(error).__name__} at {_place(error)}", code=COULD_NOT)


def _fail(message: str, *, code: int) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return code


def _place(error: Exception) -> str:
    """Return file name and line of a fault: enough to find it, nothing of the data or machine."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
