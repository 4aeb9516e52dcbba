"""`live`: streams a running epidemic into the shared database."""

import argparse
import os
import signal
import sys
import threading
from datetime import date, timedelta
from types import FrameType
from typing import Any

from data_access.cli.context import Context
from data_access.clock import machine_clock, parse_instant
from data_access.errors import BadUse
from data_access.migrations import require_current
from data_access.settings import read_settings
from data_access.viewer import system_viewer
from simulations.live.country import FIRST_DAY, SEED, Country
from simulations.live.run import Runner

SPEED = 30.0
ORPHAN_SECONDS = 1.0


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "live", help="send a running epidemic into the shared database, tick by tick"
    )
    parser.add_argument("--speed", type=float, default=SPEED, metavar="X",
                        help=f"simulated seconds per real second (default {SPEED:g})")  # fmt: skip
    parser.add_argument("--until", metavar="T", help="simulated day or moment at which to stop")
    parser.add_argument("--seed", type=int, default=SEED, metavar="S")
    parser.add_argument("--first-day", type=date.fromisoformat, default=FIRST_DAY, metavar="D")
    parser.add_argument("--provinces", metavar="CODES", help="codes joined by commas; default: all")
    parser.add_argument("--with-parent", action="store_true",
                        help="stop when the program that started this one has gone")  # fmt: skip
    return parser


def run(args: argparse.Namespace) -> int:
    """Send until stopped; return the exit code.

    Raises:
        BadUse: if the speed is not above zero, or the database holds other figures.
        DataAccessError: if the database is not set up or does not answer.
    """
    if not args.speed > 0:
        raise BadUse("--speed must be above 0")
    context = Context(read_settings())
    stop = threading.Event()
    _stop_on_signals(stop)
    if args.with_parent:
        threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    try:
        require_current(context.engine)
        runner = Runner(
            engine=context.engine, viewer=system_viewer(machine_clock()), country=country_of(args),
            key=context.settings.key_chain,
        )  # fmt: skip
        runner.run(speed=args.speed, until=_until(args.until, zone=context.zone), stop=stop,
                   say=_say)  # fmt: skip
    finally:
        context.close()
    return 0


def country_of(args: argparse.Namespace) -> Country:
    """Return the country that the options name."""
    provinces = tuple(args.provinces.split(",")) if args.provinces else None
    return Country(seed=args.seed, first_day=args.first_day, provinces=provinces)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _until(text: str | None, *, zone: str) -> Any:  # noqa: ANN401 -- datetime or None
    if not text:
        return None
    try:
        moment = parse_instant(text, zone=zone)
    except ValueError as error:
        raise BadUse(f"--until {text!r} is no date or time (2021-09-05T16:00)") from error
    return moment + timedelta(days=1) if len(text.strip()) == len("2021-09-05") else moment


def _stop_on_signals(stop: threading.Event) -> None:
    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)


def _watch_parent(stop: threading.Event) -> None:
    parent = os.getppid()
    while not stop.wait(ORPHAN_SECONDS):
        if os.getppid() != parent:
            stop.set()
