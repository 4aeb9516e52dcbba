"""`level`: the official level of an area on a day, with everything that made it."""

import argparse
import json
from datetime import date
from functools import partial
from typing import Any, Protocol

import sqlalchemy as sa

from data_access.clock import Clock
from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.cube.query import figures
from data_access.errors import BadUse
from data_access.levels import hand
from data_access.levels.book import Standing
from data_access.levels.local_files import load_local_rules
from data_access.levels.reading import ground_of, open_book
from data_access.reference.areas import Areas
from data_access.reference.pack import resolve_pack
from data_access.rules.counterfactual import Change
from data_access.rules.model import Reading, Value
from data_access.rules.pace import Pace
from data_access.settings import Settings
from data_access.viewer import parse_viewer


class Context(Protocol):
    """What the command line gives to a command."""

    @property
    def settings(self) -> Settings:
        """What the environment says."""

    @property
    def engine(self) -> sa.Engine:
        """The shared database."""

    @property
    def clock(self) -> Clock:
        """What time it is."""

    @property
    def areas(self) -> Areas:
        """The places of the country."""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "level", help="print the official level of an area on a day, and what made it"
    )
    parser.add_argument(
        "area", metavar="AREA", help="code or name of a province, district, commune"
    )
    parser.add_argument("--on", required=True, metavar="D", help="the day, as in 2021-10-22")
    parser.add_argument("--rule", metavar="ID", help="rule set to try, not the one in force")
    parser.add_argument("--as", dest="role", default="national", metavar="ROLE[:AREA]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def run(args: argparse.Namespace, context: Context) -> int:
    """Print the level; return the exit code.

    Raises:
        DataAccessError: with one clear line; nothing was printed then.
    """
    day, areas = _day(args.on), context.areas
    viewer = parse_viewer(args.role, now=context.clock())
    cube = HotCube(context.engine, context.clock, geography=Geography(areas))
    ground = ground_of(args.area, areas=areas, vintage=areas.vintage_on(day))
    pack = resolve_pack(context.settings.pack or None)
    book = open_book(
        partial(figures, cube, viewer=viewer),
        ground,
        areas=areas,
        viewer=viewer,
        local=load_local_rules(pack.folder, areas=pack.areas["code"]).with_said(
            hand.said(context.engine, viewer=viewer)
        ),
    )
    found = book.history(day, rule=args.rule).get(ground.inside or "", [])
    if not found:
        raise BadUse(f"nothing is known of {args.area!r}")
    told = as_plain(found[-1], book.pace(str(ground.inside), day, rule=args.rule))
    told = {"area_level": ground.level.value, **told}
    print(json.dumps(told, ensure_ascii=False) if args.json else as_text(told))
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadUse(f"--on {text!r} is no date, as in 2021-10-22") from error


# --- what is said -------------------------------------------------------------------------------


def as_plain(standing: Standing, pace: Pace | None) -> dict[str, Any]:
    """Return a standing as plain JSON types."""
    made = standing.assessment
    rule = made.ruleset
    return {
        "area": made.area,
        "day": made.day.isoformat(),
        "level": made.level,
        "possible": list(made.possible),
        "rule_set": rule.id,
        "number": rule.number,
        "issuer": rule.issuer_en,
        "in_force": rule.is_in_force(made.day) and not rule.fallback,
        "incomplete": rule.incomplete,
        "confidence": made.confidence,
        "level_before": standing.inputs.current,
        "criteria": [_reading(one, standing) for one in made.per_criterion],
        "adjustments": [
            {"key": one.key, "applied": one.applied, "before": one.before, "after": one.after}
            for one in made.adjustments
        ],
        "missing": list(made.missing),
        "notes": list(made.notes),
        "counterfactual": [_change(one, standing) for one in standing.changes],
        "days_to_edge": None if pace is None else {
            "edge": pace.edge, "linear": pace.linear, "exponential": pace.exponential,
        },
        "sources": list(rule.sources),
    }  # fmt: skip


def _reading(one: Reading, standing: Standing) -> dict[str, Any]:
    said = standing.hands.get(one.criterion.key)
    return {
        "key": one.criterion.key,
        "unit": one.criterion.unit,
        "value": one.value,
        "band": one.band,
        "edges": list(one.criterion.edges),
        "to_edge_below": one.below,
        "to_edge_above": one.above,
        "by_hand": said is not None,
        "sources": [said.source] if said else list(standing.sources.get(one.criterion.key, ())),
        "account": said.account if said else "",
    }


def _change(one: Change, standing: Standing) -> dict[str, Any]:
    return {
        "key": one.key,
        "to_level": one.to_level,
        "edge": one.edge,
        "reached": one.reached,
        "delta": one.delta,
        "cases_per_week": standing.people(one),
    }


def as_text(told: dict[str, Any]) -> str:
    """Return what is said as lines to read."""
    low, high = told["possible"]
    undetermined = f"undetermined (between {low} and {high})"
    status = "in force" if told["in_force"] else "not in force that day, or for reference"
    lines = [
        f"{told['area']} on {told['day']}: level {told['level'] or undetermined}",
        f"rule set: {told['number']}, {told['issuer']} ({status}"
        f"{', incomplete' if told['incomplete'] else ''}); confidence {told['confidence']:.0%}",
    ]
    for one in told["criteria"]:
        near = [f"{_short(one[key])} {word}" for key, word in
                (("to_edge_below", "above the edge below"), ("to_edge_above", "to the edge above"))
                if one[key] is not None]  # fmt: skip
        lines.append(f"  {one['key']}: {_short(one['value'])}" + _listed(near) + _from(one))
    lines += [f"missing: {', '.join(told['missing'])}"] if told["missing"] else []
    for one in told["adjustments"]:
        moved = f"{one['before']} -> {one['after']}" if one["applied"] else "no effect"
        lines.append(f"adjustment {one['key']}: {moved}")
    lines += [
        f"level {one['to_level']} if {one['key']} were {_needed(one)}"
        for one in told["counterfactual"]
    ]
    return "\n".join(lines)


def _needed(one: dict[str, Any]) -> str:
    """Return what a criterion would have to be: `at least 50`, `below 50`, `yes`."""
    edge, delta = _short(one["edge"]), one["delta"]
    if delta is None:
        return edge
    rising = delta > 0
    words = ("at least", "at most") if one["reached"] else ("above", "below")
    return f"{words[0] if rising else words[1]} {edge}"


def _from(one: dict[str, Any]) -> str:
    if not one["sources"] or one["value"] is None:
        return ""
    who = f" by {one['account']}" if one["account"] else ""
    return f" [{'by hand' + who + ': ' if one['by_hand'] else ''}{', '.join(one['sources'])}]"


def _listed(parts: list[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""


def _short(value: Value) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.4g}"
