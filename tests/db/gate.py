"""A gate on a database with its country in place, for tests of what goes through it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from data_access.engine import writing
from data_access.ingest.intake import Intake
from data_access.reference.areas import load_areas
from data_access.reference.load import load_reference
from data_access.reference.model import Pack
from data_access.viewer import system_viewer
from tests.conftest import Database

KEY = "only for invented people, of no other use"


def open_gate(
    database: Database, pack: Pack, folder: Path, *, clock: Callable[[], datetime], key: str = KEY
) -> Intake:
    """Return the gate of a database, filled with a country's reference data first."""
    with writing(database.engine) as connection:
        load_reference(connection, pack)
    return Intake(
        engine=database.engine,
        areas=load_areas(database.engine, viewer=system_viewer(clock())),
        clock=clock,
        pseudonym_key=key,
        rejects_folder=folder,
    )
