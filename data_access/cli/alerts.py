"""`alerts`: run, list, show, ack, assign, note, escalate, close, send, backtest."""

import argparse
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from data_access.actor import Actor
from data_access.alerts.backtest import score
from data_access.alerts.model import Action, Alert
from data_access.cli.context import Context
from data_access.errors import BadUse
from data_access.plain_text import csv_of
from data_access.shared import Shared, open_shared
from data_access.viewer import Viewer, parse_viewer

Way = Callable[[argparse.Namespace, Shared], int]
_STEPS = {
    "ack": (Action.ACKNOWLEDGE, "say that it has been seen"),
    "assign": (Action.ASSIGN, "give it to somebody"),
    "note": (Action.NOTE, "write a note"),
    "escalate": (Action.ESCALATE, "hand it to the level above, with a note"),
    "close": (Action.CLOSE, "close it, with a note that says why"),
}


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "alerts", help="raise alerts, list and handle them, back-test their rules"
    )
    ways = parser.add_subparsers(dest="way", required=True, metavar="WAY")
    _way(ways, "run", "judge what has come in, raise alerts, send what is due")
    _way(ways, "send", "send what is due by webhook and mail")
    listing = _way(ways, "list", "open alerts, the newest last")
    listing.add_argument("--all", action="store_true", help="closed ones too")
    listing.add_argument("--rule", metavar="R", help="only of this rule")
    listing.add_argument("--area", metavar="CODE", help="only of this area")
    _way(ways, "show", "one: its numbers and what was done", n=True)
    for name, (action, about) in _STEPS.items():
        _step_parser(ways, name, action, about)
    testing = _way(ways, "backtest", "what a rule would have raised, on figures as known now")
    testing.add_argument("--rule", required=True, metavar="R", help="key of the rule")
    testing.add_argument("--from", dest="start", required=True, metavar="D", help="first day")
    testing.add_argument("--to", dest="end", required=True, metavar="D", help="last day")
    return parser


def _step_parser(ways: Any, name: str, action: Action, about: str) -> None:  # noqa: ANN401 -- argparse hides the type
    one = _way(ways, name, about, n=True)
    one.add_argument("--by", required=True, metavar="LOGIN", help="account that does it")
    one.add_argument("--note", default="", metavar="T", help="why")
    one.add_argument("--version", type=int, metavar="V", help="that of the alert as it was seen")
    if action is Action.ASSIGN:
        one.add_argument("--to", required=True, metavar="LOGIN", help="who has it from now on")


def _way(
    ways: Any,  # noqa: ANN401 -- argparse hides the type
    name: str,
    about: str,
    *,
    n: bool = False,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = ways.add_parser(name, help=about)
    if n:
        parser.add_argument("number", type=int, metavar="N", help="number of the alert")
    parser.add_argument("--as", dest="role", default="national", metavar="ROLE[:AREA]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Do it; return the exit code.

    Raises:
        DataAccessError: with one clear line; nothing was changed then.
    """
    shared = open_shared(context.settings)
    try:
        if args.way in _STEPS:
            return _step(args, shared)
        return _WAYS[args.way](args, shared)
    finally:
        shared.close()


def _viewer(args: argparse.Namespace, shared: Shared) -> Viewer:
    return parse_viewer(args.role, now=shared.clock())


def _run(args: argparse.Namespace, shared: Shared) -> int:
    n_alerts, n_rules = shared.alerts.run(shared)
    n_sent = shared.alerts.send()
    told = {"rules": n_rules, "alerts": n_alerts, "sent": n_sent}
    line = f"{n_rules} rules judged, {n_alerts} alerts raised or extended, {n_sent} messages sent"
    print(json.dumps(told) if args.json else line)
    return 0


def _send(args: argparse.Namespace, shared: Shared) -> int:
    n_sent = shared.alerts.send()
    print(json.dumps({"sent": n_sent}) if args.json else f"{n_sent} messages sent")
    return 0


def _list(args: argparse.Namespace, shared: Shared) -> int:
    found = shared.alerts.listed(viewer=_viewer(args, shared), is_open=None if args.all else True)
    shown = [one for one in found
             if args.rule in (None, one.rule) and args.area in (None, one.area_code)]  # fmt: skip
    if args.json:
        print(json.dumps([_plain(one) for one in shown], ensure_ascii=False))
        return 0
    for one in shown:
        print(_line(one))
    return 0


def _show(args: argparse.Namespace, shared: Shared) -> int:
    viewer = _viewer(args, shared)
    one = shared.alerts.show(args.number, viewer=viewer)
    evidence = shared.alerts.evidence(args.number, viewer=viewer).drop("seen_at")
    steps = shared.alerts.steps(args.number, viewer=viewer)
    if args.json:
        told = {**_plain(one), "evidence": json.loads(evidence.write_json()),
                "steps": [_plain(step) for step in steps]}  # fmt: skip
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print(_line(one))
    print(csv_of(evidence).decode(), end="")
    for step in steps:
        to = f" to {step.assignee}" if step.assignee else ""
        note = f": {step.note}" if step.note else ""
        print(f"{step.at.isoformat()} {step.action.value}{to} by {step.account}{note}")
    return 0


def _step(args: argparse.Namespace, shared: Shared) -> int:
    viewer = _viewer(args, shared)
    actor = Actor(account=args.by, role=viewer.role, areas=viewer.areas)
    seen = args.version or shared.alerts.show(args.number, viewer=viewer).version
    made = shared.alerts.act(
        actor, args.number, _STEPS[args.way][0], version=seen, note=args.note,
        assignee=getattr(args, "to", ""),
    )  # fmt: skip
    print(json.dumps(_plain(made), ensure_ascii=False) if args.json else _line(made))
    return 0


def _backtest(args: argparse.Namespace, shared: Shared) -> int:
    start, end = _day(args.start, "--from"), _day(args.end, "--to")
    if start > end:
        raise BadUse(f"the first day {start} lies after the last day {end}")
    rule = shared.alerts.rules.get(args.rule)
    if rule is None:
        raise BadUse(
            f"no rule has the key {args.rule!r}; there are {', '.join(shared.alerts.rules)}"
        )
    found = shared.alerts.series(shared, rule, start=start, end=end, viewer=_viewer(args, shared))
    made = score(rule, ((series, ()) for series in found.values()), start=start, end=end)
    told = {"rule": rule.key, "areas": made.n_areas, "days": (end - start).days + 1,
            "alerts": made.n_alarms, "per_area_week": round(made.per_area_week, 4)}  # fmt: skip
    line = (f"{rule.key}: {made.n_alarms} alerts in {made.n_areas} areas,"
            f" {made.per_area_week:.3f} per area and week")  # fmt: skip
    print(json.dumps(told) if args.json else line)
    return 0


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadUse(f"{option} {text!r} is no date, as in 2021-09-02") from error


def _line(one: Alert) -> str:
    to = f", with {one.assignee}" if one.assignee else ""
    return (
        f"alert {one.alert_id} ({one.severity.value}): {one.rule} in {one.area_code},"
        f" {one.first_day} to {one.last_day}, {one.state.value}{to}"
    )


def _plain(one: object) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date | datetime) else value
        for name, value in vars(one).items()
    }


_WAYS: dict[str, Way] = {
    "run": _run, "send": _send, "list": _list, "show": _show, "backtest": _backtest,
}  # fmt: skip
