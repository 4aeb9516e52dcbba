"""Any valid row of any declared kind passes and keeps its values; each broken rule is found."""

import csv
import io
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_access.contracts.model import AREA_FIELDS, DTYPES, RecordKind
from data_access.contracts.registry import CONTRACTS
from data_access.ingest.columns import Formats
from data_access.ingest.number_text import parse_numbers
from data_access.ingest.time_text import parse_days, parse_moments
from tests.property.ingest.strategies import (
    Row,
    faults_of,
    lists_of_rows,
    misplaced,
    rows,
    written,
)
from tests.unit.ingest.support import Result, admit

KINDS = {f"{c.platform}-{k.name}": k for c in CONTRACTS for k in c.kinds}
QUICK = settings(suppress_health_check=list(HealthCheck))
MOST_ROWS = 8
ZONE = "Asia/Ho_Chi_Minh"
FIRST, LAST = datetime.fromisoformat("1950-01-01"), datetime.fromisoformat("2090-01-01")


def deliver(kind: RecordKind, given_rows: list[Row], *, fmt: str = "csv") -> Result:
    names = [field.name for field in kind.all_fields()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows.{fmt}"
        if fmt == "csv":
            text = io.StringIO(newline="")
            writer = csv.writer(text)
            writer.writerow(names)
            writer.writerows([[written(row.get(name)) for name in names] for row in given_rows])
            path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
        else:
            schema = {f.name: DTYPES[f.kind] for f in kind.all_fields()}
            pl.DataFrame(given_rows, schema=schema).write_parquet(path)
        return admit(path, kind)


def told(got: Result) -> dict[int, set[tuple[str, str]]]:
    found: dict[int, set[tuple[str, str]]] = {}
    for row_no, field, reason in got.reasons:
        found.setdefault(row_no, set()).add((field, reason))
    return found


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("fmt", ["csv", "parquet"])
def test_valid_rows_come_through_unchanged(name: str, fmt: str) -> None:
    kind = KINDS[name]

    @settings(QUICK, max_examples=3)
    @given(lists_of_rows(kind, most=MOST_ROWS))
    def check(given_rows: list[Row]) -> None:
        got = deliver(kind, given_rows, fmt=fmt)
        assert got.reasons == []
        kept = got.accepted.rename({"record_id": kind.key}).to_dicts()
        for before, after in zip(given_rows, kept, strict=True):
            assert {key: after[key] for key in before} == before

    check()


@pytest.mark.parametrize("name", KINDS)
def test_each_broken_rule_of_a_field_is_found_and_no_other(name: str) -> None:
    """One file: a good row, then the same row once for each way to break one field."""
    kind = KINDS[name]
    faults = [(field.name, *each) for field in kind.all_fields() for each in faults_of(field)]
    # What a changed cell does to its neighbours is another rule's affair.
    among_fields = {check.key for check in kind.checks}

    @settings(QUICK, max_examples=2)
    @given(rows(kind))
    def check(row: Row) -> None:
        got = deliver(kind, [row, *({**row, field: bad} for field, bad, _ in faults)])
        found = told(got)
        for row_no, (field, _, reason) in enumerate(faults, start=3):
            by_itself = {one for one in found[row_no] if one[1] not in among_fields}
            if field in AREA_FIELDS:  # such a text names no place either
                by_itself -= {(field, "area_unknown")}
            assert by_itself == {(field, reason)}
        assert got.accepted["row_no"].to_list() == [2]

    check()


@pytest.mark.parametrize("name", KINDS)
def test_a_place_outside_the_one_above_it_is_refused(name: str) -> None:
    kind = KINDS[name]

    @settings(QUICK, max_examples=2)
    @given(rows(kind))
    def check(row: Row) -> None:
        wrong = list(misplaced(row))
        got = deliver(kind, [row, *(each for each, _, _ in wrong)])
        wanted = {n: {(field, reason)} for n, (_, field, reason) in enumerate(wrong, start=3)}
        assert told(got) == wanted
        assert got.accepted["row_no"].to_list() == [2]

    check()


@pytest.mark.parametrize("name", KINDS)
def test_the_rows_drawn_hold_each_field_of_the_kind(name: str) -> None:
    """What is left blank so that rules hold is not left blank always."""
    kind = KINDS[name]
    held: set[str] = set()

    @settings(QUICK, max_examples=3, phases=[Phase.generate], derandomize=True)
    @given(lists_of_rows(kind, most=5 * MOST_ROWS, least=2 * MOST_ROWS))
    def look(given_rows: list[Row]) -> None:
        held.update(name for row in given_rows for name in row)

    look()
    assert held >= {field.name for field in kind.fields if not field.personal}


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
