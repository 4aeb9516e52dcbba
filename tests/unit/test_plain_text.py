"""One writer of the CSV files that people open: no text is a formula, numbers stay numbers."""

import ast
import csv
import io
import math
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from data_access.plain_text import MARK, csv_of

ROOT = Path(__file__).resolve().parents[2]
OWN_WRITERS = {
    "data_access/plain_text.py": "it is the writer",
    "data_access/cube/export.py": "records, to be taken in again as they are",
    "data_access/carry.py": "rows on their way into PostgreSQL",
    "data_access/demo.py": "a delivery for the gate",
    "data_access/reference/scaled.py": "a country pack for the gate",
    "data_access/ingest/rejects.py": "row by row, with the same guard",
}
"""Files that write CSV themselves, and why."""
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
RISKY = st.builds(str.__add__, st.sampled_from(["=", "+", "-", "@", "\t", "\r", ""]), TEXTS)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)


@given(st.lists(st.tuples(RISKY, NUMBERS), max_size=8))
def test_no_cell_is_a_formula_and_every_number_is_read_back(rows: list[tuple[str, float]]) -> None:
    table = pl.DataFrame(rows, schema={"said": pl.String, "value": pl.Float64}, orient="row")
    text = csv_of(table).decode()
    head, *told = list(csv.reader(io.StringIO(text, newline="")))
    assert head == ["said", "value"]
    assert len(told) == len(rows)
    for (said, value), (shown, number) in zip(rows, told, strict=True):
        if shown.startswith(("=", "+", "-", "@", "\t", "\r")):
            assert math.isfinite(float(shown))
        assert shown in (said, f"'{said}")
        assert (float(number) == value) if math.isfinite(value) else number == ""


def test_whole_numbers_days_and_instants_are_written_plainly() -> None:
    table = pl.DataFrame(
        {
            "day": ["2021-09-02"],
            "at": ["2021-09-02T09:00:00"],
            "value": [3.0],
            "share": [0.25],
            "empty": [""],
        }
    ).with_columns(
        pl.col("day").str.to_date(),
        pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", time_zone="UTC"),
    )
    assert csv_of(table, marked=True) == MARK + (
        b"day,at,value,share,empty\n2021-09-02,2021-09-02T09:00:00Z,3,0.25,\n"
    )


def test_nobody_else_writes_csv() -> None:
    found = set()
    for folder in ("pages", "dashboard", "data_access"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            modules = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                       for one in node.names}  # fmt: skip
            if "write_csv" in names or "csv" in modules and "writer" in names:
                found.add(str(path.relative_to(ROOT)))
    assert found == set(OWN_WRITERS)
