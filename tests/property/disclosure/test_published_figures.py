"""An attacker with every public figure: counts, running totals, means, rates and shares.

Each figure that is shown becomes an equation over the unknown cells; people are known to all.
"""

from collections.abc import Hashable
from datetime import timedelta
from functools import cache
from itertools import product

import polars as pl
import pytest

from data_access.codes import Level
from data_access.cube.query import Ask, figures
from tests.cube_world import DAY
from tests.property.disclosure.attacker import Equation, leaks, total
from tests.property.disclosure.published_world import (
    CODES,
    DISTRICTS,
    N_DAYS,
    NATION,
    PROVINCES,
    Counts,
    PublishedCube,
    cells_of,
    counts,
    population,
    reader,
)

AREAS = (NATION, *PROVINCES, *DISTRICTS)
LEVELS = (Level.NATIONAL, Level.PROVINCE, Level.DISTRICT)
ONE = "one"
PLAIN = ("cases", "cases_cumulative", "cases_community", "cases_7d_mean", "incidence_7d_per_100k",
         "cases_community_share", "cases_per_100k", "cases_7d_mean_per_100k")  # fmt: skip
COMMUNITY = ("detected_in", "cong_dong")
K, K_CODE = 5, 10


@cache
def published(seed: int) -> tuple[Counts, PublishedCube, pl.DataFrame]:
    """Return the true counts, the cube under its mask, and every public figure of it."""
    found = counts(seed)
    cube = PublishedCube(cells_of(found))
    end = DAY + timedelta(days=N_DAYS - 1)
    tables = []
    for level, by in product(LEVELS, ("", *CODES)):
        ids = PLAIN if not by else ("cases", "cases_cumulative", "cases_7d_mean", "cases_per_100k")
        ask = Ask(ids=ids, level=level, by=by, start=DAY, end=end)
        rows = figures(cube, ask, viewer=reader())  # type: ignore[arg-type]
        code = pl.col(by) if by else pl.lit("")
        tables.append(rows.with_columns(code=code, by=pl.lit(by)).drop(by or []))
    return found, cube, pl.concat(tables, how="diagonal_relaxed")


def day_of(row: dict[str, object]) -> int:
    return int((row["date"] - DAY).days)  # type: ignore[operator]


def window(area: str, day: int, by: str, code: str, length: int) -> dict[Hashable, float]:
    first = max(0, day - length + 1)
    return {(area, at, by, code): 1.0 for at in range(first, day + 1)}


def said(row: dict[str, object]) -> list[Equation]:
    """Return what one shown figure says of the cells."""
    area, day = str(row["area_code"]), day_of(row)
    by, code, key = str(row["by"]), str(row["code"]), str(row["id"])
    if key in ("cases_community", "cases_community_share"):
        by, code = COMMUNITY
    length = 1
    if "7d" in key or key == "cases_community_share":
        length = 7
    if key == "cases_cumulative":
        length = N_DAYS
    sums = window(area, day, by, code, length)
    days = len(sums)
    value = float(row["value"])  # type: ignore[arg-type]
    people = population(area)
    if key == "cases_community_share":
        whole = window(area, day, "", "", length)
        return [
            {**sums, ONE: -float(row["numerator"])},  # type: ignore[arg-type]
            {**whole, ONE: -float(row["denominator"])},  # type: ignore[arg-type]
        ]
    counted = value * (people / 100_000 if "per_100k" in key else 1.0)
    counted *= days if "mean" in key else 1.0
    return [{**sums, ONE: -counted}]


def structure() -> list[Equation]:
    """Return what everybody knows: parts and their wholes."""
    found: list[Equation] = []
    places = [("", "")] + [(by, code) for by, codes in CODES.items() for code in codes]
    for day, (by, code) in product(range(N_DAYS), places):
        found.append(total((NATION, day, by, code), [(p, day, by, code) for p in PROVINCES]))
        for p in PROVINCES:
            parts = [(d, day, by, code) for d, of in DISTRICTS.items() if of == p]
            found.append(total((p, day, by, code), parts))
    for day, area, (by, codes) in product(range(N_DAYS), AREAS, CODES.items()):
        found.append(total((area, day, "", ""), [(area, day, by, code) for code in codes]))
    return found


def true_values(found: Counts) -> dict[Hashable, float]:
    values: dict[Hashable, float] = {}
    for (d, day, by, code), value in found.items():
        for area in (NATION, DISTRICTS[d], d):
            values[area, day, by, code] = values.get((area, day, by, code), 0.0) + value
    return values


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_no_public_figure_tells_a_small_cell(seed: int) -> None:
    found, _, shown = published(seed)
    values = true_values(found)
    equations = structure()
    for row in shown.filter(pl.col("value").is_not_null()).iter_rows(named=True):
        equations += said(row)
    first = shown.filter(pl.col("id") == "cases", pl.col("value").is_not_null())
    told = {
        (row["area_code"], day_of(row), row["by"], row["code"]): float(row["value"])
        for row in first.iter_rows(named=True)
    }
    assert all(values[name] == value for name, value in told.items())
    upper = {n: v for n, v in values.items() if n[0] not in DISTRICTS}  # type: ignore[index]
    always = {n: v for n, v in upper.items() if n[0] == NATION or n[2] != "severity"}  # type: ignore[index]
    of_totals = {n: v for n, v in told.items() if not n[2]}
    small, codes = small_cells(values)
    assert small
    assert codes
    assert set(small).isdisjoint(told)
    assert set(codes).isdisjoint(told)
    known: dict[Hashable, float] = {ONE: 1.0, **told}
    base: dict[Hashable, float] = {ONE: 1.0, **always}
    tie = structure()
    assert leaks(known, base, equations, small, always_equations=tie) == []
    # Totals are told first, running ones and means of them too; breakdowns under them.
    of_plain = shown.filter(
        pl.col("value").is_not_null(), pl.col("by") == "", ~pl.col("id").str.contains("community")
    )
    tie += [one for row in of_plain.iter_rows(named=True) for one in said(row)]
    assert leaks(known, base | of_totals, equations, codes, always_equations=tie) == []


