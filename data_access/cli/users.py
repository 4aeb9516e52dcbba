"""`user add|list|role|disable|enable|password|totp|sessions|demo`: who may sign in.

A password comes from standard input or a prompt, never from the command line, where everybody on
the machine could read it.
"""

import argparse
import getpass
import json
import sys
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from data_access.accounts import demo, manage, rows, sessions
from data_access.accounts.keys import Keys
from data_access.accounts.model import OUTSIDE, ROLES, Account, console
from data_access.actor import Actor
from data_access.cli.context import Context
from data_access.clock import machine_clock
from data_access.codes import Role
from data_access.engine import ACCOUNT_LOCK, writing
from data_access.errors import BadUse
from data_access.migrations import require_current
from data_access.viewer import system_viewer


def add_parser(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 -- argparse hides the type
    """Add the command to the program's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "user", help="accounts of people who sign in"
    )
    ways = parser.add_subparsers(
        dest="way",
        required=True,
        metavar="add|list|role|disable|enable|password|totp|sessions|demo",
    )
    adding = ways.add_parser("add", help="make one; its first password is to be changed")
    adding.add_argument("login", metavar="LOGIN")
    adding.add_argument("--name", required=True, metavar="NAME", help="name on screen")
    _reach(adding)
    _stdin(adding)
    listing = ways.add_parser("list", help="all accounts")
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    _named(ways, "role", "give one another role or other provinces; ends its sessions", _reach)
    _named(ways, "disable", "shut one; ends its sessions")
    _named(ways, "enable", "open one again, and forget failed attempts")
    _named(ways, "password", "give one a new first password; ends its sessions", _stdin)
    _named(ways, "totp", "take away a second factor whose owner has lost it", _off)
    _named(ways, "sessions", "its open sessions, or end them", _ending)
    demos = ways.add_parser("demo", help="one account per role, for a demonstration")
    demos.add_argument("--remove", action="store_true", help="remove them instead")
    return parser


def _named(ways: Any, name: str, text: str, *more: Any) -> None:  # noqa: ANN401 -- as above
    parser = ways.add_parser(name, help=text)
    parser.add_argument("login", metavar="LOGIN")
    for add in more:
        add(parser)


def _reach(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role", required=True, choices=[role.value for role in ROLES], help="what it may do"
    )
    parser.add_argument(
        "--area", dest="areas", action="append", default=[], metavar="CODE",
        help="province it sees, for the role province; may be repeated",
    )  # fmt: skip


def _stdin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin", action="store_true",
        help="read the password from standard input (default: one is made up and printed)",
    )  # fmt: skip
    parser.add_argument("--ask", action="store_true", help="ask for the password")


def _off(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--off", action="store_true", required=True, help="take it away")


def _ending(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--end", action="store_true", help="end them all")


def run(args: argparse.Namespace, context: Context) -> int:
    """Make, change or list accounts; return the exit code.

    Raises:
        DataAccessError: with one clear line; nothing was changed then.
    """
    require_current(context.engine)
    ways = {
        "add": _add,
        "list": _list,
        "role": _role,
        "disable": _disable,
        "enable": _enable,
        "password": _password,
        "totp": _totp,
        "sessions": _sessions,
        "demo": _demo,
    }
    ways[args.way](args, context, now=machine_clock())  # sessions live in real time
    return 0


def here() -> Actor:
    """Return who runs this command."""
    return console(user_name())


def user_name() -> str:
    """Return the machine's name of who runs this command; empty where there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        return ""


def _keys(context: Context) -> Keys | None:
    secret = context.settings.session_key
    return Keys(secret) if secret else None


def _given(args: argparse.Namespace) -> str:
    """Return the password that is typed or piped in; empty: one is to be made up."""
    if args.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif args.ask:
        password = getpass.getpass("password: ")
        if getpass.getpass("again: ") != password:
            raise BadUse("the two passwords differ")
    else:
        return ""
    if not password:
        raise BadUse("no password was given")
    return password


def _add(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    given = _given(args)
    new = manage.NewAccount(
        login=args.login,
        name=args.name,
        role=Role(args.role),
        areas=frozenset(args.areas),
        password=given,
    )
    account, password = manage.add_account(
        context.engine, new, areas=context.areas, actor=here(), now=now
    )
    print(f"{account.login} may sign in as {account.role}", file=sys.stderr)
    _hand_over(password, given=given)


def _hand_over(password: str, *, given: str) -> None:
    if given:
        return
    print(password)
    print(
        "Keep the line above: it is not stored, and has to be changed at the first sign-in.",
        file=sys.stderr,
    )


def _list(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    found = rows.list_accounts(context.engine, viewer=system_viewer(now))
    if args.json:
        print(json.dumps([account.as_json() for account in found], ensure_ascii=False))
        return
    for account in found:
        print(_line(account))


def _line(account: Account) -> str:
    seen = account.signed_in_at
    parts = (
        account.login,
        account.name,
        account.role.value,
        ",".join(sorted(account.areas)) or "-",
        "disabled" if account.disabled_at else "active",
        "second factor" if account.has_totp else "password only",
        f"signed in {seen:%Y-%m-%d %H:%M} UTC" if seen else "never signed in",
    )
    return "\t".join(parts)


def _role(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    role, reach = Role(args.role), frozenset(args.areas)
    manage.set_role(
        context.engine, args.login, role, reach=reach, areas=context.areas, actor=here(), now=now
    )
    print(f"{args.login} is {role} now; its sessions are over")


def _disable(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    manage.disable(context.engine, args.login, actor=here(), now=now)
    print(f"{args.login} is shut; its sessions are over")


def _enable(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    manage.enable(context.engine, args.login, keys=_keys(context), actor=here(), now=now)
    print(f"{args.login} may sign in again")


def _password(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    given = _given(args)
    password = manage.reset_password(
        context.engine, args.login, password=given, keys=_keys(context), actor=here(), now=now
    )
    print(f"{args.login} has a new password; its sessions are over", file=sys.stderr)
    _hand_over(password, given=given)


def _totp(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    manage.drop_totp(context.engine, args.login, actor=here(), now=now)
    print(f"{args.login} signs in without a second factor now; its sessions are over")


def _sessions(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    account_id = _id_of(context.engine, args.login)
    if args.end:
        number = sessions.end_everywhere(context.engine, account_id, actor=here(), now=now)
        print(f"{number} sessions of {args.login} are over")
        return
    for one in sessions.listed(context.engine, now=now, viewer=system_viewer(now)):
        if one.account_id == account_id:
            seen, until = f"{one.seen_at:%Y-%m-%d %H:%M}", f"{one.expires_at:%Y-%m-%d %H:%M}"
            print("\t".join((one.session_id, f"seen {seen} UTC", f"until {until} UTC")))


def _id_of(engine: sa.Engine, login: str) -> str:
    if login.startswith(OUTSIDE):
        return login  # no account of ours; what follows `oidc:` is the institution's word
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        return str(rows.by_login(connection, login)["account_id"])


def _demo(args: argparse.Namespace, context: Context, *, now: datetime) -> None:
    if args.remove:
        number = demo.remove_demo_accounts(context.engine, actor=here(), now=now)
        print(f"{number} accounts of the demonstration are gone")
        return
    made = demo.make_demo_accounts(
        context.engine, demo=context.settings.demo, areas=context.areas, actor=here(), now=now
    )
    for account, password in made:
        print("\t".join((account.login, password, account.role, ",".join(sorted(account.areas)))))
    print("These passwords are not stored; the command makes new ones.", file=sys.stderr)
