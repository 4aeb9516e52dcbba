"""What is kept between questions never shows: warm or cold, every viewer gets the same answer."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_access.codes import Level
from data_access.cube.hot import HotCube
from data_access.cube.kept import Kept
from data_access.cube.query import Ask, figures
from data_access.errors import ScopeDenied
from data_access.viewer import Viewer
from tests.cube_world import KNOWN, NOW, Cell, World

IDS = (
    "cases",
    "clusters_active",
    "quarantine_occupied",
    "incidence_7d_per_100k",
    "test_positivity",
)
WHO = ("national", "province:01", "province:02", "province:01,03", "steward")


def some_cells(chance: random.Random, n: int) -> list[Cell]:
    measures = ("cases", "clusters_opened", "clusters_closed", "quarantine_admissions",
                "quarantine_discharges", "quarantine_occupied", "persons_tested",
                "persons_positive")  # fmt: skip
    return [
        Cell(
            measure=chance.choice(measures),
            day=date(2021, 7, 1) + timedelta(days=chance.randrange(60)),
            area=chance.choice(["XX", "01", "02", "03", "011"]),
            value=float(chance.randrange(1, 100)),
            source=chance.choice("abc"),
            origin=chance.choice(["records", "table"]),
            known=KNOWN - timedelta(hours=chance.randrange(120)),
        )
        for _ in range(n)
    ]


def question(chance: random.Random) -> Ask:
    start = date(2021, 7, 1) + timedelta(days=chance.randrange(60))
    return Ask(
        ids=(chance.choice(IDS),),
        level=chance.choice([Level.NATIONAL, Level.PROVINCE, Level.DISTRICT, None]),
        start=chance.choice([None, start]),
        end=chance.choice([None, start + timedelta(days=20)]),
        source=chance.choice(["", "", "a"]),
    )


def told(cube: HotCube, ask: Ask, viewer: Viewer) -> pl.DataFrame | None:
    """The answer, None where it is refused."""
    try:
        return figures(cube, ask, viewer=viewer)
    except ScopeDenied:
        return None


@pytest.mark.parametrize("seed", [1])
def test_a_cube_that_answered_others_answers_as_a_new_one(world: World, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- invented figures
    moments: list[datetime] = [NOW, NOW, KNOWN - timedelta(hours=60), KNOWN]
    for _ in range(3):
        world.put(Cell(source="a"), *some_cells(chance, 60))
        for _ in range(14):
            viewer = world.viewer(chance.choice(WHO), now=chance.choice(moments))
            ask = question(chance)
            warm, cold = told(world.cube, ask, viewer), told(world.new_cube(), ask, viewer)
            assert (warm is None) == (cold is None)
            if warm is not None and cold is not None:
                assert_frame_equal(warm, cold)


def test_a_province_is_not_answered_with_what_was_kept_for_the_nation(world: World) -> None:
    world.put(*[Cell(measure="clusters_opened", area=area, value=7) for area in ("01", "02")])
    ask = Ask(ids=("clusters_active",), level=Level.PROVINCE)
    both = figures(world.cube, ask, viewer=world.viewer())
    own = figures(world.cube, replace(ask), viewer=world.viewer("province:02"))
    assert set(both.drop_nulls("value")["area_code"]) == {"01", "02"}
    assert set(own["area_code"]) == {"02"}


def test_months_asked_for_alone_leave_nothing_behind(world: World) -> None:
    world.put(Cell(day=date(2021, 7, 5)), Cell(day=date(2021, 8, 5)))
    july = (date(2021, 7, 1), date(2021, 7, 31))
    assert world.cube.view({"cases": july}, viewer=world.viewer()).presence("cases").height == 1
    assert world.cube.view({"cases": None}, viewer=world.viewer()).presence("cases").height == 2


def test_kept_frames_stay_within_their_bytes() -> None:
    kept = Kept(max_bytes=10_000)
    for number in range(50):
        frame = pl.DataFrame({"x": list(range(100))})  # 800 bytes
        assert kept.of(number, lambda frame=frame: frame) is frame  # type: ignore[misc]
        n, size = kept.size
        assert size <= 10_000
        assert n <= 12
    large = pl.DataFrame({"x": list(range(10_000))})
    assert kept.of("large", lambda: large) is large
    assert kept.size[1] <= 10_000
