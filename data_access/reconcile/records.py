"""Records that point nowhere or cannot both be true: counted by source, province and day.

The database counts; no record, key or person is read. Moments are counted by the quarter of an
hour, so that the local day is found exactly in any time zone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_day, to_us
from data_access.contracts.model import DELETED, Kind
from data_access.contracts.registry import record_kind
from data_access.contracts.vaccination import MINIMUM_DAYS, MIXES_ALLOWED
from data_access.reader import Schema, read_frame
from data_access.viewer import Viewer

QUARTER_US = 900_000_000
DAY_US = 86_400_000_000
UNUSED_AFTER_DAYS = 14
COUNT_SCHEMA: Schema = {
    "rule": pl.String,
    "platform": pl.String,
    "source_id": pl.Int32,
    "source_id_b": pl.Int32,
    "province_id": pl.Int32,
    "date": pl.Date,
    "n": pl.Int64,
    "n_of": pl.Int64,
    "known_at": pl.Int64,
}
_READ: Schema = {
    "source_id": pl.Int32,
    "province_id": pl.Int32,
    "at": pl.Int64,
    "n": pl.Int64,
    "n_of": pl.Int64,
    "known_at": pl.Int64,
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is looked at: days, time zone, moment, and the provinces in scope (None: all)."""

    start: date
    end: date
    zone: ZoneInfo
    moment: int
    provinces: tuple[int, ...] | None

    def microseconds(self, *, before: int = 0) -> tuple[int, int]:
        """Return the first microsecond of the first day and the first after the last day."""
        first, last = self.start - timedelta(days=before), self.end + timedelta(days=1)
        return (
            to_us(datetime.combine(first, time(), tzinfo=self.zone)),
            to_us(datetime.combine(last, time(), tzinfo=self.zone)),
        )


@dataclass(frozen=True, kw_only=True)
class Pointer:
    """A field of one record kind that names a record of another."""

    rule: str
    platform: str
    kind: str
    field: str
    day: str
    to: tuple[str, str]


POINTERS = (
    Pointer(rule="contact_case_unknown", platform="tracing", kind="contact",
            field="index_case_id", day="identified_ts", to=("tracing", "case")),
    Pointer(rule="exposure_case_unknown", platform="tracing", kind="exposure_place",
            field="case_id", day="visited_from", to=("tracing", "case")),
    Pointer(rule="retest_pool_unknown", platform="testing", kind="sample",
            field="deconvolution_of", day="collected_at", to=("testing", "sample")),
    Pointer(rule="member_sample_unknown", platform="testing", kind="sample_person",
            field="sample_id", day="collected_at", to=("testing", "sample")),
    Pointer(rule="sample_laboratory_unknown", platform="testing", kind="sample",
            field="lab_code", day="collected_at", to=("testing", "laboratory")),
    Pointer(rule="stay_facility_unknown", platform="quarantine", kind="stay",
            field="facility_id", day="start_ts", to=("quarantine", "facility")),
    Pointer(rule="check_stay_unknown", platform="quarantine", kind="daily_check",
            field="stay_id", day="date", to=("quarantine", "stay")),
    Pointer(rule="scan_place_unknown", platform="checkpoints", kind="scan",
            field="place_code", day="scanned_at", to=("checkpoints", "place")),
    Pointer(rule="dose_site_unknown", platform="vaccination", kind="dose",
            field="site_code", day="vaccinated_at", to=("vaccination", "site")),
)  # fmt: skip


def in_force(platform: str, kind: str, columns: Sequence[str], *, moment: int) -> sa.Subquery:
    """Return the versions in force at a moment as a subquery: columns, keys and province."""
    now, past = tables.record_tables(platform, kind)
    names = list(dict.fromkeys(("source_id", "record_id", "province_id", "known_at", *columns)))
    alive = sa.select(*[now.c[name] for name in names]).where(
        now.c.known_at <= moment, now.c[DELETED] == 0
    )
    over = sa.select(*[past.c[name] for name in names]).where(
        past.c.known_at <= moment, past.c.valid_to > moment, past.c[DELETED] == 0
    )
    return sa.union_all(alive, over).subquery()


