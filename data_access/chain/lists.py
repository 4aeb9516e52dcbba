"""Cases and contacts as records hold them at a moment, for the graph and the classes."""

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.chain.graph import Graph, edges_of, make_graph
from data_access.codes import to_us
from data_access.errors import ScopeDenied
from data_access.reader import Schema, frame_snapshot, read_frame, snapshot
from data_access.viewer import Viewer

CASES: Schema = {
    "case_id": pl.String, "source": pl.String, "province_code": pl.String,
    "person_ref": pl.String, "case_day": pl.Date, "onset_date": pl.Date,
    "detected_in": pl.String, "infector_id": pl.String,
}  # fmt: skip
CONTACTS: Schema = {
    "contact_id": pl.String, "source": pl.String, "province_code": pl.String,
    "person_ref": pl.String, "index_case_id": pl.String, "class": pl.String,
    "via_contact_id": pl.String, "setting": pl.String, "identified_ts": pl.Datetime("us", "UTC"),
}  # fmt: skip


def cases(engine: sa.Engine, *, viewer: Viewer, source: str = "") -> pl.DataFrame:
    """Return the cases in force at the viewer's moment: columns of CASES, sorted by case_id.

    A province's viewer gets the cases of their own provinces alone.

    Raises:
        ScopeDenied: if the viewer sees published figures only.
        DatabaseUnavailable: if the database does not answer.
    """
    return held(engine, "case", CASES, viewer=viewer, source=source)


def contacts(engine: sa.Engine, *, viewer: Viewer, source: str = "") -> pl.DataFrame:
    """Return the contacts in force at the viewer's moment: columns of CONTACTS, sorted.

    Raises:
        As `cases`.
    """
    return held(engine, "contact", CONTACTS, viewer=viewer, source=source)


def graph_at(engine: sa.Engine, *, viewer: Viewer, source: str = "") -> Graph:
    """Return the chains of infection that a viewer may see, as known at their moment.

    Args:
        engine: the shared database.
        viewer: who looks, and from when.
        source: only records of this source; empty: all. Ids must be distinct among them.

    Raises:
        As `cases`.
    """
    found = cases(engine, viewer=viewer, source=source)
    pairs = edges_of(found, contacts(engine, viewer=viewer, source=source))
    return make_graph(found["case_id"].unique(maintain_order=True), pairs)


def held(
    engine: sa.Engine, kind: str, schema: Schema, *, viewer: Viewer, source: str = ""
) -> pl.DataFrame:
    """Return some columns of a kind's records in force at the viewer's moment, in their provinces.

    Shape: columns of `schema`, sorted by its first column and source.

    Args:
        engine: the shared database.
        kind: of record, of the tracing platform.
        schema: column → type; the kind's own id first, `source` is the name of who delivered.
        viewer: who looks, and from when.
        source: only records of this source; empty: all.

    Raises:
        As `cases`.
    """
    if viewer.published_only:
        raise ScopeDenied("nothing has been published yet")
    at, plain = to_us(viewer.now), _plain(schema)
    queries = [
        _query(kind, schema, viewer=viewer, source=source, at=at, past=past)
        for past in (False, True)
    ]
    if viewer.everywhere and not source:
        # No text is bound: the fast road for a whole nation is open.
        with frame_snapshot(engine, viewer=viewer) as frames:
            parts = [frames.read(query, plain, viewer=viewer) for query in queries]
    else:
        with snapshot(engine, viewer=viewer) as connection:
            parts = [read_frame(connection, query, plain, viewer=viewer) for query in queries]
    every = pl.concat(parts).with_columns(
        pl.from_epoch(pl.col(name), time_unit="us").dt.replace_time_zone("UTC")
        if dtype == pl.Datetime("us", "UTC")
        else pl.col(name).cast(dtype)
        for name, dtype in schema.items()
    )
    return every.sort(next(iter(schema)), "source")


def _plain(schema: Schema) -> Schema:
    """Return the types the columns are stored with."""
    stored = {pl.Date: pl.Int32, pl.Datetime("us", "UTC"): pl.Int64}
    return {name: stored.get(dtype, dtype) for name, dtype in schema.items()}


def _query(
    kind: str, schema: Schema, *, viewer: Viewer, source: str, at: int, past: bool
) -> sa.Select[tuple[object, ...]]:
    """Return the SELECT of the versions in force at a moment: of the winners, or of the past."""
    table = tables.record_tables("tracing", kind)[1 if past else 0]
    named = {f"{kind}_id": table.c.record_id, "source": tables.source.c.name}
    columns = [named[name] if name in named else table.c[name] for name in schema]
    query = (
        sa.select(*columns)
        .join_from(table, tables.source, tables.source.c.source_id == table.c.source_id)
        .where(table.c.deleted == 0, table.c.known_at <= at)
    )
    if past:
        query = query.where(table.c.valid_to > at)
    if source:
        query = query.where(tables.source.c.name == source)
    if not viewer.everywhere:
        query = query.where(table.c.province_code.in_(sorted(viewer.areas)))
    return query
