"""Ingests a file of records: record tables, cube and ledger in one transaction."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from data_access.clock import Clock
from data_access.codes import Origin, to_us
from data_access.contracts.model import RecordKind
from data_access.cube.history import EVENT_SCHEMA
from data_access.cube.intern import (
    intern_breakdowns,
    intern_measures,
    intern_source,
    numbered,
)
from data_access.cube.merge import apply_events
from data_access.engine import writing
from data_access.ingest import ledger
from data_access.ingest.ahead import ahead
from data_access.ingest.ledger import Counts, Delivered, Outcome
from data_access.ingest.links import LinkBlocks, write_links
from data_access.ingest.merge_records import RecordMerge
from data_access.ingest.pseudonym_keys import require_same_key
from data_access.ingest.reject_log import RejectLog
from data_access.ingest.scope import own_records
from data_access.ingest.seam import Admitted


@dataclass(frozen=True, kw_only=True)
class RecordDelivery:
    """One file of records, as it is handed to the gate.

    Attributes:
        path: the file.
        platform: platform id.
        kind: record kind.
        source: name of who delivers.
        known_at: the moment it speaks of (aware).
        file_name: name for the ledger; empty for the file's own.
        key_mark: mark of the secret behind the pseudonyms (`pseudonym_keys.mark`); empty for
            records without people.
        provinces: numbers of the only provinces whose records it may change; None: all.
    """

    path: Path
    platform: str
    kind: RecordKind
    source: str
    known_at: datetime
    file_name: str = ""
    key_mark: str = ""
    provinces: frozenset[int] | None = None


def ingest_records(
    engine: sa.Engine,
    delivery: RecordDelivery,
    *,
    chunks: Iterable[Admitted],
    clock: Clock,
    zone: str,
    rejects_folder: Path,
) -> Outcome:
    """Merge the checked chunks of a file; all of them, or none if anything fails.

    Args:
        engine: the shared database.
        delivery: what is delivered.
        chunks: from `front.admit_records`, bounded in memory; in the order of the file.
        clock: for the times of the ledger.
        zone: time zone whose days count.
        rejects_folder: where the file of rejected rows is put.

    Raises:
        BadInput: if the file cannot be used.
        DatabaseUnavailable: if the database does not answer.
    """
    sha256, n_bytes = ledger.fingerprint((delivery.path,))
    delivered = Delivered(
        origin=Origin.RECORDS.value,
        platform=delivery.platform,
        record_kind=delivery.kind.name,
        file_name=delivery.file_name or delivery.path.name,
        sha256=sha256,
        n_bytes=n_bytes,
        known_at=delivery.known_at,
        received_at=clock(),
    )
    log = RejectLog(
        rejects_folder, file_name=delivered.file_name, received_at=delivered.received_at
    )
    # The first chunk is read before anybody has to wait for us; most files have few.
    checked = ahead(chunks)
    ready = chain([*islice(checked, 1)], checked)
    try:
        with writing(engine) as connection:
            outcome = _merge(connection, delivery, delivered, ready, zone=zone, log=log)
            ledger.close_batch(connection, outcome, committed_at=clock())
    except BaseException:
        log.discard()
        raise
    return outcome


def _merge(
    connection: sa.Connection,
    delivery: RecordDelivery,
    delivered: Delivered,
    chunks: Iterator[Admitted],
    *,
    zone: str,
    log: RejectLog,
) -> Outcome:
    if delivery.key_mark:
        require_same_key(connection, delivery.key_mark)
    source_id = intern_source(connection, delivery.source, origin=Origin.RECORDS)
    batch_id = ledger.open_batch(connection, delivered, source_id=source_id)
    merge = RecordMerge(
        connection=connection,
        kind=delivery.kind,
        platform=delivery.platform,
        source_id=source_id,
        batch_id=batch_id,
        known_at=to_us(delivered.known_at),
        zone=zone,
    )
    if delivery.provinces is not None:
        chunks = own_records(merge, chunks, provinces=delivery.provinces)
    counts, reasons = _feed(merge, chunks, log)
    _apply(connection, merge)
    return Outcome(
        batch=batch_id,
        file_name=delivered.file_name,
        known_at=delivered.known_at,
        counts=counts,
        rejects_file=log.finish(),
        reasons=reasons,
    )


def _feed(
    merge: RecordMerge, chunks: Iterator[Admitted], log: RejectLog
) -> tuple[Counts, dict[str, int]]:
    reasons: Counter[str] = Counter()
    n_read = n_rejected = n_flagged = 0
    for part, chunk in enumerate(chunks):
        merge.add(chunk.accepted)
        into = LinkBlocks(batch_id=merge.batch_id, part=part, known_at=merge.known_at)
        write_links(merge.connection, chunk.links, into=into)
        log.add(chunk.rejected)
        n_read += chunk.n_read
        n_rejected += chunk.rejected["row_no"].n_unique()
        n_flagged += sum(chunk.flags.values())
        reasons.update({f"flag:{reason}": n for reason, n in chunk.flags.items()})
        reasons.update(rejected_by_reason(chunk.rejected))
    counts = Counts(read=n_read, rejected=n_rejected, flagged=n_flagged)
    return counts.plus(merge.counts), {reason: n for reason, n in reasons.items() if n}


def rejected_by_reason(rejected: pl.DataFrame) -> dict[str, int]:
    """Return "reject:<reason>" → number of rows refused for it."""
    counted = rejected.group_by("reason").agg(pl.col("row_no").n_unique())
    return {f"reject:{reason}": int(n) for reason, n in counted.iter_rows()}


def _apply(connection: sa.Connection, merge: RecordMerge) -> None:
    latest = ledger.latest_moment(connection, source_id=merge.source_id, besides=merge.batch_id)
    is_latest = latest is None or latest < merge.known_at
    for part in merge.changes():
        events = events_from(connection, part, platform=merge.platform, source_id=merge.source_id)
        apply_events(connection, events, batch_id=merge.batch_id, is_latest=is_latest)


def events_from(
    connection: sa.Connection, changes: pl.DataFrame, *, platform: str, source_id: int
) -> pl.DataFrame:
    """Return changes with their names interned, as EVENT_SCHEMA."""
    keys = changes["measure"].unique().to_list()
    measures = intern_measures(connection, sorted(keys), platform=platform)
    breakdowns = intern_breakdowns(connection, changes["dims"].unique().to_list())
    month = pl.col("day").dt.year() * 100 + pl.col("day").dt.month().cast(pl.Int32)
    return changes.with_columns(
        measure_id=numbered("measure", measures),
        month=month.cast(pl.Int32),
        day=pl.col("day").cast(pl.Int32),
        breakdown_id=numbered("dims", breakdowns),
        source_id=pl.lit(source_id, dtype=pl.Int32),
        dvalue=pl.col("value"),
        dn=pl.col("n"),
    ).select([pl.col(name).cast(dtype) for name, dtype in EVENT_SCHEMA.items()])
