"""Every platform and format at the gate, against COPY of the same stored rows; peak memory of each.

Each file goes into a fresh database in a process of its own. Platforms whose rows are made at
random are small; doses come in every format.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import polars as pl
import sqlalchemy as sa

from benchmarks import doses
from benchmarks.databases import SECRET, intake_of, ready_engine
from benchmarks.measure import Child, in_child, seconds_of
from benchmarks.report import Figure, Section
from data_access import tables
from data_access.carry import insert_frame
from data_access.contracts.registry import record_kind
from data_access.engine import make_engine, writing
from data_access.ingest import front
from data_access.ingest.intake import Intake
from tests import platform_rows
from tests.unit.ingest.sheets import write_xlsx

KNOWN_AT = datetime(2022, 2, 1, tzinfo=UTC)
PLAIN_FORMATS = ("csv", "ndjson", "parquet")
OTHERS = (
    ("declarations", "declaration"),
    ("checkpoints", "scan"),
    ("tracing", "contact"),
    ("testing", "sample"),
    ("quarantine", "stay"),
)
_CVX = {"AZ": "210", "PF": "208", "MD": "207", "JJ": "212", "VC": "510", "SV": "505"}
_ENDING = {"fhir": "json"}


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One file to load.

    Attributes:
        platform: platform id.
        kind: record kind.
        fmt: how it is written.
        path: the file.
        rows: its rows.
    """

    platform: str
    kind: str
    fmt: str
    path: Path
    rows: int


def measure_formats(url: str, *, rows: int, folder: Path) -> Section:
    """Return the section: one figure for each platform and format."""
    figures: list[Figure] = []
    with ready_engine(url) as engine:
        intake = intake_of(engine, folder=folder)
        for number, delivery in enumerate(_deliveries(rows, folder=folder)):
            plain = _plain(intake, delivery)
            loaded = in_child(
                "load_one",
                url=url,
                path=str(delivery.path),
                platform=delivery.platform,
                kind=delivery.kind,
                fmt=delivery.fmt,
                source=f"source-{number}",
            )
            figures.append(_figure(delivery, plain=plain, loaded=loaded))
            delivery.path.unlink()
    remark = (
        "COPY of the rows that the gate stored, into a table with the same key; one turn each. "
        "Memory is the peak of a fresh process, the program itself included."
    )
    return Section(title="Platforms and formats", figures=tuple(figures), remarks=(remark,))


def load_one(*, url: str, path: str, platform: str, kind: str, fmt: str, source: str) -> int:
    """Take one file in; return the rows that became records (a task of `benchmarks.child`)."""
    engine = make_engine(url)
    try:
        outcome = intake_of(engine, folder=Path(path).parent).records(
            Path(path), platform=platform, kind=kind, fmt=fmt, source=source, known_at=KNOWN_AT
        )
    finally:
        engine.dispose()
    return outcome.counts.new


def _figure(delivery: Delivery, *, plain: float, loaded: Child) -> Figure:
    return Figure(
        name=f"{delivery.platform} {delivery.kind}, {delivery.fmt}, {delivery.rows:,} rows",
        found=plain / loaded.seconds,
        goal=None,
        note=(
            f"{delivery.rows / loaded.seconds:,.0f} rows/s against {delivery.rows / plain:,.0f}; "
            f"{loaded.answer:,} rows new; peak {loaded.peak_mib:,.0f} MiB, "
            f"of which {loaded.baseline_mib:,.0f} before the file"
        ),
    )


def _plain(intake: Intake, delivery: Delivery) -> float:
    """Return the seconds that a plain load of the same stored rows takes."""
    kind = record_kind(delivery.platform, kind=delivery.kind)
    chunks = front.admit_records(
        delivery.path,
        kind,
        fmt=delivery.fmt,
        areas=intake.areas,
        known_at=KNOWN_AT,
        pseudonym_key=SECRET,
        zone=intake.zone,
    )
    stored = pl.concat([chunk.accepted for chunk in chunks]).with_columns(
        source_id=pl.lit(1), known_at=pl.lit(0), batch_id=pl.lit(1)
    )
    winner, _ = tables.record_tables(delivery.platform, delivery.kind)
    target = winner.to_metadata(sa.MetaData(), name="plain_load")
    rows = stored.select([column.name for column in target.columns])
    target.create(intake.engine)

    def load() -> None:
        with writing(intake.engine) as connection:
            insert_frame(connection, target, rows)

    taken = seconds_of(load)
    target.drop(intake.engine)
    return taken


def _deliveries(rows: int, *, folder: Path) -> Iterator[Delivery]:
    """Write and yield one file at a time."""
    frame = doses.delivered(rows, part=doses.Part(seed=11, of=rows, on_day=150))
    texts = frame.with_columns(
        pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%:z"), pl.col(pl.Date).cast(pl.String)
    )
    for fmt in (*PLAIN_FORMATS, "xlsx", "fhir"):
        yield _delivery(texts, "vaccination", "dose", fmt, folder=folder)
    for platform, kind in OTHERS:
        chance = Random(5)  # noqa: S311 -- invented rows, not secrets
        make = platform_rows.MAKERS[platform][kind]
        made = pl.DataFrame(platform_rows.as_texts([make(chance, n) for n in range(rows // 5)]))
        blank_is_null = made.with_columns(pl.all().replace("", None))
        for fmt in PLAIN_FORMATS:
            yield _delivery(blank_is_null, platform, kind, fmt, folder=folder)


def _delivery(rows: pl.DataFrame, platform: str, kind: str, fmt: str, *, folder: Path) -> Delivery:
    path = folder / f"{platform}-{kind}.{_ENDING.get(fmt, fmt)}"
    if fmt == "csv":
        rows.write_csv(path)
    elif fmt == "ndjson":
        rows.write_ndjson(path)
    elif fmt == "parquet":
        rows.write_parquet(path)
    elif fmt == "xlsx":
        write_xlsx(path, dict(enumerate([rows.columns, *rows.rows()], start=1)))
    else:
        entries = [{"resource": _immunization(row)} for row in rows.iter_rows(named=True)]
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        path.write_text(json.dumps(bundle), encoding="utf-8")
    return Delivery(platform=platform, kind=kind, fmt=fmt, path=path, rows=rows.height)


def _immunization(row: dict[str, str]) -> dict[str, object]:
    code = _CVX.get(row["vaccine_code"], row["vaccine_code"])
    number = int(row["dose_no"]) if row["dose_no"].isdigit() else 3
    places = [
        {"url": f"https://example.org/{name.replace('_', '-')}", "valueString": row[name]}
        for name in ("province_code", "district_code")
    ]
    return {
        "resourceType": "Immunization",
        "id": row["dose_event_id"],
        "status": "completed",
        "vaccineCode": {"coding": [{"code": code}]},
        "patient": {"display": "nobody"},
        "occurrenceDateTime": row["vaccinated_at"],
        "recorded": row["recorded_at"],
        "protocolApplied": [{"doseNumberPositiveInt": number}],
        "extension": places,
    }
