"""A simulation that feeds this database: how far it is, and the clock that goes with it.

One row of `meta` says both. It is written after the deliveries of a tick, so that whatever it
claims is there; what is there beyond it is found in the ledger.
"""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.clock import Clock, machine_clock
from data_access.codes import TICK_US, from_us, to_us
from data_access.engine import writing
from data_access.errors import BadUse, DataAccessError
from data_access.meta import read_meta, write_meta
from data_access.reader import read_frame, snapshot
from data_access.viewer import Viewer

META_KEY = "simulation"
TICK = timedelta(microseconds=TICK_US)
LOOK_SECONDS = 0.2
GRACE = timedelta(seconds=20)
"""Real time a tick may take beyond its turn before the simulation counts as stopped."""


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Where a simulation stands.

    Attributes:
        spec: what it is made of (seed, first day, scale, ...): the same spec, the same records.
        scale: one simulated person for so many of the country.
        sent: simulated instant (UTC) up to which everything was sent.
        real: real instant (UTC) at which that was so.
        speed: simulated seconds per real second; 0: it was stopped.
    """

    spec: str
    scale: int
    sent: datetime
    real: datetime
    speed: float

    def now(self, real: datetime) -> datetime:
        """Return the simulated instant at a real one: never beyond the tick on its way."""
        gone = max(real - self.real, timedelta()) * self.speed
        return self.sent + min(gone, TICK)

    def is_paused(self, real: datetime) -> bool:
        """Return whether nobody sends: stopped, or the next tick is overdue."""
        if not self.speed:
            return True
        return real - self.real > TICK / self.speed + GRACE


def read_simulated(engine: sa.Engine, *, viewer: Viewer) -> Simulated | None:
    """Return where the simulation stands; None if none feeds this database.

    Raises:
        SchemaMismatch: if the database was not initialised.
        DatabaseUnavailable: if it does not answer.
    """
    text = read_meta(engine, META_KEY, viewer=viewer)
    return None if text is None else _read(text)


def begin_simulated(engine: sa.Engine, state: Simulated) -> Simulated:
    """Claim a database for a simulation, or go on with it; return where it stands.

    Raises:
        BadUse: if the database holds figures, or another simulation.
        DatabaseUnavailable: if it does not answer.
    """
    with writing(engine) as connection:
        text = connection.execute(
            sa.select(tables.meta.c.value).where(tables.meta.c.key == META_KEY)
        ).scalar()
        if text is not None:
            held = _read(text)
            if held.spec != state.spec:
                raise BadUse("the database holds another simulation: give it a database of its own")
            return held
        if connection.execute(sa.select(sa.exists(sa.select(tables.batch)))).scalar():
            raise BadUse(
                "the database holds figures that are not of this simulation:"
                " give it a database of its own"
            )
        _write(connection, state)
    return state


def note_simulated(engine: sa.Engine, state: Simulated) -> None:
    """Note how far a simulation is.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    with writing(engine) as connection:
        _write(connection, state)


def delivered(engine: sa.Engine, names: list[str], *, viewer: Viewer) -> set[tuple[str, str]]:
    """Return (file name, SHA-256) of those of some files that the ledger holds."""
    batch = tables.batch.c
    query = sa.select(batch.file_name, batch.sha256).where(batch.file_name.in_(names))
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(
            connection, query, {"file_name": pl.String, "sha256": pl.String}, viewer=viewer
        )
    return set(found.iter_rows())


def _read(text: str) -> Simulated:
    held = json.loads(text)
    return Simulated(
        spec=held["spec"], scale=held["scale"], speed=held["speed"],
        sent=from_us(held["sent"]), real=from_us(held["real"]),
    )  # fmt: skip


def _write(connection: sa.Connection, state: Simulated) -> None:
    held = {**vars(state), "sent": to_us(state.sent), "real": to_us(state.real)}
    write_meta(connection, META_KEY, json.dumps(held, sort_keys=True))


class SimulatedClock:
    """What time it is in a simulation. Safe between threads; never goes back.

    Looks into the database at most every `LOOK_SECONDS`; while that is away it goes on from what
    it last heard, and stands still where the next tick would end.
    """

    def __init__(
        self,
        look: Callable[[], Simulated | None],
        state: Simulated,
        *,
        real: Clock = machine_clock,
    ) -> None:
        """Start from a state."""
        self._look, self._real = look, real
        self._lock = threading.Lock()
        self._state = state
        self._looked = time.monotonic()
        self._last = state.sent

    def __call__(self) -> datetime:
        """Return the simulated now (UTC)."""
        with self._lock:
            self._refresh()
            self._last = max(self._last, self._state.now(self._real()))
            return self._last

    @property
    def state(self) -> Simulated:
        """Where the simulation stands, as last heard; speed 0 when it is paused."""
        with self._lock:
            self._refresh()
            paused = self._state.is_paused(self._real())
            return replace(self._state, speed=0.0) if paused else self._state

    def _refresh(self) -> None:
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        # A database that is away is told of by whoever asks for figures.
        with suppress(DataAccessError):
            self._state = self._look() or self._state
