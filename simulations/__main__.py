"""`python -m simulations COMMAND`. One module per command; exit codes as in `data_access`."""

import argparse
import sys
from collections.abc import Sequence

from data_access.errors import BadUse, DataAccessError
from simulations.scenario import command as scenario

COMMANDS = {"scenario": scenario}
COULD_NOT, BAD_USE, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m simulations")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        module.add(commands.add_parser(name))
    options = parser.parse_args(arguments)
    try:
        return int(COMMANDS[options.command].run(options))
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return INTERRUPTED
    except DataAccessError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_USE if isinstance(error, BadUse) else COULD_NOT


if __name__ == "__main__":
    sys.exit(main())
