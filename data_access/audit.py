"""Who did what, when: a log that only grows, each row chained to the one before by its hash.

Whoever changes, removes or slips in a row breaks the chain at that row. Whoever cuts rows off the
end, or writes the whole log anew, meets the head: the last row's number and hash, sealed with a
key that the database does not hold (HMAC-SHA-256, TUYENDAU_AUDIT_KEY). A head that was kept
elsewhere (`audit head`) shows even a log that was set back to an earlier state together with its
own head. Triggers refuse UPDATE and DELETE; the chain is for whoever can drop triggers.

Nothing personal belongs into a row: `detail` refuses the names of identity fields and masks what
could be a person's number.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Role, from_us, to_us
from data_access.contracts.model import IDENTITY_FIELDS
from data_access.engine import writing
from data_access.errors import BadUse, ScopeDenied
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

AUDIT_LOCK = 0x7475_6175  # "tuau": rows are chained one after the other; not the writers' lock
READERS = frozenset({Role.ADMIN, Role.STEWARD, Role.SYSTEM})
FIRST = "0" * 64
"""What the first row has for the hash of the row before it."""
LONGEST = 200
MOST_DETAILS = 20
_HEAD_ROW = 1
_PART = 10_000
_NUMBER = re.compile(r"(?<![0-9A-Za-z])\+?[0-9](?:[ .]?[0-9]){8,}(?![0-9A-Za-z])")
_FORBIDDEN = frozenset(IDENTITY_FIELDS) | {"person_ref", "token", "secret", "password", "key"}
_TEXTS = ("account", "role", "action", "object", "detail", "previous_hash", "hash")
_ROW: Schema = {"seq": pl.Int64, "at": pl.Int64, **dict.fromkeys(_TEXTS, pl.String)}
_HEAD: Schema = {"seq": pl.Int64, "hash": pl.String, "seal": pl.String}


@dataclass(frozen=True, kw_only=True)
class Head:
    """The end of the log.

    Attributes:
        seq: number of its last row; 0 while there is none.
        hash: of that row.
        seal: HMAC of both; empty without a key.
    """

    seq: int
    hash: str
    seal: str

    def __str__(self) -> str:
        """Return the line that is kept elsewhere."""
        return f"{self.seq}:{self.hash}:{self.seal}"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check of the whole log found.

    Attributes:
        n_rows: rows that stand as they were written, counted up to the first broken one.
        broken: number of the first broken row; None: the log is whole.
        why: what is wrong with it; empty if nothing is.
    """

    n_rows: int
    broken: int | None = None
    why: str = ""


def record(  # noqa: PLR0913 -- the columns of a row
    connection: sa.Connection,
    *,
    at: datetime,
    account: str,
    role: str,
    action: str,
    object: str,  # noqa: A002 -- the word of the field for what was acted upon
    detail: Mapping[str, str],
) -> None:
    """Append a row in the caller's write transaction: what is undone leaves no row.

    Do it last in a long transaction: other appends wait until it ends.

    Args:
        connection: inside `engine.writing`.
        at: when it happened (aware).
        account: who did it: an account's id, a token's id, `demo:<role>`.
        role: in which role.
        action: what was done, as in `cluster.read`.
        object: to what, as in `tracing/OD-12`.
        detail: more of it; names and values are texts, none of them personal.

    Raises:
        BadUse: if a name in `detail` is that of something personal or secret, or one is too long.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(AUDIT_LOCK)))
    held = tables.audit_head
    found = connection.execute(sa.select(held.c.seq, held.c.hash)).first()
    seq, previous = (found.seq, found.hash) if found else (0, FIRST)
    texts = {"account": account, "role": role, "action": action, "object": object}
    row = {
        "seq": seq + 1,
        "at": to_us(at),
        **{name: _plain(text) for name, text in texts.items()},
        "detail": canonical_detail(detail),
        "previous_hash": previous,
    }
    hashed = digest(row)
    connection.execute(sa.insert(tables.audit), [{**row, "hash": hashed}])
    key = connection.get_execution_options().get("audit_key", "")
    sealed = {"seq": seq + 1, "hash": hashed, "seal": seal(seq + 1, hashed, key=key)}
    if found:
        connection.execute(sa.update(held).values(**sealed))
    else:
        connection.execute(sa.insert(held).values(head_id=_HEAD_ROW, **sealed))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row to be written; fields as in `record`."""

    at: datetime
    account: str
    role: str
    action: str
    object: str
    detail: Mapping[str, str]


