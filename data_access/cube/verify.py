"""Recomputes the cube from records and deliveries and compares every moment kept.

Independent of the code that wrote it: no delta, no time line and no stored end of validity enters
the recomputation. Who won when is found by asking, for each moment of a record, which of the
versions known by then ranks highest; states of tables by replaying what was delivered. The response
chain is recomputed by the rules that its job uses, in one piece; how many items began at its first
steps is counted once more in plain SQL, so that a fault in those rules is not taken for the truth.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.chain.cells import STARTED, signed_changes
from data_access.chain.counts import FIRST_STEPS, first_steps
from data_access.chain.records import (
    CHAIN_META,
    CHAIN_SOURCE,
    WATCHED,
    chain_records,
    schema_of,
    statement,
)
from data_access.chain.steps import item_histories
from data_access.codes import Origin, to_us
from data_access.contracts.model import DTYPES, Contract, RecordKind
from data_access.contracts.registry import CONTRACTS
from data_access.cube.rollup import contributions
from data_access.reader import FrameReader, Schema, frame_snapshot
from data_access.viewer import Viewer

_RANK = ("version", "known_at", "batch_id", "row_no")
_RECORD = ["source_id", "record_id"]
_CELL = ["source_id", "measure", "day", "area_id", "dims"]
_LEVEL = ["value", "n", "status"]
_HISTORY: Schema = {
    "source_id": pl.Int32,
    "measure": pl.String,
    "day": pl.Date,
    "area_id": pl.Int32,
    "dims": pl.String,
    "known_at": pl.Int64,
    "value": pl.Float64,
    "n": pl.Int64,
    "status": pl.Int8,
}
_CHANGES = {"source_id": pl.Int32, "known_at": pl.Int64, "measure": pl.String, "day": pl.Date,
            "area_id": pl.Int32, "dims": pl.String, "value": pl.Float64, "n": pl.Int64}  # fmt: skip
_TOLD = {"day": pl.Date, "area_id": pl.Int32, "dims": pl.String, "value": pl.Float64,
         "status": pl.Int8}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the comparison found.

    Attributes:
        n_versions: record versions recomputed.
        n_deliveries: table deliveries replayed.
        n_moments: moments at which something became known.
        n_rows: rows of the cube's history compared.
        differences: table, source, measure, day, area_id, dims, known_at, expected, found (text).
    """

    n_versions: int
    n_deliveries: int
    n_moments: int
    n_rows: int
    differences: pl.DataFrame = field(repr=False)


def verify(
    engine: sa.Engine,
    *,
    viewer: Viewer,
    zone: str,
    contracts: tuple[Contract, ...] = CONTRACTS,
    n_moments: int | None = None,
) -> Verdict:
    """Compare history and present of the cube with a recomputation of all of it.

    Args:
        engine: the shared database.
        viewer: the system's own; anybody else sees too little to compare.
        zone: time zone whose days count.
        contracts: the platforms whose records are recomputed.
        n_moments: compare only this many moments, evenly spread; None: every one.

    Raises:
        DatabaseUnavailable: if the database does not answer.
        SchemaMismatch: if it is not set up.
    """
    parts: list[pl.DataFrame] = [pl.DataFrame(schema=_HISTORY)]
    n_versions = n_deliveries = 0
    with frame_snapshot(engine, viewer=viewer) as reader:
        changes = []
        for contract in contracts:
            for kind in contract.kinds:
                versions = _versions(reader, contract.platform, kind, viewer=viewer)
                n_versions += versions.height
                changes.append(_changes(kind, _in_force(versions), zone=zone))
        changes.append(_chain_changes(reader, viewer=viewer, zone=zone))
        parts.append(_cumulated(pl.concat(changes)))
        for feed, told in _feeds(reader, viewer=viewer):
            n_deliveries += len(told)
            parts.append(_replayed(feed, told))
        held = _stored(reader, tables.cube_history, viewer=viewer)
        present = _stored(reader, tables.cube_current, viewer=viewer)
        until, chain_id = _chain_reach(reader, viewer=viewer)
        counted = first_steps(reader, until=until, zone=zone, viewer=viewer)
        names = _source_names(reader, viewer=viewer)
    expected = pl.concat(parts)
    moments = expected["known_at"].unique().sort()
    differences = [
        _compared(*_at_moments(expected, held, moments, n=n_moments), table="history"),
        _compared(_last(expected), present, table="current"),
        _chain_counts_compared(counted, present, source_id=chain_id, at=to_us(viewer.now)),
    ]
    return Verdict(
        n_versions=n_versions,
        n_deliveries=n_deliveries,
        n_moments=moments.len() if n_moments is None else min(n_moments, moments.len()),
        n_rows=held.height,
        differences=_named(pl.concat(differences), names),
    )


