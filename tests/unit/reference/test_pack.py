"""Reading packs: what is taken, what is completed, and how a fault is named."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data_access.codes import PLATFORMS
from data_access.errors import DataAccessError, PackError
from data_access.reference.contacts import whom_to_call
from data_access.reference.pack import bundled_pack, load_pack, resolve_pack
from tests.unit.reference.factories import (
    AREAS,
    GEOJSON,
    NEIGHBOURS,
    POPULATION,
    SUCCESSION,
    TOML,
    write_pack,
    write_small_pack,
)


def test_two_files_with_few_columns_are_enough(tmp_path: Path) -> None:
    pack = load_pack(write_small_pack(tmp_path / "yy"))
    assert (pack.code, pack.time_zone, pack.default_vintage) == ("YY", "UTC", "2021")
    assert pack.areas.select("code", "level", "parent_code", "name_en").rows() == [
        ("YY", "national", "", "Land"),
        ("A", "province", "YY", "Alpha"),
        ("B", "province", "YY", "Beta"),
    ]
    assert pack.population.is_empty()
    assert pack.denominators == ()
    assert pack.boundary("province", "2021") is None
    assert pack.vintages[0].holds_on(date(1990, 1, 1))


def test_settings_may_stand_in_a_table(tmp_path: Path) -> None:
    folder = write_small_pack(tmp_path / "yy")
    toml = '[pack]\ncode = "YY"\nname = "Land"\ntime_zone = "UTC"\nlanguages = "fr"\n'
    (folder / "pack.toml").write_text(toml, encoding="utf-8")
    pack = load_pack(folder)
    assert (pack.code, pack.languages, pack.default_vintage) == ("YY", ("fr",), "2021")


def test_vintages_may_be_a_list_or_name_their_default(tmp_path: Path) -> None:
    folder = write_small_pack(tmp_path / "yy")
    base = 'code = "YY"\nname = "Land"\ntime_zone = "UTC"\n'
    for more in ('vintages = ["2021"]\n', '[vintages]\ndefault = "2021"\n2021 = "Census map"\n'):
        (folder / "pack.toml").write_text(base + more, encoding="utf-8")
        assert load_pack(folder).default_vintage == "2021"


def test_dates_come_from_the_vintage(tmp_path: Path) -> None:
    areas = load_pack(write_pack(tmp_path)).areas
    old = areas.filter(pl.col("vintage") == "old")
    assert set(old.select("valid_from", "valid_to").rows()) == {
        (date(2000, 1, 1), date(2019, 12, 31))
    }


def test_populations_follow_mergers_and_reach_the_nation(tmp_path: Path) -> None:
    found = load_pack(write_pack(tmp_path)).population
    census = found.filter(pl.col("source") == "census", pl.col("group") == "all")
    assert sorted(census.select("vintage", "code", "population").rows()) == [
        ("new", "01", 150),
        ("new", "03", 7),
        ("new", "XX", 157),
        ("old", "01", 100),
        ("old", "02", 50),
        ("old", "03", 7),
        ("old", "XX", 157),
    ]
    # 02 has no 18+ figure and 01 no estimate, so neither sum is known.
    rest = found.filter((pl.col("group") == "18+") | (pl.col("source") == "estimate"))
    assert sorted(rest.select("vintage", "code", "group").rows()) == [
        ("new", "03", "all"),
        ("old", "01", "18+"),
    ]


def test_a_split_area_is_not_shared_out(tmp_path: Path) -> None:
    split = SUCCESSION + "01,old,03,new,2020-01-01\n"
    found = load_pack(write_pack(tmp_path, succession_csv=split)).population
    new = found.filter(pl.col("vintage") == "new")
    assert new.select("code", "source").rows() == [("03", "estimate")]


def test_undeclared_denominators_are_named_by_group(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path))
    assert [(one.id, one.default) for one in pack.denominators] == [
        ("all", True),
        ("18+", True),
        ("all:estimate", False),
    ]


def test_neighbours_are_kept_in_one_order(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path))
    assert pack.neighbours.rows() == [("old", "01", "02", 12.5), ("old", "02", "03", None)]


def test_maps_are_known_by_level_vintage_and_size(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path))
    assert set(pack.boundaries) == {("province", "old", ""), ("province", "old", "medium")}
    medium = pack.boundary("province", "old", size="medium")
    assert medium is not None
    assert medium.name == "boundaries-province-old-medium.geojson"
    assert pack.boundary("province", "old", size="huge") == pack.boundary("province", "old")


def faulty(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


CONTACTS = """\
platform,province,role_vi,role_en,phone
testing,*,Sở Y tế,Health department,
testing,01,Phòng xét nghiệm,Laboratory desk,024 000
"""


def test_a_province_s_own_office_comes_before_that_of_all(tmp_path: Path) -> None:
    found = load_pack(write_pack(tmp_path, contacts_csv=CONTACTS)).contacts
    own = whom_to_call(found, platform="testing", province="01")
    other = whom_to_call(found, platform="testing", province="02")
    assert own is not None
    assert other is not None
    assert (own.role_en, own.phone) == ("Laboratory desk", "024 000")
    assert (other.role_en, other.phone) == ("Health department", "")
    assert whom_to_call(found, platform="tracing", province="01") is None
    assert load_pack(write_pack(tmp_path / "none")).contacts == ()


def test_every_platform_of_the_bundled_pack_has_an_office() -> None:
    found = bundled_pack("vn").contacts
    assert all(whom_to_call(found, platform=one, province="79") for one in PLATFORMS)


FAULTS = {
    "level": (
        {"areas_csv": faulty(AREAS, "01,old,province", "01,old,state")},
        "areas.csv, row 3, field level: 'state' is not one of",
    ),
    "double code": (
        {"areas_csv": faulty(AREAS, "02,old", "01,old")},
        "areas.csv, row 4, field code + vintage: 01, old appears twice",
    ),
    "empty name": (
        {"areas_csv": faulty(AREAS, "Hai,Two", ",Two")},
        "areas.csv, row 4, field name: '' must not be empty",
    ),
    "stranger parent": (
        {"areas_csv": faulty(AREAS, "district,01", "district,09")},
        "areas.csv, row 6, field parent_code: '09' is no area of the same vintage",
    ),
    "parent too fine": (
        {"areas_csv": faulty(AREAS, "03,old,province,XX", "03,old,province,01")},
        "areas.csv, row 5, field parent_code: '01' is not of a coarser level",
    ),
    "parent of the nation": (
        {"areas_csv": faulty(AREAS, "XX,old,national,", "XX,old,national,01")},
        "areas.csv, row 2, field parent_code: '01' must be empty",
    ),
    "two nations": (
        {"areas_csv": AREAS + "ZZ,new,national,,Z,Z,,,,,\n"},
        "areas.csv, row 10, field vintage: new appears twice",
    ),
    "longitude": (
        {"areas_csv": faulty(AREAS, "105.5", "205.5")},
        "areas.csv, row 3, field lon: '205.5' is beyond",
    ),
    "number": (
        {"areas_csv": faulty(AREAS, "105.5", "105,5")},
        "areas.csv, row 3: has 12 fields where the header has 11",
    ),
    "words for a number": (
        {"areas_csv": faulty(AREAS, "105.5", "east")},
        "areas.csv, row 3, field lon: 'east' is not a number",
    ),
    "date": (
        {"areas_csv": faulty(AREAS, "Uno,,", "Uno,01/01/2000,")},
        "areas.csv, row 3, field valid_from: '01/01/2000' is not a date YYYY-MM-DD",
    ),
    "dates": (
        {"areas_csv": faulty(AREAS, "Uno,,", "Uno,2001-01-01,2000-01-01")},
        "areas.csv, row 3, field valid_to: '2000-01-01' is before valid_from",
    ),
    "column": (
        {"areas_csv": faulty(AREAS, "level", "tier")},
        "areas.csv, row 1: column level is missing",
    ),
    "column twice": (
        {"areas_csv": faulty(AREAS, "name_en", "name")},
        "areas.csv, row 1: column name appears twice",
    ),
    "no area": ({"areas_csv": AREAS.splitlines()[0] + "\n"}, "areas.csv: holds no area"),
    "open quote": (
        {"areas_csv": faulty(AREAS, "Một", '"Một')},
        "areas.csv: is not CSV",
    ),
    "no areas.csv": ({"areas_csv": None}, "areas.csv: is missing"),
    "empty vintage": (
        {"pack_toml": TOML + "\n[vintages.next]\n"},
        "areas.csv: has no area of vintage 'next'",
    ),
    "no pack.toml": ({"pack_toml": None}, "pack.toml: is missing"),
    "not TOML": ({"pack_toml": "code = "}, "pack.toml: is not TOML"),
    "no code": ({"pack_toml": faulty(TOML, "code", "kode")}, "pack.toml, field code: is missing"),
    "time zone": (
        {"pack_toml": faulty(TOML, "Asia/Ho_Chi_Minh", "Asia/Nowhere")},
        "pack.toml, field time_zone: 'Asia/Nowhere' is not a time zone",
    ),
    "default vintage": (
        {"pack_toml": faulty(TOML, '"new"', '"newest"')},
        "pack.toml, field default_vintage: 'newest' is not one of old, new",
    ),
    "vintage date": (
        {"pack_toml": faulty(TOML, "2000-01-01", '"soon"')},
        "pack.toml, field vintages.old.valid_from: 'soon' is not a date",
    ),
    "languages": (
        {"pack_toml": faulty(TOML, '["vi", "en"]', "3")},
        "pack.toml, field languages: is not a list",
    ),
    "denominator of nobody": (
        {"pack_toml": TOML + '[[denominators]]\nid = "d"\ngroup = "all"\nsource = "rumour"\n'},
        "pack.toml, field denominators: 'd': population.csv has no group 'all' of 'rumour'",
    ),
    "half a denominator": (
        {"pack_toml": TOML + '[[denominators]]\nid = "d"\ngroup = "all"\n'},
        "pack.toml, field denominators.source: entry 1 has none",
    ),
    "population of a stranger": (
        {"population_csv": faulty(POPULATION, "02,old", "02,new")},
        "population.csv, row 3, field code: '02' is no area of that vintage",
    ),
    "half a person": (
        {"population_csv": faulty(POPULATION, "100", "100.5")},
        "population.csv, row 2, field population: '100.5' is not a whole number",
    ),
    "fewer than none": (
        {"population_csv": faulty(POPULATION, "100", "-1")},
        "population.csv, row 2, field population: '-1' must be zero or more",
    ),
    "no population": (
        {"population_csv": faulty(POPULATION, "100", "")},
        "population.csv, row 2, field population: 'None' must be zero or more",
    ),
    "population twice": (
        {"population_csv": POPULATION + "01,old,all,1,2019-04-01,census\n"},
        "population.csv, row 7, field code + vintage + group + source",
    ),
    "successor of a stranger": (
        {"succession_csv": faulty(SUCCESSION, "02,old", "09,old")},
        "succession.csv, row 3, field old_code: '09' is no area",
    ),
    "succession without a day": (
        {"succession_csv": faulty(SUCCESSION, "2020-01-01", "")},
        "succession.csv, row 2, field from: 'None' must be a date",
    ),
    "succession to itself": (
        {"succession_csv": faulty(SUCCESSION, "02,old,01,new", "02,old,01,old")},
        "succession.csv, row 3, field new_vintage: 'old' must differ",
    ),
    "its own neighbour": (
        {"neighbours_csv": faulty(NEIGHBOURS, "02,01", "01,01")},
        "neighbours.csv, row 2, field code_b: '01' is its own neighbour",
    ),
    "map of a stranger": (
        {"boundaries__province__old_geojson": faulty(GEOJSON, '"01"', '"99"')},
        "boundaries-province-old.geojson, field code: feature 1: '99' is no area",
    ),
    "map without codes": (
        {"boundaries__province__old_geojson": faulty(GEOJSON, '"code"', '"kode"')},
        "boundaries-province-old.geojson: feature 1 has no property code",
    ),
    "map of lines": (
        {"boundaries__province__old_geojson": faulty(GEOJSON, '"Polygon"', '"LineString"')},
        "boundaries-province-old.geojson, field geometry: feature 1 is no Polygon",
    ),
    "map that is none": (
        {"boundaries__province__old_geojson": "not JSON"},
        "boundaries-province-old.geojson: is not JSON",
    ),
    "map of no level": (
        {"boundaries__state__old_geojson": GEOJSON},
        "boundaries-state-old.geojson, field level: 'state' is not one of",
    ),
    "call about no platform": (
        {"contacts_csv": faulty(CONTACTS, "testing,01", "tests,01")},
        "contacts.csv, row 3, field platform: 'tests' is not a platform",
    ),
    "call a province that is none": (
        {"contacts_csv": faulty(CONTACTS, "testing,01", "testing,99")},
        "contacts.csv, row 3, field province: '99' is not the code of a province, or *",
    ),
    "call twice": (
        {"contacts_csv": faulty(CONTACTS, "testing,01", "testing,*")},
        "contacts.csv, row 3, field platform + province: testing, * appears twice",
    ),
    "call nobody": (
        {"contacts_csv": faulty(CONTACTS, "Phòng xét nghiệm", "")},
        "contacts.csv, row 3, field role_vi: '' must not be empty",
    ),
    "map of no vintage": (
        {"boundaries__province__1900_geojson": GEOJSON},
        "boundaries-province-1900.geojson, field vintage: '1900' is not a vintage",
    ),
}


@pytest.mark.parametrize(("changed", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_named_with_its_place(
    tmp_path: Path, changed: dict[str, str | None], message: str
) -> None:
    with pytest.raises(PackError) as caught:
        load_pack(write_pack(tmp_path, **changed))
    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, DataAccessError)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (write_pack(tmp_path) / "areas.csv").write_bytes("Một".encode("utf-16"))
    with pytest.raises(PackError, match="areas.csv: is not UTF-8 text"):
        load_pack(tmp_path)


def test_spreadsheet_exports_are_read(tmp_path: Path) -> None:
    text = "\ufeff" + AREAS.replace("\n", "\r\n")
    (write_pack(tmp_path) / "areas.csv").write_bytes(text.encode())
    assert load_pack(tmp_path).areas.height == 8


def test_packs_are_found_by_name_and_by_folder(tmp_path: Path) -> None:
    assert resolve_pack(None).code == "VN"
    assert resolve_pack("").code == "VN"
    assert resolve_pack("vn").code == "VN"
    assert resolve_pack(write_pack(tmp_path)).code == "XX"
    with pytest.raises(PackError, match="no such folder"):
        resolve_pack(tmp_path / "nowhere")
    with pytest.raises(PackError, match="no country pack named"):
        bundled_pack("../vn")
