"""The areas in memory, on a small invented country."""

from datetime import date
from pathlib import Path

import pytest

from data_access.errors import BadUse, UnknownId
from data_access.reference.areas import Areas
from data_access.reference.definition import from_json, to_json
from data_access.reference.pack import load_pack
from tests.unit.reference.factories import write_pack, write_small_pack


@pytest.fixture
def areas(tmp_path: Path) -> Areas:
    return Areas.from_pack(load_pack(write_pack(tmp_path)))


def test_areas_are_numbered_by_vintage_level_and_code(areas: Areas) -> None:
    assert areas.frame.select("area_id", "code", "vintage").rows() == [
        (1, "XX", "old"),
        (2, "01", "old"),
        (3, "02", "old"),
        (4, "03", "old"),
        (5, "011", "old"),
        (6, "XX", "new"),
        (7, "01", "new"),
        (8, "03", "new"),
    ]


def test_ids_need_code_and_vintage(areas: Areas) -> None:
    assert areas.id_of("01", "before") == 2
    assert areas.id_of("01", "new") == 7
    with pytest.raises(UnknownId, match="no area '02' in vintage 'new'"):
        areas.id_of("02", "new")
    with pytest.raises(UnknownId):
        areas.row(99)


def test_levels_children_and_provinces(areas: Areas) -> None:
    assert areas.at("province", "old")["code"].to_list() == ["01", "02", "03"]
    assert areas.children(1)["code"].to_list() == ["01", "02", "03"]
    assert areas.children(1, level="district")["code"].to_list() == ["011"]
    assert areas.children(2)["code"].to_list() == ["011"]
    assert areas.children(3).is_empty()
    assert [areas.province_of(number) for number in (1, 2, 5)] == [None, 2, 2]


def test_successors(areas: Areas) -> None:
    assert areas.successors() == {2: 7, 3: 7, 4: 8, 1: 6}


@pytest.mark.parametrize(
    ("day", "vintage"),
    [
        (date(1999, 12, 31), "old"),
        (date(2019, 12, 31), "old"),
        (date(2020, 1, 1), "new"),
        (date(2030, 1, 1), "new"),
    ],
)
def test_vintage_in_force(areas: Areas, day: date, vintage: str) -> None:
    assert areas.vintage_on(day) == vintage


def test_vintages_have_other_names(areas: Areas) -> None:
    assert areas.resolve_vintage("BEFORE") == "old"
    assert areas.resolve_vintage(None) == "new"
    with pytest.raises(BadUse, match="choose from old, new"):
        areas.resolve_vintage("future")


def test_population_by_group_is_its_default_source(areas: Areas) -> None:
    people = areas.population("all", "new")
    assert people.rows() == [
        (6, 157, "census", date(2019, 4, 1)),
        (7, 150, "census", date(2019, 4, 1)),
        (8, 7, "census", date(2019, 4, 1)),
    ]
    assert areas.population("all:estimate", "new")["population"].to_list() == [8]
    assert areas.population("18+", "new").is_empty()
    with pytest.raises(UnknownId, match="choose from all, 18"):
        areas.population("60+", "new")


def test_neighbours_longest_border_first(areas: Areas) -> None:
    assert areas.neighbours(3).rows() == [(2, 12.5), (4, None)]
    assert areas.neighbours(2).rows() == [(3, 12.5)]
    assert areas.neighbours(5).is_empty()


def test_index_carries_ids(areas: Areas) -> None:
    assert areas.index.match(["uno"])["area_id"].to_list() == [2]


def test_country_survives_its_json(areas: Areas) -> None:
    text = to_json(areas.country)
    assert to_json(from_json(text)) == text
    assert from_json(text).vintages == areas.country.vintages


def test_country_of_one_undated_vintage(tmp_path: Path) -> None:
    areas = Areas.from_pack(load_pack(write_small_pack(tmp_path / "yy")))
    assert areas.vintage_on(date(1800, 1, 1)) == "2021"
    assert areas.successors() == {}
    with pytest.raises(UnknownId, match="choose from none"):
        areas.population("all", "2021")
