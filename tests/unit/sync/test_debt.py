"""Debt is a sum anyone can redo, and no reporting state is ever worse for more figures."""

from fractions import Fraction
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from data_access.sync.desk import debt_of
from data_access.sync.reporting import REPORTING_SCHEMA, by_platform
from data_access.sync.rules import BEST_FIRST, DEBT_PARTS, STATES

KEYS = [part.key for part in DEBT_PARTS]
counted = st.dictionaries(
    st.tuples(st.sampled_from(["01", "02", "79"]), st.sampled_from(KEYS)),
    st.integers(min_value=0, max_value=5000),
    max_size=12,
)


@given(counted)
def test_points_are_count_times_weight_up_to_the_cap(counts: dict[tuple[str, str], int]) -> None:
    rows = [(area, part, float(n)) for (area, part), n in counts.items()]
    schema = {"area_code": pl.String, "part": pl.String, "count": pl.Float64}
    found = debt_of(pl.DataFrame(rows, schema=schema, orient="row"))
    weights = {part.key: (part.weight, part.cap) for part in DEBT_PARTS}
    expected = {
        key: min(n * weights[key[1]][0], weights[key[1]][1]) for key, n in counts.items() if n
    }
    got = {(area, part): points for area, part, _, _, points in found.iter_rows()}
    assert got == expected
    totals = found.group_by("area_code", maintain_order=True).agg(pl.col("points").sum())
    assert totals["points"].round(9).is_sorted(descending=True)


def test_every_weight_has_its_reason() -> None:
    assert all(len(part.why) > 20 and part.weight > 0 and part.cap > 0 for part in DEBT_PARTS)
    assert len(set(KEYS)) == len(KEYS)


@given(st.lists(st.sampled_from(STATES), min_size=1, max_size=4))
def test_the_best_feed_speaks_for_a_platform(states: list[str]) -> None:
    rows = [
        {"platform": "tracing", "source": f"s{n}", "area_code": "01", "state": state}
        for n, state in enumerate(states)
    ]
    found = by_platform(pl.DataFrame(rows, schema=REPORTING_SCHEMA))
    assert found["state"].to_list() == [min(states, key=BEST_FIRST.index)]


def test_the_page_for_readers_says_the_weights_that_count() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "sync-desk.md").read_text("utf-8")
    table = page.split("| part | weight | cap | why |")[1].split("\n\n")[0].strip().split("\n")[1:]
    said = [tuple(cell.strip() for cell in row.split("|")[2:4]) for row in table]
    numbers = [(float(Fraction(weight)), float(cap)) for weight, cap in said]
    assert numbers == [(part.weight, part.cap) for part in DEBT_PARTS]
