"""Answers of random cubes equal a recomputation in plain Python, cell by cell."""

from collections import defaultdict
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from data_access.codes import Level
from data_access.cube.query import Ask, answer, figures
from data_access.viewer import parse_viewer
from tests.cube_world import DAY, NOW, Cell
from tests.memory_cube import MemoryCube

LEVELS = {"XX": 0, "01": 1, "02": 1, "03": 1, "011": 2, "012": 2}
PARENT = {"011": "01", "012": "01"}
SOURCES = {"a": 100, "b": 100, "c": 10, "d": 100, "e": 10}
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
cubes = st.lists(cells, max_size=16, unique_by=lambda c: (c.day, c.area, c.dims, c.source)).map(
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


def founders(cube: list[Cell]) -> dict[tuple[str, int], str]:
    """(source, level) → founder of its family there: the first with which it shares no area."""
    result: dict[tuple[str, int], str] = {}
    for level in (0, 1, 2):
        areas: dict[str, set[str]] = defaultdict(set)
        for cell in cube:
            if LEVELS[cell.area] == level:
                areas[cell.source].add(cell.area)
        found: dict[str, set[str]] = {}
        for source in sorted(areas):
            for founder, taken in found.items():
                if SOURCES[founder] == SOURCES[source] and not taken & areas[source]:
                    taken.update(areas[source])
                    result[source, level] = founder
                    break
            else:
                found[source] = set(areas[source])
                result[source, level] = source
    return result


def recomputed(cube: list[Cell], level: int, by: str) -> dict[tuple[date, str, str], float]:
    """(day, area, code) → value, by the words of the rule and nothing else."""
    result: dict[tuple[date, str, str], float] = {}
    family = founders(cube)
    for day in {cell.day for cell in cube}:
        choices = []
        cuts: dict[tuple[str, int], set[tuple[int, str]]] = defaultdict(set)
        for cell in cube:
            dims, at = dims_of(cell.dims), LEVELS[cell.area]
            if cell.day != day or at < level or (by and by not in dims):
                continue
            far = 9 if level == at == 0 else at - level
            choices.append((cell.precedence, family[cell.source, at], far, at))
            cuts[cell.source, at].add((len(dims) - bool(by), ",".join(sorted(dims))))
        if not choices:
            continue
        _, founder, _, part_level = min(choices)
        sums: dict[tuple[str, str], float] = defaultdict(float)
        for cell in cube:
            dims, place = dims_of(cell.dims), (cell.source, part_level)
            is_chosen = cell.day == day and LEVELS[cell.area] == part_level and place in cuts
            if (
                is_chosen
                and family[place] == founder
                and SOURCES[cell.source] == SOURCES[founder]
                and ",".join(sorted(dims)) == min(cuts[place])[1]
            ):
                to = target(cell.area, level)
                assert to is not None
                sums[to, dims[by] if by else ""] += cell.value or 0.0
        for (to, code), value in sums.items():
            result[day, to, code] = value
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


@given(cubes, st.sampled_from(sorted(ASKED)))
def test_no_figure_has_two_sources_of_one_area(cube: list[Cell], level: Level) -> None:
    viewer = parse_viewer("national", now=NOW)
    found = figures(MemoryCube(cube), Ask(ids=("cases",), level=level), viewer=viewer)  # type: ignore[arg-type]
    areas: dict[tuple[str, int], set[str]] = defaultdict(set)
    for cell in cube:
        areas[cell.source, LEVELS[cell.area]].add(cell.area)
    for row in found.filter(found["status"] == "").iter_rows(named=True):
        used = row["source"].split(" + ")
        at = {"national": 0, "province": 1, "district": 2}[row["part_level"]]
        counted = [area for source in used for area in areas[source, at]]
        assert len(counted) == len(set(counted))
        assert len({SOURCES[source] for source in used}) == 1
