"""Quarantine sites one by one: beds, people inside, what each last said of itself.

Records are counted in the database and never read: no stay and no person leaves it. People at home
are counted for their province as a whole, since the name of such a site may be somebody's address.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access.codes import Clearance, to_day, to_us
from data_access.cube.geography import PROVINCE, Geography
from data_access.delivered import newest_batch
from data_access.errors import ScopeDenied
from data_access.reader import Schema, read_frame, snapshot
from data_access.reconcile.records import in_force
from data_access.viewer import Viewer

PLATFORM, HOME = "quarantine", "nha_o"
REPORT_DAYS = 30
"""A site's own report is looked for as many days back; an older one tells nothing of today."""
WATCHED = (
    "quarantine_admissions", "quarantine_discharges", "quarantine_overdue", "quarantine_beds",
    "quarantine_beds_total", "quarantine_site_reports",
)  # fmt: skip
"""Measures that the records of sites add up to."""
SITE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "area_code": pl.String,
    "facility_id": pl.String,
    "name": pl.String,
    "kind": pl.String,
    "district_code": pl.String,
    "is_registered": pl.Boolean,
    "is_open": pl.Boolean,
    "beds_total": pl.Int64,
    "beds_usable": pl.Int64,
    "occupied": pl.Int64,
    "overdue": pl.Int64,
    "reported_on": pl.Date,
    "state": pl.String,
    "shortages": pl.String,
}
_FACILITY: Schema = {
    "province_id": pl.Int32, "district_id": pl.Int32, "facility_id": pl.String,
    "known_at": pl.Int64, "source_id": pl.Int32, "name": pl.String, "kind": pl.String,
    "beds_total": pl.Int64, "beds_usable": pl.Int64, "opened_on": pl.Int32, "closed_on": pl.Int32,
}  # fmt: skip
_INSIDE: Schema = {
    "province_id": pl.Int32, "facility_id": pl.String, "kind": pl.String, "occupied": pl.Int64,
    "overdue": pl.Int64,
}  # fmt: skip
_REPORT: Schema = {
    "province_id": pl.Int32, "facility_id": pl.String, "reported_on": pl.Int32,
    "known_at": pl.Int64, "source_id": pl.Int32, "report_id": pl.String, "state": pl.String,
    "shortages": pl.String,
}  # fmt: skip
_KEY = ["area_code", "facility_id"]


def sites(engine: sa.Engine, geography: Geography, *, viewer: Viewer, day: date) -> pl.DataFrame:
    """Return every quarantine site at the end of a day, as known at the viewer's moment.

    Shape: SITE_SCHEMA, sorted by area_code, facility_id, kind. One row per site that is open on the
        day or has people inside; one per province and kind for people at home or at no stated site
        (`facility_id` null). A site that stays name and no register holds has neither name nor
        beds. A closed site has no beds. The sums of `occupied` and of the beds are every stay and
        every open bed on record.

    Args:
        engine: the shared database.
        geography: the areas, to find scope and provinces by.
        viewer: who looks, and from when; a province sees its own sites.
        day: at whose end.

    Raises:
        ScopeDenied: if the viewer sees published figures only.
        DatabaseUnavailable: if the database does not answer.
    """
    if viewer.published_only or viewer.clearance < Clearance.OFFICIAL:
        raise ScopeDenied("sites are for those who run them")
    provinces = _provinces(geography, viewer)
    reads = (
        (_registered(day, viewer), _FACILITY),
        (_inside(day, viewer, zone=geography.areas.country.time_zone), _INSIDE),
        (_reports(day, viewer), _REPORT),
    )
    with snapshot(engine, viewer=viewer) as connection:
        register, inside, reports = (
            read_frame(connection, _scoped(query, provinces), schema, viewer=viewer)
            for query, schema in reads
        )
    vintage = geography.areas.vintage_on(day)
    placed = geography.parts(PROVINCE, vintage, viewer=viewer)
    codes = geography.areas.frame.select(pl.col("area_id").cast(pl.Int32), "code")
    within = placed.join(codes, on="area_id").select(province_id="part_id", area_code="code")
    register, inside, reports = (
        frame.join(within, on="province_id") for frame in (register, inside, reports)
    )
    districts = codes.rename({"area_id": "district_id", "code": "district_code"})
    return _joined(
        _register(register.join(districts, on="district_id", how="left"), day=day),
        inside,
        _latest(reports, by=("reported_on", "known_at", "source_id", "report_id")),
    )


def version(engine: sa.Engine, *, viewer: Viewer) -> int:
    """Return the newest delivery of the platform: what sites are like changes with it only."""
    return newest_batch(engine, (PLATFORM,), viewer=viewer)


# --- what the database counts -------------------------------------------------------------------


def _provinces(geography: Geography, viewer: Viewer) -> tuple[int, ...] | None:
    if viewer.everywhere:
        return None
    seen = geography.visible_ids(viewer)
    return tuple(one for one in seen if geography.places[one].rank == PROVINCE)


def _scoped(query: sa.Select[Any], provinces: tuple[int, ...] | None) -> sa.Select[Any]:
    if provinces is None:
        return query
    return query.where(query.selected_columns.province_id.in_(provinces))


def _in_force(kind: str, *columns: str, viewer: Viewer) -> sa.Subquery:
    return in_force(PLATFORM, kind, columns, moment=to_us(viewer.now))


