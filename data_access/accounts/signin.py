"""Signing in, and what people change about their own sign-in: password, second factor.

To an outsider a login that does not exist, a wrong password, a wrong code, a shut and a locked
account are one answer, after one and the same amount of work: the hash is always computed.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from typing import Any

import sqlalchemy as sa

from data_access import tables
from data_access.accounts import passwords, rows, second_factor, sessions, throttle, trail
from data_access.accounts.keys import Keys
from data_access.accounts.model import Refused
from data_access.actor import Actor
from data_access.codes import to_us
from data_access.engine import ACCOUNT_LOCK, writing
from data_access.reader import snapshot
from data_access.viewer import Viewer

_LONGEST_LOGIN = 64
_NONCE_BYTES = 16
Work = Callable[[datetime], str | None]
"""Something that takes the present moment and returns the secret of a new session."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What somebody typed.

    Attributes:
        login: the name.
        password: the password.
        code: the second factor; empty if none was typed.
        address: where they come from; only a keyed hash of it is kept, for an hour.
        browser: what their browser kept of an earlier sign-in, see `browser_mark`; or anything.
    """

    login: str
    password: str = field(repr=False)
    code: str = field(default="", repr=False)
    address: str = ""
    browser: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where it is tried.

    Attributes:
        engine: the shared database.
        keys: the keys of this installation.
        cookie: name of the cookie that will hold the session.
        demo: whether accounts of a demonstration are let in.
    """

    engine: sa.Engine
    keys: Keys
    cookie: str
    demo: bool


def account_key(keys: Keys, login: str) -> str:
    """Return the name under which failures at a login are counted."""
    return keys.mark("throttle", "account", login)


def browser_mark(keys: Keys, account_id: str) -> str:
    """Return what a browser keeps in which somebody has signed in. It opens nothing.

    Failures in a browser that has it are counted by themselves: a stranger who guesses at a login
    shuts out other strangers, not its owner (OWASP, "Slow down online guessing attacks with device
    cookies").
    """
    nonce = secrets.token_hex(_NONCE_BYTES)
    return f"{nonce}.{keys.mark('browser', account_id, nonce)}"


def _counted_by(keys: Keys, attempt: Attempt, login: str, row: Mapping[str, Any] | None) -> str:
    """Return the name under which failures of an attempt at a login are counted."""
    account_id = str(row["account_id"]) if row else ""
    nonce, _, mark = attempt.browser.partition(".")
    is_known = compare_digest(mark.encode(), keys.mark("browser", account_id, nonce).encode())
    if row is not None and is_known:
        return keys.mark("throttle", "browser", account_id, nonce)
    return account_key(keys, login)


