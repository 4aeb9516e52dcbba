"""The command line: `python -m simulations COMMAND`. One module per command.

Exit codes: 0 done, 1 could not do it, 2 asked for wrongly. An error is one line on standard error.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from data_access.errors import BadUse, DataAccessError

COMMANDS = {
    "generate": "simulations.feeds.command",
    "live": "simulations.live.command",
    "scenario": "simulations.scenario.command",
    "viewers": "simulations.viewers.command",
}
"""Command → its module, imported when it is asked for."""
COULD_NOT, BAD_USE, INTERRUPTED = 1, 2, 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(BAD_USE, f"error: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = _Parser(prog="python -m simulations", description=(__doc__ or "").splitlines()[0])
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = list(sys.argv[1:] if arguments is None else arguments)
    named = [name for name in asked[:1] if name in COMMANDS]
    for name in named or COMMANDS:
        command = import_module(COMMANDS[name])
        command.add_parser(subparsers).set_defaults(run=command.run)
    args = parser.parse_args(asked)
    try:
        return int(args.run(args))
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return INTERRUPTED
    except DataAccessError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_USE if isinstance(error, BadUse) else COULD_NOT


if __name__ == "__main__":
    sys.exit(main())
