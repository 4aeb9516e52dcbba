"""The only door through which figures leave the database. Each read names its viewer and schema."""

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, ProgrammingError

from data_access.engine import unavailable
from data_access.errors import DatabaseUnavailable, SchemaMismatch
from data_access.viewer import Viewer

Schema = dict[str, pl.DataType | type[pl.DataType]]


@contextmanager
def snapshot(engine: sa.Engine, *, viewer: Viewer) -> Iterator[sa.Connection]:
    """Yield a connection on which all reads see one state of the database.

    Raises:
        DatabaseUnavailable: if the database does not answer.
        SchemaMismatch: if a table is missing (run `python -m data_access init`).
    """
    del viewer  # named by every caller; row scope is applied to the frames by cube.query
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
    except OperationalError as error:
        if "no such table" in str(error.orig):
            raise SchemaMismatch("the database has no tables yet: run init first") from error
        raise unavailable(error) from error
    except ProgrammingError as error:
        if "does not exist" in str(error.orig):
            raise SchemaMismatch("the database has no tables yet: run init first") from error
        raise DatabaseUnavailable("the shared database refused a query") from error


def read_frame(
    connection: sa.Connection, query: sa.Select[tuple[object, ...]], schema: Schema, *, viewer: Viewer
) -> pl.DataFrame:
    """Return the rows of a SELECT as a frame with exactly the columns and types of `schema`."""
    del viewer
    rows = connection.execute(query).fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pl.DataFrame(
        {name: list(values) for name, values in zip(schema, columns, strict=True)},
        schema=schema,
        strict=False,
    )
