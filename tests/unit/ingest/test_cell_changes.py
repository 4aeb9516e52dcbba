"""What the parts of a file change is summed exactly, however it is cut and handed on."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from unittest.mock import patch

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from data_access.contracts.model import DTYPES, RecordKind
from data_access.contracts.registry import CONTRACTS
from data_access.cube.rollup import columns_read, contributions
from data_access.ingest import cell_changes
from data_access.ingest.cell_changes import CellChanges

SCHEMA = {
    "known_at": pl.Int64(),
    "measure": pl.String(),
    "day": pl.Date(),
    "area_id": pl.Int32(),
    "dims": pl.String(),
    "value": pl.Float64(),
    "n": pl.Int64(),
}
CHANGE = st.tuples(
    st.sampled_from([1, 2]),
    st.sampled_from(["doses", "cases"]),
    st.integers(0, 70).map(lambda days: date(2021, 6, 20) + timedelta(days=days)),
    st.sampled_from([7, 8]),
    st.sampled_from(["", "dose=1", "dose=bổ sung"]),
    st.integers(-2, 2).map(float),
    st.integers(-2, 2),
)


@given(parts=st.lists(st.lists(CHANGE, max_size=12), max_size=9), at_once=st.sampled_from([0, 999]))
def test_sums_are_those_of_plain_counting(
    parts: list[list[tuple[int, str, date, int, str, float, int]]], at_once: int
) -> None:
    values: Counter[tuple[object, ...]] = Counter()
    numbers: Counter[tuple[object, ...]] = Counter()
    changes = CellChanges()
    for part in parts:
        once: dict[tuple[object, ...], tuple[float, int]] = {}
        for row in part:
            once[row[:5]] = (row[5], row[6])
        rows = [(*key, value, n) for key, (value, n) in once.items() if value or n]
        changes.add(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
        for row in rows:
            values[row[:5]] += row[5]
            numbers[row[:5]] += row[6]
    with patch.object(cell_changes, "CELLS_AT_ONCE", at_once):
        found = list(changes.parts())
    rows = [row for part in found for row in part.select(list(SCHEMA)).iter_rows()]
    expected = {key: (values[key], numbers[key]) for key in values if values[key] or numbers[key]}
    assert len(rows) == len(expected)
    assert {row[:5]: row[5:] for row in rows} == expected
    assert not list(changes.parts())
    months = [{(day.year, day.month) for day in part["day"]} for part in found]
    if at_once:
        assert len(found) <= 1
    else:
        assert all(len(of_part) <= 1 for of_part in months)
        assert all(max(a) < min(b) for a, b in pairwise([m for m in months if m]))


def test_roll_ups_read_the_columns_they_name() -> None:
    for contract in CONTRACTS:
        for kind in contract.kinds:
            if not kind.rollups:
                continue
            stored = {each.name for each in kind.stored_fields()}
            named = columns_read(kind)
            assert set(named) <= stored | {"deleted", "version", "province_id", "district_id"}
            fields = {name: dtype for name, dtype in _schema(kind).items() if name in named}
            assert contributions(kind, pl.DataFrame(schema=fields), zone="UTC").is_empty()


def _schema(kind: RecordKind) -> dict[str, pl.DataType]:
    head = {"deleted": pl.Boolean(), "province_id": pl.Int32(), "district_id": pl.Int32()}
    return {**head, **{each.name: DTYPES[each.kind] for each in kind.stored_fields()}}
