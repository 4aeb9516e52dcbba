"""`chain`: bring the response chain to what the records say."""

import argparse
from typing import Any

from data_access.chain.refresh import Refreshed, refresh
from data_access.cli.context import Context
from data_access.migrations import require_current


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "chain", help="work out the response chain from the records of all platforms"
    )
    parser.add_argument(
        "--anew", action="store_true", help="work out every item, not only what changed"
    )
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Refresh the chain and say what changed; return the exit code.

    Raises:
        DataAccessError: if the database is not set up or does not answer.
    """
    require_current(context.engine)
    done = refresh(context.engine, clock=context.clock, zone=context.zone, anew=args.anew)
    print(sentence(done))
    return 0


def sentence(done: Refreshed) -> str:
    """Return what a refresh came to, as one line."""
    if done.is_put_off:
        return "response chain: another process is working it out"
    if done.batch is None:
        return "response chain: no records since the last time"
    return (
        f"response chain: {done.n_items} moments of steps, {done.n_written} rows of the cube"
        f" written (batch {done.batch})"
    )
