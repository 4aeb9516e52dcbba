"""`init`: schema and reference data; no figures. Doing it again changes nothing."""

import argparse
from typing import Any

import sqlalchemy as sa

from data_access.cli.context import Context
from data_access.engine import writing
from data_access.migrations import upgrade
from data_access.reference.load import load_reference
from data_access.reference.model import Pack
from data_access.reference.pack import resolve_pack


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "init", help="set up schema and reference data; no figures"
    )
    parser.add_argument("--pack", metavar="DIR", help="country pack (default: Vietnam)")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Set the database up; return the exit code.

    Raises:
        PackError: if the pack is not sound.
        DatabaseUnavailable: if the database does not answer.
    """
    print(initialise(context.engine, resolve_pack(args.pack or context.settings.pack)))
    return 0


def initialise(engine: sa.Engine, pack: Pack) -> str:
    """Bring schema and reference data up to date; return a line on it.

    Raises:
        PackError: if the pack is not sound.
        DatabaseUnavailable: if the database does not answer.
    """
    upgrade(engine)
    with writing(engine) as connection:
        n_areas = load_reference(connection, pack)
    return f"{pack.name}: {n_areas} areas, vintage {pack.default_vintage}; the database is ready"
