"""Finding areas by name in a country of seven."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.reference.search import AreaIndex, edit_distance

COLUMNS = ("code", "vintage", "level", "parent_code", "name", "name_en", "aliases", "kind")
ROWS = [
    ("XX", "1", "national", "", "Xứ", "Land", "", ""),
    ("01", "1", "province", "XX", "Bắc Hà", "Bac Ha", "BH|Bắc-Hà mới", "tỉnh"),
    ("02", "1", "province", "XX", "Nam Hà", "Nam Ha", "", "tỉnh"),
    ("001", "1", "district", "01", "Bắc Hà", "Bac Ha", "", "thành phố"),
    ("002", "1", "district", "01", "An Lạc", "An Lac", "", "huyện"),
    ("003", "1", "district", "01", "An Lạc", "An Lac", "", "thị xã"),
    ("004", "1", "district", "02", "An Lạc", "An Lac", "", "huyện"),
    ("02", "2", "province", "XX", "Bắc Hà", "Bac Ha", "", "tỉnh"),
]


@pytest.fixture(scope="module")
def index() -> AreaIndex:
    areas = pl.DataFrame(ROWS, schema=COLUMNS, orient="row")
    return AreaIndex(areas.with_row_index("area_id", offset=1))


def codes(found: pl.DataFrame) -> list[str | None]:
    return found["code"].to_list()


def test_order_and_repeats_are_kept(index: AreaIndex) -> None:
    names = ["nam ha", "?", "NAM HÀ", None, "BH", "nam ha"]
    found = index.match(names, vintage="1")
    assert found["name"].to_list() == names
    assert codes(found) == ["02", None, "02", None, "01", "02"]
    assert found["area_id"].to_list() == [3, None, 3, None, 2, 3]
    assert found["ambiguous"].to_list() == [False] * 6


def test_bare_name_is_the_coarser_area_and_typed_name_its_own(index: AreaIndex) -> None:
    found = index.match(["Bắc Hà", "TP Bắc Hà", "Tỉnh Bắc Hà"], vintage="1")
    assert codes(found) == ["01", "001", "01"]


def test_level_narrows(index: AreaIndex) -> None:
    assert codes(index.match(["Bắc Hà"], level="district", vintage="1")) == ["001"]
    assert codes(index.match(["Huyện Bắc Hà"], level="province", vintage="1")) == [None]


def test_type_word_tells_namesakes_apart(index: AreaIndex) -> None:
    found = index.match(["Huyện An Lạc", "TX An Lạc", "An Lạc"], parent="01")
    assert codes(found) == ["002", "003", None]
    assert found["ambiguous"].to_list() == [False, False, True]
    assert found["candidates"].to_list()[2] == ["002", "003"]


def test_parent_may_differ_per_name(index: AreaIndex) -> None:
    found = index.match(["huyện an lạc"] * 3, parent=["01", "02", None])
    assert codes(found) == ["002", "004", None]


def test_two_vintages_with_other_codes_are_ambiguous(index: AreaIndex) -> None:
    found = index.match(["Bắc Hà"], level="province")
    assert codes(found) == [None]
    assert found["candidates"].to_list() == [["01", "02"]]


def test_no_names_give_no_rows(index: AreaIndex) -> None:
    assert index.match([]).height == 0
    assert index.match(pl.Series(["Nam Hà"]), vintage="1").height == 1


def test_search_ranks_exact_before_prefix_before_slip(index: AreaIndex) -> None:
    hits = index.search("bac ha", vintage="1")
    assert [(hit.code, hit.rank) for hit in hits[:2]] == [("01", 0), ("001", 0)]
    assert [hit.code for hit in index.search("nam", vintage="1")] == ["02"]
    assert [(hit.code, hit.rank) for hit in index.search("nma ha", vintage="1")] == [("02", 4)]
    assert [hit.code for hit in index.search("lac", vintage="1")] == ["002", "003", "004"]


def test_search_finds_codes_and_honours_its_limit(index: AreaIndex) -> None:
    assert index.search("004")[0].name == "An Lạc"
    assert len(index.search("a", 2)) == 2
    assert index.search("  ") == []
    assert index.search("zzzzzz") == []


def brute(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    best = min(brute(a[1:], b) + 1, brute(a, b[1:]) + 1, brute(a[1:], b[1:]) + (a[0] != b[0]))
    if len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0]:
        best = min(best, brute(a[2:], b[2:]) + 1)
    return best


@given(st.text("ab", max_size=5), st.text("abc", max_size=5))
def test_edit_distance_is_exact_up_to_its_limit(a: str, b: str) -> None:
    assert min(edit_distance(a, b, limit=2), 3) == min(brute(a, b), 3)
