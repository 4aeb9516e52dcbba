"""The only door through which figures leave the database. Each read names its viewer and schema.

A viewer who may see nothing (no area, or only bulletins while none is published) reads empty
frames here, whatever was asked. Small answers come through SQLAlchemy, big frames through ADBC
(PostgreSQL) or the driver's bare cursor (SQLite); reads of one `with` block see one state.
"""

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any, Protocol

import polars as pl
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, ProgrammingError

from data_access.engine import adbc_uri, unavailable
from data_access.errors import DatabaseUnavailable, SchemaMismatch
from data_access.viewer import Viewer

Schema = dict[str, pl.DataType | type[pl.DataType]]
_CHUNK_ROWS = 20_000
_NO_TABLES = "the database has no tables yet: run init first"

SETTING = "tuyendau.provinces"
EVERYWHERE = "*"
_CODE = re.compile(r"[A-Za-z0-9_.-]+")


def scope_of(viewer: Viewer) -> str:
    """Return whose rows PostgreSQL may hand to a viewer: see `migrations.policies`.

    A code that could be anything but a code is left out: less is seen, never more.
    """
    if viewer.is_blind:
        return ""
    if viewer.everywhere:
        return EVERYWHERE
    return ",".join(sorted(code for code in viewer.areas if _CODE.fullmatch(code)))


@contextmanager
def snapshot(engine: sa.Engine, *, viewer: Viewer) -> Iterator[sa.Connection]:
    """Yield a connection on which all reads see one state of the database.

    Raises:
        DatabaseUnavailable: if the database does not answer.
        SchemaMismatch: if a table is missing (run `python -m data_access init`).
    """
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                said = sa.func.set_config(SETTING, scope_of(viewer), sa.true())
                connection.execute(sa.select(said))
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


class FrameReader(Protocol):
    """Reads big frames inside one snapshot. Get one from `frame_snapshot`."""

    def read(self, query: sa.Select[Any], schema: Schema, *, viewer: Viewer) -> pl.DataFrame:
        """Return the rows of a SELECT with exactly the columns and types of `schema`.

        Only integers may be bound. A blind viewer gets no rows.
        """


class _AdbcFrames:
    """PostgreSQL: ADBC carries the frame, the statement is compiled by SQLAlchemy."""

    def __init__(self, cursor: Any, dialect: sa.Dialect) -> None:  # noqa: ANN401 -- a DB-API object
        self._cursor = cursor
        self._dialect = dialect

    def read(self, query: sa.Select[Any], schema: Schema, *, viewer: Viewer) -> pl.DataFrame:
        if viewer.is_blind:
            return pl.DataFrame(schema=schema)
        compiled = query.compile(dialect=self._dialect, compile_kwargs={"literal_binds": True})
        self._cursor.execute(str(compiled))
        found = pl.DataFrame(self._cursor.fetch_arrow_table())
        if not found.height:
            return pl.DataFrame(schema=schema)
        return found.rename(dict(zip(found.columns, schema, strict=True))).cast(schema)  # type: ignore[arg-type]


class _CursorFrames:
    """SQLite: rows of the driver, a chunk at a time.

    Not ADBC: its driver brings a second copy of SQLite into the process, and two copies undo each
    other's file locks (howtocorrupt.html, 2.2.1): it was seen to hide commits from other processes.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def read(self, query: sa.Select[Any], schema: Schema, *, viewer: Viewer) -> pl.DataFrame:
        chunks = [pl.DataFrame(schema=schema)]
        if not viewer.is_blind:
            written = self._written(query, schema)
            if written is not None:
                return written
            # The driver's own tuples: building SQLAlchemy's rows would double the time.
            cursor = self._connection.execute(query).cursor
            while cursor is not None and (rows := cursor.fetchmany(_CHUNK_ROWS)):
                columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
                made = [pl.Series(name, values, dtype=dtype) for (name, dtype), values in columns]
                chunks.append(pl.DataFrame(made))
        return pl.concat(chunks)

    def _written(self, query: sa.Select[Any], schema: Schema) -> pl.DataFrame | None:
        """Return rows of whole numbers, which SQLite writes as one text; None for others.

        The driver gives up and takes back the interpreter for each row: among many threads, a month
        of cells waits 50,000 times for its turn. One text is one row. A float that is no whole
        number would not come back exactly: then all are read the other way.
        """
        whole = all(dtype.is_integer() or dtype == pl.Float64 for dtype in schema.values())
        if not whole or query._order_by_clauses:
            return None
        rows = query.subquery()
        columns = list(zip(rows.c, schema.values(), strict=True))
        texts: list[sa.ColumnElement[str]] = [
            sa.func.coalesce(sa.cast(sa.cast(column, sa.BigInteger), sa.String), "")
            for column, _ in columns
        ]
        floats = [column for column, dtype in columns if dtype == pl.Float64]
        exact = [sa.func.min(column == sa.cast(column, sa.BigInteger)) for column in floats]
        line = reduce(lambda left, right: left.concat(",").concat(right), texts)
        found = self._connection.execute(
            sa.select(sa.func.count(), sa.func.group_concat(line, "\n"), *exact)
        ).one()
        n_rows, text, *are_exact = found
        if n_rows == 0:
            return pl.DataFrame(schema=schema)
        if any(one == 0 for one in are_exact):
            return None
        return pl.read_csv(text.encode(), has_header=False, schema=schema)


@contextmanager
def frame_snapshot(engine: sa.Engine, *, viewer: Viewer) -> Iterator[FrameReader]:
    """Yield a reader of big frames; all its reads see one state of the database.

    Raises:
        DatabaseUnavailable: if the database does not answer.
        SchemaMismatch: if a table is missing.
    """
    if engine.dialect.name == "sqlite":
        with snapshot(engine, viewer=viewer) as plain:
            yield _CursorFrames(plain)
        return
    # Loaded where PostgreSQL is read: it brings pandas, a third of a second for every program.
    driver: Any = importlib.import_module("adbc_driver_postgresql.dbapi")
    try:
        with (
            driver.connect(adbc_uri(engine)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(f"SET LOCAL {SETTING} = '{scope_of(viewer)}'")
            yield _AdbcFrames(cursor, engine.dialect)
    except driver.Error as error:
        # The driver's own words may hold the address of the server: they stay in the cause.
        if "does not exist" in str(error) and "relation" in str(error):
            raise SchemaMismatch(_NO_TABLES) from error
        raise DatabaseUnavailable("the shared database does not answer") from error
