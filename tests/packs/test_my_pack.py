"""Another country is data, not code."""

import csv
from pathlib import Path

import polars as pl
import pytest

from data_access.reference.areas import Areas
from data_access.reference.geometry import tile_grid
from data_access.reference.pack import Pack

TABLES = ("cases_state", "hospital", "pkrc", "vax_state", "checkin_state", "deaths_state")


def test_states_add_up_to_the_nation(my_pack: Pack) -> None:
    areas = Areas.from_pack(my_pack)
    nation = areas.nation_id("2021")
    for group, total in (("all", 32_657_400), ("18+", 23_409_600), ("60+", 3_502_000)):
        people = areas.population(group, "2021")
        states = people.filter(pl.col("area_id") != nation)
        assert people.filter(pl.col("area_id") == nation)["population"].to_list() == [total]
        assert states.height == 16
        # The ministry rounds each state to hundreds.
        assert states["population"].sum() == pytest.approx(total, rel=1e-3)


@pytest.mark.parametrize("table", TABLES)
def test_every_state_of_a_delivered_table_is_found(my_pack: Pack, shared: Path, table: str) -> None:
    with (shared / "data" / "my" / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        names = sorted({row["state"] for row in csv.DictReader(lines)})
    found = Areas.from_pack(my_pack).index.match(names, level="province")
    assert found["code"].null_count() == 0
    assert found["code"].n_unique() == len(names)


@pytest.mark.parametrize(
    ("written", "code"),
    [("WP Kuala Lumpur", "14"), ("kuala lumpur", "14"), ("Penang", "07"), ("WP Putrajaya", "16")],
)
def test_other_spellings_are_found(my_pack: Pack, written: str, code: str) -> None:
    assert Areas.from_pack(my_pack).index.match([written])["code"].to_list() == [code]


def test_without_boundaries_there_is_a_tile_for_each_state(my_pack: Pack) -> None:
    assert my_pack.boundaries == {}
    tiles = tile_grid(my_pack.areas.filter(pl.col("level") == "province"))
    assert tiles.height == 16
    assert tiles.select("column", "row").is_unique().all()


def test_country_is_malaysia(my_pack: Pack) -> None:
    assert (my_pack.code, my_pack.time_zone) == ("MY", "Asia/Kuala_Lumpur")
    assert [one.id for one in my_pack.denominators] == ["all", "18+", "60+"]
