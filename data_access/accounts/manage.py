"""Making and changing accounts. Each change names its actor and is taken down in the trail.

A change of role, provinces, password or state ends the account's sessions in the same
transaction: nobody goes on with what they no longer have.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from data_access import tables
from data_access.accounts import passwords, rows, sessions, throttle, trail
from data_access.accounts.keys import Keys
from data_access.accounts.model import (
    Account,
    Refused,
    check_reach,
    tidy_login,
    tidy_name,
)
from data_access.accounts.signin import account_key
from data_access.actor import Actor
from data_access.codes import Role, to_us
from data_access.engine import ACCOUNT_LOCK, writing
from data_access.ingest.scope import province_numbers
from data_access.reference.areas import Areas

_ID_BYTES = 6


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """What a new account is to be.

    Attributes:
        login: name to sign in with.
        name: name on screen.
        role: what it may do.
        areas: codes of the provinces it sees.
        password: its first password; empty: one is made up and returned.
        is_demo: whether it exists for a demonstration only; such a one keeps its password.
    """

    login: str
    name: str
    role: Role
    areas: frozenset[str] = frozenset()
    password: str = ""
    is_demo: bool = False


def add_account(
    engine: sa.Engine, new: NewAccount, *, areas: Areas, actor: Actor, now: datetime
) -> tuple[Account, str]:
    """Store a new account; return it and its first password, to be changed at the first sign-in.

    Raises:
        Refused: naming the rule that forbids it.
        BadUse: if a province does not exist.
        ScopeDenied: if the actor may not.
        DatabaseUnavailable: if the database does not answer.
    """
    login, name = tidy_login(new.login), tidy_name(new.name)
    check_reach(new.role, new.areas)
    province_numbers(areas, new.areas)
    password = new.password or passwords.one_time()
    passwords.check(password, login=login)
    hashed = passwords.hashed(password)
    row = {
        "account_id": secrets.token_hex(_ID_BYTES),
        "login": login,
        "name": name,
        "role": new.role.value,
        "areas": "|".join(sorted(new.areas)),
        "password_hash": hashed,
        "must_change": int(not new.is_demo),
        "totp_secret": "",
        "is_demo": int(new.is_demo),
        "created_at": to_us(now),
        "created_by": actor.account,
        "password_at": to_us(now),
        "signed_in_at": None,
        "disabled_at": None,
    }
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        rows.require_manager(connection, actor)
        taken = sa.select(tables.account.c.login).where(tables.account.c.login == login)
        if connection.execute(taken).first() is not None:
            raise Refused("login_taken", "another account has this login")
        connection.execute(sa.insert(tables.account).values(**row))
        trail.note(
            connection, at=now, actor=actor, action="account.add", subject=str(row["account_id"]),
            detail={"login": login, "role": new.role.value, "areas": str(row["areas"])},
        )  # fmt: skip
    return rows.account_of(row), password


def set_role(  # noqa: PLR0913 -- a role is nothing without its provinces
    engine: sa.Engine, login: str, role: Role, *, reach: frozenset[str], areas: Areas,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Give an account another role or other provinces.

    Raises:
        Refused: naming the rule that forbids it.
        BadUse: if the account or a province does not exist.
        ScopeDenied: if the actor may not.
        DatabaseUnavailable: if the database does not answer.
    """
    check_reach(role, reach)
    province_numbers(areas, reach)
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        row = _managed(connection, login, actor=actor)
        if row["role"] == Role.ADMIN.value and role is not Role.ADMIN:
            _spare(connection, row, actor=actor)
        listed = "|".join(sorted(reach))
        _change(
            connection, row, {"role": role.value, "areas": listed}, actor=actor, now=now,
            action="account.role",
            detail={"role": f"{row['role']} > {role.value}", "areas": f"{row['areas']} > {listed}"},
        )  # fmt: skip


