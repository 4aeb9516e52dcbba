"""Ingests a table delivery: all its files are one batch, in one transaction."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from data_access.clock import Clock
from data_access.codes import Clearance, Origin, to_us
from data_access.cube.intern import (
    intern_breakdowns,
    intern_feed,
    intern_measures,
    intern_source,
    numbered,
)
from data_access.engine import writing
from data_access.ingest import ledger
from data_access.ingest.ledger import Counts, Delivered, Outcome
from data_access.ingest.merge_tables import PAYLOAD, FeedDelivery, FeedOutcome, merge_feed
from data_access.ingest.records import rejected_by_reason
from data_access.ingest.reject_log import RejectLog
from data_access.ingest.seam import CellDelivery, CellEntry


@dataclass(frozen=True, kw_only=True)
class TableDelivery:
    """One table delivery, as it is handed to the gate.

    Attributes:
        paths: its files; together they are one delivery.
        source: name of who delivers.
        platform: platform id.
        mode: snapshot or increment.
        known_at: the moment it speaks of (aware).
        precedence: rank of the source among sources; None for the usual one.
        clearance: who may see its cells, where that is fewer than may see the measure.
    """

    paths: tuple[Path, ...]
    source: str
    platform: str
    mode: str
    known_at: datetime
    precedence: int | None = None
    clearance: Clearance = Clearance.PUBLIC


def ingest_cells(
    engine: sa.Engine,
    delivery: TableDelivery,
    *,
    cells: CellDelivery,
    clock: Clock,
    rejects_folder: Path,
) -> Outcome:
    """Merge checked cells into the cube; all of them, or none if anything fails.

    Args:
        engine: the shared database.
        delivery: what is delivered.
        cells: from `front.read_table`.
        clock: for the times of the ledger.
        rejects_folder: where the file of rejected rows is put.

    Raises:
        BadInput: if a file or the mapping cannot be used.
        DatabaseUnavailable: if the database does not answer.
    """
    sha256, n_bytes = ledger.fingerprint(delivery.paths)
    delivered = Delivered(
        origin=Origin.TABLE.value,
        platform=delivery.platform,
        mode=delivery.mode,
        file_name=", ".join(path.name for path in delivery.paths),
        sha256=sha256,
        n_bytes=n_bytes,
        known_at=delivery.known_at,
        received_at=clock(),
    )
    log = RejectLog(
        rejects_folder, file_name=delivered.file_name, received_at=delivered.received_at
    )
    log.add(cells.rejected)
    try:
        with writing(engine) as connection:
            outcome = _merge(connection, delivery, delivered, cells, log=log)
            ledger.close_batch(connection, outcome, committed_at=clock())
    except BaseException:
        log.discard()
        raise
    return outcome


def _merge(
    connection: sa.Connection,
    delivery: TableDelivery,
    delivered: Delivered,
    cells: CellDelivery,
    *,
    log: RejectLog,
) -> Outcome:
    source_id = intern_source(
        connection,
        delivery.source,
        origin=Origin.TABLE,
        precedence=delivery.precedence,
        clearance=delivery.clearance,
    )
    batch_id = ledger.open_batch(connection, delivered, source_id=source_id)
    fed = [
        merge_feed(connection, one)
        for one in _feeds(connection, delivery, cells, source_id=source_id, batch_id=batch_id)
    ]
    reasons = Counter({f"flag:{reason}": n for reason, n in cells.flags.items() if n})
    reasons.update(rejected_by_reason(cells.rejected))
    return Outcome(
        batch=batch_id,
        file_name=delivered.file_name,
        known_at=delivered.known_at,
        counts=_counts(cells, fed),
        rejects_file=log.finish(),
        reasons=dict(reasons),
    )


def _feeds(
    connection: sa.Connection,
    delivery: TableDelivery,
    cells: CellDelivery,
    *,
    source_id: int,
    batch_id: int,
) -> list[FeedDelivery]:
    """Return what the delivery says about each feed, one after the other."""
    keys = list(dict.fromkeys(entry.measure for entry in cells.entries))
    measures = intern_measures(
        connection, keys, platform=delivery.platform, unknown=_described(cells.entries)
    )
    breakdowns = intern_breakdowns(connection, cells.cells["dims"].unique().to_list())
    told = cells.cells.with_columns(
        pl.col("day").cast(pl.Int32),
        breakdown_id=numbered("dims", breakdowns),
    )
    of_feed: dict[str, list[int]] = {}
    for place, entry in enumerate(cells.entries):
        of_feed.setdefault(entry.feed, []).append(place)
    feeds = []
    for feed, places in of_feed.items():
        measure_id = measures[cells.entries[places[0]].measure]
        feed_id = intern_feed(connection, feed, measure_id=measure_id, source_id=source_id)
        own = told.filter(pl.col("entry").is_in(places)).select("row_no", *PAYLOAD)
        feeds.append(
            FeedDelivery(
                feed_id=feed_id,
                measure_id=measure_id,
                source_id=source_id,
                batch_id=batch_id,
                known_at=to_us(delivery.known_at),
                mode=delivery.mode,
                # A cell given twice was settled in front; should one slip through, the last wins.
                cells=own.unique(list(PAYLOAD)[:3], keep="last", maintain_order=True),
            )
        )
    return feeds


def _described(entries: tuple[CellEntry, ...]) -> Mapping[str, Mapping[str, str]]:
    return {
        entry.measure: {
            "kind": entry.kind,
            "unit": entry.unit,
            "vi": entry.vi,
            "en": entry.en,
            "clearance": entry.clearance,
        }
        for entry in entries
        if entry.kind
    }


def _counts(cells: CellDelivery, fed: list[FeedOutcome]) -> Counts:
    """Return the counts by row: a row is what its cells are together.

    A row without any cell says nothing new: unchanged.
    """
    schema = dict.fromkeys(("existed", "changed", "moves_present"), pl.Boolean())
    empty = pl.DataFrame(schema={"row_no": pl.Int64(), **schema})
    rows = (
        pl.concat([empty, *(one.rows for one in fed)])
        .group_by("row_no")
        .agg(pl.col(name).any() for name in schema)
    )
    moved = rows.filter("changed")
    now = moved.filter("moves_present")
    n_rejected = cells.rejected["row_no"].n_unique()
    n_new = now.filter(~pl.col("existed")).height
    return Counts(
        read=cells.n_read,
        new=n_new,
        updated=now.height - n_new,
        stale=moved.height - now.height,
        unchanged=cells.n_read - n_rejected - moved.height,
        rejected=n_rejected,
        flagged=sum(cells.flags.values()),
        retracted=sum(one.n_retracted for one in fed),
    )
