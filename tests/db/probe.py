"""A small platform of our own, so that tests of the back of the gate do not hang on real forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Level
from data_access.contracts.model import (
    DTYPES,
    Contract,
    Field,
    Grain,
    Kind,
    RecordKind,
    RollUp,
)
from data_access.engine import writing
from data_access.ingest.ledger import Outcome
from data_access.ingest.records import RecordDelivery, ingest_records
from data_access.ingest.seam import ACCEPTED_HEAD, REJECTED, Admitted
from data_access.migrations import sync_record_tables

ZONE = "Asia/Ho_Chi_Minh"
START = datetime(2021, 8, 1, 3, tzinfo=UTC)
DAY = date(2021, 8, 1)

VISIT = RecordKind(
    name="visit",
    key="visit_id",
    vi="Lượt",
    en="Visit",
    fields=(
        Field(name="visit_id", kind=Kind.TEXT, vi="Mã", en="Id", required=True),
        Field(name="seen_at", kind=Kind.INSTANT, vi="Lúc", en="At"),
        Field(name="method", kind=Kind.CODE, vi="Cách", en="Method", allowed=("pcr", "rapid")),
        Field(name="amount", kind=Kind.INTEGER, vi="Số", en="Amount"),
    ),
    rollups=(
        RollUp(
            measure="samples_collected",
            day="seen_at",
            value=pl.col("amount"),
            dimensions={"method": pl.col("method")},
            grains=(
                Grain(level=Level.PROVINCE, cut=("method",)),
                Grain(level=Level.DISTRICT),
            ),
        ),
        RollUp(
            measure="persons_tested",
            day="seen_at",
            where=pl.col("method") == "pcr",
            grains=(Grain(level=Level.PROVINCE),),
        ),
    ),
)
PROBE = Contract(platform="probe", vi="Thử", en="Probe", kinds=(VISIT,))

if "rec_probe_visit" not in tables.metadata.tables:
    tables.declare_records((PROBE,), tables.metadata)


@dataclass(frozen=True)
class Version:
    """One delivered version of a record; `amount` None leaves it out of the amounts."""

    record: str
    version: int = 0
    amount: int | None = 1
    method: str | None = "pcr"
    province: int | None = 1
    district: int | None = None
    day: int = 0
    deleted: bool = False


@dataclass(frozen=True)
class Batch:
    """One file: its moment (hours after START) and its rows."""

    moment: int
    rows: tuple[Version, ...]
    source: str = "s"


def prepare(engine: sa.Engine) -> None:
    """Create the probe's tables."""
    with writing(engine) as connection:
        sync_record_tables(connection, contracts=(PROBE,))


def moment_of(hours: int) -> datetime:
    """Return the instant of a test's hour."""
    return START + timedelta(hours=hours)


def accepted(rows: Sequence[Version], *, first: int = 2) -> pl.DataFrame:
    """Return rows as the front of the gate would hand them over."""
    # 20:00 UTC is 03:00 of the next day in Hanoi: days must be the local ones.
    seen = [datetime(2021, 7, 31, 20, tzinfo=UTC) + timedelta(days=row.day) for row in rows]
    schema = {
        **ACCEPTED_HEAD,
        **{f.name: DTYPES[f.kind] for f in VISIT.stored_fields() if f.name != VISIT.key},
    }
    return pl.DataFrame(
        {
            "row_no": list(range(first, first + len(rows))),
            "record_id": [row.record for row in rows],
            "version": [row.version for row in rows],
            "deleted": [row.deleted for row in rows],
            "province_id": [row.province for row in rows],
            "district_id": [row.district for row in rows],
            "seen_at": seen,
            "method": [row.method for row in rows],
            "amount": [row.amount for row in rows],
            "ward_code": [None for _ in rows],
            "district_code": [None for _ in rows],
            "province_code": [None for _ in rows],
        },
        schema=schema,
    )


def admitted(rows: Sequence[Version], *, chunk: int = 1000) -> list[Admitted]:
    """Return rows as chunks of a file."""
    return [
        Admitted(
            accepted=accepted(rows[start : start + chunk], first=2 + start),
            rejected=pl.DataFrame(schema=REJECTED),
            n_read=len(rows[start : start + chunk]),
        )
        for start in range(0, max(len(rows), 1), chunk)
    ]


def deliver(engine: sa.Engine, batch: Batch, folder: Path, *, chunk: int = 1000) -> Outcome:
    """Take in one batch."""
    path = folder / "rows.csv"
    path.write_text(repr(batch))
    delivery = RecordDelivery(
        path=path,
        platform="probe",
        kind=VISIT,
        source=batch.source,
        known_at=moment_of(batch.moment),
    )
    return ingest_records(
        engine,
        delivery,
        chunks=admitted(batch.rows, chunk=chunk),
        clock=lambda: moment_of(1000),
        zone=ZONE,
        rejects_folder=folder,
    )
