"""What every command needs, opened when first asked for."""

import getpass
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from data_access.audit import Entry
from data_access.clock import Clock, machine_clock
from data_access.demonstration import database_clock
from data_access.engine import make_engine
from data_access.ingest.intake import Intake, rejects_folder
from data_access.migrations import require_current
from data_access.reference.areas import Areas, load_areas
from data_access.settings import Settings
from data_access.viewer import system_viewer


@dataclass(frozen=True)
class Context:
    """The settings, and what follows from them.

    Attributes:
        settings: what the environment says.
    """

    settings: Settings

    @cached_property
    def engine(self) -> sa.Engine:
        """Return the engine of the shared database."""
        return make_engine(self.settings.database_url, audit_key=self.settings.audit_key)

    def close(self) -> None:
        """Let go of the database, if it was ever opened."""
        if "engine" in vars(self):
            self.engine.dispose()

    @cached_property
    def areas(self) -> Areas:
        """Return the country's areas.

        Raises:
            SchemaMismatch: if the database is not set up.
            DatabaseUnavailable: if it does not answer.
        """
        # Reference data is the same at every moment, so the machine's clock will do here.
        return load_areas(self.engine, viewer=system_viewer(machine_clock()))

    @property
    def zone(self) -> str:
        """Return the country's time zone."""
        return self.areas.country.time_zone

    @cached_property
    def clock(self) -> Clock:
        """Return the clock that TUYENDAU_NOW asks for, else the database's own.

        Raises:
            SchemaMismatch: if the database is not set up.
            DatabaseUnavailable: if it does not answer.
        """
        viewer = system_viewer(machine_clock())
        return database_clock(self.engine, now=self.settings.now, zone=self.zone, viewer=viewer)

    @cached_property
    def intake(self) -> Intake:
        """Return the gate.

        Raises:
            SchemaMismatch: if the database is not set up.
            DatabaseUnavailable: if it does not answer.
        """
        require_current(self.engine)
        return Intake(
            engine=self.engine,
            areas=self.areas,
            clock=self.clock,
            pseudonym_key=self.settings.key_chain,
            rejects_folder=rejects_folder(self.engine),
        )


def account_name() -> str:
    """Return the name of the machine's account that runs the command; empty where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return ""


def entry_of(action: str, about: str, *, role: str = "operator", **detail: str) -> Entry:
    """Return an audit row of whoever runs the command, in real time."""
    return Entry(
        at=machine_clock(), account=f"cli:{account_name()}", role=role, action=action,
        object=about, detail=detail,
    )  # fmt: skip
