"""Guessing made slow: failures are counted by account and by address, and each costs more time.

Counted inside the transaction that decides, so that guesses made at once count one by one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_us


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How failures of one kind are met.

    Attributes:
        free: failures that cost nothing.
        first: lock after the next one; doubled with each further one.
        longest: the longest lock, so that nobody can shut out another for good.
        forgotten: quiet time after which the count begins anew.
    """

    free: int
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=15)
    forgotten: timedelta

    def lock_after(self, failures: int) -> timedelta:
        """Return how long nothing is let in after so many failures."""
        beyond = failures - self.free
        if beyond < 0:
            return timedelta()
        # Beyond sixteen doublings any lock is the longest one.
        return min(self.first * (1 << min(beyond, 16)), self.longest)


# A whole office may share an address: it gets more, and is forgotten sooner.
ACCOUNT = Policy(free=5, forgotten=timedelta(days=1))
ADDRESS = Policy(free=20, forgotten=timedelta(hours=1))


def is_locked(connection: sa.Connection, keys: tuple[str, ...], *, now: datetime) -> bool:
    """Return whether one of the keys is locked; counts what is refused for it."""
    held = tables.login_throttle
    locked = (held.c.key.in_(keys), held.c.locked_until > to_us(now))
    changed = connection.execute(sa.update(held).where(*locked).values(refused=held.c.refused + 1))
    return changed.rowcount > 0


def note_failure(connection: sa.Connection, key: str, *, policy: Policy, now: datetime) -> None:
    """Count a failure and lock the key if it is one too many."""
    held, at = tables.login_throttle, to_us(now)
    row = connection.execute(
        sa.select(held.c.failures, held.c.last_at).where(held.c.key == key)
    ).first()
    is_fresh = row is not None and at - row.last_at < policy.forgotten / timedelta(microseconds=1)
    failures = (row.failures if row is not None and is_fresh else 0) + 1
    values = {
        "failures": failures,
        "last_at": at,
        "locked_until": to_us(now + policy.lock_after(failures)),
    }
    if row is None:
        connection.execute(sa.insert(held).values(key=key, refused=0, **values))
    else:
        connection.execute(sa.update(held).where(held.c.key == key).values(**values))


def forget(connection: sa.Connection, key: str) -> None:
    """Begin anew with a key."""
    connection.execute(sa.delete(tables.login_throttle).where(tables.login_throttle.c.key == key))


def tidy(connection: sa.Connection, *, now: datetime) -> None:
    """Drop what is forgotten anyway, so that a flood of invented logins does not stay."""
    before = to_us(now - max(ACCOUNT.forgotten, ADDRESS.forgotten))
    connection.execute(
        sa.delete(tables.login_throttle).where(tables.login_throttle.c.last_at < before)
    )
