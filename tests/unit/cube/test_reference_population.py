"""The population of the pack as a measure, until a census is delivered."""

from datetime import date
from typing import Any

from data_access.codes import Level
from data_access.cube.query import Ask, figures
from data_access.viewer import parse_viewer
from tests.cube_world import DAY, NOW, Cell
from tests.memory_cube import MemoryCube

CENSUS_DAY = date(2019, 4, 1)


def rows(*cells: Cell, role: str = "national", **ask: Any) -> list[tuple[object, ...]]:
    asked = Ask(ids=("population",), **ask)
    found = figures(MemoryCube(cells), asked, viewer=parse_viewer(role, now=NOW))  # type: ignore[arg-type]
    names = ("date", "area_code", ask.get("by") or "id", "value", "status", "source")
    return found.select(names).rows()


def test_before_a_census_the_population_is_the_packs_with_its_source() -> None:
    assert rows() == [(CENSUS_DAY, "XX", "population", 350_000.0, "", "census")]
    assert [row[3] for row in rows(level=Level.PROVINCE)] == [100_000.0, 50_000.0, 200_000.0]


def test_it_stands_on_every_day_asked_for() -> None:
    assert [row[0] for row in rows(start=DAY, end=DAY)] == [DAY]


def test_by_group() -> None:
    found = rows(level=Level.PROVINCE, areas=("01",), by="group")
    assert [(row[2], row[3]) for row in found] == [("18+", 60_000.0), ("all", 100_000.0)]


def test_a_level_without_one_is_missing_not_zero() -> None:
    found = rows(level=Level.DISTRICT)
    assert [(row[1], row[3], row[4], row[5]) for row in found] == [
        ("011", None, "not_reported", ""),
        ("012", None, "not_reported", ""),
    ]


def test_a_province_reads_its_own() -> None:
    assert rows(role="province:02") == [(CENSUS_DAY, "02", "population", 50_000.0, "", "census")]


def test_a_delivered_census_comes_instead() -> None:
    delivered = Cell(measure="population", value=7, source="new-census")
    assert rows(delivered) == [(DAY, "XX", "population", 7.0, "", "new-census")]
