"""The plain loads that the gate is compared with: same rows, same keys, no questions asked."""

import io
from collections.abc import Sequence

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import encode
from data_access.engine import writing

PLAIN = "plain_dose"


def plain_table() -> sa.Table:
    """Return a table with the columns and keys of the doses' record table, under another name."""
    winner, _ = tables.record_tables("vaccination", "dose")
    return winner.to_metadata(sa.MetaData(), name=PLAIN)


def as_stored(accepted: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return accepted rows as the record table holds them: every column, encoded, in key order."""
    rows = pl.concat(accepted).with_columns(
        source_id=pl.lit(1, dtype=pl.Int32),
        known_at=pl.lit(0, dtype=pl.Int64),
        batch_id=pl.lit(1, dtype=pl.Int64),
    )
    return encode(rows.select([column.name for column in plain_table().columns]))


def as_csv(rows: pl.DataFrame) -> bytes:
    """Return rows in the text that COPY reads."""
    buffer = io.BytesIO()
    rows.write_csv(buffer, include_header=False, null_value="\\N", quote_style="non_numeric")
    return buffer.getvalue()


def copy_in(engine: sa.Engine, text: bytes) -> None:
    """Load rows into PostgreSQL with COPY, in one transaction."""
    command = f"COPY {PLAIN} FROM STDIN (FORMAT csv, NULL '\\N')"
    with engine.begin() as connection:
        driver = connection.connection.driver_connection
        if driver is None:
            raise RuntimeError("no connection")
        with driver.cursor() as cursor, cursor.copy(command) as copy:
            copy.write(text)


def execute_many(engine: sa.Engine, rows: Sequence[tuple[object, ...]]) -> None:
    """Load rows into SQLite with one executemany, in one transaction, same pragmas as the gate."""
    table = plain_table()
    marks = ", ".join("?" for _ in table.columns)
    with writing(engine) as connection:
        connection.exec_driver_sql(f"INSERT INTO {PLAIN} VALUES ({marks})", list(rows))  # noqa: S608
