"""The only door through which figures leave the database. Each read names its viewer and schema.

A viewer who may see nothing (no area, or only bulletins while none is published) reads empty
frames here, whatever was asked. Small answers come through SQLAlchemy, big frames through ADBC;
both kinds of read inside one `with` block see one state of the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi
import adbc_driver_sqlite.dbapi
import polars as pl
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, ProgrammingError

from data_access.engine import adbc_uri, unavailable
from data_access.errors import DatabaseUnavailable, SchemaMismatch
from data_access.viewer import Viewer

Schema = dict[str, pl.DataType | type[pl.DataType]]
_NO_TABLES = "the database has no tables yet: run init first"


@contextmanager
def snapshot(engine: sa.Engine, *, viewer: Viewer) -> Iterator[sa.Connection]:
    """Yield a connection on which all reads see one state of the database.

    Raises:
        DatabaseUnavailable: if the database does not answer.
        SchemaMismatch: if a table is missing (run `python -m data_access init`).
    """
    del viewer  # named by every caller; rows are cut in read_frame and in cube.hot
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
    except OperationalError as error:
        if "no such table" in str(error.orig):
            raise SchemaMismatch(_NO_TABLES) from error
        raise unavailable(error) from error
    except ProgrammingError as error:
        if "does not exist" in str(error.orig):
            raise SchemaMismatch(_NO_TABLES) from error
        raise DatabaseUnavailable("the shared database refused a query") from error


def read_frame(
    connection: sa.Connection, query: sa.Select[Any], schema: Schema, *, viewer: Viewer
) -> pl.DataFrame:
    """Return the rows of a SELECT as a frame with exactly the columns and types of `schema`.

    A blind viewer gets no rows.
    """
    if viewer.is_blind:
        return pl.DataFrame(schema=schema)
    rows = connection.execute(query).fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pl.DataFrame(
        {name: list(values) for name, values in zip(schema, columns, strict=True)},
        schema=schema,
        strict=False,
    )


class FrameReader:
    """Reads big frames inside one snapshot, over ADBC. Get one from `frame_snapshot`."""

    def __init__(self, cursor: Any, dialect: sa.Dialect) -> None:  # noqa: ANN401 -- a DB-API object
        self._cursor = cursor
        self._dialect = dialect

    def read(self, query: sa.Select[Any], schema: Schema, *, viewer: Viewer) -> pl.DataFrame:
        """Return the rows of a SELECT with exactly the columns and types of `schema`.

        Only integers may be bound: they are rendered into the statement by SQLAlchemy. A column
        may not mix types or hold nulls: SQLite's driver takes its type from the first rows.
        """
        if viewer.is_blind:
            return pl.DataFrame(schema=schema)
        compiled = query.compile(dialect=self._dialect, compile_kwargs={"literal_binds": True})
        self._cursor.execute(str(compiled))
        read = pl.from_arrow(self._cursor.fetch_arrow_table())
        if not isinstance(read, pl.DataFrame):
            raise DatabaseUnavailable("the shared database answered without columns")
        if not read.height:
            return pl.DataFrame(schema=schema)
        return read.rename(dict(zip(read.columns, schema, strict=True))).cast(schema)  # type: ignore[arg-type]


@contextmanager
def frame_snapshot(engine: sa.Engine, *, viewer: Viewer) -> Iterator[FrameReader]:
    """Yield a reader of big frames; all its reads see one state of the database.

    Raises:
        DatabaseUnavailable: if the database does not answer.
        SchemaMismatch: if a table is missing.
    """
    del viewer
    is_sqlite = engine.dialect.name == "sqlite"
    connect = (adbc_driver_sqlite if is_sqlite else adbc_driver_postgresql).dbapi.connect
    try:
        with connect(adbc_uri(engine)) as connection, connection.cursor() as cursor:
            if not is_sqlite:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield FrameReader(cursor, engine.dialect)
    except adbc_driver_manager.Error as error:
        # The driver's own words may hold the address of the server: they stay in the cause.
        if "no such table" in str(error) or "does not exist" in str(error):
            raise SchemaMismatch(_NO_TABLES) from error
        raise DatabaseUnavailable("the shared database does not answer") from error
