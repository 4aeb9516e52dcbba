"""Records that point nowhere or cannot both be true: counted by source, province and day.

The database counts; no record, key or person is read. Moments are counted by the quarter of an
hour, so that the local day is found exactly in any time zone. What comes back is one row per
source, province and day with something wrong in it. What the database has to remember is what
the records of a month refer to, however many there are to refer to.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_day, to_us
from data_access.contracts.model import DELETED, Kind
from data_access.contracts.registry import record_kind
from data_access.contracts.vaccination import MINIMUM_DAYS, MIXES_ALLOWED
from data_access.localtime import day_starts, offset_changes
from data_access.reader import Schema, read_frame
from data_access.viewer import Viewer

QUARTER_US = 900_000_000
DAY_US = 86_400_000_000
PIECE_DAYS = 31
"""Days that one statement looks at."""
UNUSED_AFTER_DAYS = 14
RECEIVED_WITHIN_US = 600_000_000
"""A platform has a declaration within so long; more would be a telephone that was offline."""
COUNT_SCHEMA: Schema = {
    "rule": pl.String,
    "platform": pl.String,
    "source_id": pl.Int32,
    "source_id_b": pl.Int32,
    "province_id": pl.Int32,
    "date": pl.Date,
    "n": pl.Int64,
    "known_at": pl.Int64,
}
"""`known_at`: the moment from which on this can be seen, of the latest of the records counted."""
_READ: Schema = {
    "source_id": pl.Int32,
    "province_id": pl.Int32,
    "day": pl.Int32,
    "n": pl.Int64,
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

    def pieces(self, days: int) -> Iterator["Look"]:
        """Yield the same look, some days at a time."""
        start = self.start
        while start <= self.end:
            last = min(start + timedelta(days=days - 1), self.end)
            yield replace(self, start=start, end=last)
            start = last + timedelta(days=1)

    def shifts(self, *, before: int = 0) -> list[tuple[int, int]]:
        """Return how far local time is ahead of UTC: (from which moment on, shift), oldest first.

        Shape: microseconds; the first one holds before its moment too.
        """
        first, after = self.microseconds(before=before)
        changes = offset_changes(self.zone.key)
        earlier = [one for one in changes if one[0] <= first]
        return earlier[-1:] + [one for one in changes if first < one[0] < after]


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


def in_force(
    platform: str, kind: str, columns: Sequence[str], *, moment: int, with_deleted: bool = False
) -> sa.Subquery:
    """Return the versions in force at a moment as a subquery: columns, keys and province.

    `with_deleted` adds those that say that a record is no more, and the column that tells.
    """
    now, past = tables.record_tables(platform, kind)
    keys = ("source_id", "record_id", "province_id", "known_at")
    names = list(dict.fromkeys((*keys, *columns, *([DELETED] if with_deleted else []))))
    alive = sa.select(*[now.c[name] for name in names]).where(now.c.known_at <= moment)
    over = sa.select(*[past.c[name] for name in names]).where(
        past.c.known_at <= moment, past.c.valid_to > moment
    )
    if not with_deleted:
        alive, over = alive.where(now.c[DELETED] == 0), over.where(past.c[DELETED] == 0)
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
    """Return counts of broken records by source, province and quarter of an hour."""
    quarter = sa.cast(at // QUARTER_US, sa.BigInteger)
    keys: list[sa.ColumnElement[Any]] = [source, province, quarter]
    named: list[sa.ColumnElement[Any]] = [
        source.label("source_id"), province.label("province_id"), quarter.label("quarter"),
        sa.func.count().label("n"), sa.func.max(known).label("known_at"),
    ]  # fmt: skip
    kept = (*where, province.is_not(None), broken)
    return sa.select(*named).select_from(rows).where(*kept).group_by(*keys)


def _by_day(counted: sa.Select[Any], shifts: Sequence[tuple[int, int]]) -> sa.Select[Any]:
    """Return counts by local day: columns of _READ."""
    rows = counted.subquery()
    at = rows.c.quarter * QUARTER_US
    (_, first), *later = shifts
    shift: sa.ColumnElement[int] = sa.literal(first, sa.BigInteger)
    if later:
        latest_first = [(at >= since, sa.literal(by, sa.BigInteger)) for since, by in later[::-1]]
        shift = sa.case(*latest_first, else_=shift)
    day = sa.cast((at + shift) // DAY_US, sa.BigInteger)
    n = sa.cast(sa.func.sum(rows.c.n), sa.BigInteger)
    keys: list[sa.ColumnElement[Any]] = [rows.c.source_id, rows.c.province_id, day]
    return sa.select(*keys, n, sa.func.max(rows.c.known_at)).group_by(*keys)


def record_counts(connection: sa.Connection, look: Look, *, viewer: Viewer) -> pl.DataFrame:
    """Return what is wrong with records, by rule, source, province and local day: COUNT_SCHEMA."""
    made = [pl.DataFrame(schema=COUNT_SCHEMA)]
    for rule, (of, make, needs) in _every().items():
        # Where nothing of the other kind has ever been delivered, nothing of it can be missing.
        if needs is None or _any(connection, needs, look, viewer=viewer):
            for piece in look.pieces(PIECE_DAYS):
                found = _read(connection, make(piece), piece, rule=rule, of=of, viewer=viewer)
                made.append(found)
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
    waits = UNUSED_AFTER_DAYS if rule == "place_never_used" else 0
    shifts = [(0, 0)] if is_day(*of) else look.shifts(before=waits)
    found = read_frame(connection, _by_day(query, shifts), _READ, viewer=viewer)
    date = pl.col("day").cast(pl.Date).dt.offset_by(f"{waits}d")
    dated = found.with_columns(date=date).filter(pl.col("date").is_between(look.start, look.end))
    if waits:
        begins = day_starts(dated["date"], zone=look.zone.key)
        dated = dated.with_columns(known_at=pl.max_horizontal("known_at", begins))
    return dated.with_columns(
        rule=pl.lit(rule), platform=pl.lit(of[0]), source_id_b=pl.col("source_id")
    ).select([pl.col(name).cast(dtype) for name, dtype in COUNT_SCHEMA.items()])


def _any(connection: sa.Connection, of: tuple[str, str], look: Look, *, viewer: Viewer) -> bool:
    """Return whether a kind of record has been delivered at all: else nothing can be missing."""
    rows = in_force(*of, (), moment=look.moment)
    query = sa.select(sa.literal(1)).select_from(rows).limit(1)
    return read_frame(connection, query, {"one": pl.Int64}, viewer=viewer).height > 0


def _dangling(pointer: Pointer, look: Look) -> sa.Select[Any]:
    rows, where = _pointing(pointer, look)
    told, there = _told_of(pointer, look)
    joined = rows.outerjoin(told, told.c.record_id == rows.c[pointer.field])
    # Of what has been taken back, the pointer is known to point nowhere from then on.
    gone = sa.func.coalesce(told.c.known_at, 0)
    known = sa.case((gone > rows.c.known_at, gone), else_=rows.c.known_at)
    of = (pointer.platform, pointer.kind, pointer.day)
    return _counted(
        joined, rows.c.province_id, at_of(*of, rows), source=rows.c.source_id,
        known=known, broken=sa.func.coalesce(there, 0) == 0, where=where,
    )  # fmt: skip


def _pointing(pointer: Pointer, look: Look) -> tuple[sa.Subquery, list[sa.ColumnElement[bool]]]:
    of = (pointer.platform, pointer.kind, pointer.day)
    rows = in_force(*of[:2], (pointer.field, pointer.day), moment=look.moment)
    return rows, [rows.c[pointer.field].is_not(None), *within(*of, rows, look=look)]


def _told_of(pointer: Pointer, look: Look) -> tuple[sa.Subquery, sa.ColumnElement[int]]:
    """Return what was ever delivered of the records pointed at, and whether any is in force.

    Only of those pointed at: SQLite keeps what it has to compare in memory. Gathered and joined,
    not asked one by one: it has no index on a key without its source.
    """
    target = in_force(*pointer.to, (), moment=look.moment, with_deleted=True)
    rows, where = _pointing(pointer, look)
    wanted = sa.select(rows.c[pointer.field]).where(*where)
    alive = 1 - target.c[DELETED]
    told = (
        sa.select(target.c.record_id, sa.func.max(target.c.known_at).label("known_at"),
                  sa.func.max(alive).label("there"))
        .where(target.c.record_id.in_(wanted))
        .group_by(target.c.record_id)
        .subquery()
    )  # fmt: skip
    return told, told.c.there


def _never_used(look: Look) -> sa.Select[Any]:
    """Return places registered two weeks before a day looked at, without a scan since."""
    of = ("checkpoints", "place", "registered_at")

    def registered() -> tuple[sa.Subquery, list[sa.ColumnElement[bool]]]:
        rows = in_force(*of[:2], ("registered_at", "closed_at"), moment=look.moment)
        days = within(*of, rows, look=look, before=UNUSED_AFTER_DAYS)
        return rows, [rows.c.closed_at.is_(None), *days]

    rows, where = registered()
    asked, also = registered()
    scans = in_force("checkpoints", "scan", ("place_code",), moment=look.moment)
    used = (
        sa.select(scans.c.place_code)
        .where(scans.c.place_code.in_(sa.select(asked.c.record_id).where(*also)))
        .distinct()
        .subquery()
    )
    joined = rows.outerjoin(used, used.c.place_code == rows.c.record_id)
    return _counted(
        joined, rows.c.province_id, rows.c.registered_at, source=rows.c.source_id,
        known=rows.c.known_at, broken=used.c.place_code.is_(None), where=where,
    )  # fmt: skip


_DOSE = ("vaccination", "dose", "vaccinated_at")


def _seconds(look: Look) -> tuple[sa.Subquery, list[sa.ColumnElement[bool]]]:
    """Return the second doses of known persons, and which of them are looked at."""
    columns = ("person_ref", "dose_no", "vaccine_code", "vaccinated_at")
    rows = in_force(*_DOSE[:2], columns, moment=look.moment)
    known = [rows.c.person_ref.is_not(None), rows.c.dose_no == "2"]
    return rows, [*known, *within(*_DOSE, rows, look=look)]


def _firsts(look: Look) -> tuple[sa.Subquery, list[sa.ColumnElement[bool]]]:
    """Return the first doses, and which of them are of those second doses' persons."""
    columns = ("person_ref", "dose_no", "vaccine_code", "vaccinated_at")
    rows = in_force(*_DOSE[:2], columns, moment=look.moment)
    asked, where = _seconds(look)
    persons = sa.select(asked.c.person_ref).where(*where)
    return rows, [rows.c.dose_no == "1", rows.c.person_ref.in_(persons)]


