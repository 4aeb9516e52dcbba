"""When a running total may be summed from a table's daily figures, and what it yields to."""

from datetime import timedelta

from tests.cube_world import DAY, Cell
from tests.unit.cube.test_resolve import asked

TOTAL = "cases_cumulative"


def daily(*offsets: int, source: str = "a", **more: object) -> list[Cell]:
    """Ten cases on each of the days that lie `offsets` after DAY."""
    return [
        Cell(area="01", value=10, day=DAY + timedelta(days=n), source=source, **more)  # type: ignore[arg-type]
        for n in offsets
    ]


def on(offset: int, cells: list[Cell]) -> tuple[str, float | None, str]:
    day = DAY + timedelta(days=offset)
    (found,) = asked(cells, TOTAL, start=day, end=day)
    return found


def test_a_table_without_holes_is_summed() -> None:
    assert on(-1, daily(-9, -8, -1)) == ("XX", 30.0, "")


def test_a_table_with_a_hole_of_more_than_a_week_is_not() -> None:
    assert on(-1, daily(-10, -9, -1))[1] is None


def test_records_are_summed_whatever_the_days_between() -> None:
    assert on(-1, daily(-40, -1, origin="records", precedence=10)) == ("XX", 20.0, "")


def test_a_reported_total_comes_before_one_summed_from_a_preferred_table() -> None:
    reported = Cell(measure=TOTAL, area="01", value=77, source="b", day=DAY, precedence=200)
    cells = [*daily(-2, -1, 0, precedence=20), reported]
    assert on(0, cells) == ("XX", 77.0, "")
    assert on(-1, cells) == ("XX", 20.0, "")
