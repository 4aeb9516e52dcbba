"""The small country with a few days of figures, and its desk, on both kinds of database."""

from pathlib import Path

import pytest

from data_access.shared import Shared
from tests.conftest import Database
from tests.cube_world import DAY, Cell, World, days, make_world
from tests.db.bulletins.desk import Desk


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """The small country, without figures."""
    return make_world(database.engine, tmp_path / "pack")


@pytest.fixture
def desk(world: World) -> Desk:
    """The desk, with ten days of cases, deaths and beds in three provinces."""
    made = desk_of(world)
    cells: list[Cell] = []
    for number, area in enumerate(("01", "02", "03"), 1):
        cells += days(DAY, [100.0 * number + day for day in range(10)], area=area)
        cells += days(DAY, [2.0 * number] * 10, area=area, measure="deaths")
        cells += days(DAY, [50.0] * 10, area=area, measure="doses_in_stock")
    cells += days(DAY, [7.0] * 10, area="01", dims="detected_in=community", source="t")
    cells += days(DAY, [30.0] * 3, area="011", measure="doses", source="d")
    made.deliver("first.csv", *cells)
    return made


def desk_of(world: World, *, packs: bool = False) -> Desk:
    """Return the desk of a small country; its clock is the world's.

    Args:
        world: the country.
        packs: whether a bulletin's file is made when it is published, not when it is asked for.
    """
    cube = world.new_cube()
    shared = Shared(world.engine, lambda: world.now, areas=world.areas, cube=cube)
    if not packs:
        shared.bulletins.pack = lambda _head: None
    return Desk(world, shared)