def disable(engine: sa.Engine, login: str, *, actor: Actor, now: datetime) -> None:
    """Shut an account; one that is shut stays as it was.

    Raises:
        Refused: if it is the actor's own, or the last administrator's.
        BadUse: if it does not exist.
        ScopeDenied: if the actor may not.
        DatabaseUnavailable: if the database does not answer.
    """
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        row = _managed(connection, login, actor=actor)
        _spare(connection, row, actor=actor)
        if row["disabled_at"] is None:
            _change(
                connection, row, {"disabled_at": to_us(now)}, actor=actor, now=now,
                action="account.disable",
            )  # fmt: skip


def enable(
    engine: sa.Engine, login: str, *, keys: Keys | None, actor: Actor, now: datetime
) -> None:
    """Open an account again, and forget failed attempts at it.

    Raises:
        BadUse: if it does not exist.
        ScopeDenied: if the actor may not.
        DatabaseUnavailable: if the database does not answer.
    """
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        row = _managed(connection, login, actor=actor)
        if keys is not None:
            throttle.forget(connection, account_key(keys, row["login"]))
        _change(
            connection, row, {"disabled_at": None}, actor=actor, now=now, action="account.enable"
        )


def reset_password(
    engine: sa.Engine, login: str, *, password: str = "", keys: Keys | None, actor: Actor,
    now: datetime,
) -> str:  # fmt: skip
    """Give an account a password that has to be changed; return it, made up unless given.

    Failed attempts are forgotten, so that whoever was locked out can come in at once.

    Raises:
        Refused: if the password is too weak.
        BadUse: if the account does not exist.
        ScopeDenied: if the actor may not.
        DatabaseUnavailable: if the database does not answer.
    """
    chosen = password or passwords.one_time()
    passwords.check(chosen, login=login.strip().lower())
    hashed = passwords.hashed(chosen)
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        row = _managed(connection, login, actor=actor)
        if keys is not None:
            throttle.forget(connection, account_key(keys, row["login"]))
        values = {
            "password_hash": hashed,
            "must_change": int(not row["is_demo"]),
            "password_at": to_us(now),
        }
        _change(connection, row, values, actor=actor, now=now, action="account.reset")
    return chosen


def drop_totp(engine: sa.Engine, login: str, *, actor: Actor, now: datetime) -> None:
    """Take the second factor from an account whose owner has lost it.

    Raises:
        BadUse: if the account does not exist.
        ScopeDenied: if the actor may not.
        DatabaseUnavailable: if the database does not answer.
    """
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        row = _managed(connection, login, actor=actor)
        _change(
            connection, row, {"totp_secret": ""}, actor=actor, now=now, action="account.totp_drop"
        )


def _managed(connection: sa.Connection, login: str, *, actor: Actor) -> Mapping[str, Any]:
    rows.require_manager(connection, actor)
    return rows.by_login(connection, login)


def _spare(connection: sa.Connection, row: Mapping[str, Any], *, actor: Actor) -> None:
    """Refuse to take an account's rights if it is the actor's own or the last administrator's."""
    if row["account_id"] == actor.account:
        raise Refused("yourself", "nobody can shut out themselves: ask another administrator")
    if row["role"] != Role.ADMIN.value or row["disabled_at"] is not None:
        return
    held = tables.account.c
    others = sa.select(sa.func.count()).where(
        held.role == Role.ADMIN.value,
        held.disabled_at.is_(None),
        held.is_demo == row["is_demo"],
        held.account_id != row["account_id"],
    )
    if not connection.execute(others).scalar():
        raise Refused("last_admin", "this is the last administrator: make another one first")


def _change(  # noqa: PLR0913 -- what, by whom, when, and what is taken down
    connection: sa.Connection, row: Mapping[str, Any], values: Mapping[str, object], *,
    actor: Actor, now: datetime, action: str, detail: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    account_id = str(row["account_id"])
    named = tables.account.c.account_id == account_id
    connection.execute(sa.update(tables.account).where(named).values(**values))
    sessions.end_all(connection, account_id)
    trail.note(connection, at=now, actor=actor, action=action, subject=account_id, detail=detail)