# --- records ------------------------------------------------------------------------------------


def _versions(
    reader: FrameReader, platform: str, kind: RecordKind, *, viewer: Viewer
) -> pl.DataFrame:
    """Return every version ever received with what the roll-ups of its kind look at."""
    winner, past = tables.record_tables(platform, kind.name)
    wanted = _fields_needed(kind)
    schema: Schema = {
        "source_id": pl.Int32, "record_id": pl.String, **dict.fromkeys(_RANK, pl.Int64),
        "deleted": pl.Int16, "province_id": pl.Int32, "district_id": pl.Int32,
        **{name: _plain(dtype) for name, dtype in wanted.items()},
    }  # fmt: skip
    found = [
        reader.read(sa.select(*[table.c[name] for name in schema]), schema, viewer=viewer)
        for table in (winner, past)
    ]
    return pl.concat(found).with_columns(
        pl.col("deleted").cast(pl.Boolean),
        *[pl.col(name).cast(dtype) for name, dtype in wanted.items()],
    )


def _fields_needed(kind: RecordKind) -> Mapping[str, pl.DataType]:
    stored = {f.name: DTYPES[f.kind] for f in kind.stored_fields()}
    needed: dict[str, pl.DataType] = {}
    for rollup in kind.rollups:
        used = [rollup.value, rollup.where, *rollup.dimensions.values()]
        names = {rollup.day, *(name for one in used for name in one.meta.root_names())}
        needed |= {name: stored[name] for name in sorted(names) if name in stored}
    return needed


def _plain(dtype: pl.DataType) -> pl.DataType:
    """Return the type a column is stored with."""
    if dtype == pl.Date():
        return pl.Int32()
    if isinstance(dtype, pl.Datetime):
        return pl.Int64()
    return pl.Int16() if dtype == pl.Boolean() else dtype


def _in_force(versions: pl.DataFrame) -> pl.DataFrame:
    """Return the versions that were in force, with `begin` and `end` (null: still is).

    For each moment of a record, the highest rank among the versions known by then.
    """
    alone = pl.len().over(_RECORD) == 1
    single = versions.filter(alone).with_columns(
        begin=pl.col("known_at"), end=pl.lit(None, dtype=pl.Int64)
    )
    several = versions.filter(~alone).with_row_index("place")
    moments = several.select(*_RECORD, begin="known_at").unique()
    won = (
        several.select(*_RECORD, *_RANK, "place")
        .join(moments, on=_RECORD)
        .filter(pl.col("known_at") <= pl.col("begin"))
        .sort(_RANK)
        .group_by(*_RECORD, "begin", maintain_order=True)
        .last()
        .sort(*_RECORD, "begin")
        .with_columns(end=pl.col("begin").shift(-1).over(_RECORD))
        .select("place", "begin", "end")
    )
    return pl.concat([single, several.join(won, on="place").drop("place")])


