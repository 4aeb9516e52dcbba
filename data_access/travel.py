"""Movements between provinces, from QR scans: people counted, nobody named, as a viewer may see.

A movement is two scans of one person, one after the other, at places of two provinces, on one
local day or on that day and the next. It is of the day of the second scan. Somebody who travels
without being scanned is not in it: it says which ways are used, not by how many.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access.codes import Clearance, to_us
from data_access.cube.geography import PROVINCE, Geography
from data_access.errors import ScopeDenied
from data_access.localtime import local_day
from data_access.reader import Schema, frame_snapshot
from data_access.reconcile.records import in_force
from data_access.viewer import Viewer, system_viewer

FEWEST = 5
"""Flows of fewer people are shown to those only who may see small counts of the whole nation."""
NEXT_DAY = 1
FLOW_SCHEMA: Schema = {
    "origin": pl.String,
    "destination": pl.String,
    "persons": pl.Int64,
    "last_day": pl.Date,
    "pairs": pl.Int64,
}
_SCANS: Schema = {"person_ref": pl.String, "part_id": pl.Int32, "scanned_at": pl.Int64}


def flows(
    engine: sa.Engine, geography: Geography, *, viewer: Viewer, start: date, end: date
) -> pl.DataFrame:
    """Return how many people moved from which province to which in some days.

    Shape: FLOW_SCHEMA, most people first; one row per pair of provinces (area codes) and
        direction; persons: different people; last_day: the newest day of a movement; pairs: 1. A
        last row without provinces and persons counts in `pairs` those left out as smaller than
        FEWEST; no row where there are none.
    Method: see the module. The moment known is the viewer's. A province gets the flows that touch
        it, counted over the same scans as the nation's, so that both see one number.

    Args:
        engine: the shared database.
        geography: the areas.
        viewer: who looks, and from when.
        start: first day of arrival.
        end: last day of arrival.

    Raises:
        ScopeDenied: if the viewer sees published figures only.
        DatabaseUnavailable: if the database does not answer.
    """
    if viewer.published_only or viewer.clearance < Clearance.OFFICIAL:
        raise ScopeDenied("movements are for those who run the response")
    vintage, zone = geography.areas.vintage_on(end), geography.areas.country.time_zone
    # Where somebody came from lies outside a province's rows: only the counts leave this function.
    every = geography.parts(PROVINCE, vintage, viewer=system_viewer(viewer.now))
    own = geography.parts(PROVINCE, vintage, viewer=viewer)
    touching = None if viewer.everywhere else sorted(own["part_id"])
    query = _scans(start, end, zone=ZoneInfo(zone), moment=to_us(viewer.now), touching=touching)
    with frame_snapshot(engine, viewer=viewer) as frames:
        scans = frames.read(query, _SCANS, viewer=viewer)
    moved = _movements(scans.join(every, on="part_id"), start=start, zone=zone)
    if not viewer.everywhere:
        inside = own["area_id"].unique().implode()
        moved = moved.filter(pl.col("origin").is_in(inside) | pl.col("area_id").is_in(inside))
    codes = {one: place.code for one, place in geography.places.items()}
    return _counted(moved, codes, is_small_seen=viewer.clearance >= Clearance.SENSITIVE)


def _scans(
    start: date, end: date, *, zone: ZoneInfo, moment: int, touching: list[int] | None
) -> sa.Select[Any]:
    """Return the scans of whoever was scanned in two provinces; of a province, in it too."""
    first, after = (
        to_us(datetime.combine(day, time(), tzinfo=zone))
        for day in (start - timedelta(days=NEXT_DAY), end + timedelta(days=1))
    )

    def rows() -> sa.Subquery:
        return in_force("checkpoints", "scan", ("person_ref", "scanned_at"), moment=moment)

    def inside(one: sa.Subquery) -> list[sa.ColumnElement[bool]]:
        return [
            one.c.scanned_at >= first,
            one.c.scanned_at < after,
            one.c.person_ref.is_not(None),
            one.c.province_id.is_not(None),
        ]

    # The database finds the few who travel: a nation's week of scans would not fit in memory.
    some, of = rows(), rows()
    travellers = sa.select(some.c.person_ref).where(*inside(some)).group_by(some.c.person_ref)
    travellers = travellers.having(
        sa.func.min(some.c.province_id) < sa.func.max(some.c.province_id)
    )
    if touching is not None:
        is_own = sa.case((some.c.province_id.in_(touching), 1), else_=0)
        travellers = travellers.having(sa.func.max(is_own) == 1)
    return sa.select(of.c.person_ref, of.c.province_id.label("part_id"), of.c.scanned_at).where(
        *inside(of), of.c.person_ref.in_(travellers)
    )


def _movements(scans: pl.DataFrame, *, start: date, zone: str) -> pl.DataFrame:
    """Return person_ref, origin, area_id (where to) and day of each movement."""
    instant = pl.from_epoch("scanned_at", time_unit="us").dt.replace_time_zone("UTC")
    following = (
        scans.with_columns(day=local_day(instant, zone=zone))
        .sort("person_ref", "scanned_at", "area_id")
        .with_columns(
            pl.col(name).shift(1).over("person_ref").alias(before)
            for name, before in (("area_id", "origin"), ("day", "left"), ("scanned_at", "at"))
        )
    )
    apart = (pl.col("day") - pl.col("left")).dt.total_days()
    return following.filter(
        pl.col("origin") != pl.col("area_id"),
        pl.col("scanned_at") > pl.col("at"),
        apart <= NEXT_DAY,
        pl.col("day") >= start,
    ).select("person_ref", "origin", "area_id", "day")


def _counted(
    moved: pl.DataFrame, codes: dict[int, str], *, is_small_seen: bool
) -> pl.DataFrame:  # fmt: skip
    named = moved.with_columns(
        pl.col(name).replace_strict(codes, return_dtype=pl.String, default=None).alias(new)
        for name, new in (("origin", "origin"), ("area_id", "destination"))
    )
    counted = (
        named.group_by("origin", "destination")
        .agg(persons=pl.col("person_ref").n_unique().cast(pl.Int64), last_day=pl.col("day").max())
        .with_columns(pairs=pl.lit(1, dtype=pl.Int64))
        .sort("persons", "origin", "destination", descending=[True, False, False])
        .select(list(FLOW_SCHEMA))
    )
    if is_small_seen:
        return counted
    small = counted.filter(pl.col("persons") < FEWEST).height
    rest = pl.DataFrame([{"pairs": small}] if small else [], schema=FLOW_SCHEMA)
    return pl.concat([counted.filter(pl.col("persons") >= FEWEST), rest])
