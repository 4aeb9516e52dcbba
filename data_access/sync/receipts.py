"""When each province's day first became known, from the cube's history; no records are read.

One grouped query a month, of the measures that moved in it (`sync.partitions`).
See docs/decisions/0009-reporting-signal.md.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import month_of
from data_access.cube.geography import PROVINCE
from data_access.cube.hot import HotCube
from data_access.reader import Schema
from data_access.sync.partitions import Partitions
from data_access.viewer import Viewer

_GROUPED: Schema = {
    "measure_id": pl.Int32,
    "day": pl.Int32,
    "area_id": pl.Int32,
    "source_id": pl.Int32,
    "first_known": pl.Int64,
    "last_known": pl.Int64,
    "first_received": pl.Int64,
}
RECEIPT_SCHEMA: Schema = {
    "platform": pl.String,
    "source_id": pl.Int32,
    "province": pl.String,
    "day": pl.Date,
    "first_known": pl.Int64,
    "last_known": pl.Int64,
    "first_received": pl.Int64,
}


class Receipts:
    """The receipt times of every month asked for. Safe to share between threads."""

    def __init__(self, cube: HotCube) -> None:
        """Hold what is given; read nothing yet."""
        self._cube = cube
        self._grouped = Partitions(cube, _receipt_times, _GROUPED)

    def between(self, start: date, end: date, *, viewer: Viewer) -> pl.DataFrame:
        """Return when the days from `start` to `end` became known.

        Shape: RECEIPT_SCHEMA; one row per platform, source, province and day with a figure, as
            known at the viewer's moment, of the provinces in their view and the measures they
            may know of. Instants are microseconds UTC.
        """
        if viewer.is_blind:
            return pl.DataFrame(schema=RECEIPT_SCHEMA)
        found = self._grouped.read(_months(start, end), viewer=viewer)
        return self._placed(found, viewer=viewer).filter(pl.col("day").is_between(start, end))

    def _placed(self, grouped: pl.DataFrame, *, viewer: Viewer) -> pl.DataFrame:
        catalogue = self._cube.state(viewer=viewer).catalogue
        measures = {
            number: catalogue.measures[key].platform
            for key, number in catalogue.numbers.items()
            if catalogue.measures[key].clearance <= viewer.clearance
        }
        names = pl.DataFrame(
            {"measure_id": list(measures), "platform": list(measures.values())},
            schema={"measure_id": pl.Int32, "platform": pl.String},
        )
        return (
            grouped.join(names, on="measure_id")
            .filter(~pl.col("source_id").is_in(catalogue.hidden(viewer=viewer)))
            .join(provinces(self._cube, viewer=viewer), on="area_id")
            .group_by("platform", "source_id", "province", pl.col("day").cast(pl.Date))
            .agg(
                pl.col("first_known").min(),
                pl.col("last_known").max(),
                pl.col("first_received").min(),
            )
            .select(list(RECEIPT_SCHEMA))
        )


def _receipt_times(
    measures: Sequence[int], month: int, moment: int
) -> sa.Select[tuple[object, ...]]:
    of, batch = tables.cube_history.c, tables.batch.c
    there = sa.or_(of.n != 0, of.status != 0)
    return (
        sa.select(
            of.measure_id, of.day, of.area_id, of.source_id,
            sa.func.min(of.known_at), sa.func.max(of.known_at),
            sa.func.coalesce(sa.func.min(batch.received_at), 0),
        )
        .join_from(
            tables.cube_history, tables.batch, of.batch_id == batch.batch_id, isouter=True
        )
        .where(of.measure_id.in_(measures), of.month == month, of.known_at <= moment, there)
        .group_by(of.measure_id, of.day, of.area_id, of.source_id)
    )  # fmt: skip


def provinces(cube: HotCube, *, viewer: Viewer) -> pl.DataFrame:
    """Return area_id → province for every area at or below provinces that a viewer may see."""
    places = cube.geography.places
    rows = [
        (area_id, places[area_id].province)
        for area_id in cube.geography.visible_ids(viewer)
        if places[area_id].rank >= PROVINCE
    ]
    return pl.DataFrame(rows, schema={"area_id": pl.Int32, "province": pl.String}, orient="row")


def _months(start: date, end: date) -> Sequence[int]:
    found, last = [], month_of(end)
    month = month_of(start)
    while month <= last:
        found.append(month)
        month = month + 89 if month % 100 == 12 else month + 1  # noqa: PLR2004 -- December
    return found
