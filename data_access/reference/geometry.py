"""GeoJSON geometry without a geometry library: winding, points, boxes, and a tile layout. Pure.

Coordinates are (longitude, latitude) in degrees, EPSG:4326.
"""

import json
import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from data_access.errors import PackError

Ring = list[list[float]]
Feature = dict[str, Any]
Collection = dict[str, Any]
Box = tuple[float, float, float, float]
EARTH_KM = 6371.0088  # mean radius


def read_boundaries(path: Path) -> Collection:
    """Return a map file with codes as text and rings as GeoJSON wants them.

    Outer rings counter-clockwise, holes clockwise: what pydeck takes.

    Raises:
        PackError: if the file cannot be read as GeoJSON.
    """
    try:
        collection: Collection = json.loads(path.read_text(encoding="utf-8-sig"))
        features = [_with_text_code(feature) for feature in collection["features"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackError(f"{path.name}: is not a GeoJSON FeatureCollection") from error
    return rewind({"type": "FeatureCollection", "features": features}, clockwise=False)


def _with_text_code(feature: Feature) -> Feature:
    properties = feature.get("properties") or {}
    code = properties.get("code")
    known = properties if code is None else properties | {"code": str(code)}
    return feature | {"properties": known}


def compact_json(collection: Collection) -> bytes:
    """Return the collection as UTF-8 JSON without spaces, to send to a browser."""
    text = json.dumps(collection, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def rewind(collection: Collection, *, clockwise: bool) -> Collection:
    """Return the collection with all outer rings one way round and holes the other.

    pydeck takes counter-clockwise; Plotly's geo subplot fills the rest of the globe unless the
    outer ring is clockwise. Points and lines pass through.
    """
    features = [
        feature | {"geometry": _rewound(feature["geometry"], clockwise=clockwise)}
        for feature in collection["features"]
    ]
    return collection | {"features": features}


def _rewound(geometry: dict[str, Any], *, clockwise: bool) -> dict[str, Any]:
    if geometry["type"] == "Polygon":
        rings = _turned(geometry["coordinates"], clockwise=clockwise)
        return geometry | {"coordinates": rings}
    if geometry["type"] == "MultiPolygon":
        parts = [_turned(part, clockwise=clockwise) for part in geometry["coordinates"]]
        return geometry | {"coordinates": parts}
    return geometry


def _turned(rings: list[Ring], *, clockwise: bool) -> list[Ring]:
    turned = []
    for number, ring in enumerate(rings):
        wants_clockwise = clockwise if number == 0 else not clockwise
        is_clockwise = ring_area(ring) < 0
        turned.append(ring if is_clockwise == wants_clockwise else ring[::-1])
    return turned


def ring_area(ring: Ring) -> float:
    """Return the signed area of a closed ring in square degrees; positive: counter-clockwise."""
    x0, y0 = ring[0][:2]  # relative to a corner, so that small rings keep their digits
    pairs = zip(ring, ring[1:], strict=False)
    return sum((a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0) for a, b in pairs) / 2


def surface_km2(geometry: dict[str, Any]) -> float:
    """Return the surface of a geometry's polygons on a sphere, holes taken out; 0 for points."""
    if geometry["type"] == "Polygon":
        parts = [geometry["coordinates"]]
    else:
        parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else []
    return sum(
        _ring_km2(ring) * (1 if number == 0 else -1)
        for rings in parts
        for number, ring in enumerate(rings)
    )


def _ring_km2(ring: Ring) -> float:
    # Chamberlain and Duquette 2007: exact between circles of latitude, good for small edges.
    pairs = zip(ring, ring[1:], strict=False)
    total = sum(
        math.radians(b[0] - a[0])
        * (2 + math.sin(math.radians(a[1])) + math.sin(math.radians(b[1])))
        for a, b in pairs
    )
    return abs(total) * EARTH_KM**2 / 2


@cache
def surfaces_of(path: Path) -> Mapping[str, float]:
    """Return the surface of every area of a map file by code, km²; read once.

    Raises:
        PackError: if the file cannot be read as GeoJSON.
    """
    found: dict[str, float] = {}
    for feature in read_boundaries(path)["features"]:
        code = str(feature["properties"]["code"])
        found[code] = found.get(code, 0.0) + surface_km2(feature["geometry"])
    return found


def outer_rings(geometry: dict[str, Any]) -> Iterator[Ring]:
    """Yield the outer ring of each polygon of a geometry; nothing for points and lines."""
    if geometry["type"] == "Polygon":
        yield geometry["coordinates"][0]
    elif geometry["type"] == "MultiPolygon":
        yield from (part[0] for part in geometry["coordinates"])


def centroid(geometry: dict[str, Any]) -> tuple[float, float] | None:
    """Return (lon, lat) of the centroid of the largest polygon; None if there is none.

    The largest alone: the middle of a province and its far islands would lie in the sea.
    """
    rings = list(outer_rings(geometry))
    if not rings:
        return None
    ring = max(rings, key=lambda one: abs(ring_area(one)))
    area = ring_area(ring)
    x0, y0 = ring[0][:2]
    if area == 0:
        return x0, y0
    x = y = 0.0
    for a, b in zip(ring, ring[1:], strict=False):
        ax, ay, bx, by = a[0] - x0, a[1] - y0, b[0] - x0, b[1] - y0
        weight = ax * by - bx * ay
        x, y = x + (ax + bx) * weight, y + (ay + by) * weight
    return x0 + x / (6 * area), y0 + y / (6 * area)


def bbox(collection: Collection, *, codes: frozenset[str] | None = None) -> Box | None:
    """Return (west, south, east, north) of all polygons, or of the areas named; None if none."""
    points = [
        point
        for feature in collection["features"]
        if codes is None or feature["properties"].get("code") in codes
        for ring in outer_rings(feature["geometry"])
        for point in ring
    ]
    if not points:
        return None
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return min(lons), min(lats), max(lons), max(lats)


def tile_grid(areas: pl.DataFrame) -> pl.DataFrame:
    """Return a tile per area, for countries without boundaries.

    Shape: code, column, row (Int64, from 0; row 0 in the north); one row per area, no two on the
        same tile.
    Needs: code, name, lon, lat (degrees; may be null).
    Method: with every point known, rows of near-equal length from north to south, each from west
        to east, as many rows as the country is tall; else a square in alphabetical order.
    """
    n_areas = areas.height
    if n_areas == 0:
        return pl.DataFrame(schema={"code": pl.String, "column": pl.Int64, "row": pl.Int64})
    is_placed = areas.select(pl.col("lon", "lat").is_not_null().all()).row(0) == (True, True)
    if not is_placed:
        width = math.ceil(math.sqrt(n_areas))
        order = areas.sort("name", "code").with_row_index("place")
        return order.select(
            "code",
            column=(pl.col("place") % width).cast(pl.Int64),
            row=(pl.col("place") // width).cast(pl.Int64),
        )
    n_rows = _rows_for(areas)
    north = areas.sort(["lat", "code"], descending=[True, False]).with_row_index("place")
    return (
        north.with_columns(row=(pl.col("place").cast(pl.Int64) * n_rows) // n_areas)
        .with_columns(_column_within_row(n_areas, n_rows))
        .select("code", "column", "row")
        .sort("row", "column")
    )


def _rows_for(areas: pl.DataFrame) -> int:
    west, east, south, north = areas.select(
        pl.col("lon").min(), pl.col("lon").max().alias("e"), pl.col("lat").min(),
        pl.col("lat").max().alias("n"),
    ).row(0)  # fmt: skip
    width = max((east - west) * math.cos(math.radians((north + south) / 2)), 1e-6)
    height = max(north - south, 1e-6)
    return min(max(round(math.sqrt(areas.height * height / width)), 1), areas.height)


def _column_within_row(n_areas: int, n_rows: int) -> pl.Expr:
    # Shorter rows are centred, so that the outline stays even.
    widest = math.ceil(n_areas / n_rows)
    rank = pl.struct("lon", "code").rank("ordinal").over("row").cast(pl.Int64) - 1
    return (rank + (widest - pl.len().over("row").cast(pl.Int64)) // 2).alias("column")
