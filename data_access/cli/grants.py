"""`grants`: what a reading role of PostgreSQL may do, as statements or at once."""

import argparse
from typing import Any

from data_access import grants
from data_access.cli.context import Context
from data_access.migrations import require_current


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "grants", help="let a role of PostgreSQL read and no more (see docs/security.md)"
    )
    parser.add_argument("--reader", required=True, metavar="NAME", help="the role")
    parser.add_argument("--apply", action="store_true", help="give them, instead of printing them")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Print the statements, or carry them out; return the exit code.

    Raises:
        DataAccessError: with one clear line; nothing was changed then.
    """
    wanted = grants.statements(args.reader)
    if not args.apply:
        print("".join(f"{statement};\n" for statement in wanted), end="")
        return 0
    require_current(context.engine)
    grants.apply(context.engine, args.reader)
    print(f"{args.reader} may read, and add to {', '.join(grants.INSERTED)}")
    return 0
