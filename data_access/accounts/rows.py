"""Accounts as rows: reading them, and who may change them."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.accounts.model import OUTSIDE, Account
from data_access.actor import Actor
from data_access.codes import Role, from_us
from data_access.errors import BadUse, ScopeDenied
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

READERS = frozenset({Role.ADMIN, Role.SYSTEM})
MANAGERS = READERS
SCHEMA: Schema = {
    **dict.fromkeys(("account_id", "login", "name", "role", "areas", "totp_secret"), pl.String),
    **dict.fromkeys(("must_change", "is_demo", "created_at"), pl.Int64),
    **dict.fromkeys(("signed_in_at", "disabled_at"), pl.Int64),
}
COLUMNS = tuple(tables.account.c[name] for name in SCHEMA)


def account_of(row: Mapping[str, Any]) -> Account:
    """Return the account of a row."""
    moments = {
        name: None if row[name] is None else from_us(row[name])
        for name in ("signed_in_at", "disabled_at")
    }
    return Account(
        account_id=row["account_id"],
        login=row["login"],
        name=row["name"],
        role=Role(row["role"]),
        areas=frozenset(filter(None, row["areas"].split("|"))),
        must_change=bool(row["must_change"]),
        has_totp=bool(row["totp_secret"]),
        is_demo=bool(row["is_demo"]),
        created_at=from_us(row["created_at"]),
        **moments,
    )


def list_accounts(engine: sa.Engine, *, viewer: Viewer) -> list[Account]:
    """Return every account, by login.

    Raises:
        ScopeDenied: unless an administrator, or the program itself, asks.
        DatabaseUnavailable: if the database does not answer.
    """
    if viewer.role not in READERS:
        raise ScopeDenied(f"role {viewer.role} may not see accounts")
    query = sa.select(*COLUMNS).order_by(tables.account.c.login)
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, SCHEMA, viewer=viewer)
    return [account_of(row) for row in found.iter_rows(named=True)]


def by_login(connection: sa.Connection, login: str) -> Mapping[str, Any]:
    """Return the row of a login, whole.

    Raises:
        BadUse: if there is none.
    """
    query = sa.select(tables.account).where(tables.account.c.login == login.strip().lower())
    row = connection.execute(query).mappings().first()
    if row is None:
        raise BadUse("no account has this login; `user list` shows those that there are")
    return dict(row)


def by_id(connection: sa.Connection, account_id: str) -> Mapping[str, Any] | None:
    """Return the row of an account, whole; None if there is none."""
    query = sa.select(tables.account).where(tables.account.c.account_id == account_id)
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def actor_of(connection: sa.Connection, account_id: str) -> Actor:
    """Return who acts when an account does; the press if it is gone."""
    row = by_id(connection, account_id)
    return Actor(account=account_id, role=Role(row["role"]) if row else Role.PRESS)


def require_manager(connection: sa.Connection, actor: Actor) -> None:
    """Refuse whoever may not manage accounts, as the database has it at this moment.

    Raises:
        ScopeDenied: if they may not.
    """
    is_allowed = actor.role in MANAGERS
    if actor.role is Role.ADMIN and not actor.account.startswith(OUTSIDE):
        row = by_id(connection, actor.account)
        is_allowed = (
            row is not None and row["role"] == Role.ADMIN.value and row["disabled_at"] is None
        )
    if not is_allowed:
        raise ScopeDenied(f"role {actor.role} may not manage accounts")
