"""Writes the response chain into the cube: one job, after records have come in. Write side.

What the records say at every moment kept is worked out anew and compared with what the cube
holds; only differences are written, at the moments at which they became known. So records may come
in any order, be corrected and be deleted, and a second run changes nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import select_frame
from data_access.chain.cells import signed_changes
from data_access.chain.records import (
    CHAIN_PLATFORM,
    CHAIN_SOURCE,
    WATCHED,
    chain_records,
    schema_of,
    statement,
)
from data_access.chain.steps import item_histories
from data_access.clock import Clock
from data_access.codes import Origin, from_us
from data_access.cube.history import CELL, HISTORY_SCHEMA, levels_of
from data_access.cube.intern import intern_source
from data_access.cube.merge import replace_history
from data_access.engine import writing
from data_access.ingest import ledger
from data_access.ingest.ledger import Counts, Delivered, Outcome
from data_access.ingest.records import events_from


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a refresh came to.

    Attributes:
        batch: number in the ledger; None: no record came in since the last refresh.
        n_items: items of all steps looked at.
        n_written: rows of the cube's history that were written or taken away.
    """

    batch: int | None = None
    n_items: int = 0
    n_written: int = 0


def refresh(engine: sa.Engine, *, clock: Clock, zone: str) -> Refreshed:
    """Bring the response chain to what the records say; nothing is read if none came in.

    Args:
        engine: the shared database.
        clock: for the times of the ledger.
        zone: time zone whose days count.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    with writing(engine) as connection:
        newest = _newest_moment(connection)
        if newest is None:
            return Refreshed()
        found = {kind: _in_force(connection, kind) for kind in WATCHED}
        items = item_histories(**chain_records(found, zone=zone))
        changes = signed_changes(items, zone=zone)
        return _written(connection, changes, clock=clock, newest=newest, n_items=items.height)


def _newest_moment(connection: sa.Connection) -> int | None:
    """Return the latest moment of the watched records; None: nothing came in since last time."""
    batch = tables.batch.c
    query = sa.select(batch.batch_id, batch.platform, batch.record_kind, batch.known_at)
    schema = {"batch_id": pl.Int64(), "platform": pl.String(), "record_kind": pl.String(),
              "known_at": pl.Int64()}  # fmt: skip
    batches = select_frame(connection, query, schema=schema)
    last = batches.filter(pl.col("platform") == CHAIN_PLATFORM)["batch_id"].max()
    kinds = pl.DataFrame(WATCHED, schema=["platform", "record_kind"], orient="row")
    watched = batches.join(kinds, on=["platform", "record_kind"], how="semi")
    since = watched if last is None else watched.filter(pl.col("batch_id") > last)
    if since.is_empty():
        return None
    latest: int = max(watched["known_at"].to_list())
    return latest


def _in_force(connection: sa.Connection, kind: tuple[str, str]) -> pl.DataFrame:
    """Return the versions of a kind that were ever in force, with `begin` and `end`."""
    now = select_frame(connection, statement(kind, past=False), schema=schema_of(kind, past=False))
    past = select_frame(connection, statement(kind, past=True), schema=schema_of(kind, past=True))
    every = pl.concat([now.with_columns(end=pl.lit(None, dtype=pl.Int64)),
                       past.rename({"valid_to": "end"})])  # fmt: skip
    return every.with_columns(begin=pl.col("known_at")).filter(
        (pl.col("deleted") == 0) & (pl.col("end").is_null() | (pl.col("begin") < pl.col("end")))
    )


def _written(
    connection: sa.Connection, changes: pl.DataFrame, *, clock: Clock, newest: int, n_items: int
) -> Refreshed:
    source_id = intern_source(connection, CHAIN_SOURCE, origin=Origin.RECORDS)
    received = clock()
    delivered = Delivered(
        origin=Origin.RECORDS.value,
        platform=CHAIN_PLATFORM,
        record_kind=CHAIN_SOURCE,
        file_name=CHAIN_SOURCE,
        sha256=hashlib.sha256(changes.sort(changes.columns).write_csv().encode()).hexdigest(),
        n_bytes=0,
        known_at=from_us(newest),
        received_at=received,
    )
    batch_id = ledger.open_batch(connection, delivered, source_id=source_id)
    events = events_from(connection, changes, platform=CHAIN_PLATFORM, source_id=source_id)
    n_written = replace_history(
        connection,
        old=_held(connection, source_id=source_id),
        levels=levels_of(events),
        batch_id=batch_id,
    )
    counts = Counts(read=n_written, updated=n_written)
    outcome = Outcome(
        batch=batch_id, file_name=CHAIN_SOURCE, known_at=delivered.known_at, counts=counts
    )
    ledger.close_batch(connection, outcome, committed_at=clock())
    return Refreshed(batch=batch_id, n_items=n_items, n_written=n_written)


def _held(connection: sa.Connection, *, source_id: int) -> pl.DataFrame:
    """Return the whole stored history of the chain's cells."""
    held = tables.cube_history.c
    query = sa.select(*[held[name] for name in HISTORY_SCHEMA]).where(held.source_id == source_id)
    schema: Mapping[str, pl.DataType] = HISTORY_SCHEMA
    return select_frame(connection, query, schema=schema).sort([*CELL, "known_at"])
