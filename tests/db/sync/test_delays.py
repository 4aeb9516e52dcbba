"""The reporting triangle against the cube's own answers as of every moment."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from data_access.cube.query import Ask
from data_access.errors import ScopeDenied
from data_access.estimates.nowcast import MAX_DELAY
from data_access.settings import read_settings
from data_access.shared import Shared, open_shared
from tests.conftest import Database
from tests.cube_world import NOW, Cell, World, make_world
from tests.depth import THOROUGH

pytestmark = pytest.mark.db
HOUR = NOW.replace(minute=0, second=0, microsecond=0)
TODAY = date(2021, 9, 2)
FIRST = TODAY - timedelta(days=30)
DIMS = ("detected_in=cong_dong", "detected_in=khu_cach_ly")


def evening(day: date, age: float) -> datetime:
    return HOUR - timedelta(days=(TODAY - day).days - age, hours=1)


def planted() -> list[Cell]:
    """Records of 01 and 02 by place of detection and by severity, and a table of the nation.

    01 fills up over four days; a cell of 02 is corrected downwards, another is taken back.
    """
    cells = []
    for number in range(31):
        day = FIRST + timedelta(days=number)
        for age, value in enumerate((10.0, 16.0, 19.0, 20.0 + number % 3)):
            if day + timedelta(days=age) <= TODAY:
                known = evening(day, age)
                cells += [
                    Cell(day=day, area="01", dims=DIMS[0], value=value, known=known, source="r",
                         origin="records", precedence=10),
                    Cell(day=day, area="01", dims="severity=nhe", value=value, known=known,
                         source="r", origin="records", precedence=10),
                ]  # fmt: skip
        for age, value in ((1, 8.0), (6, 5.0)):
            if day + timedelta(days=age) <= TODAY:
                known = evening(day, age)
                cells.append(Cell(day=day, area="02", dims=DIMS[1], value=value, known=known,
                                  source="r", origin="records", precedence=10))  # fmt: skip
        cells.append(Cell(day=day, area="XX", value=99.0, source="t", known=evening(TODAY, 0)))
    gone = FIRST + timedelta(days=10)
    cells.append(Cell(day=gone, area="02", dims=DIMS[1], value=None, n=0, source="r",
                      known=evening(gone, 9), origin="records", precedence=10))  # fmt: skip
    return cells


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    made = make_world(database.engine, tmp_path / "pack")
    made.put(*planted())
    return made


@pytest.fixture
def shared(world: World, database: Database) -> Iterator[Shared]:
    del world
    found = open_shared(
        read_settings({"TUYENDAU_DATABASE_URL": database.url, "TUYENDAU_NOW": NOW.isoformat()})
    )
    yield found
    found.close()


# Evenings apart: every one of them when the suite is thorough.
STEP = 1 if THOROUGH else 4


@pytest.mark.parametrize("area", [None, "01", "02"])
def test_it_is_what_the_cube_answered_on_every_evening(area, shared: Shared, world: World) -> None:
    viewer = world.viewer()
    found = shared.delays.filling("cases", area=area, sources=frozenset({"r"}), viewer=viewer)
    assert found is not None
    known, n = found.triangle.known, len(found.triangle.known)
    assert found.first + timedelta(days=n - 1) == TODAY
    compared = 0
    for ago in range(0, 23, STEP):
        seen = TODAY - timedelta(days=ago)
        ask = Ask(ids=("cases",), areas=(area,) if area else (), start=FIRST, end=seen, source="r")
        then = viewer.at(found.moment - timedelta(days=ago))
        values = dict(shared.figures(ask, viewer=then).select("date", "value").iter_rows())
        for age in range(min(MAX_DELAY, 30 - ago) + 1):
            day = seen - timedelta(days=age)
            row = (day - found.first).days
            assert known[row, age] == (values.get(day) or 0.0)
            assert ago or np.isnan(known[row, age + 1 :]).all()
            compared += 1
    assert compared > 200 // STEP


def test_evenings_before_deliveries_began_are_unknown(shared: Shared, world: World) -> None:
    viewer = world.viewer()
    found = shared.delays.filling("cases", area=None, sources=frozenset({"r"}), viewer=viewer)
    late = shared.delays.filling("cases", area=None, sources=frozenset({"t"}), viewer=viewer)
    assert found is not None
    assert late is not None
    row = (FIRST - found.first).days
    assert np.isnan(found.triangle.known[: row - MAX_DELAY]).all()
    assert not np.isnan(found.triangle.known[row, : MAX_DELAY + 1]).any()
    # All of the table came in one evening: no day was seen filling up.
    assert np.isfinite(late.triangle.known).sum() == MAX_DELAY + 1


def test_a_province_reads_its_own_alone(shared: Shared, world: World) -> None:
    own, sources = world.viewer("province:02"), frozenset({"r"})
    mine = shared.delays.filling("cases", area="02", sources=sources, viewer=own)
    theirs = shared.delays.filling("cases", area="02", sources=sources, viewer=world.viewer())
    assert mine is not None
    assert theirs is not None
    assert np.array_equal(mine.triangle.known, theirs.triangle.known, equal_nan=True)
    for area in ("01", None):
        with pytest.raises(ScopeDenied):
            shared.delays.filling("cases", area=area, sources=sources, viewer=own)


def test_what_nobody_knows_has_none(shared: Shared, world: World) -> None:
    viewer, none = world.viewer(), frozenset({"nobody"})
    assert shared.delays.filling("cases", area=None, sources=none, viewer=viewer) is None
    assert (
        shared.delays.filling("no_such", area=None, sources=frozenset({"r"}), viewer=viewer) is None
    )
    before = viewer.at(evening(FIRST, 0) - timedelta(hours=5))
    assert (
        shared.delays.filling("cases", area=None, sources=frozenset({"r"}), viewer=before) is None
    )