def _registered(day: date, viewer: Viewer) -> sa.Select[Any]:
    names = ("name", "kind", "beds_total", "beds_usable", "opened_on", "closed_on")
    rows = _in_force("facility", "district_id", *names, viewer=viewer)
    return sa.select(
        rows.c.province_id, rows.c.district_id, rows.c.record_id, rows.c.known_at,
        rows.c.source_id, *[rows.c[name] for name in names],
    ).where(rows.c.opened_on <= to_day(day))  # fmt: skip


def _inside(day: date, viewer: Viewer, *, zone: str) -> sa.Select[Any]:
    """Return who was inside when the day ended: begun before, not ended before that midnight."""
    after = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))
    midnight = to_us(after)
    rows = _in_force(
        "stay", "facility_id", "facility_kind", "home_ward", "start_ts", "actual_end",
        "overdue_from", viewer=viewer,
    )  # fmt: skip
    home = sa.case((rows.c.home_ward.is_not(None), HOME))
    kind = sa.func.coalesce(rows.c.facility_kind, home)
    late = sa.case((rows.c.overdue_from <= to_day(day), 1), else_=0)
    # The kind is grouped by its number: drivers that bind HOME twice see two expressions.
    return (
        sa.select(
            rows.c.province_id, rows.c.facility_id, kind.label("kind"),
            sa.func.count().label("occupied"), sa.cast(sa.func.sum(late), sa.BigInteger),
        )
        .where(rows.c.start_ts < midnight)
        .where(rows.c.actual_end.is_(None) | (rows.c.actual_end >= midnight))
        .group_by(rows.c.province_id, rows.c.facility_id, sa.text("3"))
    )  # fmt: skip


def _reports(day: date, viewer: Viewer) -> sa.Select[Any]:
    first = to_day(day - timedelta(days=REPORT_DAYS - 1))
    told, again = (
        _in_force("site_report", "facility_id", "date", "state", "shortages", viewer=viewer)
        for _ in range(2)
    )
    newest = (
        sa.select(told.c.facility_id, told.c.province_id, sa.func.max(told.c.date).label("date"))
        .where(told.c.date.between(first, to_day(day)))
        .group_by(told.c.facility_id, told.c.province_id)
        .subquery()
    )
    same = sa.and_(
        *[again.c[name] == newest.c[name] for name in ("facility_id", "province_id", "date")]
    )
    return (
        sa.select(
            again.c.province_id, again.c.facility_id, again.c.date, again.c.known_at,
            again.c.source_id, again.c.record_id, again.c.state, again.c.shortages,
        )
        .join_from(again, newest, same)
        .where(again.c.date.between(first, to_day(day)))
    )  # fmt: skip


# --- what becomes of it -------------------------------------------------------------------------


def _latest(rows: pl.DataFrame, *, by: tuple[str, ...]) -> pl.DataFrame:
    """Return one row per site: where two sources tell of one, the one told last."""
    return rows.sort(by).unique(_KEY, keep="last", maintain_order=True)


def _register(rows: pl.DataFrame, *, day: date) -> pl.DataFrame:
    """Return the register at a day's end; a closed site has no beds."""
    is_open = pl.col("closed_on").is_null() | (pl.col("closed_on") > to_day(day))
    total, usable = pl.col("beds_total"), pl.col("beds_usable")
    return _latest(rows, by=("known_at", "source_id")).select(
        *_KEY, "kind", "name", "district_code",
        is_registered=pl.lit(value=True),
        is_open=is_open,
        beds_total=pl.when(is_open).then(pl.coalesce(total, usable)).otherwise(0),
        beds_usable=pl.when(is_open).then(pl.coalesce(usable, total)).otherwise(0),
    )  # fmt: skip


def _sum(name: str) -> pl.Expr:
    """Return a sum that is null where nothing is known."""
    return pl.when(pl.col(name).count() > 0).then(pl.col(name).sum())


def _joined(register: pl.DataFrame, inside: pl.DataFrame, reports: pl.DataFrame) -> pl.DataFrame:
    # What the register says of a site's kind holds for who is in it, whatever the stay says.
    kinds = register.select(*_KEY, of="kind")
    people = (
        inside.drop("province_id")
        .sort(*_KEY, "kind", nulls_last=True)
        .join(kinds, on=_KEY, how="left", maintain_order="left")
        .with_columns(kind=pl.coalesce("of", "kind"))
        .drop("of")
    )
    named = pl.col("facility_id").is_not_null()
    first = pl.col("kind").drop_nulls().first().over(_KEY)
    rows = (
        pl.concat([register, people], how="diagonal")
        .with_columns(
            # Of a home nothing is told but that it is one.
            pl.when(pl.col("kind").ne_missing(HOME)).then(pl.col(name)).alias(name)
            for name in ("facility_id", "name", "district_code")
        )
        .with_columns(kind=pl.when(named).then(first).otherwise(pl.col("kind")))
    )
    counted = rows.group_by(*_KEY, "kind").agg(
        pl.col("name", "district_code").drop_nulls().first(),
        pl.col("is_registered", "is_open").any(),
        *[_sum(name) for name in ("beds_total", "beds_usable")],
        pl.col("occupied", "overdue").sum(),
    )
    return (
        counted.join(reports, on=_KEY, how="left")
        .filter(pl.col("is_open") | (pl.col("occupied") > 0))
        .sort(*_KEY, "kind", nulls_last=True)
        .select([pl.col(name).cast(dtype) for name, dtype in SITE_SCHEMA.items()])
    )
