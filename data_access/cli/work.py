"""`needs` and `proposals`: list, show, add, move; every step as the pages take it."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from data_access.actor import Actor
from data_access.cli.context import Context
from data_access.errors import BadUse
from data_access.shared import Shared, open_shared
from data_access.viewer import parse_viewer
from data_access.workflow.model import Flow, Item

Way = Callable[[argparse.Namespace, Shared], int]


class Command:
    """The command of one kind of work.

    Args:
        name: of the command and of the attribute of `Shared`.
        about: its help.
    """

    def __init__(self, name: str, about: str) -> None:
        """Hold the name."""
        self.name = name
        self._about = about

    def add_parser(self, subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
        """Add the command to the program's parser."""
        parser: argparse.ArgumentParser = subparsers.add_parser(self.name, help=self._about)
        ways = parser.add_subparsers(dest="way", required=True, metavar="WAY")
        _way(ways, "list", "those in sight")
        _way(ways, "show", "one, with everything that was done with it", code=True)
        _acting(_way(ways, "add", "begin one"))
        moving = _acting(_way(ways, "move", "take a step", code=True))
        moving.add_argument("--step", required=True, metavar="NAME", help="as `show` lists them")
        moving.add_argument(
            "--version", type=int, metavar="N", help="refuse if somebody moved it since"
        )
        return parser

    def run(self, args: argparse.Namespace, context: Context) -> int:
        """Do it; return the exit code.

        Raises:
            DataAccessError: with one clear line; nothing was changed then.
        """
        shared = open_shared(context.settings)
        try:
            return self._ways()[args.way](args, shared)
        finally:
            shared.close()

    def _ways(self) -> dict[str, Way]:
        return {"list": self._list, "show": self._show, "add": self._add, "move": self._move}

    def _items(self, args: argparse.Namespace, shared: Shared) -> list[Item]:
        viewer = parse_viewer(args.role, now=shared.clock())
        if self.name == "needs":
            return shared.needs.list(viewer=viewer)
        found = shared.proposals.list(viewer=viewer, account=getattr(args, "by", ""))
        return [item for item, _ in found]

    def _flow(self, shared: Shared) -> Flow:
        return shared.needs.flow if self.name == "needs" else shared.proposals.flow

    def _list(self, args: argparse.Namespace, shared: Shared) -> int:
        flow, found = self._flow(shared), self._items(args, shared)
        if args.json:
            print(json.dumps([_plain(flow, item) for item in found], ensure_ascii=False))
        for item in found if not args.json else ():
            print(f"{flow.code(item.number)}\t{item.state}\t{item.text('title')}")
        return 0

    def _show(self, args: argparse.Namespace, shared: Shared) -> int:
        flow = self._flow(shared)
        number = flow.number(args.code)
        item = next((one for one in self._items(args, shared) if one.number == number), None)
        if item is None:
            raise BadUse(f"there is no {flow.kind} {flow.code(number)}")
        return _tell(flow, item, args, with_steps=True)

    def _add(self, args: argparse.Namespace, shared: Shared) -> int:
        desk = shared.needs if self.name == "needs" else shared.proposals
        return _tell(desk.flow, desk.add(_actor(args, shared), _given(args.field)), args)

    def _move(self, args: argparse.Namespace, shared: Shared) -> int:
        desk = shared.needs if self.name == "needs" else shared.proposals
        made = desk.take(
            _actor(args, shared), desk.flow.number(args.code), way=args.step,
            given=_given(args.field), expected=args.version,
        )  # fmt: skip
        return _tell(desk.flow, made, args)


def _way(
    ways: Any,  # noqa: ANN401 -- argparse hides the type
    name: str,
    about: str,
    *,
    code: bool = False,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = ways.add_parser(name, help=about)
    if code:
        parser.add_argument("code", metavar="CODE", help="as in N-3 or P-3")
    parser.add_argument("--as", dest="role", default="national", metavar="ROLE[:AREA]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _acting(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--by", required=True, metavar="LOGIN", help="account that does it")
    parser.add_argument(
        "--field", action="append", default=[], metavar="NAME=TEXT",
        help="what is filled in; lists separated by commas",
    )  # fmt: skip
    return parser


def _actor(args: argparse.Namespace, shared: Shared) -> Actor:
    viewer = parse_viewer(args.role, now=shared.clock())
    return Actor(account=args.by, role=viewer.role, areas=viewer.areas)


def _given(fields: list[str]) -> dict[str, str]:
    if wrong := [text for text in fields if "=" not in text]:
        raise BadUse(f"--field takes NAME=TEXT, not {wrong[0][:40]!r}")
    return {name.strip(): text for name, _, text in (field.partition("=") for field in fields)}


def _plain(flow: Flow, item: Item) -> dict[str, object]:
    return {
        "code": flow.code(item.number), "version": item.version, "state": item.state,
        "since": item.stays[-1].since.isoformat(), "opened_at": item.opened_at.isoformat(),
        "province": item.province, **item.fields,
    }  # fmt: skip


def _tell(flow: Flow, item: Item, args: argparse.Namespace, *, with_steps: bool = False) -> int:
    steps = [
        {"version": step.version, "at": step.at.isoformat(), "account": step.account,
         "role": step.role.value, "action": step.action, "state": step.state, **step.content}
        for step in item.steps
    ]  # fmt: skip
    if args.json:
        told = _plain(flow, item) | ({"steps": steps} if with_steps else {})
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print(f"{flow.code(item.number)}: {item.state}, version {item.version}: {item.text('title')}")
    for step in steps if with_steps else ():
        print("  " + "  ".join(f"{name}={value}" for name, value in step.items()))
    if with_steps:
        after = [way.name for way in flow.ways.values() if item.state in way.sources]
        print(f"  steps from here: {', '.join(after)}")
    return 0


NEEDS = Command("needs", "needs of health and provinces: list, show, add, move")
PROPOSALS = Command("proposals", "proposals of organisations: list, show, add, move")