def at_of(platform: str, kind: str, field: str, rows: sa.Subquery) -> sa.ColumnElement[int]:
    """Return a day or moment of a record as microseconds, a day as its midnight UTC."""
    column = rows.c[field]
    if is_day(platform, kind, field):
        return sa.cast(column, sa.BigInteger) * DAY_US
    return column


def is_day(platform: str, kind: str, field: str) -> bool:
    """Return whether a field is a plain day."""
    found = record_kind(platform, kind=kind).field_named(field)
    return found is not None and found.kind is Kind.DATE


def within(
    platform: str, kind: str, field: str, rows: sa.Subquery, *, look: Look, before: int = 0
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions: inside the days (and some before) and the provinces looked at."""
    column = rows.c[field]
    if is_day(platform, kind, field):
        kept = [column >= to_day(look.start) - before, column <= to_day(look.end)]
    else:
        first, after = look.microseconds(before=before)
        kept = [column >= first, column < after]
    if look.provinces is not None:
        kept.append(rows.c.province_id.in_(look.provinces))
    return kept


def _counted(
    rows: sa.FromClause,
    province: sa.ColumnElement[int],
    at: sa.ColumnElement[int],
    *,
    source: sa.ColumnElement[int],
    known: sa.ColumnElement[int],
    broken: sa.ColumnElement[bool],
    where: Sequence[sa.ColumnElement[bool]],
) -> sa.Select[Any]:
    """Return counts by source, province and quarter of an hour: broken ones, of how many."""
    quarter = sa.cast(at // QUARTER_US, sa.BigInteger).label("quarter")
    bad = sa.case((broken, 1), else_=0)
    last = sa.func.max(known)
    n = sa.cast(sa.func.sum(bad), sa.BigInteger)
    columns: list[sa.ColumnElement[Any]] = [source, province, quarter, n, sa.func.count(), last]
    return (
        sa.select(*columns)
        .select_from(rows)
        .where(*where)
        .group_by(source, province, quarter)
    )  # fmt: skip


def _local(found: pl.DataFrame, *, rule: str, platform: str, zone: ZoneInfo | None) -> pl.DataFrame:
    """Return counts by local day: columns of COUNT_SCHEMA, days without a broken one left out."""
    moments = pl.from_epoch(pl.col("at") * QUARTER_US, time_unit="us")
    if zone is not None:
        moments = moments.dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key)
    return (
        found.with_columns(date=moments.dt.date(), rule=pl.lit(rule), platform=pl.lit(platform))
        .group_by("rule", "platform", "source_id", "province_id", "date")
        .agg(pl.col("n", "n_of").sum(), pl.col("known_at").max())
        .filter(pl.col("n") > 0, pl.col("province_id").is_not_null())
        .with_columns(source_id_b=pl.col("source_id"))
        .select([pl.col(name).cast(dtype) for name, dtype in COUNT_SCHEMA.items()])
    )


def record_counts(connection: sa.Connection, look: Look, *, viewer: Viewer) -> pl.DataFrame:
    """Return what is wrong with records, by rule, source, province and local day: COUNT_SCHEMA."""
    made = [pl.DataFrame(schema=COUNT_SCHEMA)]
    for pointer in POINTERS:
        if _any(connection, pointer.to, look, viewer=viewer):
            query, day = _dangling(pointer, look), pointer.day
            made.append(_read(connection, query, look, rule=pointer.rule, viewer=viewer,
                              of=(pointer.platform, pointer.kind, day)))  # fmt: skip
    for rule, (of, make) in _OTHERS.items():
        if rule != "place_never_used" or _any(connection, ("checkpoints", "scan"), look,
                                              viewer=viewer):  # fmt: skip
            made.append(_read(connection, make(look), look, rule=rule, viewer=viewer, of=of))
    return pl.concat(made)


def _read(
    connection: sa.Connection,
    query: sa.Select[Any],
    look: Look,
    *,
    rule: str,
    of: tuple[str, str, str],
    viewer: Viewer,
) -> pl.DataFrame:
    found = read_frame(connection, query, _READ, viewer=viewer)
    zone = None if is_day(*of) else look.zone
    counted = _local(found, rule=rule, platform=of[0], zone=zone)
    if rule == "place_never_used":
        counted = counted.with_columns(pl.col("date").dt.offset_by(f"{UNUSED_AFTER_DAYS}d"))
    return counted.filter(pl.col("date").is_between(look.start, look.end))  # fmt: skip


def _any(connection: sa.Connection, of: tuple[str, str], look: Look, *, viewer: Viewer) -> bool:
    """Return whether a kind of record has been delivered at all: else nothing can be missing."""
    rows = in_force(*of, (), moment=look.moment)
    query = sa.select(sa.literal(1)).select_from(rows).limit(1)
    return read_frame(connection, query, {"one": pl.Int64}, viewer=viewer).height > 0


def _dangling(pointer: Pointer, look: Look) -> sa.Select[Any]:
    rows = in_force(pointer.platform, pointer.kind, (pointer.field, pointer.day),
                    moment=look.moment)  # fmt: skip
    # Joined, not asked one by one: SQLite has no index on a key without its source.
    target = in_force(*pointer.to, (), moment=look.moment)
    there = sa.select(target.c.record_id).distinct().subquery()
    joined = rows.outerjoin(there, there.c.record_id == rows.c[pointer.field])
    of = (pointer.platform, pointer.kind, pointer.day)
    return _counted(
        joined, rows.c.province_id, at_of(*of, rows), source=rows.c.source_id,
        known=rows.c.known_at, broken=there.c.record_id.is_(None),
        where=[rows.c[pointer.field].is_not(None), *within(*of, rows, look=look)],
    )  # fmt: skip


def _never_used(look: Look) -> sa.Select[Any]:
    """Return places registered two weeks before a day looked at, without a scan since."""
    of = ("checkpoints", "place", "registered_at")
    rows = in_force("checkpoints", "place", ("registered_at", "closed_at"), moment=look.moment)
    scans = in_force("checkpoints", "scan", ("place_code",), moment=look.moment)
    used = sa.select(scans.c.place_code).distinct().subquery()
    joined = rows.outerjoin(used, used.c.place_code == rows.c.record_id)
    return _counted(
        joined, rows.c.province_id, rows.c.registered_at, source=rows.c.source_id,
        known=rows.c.known_at, broken=used.c.place_code.is_(None),
        where=[rows.c.closed_at.is_(None),
               *within(*of, rows, look=look, before=UNUSED_AFTER_DAYS)],
    )  # fmt: skip


def _second_without_first(look: Look) -> sa.Select[Any]:
    of = ("vaccination", "dose", "vaccinated_at")
    wanted = ("person_ref", "dose_no", "vaccinated_at")
    rows = in_force("vaccination", "dose", wanted, moment=look.moment)
    firsts = in_force("vaccination", "dose", wanted, moment=look.moment)
    had = sa.select(firsts.c.person_ref).where(firsts.c.dose_no == "1").distinct().subquery()
    joined = rows.outerjoin(had, had.c.person_ref == rows.c.person_ref)
    return _counted(
        joined, rows.c.province_id, rows.c.vaccinated_at, source=rows.c.source_id,
        known=rows.c.known_at, broken=had.c.person_ref.is_(None),
        where=[rows.c.person_ref.is_not(None), rows.c.dose_no == "2",
               *within(*of, rows, look=look)],
    )  # fmt: skip


def _second_after_first(
    look: Look,
    *,
    broken: Callable[[sa.Subquery, sa.Subquery], sa.ColumnElement[bool]],
) -> sa.Select[Any]:
    """Return second doses, among those given after the one first dose of their person.

    Whoever has first doses of two products is another rule's affair (two_doses_one_day).
    """
    of = ("vaccination", "dose", "vaccinated_at")
    wanted = ("person_ref", "dose_no", "vaccine_code", "vaccinated_at")
    rows = in_force("vaccination", "dose", wanted, moment=look.moment)
    every = in_force("vaccination", "dose", wanted, moment=look.moment)
    product = sa.func.min(every.c.vaccine_code)
    first = (
        sa.select(every.c.person_ref, product.label("product"),
                  sa.func.max(every.c.vaccinated_at).label("at"))
        .where(every.c.dose_no == "1", every.c.person_ref.is_not(None))
        .group_by(every.c.person_ref)
        .having(product == sa.func.max(every.c.vaccine_code))
        .subquery()
    )  # fmt: skip
    joined = rows.join(first, first.c.person_ref == rows.c.person_ref)
    return _counted(
        joined, rows.c.province_id, rows.c.vaccinated_at, source=rows.c.source_id,
        known=rows.c.known_at, broken=broken(rows, first),
        where=[rows.c.dose_no == "2", rows.c.vaccinated_at > first.c.at,
               *within(*of, rows, look=look)],
    )  # fmt: skip


def _second_too_early(look: Look) -> sa.Select[Any]:
    """Return second doses before the shortest interval of the first one's product, by local day."""
    shift = look.zone.utcoffset(datetime.combine(look.start, time())) or timedelta()

    def day(moment: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
        return (moment + int(shift.total_seconds()) * 1_000_000) // DAY_US

    def broken(rows: sa.Subquery, first: sa.Subquery) -> sa.ColumnElement[bool]:
        least = sa.case(MINIMUM_DAYS, value=first.c.product)
        return day(rows.c.vaccinated_at) - day(first.c.at) < least

    return _second_after_first(look, broken=broken)


def _second_of_another_product(look: Look) -> sa.Select[Any]:
    def broken(rows: sa.Subquery, first: sa.Subquery) -> sa.ColumnElement[bool]:
        allowed = [
            sa.and_(first.c.product == earlier, rows.c.vaccine_code == later)
            for earlier, later in sorted(MIXES_ALLOWED)
        ]
        return sa.and_(rows.c.vaccine_code != first.c.product, sa.not_(sa.or_(*allowed)))

    return _second_after_first(look, broken=broken)


_IN = ("received", "transferred_in")
_OUT = ("transferred_out", "returned", "used_doses", "wasted_open_vial", "wasted_closed_vial")


def _unbalanced(look: Look) -> sa.Select[Any]:
    of = ("vaccination", "stock", "ledger_date")
    columns = ("ledger_date", "opening", "closing", *_IN, *_OUT)
    rows = in_force("vaccination", "stock", columns, moment=look.moment)
    expected: sa.ColumnElement[int] = rows.c.opening
    for name in _IN:
        expected = expected + sa.func.coalesce(rows.c[name], 0)
    for name in _OUT:
        expected = expected - sa.func.coalesce(rows.c[name], 0)
    return _counted(
        rows, rows.c.province_id, at_of(*of, rows), source=rows.c.source_id,
        known=rows.c.known_at, broken=rows.c.closing != expected,
        where=[rows.c.opening.is_not(None), rows.c.closing.is_not(None),
               *within(*of, rows, look=look)],
    )  # fmt: skip


def _after_death(look: Look) -> sa.Select[Any]:
    """Return samples taken on a later day than the one their person died on."""
    of = ("testing", "sample", "collected_at")
    rows = in_force("testing", "sample", ("person_ref", "collected_at"), moment=look.moment)
    cases = in_force("tracing", "case", ("person_ref", "outcome", "outcome_date"),
                     moment=look.moment)  # fmt: skip
    died = (
        sa.select(cases.c.person_ref, sa.func.min(cases.c.outcome_date).label("day"))
        .where(cases.c.outcome == "tu_vong", cases.c.person_ref.is_not(None))
        .group_by(cases.c.person_ref)
        .subquery()
    )
    joined = rows.join(died, died.c.person_ref == rows.c.person_ref)
    # The midnight UTC after the day of death: never before that day has ended east of London.
    ended = (sa.cast(died.c.day, sa.BigInteger) + 1) * DAY_US
    return _counted(
        joined, rows.c.province_id, rows.c.collected_at, source=rows.c.source_id,
        known=rows.c.known_at, broken=rows.c.collected_at >= ended,
        where=within(*of, rows, look=look),
    )  # fmt: skip


_Make = Callable[[Look], sa.Select[Any]]
_OTHERS: dict[str, tuple[tuple[str, str, str], _Make]] = {
    "place_never_used": (("checkpoints", "place", "registered_at"), _never_used),
    "dose_2_without_1": (("vaccination", "dose", "vaccinated_at"), _second_without_first),
    "dose_2_too_early": (("vaccination", "dose", "vaccinated_at"), _second_too_early),
    "dose_2_other_product": (("vaccination", "dose", "vaccinated_at"), _second_of_another_product),
    "stock_unbalanced": (("vaccination", "stock", "ledger_date"), _unbalanced),
    "sampled_after_death": (("testing", "sample", "collected_at"), _after_death),
}
