"""`python -m simulations scenario FILE.toml --out DIR`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from data_access.errors import BadUse, StorageUnavailable
from simulations.scenario.report import in_words, write
from simulations.scenario.run import run as run_scenario
from simulations.scenario.toml import from_toml
from simulations.surge.board import board
from simulations.surge.transfers import Rules

DONE = 0


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    usual = Rules()
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "scenario", help="run a scenario on the calibrated country and write its bands"
    )
    parser.add_argument("file", type=Path, metavar="FILE.toml")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--fill", type=float, default=usual.fill, help="share of beds to be taken")
    parser.add_argument("--reserve", type=float, default=usual.reserve,
                        help="share of beds that a receiving province keeps")  # fmt: skip
    parser.add_argument("--farthest-km", type=float, default=usual.farthest_km)
    parser.add_argument("--most-out", type=int, default=usual.most_out,
                        help="persons moved out of a province on a day")  # fmt: skip
    return parser


def run(options: argparse.Namespace) -> int:
    """Run the scenario of a file; print the summary; return the exit code.

    Raises:
        BadUse: if the file cannot be read or a value in it is out of bounds.
        StorageUnavailable: if the folder cannot be written.
    """
    try:
        scenario = from_toml(options.file.read_text(encoding="utf-8"))
        rules = Rules(fill=options.fill, reserve=options.reserve,
                      farthest_km=options.farthest_km, most_out=options.most_out)  # fmt: skip
        result = run_scenario(scenario, progress=_told if sys.stderr.isatty() else None)
    except (OSError, ValueError) as error:
        raise BadUse(f"{options.file.name}: {_plainly(error)}") from error
    try:
        told = write(result, board(result, rules=rules), options.out)
    except OSError as error:
        raise StorageUnavailable(f"{options.out}: {_plainly(error)}") from error
    sys.stdout.write(in_words(told) + "\n")
    return DONE


def _plainly(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "the file is not UTF-8"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _told(done: int, of: int) -> None:
    end = "\n" if done == of else ""
    sys.stderr.write(f"\r{100 * done // of} %{end}")
