"""DHIS2 data value sets: names, periods, breakdowns, what is refused and why."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data_access.errors import BadInput
from data_access.ingest.dhis2 import read_dhis2
from data_access.ingest.dhis2_mapping import Dhis2Mapping, load_dhis2_mapping
from data_access.ingest.seam import CellDelivery
from tests.unit.ingest.support import KNOWN_AT, ZONE, areas

MAPPING = """
[org_units]
O6uvpzGd5pu = "01"
"Trạm 7" = "Đà Nẵng"
[data_elements]
fbfJHSPpUQD = "cases"
bedsMilitar = { id = "quarantine_beds", breakdown = { kind = "quan_doi" } }
thousandsXX = { id = "doses", scale = 1000 }
newThingXXX = { id = "masks_handed_out", kind = "flow", unit = "mask" }
[category_option_combos]
severeUidXX = { severity = "nang" }
"""
CENTRE = {"dataElement": "cases", "period": "20210902", "orgUnit": "01", "value": "5"}


def mapping(tmp_path: Path, text: str = MAPPING) -> Dhis2Mapping:
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    return load_dhis2_mapping(path)


def read(tmp_path: Path, content: Any, by: Dhis2Mapping | None = None) -> CellDelivery:
    path = tmp_path / "values.json"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    found, _ = read_dhis2(
        [path], by or Dhis2Mapping(), source="s", areas=areas(), known_at=KNOWN_AT, zone=ZONE
    )
    counted = set(found.cells["row_no"]) | set(found.rejected["row_no"])
    assert len(counted) <= found.n_read
    return found


def cells(found: CellDelivery) -> list[tuple[object, ...]]:
    return [
        (row["row_no"], found.entries[row["entry"]].measure, row["day"], row["area_id"],
         row["dims"], row["value"], row["status"])
        for row in found.cells.sort("row_no").iter_rows(named=True)
    ]  # fmt: skip


def refused(found: CellDelivery) -> list[tuple[object, ...]]:
    return sorted(found.rejected.select("row_no", "field", "reason").rows())


def test_an_id_a_code_and_a_name_need_no_mapping(tmp_path: Path) -> None:
    found = read(tmp_path, {"dataValues": [CENTRE, {**CENTRE, "orgUnit": "Đà Nẵng", "value": 7}]})
    hanoi, danang = areas().id_of("01", "63"), areas().id_of("48", "63")
    assert cells(found) == [
        (1, "cases", date(2021, 9, 2), hanoi, "", 5.0, 0),
        (2, "cases", date(2021, 9, 2), danang, "", 7.0, 0),
    ]
    assert refused(found) == []


def test_names_of_the_server_by_mapping(tmp_path: Path) -> None:
    given = [
        {"dataElement": "fbfJHSPpUQD", "period": "20210902", "orgUnit": "O6uvpzGd5pu",
         "categoryOptionCombo": "severeUidXX", "attributeOptionCombo": "HllvX50cXC0",
         "value": "3", "storedBy": "someone", "comment": "a remark"},
        {"dataElement": "bedsMilitar", "period": "202108", "orgUnit": "Trạm 7", "value": "400"},
        {"dataElement": "thousandsXX", "period": "2021W35", "orgUnit": "O6uvpzGd5pu",
         "value": "1.5"},
        {"dataElement": "newThingXXX", "period": "202108", "orgUnit": "VN-HN", "value": "10"},
    ]  # fmt: skip
    found = read(tmp_path, {"dataValues": given}, mapping(tmp_path))
    hanoi, danang = areas().id_of("01", "63"), areas().id_of("48", "63")
    assert cells(found) == [
        (1, "cases", date(2021, 9, 2), hanoi, "severity=nang", 3.0, 0),
        (2, "quarantine_beds", date(2021, 8, 31), danang, "kind=quan_doi", 400.0, 0),
        (3, "doses", date(2021, 9, 5), hanoi, "period=weekly", 1500.0, 0),
        (4, "masks_handed_out", date(2021, 8, 31), hanoi, "period=monthly", 10.0, 0),
    ]
    new = next(entry for entry in found.entries if entry.measure == "masks_handed_out")
    assert (new.kind, new.unit) == ("flow", "mask")


def test_what_the_set_says_holds_for_its_values(tmp_path: Path) -> None:
    given = {
        "dataSet": "x", "period": "20210902", "orgUnit": "79",
        "dataValues": [{"dataElement": "deaths", "value": "2"},
                       {"dataElement": "deaths", "value": "1", "orgUnit": "01"}],
    }  # fmt: skip
    found = read(tmp_path, given)
    assert [row[3] for row in cells(found)] == [
        areas().id_of("79", "63"),
        areas().id_of("01", "63"),
    ]


def test_each_row_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    given = [
        {**CENTRE, "dataElement": "unknownUid1"},
        {**CENTRE, "period": "2021W60"},
        {**CENTRE, "categoryOptionCombo": "otherUidXXX"},
        {**CENTRE, "orgUnit": "Atlantis"},
        {**CENTRE, "value": "many"},
        {**CENTRE, "period": "2022"},  # ends after the delivery
        {"period": "20210902", "orgUnit": "01", "value": "1"},
        "not a value",
        {**CENTRE, "value": ""},  # blank: no figure, and no fault
        {**CENTRE, "dataElement": "quarantine_beds", "value": "-4"},
    ]
    found = read(tmp_path, {"dataValues": given})
    assert found.n_read == 10
    assert found.cells.height == 0
    assert refused(found) == [
        (1, "dataElement", "element_unknown"),
        (2, "period", "period_unknown"),
        (3, "categoryOptionCombo", "combo_unknown"),
        (4, "orgUnit", "area_unknown"),
        (5, "value", "not_a_number"),
        (6, "period", "in_future"),
        (7, "dataElement", "required"),
        (8, "", "not_json"),
        (10, "value", "negative_stock"),
    ]


def test_the_same_cell_twice_is_refused_or_summed(tmp_path: Path) -> None:
    given = {"dataValues": [CENTRE, {**CENTRE, "value": "6"}]}
    assert refused(read(tmp_path, given)) == [(2, "value", "duplicate")]
    summed = read(tmp_path, given, mapping(tmp_path, 'duplicates = "sum"'))
    assert [row[5] for row in cells(summed)] == [11.0]


def test_unknown_elements_are_kept_when_the_mapping_says_so(tmp_path: Path) -> None:
    given = {"dataValues": [{**CENTRE, "dataElement": "tpz77FcntKx", "period": "2018",
                             "categoryOptionCombo": "abc|def=gh", "value": "20.5"}]}  # fmt: skip
    found = read(tmp_path, given, mapping(tmp_path, "register_unknown = true"))
    assert cells(found) == [
        (1, "dhis2_tpz77FcntKx", date(2018, 12, 31), areas().id_of("01", "63"),
         "category=abc_def_gh|period=yearly", 20.5, 0)
    ]  # fmt: skip


def test_a_deleted_value_takes_its_cell_back(tmp_path: Path) -> None:
    found = read(tmp_path, {"dataValues": [{**CENTRE, "deleted": True}]})
    assert [row[5:] for row in cells(found)] == [(None, None)]


def test_csv_as_dhis2_exports_it(tmp_path: Path) -> None:
    path = tmp_path / "values.csv"
    path.write_text(
        '"dataelement","period","orgunit","categoryoptioncombo","attributeoptioncombo","value",'
        '"storedby","lastupdated","comment","followup","deleted"\n'
        '"cases","20210902","01","HllvX50cXC0","HllvX50cXC0","5","admin","2021-09-03","","false",\n'
        '"cases","20210903","01","","","6","admin","2021-09-03","","false","true"\n',
        encoding="utf-8",
    )
    found, _ = read_dhis2(
        [path], Dhis2Mapping(), source="s", areas=areas(), known_at=KNOWN_AT, zone=ZONE
    )
    assert [(row[0], row[5], row[6]) for row in cells(found)] == [(2, 5.0, 0), (3, None, None)]


def test_two_files_are_one_delivery(tmp_path: Path) -> None:
    paths = []
    for number, more in enumerate(({}, {"categoryOptionCombo": "severeUidXX"})):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps([{**CENTRE, **more}, {**CENTRE, "orgUnit": "?"}]))
    found, _ = read_dhis2(
        paths, mapping(tmp_path), source="s", areas=areas(), known_at=KNOWN_AT, zone=ZONE
    )
    assert sorted(row[4] for row in cells(found)) == ["", "severity=nang"]
    assert found.n_read == 4
    assert found.rejected["field"].to_list() == ["orgUnit (0.json:2)", "orgUnit (1.json:2)"]


@pytest.mark.parametrize("content", ["{}", "[1", '{"dataValues": 3}', "", "[" * 100_000])
def test_what_is_no_data_value_set_is_told_in_one_line(tmp_path: Path, content: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(tmp_path, content)
    assert "values.json" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[org_unit]", "did you mean 'org_units'"),
        ('register_unknown = "yes"', "true or false"),
        ('platform = "tests"', "platform cannot be 'tests'"),
        ('[data_elements]\nx = "casess"', "did you mean 'cases'"),
        ('[data_elements]\nx = { id = "cases", column = "n" }', "needs an id"),
        ("[category_option_combos]\nx = 3", "breakdown must be a table"),
    ],
)
def test_a_wrong_word_in_the_mapping_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        mapping(tmp_path, text)
