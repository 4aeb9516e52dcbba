"""Carries frames into and out of the database inside a write transaction. Write side only.

Reads for people go through `data_access.reader`. Statements are SQLAlchemy's; where a driver has
a faster road for many rows (COPY, executemany with tuples), the rows take it in the same
transaction.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl
import sqlalchemy as sa
from psycopg.errors import UniqueViolation
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

Schema = Mapping[str, pl.DataType | type[pl.DataType]]
Upsert = postgresql.Insert | sqlite.Insert

_SQLITE = sqlite.dialect(paramstyle="qmark")
_ROWS_AT_ONCE = 100_000
_TUPLES_AT_ONCE = 2_000
"""More of them would push one another out of the processor's cache before they are used."""
_NULL = "\\N"
_NULL_OUT = "\x02"
"""Polars cannot tell a quoted text from a null marker; the gate lets no control character in."""
_WIRE_TYPES: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (sa.SmallInteger, "int2"),
    (sa.BigInteger, "int8"),
    (sa.Integer, "int4"),
    (sa.Double, "float8"),
    (sa.LargeBinary, "bytea"),
    (sa.Text, "text"),
)
_OTHER_ROADS = (
    "enable_hashjoin",
    "enable_mergejoin",
    "enable_seqscan",
    "enable_bitmapscan",
    "enable_material",
)


def encode(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame in storage encodings: days, microseconds and 0/1 as whole numbers."""
    changes = []
    for name, dtype in frame.schema.items():
        if dtype == pl.Date:
            changes.append(pl.col(name).cast(pl.Int32))
        elif isinstance(dtype, pl.Datetime):
            changes.append(pl.col(name).dt.timestamp("us"))
        elif dtype == pl.Boolean:
            changes.append(pl.col(name).cast(pl.Int16))
    return frame.with_columns(changes) if changes else frame


def insert_frame(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
    """Insert every row of a frame whose columns are named as the table's.

    Values that are not numbers or text yet are encoded (`encode`).
    """
    if frame.is_empty():
        return
    # In pieces: as tuples or as text, rows take many times the memory of the frame.
    if connection.dialect.name == "postgresql":
        for piece in frame.iter_slices(_ROWS_AT_ONCE):
            _copy(connection, table, encode(piece))
        return
    statement = sa.insert(table).compile(dialect=_SQLITE, column_keys=frame.columns)
    order = list(statement.positiontup or frame.columns)
    for piece in encode(frame).select(order).iter_slices(_TUPLES_AT_ONCE):
        columns = (column.to_list() for column in piece.iter_columns())
        connection.exec_driver_sql(str(statement), list(zip(*columns, strict=True)))


def insert_if_new(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> bool:
    """Insert every row of a frame; if the table holds any of their keys, insert none.

    Returns whether the rows were inserted. Cheaper than looking every key up first, as long as it
    succeeds most of the time.
    """
    try:
        with connection.begin_nested():
            insert_frame(connection, table, frame)
    except (IntegrityError, UniqueViolation):
        return False
    return True


def upsert_into(connection: sa.Connection, table: sa.Table) -> Upsert:
    """Return the beginning of an INSERT ... ON CONFLICT for the database at hand."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _copy(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
    quote = connection.dialect.identifier_preparer
    columns = ", ".join(quote.quote(name) for name in frame.columns)
    into = f"COPY {quote.format_table(table)} ({columns}) FROM STDIN"
    if pl.Binary in frame.dtypes:
        _copy_rows(connection, f"{into} (FORMAT binary)", table=table, frame=frame)
        return
    # Strings are quoted, nulls are not: an empty text stays an empty text.
    lines = io.BytesIO()
    frame.write_csv(lines, include_header=False, null_value=_NULL, quote_style="non_numeric")
    command = f"{into} (FORMAT csv, NULL '{_NULL}')"
    with _driver(connection).cursor() as cursor, cursor.copy(command) as copy:
        copy.write(lines.getvalue())


def _copy_rows(
    connection: sa.Connection, command: str, *, table: sa.Table, frame: pl.DataFrame
) -> None:
    """Copy rows as they are: few and long, they would cost most as hexadecimal text."""
    with _driver(connection).cursor() as cursor, cursor.copy(command) as copy:
        copy.set_types([_wire_type(table.c[name].type) for name in frame.columns])
        for row in frame.iter_rows():
            copy.write_row(row)


def _wire_type(of: sa.types.TypeEngine[Any]) -> str:
    """Return PostgreSQL's name of a column's type."""
    return next(name for kind, name in _WIRE_TYPES if isinstance(of, kind))


def select_frame(
    connection: sa.Connection, query: sa.Select[tuple[object, ...]], *, schema: Schema
) -> pl.DataFrame:
    """Return the rows of a SELECT with exactly the columns and types of `schema`, in its order.

    Days, instants and flags are decoded from whole numbers where the schema asks for them.
    """
    if connection.dialect.name == "postgresql":
        return _copied_out(connection, query, schema=schema)
    found = connection.execute(query)
    # The driver's own tuples: nobody needs SQLAlchemy's rows, which take longer than the query.
    rows = found.cursor.fetchall() if found.cursor is not None else []
    found.close()
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    series = [
        _decoded(pl.Series(name, values, dtype=_plain(dtype), strict=False), dtype)
        for (name, dtype), values in zip(schema.items(), columns, strict=True)
    ]
    return pl.DataFrame(series)


def _copied_out(
    connection: sa.Connection, query: sa.Select[tuple[object, ...]], *, schema: Schema
) -> pl.DataFrame:
    # COPY takes no bound values. Per cent signs are doubled for a driver that looks for parameters,
    # which it does not do here.
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    statement = str(compiled).replace("%%", "%")
    lines = io.BytesIO()
    with (
        _driver(connection).cursor() as cursor,
        cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv, NULL '{_NULL_OUT}')") as copy,
    ):
        for part in copy:
            lines.write(part)
    if not lines.tell():
        return pl.DataFrame(schema=dict(schema))
    lines.seek(0)
    plain = {name: _plain(dtype) for name, dtype in schema.items()}
    found = pl.read_csv(
        lines,
        has_header=False,
        schema=plain,
        null_values=_NULL_OUT,
        empty_string_is_null=False,
    )
    return found.select([_decoded(found[name], dtype) for name, dtype in schema.items()])


