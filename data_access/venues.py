"""Places where cases were scanned while infectious, and how many others were there then.

Counts of a place are small counts: who sees the whole nation needs the clearance for them, a
province sees its own places. No person and no case leaves here, only places with counts.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access.chain.clusters import LONG_NUMBER
from data_access.chain.relations import infectious_windows
from data_access.clusters import may_see
from data_access.codes import to_day, to_us
from data_access.cube.geography import PROVINCE, Geography
from data_access.errors import ScopeDenied
from data_access.localtime import local_day
from data_access.reader import FrameReader, Schema, frame_snapshot
from data_access.reconcile.records import in_force
from data_access.viewer import Viewer, system_viewer

VISIT_DAYS = 14
"""Days of visits up to the day looked at: contacts are followed for as long."""
CASE_DAYS = 28
"""Cases of as many days are looked at; whoever was not isolated by then is not followed here."""
NEAR_HOURS = 2
VENUE_SCHEMA: Schema = {
    "place_code": pl.String,
    "name": pl.String,
    "kind": pl.String,
    "area_code": pl.String,
    "district_code": pl.String,
    "ward_code": pl.String,
    "lat": pl.Float64,
    "lon": pl.Float64,
    "cases": pl.Int64,
    "last_day": pl.Date,
    "people": pl.Int64,
}
_CASES: Schema = {
    "case_id": pl.String, "person_ref": pl.String, "onset_date": pl.Int32,
    "sample_date": pl.Int32, "report_date": pl.Int32, "isolated_at": pl.Int64,
}  # fmt: skip
_EXPOSED: Schema = {"person_ref": pl.String, "class": pl.String, "last_exposure_ts": pl.Int64}
_SCANS: Schema = {
    "person_ref": pl.String, "place_code": pl.String, "part_id": pl.Int32,
    "scan_kind": pl.String, "scanned_at": pl.Int64,
}  # fmt: skip
_NEAR: Schema = {"person_ref": pl.String, "place_code": pl.String, "at": pl.Int64}
_PLACES: Schema = {
    "place_code": pl.String, "of_place": pl.Int32, "district_id": pl.Int32, "known_at": pl.Int64,
    "name": pl.String, "kind": pl.String, "ward_code": pl.String, "lat": pl.Float64,
    "lon": pl.Float64,
}  # fmt: skip
_HOUR_US = 3_600_000_000


def venues(engine: sa.Engine, geography: Geography, *, viewer: Viewer, day: date) -> pl.DataFrame:
    """Return the places where cases were scanned while infectious, up to the end of a day.

    Shape: VENUE_SCHEMA, one row per place, most cases first, then most people; area_code is the
        province of the place as registered, else of the scan; a place that nobody registered has
        neither name nor ward. cases: different people; last_day: of such a scan; people: others
        scanned there within NEAR_HOURS of one, before or after.
    Method: infectious windows of the rule in force on the day of report (`chain.relations`); the
        first exposure is the earliest stated by the person's own records as F1, not after the
        sample. Without a moment of isolation the window is open. Known at the viewer's moment;
        cases counted on the last CASE_DAYS, visits of the last VISIT_DAYS. A case counts at a
        place of another province too: the place is what is looked at.

    Raises:
        ScopeDenied: if the viewer may not see small counts, or sees published figures only.
        DatabaseUnavailable: if the database does not answer.
    """
    if not may_see(viewer):
        raise ScopeDenied(f"role {viewer.role} may not see counts below the province")
    zone = geography.areas.country.time_zone
    ask = _Ask(day, moment=to_us(viewer.now), zone=ZoneInfo(zone))
    with frame_snapshot(engine, viewer=viewer) as frames:
        cases = _cases(frames, ask, zone=zone, viewer=viewer)
        scans = frames.read(ask.scans_of_cases(), _SCANS, viewer=viewer)
        near = frames.read(ask.scans_near(), _NEAR, viewer=viewer)
        places = frames.read(ask.places(), _PLACES, viewer=viewer)
    visits = _visits(scans, cases, zone=zone)
    counted = _counted(visits, near)
    return _placed(counted, places, geography, viewer=viewer, day=day)


class _Ask:
    """The statements of one look."""

    def __init__(self, day: date, *, moment: int, zone: ZoneInfo) -> None:
        self._day, self._moment = day, moment
        first = datetime.combine(day - timedelta(days=VISIT_DAYS - 1), time(), tzinfo=zone)
        after = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
        self._first, self._after = to_us(first), to_us(after)

    def _rows(self, platform: str, kind: str, *columns: str) -> sa.Subquery:
        return in_force(platform, kind, columns, moment=self._moment)

    def cases(self) -> sa.Select[Any]:
        rows = self._rows(
            "tracing", "case", "person_ref", "onset_date", "sample_date", "report_date",
            "case_day", "isolation_ts",
        )  # fmt: skip
        reported = sa.func.coalesce(rows.c.report_date, rows.c.case_day)
        return sa.select(
            rows.c.record_id, rows.c.person_ref, rows.c.onset_date, rows.c.sample_date,
            reported.label("report_date"), rows.c.isolation_ts,
        ).where(*self._counting(rows))  # fmt: skip

    def _counting(self, rows: sa.Subquery) -> list[sa.ColumnElement[bool]]:
        last = to_day(self._day)
        return [rows.c.person_ref.is_not(None), rows.c.case_day.between(last - CASE_DAYS, last)]

    def _persons(self) -> sa.Select[Any]:
        rows = self._rows("tracing", "case", "person_ref", "case_day")
        return sa.select(rows.c.person_ref).where(*self._counting(rows))

    def exposures(self) -> sa.Select[Any]:
        rows = self._rows("tracing", "contact", "person_ref", "class", "last_exposure_ts")
        return sa.select(rows.c.person_ref, rows.c["class"], rows.c.last_exposure_ts).where(
            rows.c.last_exposure_ts.is_not(None),
            rows.c.person_ref.in_(self._persons()),
        )

    def scans_of_cases(self) -> sa.Select[Any]:
        rows = self._rows("checkpoints", "scan", "person_ref", "place_code", "place_kind",
                          "scanned_at")  # fmt: skip
        return sa.select(
            rows.c.person_ref, rows.c.place_code, rows.c.province_id, rows.c.place_kind,
            rows.c.scanned_at,
        ).where(*self._of_cases(rows))  # fmt: skip

    def _of_cases(self, rows: sa.Subquery) -> list[sa.ColumnElement[bool]]:
        return [
            rows.c.scanned_at >= self._first,
            rows.c.scanned_at < self._after,
            rows.c.person_ref.in_(self._persons()),
        ]

    def scans_near(self) -> sa.Select[Any]:
        """Return who was scanned where any of the cases was, within the hours."""
        own = self._rows("checkpoints", "scan", "person_ref", "place_code", "scanned_at")
        others = self._rows("checkpoints", "scan", "person_ref", "place_code", "scanned_at")
        hours = NEAR_HOURS * _HOUR_US
        near = sa.and_(
            others.c.place_code == own.c.place_code,
            others.c.scanned_at.between(own.c.scanned_at - hours, own.c.scanned_at + hours),
        )
        columns = (others.c.person_ref, others.c.place_code, others.c.scanned_at)
        return (
            sa.select(*columns)
            .join_from(own, others, near)
            .where(*self._of_cases(own), others.c.person_ref.is_not(None))
            .distinct()
        )

    def places(self) -> sa.Select[Any]:
        names = ("district_id", "name", "kind", "ward_code", "lat", "lon")
        rows = self._rows("checkpoints", "place", *names)
        scans = self._rows("checkpoints", "scan", "person_ref", "place_code", "scanned_at")
        visited = sa.select(scans.c.place_code).where(*self._of_cases(scans))
        return sa.select(
            rows.c.record_id, rows.c.province_id, rows.c.district_id, rows.c.known_at,
            rows.c.name, rows.c.kind, rows.c.ward_code, rows.c.lat, rows.c.lon,
        ).where(rows.c.record_id.in_(visited))  # fmt: skip


def _cases(frames: FrameReader, ask: _Ask, *, zone: str, viewer: Viewer) -> pl.DataFrame:
    """Return person_ref, infectious_from (Date) and isolated_at (us, null: not) of each case."""
    dates = [pl.col(name).cast(pl.Date) for name in ("onset_date", "sample_date", "report_date")]
    cases = frames.read(ask.cases(), _CASES, viewer=viewer).with_columns(*dates)
    exposed = frames.read(ask.exposures(), _EXPOSED, viewer=viewer)
    told = (
        exposed.filter(pl.col("class") == "F1")
        .with_columns(exposed_on=_day("last_exposure_ts", zone))
        .select("person_ref", "exposed_on")
    )
    # A later exposure is none through which this infection came.
    before = pl.col("exposed_on") <= pl.coalesce("sample_date", "report_date")
    first = (
        cases.select("case_id", "person_ref", "sample_date", "report_date")
        .join(told, on="person_ref")
        .filter(before)
        .group_by("case_id", "person_ref")
        .agg(first_exposure=pl.col("exposed_on").min())
    )
    known = cases.join(first, on=["case_id", "person_ref"], how="left", maintain_order="left")
    windows = infectious_windows(known.with_columns(isolated_on=_day("isolated_at", zone)))
    return known.select("person_ref", "isolated_at").with_columns(windows["infectious_from"])


def _day(column: str, zone: str) -> pl.Expr:
    return local_day(
        pl.from_epoch(column, time_unit="us").dt.replace_time_zone("UTC"), zone=zone
    )  # fmt: skip


def _visits(scans: pl.DataFrame, cases: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """Return the scans of cases inside their infectious window."""
    day = scans.with_columns(day=_day("scanned_at", zone))
    moment = pl.col("scanned_at")
    return (
        day.join(cases, on="person_ref")
        .filter(
            pl.col("day") >= pl.col("infectious_from"),
            pl.col("isolated_at").is_null() | (moment <= pl.col("isolated_at")),
        )
        .select(*_SCANS, "day")
        .unique()
    )


def _counted(visits: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Return place_code, part_id, scan_kind, cases, last_day, people of each place visited."""
    visitors = visits.select("place_code", "person_ref").unique()
    moments = visits.select("place_code", "scanned_at").unique()
    together = (
        near.join(visitors, on=["place_code", "person_ref"], how="anti")
        .join(moments, on="place_code")
        .filter((pl.col("at") - pl.col("scanned_at")).abs() <= NEAR_HOURS * _HOUR_US)
        .group_by("place_code")
        .agg(people=pl.col("person_ref").n_unique())
    )
    ordered = visits.sort("scanned_at", "part_id", "scan_kind", nulls_last=True)
    counted = ordered.group_by("place_code").agg(
        pl.col("part_id").drop_nulls().first(),
        pl.col("scan_kind").drop_nulls().first(),
        cases=pl.col("person_ref").n_unique(),
        last_day=pl.col("day").max(),
    )
    return counted.join(together, on="place_code", how="left").with_columns(
        pl.col("people").fill_null(0)
    )


