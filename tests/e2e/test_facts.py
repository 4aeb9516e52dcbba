"""The shipped figures are the ones in the domain's tables: nothing added, nothing mistyped."""

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest

from data_access.demo import FACTS

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = ROOT.parent / "shared" / "domain"
TEXTS = {"date", "code", "province", "note", "source", "confidence"}
NATIONAL = sorted(FACTS.glob("national_*.csv"))
MILLIONS = re.compile(r"(\d+(?:\.\d+)?)M\b")
NUMBERS = re.compile(r"\d+(?:\.\d+)?")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def numbers_in(text: str) -> set[float]:
    """Return the numbers a text states, `61M` as 61 million."""
    millions = {round(float(found) * 1e6) for found in MILLIONS.findall(text)}
    return {float(found) for found in NUMBERS.findall(text)} | millions


@pytest.fixture(scope="module")
def stated() -> dict[tuple[str, str], set[float]]:
    """Numbers that the timeline states for a (date, source)."""
    if not DOMAIN.is_dir():
        pytest.skip("../shared/domain is not beside this checkout")
    found: dict[tuple[str, str], set[float]] = defaultdict(set)
    for row in rows_of(DOMAIN / "timeline.csv"):
        found[row["date"], row["source"]] |= numbers_in(f"{row['value']} ; {row['note']}")
    return found


@pytest.mark.parametrize(
    "path", [*NATIONAL, FACTS / "province_partial.csv"], ids=lambda path: path.stem
)
def test_every_figure_is_stated_by_its_source_on_its_day(
    path: Path, stated: dict[tuple[str, str], set[float]]
) -> None:
    for row in rows_of(path):
        figures = {k: float(v) for k, v in row.items() if k not in TEXTS and v}
        assert figures, f"{path.name}: {row['date']} says nothing"
        unstated = {k: v for k, v in figures.items() if v not in stated[row["date"], row["source"]]}
        assert not unstated, f"{path.name} {row['date']}"


def test_province_figures_are_the_calibration_table() -> None:
    if not DOMAIN.is_dir():
        pytest.skip("../shared/domain is not beside this checkout")
    names = {
        "cases": "new_domestic_cases_announced",
        "cases_cumulative": "cum_domestic_cases_since_2021-04-27",
        "deaths_cumulative": "cum_deaths_since_2021-04-27",
    }
    shipped = {
        (row["date"], row["code"], names[column], row[column], row["source"])
        for file in ("province_daily.csv", "province_cumulative.csv")
        for row in rows_of(FACTS / file)
        for column in names
        if row.get(column)
    }
    table = {
        (row["date"], row["gso_code"], row["metric"], row["value"], row["source"])
        for row in rows_of(DOMAIN / "province_calibration.csv")
    }
    assert shipped == table


def test_parts_that_should_add_up_do() -> None:
    quarantine = rows_of(FACTS / "national_quarantine.csv")
    parts = ("occupied_hospital", "occupied_centralised", "occupied_home")
    for row in quarantine:
        assert int(row["occupied"]) == sum(int(row[part]) for part in parts)
    severe = rows_of(FACTS / "national_severity.csv")[0]
    assert sum(int(v) for k, v in severe.items() if k not in TEXTS) == 6417
    whole = [
        r
        for r in rows_of(FACTS / "national_doses.csv")
        if r["date"] in ("2021-09-01", "2021-09-18")
    ]
    for row in whole:
        assert int(row["doses_cumulative"]) == int(row["dose1_cumulative"]) + int(
            row["dose2_cumulative"]
        )
    days = defaultdict(int)
    for row in rows_of(FACTS / "province_daily.csv"):
        days[row["date"]] += int(row["cases"])
    assert dict(days) == {
        "2021-08-20": 10650,
        "2021-09-11": 11927,
        "2021-09-19": 10025,
        "2021-09-21": 11687,
        "2021-10-14": 3088,
        "2022-01-01": 14822,
        "2022-01-22": 15658,
    }


def test_every_file_has_its_mapping_and_names_its_sources() -> None:
    files = sorted(FACTS.glob("*.csv"))
    assert len(files) == 12
    for path in files:
        assert path.with_suffix(".toml").is_file(), path.name
        assert all(row["source"].startswith("http") for row in rows_of(path)), path.name
