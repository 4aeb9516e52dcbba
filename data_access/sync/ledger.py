"""What the ledger says of deliveries: rejects by reason, rows to send back, flags. Never a person.

A province reads only of sources that have delivered figures of its own area and of no other: a
file of a national source may hold another province's rows.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_us
from data_access.cube.hot import HotCube
from data_access.freshness import BATCH_SCHEMA
from data_access.reader import Schema, read_frame, snapshot
from data_access.sync.partitions import Partitions
from data_access.sync.receipts import provinces
from data_access.viewer import Viewer, system_viewer

DELIVERY_SCHEMA: Schema = {**BATCH_SCHEMA, "rejects_file": pl.String, "source_id": pl.Int32}
REASON_SCHEMA: Schema = {
    "batch_id": pl.Int64,
    "reason": pl.String,
    "n_rows": pl.Int64,
}
_PAIRS: Schema = {"measure_id": pl.Int32, "source_id": pl.Int32, "area_id": pl.Int32}
_INSTANTS = ("known_at", "received_at")


def began_of(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    """Return when each source first delivered to a platform: platform, source_id, began (µs)."""
    batch = tables.batch.c
    query = (
        sa.select(batch.platform, batch.source_id, sa.func.min(batch.known_at))
        .where(batch.known_at <= to_us(viewer.now))
        .group_by(batch.platform, batch.source_id)
    )
    schema: Schema = {"platform": pl.String, "source_id": pl.Int32, "began": pl.Int64}
    with snapshot(engine, viewer=viewer) as connection:
        return read_frame(connection, query, schema, viewer=viewer)


class Owners:
    """Which sources are a province's own. Safe to share between threads."""

    def __init__(self, cube: HotCube) -> None:
        """Hold what is given; read nothing yet."""
        self._cube = cube
        self._pairs = Partitions(cube, _sources_of, _PAIRS)

    def read(self, *, viewer: Viewer) -> pl.DataFrame:
        """Return source_id → area_code of the sources that only ever delivered one province.

        As known now, whatever moment the viewer looks from: what a source turned out to hold
        later counts against showing its files.
        """
        system = system_viewer(viewer.now)
        held = self._pairs.read(viewer=system, latest=True).select("source_id", "area_id").unique()
        return (
            held.join(provinces(self._cube, viewer=system), on="area_id", how="left")
            .group_by("source_id")
            .agg(
                n=pl.col("province").drop_nulls().n_unique(),
                n_other=pl.col("province").null_count(),
                area_code=pl.col("province").drop_nulls().first(),
            )
            .filter((pl.col("n") == 1) & (pl.col("n_other") == 0))
            .select("source_id", "area_code")
        )


def _sources_of(measures: Sequence[int], month: int, _moment: int) -> sa.Select[tuple[object, ...]]:
    of = tables.cube_history.c
    return (
        sa.select(of.measure_id, of.source_id, of.area_id)
        .where(of.measure_id.in_(measures), of.month == month)
        .distinct()
    )


def deliveries(
    cube: HotCube, owners: Owners, *, viewer: Viewer, start: date, end: date
) -> pl.DataFrame:
    """Return the batches received on the days from `start` to `end`, newest first.

    Shape: DELIVERY_SCHEMA with UTC datetimes, and area_code: the one province of the source, null
        if it has several. A province gets the rows of its own sources only.
    """
    zone = ZoneInfo(cube.geography.areas.country.time_zone)
    first, last = (
        to_us(datetime.combine(day, time(), zone)) for day in (start, end + timedelta(days=1))
    )
    batch, source = tables.batch.c, tables.source.c
    named = {"source": source.name}
    query = (
        sa.select(*[named[name] if name in named else batch[name] for name in DELIVERY_SCHEMA])
        .join_from(tables.batch, tables.source, batch.source_id == source.source_id)
        .where(batch.known_at >= first, batch.known_at < last)
        .where(batch.known_at <= to_us(viewer.now))
        .order_by(batch.known_at.desc(), batch.batch_id.desc())
    )
    with snapshot(cube.engine, viewer=viewer) as connection:
        found = read_frame(connection, query, DELIVERY_SCHEMA, viewer=viewer)
    found = found.join(owners.read(viewer=viewer), on="source_id", how="left")
    if not viewer.everywhere:
        found = found.filter(pl.col("area_code").is_in(sorted(viewer.areas)))
    return found.with_columns(
        pl.from_epoch(name, time_unit="us").dt.replace_time_zone("UTC") for name in _INSTANTS
    )


def reasons_of(cube: HotCube, batches: Sequence[int], *, viewer: Viewer) -> pl.DataFrame:
    """Return why rows of some batches were refused or flagged: REASON_SCHEMA.

    The batches come from `deliveries`, which has cut them to the viewer's scope.
    """
    flag = tables.batch_flag.c
    query = (
        sa.select(flag.batch_id, flag.reason, flag.n_rows)
        .where(flag.batch_id.in_(list(batches)))
        .order_by(flag.batch_id, flag.reason)
    )
    with snapshot(cube.engine, viewer=viewer) as connection:
        return read_frame(connection, query, REASON_SCHEMA, viewer=viewer)


def with_open(found: pl.DataFrame) -> pl.DataFrame:
    """Add n_open: refused rows not sent again. Pure.

    A file of the same name from the same source answers for its rows: of each name only the
    last delivery's refused rows are still open.
    """
    feed = ["source_id", "platform", "record_kind", "file_name"]
    newest = pl.col("batch_id") == pl.col("batch_id").max().over(feed)
    return found.with_columns(n_open=pl.when(newest).then("n_rejected").otherwise(0))
