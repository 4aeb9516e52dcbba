"""A figure that is worked out once for everybody is the figure of whoever asks alone."""

from collections.abc import Callable, Hashable, Sequence
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data_access.codes import Clearance, Level
from data_access.cube.query import Ask, figures
from data_access.cube.sharing import Sharing, is_whole
from data_access.errors import DataAccessError
from data_access.viewer import Viewer, parse_viewer
from tests.cube_world import DAY, NOW, Cell
from tests.memory_cube import MemoryCube

IDS = ("cases", "deaths", "incidence_7d_per_100k", "quarantine_occupied", "quarantine_occupancy",
       "test_positivity")  # fmt: skip
MEASURES = ("cases", "deaths", "quarantine_beds", "quarantine_admissions", "quarantine_discharges",
            "quarantine_occupied", "persons_tested", "persons_positive")  # fmt: skip
OLD, NEW = ("XX", "01", "02", "03", "011", "012"), ("XX", "01", "03")
WHO = (
    "national",
    "steward",
    "admin",
    "province:01",
    "province:02",
    "province:01,02",
    "province:03",
)

cells = st.builds(
    Cell,
    measure=st.sampled_from(MEASURES),
    day=st.integers(0, 4).map(lambda n: DAY + timedelta(days=n)),
    area=st.sampled_from(OLD),
    dims=st.sampled_from(["", "severity=nhe", "severity=nang"]),
    source=st.sampled_from(["a", "b", "c"]),
    value=st.integers(0, 50).map(float),
)
cubes = st.lists(
    cells, max_size=24, unique_by=lambda c: (c.measure, c.day, c.area, c.dims, c.source)
)
asks = st.builds(
    Ask,
    ids=st.lists(st.sampled_from(IDS), min_size=1, max_size=3).map(tuple),
    level=st.sampled_from([None, Level.NATIONAL, Level.PROVINCE, Level.DISTRICT]),
    areas=st.sampled_from([(), ("01",), ("02",), ("01", "03"), ("011",), ("Xứ",)]),
    vintage=st.sampled_from(["", "old", "new"]),
    start=st.just(DAY - timedelta(days=1)),
    end=st.just(DAY + timedelta(days=5)),
    by=st.sampled_from(["", "", "", "severity"]),
)


class Keeping:
    """Keeps by everything an answer of the real store is kept by, and counts what was made."""

    def __init__(self) -> None:
        self.held: dict[Hashable, pl.DataFrame] = {}
        self.made: list[tuple[object, ...]] = []

    def __call__(
        self,
        what: tuple[object, ...],
        make: Callable[[], pl.DataFrame],
        *,
        ids: Sequence[str] | None = None,
        viewer: Viewer,
    ) -> pl.DataFrame:
        assert ids
        key = (viewer, *what)
        if key not in self.held:
            self.held[key] = make()
            self.made.append(what)
        return self.held[key]


def sharing(cube: MemoryCube, kept: Keeping) -> Sharing:
    return Sharing(cube=cube, kept=kept, version=lambda *_ids, **_viewer: 1)  # type: ignore[arg-type]


def told(run: Callable[[], pl.DataFrame]) -> pl.DataFrame | tuple[str, str]:
    try:
        return run()
    except DataAccessError as error:
        return type(error).__name__, str(error)


@given(cubes, st.lists(st.tuples(asks, st.sampled_from(WHO)), min_size=1, max_size=6))
def test_every_viewer_gets_what_they_would_get_alone(
    cube: list[Cell], questions: list[tuple[Ask, str]]
) -> None:
    memory = MemoryCube(cube)
    shared = sharing(memory, Keeping())
    for ask, role in questions:
        viewer = parse_viewer(role, now=NOW)
        alone = told(lambda: figures(memory, ask, viewer=viewer))  # type: ignore[arg-type]  # noqa: B023
        together = told(lambda: shared.figures(ask, viewer=viewer))  # noqa: B023
        if isinstance(alone, tuple):
            assert together == alone
        else:
            assert isinstance(together, pl.DataFrame)
            assert_frame_equal(together, alone)


def test_the_provinces_and_the_nation_share_one_piece_of_work() -> None:
    memory = MemoryCube([Cell(area=area, value=5.0) for area in ("01", "02", "03")])
    kept = Keeping()
    shared = sharing(memory, kept)
    span = {"start": DAY, "end": DAY + timedelta(days=5)}
    for role in ("province:01", "province:02", "national"):
        areas = (role.partition(":")[2],) if ":" in role else ("03",)
        found = shared.figures(
            Ask(ids=("cases",), areas=areas, **span), viewer=parse_viewer(role, now=NOW)
        )
        assert set(found["area_code"]) == set(areas)
    assert len(kept.made) == 1


