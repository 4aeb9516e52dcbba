"""The command line: `python -m simulations COMMAND`. One module per command.

Exit codes: 0 done, 1 could not do it, 2 asked for wrongly. An error is one line on standard
error, never a traceback.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

DONE, COULD_NOT, BAD_USE, INTERRUPTED = 0, 1, 2, 130
COMMANDS: dict[str, str] = {}
"""Command → its module, imported when it is asked for. The module has
`add_arguments(parser: ArgumentParser) -> None` and `run(args: Namespace) -> int`."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, without the usage that argparse puts in front."""
        self.exit(BAD_USE, f"error: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    asked = list(sys.argv[1:] if arguments is None else arguments)
    first = _Parser(prog="python -m simulations", description="Invented epidemics.")
    first.add_argument("command", choices=sorted(COMMANDS), metavar="COMMAND",
                       help=", ".join(sorted(COMMANDS)))  # fmt: skip
    name = first.parse_args(asked[:1]).command
    command = import_module(COMMANDS[name])
    parser = _Parser(prog=f"python -m simulations {name}", description=command.__doc__)
    command.add_arguments(parser)
    args = parser.parse_args(asked[1:])
    try:
        return int(command.run(args))
    except KeyboardInterrupt:
        return _fail("interrupted", code=INTERRUPTED)
    except Exception as error:  # noqa: BLE001 -- the last place where a traceback can be stopped
        return _fail(" ".join(str(error).split()) or type(error).__name__, code=COULD_NOT)


def _fail(message: str, *, code: int) -> int:
    sys.stderr.write(f"error: {message}\n")
    return code
