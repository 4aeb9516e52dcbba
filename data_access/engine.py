"""Opens the shared database: one engine per process, one way to write.

Reading goes through `data_access.reader`; this module executes no query of its own.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from data_access.errors import DatabaseUnavailable

LOG = logging.getLogger("tuyendau.data_access")
BUSY_TIMEOUT_MS = 60_000
WRITER_LOCK = 0x7475_7965  # "tuye": all writers of a PostgreSQL database queue on this lock
ACCOUNT_LOCK = 0x7475_7961  # "tuya": those of accounts alone, so that no sign-in waits for a file
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA mmap_size = 268435456",
)
_UNFINISHED_PRAGMAS = ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -262144")


def make_engine(url: str, *, is_unfinished: bool = False, audit_key: str = "") -> sa.Engine:
    """Return an engine for SQLite (WAL) or PostgreSQL (psycopg).

    Creates the folder of a SQLite file. Connects to nothing yet.

    Args:
        url: SQLAlchemy address.
        is_unfinished: whether it is a SQLite file that is thrown away unless its build ends well:
            nothing waits for the disk, and `settle` must be called before it counts as built.
            Transactions are as atomic as ever while the machine runs. PostgreSQL: no difference.
        audit_key: seals the end of the audit log; empty: it stays unsealed.
    """
    address = make_url(url)
    options = {"audit_key": audit_key}
    if address.get_backend_name() != "sqlite":
        return sa.create_engine(
            address, pool_pre_ping=True, pool_size=8, max_overflow=16, execution_options=options
        )
    if address.database and address.database != ":memory:":
        Path(address.database).resolve().parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(address, execution_options=options)
    event.listen(engine, "connect", _prepare_sqlite)
    if is_unfinished:
        event.listen(engine, "connect", _hurry_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401 -- a DB-API object
    # The driver must not open transactions by itself: BEGIN is ours, so that it can be IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _hurry_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401 -- a DB-API object
    for pragma in _UNFINISHED_PRAGMAS:
        connection.execute(pragma).close()


def settle(path: Path) -> None:
    """Wait until a SQLite file that was built without waiting lies on the disk as a whole.

    Its engine must have been disposed of: whatever it had beside it is in the file then.

    Raises:
        OSError: if it cannot be written.
    """
    with path.open("rb+") as built:
        os.fsync(built.fileno())


def _begin_sqlite(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def writing(engine: sa.Engine, *, lock: int = WRITER_LOCK) -> Iterator[sa.Connection]:
    """Yield a connection inside one write transaction: all of it is kept, or none.

    Writers queue: BEGIN IMMEDIATE on SQLite, an advisory lock on PostgreSQL; readers never wait.

    Args:
        engine: the shared database.
        lock: on PostgreSQL, the queue to stand in; figures and records have the default one.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    try:
        with engine.connect().execution_options(immediate=True) as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
            yield connection
    except OperationalError as error:
        raise unavailable(error) from error


def unavailable(error: DBAPIError) -> DatabaseUnavailable:
    """Return the error to show when the driver reports that the database does not answer.

    PostgreSQL's own words name the server and its folders: they stay in the cause, and in the
    log for whoever asks for debugging.
    """
    LOG.debug("the driver says: %s", error.orig)
    message = "the shared database does not answer"
    if isinstance(error.orig, sqlite3.Error):
        message = f"{message}: {error.orig}"
    return DatabaseUnavailable(message)


def adbc_uri(engine: sa.Engine) -> str:
    """Return the address under which ADBC finds the same PostgreSQL database.

    Raises:
        ValueError: for SQLite, which must not be read through ADBC (docs/decisions/0004).
    """
    if engine.dialect.name == "sqlite":
        raise ValueError("SQLite is not read through ADBC: two SQLite libraries undo their locks")
    plain = engine.url.set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)
