"""Tables through the front of the gate: cells, refused rows, repeats."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data_access.codes import Status
from data_access.errors import BadInput
from data_access.ingest.seam import CELLS, CellDelivery
from tests.unit.ingest.support import area_id, deliver

HEAD = """
source = "s"
platform = "quarantine"
date = { column = "date" }
area = { column = "province" }
missing = ["", "NA"]
not_applicable = ["x"]
"""
BEDS = '[[measure]]\nid = "quarantine_beds"\ncolumn = "beds"\n'
IN = '[[measure]]\nid = "quarantine_admissions"\ncolumn = "in"\n'
HANOI, HCMC, HUE = area_id("01"), area_id("79"), area_id("46")
FIFTH = date(2021, 8, 5)


def cells(delivery: CellDelivery) -> list[tuple[object, ...]]:
    assert delivery.cells.schema == pl.Schema(dict(CELLS))
    return delivery.cells.select(
        "row_no", "entry", "day", "area_id", "dims", "value", "status"
    ).rows()


def reasons(delivery: CellDelivery) -> list[tuple[int, str, str]]:
    return sorted(delivery.rejected.select("row_no", "field", "reason").rows())


def test_a_wide_table(tmp_path: Path) -> None:
    table = "date,province,beds,in\n05/08/2021,Hà Nội,1.200,-3\n2021-08-05,79,0,NA\n"
    got = deliver(tmp_path, HEAD + BEDS + IN + 'breakdown = { class = "F1" }\n', table)
    assert cells(got) == [
        (2, 0, FIFTH, HANOI, "", 1200.0, 0),
        (2, 1, FIFTH, HANOI, "class=F1", -3.0, 0),
        (3, 0, FIFTH, HCMC, "", 0.0, 0),
    ]
    assert got.n_read == 2
    assert reasons(got) == []


def test_a_long_table(tmp_path: Path) -> None:
    mapping = HEAD + (
        '[[measure]]\nid = "quarantine_beds"\ncolumn = "value"\nwhere = { what = "Beds" }\n'
        'breakdown = { kind = { column = "kind" } }\n'
        '[[measure]]\nid = "quarantine_admissions"\ncolumn = "value"\n'
        'where = { what = ["in", "IN2"] }\n'
    )
    table = (
        "date,province,what,kind,value\n2021-08-05,01,beds,quan_doi,7\n2021-08-05,01,in,,5\n"
        "2021-08-05,79,in2,,6\n2021-08-05,79,other,,8\n2021-08-05,79,beds,,9\n"
    )
    got = deliver(tmp_path, mapping, table)
    assert cells(got) == [
        (2, 0, FIFTH, HANOI, "kind=quan_doi", 7.0, 0),
        (3, 1, FIFTH, HANOI, "", 5.0, 0),
        (4, 1, FIFTH, HCMC, "", 6.0, 0),
        (6, 0, FIFTH, HCMC, "kind=unknown", 9.0, 0),
    ]
    assert got.n_read == 5


def test_dimensions_are_sorted(tmp_path: Path) -> None:
    mapping = HEAD + IN + 'breakdown = { kind = "nha_o", class = { column = "c" } }\n'
    got = deliver(tmp_path, mapping, "date,province,in,c\n2021-08-05,01,1,F1\n")
    assert got.cells["dims"].to_list() == ["class=F1|kind=nha_o"]


def test_missing_is_no_cell_and_not_applicable_is_a_status(tmp_path: Path) -> None:
    table = "date,province,beds\n2021-08-05,01,NA\n2021-08-05,79,X\n2021-08-05,46,\n"
    got = deliver(tmp_path, HEAD + BEDS, table)
    assert cells(got) == [(3, 0, FIFTH, HCMC, "", None, Status.NOT_APPLICABLE.value)]
    assert (got.n_read, reasons(got)) == (3, [])


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("2021-08-05,Atlantis,1,1", "province", "area_unknown"),
        ("2021-08-05,,1,1", "province", "area_missing"),
        ("2021-02-30,01,1,1", "date", "not_a_date"),
        (",01,1,1", "date", "required"),
        ("2022-02-02,01,1,1", "date", "in_future"),
        ("2021-08-05,01,many,1", "beds", "not_a_number"),
        ("2021-08-05,01,=cmd|x,1", "beds", "formula"),
        ("2021-08-05,01,-1,1", "beds", "negative_stock"),
    ],
)
def test_a_bad_cell_refuses_its_whole_row(
    tmp_path: Path, row: str, field: str, reason: str
) -> None:
    table = f"date,province,beds,in\n2021-08-05,79,5,6\n{row}\n"
    got = deliver(tmp_path, HEAD + BEDS + IN, table)
    assert reasons(got) == [(3, field, reason)]
    assert got.cells["row_no"].to_list() == [2, 2]
    assert got.n_read == 2


def test_flows_may_be_negative_and_repeats_are_kept_once(tmp_path: Path) -> None:
    table = "date,province,in\n2021-08-05,01,-5\n2021-08-05,01,-5.0\n"
    got = deliver(tmp_path, HEAD + IN, table)
    assert cells(got) == [(2, 0, FIFTH, HANOI, "", -5.0, 0)]
    assert got.flags == {"repeated_cell": 1}


def test_a_cell_with_two_values_refuses_the_later_row(tmp_path: Path) -> None:
    table = "date,province,beds,in\n2021-08-05,01,5,1\n2021-08-05,Hà Nội,6,1\n2021-08-06,01,6,1\n"
    got = deliver(tmp_path, HEAD + BEDS + IN, table)
    assert reasons(got) == [(3, "beds", "duplicate")]
    assert got.cells["row_no"].to_list() == [2, 2, 4, 4]


def test_repeats_may_be_added_up(tmp_path: Path) -> None:
    table = "date,province,in\n2021-08-05,01,5\n2021-08-05,01,7\n2021-08-05,79,1\n"
    got = deliver(tmp_path, 'duplicates = "sum"\n' + HEAD + IN, table)
    assert [(row[3], row[5]) for row in cells(got)] == [(HANOI, 12.0), (HCMC, 1.0)]


def test_numbers_of_one_column_are_read_alike(tmp_path: Path) -> None:
    table = "date;province;beds;in\n2021-08-05;01;13.855.509;1.234\n2021-08-05;79;1.234;2.345\n"
    got = deliver(tmp_path, HEAD + BEDS + IN, table)
    assert got.cells.sort("entry", "row_no")["value"].to_list() == [13855509, 1234, 1234, 2345]


def test_the_whole_table_tells_how_numbers_are_written(tmp_path: Path) -> None:
    table = "date;province;beds;in\n2021-08-05;01;0.5;1.234\n"
    assert deliver(tmp_path, HEAD + BEDS + IN, table).cells["value"].to_list() == [0.5, 1.234]


def test_percent_and_scale(tmp_path: Path) -> None:
    mapping = HEAD + (
        '[[measure]]\nid = "vaccinated_share"\ncolumn = "beds"\nkind = "stock"\nunit = "ratio"\n'
        + IN + "scale = 1000\n"
    )  # fmt: skip
    got = deliver(tmp_path, mapping, "date;province;beds;in\n2021-08-05;01;51,59 %;2,5\n")
    assert got.cells["value"].to_list() == pytest.approx([0.5159, 2500.0])
    assert got.entries[0].kind == "stock"


def test_constants_of_day_and_area(tmp_path: Path) -> None:
    mapping = HEAD.replace('{ column = "date" }', "{ constant = 2021-08-05 }").replace(
        '{ column = "province" }', '{ constant = "VN" }'
    )
    got = deliver(tmp_path, mapping + IN, "in\n7\n")
    assert cells(got) == [(2, 0, FIFTH, area_id("VN"), "", 7.0, 0)]
    assert got.entries[0].feed == "s|quarantine_admissions||VN"


def test_a_constant_area_that_is_none(tmp_path: Path) -> None:
    mapping = HEAD.replace('{ column = "province" }', '{ constant = "ZZ" }')
    with pytest.raises(BadInput, match="no area 'ZZ'"):
        deliver(tmp_path, mapping + IN, "date,in\n2021-08-05,7\n")


@pytest.mark.parametrize(
    ("rule", "cell", "code"),
    [
        ('match = "code"', "1", "01"),
        ('match = "code"', "001", "001"),
        ('match = "code", level = "district"', "1", "001"),
        ('match = "name"', "tp hcm", "79"),
        ('match = "name", level = "province"', "Thừa Thiên Huế", "46"),
        ('level = "district"', "Ba Đình", "001"),
        ('match = "code"', "1.0", "01"),
        ("", "Cả nước", "VN"),
    ],
)
def test_areas_by_code_and_name(tmp_path: Path, rule: str, cell: str, code: str) -> None:
    mapping = HEAD.replace('column = "province"', f'column = "province"{"," * bool(rule)} {rule}')
    got = deliver(tmp_path, mapping + IN, f"date,province,in\n2021-08-05,{cell},1\n")
    assert got.cells["area_id"].to_list() == [area_id(code)], got.rejected


def test_a_parent_tells_districts_of_one_name_apart(tmp_path: Path) -> None:
    mapping = HEAD.replace(
        'column = "province"',
        'column = "huyện", level = "district", match = "name", parent = "tỉnh"',
    )
    table = (
        "date,tỉnh,huyện,in\n2021-08-05,Hà Nội,Châu Thành,1\n2021-08-05,Long An,Châu Thành,2\n"
        "2021-08-05,Bến Tre,Châu Thành,3\n2021-08-05,,Châu Thành,4\n"
    )
    got = deliver(tmp_path, mapping + IN, table)
    assert [(row[0], row[5]) for row in cells(got)] == [(3, 2.0), (4, 3.0)]
    assert len(set(got.cells["area_id"].to_list())) == 2
    assert reasons(got) == [(2, "huyện", "area_unknown"), (5, "huyện", "area_ambiguous")]


def test_the_vintage_is_that_of_the_day_unless_stated(tmp_path: Path) -> None:
    table = "date,province,in\n2021-08-05,15,1\n"
    assert deliver(tmp_path, HEAD + IN, table).cells["area_id"].to_list() == [area_id("15", "63")]
    stated = 'vintage = "34"\n' + HEAD + IN
    assert deliver(tmp_path, stated, table).cells["area_id"].to_list() == [area_id("15", "34")]
    with pytest.raises(BadInput, match="unknown vintage '35'"):
        deliver(tmp_path, stated.replace('"34"', '"35"'), table)


def test_several_files_are_one_delivery(tmp_path: Path) -> None:
    one = "date,province,in\n2021-08-05,01,1\n"
    two = "date,province,in\n2021-08-05,79,2\n2021-08-05,Atlantis,3\n2021-08-05,01,9\n"
    got = deliver(tmp_path, HEAD + IN, one, two)
    assert [(row[3], row[5]) for row in cells(got)] == [(HANOI, 1.0), (HCMC, 2.0)]
    assert got.n_read == 4
    assert got.rejected["row_no"].n_unique() == 2
    assert "table1.csv:3" in got.rejected.filter(pl.col("reason") == "area_unknown")["field"][0]


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        deliver(tmp_path, HEAD + BEDS, "date,province,bed\n2021-08-05,01,1\n")
    said = "table0.csv: no column 'beds', which mapping.toml names; the nearest is 'bed'"
    assert str(caught.value) == said


def test_encoding_of_old_windows(tmp_path: Path) -> None:
    table = "date,province,in\n05/08/2021,Đà Nẵng,1\n".replace("ẵ", "ă\u0303").replace("à", "à")
    got = deliver(tmp_path, HEAD + IN, table, encoding="cp1258")
    assert got.cells["area_id"].to_list() == [area_id("48")]


def test_a_table_without_rows(tmp_path: Path) -> None:
    got = deliver(tmp_path, HEAD + BEDS + IN, "date,province,beds,in\n")
    assert (got.cells.height, got.n_read, got.rejected.height) == (0, 0, 0)
    assert got.cells.schema == pl.Schema(dict(CELLS))


def test_ragged_rows_of_a_table(tmp_path: Path) -> None:
    got = deliver(tmp_path, HEAD + IN, "date,province,in\n2021-08-05,01\n2021-08-05,79,2\n")
    assert reasons(got) == [(2, "", "ragged")]
    assert got.n_read == 2
