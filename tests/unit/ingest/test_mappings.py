"""Mappings: what they may say, and what a typing error is answered with."""

from datetime import date
from pathlib import Path

import pytest

from data_access.contracts.registry import record_kind
from data_access.errors import BadInput
from data_access.ingest.mapping import TableMapping, load_table_mapping
from data_access.ingest.record_mapping import check_fields, load_record_mapping

DESIGN = """
source = "province-report"
platform = "quarantine"
mode = "snapshot"
date = { column = "date", format = "%Y-%m-%d" }
area = { column = "province", match = "name" }
missing = ["", "NA"]
[[measure]]
id = "quarantine_beds"
column = "beds"
[[measure]]
id = "quarantine_admissions"
column = "admitted_pui"
breakdown = { class = "F1" }
"""


def load(tmp_path: Path, text: str) -> TableMapping:
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    return load_table_mapping(path)


def test_the_mapping_of_the_design(tmp_path: Path) -> None:
    found = load(tmp_path, DESIGN)
    assert (found.source, found.platform, found.mode) == (
        "province-report",
        "quarantine",
        "snapshot",
    )
    assert (found.date.column, found.date.format) == ("date", "%Y-%m-%d")
    assert (found.area.column, found.area.match) == ("province", "name")
    assert found.missing == ("", "NA")
    assert [each.feed for each in found.entries()] == [
        "province-report|quarantine_beds||*",
        "province-report|quarantine_admissions|class=F1|*",
    ]
    assert [each.kind for each in found.entries()] == ["", ""]


def test_what_else_a_mapping_may_say(tmp_path: Path) -> None:
    text = """
source = "s"
platform = "tracing"
mode = "increment"
date = { constant = 2021-08-05 }
area = { constant = "VN" }
vintage = "63"
precedence = 5
numbers = "vi"
encoding = "cp1258"
not_applicable = ["x"]
duplicates = "sum"
[[measure]]
id = "wards_locked"
column = "n"
kind = "stock"
unit = "ward"
vi = "Xã phong tỏa"
scale = 1000
where = { what = ["a", "b"] }
breakdown = { zone = { column = "z" }, class = 1 }
"""
    found = load(tmp_path, text)
    assert found.date.constant == date(2021, 8, 5)
    assert (found.precedence, found.numbers, found.duplicates) == (5, "vi", "sum")
    rule = found.measures[0]
    assert (rule.scale, rule.where, rule.constants) == (
        1000.0,
        {"what": ("a", "b")},
        {"class": "1"},
    )
    entry = found.entries()[0]
    assert entry.feed == "s|wards_locked|class=1,zone=*|VN"
    assert (entry.kind, entry.unit, entry.vi) == ("stock", "ward", "Xã phong tỏa")


