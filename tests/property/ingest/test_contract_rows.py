"""Any valid row of any declared kind passes and keeps its values; each broken rule is found."""

import csv
import io
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.contracts.model import DTYPES, Field, Kind, RecordKind
from data_access.contracts.registry import contract
from data_access.ingest.columns import Formats
from data_access.ingest.number_text import parse_numbers
from data_access.ingest.time_text import parse_days, parse_moments
from tests.property.ingest.strategies import rows, written
from tests.unit.ingest.support import Result, admit

# The generators know the ties between the fields of these; a further platform adds its own.
PLATFORMS = ("quarantine", "vaccination")
KINDS = [
    (f"{platform}-{kind.name}", kind) for platform in PLATFORMS for kind in contract(platform).kinds
]
QUICK = settings(max_examples=10, suppress_health_check=list(HealthCheck))
LATE_MOMENT, LATE_DAY = datetime(2022, 2, 1, 9, 0, 1, tzinfo=UTC), date(2022, 2, 2)
REASON_OF_KIND = {
    Kind.INTEGER: "not_a_number",
    Kind.NUMBER: "not_a_number",
    Kind.DATE: "not_a_date",
    Kind.INSTANT: "not_a_moment",
    Kind.BOOLEAN: "not_boolean",
    Kind.CODE: "unknown_code",
    Kind.CODES: "unknown_code",
}
ZONE = "Asia/Ho_Chi_Minh"
FIRST, LAST = datetime.fromisoformat("1950-01-01"), datetime.fromisoformat("2090-01-01")


def deliver(kind: RecordKind, given_rows: list[dict[str, object]], *, fmt: str = "csv") -> Result:
    names = [field.name for field in kind.all_fields() if not field.personal]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows.{fmt}"
        if fmt == "csv":
            text = io.StringIO(newline="")
            writer = csv.writer(text)
            writer.writerow(names)
            writer.writerows([[written(row.get(name)) for name in names] for row in given_rows])
            path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
        else:
            schema = {f.name: DTYPES[f.kind] for f in kind.all_fields() if not f.personal}
            pl.DataFrame(given_rows, schema=schema).write_parquet(path)
        return admit(path, kind)


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[name for name, _ in KINDS])
@pytest.mark.parametrize("fmt", ["csv", "parquet"])
def test_valid_rows_come_through_unchanged(name: str, kind: RecordKind, fmt: str) -> None:
    @QUICK
    @given(st.lists(rows(kind), min_size=1, max_size=8))
    def check(given_rows: list[dict[str, object]]) -> None:
        got = deliver(kind, given_rows, fmt=fmt)
        assert got.reasons == [], name
        kept = got.accepted.rename({"record_id": kind.key}).to_dicts()
        for before, after in zip(given_rows, kept, strict=True):
            assert {key: after[key] for key in before} == before

    check()


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[name for name, _ in KINDS])
def test_each_broken_rule_of_a_field_is_found(name: str, kind: RecordKind) -> None:
    """One file: a good row, then the same row once for each way to break one field."""
    faults = [
        (field.name, bad, reason) for field in delivered(kind) for bad, reason in bad_of(field)
    ]

    @settings(QUICK, max_examples=4)
    @given(rows(kind))
    def check(row: dict[str, object]) -> None:
        broken = [{**row, field: bad} for field, bad, _ in faults]
        got = deliver(kind, [row, *broken])
        for row_no, (field, _, reason) in enumerate(faults, start=3):
            assert (row_no, field, reason) in got.reasons, name
        assert got.accepted["row_no"].to_list() == [2]

    check()


def delivered(kind: RecordKind) -> list[Field]:
    return [field for field in kind.all_fields() if not field.personal]


def bad_of(field: Field) -> list[tuple[object, str]]:
    """Return (cell, reason) for each way to break a field."""
    found: list[tuple[object, str]] = [(None, "required")] if field.required else []
    if field.maximum is not None:
        found.append((int(field.maximum) + 1, "out_of_range"))
    if field.minimum is not None:
        found.append((int(field.minimum) - 1, "out_of_range"))
    if field.not_future:
        instant = field.kind is Kind.INSTANT
        found.append((LATE_MOMENT if instant else LATE_DAY, "in_future"))
    if field.kind is Kind.TEXT:
        found += [("x" * (field.max_length + 1), "too_long"), ("=1+1", "formula")]
    else:
        found.append(("??", REASON_OF_KIND[field.kind]))
    return found


@given(st.integers(-(10**15), 10**15))
def test_whole_numbers_in_every_way_of_writing(number: int) -> None:
    grouped = f"{number:,}"
    ways = [str(number), f"{number}.0", f"{number},0", grouped.replace(",", " ")]
    if abs(number) >= 10**6:
        ways += [grouped, grouped.replace(",", ".")]
    for way in ways:
        assert parse_numbers(pl.Series([way])).values.to_list() == [float(number)], way


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20), st.integers(1, 4))
def test_decimals_of_a_column_in_both_styles(numbers: list[int], places: int) -> None:
    values = [number / 10**places for number in numbers]
    english = [f"{value:,.{places}f}" for value in values]
    swap = str.maketrans(",.", ".,")
    for style, cells in (("en", english), ("vi", [cell.translate(swap) for cell in english])):
        got = parse_numbers(pl.Series(cells), numbers=style).values.to_list()
        assert got == pytest.approx(values)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_days_in_every_way_of_writing(day: date) -> None:
    ways = [day.isoformat(), f"{day:%d/%m/%Y}", f"{day.day}/{day.month}/{day.year}",
            f"{day:%d-%m-%Y}", f"{day:%d.%m.%Y}", f"{day.isoformat()}T12:00:00+07:00"]  # fmt: skip
    for way in ways:
        parsed = parse_days(pl.Series([way]), formats=Formats(zone=ZONE))
        assert parsed.values.to_list() == [day], way


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.datetimes(FIRST, LAST, timezones=st.timezones()),
        ),
        max_size=12,
    )
)
def test_moments_of_any_offset(moments: list[datetime | None]) -> None:
    whole = [m.replace(microsecond=0) if m else None for m in moments]
    usable = [m if m is None or m.utcoffset().seconds % 60 == 0 else None for m in whole]  # type: ignore[union-attr]
    cells = pl.Series([m.isoformat() if m else None for m in usable], dtype=pl.String)
    got = parse_moments(cells, formats=Formats(zone=ZONE)).values.to_list()
    assert got == [m.astimezone(UTC) if m else None for m in usable]
