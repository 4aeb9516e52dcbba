"""Generates rows of any declared record kind from the declaration alone, and ways to break one.

A kind's own rules tie fields to one another: moments are drawn in the order in which the fields
are declared, and where a rule still does not hold, the optional fields that it reads are left
blank. So a further kind needs no line here.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import polars as pl
from hypothesis import strategies as st

from data_access.contracts.model import (
    AREA_FIELDS,
    DTYPES,
    LOCAL_DAY_SUFFIX,
    Check,
    Field,
    Kind,
    RecordKind,
    Severity,
)

Row = dict[str, object]
EARLIEST = datetime(2021, 8, 1, tzinfo=UTC)
SPAN_SECONDS = 120 * 86_400
LATE_MOMENT, LATE_DAY = datetime(2022, 2, 1, 9, 0, 1, tzinfo=UTC), date(2022, 2, 2)
"""A second and a day after the deliveries of these tests were known."""
MOST_DIGITS = 7
"""Of a free text: more would look like a number of somebody."""
CODE_TEXT = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=7)
VIETNAMESE = st.text("AaăĂâđĐêÔơưỨễỵ Ơ-.,'0123456789<>&", min_size=1, max_size=20)
# A province, a district of it and a ward of that; all of the edition in force in 2021.
PLACES = (("01", "001", "00001"), ("79", "760", "26734"), ("48", "490", None), ("96", "964", None))
TIMES = (Kind.DATE, Kind.INSTANT)
REASON_OF_KIND = {
    Kind.INTEGER: "not_a_number",
    Kind.NUMBER: "not_a_number",
    Kind.DATE: "not_a_date",
    Kind.INSTANT: "not_a_moment",
    Kind.BOOLEAN: "not_boolean",
    Kind.CODE: "unknown_code",
    Kind.CODES: "unknown_code",
}


def local_day(moment: datetime) -> date:
    """Return the day in Hanoi."""
    return (moment + timedelta(hours=7)).date()


def value_of(field: Field) -> st.SearchStrategy[object]:
    """Return valid values of a field in its parsed type; of a day, a moment on it."""
    if field.kind in TIMES:
        return st.integers(0, SPAN_SECONDS).map(lambda n: EARLIEST + timedelta(seconds=n))
    if field.allowed:
        return _codes(field)
    if field.kind is Kind.BOOLEAN:
        return st.booleans()
    if field.kind in {Kind.INTEGER, Kind.NUMBER}:
        return _numbers(field)
    longest = min(field.max_length, 20)
    free = VIETNAMESE.map(lambda t: " ".join(t.split())[:longest].strip())
    return CODE_TEXT if field.required else free.filter(_is_free_text)


def _is_free_text(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    return bool(text) and text[0] not in "=+-@" and digits <= MOST_DIGITS


def _codes(field: Field) -> st.SearchStrategy[object]:
    if field.kind is Kind.CODE:
        return st.sampled_from(field.allowed)
    chosen = st.sets(st.sampled_from(field.allowed), min_size=1, max_size=3)
    return chosen.map(lambda codes: "|".join(sorted(codes)))


def _numbers(field: Field) -> st.SearchStrategy[object]:
    low, high = int(field.minimum or 0), min(int(field.maximum or 10**6), 10**6)
    if field.kind is Kind.INTEGER:
        return st.integers(low, high)
    return st.integers(low * 10, high * 10).map(lambda tenths: tenths / 10)


def rows(kind: RecordKind) -> st.SearchStrategy[Row]:
    """Return valid rows of a kind: parsed values by field, absent where left blank."""
    return lists_of_rows(kind, most=1).map(lambda found: found[0])


def lists_of_rows(kind: RecordKind, *, most: int, least: int = 1) -> st.SearchStrategy[list[Row]]:
    """Return lists of valid rows of a kind: some of the `least` to `most` that are drawn."""
    drawn = st.lists(_drawn(kind), min_size=least, max_size=most)
    return drawn.map(lambda found: agreeing(kind, found)).filter(bool)


def _drawn(kind: RecordKind) -> st.SearchStrategy[Row]:
    """Return rows whose fields hold what each may hold by itself, moments in declared order."""
    own = {field.name: value_of(field) for field in kind.fields if not field.personal}
    required = {f.name: own.pop(f.name) for f in kind.fields if f.required and f.name in own}
    return st.builds(
        lambda must, may, where, version: {
            **_in_order(kind, {**must, **may}),
            **{name: code for name, code in zip(AREA_FIELDS, where[::-1], strict=True) if code},
            "version": version,
        },
        st.fixed_dictionaries(required),
        st.fixed_dictionaries({}, optional=own),
        st.sampled_from(PLACES),
        st.integers(0, 50),
    )


def _in_order(kind: RecordKind, row: Row) -> Row:
    """Return a row with its moments sorted over the fields as declared, days as days."""
    timed = [field for field in kind.fields if field.kind in TIMES and field.name in row]
    moments = sorted(row[field.name] for field in timed)  # type: ignore[type-var]
    found = {
        field.name: local_day(moment) if field.kind is Kind.DATE else moment  # type: ignore[arg-type]
        for field, moment in zip(timed, moments, strict=True)
    }
    return {**row, **found}


def agreeing(kind: RecordKind, given: list[Row]) -> list[Row]:
    """Return the rows with optional fields left blank where a refusing rule would be broken.

    Rows that break one all the same (only required fields are at odds) are left out.
    """
    refusing = [check for check in kind.checks if check.severity is Severity.REJECT]
    for check in refusing:
        spare = _optional(check, kind)
        given = [
            {name: value for name, value in row.items() if not (is_broken and name in spare)}
            for row, is_broken in zip(given, _broken(kind, given, [check]), strict=True)
        ]
    found = _broken(kind, given, refusing)
    return [row for row, is_broken in zip(given, found, strict=True) if not is_broken]


def _optional(check: Check, kind: RecordKind) -> set[str]:
    read = {name.removesuffix(LOCAL_DAY_SUFFIX) for name in check.broken.meta.root_names()}
    return {field.name for field in kind.fields if field.name in read and not field.required}


def _broken(kind: RecordKind, given: list[Row], checks: list[Check]) -> list[bool]:
    """Return of each row whether it breaks any of the rules."""
    if not checks:
        return [False] * len(given)
    frame = pl.DataFrame(given, schema={f.name: DTYPES[f.kind] for f in kind.all_fields()})
    days = [
        (pl.col(f.name) + pl.duration(hours=7)).dt.date().alias(f.name + LOCAL_DAY_SUFFIX)
        for f in kind.fields
        if f.kind is Kind.INSTANT
    ]
    broken = pl.any_horizontal(check.broken.fill_null(value=False) for check in checks)
    return frame.with_columns(days).select(broken.alias("broken"))["broken"].to_list()


def faults_of(field: Field) -> Iterator[tuple[object, str]]:
    """Yield (cell, reason): each way to break what a field declares of itself."""
    if field.required:
        yield None, "required"
    if field.maximum is not None:
        yield int(field.maximum) + 1, "out_of_range"
    if field.minimum is not None:
        yield int(field.minimum) - 1, "out_of_range"
    if field.kind is Kind.INTEGER:
        yield "0.25", "not_whole"
    if field.not_future:
        yield (LATE_MOMENT if field.kind is Kind.INSTANT else LATE_DAY), "in_future"
    if field.kind in {Kind.CODE, Kind.CODES}:
        yield f"{field.allowed[0]}x", "unknown_code"
    if field.kind is Kind.CODES:
        yield f"{field.allowed[0]}|??", "unknown_code"
    if field.kind is Kind.TEXT:
        yield "x" * (field.max_length + 1), "too_long"
        yield "=1+1", "formula"
        yield "x\x07y", "control_character"
    else:
        yield "??", REASON_OF_KIND[field.kind]
        yield "=1+1", "formula"


def misplaced(row: Row) -> Iterator[tuple[Row, str, str]]:
    """Yield (row, field, reason): the row in places that do not lie in one another, or nowhere."""
    here = row["province_code"]
    other = PLACES[0] if here == PLACES[1][0] else PLACES[1]
    nowhere = dict.fromkeys(AREA_FIELDS)
    yield {**row, "district_code": other[1]}, "district_code", "district_not_in_province"
    yield {**row, "ward_code": other[2]}, "ward_code", "ward_not_in_district"
    in_province = {**row, "district_code": None, "ward_code": other[2]}
    yield in_province, "ward_code", "ward_not_in_district"
    yield {**row, "district_code": "000"}, "district_code", "area_unknown"
    yield {**row, **nowhere, "province_code": "XX"}, "province_code", "area_unknown"
    yield {**row, **nowhere}, "province_code", "area_missing"
    yield {**row, **nowhere, "ward_code": "99999"}, "ward_code", "area_unknown"


def written(value: object) -> str:
    """Return a value as a file holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "có" if value else "0"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return str(value)
