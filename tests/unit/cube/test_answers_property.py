"""Answers of random cubes equal a recomputation in plain Python, cell by cell."""

from collections import defaultdict
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from data_access.codes import Level
from data_access.cube.query import Ask, answer
from data_access.viewer import parse_viewer
from tests.cube_world import DAY, NOW, Cell
from tests.memory_cube import MemoryCube

LEVELS = {"XX": 0, "01": 1, "02": 1, "03": 1, "011": 2, "012": 2}
PARENT = {"011": "01", "012": "01"}
SOURCES = {"a": 100, "b": 100, "c": 10}
DIMS = ("", "severity=nhe", "severity=nang", "detected_in=x|severity=nhe")
ASKED = {Level.NATIONAL: 0, Level.PROVINCE: 1, Level.DISTRICT: 2}

cells = st.builds(
    Cell,
    day=st.integers(0, 3).map(lambda n: DAY + timedelta(days=n)),
    area=st.sampled_from(sorted(LEVELS)),
    dims=st.sampled_from(DIMS),
    source=st.sampled_from(sorted(SOURCES)),
    value=st.integers(-5, 50).map(float),
)
cubes = st.lists(cells, max_size=25, unique_by=lambda c: (c.day, c.area, c.dims, c.source)).map(
    lambda made: [Cell(**{**cell.__dict__, "precedence": SOURCES[cell.source]}) for cell in made]
)


def dims_of(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split("|")) if text else {}


def target(area: str, level: int) -> str | None:
    if LEVELS[area] < level:
        return None
    if level == 0:
        return "XX"
    return area if LEVELS[area] == level else PARENT[area]


def recomputed(cube: list[Cell], level: int, by: str) -> dict[tuple[date, str, str], float]:
    """(day, area, code) → value, by the words of the rule and nothing else."""
    result: dict[tuple[date, str, str], float] = {}
    for day in {cell.day for cell in cube}:
        choices = []
        for cell in cube:
            dims = dims_of(cell.dims)
            if cell.day != day or LEVELS[cell.area] < level or (by and by not in dims):
                continue
            far = LEVELS[cell.area] - level
            if level == 0 and far == 0:
                far = 9
            extra = len(dims) - (1 if by else 0)
            cut = ",".join(sorted(dims))
            choices.append((cell.precedence, cell.source, far, extra, cut))
        if not choices:
            continue
        _, source, far, _, cut = min(choices)
        part_level = level + (0 if far == 9 else far)
        sums: dict[tuple[str, str], float] = defaultdict(float)
        for cell in cube:
            dims = dims_of(cell.dims)
            if (
                cell.day == day
                and cell.source == source
                and LEVELS[cell.area] == part_level
                and ",".join(sorted(dims)) == cut
            ):
                place = target(cell.area, level)
                assert place is not None
                sums[place, dims[by] if by else ""] += cell.value or 0.0
        for (place, code), value in sums.items():
            result[day, place, code] = value
    return result


@given(cubes, st.sampled_from(sorted(ASKED)), st.sampled_from(["", "severity"]))
def test_answers_equal_a_plain_recomputation(cube: list[Cell], level: Level, by: str) -> None:
    if by and not any("severity" in cell.dims for cell in cube):
        return
    found = answer(
        MemoryCube(cube),  # type: ignore[arg-type]
        Ask(ids=("cases",), level=level, by=by),
        viewer=parse_viewer("national", now=NOW),
    )
    got = {
        (row["date"], row["area_code"], row[by] if by else ""): row["value"]
        for row in found.iter_rows(named=True)
        if not row["status"]
    }
    assert got == recomputed(cube, ASKED[level], by)
    assert all((row["value"] is None) == bool(row["status"]) for row in found.iter_rows(named=True))


@given(cubes)
def test_the_grid_is_complete(cube: list[Cell]) -> None:
    viewer = parse_viewer("national", now=NOW)
    found = answer(MemoryCube(cube), Ask(ids=("cases",), level=Level.PROVINCE), viewer=viewer)  # type: ignore[arg-type]
    if not cube:
        assert found.is_empty()
        return
    first, last = min(c.day for c in cube), max(c.day for c in cube)
    n_days = (last - first).days + 1
    assert found.height == n_days * 3
    assert found.select("date", "area_code").unique().height == found.height
    assert found.equals(found.sort("date", "area_code", "area", "id"))


@given(cubes, st.sampled_from(["01", "02", "03"]))
def test_a_province_sees_exactly_its_rows_of_the_nations_answer(
    cube: list[Cell], code: str
) -> None:
    ask = Ask(ids=("cases",), level=Level.PROVINCE, start=DAY, end=DAY + timedelta(days=3))
    memory = MemoryCube(cube)
    whole = answer(memory, ask, viewer=parse_viewer("national", now=NOW))  # type: ignore[arg-type]
    own = answer(memory, ask, viewer=parse_viewer(f"province:{code}", now=NOW))  # type: ignore[arg-type]
    assert own.rows() == [row for row in whole.rows() if row[1] == code]
