"""`verify`: recompute the cube and compare; exit 1 on any difference."""

import argparse
from typing import Any

from data_access.cli.context import Context
from data_access.codes import from_us
from data_access.cube.verify import verify
from data_access.errors import BadUse
from data_access.migrations import require_current
from data_access.viewer import system_viewer

_SHOWN = 50


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "verify", help="recompute the cube and compare; exit 1 on any difference"
    )
    parser.add_argument(
        "--moments", type=int, metavar="N", help="compare only N moments (default: every one)"
    )
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Print every difference and a last line that sums up; return 1 if there is any.

    Raises:
        DataAccessError: if the comparison cannot be made.
    """
    if args.moments is not None and args.moments < 1:
        raise BadUse("--moments must be 1 or more")
    require_current(context.engine)
    verdict = verify(
        context.engine,
        viewer=system_viewer(context.clock()),
        zone=context.zone,
        n_moments=args.moments,
    )
    differences = verdict.differences
    for row in differences.head(_SHOWN).iter_rows(named=True):
        dims = f" [{row['dims']}]" if row["dims"] else ""
        print(
            f"{row['table']}: {row['measure']}{dims} on {row['day']} in area {row['area_id']}"
            f" of {row['source']}, known at {from_us(row['known_at']).isoformat()}:"
            f" expected {row['expected']}, found {row['found']}"
        )
    if differences.height > _SHOWN:
        print(f"... and {differences.height - _SHOWN} more")
    print(
        f"{differences.height} differences; compared {verdict.n_rows} cube rows at"
        f" {verdict.n_moments} moments with {verdict.n_versions} record versions"
        f" and {verdict.n_deliveries} table deliveries"
    )
    return 1 if differences.height else 0
