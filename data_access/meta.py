"""Single facts that a database holds of itself: a text under a key."""

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.reader import read_frame, snapshot
from data_access.viewer import Viewer


def read_meta(engine: sa.Engine, key: str, *, viewer: Viewer) -> str | None:
    """Return the text under a key; None if there is none.

    Raises:
        SchemaMismatch: if the database was not initialised.
        DatabaseUnavailable: if it does not answer.
    """
    held = sa.select(tables.meta.c.value).where(tables.meta.c.key == key)
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, held, {"value": pl.String}, viewer=viewer)
    return str(found["value"][0]) if found.height else None


def write_meta(connection: sa.Connection, key: str, text: str) -> None:
    """Put a text under a key, in place of what stood there."""
    connection.execute(sa.delete(tables.meta).where(tables.meta.c.key == key))
    connection.execute(sa.insert(tables.meta).values(key=key, value=text))
