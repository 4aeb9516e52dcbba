"""The ledger: one row per batch with its counts, and the moments at which things became known.

Write side; the screen reads the ledger through `data_access.freshness`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from data_access import tables
from data_access.clock import Clock, parse_instant
from data_access.codes import MICROSECOND, TICK_US, from_us, to_us
from data_access.errors import BadInput, BadUse

_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What is known of a delivery before it is read.

    Attributes:
        origin: records or table.
        platform: platform id.
        record_kind: kind of record; empty for a table.
        mode: snapshot or increment; empty for records.
        file_name: name without folder; several names are joined by ", ".
        sha256: of the bytes, hexadecimal; of several files, the hash of their hashes.
        n_bytes: size in bytes.
        known_at: the moment the delivery speaks of (aware).
        received_at: the moment it reached the gate (aware).
    """

    origin: str
    platform: str
    record_kind: str = ""
    mode: str = ""
    file_name: str
    sha256: str
    n_bytes: int
    known_at: datetime
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What became of the rows: read = new + updated + unchanged + stale + rejected.

    Attributes:
        read: rows in the file.
        new: rows whose record (or cells) did not exist.
        updated: rows that now say something else.
        unchanged: rows that said what was known already.
        stale: rows kept but not in force now.
        rejected: rows refused.
        flagged: flags raised on accepted rows.
        retracted: cells that a snapshot no longer holds.
    """

    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    rejected: int = 0
    flagged: int = 0
    retracted: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """Return the sum of two counts."""
        return Counts(**{name: vars(self)[name] + vars(other)[name] for name in vars(self)})

    @property
    def balanced(self) -> bool:
        """Return whether every row is accounted for exactly once."""
        parts = self.new + self.updated + self.unchanged + self.stale + self.rejected
        return self.read == parts and min(vars(self).values()) >= 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one batch came to, as told to whoever delivered it.

    Attributes:
        batch: number in the ledger.
        file_name: name of the file or files.
        known_at: moment of the delivery (aware).
        counts: the balanced counts.
        rejects_file: path of the file of rejected rows; empty if none.
        reasons: "reject:<reason>" or "flag:<reason>" → number of rows.
    """

    batch: int
    file_name: str
    known_at: datetime
    counts: Counts
    rejects_file: str = ""
    reasons: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the object that `--json` prints."""
        counts: dict[str, object] = dict(vars(self.counts))
        return {
            "batch": self.batch,
            "file": self.file_name,
            **counts,
            "rejects_file": self.rejects_file or None,
            "known_at": self.known_at.isoformat(),
            "reasons": dict(self.reasons),
        }


def fingerprint(paths: tuple[Path, ...]) -> tuple[str, int]:
    """Return (SHA-256, bytes) of the files; of several, the hash of their hashes in order.

    Raises:
        BadInput: if a file cannot be read.
    """
    found = [_fingerprint(path) for path in paths]
    if len(found) == 1:
        return found[0]
    together = hashlib.sha256("".join(sha for sha, _ in found).encode())
    return together.hexdigest(), sum(size for _, size in found)


def _fingerprint(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                size += len(block)
    except FileNotFoundError as error:
        raise BadInput(f"there is no file {path.name!r}") from error
    except OSError as error:
        raise BadInput(f"{path.name}: the file cannot be read ({error.strerror})") from error
    return digest.hexdigest(), size


def open_batch(connection: sa.Connection, delivered: Delivered, *, source_id: int) -> int:
    """Enter a batch with counts of zero and return its number."""
    row = {
        "origin": delivered.origin,
        "platform": delivered.platform,
        "record_kind": delivered.record_kind,
        "mode": delivered.mode,
        "source_id": source_id,
        "file_name": delivered.file_name,
        "sha256": delivered.sha256,
        "n_bytes": delivered.n_bytes,
        "known_at": to_us(delivered.known_at),
        "received_at": to_us(delivered.received_at),
        "committed_at": 0,
        **dict.fromkeys(("n_read", "n_new", "n_updated", "n_unchanged"), 0),
        **dict.fromkeys(("n_stale", "n_rejected"), 0),
    }
    entered = sa.insert(tables.batch).values(**row).returning(tables.batch.c.batch_id)
    return int(connection.execute(entered).scalar_one())


def close_batch(connection: sa.Connection, outcome: Outcome, *, committed_at: datetime) -> None:
    """Enter the counts and reasons of a batch, just before its transaction is committed.

    Raises:
        RuntimeError: if the counts do not balance; the transaction must then be rolled back.
    """
    counts = outcome.counts
    if not counts.balanced:
        raise RuntimeError(f"counts of batch {outcome.batch} do not balance: {counts}")
    batch = tables.batch
    values = {f"n_{name}": value for name, value in vars(counts).items()}
    connection.execute(
        sa.update(batch)
        .where(batch.c.batch_id == outcome.batch)
        .values(
            committed_at=to_us(committed_at),
            # The name alone: the ledger is read on other machines than this one.
            rejects_file=Path(outcome.rejects_file).name,
            **values,
        )
    )
    rows = [
        {"batch_id": outcome.batch, "reason": reason, "n_rows": n}
        for reason, n in sorted(outcome.reasons.items())
    ]
    if rows:
        connection.execute(sa.insert(tables.batch_flag), rows)


def latest_moment(
    connection: sa.Connection,
    *,
    source_id: int,
    besides: int,
    platform: str | None = None,
    record_kind: str | None = None,
) -> int | None:
    """Return the latest known_at (microseconds) of a source's batches, `besides` left out."""
    batch = tables.batch
    query = sa.select(sa.func.max(batch.c.known_at)).where(
        batch.c.source_id == source_id, batch.c.batch_id != besides
    )
    if platform is not None:
        query = query.where(batch.c.platform == platform)
    if record_kind is not None:
        query = query.where(batch.c.record_kind == record_kind)
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def known_at(text: str | None, *, clock: Clock, zone: str) -> datetime:
    """Return the moment that `--known-at` names; the clock's now when it is not given.

    Raises:
        BadUse: if the text is no moment, or lies in the future.
    """
    now = clock()
    if not text:
        return now
    try:
        moment = parse_instant(text, zone=zone)
    except ValueError as error:
        raise BadUse(f"--known-at {text!r} is no date or time (2021-09-02T16:00+07:00)") from error
    if moment > now:
        raise BadUse(f"--known-at {text} lies in the future; it is {now.isoformat()} now")
    return moment


def stream_moment(now: datetime, *, last_cut: datetime | None = None) -> datetime:
    """Return the moment that records streaming in at `now` share.

    It is the start of the 15-minute tick, or the microsecond after the last bulletin was cut if
    that is later: what streams in never changes a bulletin.
    """
    tick = from_us(to_us(now) // TICK_US * TICK_US)
    if last_cut is not None and last_cut + MICROSECOND > tick:
        return last_cut + MICROSECOND
    return tick
