"""`verify`: see `data_access.ingest.verify`."""

import argparse
from typing import Any

from data_access.cli.context import Context


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser("verify", help="take in what arrives")
    parser.add_argument("folder")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Watch a folder."""
    raise NotImplementedError