def sign_in(door: Door, attempt: Attempt, *, replaces: str = "", now: datetime) -> str | None:
    """Return the secret of a new session, or None: refused, and the reason is nobody's business.

    The session the browser came with ends: what was planted before cannot be used after.

    Args:
        door: where it is tried.
        attempt: what was typed.
        replaces: secret of the session that the browser came with.
        now: the machine's clock.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    login = attempt.login.strip().lower()[:_LONGEST_LOGIN]
    with door.engine.connect() as connection:
        before = _row(connection, login)
    # Always computed, and outside of the transaction: it takes a tenth of a second on purpose.
    is_right = passwords.matches(attempt.password, before["password_hash"] if before else None)
    with writing(door.engine, lock=ACCOUNT_LOCK) as connection:
        if not _admitted(connection, door, attempt, before, is_right=is_right, now=now):
            return None
        row = _row(connection, login)
        if row is None:
            return None
        if replaces:
            held = tables.account_session
            old = sessions.hash_of(replaces, cookie=door.cookie)
            connection.execute(sa.delete(held).where(held.c.session_sha256 == old))
        _set(connection, row, {"signed_in_at": to_us(now)})
        trail.note(
            connection, at=now, actor=rows.actor_of(connection, row["account_id"]),
            action="session.begin", subject=row["account_id"],
        )  # fmt: skip
        return sessions.begin(connection, row["account_id"], cookie=door.cookie, now=now)


def _row(connection: sa.Connection, login: str) -> Mapping[str, Any] | None:
    query = sa.select(tables.account).where(tables.account.c.login == login)
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def _set(connection: sa.Connection, row: Mapping[str, Any], values: Mapping[str, object]) -> None:
    named = tables.account.c.account_id == row["account_id"]
    connection.execute(sa.update(tables.account).where(named).values(**values))


def _admitted(
    connection: sa.Connection, door: Door, attempt: Attempt, before: Mapping[str, Any] | None, *,
    is_right: bool, now: datetime,
) -> bool:  # fmt: skip
    """Return whether somebody may come in, as the database has it now; failures are counted."""
    login = attempt.login.strip().lower()[:_LONGEST_LOGIN]
    row = _row(connection, login)
    by_account = _counted_by(door.keys, attempt, login, row)
    by_address = door.keys.mark("throttle", "address", attempt.address)
    throttle.tidy(connection, now=now)
    is_locked = throttle.is_locked(connection, (by_account, by_address), now=now)
    # The password that was checked must still be the one: it may have been changed meanwhile.
    is_same = bool(row and before and row["password_hash"] == before["password_hash"])
    is_open = bool(row and row["disabled_at"] is None and (door.demo or not row["is_demo"]))
    has_factor = _factor(connection, door, row, attempt.code, now=now, spend=is_right and is_same)
    if not is_locked and is_right and is_same and is_open and has_factor:
        throttle.forget(connection, by_account)
        return True
    if not is_locked:
        throttle.note_failure(connection, by_account, policy=throttle.ACCOUNT, now=now)
        throttle.note_failure(connection, by_address, policy=throttle.ADDRESS, now=now)
    trail.note(
        connection, at=now, actor=sessions.nobody(),
        action="session.locked" if is_locked else "session.refused",
        subject=row["account_id"] if row else "",
    )  # fmt: skip
    return False


def _factor(
    connection: sa.Connection, door: Door, row: Mapping[str, Any] | None, code: str, *,
    now: datetime, spend: bool,
) -> bool:  # fmt: skip
    """Return whether the second factor is right, where there is one; a right code is used up."""
    if row is None or not row["totp_secret"]:
        return True
    secret = door.keys.unseal(row["totp_secret"], owner=row["account_id"])
    if secret is None:  # sealed under another key: nobody comes in without a second factor
        return False
    step = second_factor.step_of(secret, code, now=now, after=row["totp_step"])
    if step is None:
        return False
    if spend:
        _set(connection, row, {"totp_step": step})
    return True


def change_password(
    door: Door, account_id: str, attempt: Attempt, *, new: str, now: datetime
) -> str | None:
    """Change one's own password; return the secret of a new session, all others are over.

    None if what was typed does not let them in; that counts as a failed attempt.

    Raises:
        Refused: if the new password is too weak, or the old one.
        DatabaseUnavailable: if the database does not answer.
    """
    before = _own(door, account_id)
    is_right = passwords.matches(attempt.password, before["password_hash"] if before else None)
    if is_right:
        passwords.check(new, login=attempt.login)
        if passwords.normal(new) == passwords.normal(attempt.password):
            raise Refused("password_same", "the new password is the old one")
    hashed = passwords.hashed(new) if is_right else ""
    values = {"password_hash": hashed, "must_change": 0, "password_at": to_us(now)}
    return _changed(door, attempt, before, values, is_right=is_right, now=now, action="password")


def turn_on_totp(
    door: Door, account_id: str, attempt: Attempt, *, secret: str, now: datetime
) -> str | None:
    """Ask for a second factor from now on; return the secret of a new session.

    None if the password is wrong, or the code is none of the new secret.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    before = _own(door, account_id)
    step = second_factor.step_of(secret, attempt.code, now=now, after=0)
    is_right = passwords.matches(attempt.password, before["password_hash"] if before else None)
    is_fresh = bool(before and not before["totp_secret"])
    values = {"totp_secret": door.keys.seal(secret, owner=account_id), "totp_step": step or 0}
    return _changed(
        door, attempt, before, values, is_right=is_right and step is not None and is_fresh,
        now=now, action="totp_on",
    )  # fmt: skip


def turn_off_totp(door: Door, account_id: str, attempt: Attempt, *, now: datetime) -> str | None:
    """Ask for no second factor any more; return the secret of a new session.

    None if the password or the code is wrong.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    before = _own(door, account_id)
    is_right = passwords.matches(attempt.password, before["password_hash"] if before else None)
    values = {"totp_secret": ""}
    return _changed(door, attempt, before, values, is_right=is_right, now=now, action="totp_off")


def _own(door: Door, account_id: str) -> Mapping[str, Any] | None:
    with door.engine.connect() as connection:
        return rows.by_id(connection, account_id)


def _changed(  # noqa: PLR0913 -- what was typed, what is checked, what is to change
    door: Door, attempt: Attempt, before: Mapping[str, Any] | None,
    values: Mapping[str, object], *, is_right: bool, now: datetime, action: str,
) -> str | None:  # fmt: skip
    """Change an account as its owner, who has typed the password again; a new session begins."""
    with writing(door.engine, lock=ACCOUNT_LOCK) as connection:
        if before is None:
            return None
        account_id = str(before["account_id"])
        if not _admitted(connection, door, attempt, before, is_right=is_right, now=now):
            return None
        _set(connection, before, values)
        sessions.end_all(connection, account_id)
        actor: Actor = rows.actor_of(connection, account_id)
        trail.note(connection, at=now, actor=actor, action=f"account.{action}", subject=account_id)
        return sessions.begin(connection, account_id, cookie=door.cookie, now=now)


def has_demo_accounts(engine: sa.Engine, *, viewer: Viewer) -> bool:
    """Return whether the database holds accounts of a demonstration that are not shut.

    Raises:
        DatabaseUnavailable: if the database does not answer.
        SchemaMismatch: if it is not set up.
    """
    held = tables.account.c
    query = sa.select(sa.func.count()).where(held.is_demo == 1, held.disabled_at.is_(None))
    with snapshot(engine, viewer=viewer) as connection:
        return bool(connection.execute(query).scalar())
