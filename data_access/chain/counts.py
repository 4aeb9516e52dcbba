"""Counts the response chain's first steps in plain SQL, for `verify`.

Shares no rule with the code that works out the chain: a fault in a step that both the job and its
recomputation have shows here. Only how many items began at each of three steps is counted; what
the later steps make of several platforms is not.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.reader import FrameReader, Schema
from data_access.viewer import Viewer

COUNTED: Schema = {"step": pl.String, "day": pl.Date, "area_id": pl.Int32, "n": pl.Int64}
FIRST_STEPS = ("positive_to_case", "case_to_listed", "listed_to_reached")
_RANK = ("version", "known_at", "batch_id", "row_no")
_SAMPLE = ("person_ref", "member_refs", "n_members", "pool_kind", "result",
           "collected_at", "received_lab_at", "resulted_at")  # fmt: skip
_QUARTER_US = 900_000_000
"""Moments are counted by the quarter of an hour: local days begin at one, wherever one is."""
_FOUND: Schema = {"area_id": pl.Int32, "day": pl.Int32, "quarter": pl.Int64, "n": pl.Int64}


def first_steps(reader: FrameReader, *, until: int, zone: str, viewer: Viewer) -> pl.DataFrame:
    """Return how many positive persons, cases and listed contacts of class F1 there are.

    Shape: columns of COUNTED: of which step they are the beginning, on which local day it began,
        in which province.
    Method: of each record the version of the highest rank among the deliveries up to a batch.

    Args:
        reader: inside one snapshot.
        until: the last batch whose records count.
        zone: time zone whose days count.
        viewer: who looks.
    """
    queries = zip(FIRST_STEPS, (_positives(until), _cases(until), _contacts(until)), strict=True)
    parts = [pl.DataFrame(schema=COUNTED)]
    for step, query in queries:
        found = reader.read(query, _FOUND, viewer=viewer)
        rows = [(step, *row) for row in _by_day(found, zone=zone)]
        parts.append(pl.DataFrame(rows, schema=COUNTED, orient="row"))
    return pl.concat(parts).group_by("step", "day", "area_id").agg(pl.col("n").sum())


def _by_day(found: pl.DataFrame, *, zone: str) -> Iterator[tuple[date, int, int]]:
    place = ZoneInfo(zone)
    for area_id, day, quarter, n in found.iter_rows():
        if quarter is not None:
            yield datetime.fromtimestamp(quarter * 900, tz=place).date(), area_id, n
        else:
            yield date.fromordinal(date(1970, 1, 1).toordinal() + day), area_id, n


def _latest(platform: str, kind: str, fields: Sequence[str], *, until: int) -> sa.CTE:
    """Return what the records of a kind say once every delivery up to a batch is known."""
    names = ("source_id", "record_id", "deleted", "province_id", *_RANK, *fields)
    both = sa.union_all(
        *[
            sa.select(*[each.c[name] for name in names]).where(each.c.batch_id <= until)
            for each in tables.record_tables(platform, kind)
        ]
    ).subquery()
    place = sa.func.row_number().over(
        partition_by=[both.c.source_id, both.c.record_id],
        order_by=[both.c[name].desc() for name in _RANK],
    )
    ranked = sa.select(both, place.label("place")).subquery()
    return sa.select(ranked).where(ranked.c.place == 1, ranked.c.deleted == 0).cte(kind)


def _cases(until: int) -> sa.Select[tuple[object, ...]]:
    """Cases by the day of their report, where a contact tells its hour, else by their own day."""
    case = _latest("tracing", "case", ["case_day"], until=until)
    fields = ["index_case_id", "index_reported_at"]
    contact = _latest("tracing", "contact", fields, until=until)
    told = (
        sa.select(
            contact.c.source_id,
            contact.c.index_case_id,
            sa.func.min(contact.c.index_reported_at).label("reported_at"),
        )
        .group_by(contact.c.source_id, contact.c.index_case_id)
        .subquery()
    )
    own = sa.and_(told.c.source_id == case.c.source_id, told.c.index_case_id == case.c.record_id)
    quarter = (told.c.reported_at // _QUARTER_US).label("quarter")
    has_day = sa.or_(case.c.case_day.is_not(None), told.c.reported_at.is_not(None))
    return (
        sa.select(case.c.province_id, case.c.case_day, quarter, sa.func.count())
        .select_from(case.outerjoin(told, own))
        .where(case.c.province_id.is_not(None), has_day)
        .group_by(case.c.province_id, case.c.case_day, quarter)
    )


def _contacts(until: int) -> sa.Select[tuple[object, ...]]:
    contact = _latest("tracing", "contact", ["class", "identified_ts"], until=until)
    quarter = (contact.c.identified_ts // _QUARTER_US).label("quarter")
    return (
        sa.select(contact.c.province_id, _no_day(), quarter, sa.func.count())
        .where(contact.c["class"] == "F1", contact.c.province_id.is_not(None))
        .group_by(contact.c.province_id, quarter)
    )


def _positives(until: int) -> sa.Select[tuple[object, ...]]:
    """Persons with a positive sample of their own, by the day and province of the first."""
    sample = _latest("testing", "sample", _SAMPLE, until=until)
    line = _latest("testing", "sample_person", ["sample_id", "person_ref"], until=until)
    at = sa.func.coalesce(sample.c.resulted_at, sample.c.received_lab_at, sample.c.collected_at)
    one_kind = sa.or_(
        sample.c.pool_kind.is_(None), sample.c.pool_kind.not_in(["gop_que", "gop_dich"])
    )
    positive = sa.and_(
        sample.c.result == "duong_tinh",
        sa.or_(sample.c.n_members <= 1, sa.and_(sample.c.n_members.is_(None), one_kind)),
    )
    stated = sa.func.coalesce(sample.c.person_ref, sample.c.member_refs)
    own = sa.select(stated.label("who"), sample.c.province_id, at.label("at")).where(
        positive, stated.is_not(None)
    )
    in_list = sa.and_(
        line.c.source_id == sample.c.source_id, line.c.sample_id == sample.c.record_id
    )
    listed = (
        sa.select(line.c.person_ref.label("who"), sample.c.province_id, at.label("at"))
        .select_from(sample.join(line, in_list))
        .where(positive, stated.is_(None), line.c.person_ref.is_not(None))
    )
    found = sa.union_all(own, listed).subquery()
    unplaced_first = sa.case((found.c.province_id.is_(None), 0), else_=1)
    place = sa.func.row_number().over(
        partition_by=found.c.who, order_by=[found.c.at, unplaced_first, found.c.province_id]
    )
    first = sa.select(found, place.label("place")).subquery()
    quarter = (first.c["at"] // _QUARTER_US).label("quarter")
    return (
        sa.select(first.c.province_id, _no_day(), quarter, sa.func.count())
        .where(first.c.place == 1, first.c.province_id.is_not(None))
        .group_by(first.c.province_id, quarter)
    )


def _no_day() -> sa.Label[int]:
    return sa.cast(sa.null(), sa.Integer).label("day")
