"""A gate on a database that knows its country, for tests of what goes through it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from data_access.ingest.intake import Intake
from data_access.reference.areas import load_areas
from data_access.viewer import system_viewer
from tests.conftest import Database

KEY = "only for invented people, of no other use"


def open_gate(
    database: Database, folder: Path, *, clock: Callable[[], datetime], key: str = KEY
) -> Intake:
    """Return the gate of a database whose areas are loaded (mark `vietnam`)."""
    return Intake(
        engine=database.engine,
        areas=load_areas(database.engine, viewer=system_viewer(clock())),
        clock=clock,
        pseudonym_key=key,
        rejects_folder=folder,
    )
