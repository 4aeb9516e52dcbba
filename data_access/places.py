"""QR places by ward and day: registered, scanned, silent; as a viewer sees them at a moment."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access.codes import to_us
from data_access.cube.geography import PROVINCE
from data_access.cube.hot import HotCube
from data_access.reader import read_frame, snapshot
from data_access.reconcile.records import in_force
from data_access.viewer import Viewer, system_viewer

ACTIVITY_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "date": pl.Date,
    "area_code": pl.String,
    "ward_code": pl.String,
    "n_places": pl.Int64,
    "n_new": pl.Int64,
    "n_active": pl.Int64,
    "n_scans": pl.Int64,
}
_READ: dict[str, pl.DataType | type[pl.DataType]] = {
    "area_id": pl.Int32,
    "ward_code": pl.String,
    "n_places": pl.Int64,
    "n_new": pl.Int64,
    "n_active": pl.Int64,
    "n_scans": pl.Int64,
}


def place_activity(
    cube: HotCube, engine: sa.Engine, *, viewer: Viewer, start: date, end: date
) -> pl.DataFrame:
    """Return what the places of each ward did on each day, in the viewer's provinces.

    Shape: one row per day, province (area_code) and ward (`""` where a place has none), sorted.
        n_places: registered and not closed by the day's end; n_new: of these registered on the
        day; n_active: of these scanned on the day; n_scans: scans at them. A ward without a place
        has no row. Scans at places that nobody registered are no part of it (reconciliation names
        them).
    """
    geography = cube.geography
    codes = {
        area_id: geography.places[area_id].code
        for area_id in geography.visible_ids(viewer)
        if geography.places[area_id].rank == PROVINCE
    }
    zone = ZoneInfo(geography.areas.country.time_zone)
    named = pl.DataFrame(
        list(codes.items()), schema={"area_id": pl.Int32, "area_code": pl.String}, orient="row"
    )
    tables = [pl.DataFrame(schema=ACTIVITY_SCHEMA)]
    # A scan counts at its place, wherever it says it was made.
    with snapshot(engine, viewer=system_viewer(viewer.now)) as connection:
        for day, (first, after) in _days(start, end, zone):
            query = _of_a_day(first, after, moment=to_us(viewer.now), provinces=sorted(codes))
            found = read_frame(connection, query, _READ, viewer=viewer)
            tables.append(
                found.join(named, on="area_id").select(
                    pl.lit(day).alias("date"), *list(ACTIVITY_SCHEMA)[1:]
                )
            )
    return pl.concat(tables).sort("date", "area_code", "ward_code")


def _days(start: date, end: date, zone: ZoneInfo) -> Iterator[tuple[date, tuple[int, int]]]:
    """Yield each local day with its first microsecond and the first after it."""
    day = start
    while day <= end:
        following = day + timedelta(days=1)
        yield day, (_midnight(day, zone), _midnight(following, zone))
        day = following


def _midnight(day: date, zone: ZoneInfo) -> int:
    return to_us(datetime.combine(day, time(), tzinfo=zone))


def _of_a_day(first: int, after: int, *, moment: int, provinces: list[int]) -> sa.Select[Any]:
    places = in_force(
        "checkpoints", "place", ("ward_code", "registered_at", "closed_at"), moment=moment
    )
    scans = in_force("checkpoints", "scan", ("place_code", "scanned_at"), moment=moment)
    used = (
        sa.select(scans.c.place_code, sa.func.count().label("n"))
        .where(scans.c.scanned_at >= first, scans.c.scanned_at < after)
        .group_by(scans.c.place_code)
        .subquery()
    )
    ward = sa.func.coalesce(places.c.ward_code, "")
    is_new = sa.case((places.c.registered_at >= first, 1), else_=0)
    return (
        sa.select(
            places.c.province_id.label("area_id"),
            ward.label("ward_code"),
            sa.func.count().label("n_places"),
            sa.cast(sa.func.sum(is_new), sa.BigInteger).label("n_new"),
            sa.func.count(used.c.place_code).label("n_active"),
            sa.cast(sa.func.coalesce(sa.func.sum(used.c.n), 0), sa.BigInteger).label("n_scans"),
        )
        .select_from(places.outerjoin(used, places.c.record_id == used.c.place_code))
        .where(
            places.c.province_id.in_(provinces),
            places.c.registered_at < after,
            sa.or_(places.c.closed_at.is_(None), places.c.closed_at >= after),
        )
        .group_by(places.c.province_id, ward)
    )
