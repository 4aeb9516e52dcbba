"""Reported totals against the sum of their parts."""

from data_access.cube.discrepancies import discrepancies
from data_access.viewer import parse_viewer
from tests.cube_world import DAY, NOW, Cell
from tests.memory_cube import MemoryCube


def found(*cells: Cell, role: str = "national") -> list[tuple[object, ...]]:
    view = MemoryCube(cells).view({"cases": None}, viewer=parse_viewer(role, now=NOW))
    rows = discrepancies(view, "cases", days=(DAY, DAY), vintage="old")
    return rows.select("kind", "of", "reported", "parts", "difference").rows()


def test_a_total_that_differs_from_its_codes_is_a_finding() -> None:
    parts = [Cell(value=3, dims="severity=nhe"), Cell(value=4, dims="severity=nang")]
    assert found(Cell(value=10), *parts) == [("breakdown", "severity", 10.0, 7.0, 3.0)]
    assert found(Cell(value=7), *parts) == []


def test_a_nation_that_differs_from_its_provinces_is_a_finding() -> None:
    provinces = [Cell(area=code, value=2) for code in ("01", "02", "03")]
    nation = Cell(area="XX", value=5)
    assert found(nation, *provinces) == [("areas", "province", 5.0, 6.0, -1.0)]


def test_nothing_is_compared_across_sources_or_with_missing_provinces() -> None:
    assert found(Cell(area="XX", value=5), Cell(area="01", value=2)) == []
    assert found(Cell(value=10), Cell(value=3, dims="severity=nhe", source="other")) == []


def test_a_province_reads_its_own_findings_only() -> None:
    cells = [
        Cell(value=10),
        Cell(value=3, dims="severity=nhe"),
        Cell(area="02", value=99),
        Cell(area="02", value=1, dims="severity=nhe"),
    ]
    assert found(*cells, role="province:01") == [("breakdown", "severity", 10.0, 3.0, 7.0)]
