"""The register of laboratories, as a viewer sees it at a moment."""

from datetime import date

import polars as pl
import sqlalchemy as sa

from data_access.codes import to_day, to_us
from data_access.cube.geography import PROVINCE
from data_access.cube.hot import HotCube
from data_access.reader import read_frame, snapshot
from data_access.reconcile.records import in_force
from data_access.viewer import Viewer

REGISTER_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "lab_code": pl.String,
    "name": pl.String,
    "kind": pl.String,
    "area_code": pl.String,
    "capacity_per_day": pl.Int64,
}
_READ: dict[str, pl.DataType | type[pl.DataType]] = {
    "lab_code": pl.String,
    "name": pl.String,
    "kind": pl.String,
    "area_id": pl.Int32,
    "capacity_per_day": pl.Int64,
    "known_at": pl.Int64,
}


def laboratories(cube: HotCube, engine: sa.Engine, *, viewer: Viewer, day: date) -> pl.DataFrame:
    """Return the laboratories at work on a day in the provinces a viewer may see.

    Shape: one row per laboratory code and province, sorted by them; area_code is the province's,
        capacity_per_day (single samples) is null where it was not declared. Where two sources
        list the same laboratory, what was known last counts.
    """
    geography = cube.geography
    codes = {
        area_id: geography.places[area_id].code
        for area_id in geography.visible_ids(viewer)
        if geography.places[area_id].rank == PROVINCE
    }
    rows = in_force(
        "testing",
        "laboratory",
        ("name", "kind", "capacity_per_day", "opened_on", "closed_on"),
        moment=to_us(viewer.now),
    )
    working = (
        (rows.c.opened_on <= to_day(day)),
        sa.or_(rows.c.closed_on.is_(None), rows.c.closed_on > to_day(day)),
        rows.c.province_id.in_(sorted(codes)),
    )
    query = sa.select(
        rows.c.record_id.label("lab_code"),
        rows.c.name,
        rows.c.kind,
        rows.c.province_id.label("area_id"),
        rows.c.capacity_per_day,
        rows.c.known_at,
    ).where(*working)
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, _READ, viewer=viewer)
    named = pl.DataFrame(
        list(codes.items()), schema={"area_id": pl.Int32, "area_code": pl.String}, orient="row"
    )
    return (
        found.sort("known_at")
        .unique(["lab_code", "area_id"], keep="last")
        .join(named, on="area_id")
        .sort("area_code", "lab_code")
        .select(list(REGISTER_SCHEMA))
    )
