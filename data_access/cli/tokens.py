"""`token create`, `token list` and `token revoke`: programs that deliver or read over HTTP."""

import argparse
import json
import sys
from datetime import datetime
from typing import Any

from data_access import tokens
from data_access.accounts.model import ROLES
from data_access.cli.context import Context
from data_access.cli.users import here, user_name
from data_access.clock import machine_clock
from data_access.errors import BadUse
from data_access.migrations import require_current
from data_access.viewer import system_viewer


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "token", help="tokens of programs that deliver or read over HTTP"
    )
    ways = parser.add_subparsers(dest="way", required=True, metavar="create|list|revoke")
    _add_create(ways.add_parser("create", help="make one; its text is printed this once"))
    listing = ways.add_parser("list", help="all tokens, without their secrets")
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    revoking = ways.add_parser("revoke", help="end one for good")
    revoking.add_argument("token_id", metavar="ID")
    return parser


def _add_create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", required=True, metavar="S", help="who delivers, or reads")
    parser.add_argument(
        "--purpose", choices=[purpose.value for purpose in tokens.Purpose], default="ingest",
        help="what it opens: deliver records (default), or read figures as a role",
    )  # fmt: skip
    parser.add_argument(
        "--platform", dest="platforms", action="append", default=[], metavar="P",
        type=str.lower, help="platform it may deliver to; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--role", choices=[role.value for role in ROLES], default="",
        help="role it reads as (--purpose api)",
    )  # fmt: skip
    parser.add_argument(
        "--area", dest="areas", action="append", default=[], metavar="CODE",
        help="province it may deliver for (default: all), or sees as a province; may be repeated",
    )  # fmt: skip
    parser.add_argument("--days", type=int, default=365, metavar="N", help="days it lives (365)")
    parser.add_argument("--note", default="", metavar="T", help="what it is for")
    parser.add_argument("--by", default="", metavar="WHO", help="who asks for it")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace, context: Context) -> int:
    """Make, list or revoke; return the exit code.

    Raises:
        DataAccessError: with one clear line; nothing was changed then.
    """
    require_current(context.engine)
    now = machine_clock()  # tokens live in real time, whatever moment a rehearsal stands at
    if args.way == "create":
        _create(args, context, now=now)
    elif args.way == "list":
        _list(args, context, now=now)
    else:
        tokens.revoke_token(context.engine, args.token_id, now=now, actor=here())
        print(f"{args.token_id} is revoked")
    return 0


def _create(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    purpose = tokens.Purpose(args.purpose)
    if purpose is tokens.Purpose.INGEST and not args.platforms:
        raise BadUse("the following arguments are required: --platform")
    grant = tokens.Grant(
        source=args.source,
        platforms=frozenset(args.platforms),
        areas=frozenset(args.areas),
        days=args.days,
        note=args.note,
        created_by=args.by or user_name(),
        purpose=purpose,
        role=args.role,
    )
    token, text = tokens.create_token(
        context.engine, grant, areas=context.areas, now=now, actor=here()
    )
    if args.json:
        print(json.dumps({**token.as_json(now), "token": text}, ensure_ascii=False))
        return
    print(text)
    print(
        f"id {token.token_id}, until {token.expires_at:%Y-%m-%d}. "
        "Keep the line above: it is not stored and cannot be shown again.",
        file=sys.stderr,
    )


def _list(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    found = tokens.list_tokens(context.engine, viewer=system_viewer(now))
    if args.json:
        print(json.dumps([token.as_json(now) for token in found], ensure_ascii=False))
        return
    for token in found:
        used = f"{token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never"
        parts = (
            token.token_id,
            token.state(now).value,
            token.source,
            token.role or ",".join(sorted(token.platforms)),
            ",".join(sorted(token.areas)) or "all areas",
            f"until {token.expires_at:%Y-%m-%d}",
            f"used {used}",
            token.created_by,
            token.note,
        )
        print("\t".join(parts))
