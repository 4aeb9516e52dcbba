"""What a database says of itself when its figures are a demonstration: its notice and its clock.

A demonstration stands at one evening of the past. Its clock lies in the database, so that the
dashboard, the gate and `query` agree on it without anybody setting TUYENDAU_NOW in each of them.
"""

import json
from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.clock import Clock, make_clock
from data_access.reader import read_frame, snapshot
from data_access.simulated import SimulatedClock, read_simulated
from data_access.viewer import Viewer

META_KEY = "demonstration"


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """A demonstration's own words.

    Attributes:
        now: its clock, as TUYENDAU_NOW would say it.
        notice: language → sentence that the screen must show.
    """

    now: str
    notice: dict[str, str]


def read_demonstration(engine: sa.Engine, *, viewer: Viewer) -> Demonstration | None:
    """Return what a database says of itself; None if its figures are no demonstration.

    Raises:
        SchemaMismatch: if the database was not initialised.
        DatabaseUnavailable: if it does not answer.
    """
    held = sa.select(tables.meta.c.value).where(tables.meta.c.key == META_KEY)
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, held, {"value": pl.String}, viewer=viewer)
    if not found.height:
        return None
    text = json.loads(found["value"][0])
    return Demonstration(now=text["now"], notice=text["notice"])


def write_demonstration(connection: sa.Connection, stated: Demonstration) -> None:
    """Note in the database that its figures are a demonstration."""
    text = json.dumps(vars(stated), ensure_ascii=False, sort_keys=True)
    connection.execute(sa.delete(tables.meta).where(tables.meta.c.key == META_KEY))
    connection.execute(sa.insert(tables.meta).values(key=META_KEY, value=text))


def database_clock(engine: sa.Engine, *, now: str, zone: str, viewer: Viewer) -> Clock:
    """Return the clock of a database: what TUYENDAU_NOW says, else its own, else the machine's.

    A simulation's clock goes with the simulation.

    Args:
        engine: the shared database.
        now: value of TUYENDAU_NOW; empty if not set.
        zone: time zone of the country.
        viewer: who asks.

    Raises:
        SettingsError: if the setting cannot be used.
        SchemaMismatch: if the database was not initialised.
        DatabaseUnavailable: if it does not answer.
    """
    if now:
        return make_clock(now, zone=zone)
    running = read_simulated(engine, viewer=viewer)
    if running is not None:
        return SimulatedClock(lambda: read_simulated(engine, viewer=viewer), running)
    stated = read_demonstration(engine, viewer=viewer)
    return make_clock(stated.now if stated else "", zone=zone)
