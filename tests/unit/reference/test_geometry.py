"""Winding, points, boxes and tiles."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.errors import PackError
from data_access.reference.geometry import (
    bbox,
    centroid,
    compact_json,
    outer_rings,
    read_boundaries,
    rewind,
    ring_area,
    tile_grid,
)

SQUARE = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0]]
HOLE = [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0], [1.0, 1.0]]
ISLAND = [[10.0, 10.0], [11.0, 10.0], [11.0, 11.0], [10.0, 11.0], [10.0, 10.0]]


def collection(*geometries: dict[str, object]) -> dict[str, object]:
    features = [
        {"type": "Feature", "properties": {"code": number}, "geometry": geometry}
        for number, geometry in enumerate(geometries)
    ]
    return {"type": "FeatureCollection", "features": features}


MIXED = collection(
    {"type": "Polygon", "coordinates": [SQUARE[::-1], HOLE]},
    {"type": "MultiPolygon", "coordinates": [[SQUARE], [ISLAND[::-1]]]},
    {"type": "Point", "coordinates": [1.0, 2.0]},
)


@pytest.mark.parametrize("clockwise", [True, False])
def test_rewinding_turns_outer_rings_one_way_and_holes_the_other(clockwise: bool) -> None:
    polygon, parts, point = (
        feature["geometry"] for feature in rewind(MIXED, clockwise=clockwise)["features"]
    )
    outer, hole = polygon["coordinates"]
    assert (ring_area(outer) < 0, ring_area(hole) > 0) == (clockwise, clockwise)
    assert all((ring_area(ring) < 0) == clockwise for ring in outer_rings(parts))
    assert point == {"type": "Point", "coordinates": [1.0, 2.0]}


def test_rewinding_there_and_back_gives_the_same() -> None:
    once = rewind(MIXED, clockwise=False)
    assert rewind(rewind(once, clockwise=True), clockwise=False) == once


def test_centroid_is_that_of_the_largest_polygon() -> None:
    assert centroid(MIXED["features"][1]["geometry"]) == (2.0, 2.0)  # type: ignore[index]
    assert centroid({"type": "Point", "coordinates": [1.0, 2.0]}) is None
    flat = [[1.0, 1.0], [2.0, 2.0], [1.0, 1.0]]
    assert centroid({"type": "Polygon", "coordinates": [flat]}) == (1.0, 1.0)


def test_compact_json_keeps_accents() -> None:
    assert compact_json({"name": "Đà Nẵng"}) == '{"name":"Đà Nẵng"}'.encode()


def test_box_of_all_and_of_some() -> None:
    assert bbox(MIXED) == (0.0, 0.0, 11.0, 11.0)
    assert bbox(MIXED, codes=frozenset()) is None


def test_codes_are_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "boundaries-province-1.geojson"
    path.write_text(json.dumps(MIXED), encoding="utf-8")
    codes = [feature["properties"]["code"] for feature in read_boundaries(path)["features"]]
    assert codes == ["0", "1", "2"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"features": 3}'])
def test_a_file_that_is_no_map_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "boundaries-province-1.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match="boundaries-province-1.geojson"):
        read_boundaries(path)


POINTS = st.lists(
    st.tuples(st.floats(100, 118, allow_nan=False), st.floats(0, 24, allow_nan=False)),
    min_size=1,
    max_size=70,
)


@given(POINTS, st.booleans())
def test_every_area_has_a_tile_of_its_own(points: list[tuple[float, float]], placed: bool) -> None:
    areas = pl.DataFrame(
        {
            "code": [f"{n:02}" for n in range(len(points))],
            "name": [f"N{n % 7}" for n in range(len(points))],
            "lon": [x if placed else None for x, _ in points],
            "lat": [y for _, y in points],
        },
        schema_overrides={"lon": pl.Float64},
    )
    tiles = tile_grid(areas)
    assert sorted(tiles["code"]) == sorted(areas["code"])
    assert tiles.select("column", "row").is_unique().all()
    assert tiles["column"].min() >= 0  # type: ignore[operator]
    assert tile_grid(areas.reverse()).sort("code").equals(tiles.sort("code"))


def test_north_is_up_and_west_is_left() -> None:
    areas = pl.DataFrame(
        {"code": ["a", "b", "c", "d"], "name": ["", "", "", ""], "lon": [1.0, 2.0, 1.0, 2.0],
         "lat": [2.0, 2.0, 1.0, 1.0]}
    )  # fmt: skip
    assert tile_grid(areas).rows() == [("a", 0, 0), ("b", 1, 0), ("c", 0, 1), ("d", 1, 1)]


def test_no_areas_give_no_tiles() -> None:
    schema = {"code": pl.String, "name": pl.String, "lon": pl.Float64, "lat": pl.Float64}
    assert tile_grid(pl.DataFrame(schema=schema)).is_empty()
