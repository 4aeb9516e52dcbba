"""What a database says of itself when its figures are a demonstration: its notice and its clock.

A demonstration stands at one evening of the past. Its clock lies in the database, so that the
dashboard, the gate and `query` agree on it without anybody setting TUYENDAU_NOW in each of them.
"""

import json
from dataclasses import dataclass

import sqlalchemy as sa

from data_access.clock import Clock, make_clock
from data_access.meta import read_meta, write_meta
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
    text = read_meta(engine, META_KEY, viewer=viewer)
    if text is None:
        return None
    held = json.loads(text)
    return Demonstration(now=held["now"], notice=held["notice"])


def write_demonstration(connection: sa.Connection, stated: Demonstration) -> None:
    """Note in the database that its figures are a demonstration."""
    text = json.dumps(vars(stated), ensure_ascii=False, sort_keys=True)
    write_meta(connection, META_KEY, text)


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
