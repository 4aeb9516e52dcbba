"""`viewers`: drives real sessions against a running dashboard and prints how long they wait."""

import argparse
import asyncio
import json
import sys
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from data_access.errors import BadUse, DataAccessError
from simulations.viewers.crowd import Crowd, summary, watch
from simulations.viewers.session import Answer, Habits

ADDRESS = "http://localhost:8501"
SECONDS, RAMP_PER_VIEWER, SHORTEST_RAMP = 60.0, 0.1, 5.0
ROLES = {"national": 3.0, "province:79": 2.0, "province:01": 2.0, "press": 1.0}
"""Who looks at a demonstration: leaders, provinces, journalists."""
SHOWN_ERRORS = 5


class NoAnswer(DataAccessError):
    """Nobody could be served."""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "viewers", help="drive sessions against a running dashboard; print p50, p95, p99 per page"
    )
    parser.add_argument("viewers", type=int, metavar="N", help="sessions open at the same time")
    parser.add_argument("--url", default=ADDRESS, help=f"the dashboard (default {ADDRESS})")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="T",
                        help=f"how long all of them stay (default {SECONDS:g})")  # fmt: skip
    parser.add_argument("--ramp", type=float, metavar="T",
                        help="seconds in which they come (default 0.1 each)")  # fmt: skip
    parser.add_argument("--think", type=float, default=10.0, metavar="T",
                        help="mean pause before each act (default 10 s)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--one-role", action="store_true",
                        help="everybody as the server decides, not a mix of roles")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def run(args: argparse.Namespace) -> int:
    """Let the viewers come; print what they waited; return the exit code.

    Raises:
        BadUse: for a number that makes no sense, or an address that is none.
        NoAnswer: if no session was served.
    """
    crowd, habits = _options(args)
    answers = asyncio.run(watch(args.url, crowd=crowd, habits=habits, say=_progress))
    if not any(not answer.error for answer in answers):
        reason = answers[0].error if answers else "nobody came"
        raise NoAnswer(f"no session was served by {args.url} ({reason})")
    found = summary(answers)
    print(_document(found, answers, args) if args.json else _table(found, answers, args))  # noqa: T201
    return 0


def _options(args: argparse.Namespace) -> tuple[Crowd, Habits]:
    if args.viewers < 1:
        raise BadUse("N must be at least 1")
    for name in ("seconds", "think"):
        if not getattr(args, name) > 0:
            raise BadUse(f"--{name} must be above 0")
    parts = urlsplit(args.url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise BadUse(f"--url {args.url!r} is no address such as {ADDRESS}")
    ramp = max(SHORTEST_RAMP, args.viewers * RAMP_PER_VIEWER) if args.ramp is None else args.ramp
    if ramp < 0:
        raise BadUse("--ramp must not be below 0")
    crowd = Crowd(
        viewers=args.viewers, ramp_seconds=ramp, stay_seconds=args.seconds, seed=args.seed
    )
    return crowd, Habits(think_seconds=args.think, roles={} if args.one_role else ROLES)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _rate(answers: list[Answer], seconds: float) -> float:
    return len(answers) / seconds


def _errors(answers: list[Answer]) -> dict[str, int]:
    found: dict[str, int] = {}
    for answer in answers:
        if answer.error:
            found[answer.error] = found.get(answer.error, 0) + 1
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _document(found: pl.DataFrame, answers: list[Answer], args: argparse.Namespace) -> str:
    told = {
        "viewers": args.viewers, "think_seconds": args.think, "seconds": args.seconds,
        "answers_per_second": round(_rate(answers, args.seconds), 2), "pages": found.to_dicts(),
        "errors": _errors(answers),
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, indent=2)


def _table(found: pl.DataFrame, answers: list[Answer], args: argparse.Namespace) -> str:
    lines = [
        f"{args.viewers} viewers, {args.think:g} s think time, {args.seconds:g} s under full load: "
        f"{_rate(answers, args.seconds):.1f} answers a second",
        f"{'page':<14}{'act':<20}{'n':>7}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}"
        f"{'KB':>8}{'errors':>8}",
    ]
    for row in found.to_dicts():
        times = "".join(_milliseconds(row[name]) for name in ("p50", "p95", "p99"))
        size = "-" if row["kilobytes"] is None else f"{row['kilobytes']:.1f}"
        lines.append(
            f"{row['page']:<14}{row['act']:<20}{row['n']:>7}{times}{size:>8}{row['n_errors']:>8}"
        )
    told = list(_errors(answers).items())[:SHOWN_ERRORS]
    return "\n".join([*lines, *(f"error: {text} ({n} times)" for text, n in told)])


def _milliseconds(seconds: float | None) -> str:
    return f"{'-' if seconds is None else round(seconds * 1000):>9}"
