"""Builds the Vietnam country pack from the shared data; run by hand, its result is committed.

    python -m scripts.build_vn_pack --shared ../shared

It reads only files, or figures of files, marked SHIP in `data/PROVENANCE.md`, and for the wards two
packages of PyPI, fetched into a folder that is thrown away. It needs shapely, which the product
itself does not. The same input gives the same bytes.
"""

import argparse
import csv
import json
import math
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from shapely.geometry import MultiPolygon, Polygon, mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient
from shapely.ops import unary_union

from scripts.vn_wards import Ward, fetch, wards_of_2021, wards_of_2025

Row = dict[str, str]
Shapes = dict[str, BaseGeometry]

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "data_access" / "packs" / "vn"
OLD, NEW = "63", "34"
VALID = {OLD: ("2008-08-01", "2025-06-30"), NEW: ("2025-07-01", "")}
KM_PER_DEGREE_LON, KM_PER_DEGREE_LAT = 111.32, 110.574
# Mainland label points; the archipelagos have their own, in the archipelago file.
NATION_POINT = ("106.3", "16.2")
AREA_COLUMNS = [
    "code", "vintage", "level", "parent_code", "name", "name_en", "aliases",
    "valid_from", "valid_to", "lon", "lat", "region", "kind",
]  # fmt: skip
POPULATION_COLUMNS = ["code", "vintage", "group", "population", "as_of", "source", "confidence"]

ENGLISH = {
    "Hà Nội": "Hanoi",
    "Hồ Chí Minh": "Ho Chi Minh City",
    "Huế": "Hue",
    "Thừa Thiên Huế": "Thua Thien Hue",
}
HUE = ["Thừa Thiên - Huế", "Thừa Thiên – Huế", "TT-Huế", "TT Huế", "TTH", "Hue City"]
# Spellings met in reports and the press; accents, case, spaces and hyphens are folded in code.
SPELLINGS: dict[str, list[str]] = {
    "Hà Nội": ["Thủ đô Hà Nội", "Hanoi City", "HN"],
    "Hồ Chí Minh": [
        "TP.HCM", "TPHCM", "TP HCM", "TP. HCM", "Tp.HCM", "HCM", "HCMC", "Ho Chi Minh City",
        "Sài Gòn", "Saigon", "TP. Sài Gòn", "HCM City", "TP. Hồ Chí Minh",
    ],
    "Hải Phòng": ["Haiphong"],
    "Đà Nẵng": ["Danang"],
    "Cần Thơ": ["Cantho"],
    "Thừa Thiên Huế": [*HUE, "Huế", "Thành phố Huế", "TP. Huế"],
    "Huế": [*HUE, "Thừa Thiên Huế", "Tỉnh Thừa Thiên Huế"],
    "Bà Rịa - Vũng Tàu": [
        "BR-VT", "BRVT", "BR – VT", "Bà Rịa – Vũng Tàu", "Bà Rịa Vũng Tàu", "Bà Rịa-Vũng Tàu",
        "Vũng Tàu",
    ],
    "Đắk Lắk": ["Đắc Lắc", "Đăk Lăk", "Đắk Lăk", "Dak Lak", "Daklak", "Dac Lac"],
    "Đắk Nông": ["Đắc Nông", "Đăk Nông", "Dak Nong", "Daknong", "Dac Nong"],
    "Bắc Kạn": ["Bắc Cạn", "Bac Can"],
    "Kon Tum": ["Kontum", "Kông Tum", "Con Tum"],
    "Gia Lai": ["Gialai"],
    "Hòa Bình": ["Hoà Bình"],
    "Khánh Hòa": ["Khánh Hoà"],
    "Thanh Hóa": ["Thanh Hoá"],
    "Lào Cai": ["Lao Kay"],
}  # fmt: skip
# Names a district of 2021 absorbed or changed before 2021; records of the time still carry them.
FORMER_DISTRICTS: dict[str, list[str]] = {
    "045": ["Thông Nông", "Huyện Thông Nông"],
    "047": ["Trà Lĩnh", "Huyện Trà Lĩnh"],
    "049": ["Quảng Uyên", "Huyện Quảng Uyên", "Phục Hòa", "Phục Hoà", "Huyện Phục Hòa"],
    "148": ["Kỳ Sơn", "Huyện Kỳ Sơn"],
    "193": ["Hoành Bồ", "Huyện Hoành Bồ"],
    "407": ["Tĩnh Gia", "Huyện Tĩnh Gia"],
    "525": ["Tây Trà", "Huyện Tây Trà"],
    "769": ["Quận 2", "Q.2", "Q2", "Quận 9", "Q.9", "Q9", "Quận Thủ Đức", "Thu Duc City"],
    "498": ["Quần đảo Hoàng Sa", "Paracel Islands"],
    "576": ["Quần đảo Trường Sa", "Spratly Islands"],
}
KIND_SHORT = {"thành phố": "TP.", "thị xã": "TX.", "huyện": "H.", "quận": "Q."}
# The same syllable is written with either letter; only open syllables change.
SOFT_I = re.compile(r"\b(Q[u]|[HKLMSTV])(y|ý|ỳ|ỷ|ỹ|ỵ)\b")
I_FOR_Y = str.maketrans("yýỳỷỹỵ", "iíìỉĩị")
MOVED = {
    "òa": "oà", "óa": "oá", "ỏa": "oả", "õa": "oã", "ọa": "oạ", "òe": "oè", "óe": "oé",
    "ùy": "uỳ", "úy": "uý", "ủy": "uỷ", "ũy": "uỹ", "ụy": "uỵ",
}  # fmt: skip


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a CSV file as text."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write rows as CSV with line feeds, in the order given."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def joined(names: Iterable[str], *, without: str) -> str:
    """Return distinct names as `a|b|c`, in first-seen order, leaving out the name itself."""
    return "|".join(name for name in dict.fromkeys(names) if name and name != without)


