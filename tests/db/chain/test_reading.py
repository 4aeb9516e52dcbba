"""Time at each step and where it stalls, as each viewer may see it."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from data_access.chain.lists import cases, graph_at
from data_access.chain.reading import stalls, steps
from data_access.chain.refresh import refresh
from data_access.errors import ScopeDenied
from tests.chain_world import ZONE, Batch, Version, deliver, hours
from tests.conftest import Database
from tests.cube_world import World, make_world

pytestmark = pytest.mark.db
DAY = date(2021, 8, 1)
LATER = DAY + timedelta(days=4)


def contact(number: int, *, province: int, **told: object) -> Version:
    of = {"index_case_id": "A", "class": "F1", "identified_ts": hours(1), **told}
    return Version("contact", f"k{number}", of, province=province)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """Province 01: case A, two contacts reached after 2 h and 30 h, one waiting. 02: one waits."""
    made = make_world(database.engine, tmp_path / "pack")
    one, two = made.areas.id_of("01", "old"), made.areas.id_of("02", "old")
    case = {"case_day": DAY, "province_code": "01", "person_ref": "p0"}
    other = {"case_day": DAY, "province_code": "02", "infector_id": "A"}
    batches = [
        Batch(0, "case", (Version("case", "A", case, province=one),
                          Version("case", "B", other, province=two))),
        Batch(1, "contact", (
            contact(1, province=one, reached_ts=hours(3)),
            contact(2, province=one, reached_ts=hours(31), quarantined_ts=hours(31)),
            contact(3, province=one),
            contact(4, province=two),
        )),
    ]  # fmt: skip
    for batch in batches:
        deliver(database.engine, batch, tmp_path)
    refresh(database.engine, clock=lambda: hours(100), zone=ZONE)
    return made


def reached(found: pl.DataFrame) -> list[dict[str, object]]:
    return found.filter(pl.col("step") == "listed_to_reached").drop("step").to_dicts()


def test_the_nation(world: World) -> None:
    found = steps(world.cube, viewer=world.viewer(), start=DAY, end=LATER)
    (row,) = reached(found)
    assert row == {
        "area_code": "XX", "date": DAY, "n_started": 4, "n_done": 2, "n_open": 2,
        "p50_hours": 2.0, "p90_hours": pytest.approx(29.6), "share_24h": 0.25, "share_48h": 0.5,
    }  # fmt: skip
    assert found["step"].unique(maintain_order=True).to_list() == [
        "case_to_listed", "listed_to_reached", "reached_to_quarantined", "quarantined_to_tested",
    ]  # fmt: skip


def test_a_province_sees_its_own(world: World) -> None:
    viewer = world.viewer("province:02")
    (row,) = reached(steps(world.cube, viewer=viewer, start=DAY, end=LATER))
    assert (row["area_code"], row["n_started"], row["n_done"]) == ("02", 1, 0)
    assert (row["p50_hours"], row["share_24h"]) == (None, 0.0)
    with pytest.raises(ScopeDenied):
        steps(world.cube, viewer=viewer, start=DAY, end=LATER, areas=["01"])
    assert set(stalls(world.cube, viewer=viewer, day=LATER)["area_code"]) == {"02"}


def test_where_it_stalls_worst_first(world: World) -> None:
    found = stalls(world.cube, viewer=world.viewer(), day=LATER, areas=["01", "02"])
    assert list(found.select("step", "area_code", "n_waiting", "n_late", "oldest").iter_rows()) == [
        ("case_to_listed", "02", 1, 1, "03-06"),
        ("listed_to_reached", "01", 1, 1, "03-06"),
        ("listed_to_reached", "02", 1, 1, "03-06"),
        ("quarantined_to_tested", "01", 1, 1, "03-06"),
        ("reached_to_quarantined", "01", 1, 1, "03-06"),
    ]
    same_day = stalls(world.cube, viewer=world.viewer(), day=DAY)
    assert same_day["n_late"].sum() == 0
    assert same_day["n_waiting"].sum() == 5


def test_as_of_before_the_contacts_nobody_was_listed(world: World) -> None:
    viewer = world.viewer(now=hours(0))
    found = steps(world.cube, viewer=viewer, start=DAY, end=DAY)
    assert found.select("step", "n_started", "n_done").rows() == [("case_to_listed", 2, 0)]


def test_lists_are_cut_to_the_viewer(world: World) -> None:
    engine = world.engine
    assert cases(engine, viewer=world.viewer())["case_id"].to_list() == ["A", "B"]
    own = graph_at(engine, viewer=world.viewer("province:02"))
    assert (own.ids.to_list(), own.n_unknown) == (["B"], 1)
    with pytest.raises(ScopeDenied):
        cases(engine, viewer=world.viewer("press"))
    assert cases(engine, viewer=world.viewer(now=hours(-1))).is_empty()
