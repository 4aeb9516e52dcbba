"""A small world of records in three platforms, and what the response chain says of it.

The chain is worked out a second time in plain Python: which version of a record wins at a moment,
what its items are then, and which cells they fill.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_us
from data_access.contracts.model import DTYPES
from data_access.contracts.registry import record_kind
from data_access.contracts.rules import DELAY_BINS
from data_access.ingest.records import RecordDelivery, ingest_records
from data_access.ingest.seam import ACCEPTED_HEAD, REJECTED, Admitted

ZONE = "Asia/Ho_Chi_Minh"
START = datetime(2021, 8, 1, 3, tzinfo=UTC)
KINDS = {
    "case": "tracing",
    "contact": "tracing",
    "stay": "quarantine",
    "sample": "testing",
    "sample_person": "testing",
}
# Delivered in the same way, though the response chain does not read it.
DELIVERED = {**KINDS, "cluster": "tracing"}
AGE_STARTS = {"00": (0, 1), "01": (1, 2), "02": (2, 3), "03-06": (3, 7), "07-13": (7, 14)}
Moment = datetime | None
Cell = tuple[str, date, int, str]


@dataclass(frozen=True)
class Version:
    """One version of one record; `told` holds its fields."""

    kind: str
    record: str
    told: Mapping[str, object] = field(default_factory=dict, hash=False)
    version: int = 0
    deleted: bool = False
    province: int = 1


@dataclass(frozen=True)
class Batch:
    """One file of one kind: its moment (hours after START) and rows."""

    moment: int
    kind: str
    rows: tuple[Version, ...]
    source: str = "s"


def hours(number: float) -> datetime:
    """Return the instant so many hours after START."""
    return START + timedelta(hours=number)


def deliver(engine: sa.Engine, batch: Batch, folder: Path) -> None:
    """Take in one batch."""
    kind = record_kind(DELIVERED[batch.kind], kind=batch.kind)
    stored = {f.name: DTYPES[f.kind] for f in kind.stored_fields() if f.name != kind.key}
    columns: dict[str, list[object]] = {
        "row_no": list(range(2, 2 + len(batch.rows))),
        "record_id": [row.record for row in batch.rows],
        "version": [row.version for row in batch.rows],
        "deleted": [row.deleted for row in batch.rows],
        "province_id": [row.province for row in batch.rows],
        "district_id": [None for _ in batch.rows],
        **{name: [row.told.get(name) for row in batch.rows] for name in stored},
    }
    accepted = pl.DataFrame(columns, schema={**ACCEPTED_HEAD, **stored})
    path = folder / "rows.csv"
    path.write_text(repr(batch))
    ingest_records(
        engine,
        RecordDelivery(
            path=path, platform=DELIVERED[batch.kind], kind=kind, source=batch.source,
            known_at=hours(batch.moment),
        ),
        chunks=[
            Admitted(
                accepted=accepted, rejected=pl.DataFrame(schema=REJECTED), n_read=len(batch.rows)
            )
        ],
        clock=lambda: hours(10_000),
        zone=ZONE,
        rejects_folder=folder,
    )  # fmt: skip


# --- the oracle ---------------------------------------------------------------------------------


def winners(batches: Sequence[Batch], *, at: int, kind: str) -> dict[tuple[str, str], Version]:
    """Return what each record says at a moment; deleted ones say nothing."""
    best: dict[tuple[str, str], tuple[tuple[int, int, int, int], Version]] = {}
    for number, batch in enumerate(batches):
        if batch.moment > at or batch.kind != kind:
            continue
        for place, row in enumerate(batch.rows):
            rank = (row.version, batch.moment, number, place)
            key = (batch.source, row.record)
            if key not in best or rank > best[key][0]:
                best[key] = (rank, row)
    return {key: row for key, (_, row) in best.items() if not row.deleted}


def _first(moments: Sequence[Moment]) -> Moment:
    known = [moment for moment in moments if moment is not None]
    return min(known) if known else None


def items(batches: Sequence[Batch], *, at: int) -> list[tuple[str, int, datetime, Moment]]:
    """Return (step, province, started, done) of every item at a moment."""
    held = {kind: winners(batches, at=at, kind=kind) for kind in KINDS}
    return [*_positive(held), *_cases(held), *_contacts(held)]


def _midnight(day: object) -> datetime:
    assert isinstance(day, date)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=7)


def _positive(held: Mapping[str, Mapping[tuple[str, str], Version]]):
    found: dict[str, list[tuple[datetime, int]]] = {}
    for (source, record), sample in held["sample"].items():
        told = sample.told
        if told.get("result") != "duong_tinh" or (told.get("n_members") or 1) > 1:
            continue
        who = [told.get("person_ref") or told.get("member_refs")]
        if who == [None]:
            who = [
                line.told.get("person_ref")
                for (of, _), line in held["sample_person"].items()
                if of == source and line.told["sample_id"] == record
            ]
        when = told.get("resulted_at") or told.get("received_lab_at") or told["collected_at"]
        for person in who:
            if person:
                found.setdefault(person, []).append((when, sample.province))
    for person, results in found.items():
        started, province = min(results)
        done = _first(
            [
                _midnight(case.told["case_day"])
                for case in held["case"].values()
                if case.told.get("person_ref") == person
            ]
        )
        yield "positive_to_case", province, started, done


def _cases(held: Mapping[str, Mapping[tuple[str, str], Version]]):
    for (source, record), case in held["case"].items():
        listed = [
            contact.told
            for (of, _), contact in held["contact"].items()
            if of == source and contact.told["index_case_id"] == record
        ]
        started = _first([told.get("index_reported_at") for told in listed])
        done = _first([told["identified_ts"] for told in listed])
        yield "case_to_listed", case.province, started or _midnight(case.told["case_day"]), done


def _contacts(held: Mapping[str, Mapping[tuple[str, str], Version]]):
    for contact in held["contact"].values():
        told = contact.told
        if told["class"] != "F1":
            continue
        person, listed = told.get("person_ref"), told["identified_ts"]
        since = told.get("last_exposure_ts") or listed
        until = listed + timedelta(days=28)
        stays = [
            stay.told["start_ts"]
            for stay in held["stay"].values()
            if person and stay.told.get("person_ref") == person and stay.told["start_ts"] <= until
            and (stay.told.get("actual_end") is None or stay.told["actual_end"] > since)
        ]  # fmt: skip
        taken = [
            sample.told["collected_at"]
            for sample in (*held["sample"].values(), *held["sample_person"].values())
            if person and person in (sample.told.get("person_ref"),
                                     *(sample.told.get("member_refs") or "").split("|"))
            and since <= sample.told["collected_at"] <= until
        ]  # fmt: skip
        quarantined = _first([told.get("quarantined_ts"), *stays])
        reached = told.get("reached_ts") or quarantined
        tested = _first([told.get("sampled_ts"), *taken])
        yield "listed_to_reached", contact.province, listed, reached
        if reached:
            yield "reached_to_quarantined", contact.province, reached, quarantined
        if quarantined:
            yield "quarantined_to_tested", contact.province, quarantined, tested


def _bin(started: datetime, done: datetime) -> str:
    took = (done - started) / timedelta(hours=1)
    return next(n for n, (_, high) in DELAY_BINS.items() if high is None or took <= high)


def cells(found: Sequence[tuple[str, int, datetime, Moment]]) -> Counter[Cell]:
    """Return the flows that items fill; the waiting are counted at the end of every day below."""
    filled: Counter[Cell] = Counter()
    for step, province, started, done in found:
        day = (started + timedelta(hours=7)).date()
        filled["chain_started", day, province, f"step={step}"] += 1
        if done:
            code = f"delay={_bin(started, done)}"
            filled[f"chain_{step}_hours", day, province, code] += 1
    return filled


def waiting(
    found: Sequence[tuple[str, int, datetime, Moment]], *, day: date
) -> Counter[tuple[str, int, str]]:
    """Return (step, province, age) → how many wait at the end of a day."""
    held: Counter[tuple[str, int, str]] = Counter()
    for step, province, started, done in found:
        began = (started + timedelta(hours=7)).date()
        ended = done and (done + timedelta(hours=7)).date()
        if began <= day and (ended is None or ended > day):
            old = (day - began).days
            ages = [age for age, (low, high) in AGE_STARTS.items() if low <= old < high]
            held[step, province, ages[0] if ages else "14+"] += 1
    return held


# --- what is stored -------------------------------------------------------------------------------


def stored(engine: sa.Engine, *, at: int) -> pl.DataFrame:
    """The chain's cells as of a moment: measure, day, area_id, dims, value."""
    history = tables.cube_history
    query = (
        sa.select(tables.measure.c.key, history.c.day, history.c.area_id,
                  tables.breakdown.c.dims, history.c.known_at, history.c.value, history.c.n)
        .join(tables.measure, tables.measure.c.measure_id == history.c.measure_id)
        .join(tables.breakdown, tables.breakdown.c.breakdown_id == history.c.breakdown_id)
        .where(tables.measure.c.platform == "response", history.c.known_at <= to_us(hours(at)))
        .order_by(history.c.known_at)
    )  # fmt: skip
    with engine.connect() as connection:
        rows = {tuple(row[:4]): (row.value, row.n) for row in connection.execute(query)}
    held = [(*key, value) for key, (value, n) in rows.items() if n]
    names = ["measure", "day", "area_id", "dims", "value"]
    types = [pl.String, pl.Int32, pl.Int32, pl.String, pl.Float64]
    frame = pl.DataFrame(held, schema=dict(zip(names, types, strict=True)), orient="row")
    return frame.with_columns(pl.col("day").cast(pl.Date))


def flows(held: pl.DataFrame) -> Counter[Cell]:
    """Return the cells of flows, as `cells` does."""
    plain = held.filter(~pl.col("measure").str.starts_with("chain_waiting"))
    return Counter({tuple(row[:4]): int(row[4]) for row in plain.iter_rows()})


def stock(held: pl.DataFrame, *, day: date) -> Counter[tuple[str, int, str]]:
    """Return who waits at the end of a day, as `waiting` does."""
    total: Counter[tuple[str, int, str]] = Counter()
    for measure, on, area, dims, value in held.iter_rows():
        if measure.startswith("chain_waiting") and on <= day:
            codes = dict(part.split("=") for part in dims.split("|"))
            sign = 1 if measure.endswith("began") else -1
            total[codes["step"], area, codes["age"]] += sign * int(value)
    return +total
