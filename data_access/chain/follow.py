"""When the response chain is brought up to date in a process that takes records in."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import sqlalchemy as sa

from data_access.chain.records import WATCHED
from data_access.chain.refresh import Refreshed, refresh
from data_access.clock import Clock
from data_access.codes import TICK_US
from data_access.errors import DataAccessError
from data_access.ingest.ledger import stream_moment

PLATFORMS = frozenset(platform for platform, _ in WATCHED)
"""Platforms whose records may change the chain."""


@dataclass(kw_only=True)
class Follower:
    """Follows what a process takes in: at most once a tick, and never inside a delivery.

    Attributes:
        engine: the shared database.
        clock: what time it is.
        zone: time zone whose days count.
    """

    engine: sa.Engine
    clock: Clock
    zone: str
    # What came before this process began may not have been followed.
    _is_due: bool = True
    _tick: datetime | None = None
    _at: float = 0.0
    _turn: Lock = field(default_factory=Lock)

    def note(self) -> None:
        """Remember that something came in; costs nothing."""
        self._is_due = True

    def follow(self, *, wanted_still: Callable[[], bool] = lambda: True) -> Refreshed | None:
        """Refresh the chain if anything came in and the tick is a new one; else return None.

        A clock that stands still for a rehearsal has no new ticks: then real time counts.

        Raises:
            DatabaseUnavailable: if the database does not answer; it is tried again next time.
        """
        with self._turn:
            tick, at = stream_moment(self.clock()), time.monotonic()
            if not self._is_due or (tick == self._tick and at - self._at < TICK_US / 1_000_000):
                return None
            # Before the work: what comes in during it is for the next time.
            self._is_due = False
            try:
                done = refresh(
                    self.engine, clock=self.clock, zone=self.zone, wanted_still=wanted_still
                )
            except DataAccessError:
                self._is_due = True
                raise
            if done.is_put_off:
                self._is_due = True
            elif done.batch is not None:
                self._tick, self._at = tick, at
            return done