def _changes(kind: RecordKind, spans: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """Return what begins (+) and ends (-) at each moment, summed by cell."""
    begins = spans.with_columns(known_at=pl.col("begin"), sign=pl.lit(1, dtype=pl.Int64))
    ends = spans.filter(pl.col("end").is_not_null()).with_columns(
        known_at=pl.col("end"), sign=pl.lit(-1, dtype=pl.Int64)
    )
    both = pl.concat([begins, ends])
    told = contributions(kind, both, zone=zone, by=["source_id", "known_at"])
    return told.select(list(_CHANGES))


def _chain_changes(reader: FrameReader, *, viewer: Viewer, zone: str) -> pl.DataFrame:
    """Return what the response chain changes at each moment, as of its last refresh."""
    until, source_id = _chain_reach(reader, viewer=viewer)
    found = {}
    for kind in WATCHED:
        seen = [
            reader.read(statement(kind, past=past), {**schema_of(kind, past=past)}, viewer=viewer)
            for past in (False, True)
        ]
        versions = pl.concat(seen, how="diagonal").filter(pl.col("batch_id") <= until)
        found[kind] = _in_force(versions).filter(pl.col("deleted") == 0)
    items = item_histories(**chain_records(found, zone=zone), wanted=None)
    told = signed_changes(items, zone=zone).with_columns(source_id=pl.lit(source_id))
    return told.select([pl.col(name).cast(dtype) for name, dtype in _CHANGES.items()])


def _chain_reach(reader: FrameReader, *, viewer: Viewer) -> tuple[int, int]:
    """Return the last batch whose records are in the chain, and the number of its source."""
    meta, source = tables.meta.c, tables.source.c
    held = reader.read(sa.select(meta.key, meta.value), {"key": pl.String, "value": pl.String},
                       viewer=viewer).filter(pl.col("key") == CHAIN_META)  # fmt: skip
    numbered: Schema = {"source_id": pl.Int32, "name": pl.String, "origin": pl.String}
    names = reader.read(
        sa.select(source.source_id, source.name, source.origin), numbered, viewer=viewer
    ).filter((pl.col("name") == CHAIN_SOURCE) & (pl.col("origin") == Origin.RECORDS.value))
    if held.is_empty() or names.is_empty():
        return 0, 0
    return int(json.loads(held.item(0, "value"))["until"]), int(names.item(0, "source_id"))


def _chain_counts_compared(
    counted: pl.DataFrame, present: pl.DataFrame, *, source_id: int, at: int
) -> pl.DataFrame:
    """Return one row per (first step, day, province) on which plain counts and the cube differ."""
    began = present.filter(pl.col("measure") == STARTED)
    steps = [f"step={step}" for step in FIRST_STEPS]
    held = began.filter(pl.col("dims").is_in(steps)).select(
        "day", "area_id", "dims", found=pl.col("value").cast(pl.Int64)
    )
    plain = counted.select("day", "area_id", dims=pl.format("step={}", "step"), expected="n")
    both = plain.join(held, on=["day", "area_id", "dims"], how="full", coalesce=True)
    return both.filter(pl.col("expected").ne_missing(pl.col("found"))).select(
        table=pl.lit("plain counts"),
        source_id=pl.lit(source_id, dtype=pl.Int32),
        measure=pl.lit(STARTED),
        day="day",
        area_id="area_id",
        dims="dims",
        known_at=pl.lit(at, dtype=pl.Int64),
        expected=pl.col("expected").cast(pl.String).fill_null("nothing"),
        found=pl.col("found").cast(pl.String).fill_null("nothing"),
    )


def _cumulated(changes: pl.DataFrame) -> pl.DataFrame:
    """Return the history (_HISTORY) that changes of record cells amount to."""
    total = (
        changes.group_by(*_CELL, "known_at")
        .agg(pl.col("value").sum(), pl.col("n").sum())
        .filter((pl.col("value") != 0) | (pl.col("n") != 0))
        .sort(*_CELL, "known_at")
        .with_columns(pl.col("value", "n").cum_sum().over(_CELL))
    )
    return total.with_columns(
        value=pl.when(pl.col("n") != 0).then(pl.col("value")), status=pl.lit(0, dtype=pl.Int8)
    ).select([pl.col(name).cast(dtype) for name, dtype in _HISTORY.items()])


# --- tables -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Feed:
    source_id: int
    measure: str


_Told = tuple[int, str, pl.DataFrame]  # known_at, mode, cells


def _feeds(reader: FrameReader, *, viewer: Viewer) -> Iterator[tuple[_Feed, list[_Told]]]:
    """Yield each feed with what was delivered, in order of moment and then of arrival."""
    feed, measure, told = tables.feed.c, tables.measure.c, tables.delivery
    query = sa.select(feed.feed_id, feed.source_id, measure.key).join_from(
        tables.feed, tables.measure, measure.measure_id == feed.measure_id
    )
    schema: Schema = {"feed_id": pl.Int32, "source_id": pl.Int32, "key": pl.String}
    dims = _breakdowns(reader, viewer=viewer)
    wanted: Schema = {"known_at": pl.Int64, "mode": pl.String, "payload": pl.Binary}
    for feed_id, source_id, key in reader.read(query, schema, viewer=viewer).iter_rows():
        delivered = (
            sa.select(told.c.known_at, told.c.mode, told.c.payload)
            .where(told.c.feed_id == feed_id)
            .order_by(told.c.known_at, told.c.batch_id)
        )
        rows = reader.read(delivered, wanted, viewer=viewer).iter_rows()
        yield (
            _Feed(source_id, key),
            [(known_at, mode, _unpacked(payload, dims)) for known_at, mode, payload in rows],
        )


def _unpacked(payload: bytes, dims: pl.DataFrame) -> pl.DataFrame:
    cells = pl.read_parquet(io.BytesIO(payload)).join(dims, on="breakdown_id", how="left")
    return cells.select([pl.col(name).cast(dtype) for name, dtype in _TOLD.items()])


def _replayed(feed: _Feed, told: list[_Told]) -> pl.DataFrame:
    """Return the history (_HISTORY) of a feed's cells."""
    key = ["day", "area_id", "dims"]
    state = before = pl.DataFrame(schema=_TOLD)
    rows = [pl.DataFrame(schema=_HISTORY)]
    for place, (known_at, mode, cells) in enumerate(told):
        state = cells if mode == "snapshot" else pl.concat([cells, state]).unique(key, keep="first")
        state = state.filter(pl.col("status").is_not_null())  # what an increment ended
        is_last_word = place + 1 == len(told) or told[place + 1][0] != known_at
        if is_last_word:
            rows.append(_moved(feed, before, state, known_at=known_at))
            before = state
    return pl.concat(rows)


def _moved(
    feed: _Feed, before: pl.DataFrame, after: pl.DataFrame, *, known_at: int
) -> pl.DataFrame:
    """Return the rows (_HISTORY) by which the state after a moment differs from that before."""
    said = after.join(before, on=list(_TOLD), how="anti", nulls_equal=True).with_columns(
        n=pl.lit(1, dtype=pl.Int64)
    )
    gone = before.join(after, on=["day", "area_id", "dims"], how="anti").with_columns(
        value=pl.lit(None, dtype=pl.Float64),
        status=pl.lit(0, dtype=pl.Int8),
        n=pl.lit(0, dtype=pl.Int64),
    )
    return (
        pl.concat([said, gone])
        .with_columns(
            source_id=pl.lit(feed.source_id, dtype=pl.Int32),
            measure=pl.lit(feed.measure),
            known_at=pl.lit(known_at, dtype=pl.Int64),
        )
        .select(list(_HISTORY))
    )


# --- what is stored, and the comparison ---------------------------------------------------------


def _breakdowns(reader: FrameReader, *, viewer: Viewer) -> pl.DataFrame:
    held = tables.breakdown.c
    schema: Schema = {"breakdown_id": pl.Int32, "dims": pl.String}
    return reader.read(sa.select(held.breakdown_id, held.dims), schema, viewer=viewer)


def _source_names(reader: FrameReader, *, viewer: Viewer) -> pl.DataFrame:
    held = tables.source.c
    schema: Schema = {"source_id": pl.Int32, "source": pl.String, "origin": pl.String}
    query = sa.select(held.source_id, held.name, held.origin)
    return reader.read(query, schema, viewer=viewer)


def _stored(reader: FrameReader, table: sa.Table, *, viewer: Viewer) -> pl.DataFrame:
    """Return a cube table by names, in the columns of _HISTORY."""
    numbered: Schema = {
        "source_id": pl.Int32, "measure_id": pl.Int32, "day": pl.Int32, "area_id": pl.Int32,
        "breakdown_id": pl.Int32, "known_at": pl.Int64, "value": pl.Float64, "n": pl.Int64,
        "status": pl.Int8,
    }  # fmt: skip
    rows = reader.read(sa.select(*[table.c[name] for name in numbered]), numbered, viewer=viewer)
    keys = sa.select(tables.measure.c.measure_id, tables.measure.c.key)
    names = reader.read(keys, {"measure_id": pl.Int32, "measure": pl.String}, viewer=viewer)
    return (
        rows.join(names, on="measure_id", how="left")
        .join(_breakdowns(reader, viewer=viewer), on="breakdown_id", how="left")
        .select([pl.col(name).cast(dtype) for name, dtype in _HISTORY.items()])
    )


def _at_moments(
    expected: pl.DataFrame, held: pl.DataFrame, moments: pl.Series, *, n: int | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both histories, or both states at each of `n` moments spread over all."""
    if n is None or n >= moments.len():
        return expected, held
    step = max(moments.len() - 1, 1) / max(n - 1, 1)
    chosen = sorted({int(moments[round(place * step)]) for place in range(n)})
    return _states(expected, chosen), _states(held, chosen)


def _states(history: pl.DataFrame, moments: list[int]) -> pl.DataFrame:
    states = [
        _last(history.filter(pl.col("known_at") <= moment)).with_columns(
            known_at=pl.lit(moment, dtype=pl.Int64)
        )
        for moment in moments
    ]
    return pl.concat(states)


def _last(history: pl.DataFrame) -> pl.DataFrame:
    """Return the last row of each cell that has not ended."""
    last = history.sort("known_at").unique(_CELL, keep="last", maintain_order=True)
    return last.filter((pl.col("n") != 0) | (pl.col("status") != 0))


def _compared(expected: pl.DataFrame, held: pl.DataFrame, *, table: str) -> pl.DataFrame:
    """Return one row per (cell, moment) on which the two disagree."""
    columns = list(_HISTORY)
    key = [*_CELL, "known_at"]
    level = pl.format(
        "{} (n {}, status {})", pl.col("value").fill_null(float("nan")), "n", "status"
    )
    missing = expected.join(held, on=columns, how="anti", nulls_equal=True)
    surplus = held.join(expected, on=columns, how="anti", nulls_equal=True)
    both = missing.select(*key, expected=level).join(
        surplus.select(*key, found=level), on=key, how="full", coalesce=True
    )
    return both.select(
        pl.lit(table).alias("table"),
        *key,
        pl.col("expected").fill_null("nothing"),
        pl.col("found").fill_null("nothing"),
    )


def _named(differences: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    origin = pl.when(pl.col("origin") == Origin.TABLE.value).then(pl.lit(" (table)"))
    return (
        differences.join(names, on="source_id", how="left")
        .with_columns(source=pl.col("source") + origin.otherwise(pl.lit("")))
        .drop("source_id", "origin")
        .sort("table", "measure", "day", "area_id", "dims", "known_at")
    )
