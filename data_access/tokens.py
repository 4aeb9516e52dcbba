"""Tokens: what a program shows instead of a password. Only their hashes are stored.

A token is `tdt_<id>_<secret>`. The id is public. The secret is 256 random bits, so one SHA-256 of
it is enough: a slow or keyed hash protects what people choose and others can guess; nobody can
try 2^256 values at any speed, and whoever reads the table learns nothing that opens anything.

Tokens live in real time: callers pass the machine's clock, never that of a rehearsal, in which an
expired token would come back to life.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.accounts import trail
from data_access.accounts.model import ROLES, check_reach
from data_access.accounts.rows import require_manager
from data_access.actor import Actor
from data_access.codes import Role, from_us, to_us
from data_access.contracts.registry import contract
from data_access.engine import ACCOUNT_LOCK, writing
from data_access.errors import BadUse, ScopeDenied
from data_access.ingest.intake import check_source
from data_access.ingest.scope import province_numbers
from data_access.reader import Schema, read_frame, snapshot
from data_access.reference.areas import Areas
from data_access.viewer import Viewer

MAX_DAYS = 1_096
LONGEST_NOTE = 200
TOUCH_EVERY = timedelta(minutes=1)
_ID_BYTES, _SECRET_BYTES = 6, 32
_SHAPE = re.compile(r"tdt_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_READERS = frozenset({Role.ADMIN, Role.SYSTEM})
_SCHEMA: Schema = {
    **dict.fromkeys(("token_id", "secret_sha256", "purpose", "source"), pl.String),
    **dict.fromkeys(("platforms", "areas", "role", "note", "created_by"), pl.String),
    **dict.fromkeys(("created_at", "expires_at", "revoked_at", "last_used_at"), pl.Int64),
}


class Purpose(StrEnum):
    """What a token opens."""

    INGEST = "ingest"
    API = "api"


class State(StrEnum):
    """Whether a token opens anything now."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a new token is to open.

    Attributes:
        source: name of who delivers, every delivery is made under it; or of who reads.
        platforms: ids of the platforms it may deliver to; none for one that reads.
        areas: codes of the provinces it may deliver for (empty: all), or sees as a province.
        days: for how long.
        note: what it is for.
        created_by: who asked for it.
        purpose: what it opens.
        role: the role it reads as; empty for one that delivers.
    """

    source: str
    platforms: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    days: int = 365
    note: str = ""
    created_by: str = ""
    purpose: Purpose = Purpose.INGEST
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token as lists show it: everything but its secret.

    Attributes:
        token_id: its public id.
        purpose: what it opens.
        source: name of who delivers.
        platforms: ids of the platforms it may deliver to.
        areas: codes of the provinces it may deliver for; empty: all.
        note: what it is for.
        created_by: who asked for it.
        created_at: when it was made (aware).
        expires_at: when it ends (aware).
        revoked_at: when it was revoked (aware); None: it was not.
        last_used_at: when it last opened something (aware), to the minute; None: never.
        role: the role it reads as; empty for one that delivers.
    """

    token_id: str
    purpose: str
    source: str
    platforms: frozenset[str]
    areas: frozenset[str]
    note: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    role: str = ""

    def state(self, now: datetime) -> State:
        """Return whether it opens anything at a moment."""
        if self.revoked_at is not None:
            return State.REVOKED
        return State.ACTIVE if now < self.expires_at else State.EXPIRED

    def as_json(self, now: datetime) -> dict[str, object]:
        """Return the object that lists print; no secret is in it."""
        return {
            "id": self.token_id,
            "state": self.state(now).value,
            "purpose": self.purpose,
            "source": self.source,
            "platforms": sorted(self.platforms),
            "areas": sorted(self.areas),
            "role": self.role,
            "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "revoked_at": _text(self.revoked_at),
            "last_used_at": _text(self.last_used_at),
            "created_by": self.created_by,
            "note": self.note,
        }


def create_token(
    engine: sa.Engine, grant: Grant, *, areas: Areas, now: datetime, actor: Actor
) -> tuple[Token, str]:
    """Store a new token; return it and its text, which cannot be had again.

    Raises:
        BadUse: naming what cannot be granted.
        ScopeDenied: if the actor may not.
        DatabaseUnavailable: if the database does not answer.
    """
    _check(grant, areas=areas)
    token = Token(
        token_id=secrets.token_hex(_ID_BYTES),
        purpose=grant.purpose.value,
        source=check_source(grant.source),
        platforms=grant.platforms,
        areas=grant.areas,
        note=grant.note,
        created_by=grant.created_by,
        created_at=now,
        expires_at=now + timedelta(days=grant.days),
        role=grant.role,
    )
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    row = {
        **{name: getattr(token, name) for name in ("token_id", "purpose", "source")},
        "secret_sha256": _hashed(secret),
        "platforms": "|".join(sorted(token.platforms)),
        "areas": "|".join(sorted(token.areas)),
        "role": token.role,
        "note": token.note,
        "created_by": token.created_by,
        "created_at": to_us(token.created_at),
        "expires_at": to_us(token.expires_at),
    }
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        require_manager(connection, actor)
        connection.execute(sa.insert(tables.token).values(**row))
        trail.note(
            connection, at=now, actor=actor, action="token.create", subject=token.token_id,
            detail={"purpose": token.purpose, "role": token.role, "source": token.source},
        )  # fmt: skip
    return token, f"tdt_{token.token_id}_{secret}"