def append(engine: sa.Engine, *entries: Entry) -> None:
    """Append rows in a transaction of their own. On PostgreSQL they do not queue behind the gate.

    Raises:
        BadUse: as `record`; none is written then.
        DatabaseUnavailable: if the database does not answer.
    """
    with writing(engine, lock=AUDIT_LOCK) as connection:
        for one in entries:
            record(
                connection, at=one.at, account=one.account, role=one.role, action=one.action,
                object=one.object, detail=one.detail,
            )  # fmt: skip


def canonical_detail(detail: Mapping[str, str]) -> str:
    """Return a detail as canonical JSON: names sorted, no blanks, UTF-8 as it is.

    Raises:
        BadUse: as `record`.
    """
    if forbidden := sorted(_FORBIDDEN & {name.lower() for name in detail}):
        raise BadUse(f"an audit row may not hold {', '.join(forbidden)}")
    if len(detail) > MOST_DETAILS:
        raise BadUse(f"an audit row holds at most {MOST_DETAILS} details")
    plain = {_plain(name): _plain(value) for name, value in detail.items()}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(text: str) -> str:
    shown = _NUMBER.sub("…", "".join(letter for letter in text if letter.isprintable()))
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def digest(row: Mapping[str, object]) -> str:
    """Return the SHA-256 of a row over its canonical bytes, the hash of the row before included.

    Canonical: JSON array of seq, at (µs UTC), account, role, action, object, detail (text),
    previous_hash; no blanks, UTF-8.
    """
    names = [name for name in _ROW if name != "hash"]
    content = json.dumps([row[n] for n in names], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def seal(seq: int, hashed: str, *, key: str) -> str:
    """Return the HMAC-SHA-256 of a head; empty without a key."""
    if not key:
        return ""
    return hmac.new(key.encode(), f"audit:{seq}:{hashed}".encode(), hashlib.sha256).hexdigest()


def head(engine: sa.Engine, *, viewer: Viewer) -> Head:
    """Return the end of the log, to be kept where the database's keeper cannot write.

    Raises:
        ScopeDenied: as `read`.
        DatabaseUnavailable: if the database does not answer.
    """
    _require(viewer)
    with snapshot(engine, viewer=viewer) as connection:
        return _head(connection, viewer=viewer)


def parse_head(text: str) -> Head:
    """Return the head that a kept line is.

    Raises:
        BadUse: if it is none.
    """
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64}):([0-9a-f]{64})?", text.strip())
    if found is None:
        raise BadUse("a head is the line that `audit head` printed: NUMBER:HASH:SEAL")
    return Head(seq=int(found[1]), hash=found[2], seal=found[3] or "")


def _head(connection: sa.Connection, *, viewer: Viewer) -> Head:
    query = sa.select(*[tables.audit_head.c[name] for name in _HEAD])
    found = read_frame(connection, query, _HEAD, viewer=viewer)
    return Head(**found.row(0, named=True)) if found.height else Head(seq=0, hash=FIRST, seal="")


def read(  # noqa: PLR0913 -- each narrows the list
    engine: sa.Engine,
    *,
    viewer: Viewer,
    limit: int = 200,
    before: int | None = None,
    account: str = "",
    action: str = "",
) -> pl.DataFrame:
    """Return rows of the log, the newest first.

    Shape: `seq, at (UTC), account, role, action, object, detail (JSON), previous_hash, hash`.

    Args:
        engine: the shared database.
        viewer: who looks: administrators and data stewards.
        limit: how many at most.
        before: only rows with a smaller number.
        account: only this one's.
        action: only this action, or all that begin with it and a dot.

    Raises:
        ScopeDenied: if the viewer may not.
        DatabaseUnavailable: if the database does not answer.
    """
    _require(viewer)
    held = tables.audit.c
    query = sa.select(*[held[name] for name in _ROW]).order_by(held.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(held.seq < before)
    if account:
        query = query.where(held.account == account)
    if action:
        begins = held.action.startswith(f"{action}.", autoescape=True)
        query = query.where((held.action == action) | begins)
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, _ROW, viewer=viewer)
    return found.with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))


