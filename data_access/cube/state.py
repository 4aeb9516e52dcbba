"""What the shared database holds right now, small enough to read at every change.

Change numbers of the cube's partitions, and the catalogue: measures, sources, breakdowns.
"""

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Clearance, to_us
from data_access.cube.catalogue import Catalogue, State
from data_access.measures.model import Measure, MeasureKind
from data_access.measures.registry import MEASURES
from data_access.reader import Schema, read_frame
from data_access.viewer import Viewer

_CHANGES: Schema = {"measure_id": pl.Int32, "month": pl.Int32, "change_no": pl.Int64}
_SOURCES: Schema = {
    "source_id": pl.Int32,
    "source": pl.String,
    "origin": pl.String,
    "precedence": pl.Int32,
    "clearance": pl.Int16,
}
_BREAKDOWNS: Schema = {"breakdown_id": pl.Int32, "dims": pl.String, "cut": pl.String}
_MEASURES: Schema = {
    "measure_id": pl.Int32,
    "key": pl.String,
    "kind": pl.String,
    "unit": pl.String,
    "platform": pl.String,
    "clearance": pl.Int16,
    "vi": pl.String,
    "en": pl.String,
}
_DELIVERED: Schema = {"source_id": pl.Int32, "platform": pl.String, "delivered": pl.Int64}


def read_token(connection: sa.Connection, *, viewer: Viewer) -> str:
    """Return a text that differs whenever anything was committed; cheap."""
    change, batch = tables.partition_change.c, tables.batch.c
    query = sa.select(
        sa.cast(sa.func.coalesce(sa.func.sum(change.change_no), 0), sa.BigInteger),
        sa.func.count(),
        sa.select(sa.func.coalesce(sa.func.max(batch.batch_id), 0)).scalar_subquery(),
    ).select_from(tables.partition_change)
    schema: Schema = {"total": pl.Int64, "n": pl.Int64, "batch": pl.Int64}
    found = read_frame(connection, query, schema, viewer=viewer)
    return "-".join(str(value) for value in found.row(0)) if found.height else "blind"


def read_state(connection: sa.Connection, token: str, *, viewer: Viewer) -> State:
    """Return the state that a connection sees."""
    change = tables.partition_change.c
    query = sa.select(change.measure_id, change.month, change.change_no)
    changes = read_frame(connection, query, _CHANGES, viewer=viewer)
    newest = read_frame(
        connection,
        sa.select(sa.func.max(tables.batch.c.known_at)),
        {"newest": pl.Int64},
        viewer=viewer,
    )
    return State(
        token=token,
        changes={(of, month): number for of, month, number in changes.iter_rows()},
        newest=newest["newest"].max() if newest.height else None,  # type: ignore[arg-type]
        catalogue=_read_catalogue(connection, viewer=viewer),
    )


def _read_catalogue(connection: sa.Connection, *, viewer: Viewer) -> Catalogue:
    of = tables.measure.c
    rows = read_frame(connection, sa.select(*[of[name] for name in _MEASURES]), _MEASURES,
                      viewer=viewer)  # fmt: skip
    source, breakdown = tables.source.c, tables.breakdown.c
    return Catalogue(
        measures=_declared(rows),
        numbers=dict(rows.select("key", "measure_id").iter_rows()),
        sources=read_frame(
            connection,
            sa.select(*[source.name if n == "source" else source[n] for n in _SOURCES]),
            _SOURCES,
            viewer=viewer,
        ),
        breakdowns=read_frame(
            connection,
            sa.select(breakdown.breakdown_id, breakdown.dims, breakdown.cut),
            _BREAKDOWNS,
            viewer=viewer,
        ),
    )


def _declared(rows: pl.DataFrame) -> dict[str, Measure]:
    found = dict(MEASURES)
    for row in rows.iter_rows(named=True):
        if row["key"] not in found:
            found[row["key"]] = Measure(
                key=row["key"],
                kind=MeasureKind(row["kind"]),
                unit=row["unit"],
                platform=row["platform"],
                vi=row["vi"],
                en=row["en"],
                clearance=Clearance(row["clearance"]),
            )
    return found


def read_delivered(connection: sa.Connection, *, viewer: Viewer) -> pl.DataFrame:
    """Return the last moment each source delivered, as far as the viewer's moment.

    Shape: source_id, platform, delivered (µs UTC).
    """
    batch = tables.batch.c
    query = (
        sa.select(batch.source_id, batch.platform, sa.func.max(batch.known_at))
        .where(batch.known_at <= to_us(viewer.now))
        .group_by(batch.source_id, batch.platform)
    )
    return read_frame(connection, query, _DELIVERED, viewer=viewer)