def _second_without_first(look: Look) -> sa.Select[Any]:
    rows, where = _seconds(look)
    firsts, theirs = _firsts(look)
    had = sa.select(firsts.c.person_ref).where(*theirs).distinct().subquery()
    joined = rows.outerjoin(had, had.c.person_ref == rows.c.person_ref)
    return _counted(
        joined, rows.c.province_id, rows.c.vaccinated_at, source=rows.c.source_id,
        known=rows.c.known_at, broken=had.c.person_ref.is_(None), where=where,
    )  # fmt: skip


def _second_after_first(
    look: Look,
    *,
    broken: Callable[[sa.Subquery, sa.Subquery], sa.ColumnElement[bool]],
) -> sa.Select[Any]:
    """Return second doses, among those given after the one first dose of their person.

    Whoever has first doses of two products is another rule's affair (two_doses_one_day).
    """
    rows, where = _seconds(look)
    firsts, theirs = _firsts(look)
    product = sa.func.min(firsts.c.vaccine_code)
    first = (
        sa.select(firsts.c.person_ref, product.label("product"),
                  sa.func.max(firsts.c.vaccinated_at).label("at"),
                  sa.func.max(firsts.c.known_at).label("known_at"))
        .where(*theirs)
        .group_by(firsts.c.person_ref)
        .having(product == sa.func.max(firsts.c.vaccine_code))
        .subquery()
    )  # fmt: skip
    joined = rows.join(first, first.c.person_ref == rows.c.person_ref)
    later = first.c.known_at > rows.c.known_at
    return _counted(
        joined, rows.c.province_id, rows.c.vaccinated_at, source=rows.c.source_id,
        known=sa.case((later, first.c.known_at), else_=rows.c.known_at),
        broken=broken(rows, first), where=[*where, rows.c.vaccinated_at > first.c.at],
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
        sa.select(cases.c.person_ref, sa.func.min(cases.c.outcome_date).label("day"),
                  sa.func.max(cases.c.known_at).label("known_at"))
        .where(cases.c.outcome == "tu_vong", cases.c.person_ref.is_not(None))
        .group_by(cases.c.person_ref)
        .subquery()
    )  # fmt: skip
    joined = rows.join(died, died.c.person_ref == rows.c.person_ref)
    # The midnight UTC after the day of death: never before that day has ended east of London.
    ended = (sa.cast(died.c.day, sa.BigInteger) + 1) * DAY_US
    later = died.c.known_at > rows.c.known_at
    return _counted(
        joined, rows.c.province_id, rows.c.collected_at, source=rows.c.source_id,
        known=sa.case((later, died.c.known_at), else_=rows.c.known_at),
        broken=rows.c.collected_at >= ended, where=within(*of, rows, look=look),
    )  # fmt: skip