def small_cells(values: dict[Hashable, float]) -> tuple[dict[Hashable, int], dict[Hashable, int]]:
    totals: dict[Hashable, int] = {}
    codes: dict[Hashable, int] = {}
    for name, value in values.items():
        area, _, by, _ = name  # type: ignore[misc]
        if area in DISTRICTS and not by and 0 < value < K:
            totals[name] = K
        if (
            by
            and 0 < value < K_CODE
            and (area in DISTRICTS or (area in PROVINCES and by == "severity"))
        ):
            codes[name] = K_CODE
    return totals, codes


def test_a_rate_is_withheld_with_its_count_and_says_nothing_else() -> None:
    _, cube, shown = published(1)
    hidden = shown.filter(pl.col("status") == "suppressed")
    assert hidden["id"].n_unique() == len(PLAIN)
    for name in ("value", "numerator", "denominator", "n_missing", "n_expected", "known_at"):
        assert hidden[name].null_count() == hidden.height, name
    assert set(hidden["source"].to_list()) == {""}
    days = cube.mask.filter(pl.col("measure") == "cases", pl.col("dimension") == "")
    codes = dict(cube.geography.areas.frame.select("area_id", "code").iter_rows())
    end = DAY + timedelta(days=N_DAYS - 1)
    masked = {(codes[a], d) for a, d in days.select("area_id", "day").iter_rows() if d <= end}
    for key in ("cases", "cases_per_100k"):
        rows = hidden.filter(pl.col("id") == key, pl.col("by") == "")
        assert {(a, d) for a, d in rows.select("area_code", "date").iter_rows()} == masked


def test_totals_of_provinces_and_of_the_nation_are_told_whatever_their_districts_hide() -> None:
    found, _, shown = published(2)
    values = true_values(found)
    rows = shown.filter(
        pl.col("id") == "cases", pl.col("by") == "", pl.col("area_code").is_in([NATION, *PROVINCES])
    )
    assert rows.height == 3 * N_DAYS
    for row in rows.iter_rows(named=True):
        assert row["value"] == values[row["area_code"], day_of(row), "", ""]


def test_a_window_with_a_withheld_day_is_withheld_not_five_of_seven() -> None:
    _, _, shown = published(3)
    of = shown.filter(pl.col("by") == "", pl.col("area_code").is_in(list(DISTRICTS)))
    days = {(r["area_code"], day_of(r)): r["status"]
            for r in of.filter(pl.col("id") == "cases").iter_rows(named=True)}  # fmt: skip
    means = of.filter(pl.col("id") == "cases_7d_mean")
    assert means.height == len(days)
    for row in means.iter_rows(named=True):
        day = day_of(row)
        hidden = any(days[row["area_code"], at] == "suppressed"
                     for at in range(max(0, day - 6), day + 1))  # fmt: skip
        assert (row["status"] == "suppressed") == hidden
        assert (row["value"] is None) or not hidden


def test_what_was_never_protected_is_not_shown() -> None:
    _, cube, _ = published(1)
    for ask in (
        Ask(ids=("cases",), level=Level.DISTRICT, source="s"),
        Ask(ids=("cases",), level=Level.DISTRICT, reported=True),
        Ask(ids=("cases",), level=Level.PROVINCE, by="severity", source="s"),
    ):
        rows = figures(cube, ask, viewer=reader())  # type: ignore[arg-type]
        assert rows.height
        assert rows["value"].null_count() == rows.height


def test_a_merged_province_is_withheld_with_any_of_its_parts() -> None:
    _, cube, shown = published(1)
    parts = shown.filter(
        pl.col("id") == "cases", pl.col("by") == "severity", pl.col("status") == "suppressed",
        pl.col("area_code").is_in(list(PROVINCES)),
    )  # fmt: skip
    ask = Ask(ids=("cases",), level=Level.PROVINCE, by="severity", vintage="new",
              start=DAY, end=DAY + timedelta(days=N_DAYS - 1))  # fmt: skip
    merged = figures(cube, ask, viewer=reader())  # type: ignore[arg-type]
    hidden = set(merged.filter(pl.col("status") == "suppressed")["date"].to_list())
    assert parts.height
    assert hidden == set(parts["date"].to_list())


def test_the_next_day_withholds_what_the_last_bulletin_did() -> None:
    found = counts(1)
    before = {n: v for n, v in found.items() if n[1] < N_DAYS - 1}
    first = PublishedCube(cells_of(before))
    second = PublishedCube(cells_of(found), previous=first.mask)
    key = ["measure", "day", "area_id", "dimension", "code"]
    assert first.mask.join(second.mask, on=key, how="anti").is_empty()
    again = PublishedCube(cells_of(found), previous=first.mask)
    assert again.mask.equals(second.mask)