def _plain(dtype: pl.DataType | type[pl.DataType]) -> pl.DataType:
    """Return the type that a column comes out of the database with."""
    if dtype.is_integer() or dtype.is_temporal() or dtype == pl.Boolean:
        return pl.Int64()
    return dtype() if isinstance(dtype, type) else dtype


def _decoded(found: pl.Series, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    if dtype == pl.Date:
        return found.cast(pl.Int32).cast(pl.Date)
    return found if found.dtype == dtype else found.cast(dtype)


def _driver(connection: sa.Connection) -> Any:  # noqa: ANN401 -- psycopg's connection
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection was closed before its frame was carried")
    return driver


@contextmanager
def staged(
    connection: sa.Connection, columns: Sequence[sa.Column[object]], frame: pl.DataFrame
) -> Iterator[sa.Table]:
    """Yield a temporary table that holds the frame's columns named as `columns`, then drop it.

    On PostgreSQL joins on it look rows up one by one while the block lasts: the planner knows
    nothing of a table that was filled a moment ago, and would read the whole other side: once, or,
    believing that side to be still as empty as it was, once for every row.
    """
    held = sa.MetaData()
    stage = sa.Table(
        "stage",
        held,
        *[sa.Column(c.name, c.type) for c in columns],
        prefixes=["TEMPORARY"],
    )
    stage.create(connection, checkfirst=False)
    insert_frame(connection, stage, frame.select([c.name for c in columns]))
    _plan_look_ups(connection, "off")
    yield stage
    # Not after an error: the transaction is rolled back then, and the table goes with it.
    _plan_look_ups(connection, "on")
    stage.drop(connection, checkfirst=False)


def _plan_look_ups(connection: sa.Connection, other_joins: str) -> None:
    if connection.dialect.name != "postgresql":
        return
    settings = [sa.func.set_config(name, other_joins, True) for name in _OTHER_ROADS]
    connection.execute(sa.select(*settings))


def matching(
    connection: sa.Connection,
    table: sa.Table,
    *,
    keys: pl.DataFrame,
    fixed: Mapping[str, int] | None = None,
    columns: Sequence[str],
    schema: Schema,
) -> pl.DataFrame:
    """Return the rows of a table whose key columns equal a row of `keys`.

    Args:
        connection: inside the write transaction.
        table: where to look; `keys` names the leading columns of its primary key.
        keys: one row per key, columns named as the table's.
        fixed: key columns that have one value for all, ahead of those in `keys`.
        columns: what to return, in order.
        schema: types of those columns.
    """
    if keys.is_empty():
        return pl.DataFrame(schema=dict(schema))
    # What is fixed is staged as well: held against a constant, a table that was filled a moment ago
    # looks nearly empty to PostgreSQL, and it would compare every row with every key.
    constants = [pl.lit(value, pl.Int32).alias(name) for name, value in (fixed or {}).items()]
    whole = keys.select(*constants, pl.all())
    key_columns = [table.c[name] for name in whole.columns]
    with staged(connection, key_columns, whole) as stage:
        together = [table.c[name] == stage.c[name] for name in whole.columns]
        joined = stage.join(table, sa.and_(*together))
        query = sa.select(*[table.c[name] for name in columns]).select_from(joined)
        return select_frame(connection, query, schema=schema)


def delete_matching(connection: sa.Connection, table: sa.Table, keys: pl.DataFrame) -> None:
    """Delete the rows of a table whose columns equal a row of `keys` (which has no nulls)."""
    if keys.is_empty():
        return
    names = keys.columns
    if connection.dialect.name == "postgresql":
        with staged(connection, [table.c[name] for name in names], keys) as stage:
            same = sa.and_(*[table.c[name] == stage.c[name] for name in names])
            connection.execute(sa.delete(table).where(same))
        return
    bound = sa.and_(*[table.c[name] == sa.bindparam(f"b_{name}") for name in names])
    statement = sa.delete(table).where(bound).compile(dialect=_SQLITE)
    order = [name.removeprefix("b_") for name in statement.positiontup or []]
    connection.exec_driver_sql(str(statement), encode(keys).select(order).rows())