def _in_utc(look: Look) -> sa.Select[Any]:
    """Return declarations that the platform received as long after as UTC is behind local time.

    Both moments are of one record: a clock whose zone was lost sets the declared one back by it.
    """
    of = ("declarations", "declaration", "declared_at")
    rows = in_force(*of[:2], ("declared_at", "received_at"), moment=look.moment)
    shift = look.zone.utcoffset(datetime.combine(look.start, time())) or timedelta()
    ahead = int(shift.total_seconds()) * 1_000_000
    waited = rows.c.received_at - rows.c.declared_at
    broken = sa.and_(waited >= ahead, waited < ahead + RECEIVED_WITHIN_US, sa.literal(ahead) > 0)
    return _counted(
        rows, rows.c.province_id, rows.c.declared_at, source=rows.c.source_id,
        known=rows.c.known_at, broken=broken, where=within(*of, rows, look=look),
    )  # fmt: skip


_Make = Callable[[Look], sa.Select[Any]]
_OTHERS: dict[str, tuple[tuple[str, str, str], _Make]] = {
    "place_never_used": (("checkpoints", "place", "registered_at"), _never_used),
    "dose_2_without_1": (_DOSE, _second_without_first),
    "dose_2_too_early": (_DOSE, _second_too_early),
    "dose_2_other_product": (_DOSE, _second_of_another_product),
    "stock_unbalanced": (("vaccination", "stock", "ledger_date"), _unbalanced),
    "declared_in_utc": (("declarations", "declaration", "declared_at"), _in_utc),
    "sampled_after_death": (("testing", "sample", "collected_at"), _after_death),
}


def _every() -> dict[str, tuple[tuple[str, str, str], _Make, tuple[str, str] | None]]:
    """Return of each rule: platform, kind and day counted, its query, what it cannot do without."""
    needs = {"place_never_used": ("checkpoints", "scan")}
    pointing = {
        one.rule: ((one.platform, one.kind, one.day), partial(_dangling, one), one.to)
        for one in POINTERS
    }
    return pointing | {rule: (of, make, needs.get(rule)) for rule, (of, make) in _OTHERS.items()}