def test_ids_are_worked_out_one_by_one() -> None:
    memory = MemoryCube([Cell(value=5.0), Cell(measure="deaths", value=1.0)])
    kept = Keeping()
    shared, viewer = sharing(memory, kept), parse_viewer("national", now=NOW)
    span = {"start": DAY, "end": DAY + timedelta(days=5)}
    shared.figures(Ask(ids=("cases",), **span), viewer=viewer)
    shared.figures(Ask(ids=("deaths", "cases"), **span), viewer=viewer)
    assert len(kept.made) == 2


def test_a_commit_between_two_ids_does_not_mix_two_states() -> None:
    memory = MemoryCube([Cell(value=5.0), Cell(measure="deaths", value=1.0)])
    versions = iter([1, 2])
    kept = Keeping()
    shared = Sharing(
        cube=memory,  # type: ignore[arg-type]
        kept=kept,
        version=lambda *_ids, **_viewer: next(versions),
    )
    ask = Ask(ids=("deaths", "cases"), start=DAY, end=DAY)
    viewer = parse_viewer("national", now=NOW)
    found = shared.figures(ask, viewer=viewer)
    assert_frame_equal(found, figures(memory, ask, viewer=viewer))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("role", "vintage", "whole"),
    [
        ("national", "new", True),
        ("province:01", "old", True),
        # Province 01 of the new map was made of 01 and 02: who sees 01 alone does not see it whole.
        ("province:01", "new", False),
        ("province:03", "new", True),
    ],
)
def test_whole_is_what_has_no_part_out_of_sight(role: str, vintage: str, *, whole: bool) -> None:
    geography = MemoryCube([]).geography
    viewer = parse_viewer(role, now=NOW)
    code = role.partition(":")[2] or "01"
    area_id = geography.areas.id_of(code, vintage)
    assert is_whole(geography, 1, vintage, (area_id,), viewer=viewer) is whole


# --- sources that are less public than their measure ----------------------------------------------

closed = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([Clearance.OFFICIAL, Clearance.SENSITIVE]),
    max_size=2,
)


@settings(max_examples=40)
@given(cubes, closed, st.lists(st.tuples(asks, st.sampled_from(WHO)), min_size=1, max_size=6))
def test_a_shared_figure_is_made_of_what_its_reader_may_know_of(
    cube: list[Cell], clearances: dict[str, Clearance], questions: list[tuple[Ask, str]]
) -> None:
    """In every order of asking: the answer is that of a cube which never held the rest."""
    shared = sharing(MemoryCube(cube, clearances=clearances), Keeping())
    for ask, role in questions:
        viewer = parse_viewer(role, now=NOW)
        known = [c for c in cube if clearances.get(c.source, Clearance.PUBLIC) <= viewer.clearance]
        without = MemoryCube(known, clearances=clearances)
        alone = told(lambda: figures(without, ask, viewer=viewer))  # type: ignore[arg-type]  # noqa: B023
        together = told(lambda: shared.figures(ask, viewer=viewer))  # noqa: B023
        if isinstance(alone, tuple):
            assert together == alone
        else:
            assert isinstance(together, pl.DataFrame)
            assert_frame_equal(together, alone)


@pytest.mark.parametrize("role", ["steward", "operator", "province:01"])
@pytest.mark.parametrize("first", ["national", "", "admin"])
def test_a_sensitive_source_reaches_nobody_through_the_shared_answer(first: str, role: str) -> None:
    open_, secret = Cell(value=5.0, source="a"), Cell(value=999.0, source="c", precedence=1)
    cube = MemoryCube([open_, secret], clearances={"c": Clearance.SENSITIVE})
    shared = sharing(cube, Keeping())
    ask = Ask(ids=("cases",), level=Level.PROVINCE, areas=("01",), start=DAY, end=DAY)
    if first:
        # Whoever may see it asks first: what is kept then must not be handed on.
        whole = shared.figures(ask, viewer=parse_viewer(first, now=NOW))
        assert whole["value"].to_list() == [999.0]
    found = shared.figures(ask, viewer=parse_viewer(role, now=NOW))
    assert found["value"].to_list() == [5.0]
    assert "c" not in set(found["source"])
    again = shared.figures(ask, viewer=parse_viewer("national", now=NOW))
    assert again["value"].to_list() == [999.0]