def spelled_otherwise(name: str) -> list[str]:
    """Return the i/y and tone-mark variants of a name, if it has any."""
    soft = SOFT_I.sub(lambda hit: hit[1] + hit[2].translate(I_FOR_Y), name)
    moved = name
    for old, new in MOVED.items():
        moved = re.sub(rf"{old}\b", new, moved)
        if moved == name:
            moved = re.sub(rf"{new}\b", old, moved)
    return [soft, moved]


# --- geometry -----------------------------------------------------------------------------------


def read_features(path: Path) -> list[dict[str, Any]]:
    """Return the features of a GeoJSON file."""
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def read_shapes(path: Path) -> Shapes:
    """Return geometry by area code."""
    return {f["properties"]["code"]: shape(f["geometry"]) for f in read_features(path)}


def polygons(geometry: BaseGeometry) -> list[Polygon]:
    """Return the polygons of a geometry, outer rings counter-clockwise."""
    parts = geometry.geoms if isinstance(geometry, MultiPolygon) else [geometry]
    return [orient(part, sign=1.0) for part in parts]


def merged(mainland: BaseGeometry, islands: BaseGeometry | None) -> dict[str, Any]:
    """Return the GeoJSON geometry of a province with its archipelago, vertices untouched."""
    parts = polygons(mainland) + (polygons(islands) if islands is not None else [])
    return dict(mapping(parts[0] if len(parts) == 1 else MultiPolygon(parts)))


