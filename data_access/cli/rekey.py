"""`rekey`: replaces the secret behind the pseudonyms."""

import argparse
from typing import Any

from data_access.cli.context import Context
from data_access.errors import BadUse
from data_access.ingest.pseudonym_keys import rekey
from data_access.migrations import require_current


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "rekey",
        help="seal all pseudonyms with TUYENDAU_PSEUDONYM_KEY (see docs/security-people.md)",
    )
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Replace the key; return the exit code.

    Raises:
        BadUse: if the keys are not set.
        SettingsError: if they are not those of the database.
    """
    del args
    settings = context.settings
    if not settings.pseudonym_key or not settings.keys_before:
        raise BadUse(
            "rekey needs the new key in TUYENDAU_PSEUDONYM_KEY and all keys used so far in"
            " TUYENDAU_PSEUDONYM_KEYS_BEFORE"
        )
    if settings.pseudonym_key in settings.keys_before:
        raise BadUse("the new key was used before")
    require_current(context.engine)
    n_columns = rekey(context.engine, before=settings.keys_before, key=settings.pseudonym_key)
    print(f"sealed the pseudonyms of {n_columns} columns" if n_columns else "nothing to do")
    return 0
