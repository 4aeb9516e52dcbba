"""Sessions of people whom the institution's own sign-in let in (OpenID Connect).

What their browser carries is a signed cookie, which nobody could take back. So each sign-in is
also a row here, like the sessions of our own accounts: without it the cookie opens nothing, and
the row ends by signing out, by time, without use, or by an administrator's hand. One sign-in is
one row for good while it is kept: what was brought once cannot be brought again.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.accounts import sessions, trail
from data_access.accounts.model import OUTSIDE
from data_access.actor import Actor
from data_access.codes import from_us, to_us
from data_access.engine import ACCOUNT_LOCK, writing
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

_ROW: Schema = {"account_id": pl.String, "seen_at": pl.Int64, "expires_at": pl.Int64}


@dataclass(frozen=True, kw_only=True)
class Stay:
    """An open session of somebody from outside.

    Attributes:
        account_id: `oidc:` and their subject.
        seen_at: when it was last used (aware).
        expires_at: when it ends at the latest (aware).
    """

    account_id: str
    seen_at: datetime
    expires_at: datetime


def begin(engine: sa.Engine, secret: str, *, cookie: str, actor: Actor, now: datetime) -> bool:
    """Store a sign-in and put it on record; False if the very same one was brought before.

    Args:
        engine: the shared database.
        secret: what is this sign-in's alone; only its hash is kept.
        cookie: name of the cookie that carries it.
        actor: who signed in, in the role that follows from what the institution says.
        now: the machine's clock.

    Raises:
        ValueError: if the actor is not from outside.
        DatabaseUnavailable: if the database does not answer.
    """
    if not actor.account.startswith(OUTSIDE):
        raise ValueError(f"{actor.account} is not from outside")
    held = tables.account_session
    named = held.c.session_sha256 == sessions.hash_of(secret, cookie=cookie)
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        if connection.execute(sa.select(held.c.account_id).where(named)).first() is not None:
            _note_refusal(connection, actor, reason="replay", now=now)
            return False
        sessions.begin(connection, actor.account, cookie=cookie, now=now, secret=secret)
        trail.note(
            connection, at=now, actor=actor, action="session.begin", subject=actor.account,
            detail={"way": "oidc", **_areas(actor)},
        )  # fmt: skip
        return True


def refuse(engine: sa.Engine, actor: Actor, *, reason: str, now: datetime) -> None:
    """Put on record that somebody whom the institution let in is let in nowhere here.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        _note_refusal(connection, actor, reason=reason, now=now)


def _note_refusal(connection: sa.Connection, actor: Actor, *, reason: str, now: datetime) -> None:
    trail.note(
        connection, at=now, actor=actor, action="session.refused", subject=actor.account,
        detail={"way": "oidc", "reason": reason},
    )  # fmt: skip


def _areas(actor: Actor) -> dict[str, str]:
    return {"areas": "|".join(sorted(actor.areas))[:200]} if actor.areas else {}


def find(
    engine: sa.Engine, secret: str, *, cookie: str, now: datetime, viewer: Viewer
) -> Stay | None:
    """Return an open session; None if it is over, or never was.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    held = tables.account_session.c
    query = (
        sa.select(held.account_id, held.seen_at, held.expires_at)
        .where(held.session_sha256 == sessions.hash_of(secret, cookie=cookie))
        .where(held.expires_at > to_us(now), held.seen_at > to_us(now - sessions.IDLE))
    )
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, _ROW, viewer=viewer)
    if not found.height:
        return None
    row = found.row(0, named=True)
    return Stay(
        account_id=row["account_id"],
        seen_at=from_us(row["seen_at"]),
        expires_at=from_us(row["expires_at"]),
    )
