"""Sessions: a random text in a cookie stands for an account until it ends.

Only the hash is stored, over the cookie's name too: a session that began over TLS is of no use
under the name that is taken without TLS. Sessions live in real time, as tokens do.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.accounts import rows, trail
from data_access.accounts.model import Account, Session
from data_access.actor import Actor
from data_access.codes import Role, from_us, to_us
from data_access.engine import ACCOUNT_LOCK, writing
from data_access.errors import ScopeDenied
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

ABSOLUTE = timedelta(hours=12)
IDLE = timedelta(minutes=60)
TOUCH_EVERY = timedelta(minutes=5)
"""How exactly it is known when a session was last used: not every click is worth a write."""
ID_LETTERS = 12
_SECRET_BYTES = 32
_LONGEST = 100
_SESSION: Schema = {
    **dict.fromkeys(("session_sha256", "account_id", "login"), pl.String),
    **dict.fromkeys(("created_at", "seen_at", "expires_at"), pl.Int64),
}


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Who a session stands for.

    Attributes:
        account: the account, as it is now.
        seen_at: when the session was last used (aware).
        expires_at: when it ends at the latest (aware).
    """

    account: Account
    seen_at: datetime
    expires_at: datetime


def hash_of(secret: str, *, cookie: str) -> str:
    """Return what is stored of a session."""
    return hashlib.sha256(f"{cookie}={secret}".encode()).hexdigest()


def begin(
    connection: sa.Connection, account_id: str, *, cookie: str, now: datetime, secret: str = ""
) -> str:
    """Store a new session and return its secret; sessions that are over are swept out.

    Args:
        connection: inside `engine.writing`.
        account_id: whose it is.
        cookie: name of the cookie that will hold it.
        now: the machine's clock.
        secret: what stands for it; empty: a new random text.
    """
    held = tables.account_session
    secret = secret or secrets.token_urlsafe(_SECRET_BYTES)
    over = (held.c.expires_at <= to_us(now)) | (held.c.seen_at <= to_us(now - IDLE))
    connection.execute(sa.delete(held).where(over))
    connection.execute(
        sa.insert(held).values(
            session_sha256=hash_of(secret, cookie=cookie),
            account_id=account_id,
            created_at=to_us(now),
            seen_at=to_us(now),
            expires_at=to_us(now + ABSOLUTE),
        )
    )
    return secret


def find(
    engine: sa.Engine, secret: str, *, cookie: str, now: datetime, viewer: Viewer, demo: bool
) -> SignedIn | None:
    """Return who a session stands for; None if it is over, forged, or its account is shut.

    Args:
        engine: the shared database.
        secret: value of the cookie.
        cookie: name of the cookie.
        now: the machine's clock.
        viewer: the program itself.
        demo: whether this is a demonstration; accounts of one are let in nowhere else.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    if not 0 < len(secret) <= _LONGEST:
        return None
    held = tables.account_session.c
    query = (
        sa.select(*rows.COLUMNS, held.seen_at, held.expires_at)
        .join_from(tables.account, tables.account_session,
                   tables.account.c.account_id == held.account_id)
        .where(held.session_sha256 == hash_of(secret, cookie=cookie))
        .where(held.expires_at > to_us(now), held.seen_at > to_us(now - IDLE))
        .where(tables.account.c.disabled_at.is_(None))
    )  # fmt: skip
    schema: Schema = {**rows.SCHEMA, "seen_at": pl.Int64, "expires_at": pl.Int64}
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, schema, viewer=viewer)
    if not found.height:
        return None
    row = found.row(0, named=True)
    account = rows.account_of(row)
    if account.is_demo and not demo:
        return None
    return SignedIn(
        account=account, seen_at=from_us(row["seen_at"]), expires_at=from_us(row["expires_at"])
    )


def touch(engine: sa.Engine, secret: str, *, cookie: str, seen: datetime, now: datetime) -> None:
    """Note that a session is in use; at most every few minutes.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    if now - seen < TOUCH_EVERY:
        return
    held = tables.account_session
    named = held.c.session_sha256 == hash_of(secret, cookie=cookie)
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        connection.execute(sa.update(held).where(named).values(seen_at=to_us(now)))


def end(
    engine: sa.Engine, secret: str, *, cookie: str, now: datetime, actor: Actor | None = None
) -> None:
    """End one session, whosever it is.

    Args:
        engine: the shared database.
        secret: value of the cookie.
        cookie: name of the cookie.
        now: the machine's clock.
        actor: who ends it, where its account is none of ours; None: the account itself.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    held = tables.account_session
    named = held.c.session_sha256 == hash_of(secret, cookie=cookie)
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        whose = connection.execute(sa.select(held.c.account_id).where(named)).scalar()
        if whose is None:
            return
        connection.execute(sa.delete(held).where(named))
        actor = actor or rows.actor_of(connection, whose)
        trail.note(connection, at=now, actor=actor, action="session.end", subject=whose)


def end_all(connection: sa.Connection, account_id: str) -> int:
    """End every session of an account; return how many there were."""
    held = tables.account_session
    return connection.execute(sa.delete(held).where(held.c.account_id == account_id)).rowcount


def end_everywhere(engine: sa.Engine, account_id: str, *, actor: Actor, now: datetime) -> int:
    """End every session of an account: one's own, or anybody's for those who manage accounts.

    Raises:
        ScopeDenied: if the actor may not.
        DatabaseUnavailable: if the database does not answer.
    """
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        if actor.account != account_id:
            rows.require_manager(connection, actor)
        number = end_all(connection, account_id)
        trail.note(
            connection, at=now, actor=actor, action="session.end_all", subject=account_id,
            detail={"sessions": str(number)},
        )  # fmt: skip
    return number


def listed(engine: sa.Engine, *, now: datetime, viewer: Viewer) -> list[Session]:
    """Return the sessions that are open, the newest first.

    Raises:
        ScopeDenied: unless an administrator, or the program itself, asks.
        DatabaseUnavailable: if the database does not answer.
    """
    if viewer.role not in rows.READERS:
        raise ScopeDenied(f"role {viewer.role} may not see sessions")
    held, account = tables.account_session.c, tables.account
    query = (
        # Whoever the institution's own sign-in let in has no account here: their id is their name.
        sa.select(held.session_sha256, held.account_id,
                  sa.func.coalesce(account.c.login, held.account_id).label("login"),
                  held.created_at, held.seen_at, held.expires_at)
        .join_from(tables.account_session, account, account.c.account_id == held.account_id,
                   isouter=True)
        .where(held.expires_at > to_us(now), held.seen_at > to_us(now - IDLE))
        .order_by(held.created_at.desc(), held.session_sha256)
    )  # fmt: skip
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, _SESSION, viewer=viewer)
    return [
        Session(
            session_id=row["session_sha256"][:ID_LETTERS],
            account_id=row["account_id"],
            login=row["login"],
            created_at=from_us(row["created_at"]),
            seen_at=from_us(row["seen_at"]),
            expires_at=from_us(row["expires_at"]),
        )
        for row in found.iter_rows(named=True)
    ]


def nobody() -> Actor:
    """Return the actor of an act of somebody who is not known."""
    return Actor(account="", role=Role.PRESS)