def _placed(
    counted: pl.DataFrame, places: pl.DataFrame, geography: Geography, *, viewer: Viewer, day: date
) -> pl.DataFrame:  # fmt: skip
    """Return the places with name and area, those of the viewer's provinces."""
    register = places.sort("known_at").unique("place_code", keep="last")
    every = geography.parts(
        PROVINCE, geography.areas.vintage_on(day), viewer=system_viewer(viewer.now)
    )
    codes = pl.DataFrame(
        [(one, place.code, place.province) for one, place in geography.places.items()],
        schema={"area_id": pl.Int32, "code": pl.String, "province": pl.String},
        orient="row",
    )
    areas = every.join(codes, on="area_id").select("part_id", area_code="code")
    districts = codes.select(district_id="area_id", district_code="code")
    found = (
        counted.join(register, on="place_code", how="left")
        .with_columns(part_id=pl.coalesce("of_place", "part_id"))
        .join(areas, on="part_id")
        .join(districts, on="district_id", how="left")
        .with_columns(
            name=pl.col("name").str.replace_all(LONG_NUMBER, "…"),
            kind=pl.coalesce("kind", "scan_kind"),
        )
    )
    if not viewer.everywhere:
        found = found.filter(pl.col("area_code").is_in(sorted(viewer.areas)))
    return found.sort(
        "cases", "people", "place_code", descending=[True, True, False]
    ).select([pl.col(name).cast(dtype) for name, dtype in VENUE_SCHEMA.items()])  # fmt: skip
