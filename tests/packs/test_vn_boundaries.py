"""The maps of Vietnam: sound, complete, small, and never without Hoàng Sa and Trường Sa."""

import json
from typing import Any

import polars as pl
import pytest

from data_access.reference.geometry import bbox, outer_rings, read_boundaries, ring_area
from data_access.reference.pack import Pack

shapely = pytest.importorskip("shapely", reason="package shapely missing")
geometry = pytest.importorskip("shapely.geometry", reason="package shapely missing")

KB = 1024
MAPS = [
    ("province", "63", ""),
    ("province", "63", "medium"),
    ("province", "63", "nested"),
    ("province", "34", ""),
    ("province", "34", "medium"),
    ("district", "63", ""),
]
PROVINCE_MAPS = [key for key in MAPS if key[0] == "province"]
# Boxes around the archipelagos, and how many islands the data draws in each.
HOANG_SA, TRUONG_SA = geometry.box(111, 15.5, 113, 17.2), geometry.box(113.5, 9, 116.5, 12)


@pytest.fixture(params=MAPS, ids="-".join)
def drawn(request: pytest.FixtureRequest, vn_pack: Pack) -> dict[str, Any]:
    return read_boundaries(vn_pack.boundaries[request.param]) | {"key": request.param}


def shapes_of(collection: dict[str, Any]) -> dict[str, Any]:
    return {
        feature["properties"]["code"]: geometry.shape(feature["geometry"])
        for feature in collection["features"]
    }


def test_every_code_is_drawn_once_and_validly(drawn: dict[str, Any], vn_pack: Pack) -> None:
    level, vintage, _ = drawn["key"]
    areas = vn_pack.areas.filter(pl.col("level") == level, pl.col("vintage") == vintage)
    codes = [feature["properties"]["code"] for feature in drawn["features"]]
    assert sorted(codes) == sorted(areas["code"])
    assert [code for code, shape in shapes_of(drawn).items() if not shape.is_valid] == []


def test_archipelagos_belong_to_their_area(drawn: dict[str, Any]) -> None:
    owners = ("498", "576") if drawn["key"][0] == "district" else ("48", "56")
    shapes = shapes_of(drawn)
    for owner, place, n_islands in zip(owners, (HOANG_SA, TRUONG_SA), (7, 12), strict=True):
        islands = [part for part in shapely.get_parts(shapes[owner]) if part.within(place)]
        assert len(islands) == n_islands
        others = [code for code, shape in shapes.items() if shape.intersects(place)]
        assert others == [owner]


def test_shared_borders_have_the_same_vertices_on_both_sides(drawn: dict[str, Any]) -> None:
    """No overlap, and every shared line is made of the same edges."""
    assert shapely.coverage_is_valid(list(shapes_of(drawn).values()))


def test_no_gap_between_neighbours(drawn: dict[str, Any]) -> None:
    shapes = list(shapes_of(drawn).values())
    whole = shapely.coverage_union_all(shapes)
    holes = [
        geometry.Polygon(hole).area for part in shapely.get_parts(whole) for hole in part.interiors
    ]
    assert sum(holes) < 1e-4 * whole.area


def test_rings_run_counter_clockwise(drawn: dict[str, Any]) -> None:
    rings = [ring for feature in drawn["features"] for ring in outer_rings(feature["geometry"])]
    assert all(ring_area(ring) > 0 for ring in rings)


@pytest.mark.parametrize("key", [("province", "63", ""), ("province", "34", "")], ids="-".join)
def test_smallest_maps_are_small(vn_pack: Pack, key: tuple[str, str, str]) -> None:
    assert vn_pack.boundaries[key].stat().st_size <= 150 * KB


def test_labels_and_islands_stand_alone_too(vn_pack: Pack) -> None:
    assert vn_pack.always_drawn
    features = json.loads(vn_pack.always_drawn.read_text(encoding="utf-8"))["features"]
    labels = {
        feature["properties"]["name"]
        for feature in features
        if feature["geometry"]["type"] == "Point"
    }
    assert labels == {"Quần đảo Hoàng Sa", "Quần đảo Trường Sa"}


def test_the_nation_reaches_its_islands(vn_pack: Pack) -> None:
    for key in PROVINCE_MAPS:
        box = bbox(read_boundaries(vn_pack.boundaries[key]))
        assert box is not None
        assert box[2] > 115.8
        assert box[1] < 8.7


def test_districts_nest_in_the_nested_map(vn_pack: Pack) -> None:
    provinces = shapes_of(read_boundaries(vn_pack.boundaries["province", "63", "nested"]))
    parents = dict(
        vn_pack.areas.filter(pl.col("level") == "district").select("code", "parent_code").rows()
    )
    districts = shapes_of(read_boundaries(vn_pack.boundaries["district", "63", ""]))
    for code, shape in provinces.items():
        inside = shapely.union_all([s for c, s in districts.items() if parents[c] == code])
        # Four small islands are placed circles that the outline does not draw.
        assert shape.difference(inside).area < 0.001 * shape.area, code