def test_a_stated_level_makes_a_feed_of_its_own(tmp_path: Path) -> None:
    found = load(tmp_path, DESIGN.replace('match = "name"', 'match = "name", level = "district"'))
    assert found.entries()[0].feed == "province-report|quarantine_beds||*:district"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("source =", "sorce =", "unknown key 'sorce'; did you mean 'source'?"),
        ("missing =", "mising =", "did you mean 'missing'?"),
        ("format =", "fromat =", "date: unknown key 'fromat'; did you mean 'format'?"),
        ("match =", "macth =", "area: unknown key 'macth'; did you mean 'match'?"),
        ('"name"', '"nmae"', "match cannot be 'nmae'; did you mean 'name'?"),
        ('"snapshot"', '"snapshots"', "did you mean 'snapshot'?"),
        ('"quarantine"', '"quarantin"', "did you mean 'quarantine'?"),
        ('column = "beds"', 'colum = "beds"', "1: unknown key 'colum'; did you mean 'column'?"),
        ('id = "quarantine_beds"', 'id = "quarantine_bedz"', "did you mean 'quarantine_beds'?"),
        (
            'id = "quarantine_beds"',
            'id = "zzz"',
            "unknown measure 'zzz'; a new one needs kind and unit",
        ),
        ('id = "quarantine_beds"', 'id = "Beds!"\nkind="stock"\nunit="bed"', "lower case"),
        (
            'column = "beds"',
            'column = "beds"\nkind = "flow"',
            "quarantine_beds is a stock, not a flow",
        ),
        ('column = "beds"', 'column = "beds"\nkind = "stok"', "kind must be flow or stock"),
        ('column = "beds"', 'column = "beds"\nscale = 0', "scale must be"),
        ('{ class = "F1" }', '{ class = { colum = "c" } }', "did you mean 'column'?"),
        ('{ class = "F1" }', '"F1"', "breakdown must be a table"),
        ('{ class = "F1" }', '{ class = "a|b" }', "breakdown class needs a code"),
        ('"province-report"', '"a|b"', "source may not contain"),
        ("[[measure]]", "[[measures]]", "did you mean 'measure'?"),
        ('date = { column = "date", format = "%Y-%m-%d" }', "", "date is missing"),
        (
            '{ column = "date"',
            '{ column = "date", constant = 2021-01-01',
            "either a column or a constant",
        ),
        ("missing = [", "missing = [[1],", "missing must be a list of texts"),
        ('mode = "snapshot"', "mode = snapshot", "not valid TOML"),
        ('mode = "snapshot"', 'mode = "snapshot"\nprecedence = "1"', "whole number"),
        ('mode = "snapshot"', 'mode = "snapshot"\nlevel = "provinc"', "did you mean 'province'?"),
    ],
)
def test_each_mistake_is_one_clear_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in DESIGN
    with pytest.raises(BadInput) as caught:
        load(tmp_path, DESIGN.replace(old, new))
    message = str(caught.value)
    assert said in message
    assert message.startswith("m.toml")
    assert "\n" not in message
    assert str(tmp_path) not in message


def test_two_entries_for_the_same_figures(tmp_path: Path) -> None:
    twin = '[[measure]]\nid = "quarantine_beds"\ncolumn = "other"\n'
    with pytest.raises(BadInput, match="two .* entries write quarantine_beds"):
        load(tmp_path, DESIGN + twin)
    load(tmp_path, DESIGN + twin + 'where = { what = "x" }\n')


def test_a_mapping_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"m\.toml: cannot be opened"):
        load_table_mapping(tmp_path / "m.toml")


def test_a_mapping_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_bytes(b'source = "\xe9"')
    with pytest.raises(BadInput, match="UTF-8"):
        load_table_mapping(tmp_path / "m.toml")


RECORDS = """
[columns]
"Mũi số" = "dose_no"
"Ngày  tiêm" = "vaccinated_at"
[values.dose_no]
"Thứ nhất" = "1"
2 = 2
[values.deleted]
xoa = true
[formats]
dates = "dd/mm/yyyy"
numbers = "vi"
missing = ["-"]
"""


def test_a_record_mapping(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(RECORDS, encoding="utf-8")
    found = load_record_mapping(path)
    assert found.columns == {"Mũi số": "dose_no", "Ngày tiêm": "vaccinated_at"}
    assert found.values == {"dose_no": {"thứ nhất": "1", "2": "2"}, "deleted": {"xoa": "true"}}
    assert (found.dates, found.numbers, found.missing) == ("dd/mm/yyyy", "vi", ("-",))
    check_fields(found, kind=record_kind("vaccination"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[columns]", "[colums]", "unknown key 'colums'; did you mean 'columns'?"),
        ("numbers =", "number =", "[formats]: unknown key 'number'; did you mean 'numbers'?"),
        ('"vi"', '"vn"', "numbers must be auto, vi or en"),
        ('= "dose_no"', '= "dose_nr"', "[columns]: unknown key 'dose_nr'; did you mean 'dose_no'?"),
        (
            "[values.dose_no]",
            "[values.dose]",
            "[values]: unknown key 'dose'; did you mean 'dose_no'?",
        ),
        ('= "vaccinated_at"', '= "dose_no"', "two columns are mapped to 'dose_no'"),
        ("[values.dose_no]", "[values]", "write [values.FIELD]"),
    ],
)
def test_mistakes_in_a_record_mapping(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(RECORDS.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        check_fields(load_record_mapping(path), kind=record_kind("vaccination"))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