def write_features(path: Path, features: list[dict[str, Any]]) -> None:
    """Write a feature collection without spaces, to stay small on the wire."""
    collection = {"type": "FeatureCollection", "features": features}
    text = json.dumps(collection, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")


def archipelagos(boundaries: Path) -> Shapes:
    """Return the islands by the code of the province they belong to (the same in both vintages)."""
    features = read_features(boundaries / "vn_archipelagos.geojson")
    return {
        f["properties"]["code"]: shape(f["geometry"])
        for f in features
        if f["properties"]["kind"] == "islands"
    }


def write_provinces(source: Path, target: Path, islands: Shapes) -> None:
    """Write a province map whose provinces include their archipelagos."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": f["properties"]["code"], "name": f["properties"]["name"]},
            "geometry": merged(shape(f["geometry"]), islands.get(f["properties"]["code"])),
        }
        for f in read_features(source)
    ]
    write_features(target, features)


def write_districts(source: Path, target: Path) -> None:
    """Write the district map; the two island districts are already in it."""
    features = []
    for feature in read_features(source):
        kept = {k: feature["properties"][k] for k in ("code", "name", "province_code", "geom")}
        geometry = merged(shape(feature["geometry"]), None)
        features.append({"type": "Feature", "properties": kept, "geometry": geometry})
    write_features(target, features)


def line_km(geometry: BaseGeometry) -> float:
    """Return the length in km of the lines in a geometry; points and areas count nothing."""
    if geometry.geom_type in {"MultiLineString", "GeometryCollection"}:
        return sum(line_km(part) for part in geometry.geoms)
    if geometry.geom_type != "LineString":
        return 0.0
    total = 0.0
    coordinates = list(geometry.coords)
    for (x1, y1), (x2, y2) in zip(coordinates, coordinates[1:], strict=False):
        scale = math.cos(math.radians((y1 + y2) / 2))
        total += math.hypot((x2 - x1) * KM_PER_DEGREE_LON * scale, (y2 - y1) * KM_PER_DEGREE_LAT)
    return total


def neighbour_rows(shapes: Shapes, *, vintage: str) -> list[Row]:
    """Return each pair of provinces that share a line, once, with its length in km."""
    rows = []
    for a, b in combinations(sorted(shapes), 2):
        shared = (
            line_km(shapes[a].intersection(shapes[b])) if shapes[a].intersects(shapes[b]) else 0
        )
        if shared > 0:
            rows.append(
                {"vintage": vintage, "code_a": a, "code_b": b, "border_km": f"{shared:.1f}"}
            )
    return rows


def label_point(geometry: BaseGeometry) -> tuple[str, str]:
    """Return (lon, lat) inside the largest polygon: its centroid, else some point inside."""
    largest = max(polygons(geometry), key=lambda part: part.area)
    point = largest.centroid
    point = point if largest.contains(point) else largest.representative_point()
    return f"{point.x:.4f}", f"{point.y:.4f}"


# --- areas --------------------------------------------------------------------------------------


def area_row(code: str, vintage: str, **fields: str) -> Row:
    """Return one row of areas.csv with the dates of its vintage."""
    since, until = VALID[vintage]
    row = dict.fromkeys(AREA_COLUMNS, "")
    return row | {"code": code, "vintage": vintage, "valid_from": since, "valid_to": until} | fields


def nation_row(vintage: str) -> Row:
    """Return the national row of a vintage."""
    return area_row(
        "VN",
        vintage,
        level="national",
        name="Việt Nam",
        name_en="Vietnam",
        aliases="Viet Nam|Vietnam|Cả nước|Toàn quốc|Cả nước Việt Nam|VNM|Nationwide",
        lon=NATION_POINT[0],
        lat=NATION_POINT[1],
        kind="quốc gia",
    )


def province_row(row: Row, vintage: str, point: tuple[str, str]) -> Row:
    """Return the areas.csv row of a province from code, name, full name, iso, region."""
    name, full, kind = row["name"], row["name_full"], row["name_full"].split(row["name"])[0]
    is_city = kind.strip() == "Thành phố"
    ascii_name = row["name_ascii"]
    aliases = [full, f"{'TP.' if is_city else 'T.'} {name}", *SPELLINGS.get(name, [])]
    aliases += [*spelled_otherwise(name), ENGLISH.get(name, ""), ascii_name]
    aliases += [f"{ascii_name} {'City' if is_city else 'province'}", row["iso"]]
    return area_row(
        row["code"],
        vintage,
        level="province",
        parent_code="VN",
        name=name,
        name_en=ENGLISH.get(name, ascii_name),
        aliases=joined(aliases, without=name),
        lon=point[0],
        lat=point[1],
        region=row["region"],
        kind=kind.strip().lower(),
    )


def old_provinces(domain: Path) -> list[Row]:
    """Return code, names, iso and region of the 63 provinces."""
    return [
        row
        | {"code": row["gso_code"], "region": row["region_code"], "iso": row["iso_3166_2_pre2025"]}
        for row in read_rows(domain / "provinces63.csv")
    ]


def new_provinces(domain: Path, old: list[Row]) -> list[Row]:
    """Return the 34 provinces; each takes the region and ISO code of the one that gave its name.

    The grouping into six regions is that of 2021, kept as a working grouping for the new map.
    """
    namesakes = {row["name"]: row for row in old} | {
        "Huế": next(row for row in old if row["code"] == "46")
    }
    rows: dict[str, Row] = {}
    for row in read_rows(domain / "merger34.csv"):
        same = namesakes[row["new_name"]]
        rows[row["new_code"]] = {
            "code": row["new_code"],
            "name": row["new_name"],
            "name_full": row["new_name_full"],
            "name_ascii": "Hue" if row["new_name"] == "Huế" else same["name_ascii"],
            "iso": same["iso"],
            "region": same["region"],
        }
    return [rows[code] for code in sorted(rows)]


def plain(name: str) -> str:
    """Return a name without accents, for the English column."""
    decomposed = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def district_aliases(row: Row) -> list[str]:
    """Return the ways a district is written: with its type, shortened, in English, formerly."""
    name, kind = row["name"], row["type"]
    if match := re.fullmatch(r"Quận (\d+)", name):
        number = match[1]
        return [f"Q.{number}", f"Q{number}", f"Q. {number}", f"District {number}"]
    bases = list(dict.fromkeys([name, *spelled_otherwise(name)]))
    typed = [
        f"{prefix} {base}" for base in bases for prefix in (kind.capitalize(), KIND_SHORT[kind])
    ]
    return [*typed, *bases, *FORMER_DISTRICTS.get(row["code"], [])]


def district_row(row: Row, region: str, islands: dict[str, tuple[str, str]]) -> Row:
    """Return the areas.csv row of a district of vintage 63."""
    lon, lat = islands.get(row["code"], (row["centroid_lon"], row["centroid_lat"]))
    return area_row(
        row["code"],
        OLD,
        level="district",
        parent_code=row["province_code"],
        name=row["name"],
        name_en=re.sub(r"^Quan (?=\d)", "District ", plain(row["name"])),
        aliases=joined(district_aliases(row), without=row["name"]),
        lon=lon,
        lat=lat,
        region=region,
        kind=row["type"],
    )


def ward_row(ward: Ward, vintage: str) -> Row:
    """Return the areas.csv row of a ward: no coordinates, and no days but its vintage's."""
    row = area_row(
        ward.code,
        vintage,
        level="ward",
        parent_code=ward.parent,
        name=ward.name,
        name_en=re.sub(r"^Phuong (?=\d)", "Ward ", plain(ward.name)),
        aliases=joined(spelled_otherwise(ward.name), without=ward.name),
        lon="",
        lat="",
        region="",
        kind=ward.kind,
    )
    return row | {"valid_from": "", "valid_to": ""}


def area_rows(shared: Path, packages: Path) -> list[Row]:
    """Return every row of areas.csv: vintage by vintage, coarse to fine, and then the wards."""
    boundaries, domain = shared / "data" / "boundaries", shared / "domain"
    old = old_provinces(domain)
    regions = {row["code"]: row["region"] for row in old}
    shapes = {v: read_shapes(boundaries / "provinces" / f"vn{v}_full.geojson") for v in VALID}
    points = label_points(boundaries)
    islands = {"498": points["48"], "576": points["56"]}
    rows = [nation_row(OLD)]
    rows += [province_row(row, OLD, label_point(shapes[OLD][row["code"]])) for row in old]
    rows += [
        district_row(row, regions[row["province_code"]], islands)
        for row in read_rows(boundaries / "districts" / "districts705.csv")
    ]
    rows += [nation_row(NEW)]
    new = new_provinces(domain, old)
    rows += [province_row(row, NEW, label_point(shapes[NEW][row["code"]])) for row in new]
    rows += [ward_row(ward, OLD) for ward in wards_of_2021(packages)]
    return rows + [ward_row(ward, NEW) for ward in wards_of_2025(packages)]


def label_points(boundaries: Path) -> dict[str, tuple[str, str]]:
    """Return the archipelagos' label points by province code."""
    return {
        f["properties"]["code"]: (
            str(f["geometry"]["coordinates"][0]),
            str(f["geometry"]["coordinates"][1]),
        )
        for f in read_features(boundaries / "vn_archipelagos.geojson")
        if f["properties"]["kind"] == "label"
    }


# --- population and succession ------------------------------------------------------------------


def figure(code: str, vintage: str, group: str, **fields: str) -> Row:
    """Return one row of population.csv."""
    return {"code": code, "vintage": vintage, "group": group} | fields


def figure_order(row: Row) -> tuple[str, ...]:
    """Return the sort key of population.csv."""
    return row["vintage"], row["group"], row["source"], row["code"]


def provinces63_figures(domain: Path) -> list[Row]:
    """Return the estimates of provinces63.csv; the census is read from its own table."""
    rows = []
    for row in read_rows(domain / "provinces63.csv"):
        code, moh = row["gso_code"], row["adult18_pop_moh_2021_derived"]
        rows.append(
            figure(code, OLD, "all", population=row["pop_avg_2021"], as_of="2021-07-01",
                   source="gso_average_2021", confidence="recalled")
        )  # fmt: skip
        rows.append(
            figure(code, OLD, "18+", population=row["adult18_pop_2021_est"], as_of="2021-07-01",
                   source="adults_estimate_2021", confidence="low")
        )  # fmt: skip
        if moh:
            day = "2021-08-10" if code == "79" else "2021-09-11"
            rows.append(
                figure(code, OLD, "18+", population=moh, as_of=day,
                       source="adults_moh_2021", confidence="derived")
            )  # fmt: skip
    return rows


def census_figures(shared: Path) -> list[Row]:
    """Return the 2019 census: nation, provinces (all, 18+) and districts (all)."""
    fixed = {"as_of": "2019-04-01", "source": "census_2019", "confidence": "census"}
    provinces = read_rows(shared / "data" / "vn" / "vn_census2019_province.csv")
    districts = read_rows(shared / "data" / "boundaries" / "districts" / "districts705.csv")
    rows = []
    for column, group in (("total", "all"), ("pop_18plus", "18+")):
        total = sum(int(row[column]) for row in provinces)
        rows.append(figure("VN", OLD, group, population=str(total), **fixed))
        rows += [
            figure(row["province_code"], OLD, group, population=row[column], **fixed)
            for row in provinces
        ]
    counted = [row for row in districts if row["pop_census_2019"]]
    rows += [
        figure(row["code"], OLD, "all", population=row["pop_census_2019"], **fixed)
        for row in counted
    ]
    return rows


def resolution_figures(shared: Path) -> list[Row]:
    """Return the figures of Resolution 202/2025/QH15, another basis than the census."""
    return [
        figure(row["code34"], NEW, "all", population=row["population"], as_of="2025-06-12",
               source="resolution_202_2025", confidence="official")
        for row in read_rows(shared / "data" / "vn" / "vn_34provinces_2025_area_population.csv")
    ]  # fmt: skip


def succession_rows(domain: Path) -> list[Row]:
    """Return old province to new province, in force from the day of the merger."""
    return [
        {
            "old_code": row["old_code"],
            "old_vintage": OLD,
            "new_code": row["new_code"],
            "new_vintage": NEW,
            "from": row["effective_date"],
        }
        for row in read_rows(domain / "merger34.csv")
    ]


def check_merger(boundaries: Path) -> None:
    """Stop unless the 34 shapes are the union of their predecessors (checked on the full size)."""
    reference = read_rows(boundaries / "vn_provinces_ref_63_34.csv")
    old = read_shapes(boundaries / "provinces" / "vn63_full.geojson")
    for code, new in read_shapes(boundaries / "provinces" / "vn34_full.geojson").items():
        union = unary_union([old[row["code"]] for row in reference if row["code34"] == code])
        if union.symmetric_difference(new).area > 0.001 * new.area:
            raise SystemExit(f"province {code} of 34 is not the union of its predecessors")


def build(shared: Path, target: Path, *, packages: Path) -> None:
    """Write the generated files of the pack; pack.toml and SOURCES.md are written by hand."""
    boundaries, domain = shared / "data" / "boundaries", shared / "domain"
    target.mkdir(parents=True, exist_ok=True)
    check_merger(boundaries)
    write_rows(target / "areas.csv", AREA_COLUMNS, area_rows(shared, packages))
    figures = census_figures(shared) + provinces63_figures(domain) + resolution_figures(shared)
    write_rows(target / "population.csv", POPULATION_COLUMNS, sorted(figures, key=figure_order))
    rows = succession_rows(domain)
    write_rows(target / "succession.csv", list(rows[0]), rows)
    borders = []
    for vintage in (OLD, NEW):
        shapes = read_shapes(boundaries / "provinces" / f"vn{vintage}_full.geojson")
        borders += neighbour_rows(shapes, vintage=vintage)
    write_rows(target / "neighbours.csv", list(borders[0]), borders)
    write_maps(boundaries, target)


def write_maps(boundaries: Path, target: Path) -> None:
    """Write every size of every map, archipelagos in each."""
    islands = archipelagos(boundaries)
    sizes = [(OLD, "small", ""), (OLD, "medium", "-medium"), (OLD, "nested", "-nested")]
    sizes += [(NEW, "small", ""), (NEW, "medium", "-medium")]
    for vintage, size, suffix in sizes:
        source = boundaries / "provinces" / f"vn{vintage}_{size}.geojson"
        write_provinces(source, target / f"boundaries-province-{vintage}{suffix}.geojson", islands)
    districts = boundaries / "districts" / "vn_districts705.geojson"
    write_districts(districts, target / f"boundaries-district-{OLD}.geojson")
    write_features(
        target / "boundaries-archipelagos.geojson",
        read_features(boundaries / "vn_archipelagos.geojson"),
    )


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, default=TARGET)
    parser.add_argument("--packages", type=Path, help="folder that already holds the packages")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        packages = options.packages or fetch(Path(scratch))
        build(options.shared, options.out, packages=packages)


if __name__ == "__main__":
    main()
