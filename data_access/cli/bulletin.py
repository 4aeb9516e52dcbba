"""`bulletin`: cut, compare, accept, sign off, approve, publish, withdraw; list, show, export."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from data_access.actor import Actor, viewer_of
from data_access.bulletins.model import Bulletin
from data_access.bulletins.public import export
from data_access.cli.context import Context
from data_access.clock import parse_instant
from data_access.errors import BadUse
from data_access.plain_text import csv_of
from data_access.shared import Shared, open_shared
from data_access.viewer import Viewer, parse_viewer, press_at

_SHOWN = 50
Way = Callable[[argparse.Namespace, Shared], int]


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "bulletin", help="frozen, numbered states: cut, compare, approve, publish"
    )
    ways = parser.add_subparsers(dest="way", required=True, metavar="WAY")
    cut = _way(ways, "cut", "freeze everything known at a moment as a draft", by=True)
    cut.add_argument("--cut-off", dest="cut_off", metavar="T", help="as known at (default: now)")
    cut.add_argument("--title-vi", default="", metavar="T", help="its Vietnamese title")
    cut.add_argument("--title-en", default="", metavar="T", help="its English title")
    cut.add_argument("--supersedes", type=int, metavar="N", help="withdrawn one it stands for")
    _way(ways, "list", "those you may name, newest first")
    _numbered(ways)
    accepting = _way(
        ways, "accept", "accept changes out of tolerance, with a note", n=True, by=True
    )
    accepting.add_argument("--id", metavar="ID", help="only of this measure or indicator")
    accepting.add_argument("--area", metavar="CODE", help="only of this area")
    accepting.add_argument("--day", metavar="D", help="only of this day")
    accepting.add_argument("--note", required=True, metavar="T", help="why the change is right")
    approving = _way(ways, "approve", "approve a draft by its hash", n=True, by=True)
    approving.add_argument("--sha256", required=True, metavar="H", help="the content approved")
    publishing = _way(ways, "publish", "publish what was approved", n=True, by=True)
    publishing.add_argument("--embargo", metavar="T", help="public from (default: at once)")
    withdrawing = _way(ways, "withdraw", "withdraw; it stays readable, marked", n=True, by=True)
    withdrawing.add_argument("--reason", required=True, metavar="T", help="why")
    return parser


def _numbered(ways: Any) -> None:  # noqa: ANN401 -- argparse hides the type
    _way(ways, "show", "one, its parts and who signed", n=True)
    _way(ways, "verify", "hash everything again; exit 1 on any difference", n=True)
    _way(ways, "revisions", "which cell changed since the one before, by which file", n=True)
    _way(ways, "diff", "what moved against the last published one", n=True).add_argument(
        "--limit", type=int, default=_SHOWN, metavar="N", help=f"lines shown ({_SHOWN})"
    )
    _way(ways, "signoff", "sign off a province's own part", n=True, by=True)
    exporting = _way(ways, "export", "write the public figures: CSV, Parquet, manifest", n=True)
    exporting.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder")


def _way(
    ways: Any,  # noqa: ANN401 -- argparse hides the type
    name: str,
    about: str,
    *,
    n: bool = False,
    by: bool = False,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = ways.add_parser(name, help=about)
    if n:
        parser.add_argument("number", type=int, metavar="N", help="number of the bulletin")
    if by:
        parser.add_argument("--by", required=True, metavar="LOGIN", help="account that does it")
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
        return _WAYS[args.way](args, shared)
    finally:
        shared.close()


def _viewer(args: argparse.Namespace, shared: Shared) -> Viewer:
    return parse_viewer(args.role, now=shared.clock())


def _actor(args: argparse.Namespace, shared: Shared) -> Actor:
    viewer = _viewer(args, shared)
    return Actor(account=args.by, role=viewer.role, areas=viewer.areas)


def _moment(text: str, option: str, shared: Shared) -> datetime:
    try:
        return parse_instant(text, zone=shared.areas.country.time_zone)
    except ValueError as error:
        raise BadUse(f"{option} {text!r} is no ISO date or time") from error


# --- steps --------------------------------------------------------------------------------------


def _cut(args: argparse.Namespace, shared: Shared) -> int:
    cut_off = _moment(args.cut_off, "--cut-off", shared) if args.cut_off else shared.clock()
    made = shared.bulletins.cut(
        _actor(args, shared), cut_off, title_vi=args.title_vi, title_en=args.title_en,
        supersedes=args.supersedes,
    )  # fmt: skip
    return _tell(made, args)


def _accept(args: argparse.Namespace, shared: Shared) -> int:
    try:
        day = date.fromisoformat(args.day) if args.day else None
    except ValueError as error:
        raise BadUse(f"--day {args.day!r} is no date, as in 2021-09-02") from error
    n_lines = shared.bulletins.accept(
        _actor(args, shared), args.number, note=args.note, id=args.id, area_code=args.area, day=day
    )
    return _say({"accepted": n_lines}, f"accepted {n_lines} changes", args)


def _sign_off(args: argparse.Namespace, shared: Shared) -> int:
    actor = _actor(args, shared)
    shared.bulletins.sign_off(actor, args.number)
    provinces = sorted(actor.areas)
    return _say({"signed": provinces}, f"signed off: {', '.join(provinces)}", args)


def _approve(args: argparse.Namespace, shared: Shared) -> int:
    actor = _actor(args, shared)
    made = shared.bulletins.approve(actor, args.number, args.sha256)
    late = shared.bulletins.unsigned(args.number, viewer=viewer_of(actor, now=shared.clock()))
    _tell(made, args, unsigned=list(late))
    if late and not args.json:
        print(f"not signed off by: {', '.join(late)}")
    return 0


def _publish(args: argparse.Namespace, shared: Shared) -> int:
    embargo = _moment(args.embargo, "--embargo", shared) if args.embargo else None
    return _tell(shared.bulletins.publish(_actor(args, shared), args.number, embargo), args)


def _withdraw(args: argparse.Namespace, shared: Shared) -> int:
    return _tell(shared.bulletins.withdraw(_actor(args, shared), args.number, args.reason), args)


# --- reading ------------------------------------------------------------------------------------


def _list(args: argparse.Namespace, shared: Shared) -> int:
    found = shared.bulletins.list(viewer=_viewer(args, shared))
    if args.json:
        print(json.dumps([_plain(one) for one in found], ensure_ascii=False))
    for one in found if not args.json else ():
        print(_line(one))
    return 0


def _show(args: argparse.Namespace, shared: Shared) -> int:
    viewer = _viewer(args, shared)
    head = shared.bulletins.show(args.number, viewer=viewer)
    parts = shared.bulletins.parts(args.number, viewer=viewer)
    late = shared.bulletins.unsigned(args.number, viewer=viewer)
    told = {"parts": parts.height, "cells": int(parts.filter(kind="cells")["n_rows"].sum()),
            "bytes": int(parts["n_bytes"].sum()), "unsigned": list(late)}  # fmt: skip
    if args.json:
        print(json.dumps({**_plain(head), **told}, ensure_ascii=False))
        return 0
    for name, value in {**_plain(head), **told}.items():
        if value not in (None, "", []) and name != "rules":
            print(f"{name}: {value}")
    return 0


def _verify(args: argparse.Namespace, shared: Shared) -> int:
    wrong = shared.bulletins.verify(args.number, viewer=_viewer(args, shared))
    if args.json:
        print(json.dumps({"number": args.number, "wrong": list(wrong)}, ensure_ascii=False))
    else:
        for line in wrong:
            print(line)
        print(f"bulletin {args.number}: {len(wrong)} differences")
    return 1 if wrong else 0


def _diff(args: argparse.Namespace, shared: Shared) -> int:
    found = shared.bulletins.diff(args.number, viewer=_viewer(args, shared))
    return _table(found, args, limit=args.limit)


def _revisions(args: argparse.Namespace, shared: Shared) -> int:
    viewer = _viewer(args, shared)
    told = (
        shared.bulletins.public_revisions if viewer.published_only else shared.bulletins.revisions
    )
    return _table(told(args.number, viewer=viewer), args, limit=None)


def _export(args: argparse.Namespace, shared: Shared) -> int:
    press = press_at(shared.clock())
    manifest = export(shared, args.number, args.out, viewer=press)
    return _say(manifest, f"bulletin {args.number}: written to {args.out.name}", args)


def _table(found: pl.DataFrame, args: argparse.Namespace, *, limit: int | None) -> int:
    shown = found if limit is None else found.head(limit)
    if args.json:
        rows = [{name: _text(value) for name, value in row.items()}
                for row in shown.iter_rows(named=True)]  # fmt: skip
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    sys.stdout.write(csv_of(shown).decode())
    if shown.height < found.height:
        print(f"... and {found.height - shown.height} more", file=sys.stderr)
    return 0


def _tell(head: Bulletin, args: argparse.Namespace, **more: object) -> int:
    return _say({**_plain(head), **more}, _line(head), args)


def _say(told: dict[str, Any], line: str, args: argparse.Namespace) -> int:
    print(json.dumps(told, ensure_ascii=False) if args.json else line)
    return 0


def _line(one: Bulletin) -> str:
    public = f", public from {one.public_from.isoformat()}" if one.public_from else ""
    return (
        f"bulletin {one.number}: {one.state.value}, as known at {one.cut_off.isoformat()}{public},"
        f" sha256 {one.sha256}"
    )


def _plain(one: Bulletin) -> dict[str, Any]:
    told = {name: _text(value) for name, value in asdict(one).items()}
    return {**told, "public_from": _text(one.public_from), "rules": json.loads(one.rules)}


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


_WAYS: dict[str, Way] = {
    "cut": _cut, "list": _list, "show": _show, "verify": _verify, "diff": _diff,
    "accept": _accept, "signoff": _sign_off, "approve": _approve, "publish": _publish,
    "withdraw": _withdraw, "revisions": _revisions, "export": _export,
}  # fmt: skip