def _check(grant: Grant, *, areas: Areas) -> None:
    if grant.purpose is Purpose.API:
        _check_reading(grant)
    elif not grant.platforms:
        raise BadUse("a token needs at least one platform")
    elif grant.role:
        raise BadUse("a token that delivers has no role")
    for platform in sorted(grant.platforms):
        contract(platform)
    province_numbers(areas, grant.areas)
    if not 1 <= grant.days <= MAX_DAYS:
        raise BadUse(f"a token lives from 1 to {MAX_DAYS} days")
    for text in (grant.note, grant.created_by):
        if len(text) > LONGEST_NOTE or not text.isprintable():
            raise BadUse(f"a note is one line of at most {LONGEST_NOTE} characters")


def _check_reading(grant: Grant) -> None:
    if grant.platforms:
        raise BadUse("a token that reads has no platforms")
    if grant.role not in [role.value for role in ROLES]:
        raise BadUse(f"a token reads as one of {', '.join(role.value for role in ROLES)}")
    check_reach(Role(grant.role), grant.areas)


def list_tokens(engine: sa.Engine, *, viewer: Viewer) -> list[Token]:
    """Return every token, the newest first.

    Raises:
        ScopeDenied: unless an administrator, or the program itself, asks.
        DatabaseUnavailable: if the database does not answer.
    """
    if viewer.role not in _READERS:
        raise ScopeDenied(f"role {viewer.role} may not see tokens")
    rows = _rows(engine, _query().order_by(tables.token.c.created_at.desc()), viewer=viewer)
    return [token for token, _ in rows]


def authenticate(
    engine: sa.Engine, text: str, *, purpose: Purpose, now: datetime, viewer: Viewer
) -> Token | None:
    """Return the token that a text is, if it opens something of this purpose now.

    None for every other text: whoever shows it is not told whether such a token ever existed.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    token_id, secret = shape.groups()
    rows = _rows(engine, _query().where(tables.token.c.token_id == token_id), viewer=viewer)
    token, expected = rows[0] if rows else (None, _hashed(""))
    # Compared in the same time whether the id is known or not.
    is_right = compare_digest(_hashed(secret), expected)
    if token is None or not is_right or token.purpose != purpose.value:
        return None
    return token if token.state(now) is State.ACTIVE else None


def touch_token(engine: sa.Engine, token: Token, *, now: datetime) -> None:
    """Note that a token was used; at most once a minute, so that it costs nobody a wait.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    if token.last_used_at is not None and now - token.last_used_at < TOUCH_EVERY:
        return
    held = tables.token
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        connection.execute(
            sa.update(held).where(held.c.token_id == token.token_id).values(last_used_at=to_us(now))
        )


def revoke_token(engine: sa.Engine, token_id: str, *, now: datetime, actor: Actor) -> None:
    """End a token for good; one that was revoked before stays as it was.

    Raises:
        BadUse: if there is no such token.
        ScopeDenied: if the actor may not.
        DatabaseUnavailable: if the database does not answer.
    """
    held = tables.token
    named = held.c.token_id == token_id
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        require_manager(connection, actor)
        if connection.execute(sa.select(held.c.token_id).where(named)).first() is None:
            raise BadUse("no token has this id; `token list` shows those that there are")
        connection.execute(
            sa.update(held).where(named, held.c.revoked_at.is_(None)).values(revoked_at=to_us(now))
        )
        trail.note(connection, at=now, actor=actor, action="token.revoke", subject=token_id)


def _query() -> sa.Select[tuple[object, ...]]:
    return sa.select(*[tables.token.c[name] for name in _SCHEMA])


def _rows(
    engine: sa.Engine, query: sa.Select[tuple[object, ...]], *, viewer: Viewer
) -> list[tuple[Token, str]]:
    """Return (token, hash of its secret) of each row found."""
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, _SCHEMA, viewer=viewer)
    return [(_token(row), row["secret_sha256"]) for row in found.iter_rows(named=True)]


def _token(row: dict[str, object]) -> Token:
    texts = {name: str(row[name]) for name in ("token_id", "purpose", "source", "note")}
    return Token(
        **texts,
        created_by=str(row["created_by"]),
        role=str(row["role"]),
        platforms=_set(row["platforms"]),
        areas=_set(row["areas"]),
        created_at=_required_moment(row["created_at"]),
        expires_at=_required_moment(row["expires_at"]),
        revoked_at=_moment(row["revoked_at"]),
        last_used_at=_moment(row["last_used_at"]),
    )


def _set(joined: object) -> frozenset[str]:
    return frozenset(filter(None, str(joined).split("|")))


def _moment(stored: object) -> datetime | None:
    return None if stored is None else from_us(int(str(stored)))


def _required_moment(stored: object) -> datetime:
    return from_us(int(str(stored)))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