def _require(viewer: Viewer) -> None:
    if viewer.role not in READERS:
        raise ScopeDenied(f"role {viewer.role} may not see the audit log")


_ALL_GONE = "removed with its head: there are accounts, and no row of who made them"


def verify(
    engine: sa.Engine, *, viewer: Viewer, key: str = "", kept: Head | None = None
) -> Verdict:
    """Check the whole log and name the first broken row.

    Args:
        engine: the shared database.
        viewer: who asks: administrators and data stewards.
        key: of the seals; empty: seals are not checked.
        kept: a head that was kept elsewhere; the log must still hold its row.

    Raises:
        ScopeDenied: if the viewer may not.
        DatabaseUnavailable: if the database does not answer.
    """
    _require(viewer)
    if kept and key and not _is_sealed(kept, key=key):
        raise BadUse("the seal of the kept head is not of this key")
    with snapshot(engine, viewer=viewer) as connection:
        end = _head(connection, viewer=viewer)
        last, previous = 0, FIRST
        while part := _after(connection, last, viewer=viewer):
            for row in part:
                why = _fault(row, seq=last + 1, previous=previous, kept=kept)
                if why:
                    return Verdict(n_rows=last, broken=last + 1, why=why)
                last, previous = last + 1, str(row["hash"])
        if not last and not end.seq and _is_in_use(connection):
            return Verdict(n_rows=0, broken=1, why=_ALL_GONE)
    return _ending(end, last=last, previous=previous, key=key, kept=kept)


def _is_in_use(connection: sa.Connection) -> bool:
    """Return whether there is an account: to make one leaves a row."""
    return connection.execute(sa.select(tables.account.c.account_id).limit(1)).first() is not None


def _after(connection: sa.Connection, seq: int, *, viewer: Viewer) -> list[dict[str, object]]:
    held = tables.audit.c
    query = sa.select(*[held[name] for name in _ROW]).where(held.seq > seq).order_by(held.seq)
    return read_frame(connection, query.limit(_PART), _ROW, viewer=viewer).to_dicts()


def _fault(row: Mapping[str, object], *, seq: int, previous: str, kept: Head | None) -> str:
    if row["seq"] != seq:
        return "removed: the next row there is has another number"
    if row["hash"] != digest(row):
        return "changed: it does not have the hash it was written with"
    if row["previous_hash"] != previous:
        return "inserted, or written anew: it does not follow the row before it"
    if kept and kept.seq == seq and kept.hash != row["hash"]:
        return "written anew: the kept head has another hash"
    return ""


def _ending(end: Head, *, last: int, previous: str, key: str, kept: Head | None) -> Verdict:
    if kept and kept.seq > last:
        why = f"cut off: the kept head says that there were {kept.seq} rows"
        return Verdict(n_rows=last, broken=last + 1, why=why)
    if end.seq > last:
        why = f"cut off: there were {end.seq} rows"
        return Verdict(n_rows=last, broken=last + 1, why=why)
    if end.seq < last:
        why = "inserted: the head does not know it"
        return Verdict(n_rows=end.seq, broken=end.seq + 1, why=why)
    if end.hash != previous:
        return Verdict(n_rows=last, broken=last, why="written anew: the head has another hash")
    if key and last and not _is_sealed(end, key=key):
        why = "cut off or written anew: the head is not sealed with this key"
        return Verdict(n_rows=last, broken=last, why=why)
    return Verdict(n_rows=last)


def _is_sealed(end: Head, *, key: str) -> bool:
    return hmac.compare_digest(end.seal, seal(end.seq, end.hash, key=key))


def line_of(row: Mapping[str, object]) -> str:
    """Return a row for people: moment, who, what."""
    at = row["at"]
    moment = from_us(at) if isinstance(at, int) else at
    words = (row["seq"], f"{moment:%Y-%m-%dT%H:%M:%SZ}", row["account"], row["role"],
             row["action"], row["object"], row["detail"])  # fmt: skip
    return "\t".join(str(word) for word in words)
