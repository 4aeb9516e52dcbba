"""Records back out of the database, as the gate would take them in again."""

import io
from collections.abc import Callable

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Clearance, Origin, to_us
from data_access.contracts.model import DELETED, DTYPES, VERSION, RecordKind
from data_access.errors import BadUse, ScopeDenied
from data_access.reader import FrameReader, Schema, frame_snapshot
from data_access.reference.areas import Areas
from data_access.viewer import Viewer

_DELIVERED_BY = "delivered_by"


def export_records(
    engine: sa.Engine,
    platform: str,
    *,
    kind: RecordKind,
    viewer: Viewer,
    areas: Areas,
    source: str = "",
) -> pl.DataFrame:
    """Return the records in force at the viewer's moment, one row each, sorted by source and key.

    Columns: the kind's key, its stored fields, version; `deleted` and `source` in front of them
    only where they say anything (a deleted record; more than one source; `delivered_by` where the
    kind has a field `source` of its own). Instants are UTC.
    Taken in again, it gives the same records: pseudonyms and derived fields pass through.

    Args:
        engine: the shared database.
        platform: platform id.
        kind: record kind.
        viewer: a province role gets the records of its provinces only.
        areas: the country's areas.
        source: only what this source delivered; empty for all.

    Raises:
        ScopeDenied: if the viewer may not see records at all.
        BadUse: if there is no such source.
        DatabaseUnavailable: if the database does not answer.
    """
    if viewer.clearance < Clearance.OFFICIAL or viewer.published_only:
        raise ScopeDenied(f"role {viewer.role} may not see records")
    with frame_snapshot(engine, viewer=viewer) as reader:
        found = _in_force(reader, platform, kind, viewer=viewer)
        sources = _sources(reader, viewer=viewer)
    seen = _in_scope(found, viewer=viewer, areas=areas).join(sources, on="source_id")
    if source:
        if source not in set(sources[_DELIVERED_BY]):
            raise BadUse(f"no source named {source!r} has delivered records")
        seen = seen.filter(pl.col(_DELIVERED_BY) == source)
    ordered = seen.sort(_DELIVERED_BY, "record_id").rename({"record_id": kind.key})
    stored = [f.name for f in kind.stored_fields() if f.name != kind.key]
    # A contact's own field `source` says who found the contact, not who delivered the record.
    named = _DELIVERED_BY if "source" in stored else "source"
    many = ordered[_DELIVERED_BY].n_unique() > 1
    several = [pl.col(_DELIVERED_BY).alias(named)] if many else []
    return ordered.select(*several, kind.key, *stored, VERSION)


def _in_force(
    reader: FrameReader, platform: str, kind: RecordKind, *, viewer: Viewer
) -> pl.DataFrame:
    """Return the versions in force at the viewer's moment, deletions left out."""
    winner, past = tables.record_tables(platform, kind.name)
    fields = {f.name: DTYPES[f.kind] for f in kind.stored_fields() if f.name != kind.key}
    schema: Schema = {
        "source_id": pl.Int32,
        "record_id": pl.String,
        VERSION: pl.Int64,
        "province_id": pl.Int32,
        **{name: _stored_type(dtype) for name, dtype in fields.items()},
    }
    moment = to_us(viewer.now)
    alive = [winner.c.known_at <= moment, winner.c[DELETED] == 0]
    over = [past.c.known_at <= moment, past.c.valid_to > moment, past.c[DELETED] == 0]
    found = [
        reader.read(
            sa.select(*[table.c[name] for name in schema]).where(*kept), schema, viewer=viewer
        )
        for table, kept in ((winner, alive), (past, over))
    ]
    return pl.concat(found).with_columns(
        [pl.col(name).cast(dtype) for name, dtype in fields.items()]
    )


def _stored_type(dtype: pl.DataType) -> pl.DataType:
    if dtype == pl.Date():
        return pl.Int32()
    if isinstance(dtype, pl.Datetime):
        return pl.Int64()
    return pl.Int16() if dtype == pl.Boolean() else dtype


def _in_scope(found: pl.DataFrame, *, viewer: Viewer, areas: Areas) -> pl.DataFrame:
    if viewer.everywhere:
        return found
    codes = sorted(viewer.areas)
    own = areas.frame.filter(pl.col("code").is_in(codes), pl.col("level") == "province")
    return found.join(own.select(province_id="area_id"), on="province_id", how="semi")


def _sources(reader: FrameReader, *, viewer: Viewer) -> pl.DataFrame:
    held = tables.source.c
    query = sa.select(held.source_id, held.name, held.origin)
    schema: Schema = {"source_id": pl.Int32, _DELIVERED_BY: pl.String, "origin": pl.String}
    found = reader.read(query, schema, viewer=viewer)
    return found.filter(pl.col("origin") == Origin.RECORDS.value).drop("origin")


def to_csv(records: pl.DataFrame) -> bytes:
    """Return records as CSV; days and instants as ISO text."""
    return _texts(records).write_csv().encode()


def to_ndjson(records: pl.DataFrame) -> bytes:
    """Return records as one JSON object per line."""
    return _texts(records).write_ndjson().encode()


def to_parquet(records: pl.DataFrame) -> bytes:
    """Return records as Parquet, with their own types."""
    content = io.BytesIO()
    records.write_parquet(content, compression="zstd")
    return content.getvalue()


FORMATS: dict[str, Callable[[pl.DataFrame], bytes]] = {
    "csv": to_csv,
    "ndjson": to_ndjson,
    "parquet": to_parquet,
}


def _texts(records: pl.DataFrame) -> pl.DataFrame:
    texts = []
    for name, dtype in records.schema.items():
        if isinstance(dtype, pl.Datetime):
            texts.append(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00"))
        elif dtype == pl.Date():
            texts.append(pl.col(name).dt.strftime("%Y-%m-%d"))
    return records.with_columns(texts)
