"""Spreadsheets: rows as Excel counts them, dates, errors, merges, sheets that were cut."""

import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data_access.errors import BadInput
from data_access.ingest import spreadsheets
from data_access.ingest.columns import Formats, Parsed
from data_access.ingest.mapping import load_table_mapping
from data_access.ingest.readers import file_format, read_chunks
from data_access.ingest.record_mapping import load_record_mapping
from data_access.ingest.sheet_rule import SheetRule
from data_access.ingest.sheet_xml import column_letters, column_number
from data_access.ingest.time_text import parse_days, parse_moments
from tests.unit.ingest.sheets import MOMENT, Raw, dated, error, formula, write_xlsx
from tests.unit.ingest.support import GOOD_DOSE, admit, areas, dose


def read(
    path: Path, *, rule: SheetRule | None = None, wanted: tuple[str, ...] = ()
) -> tuple[list[dict[str, object]], list[tuple[object, ...]]]:
    chunks = list(read_chunks(path, sheet=rule, wanted=wanted))
    broken = pl.concat([chunk.broken for chunk in chunks])
    rows = pl.concat([chunk.rows for chunk in chunks])
    assert sum(chunk.n_read for chunk in chunks) == rows.height + broken["row_no"].n_unique()
    return rows.to_dicts(), sorted(broken.select("row_no", "field", "reason").rows())


def test_cells_come_out_as_text_with_excels_row_numbers(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx",
        {
            1: ["name", "day", "n", "when", "share"],
            2: ["Nguyễn", dated(44441), 12, dated(44441.6875, style=MOMENT), 0.5159],
            # Row 3 is blank; row 4 holds text where a date was meant.
            4: [" y ", "03/09/2021", 79204001234, dated(44441, style=MOMENT), 1e-7],
        },
    )
    rows, broken = read(path)
    assert broken == []
    assert rows == [
        {"row_no": 2, "name": "Nguyễn", "day": "2021-09-02", "n": "12",
         "when": "2021-09-02 16:30:00", "share": "0.5159"},
        {"row_no": 4, "name": " y ", "day": "03/09/2021", "n": "79204001234",
         "when": "2021-09-02", "share": "0.0000001"},
    ]  # fmt: skip


def test_title_rows_and_a_table_that_begins_at_column_c(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx",
        {2: ["BÁO CÁO NGÀY"], 5: ["a", "b"], 6: [1, 2], 9: [error("#REF!"), 4]},
        first_column=3,
    )
    rows, broken = read(path, rule=SheetRule(header_row=5))
    assert rows == [{"row_no": 6, "a": "1", "b": "2"}]
    assert broken == [(9, "a", "error_cell")]
    with pytest.raises(BadInput, match="names no column"):
        read(path)
    with pytest.raises(BadInput, match="no row 30 to name columns"):
        read(path, rule=SheetRule(header_row=30))


def test_the_sheet_named_else_the_first(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx", {1: ["a"], 2: ["x"]}, sheet="Tờ 1 & 2", others=["Ghi chú"]
    )
    assert read(path)[0] == read(path, rule=SheetRule(name="tờ 1 & 2"))[0]
    with pytest.raises(BadInput, match=r"no sheet 'Tờ 3'; there are 'Tờ 1 & 2', 'Ghi chú'"):
        read(path, rule=SheetRule(name="Tờ 3"))
    with pytest.raises(BadInput, match="has no row 1"):
        read(path, rule=SheetRule(name="Ghi chú"))


def test_formulas_count_with_the_value_saved_and_are_refused_without(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx",
        {
            1: ["a", "b", "note"],
            2: [formula("1+1", "2"), 1, formula("NOW()")],
            3: [formula("1+1"), formula("2+2", ""), None],
            4: [Raw('t="str"', "<f>A1&amp;B1</f><v></v>"), error("#N/A"), error("#DIV/0!")],
            5: [Raw('t="str"', "<f>A1</f><v>x</v>"), 5, None],
        },
    )
    rows, broken = read(path, wanted=("a", "b"))
    assert [(row["row_no"], row["a"], row["b"]) for row in rows] == [(2, "2", "1"), (5, "x", "5")]
    assert broken == [
        (3, "a", "formula_without_value"),
        (3, "b", "formula_without_value"),
        (4, "b", "error_cell"),
    ]


def test_merged_cells_are_refused_where_it_is_unclear_whose_value_it_is(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx",
        {
            1: ["province", "district", "n", "note"],
            2: ["01", "001", 5],
            3: [None, "002", 6],
            4: ["79", "760", 7, "merged with a column that nobody reads"],
            5: ["79", "761", 8],
        },
        merges=["A2:A3", "D4:E4", "B5:C5", "A1:B1"],
    )
    wanted = ("province", "district", "n")
    rows, broken = read(path, wanted=wanted)
    assert [row["row_no"] for row in rows] == [4]
    assert broken == [
        (2, "province", "merged_cells"),
        (3, "province", "merged_cells"),
        (5, "district", "merged_cells"),
        (5, "n", "merged_cells"),
    ]
    rows, broken = read(path, wanted=wanted, rule=SheetRule(merged="fill"))
    assert broken == []
    assert [(row["province"], row["n"]) for row in rows] == [
        ("01", "5"), ("01", "6"), ("79", "7"), ("79", "761")
    ]  # fmt: skip


def test_a_sheet_that_ends_at_a_row_limit_is_refused_unless_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "ROW_LIMITS", {6: "the most six rows can hold"})
    full = write_xlsx(tmp_path / "full.xlsx", {1: ["a"], **{n: [n] for n in range(2, 7)}})
    with pytest.raises(BadInput, match="ends exactly at row 6.*probably cut.*allow_full_sheet"):
        read(full)
    assert len(read(full, rule=SheetRule(allow_full=True))[0]) == 5
    styled = Raw('s="1"', "")
    blank_below = write_xlsx(tmp_path / "b.xlsx", {1: ["a"], 2: [1], 6: [styled], 7: [styled]})
    assert len(read(blank_below)[0]) == 1
    one_less = write_xlsx(tmp_path / "c.xlsx", {1: ["a"], **{n: [n] for n in range(2, 6)}})
    assert len(read(one_less)[0]) == 4


def test_the_real_limit_of_the_old_format(tmp_path: Path) -> None:
    rows = {1: ["n"], **{n: [n] for n in range(2, 65_537)}}
    with pytest.raises(BadInput, match=r"row 65536, the most an \.xls sheet can hold"):
        read(write_xlsx(tmp_path / "cut.xlsx", rows))


def test_what_is_no_spreadsheet_is_told_in_one_line(tmp_path: Path) -> None:
    good = write_xlsx(tmp_path / "good.xlsx", {1: ["a"], 2: [1]}).read_bytes()
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
    files = {
        "cut.xlsx": (good[: len(good) // 2], "damaged or cut off"),
        "text.xlsx": (b"a,b\n1,2\n", "damaged or cut off"),
        "zip.xlsx": (b"PK\x03\x04" + b"\x00" * 100, "damaged or cut off"),
        "secret.xlsx": (ole + "EncryptedPackage".encode("utf-16-le"), "password"),
        "old.xls": (ole, "save it as .xlsx"),
        "empty.xlsx": (b"", "0 bytes"),
    }
    for name, (content, said) in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BadInput, match=said) as caught:
            read(path)
        assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ('<row r="1"><c r="A1"><v>1</v></c></row>'
         '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "too large"),
        ("<row r=\"1\"><c r='XFD1048576'><v>1</v></c></row>", "do not name their places"),
        ("<row><c><v>1</v></c></row>", "do not name their places"),
    ],
)  # fmt: skip
def test_a_sheet_that_would_fill_the_memory_is_refused(
    tmp_path: Path, cells: str, said: str
) -> None:
    good = write_xlsx(tmp_path / "good.xlsx", {1: ["a"], 2: [1]})
    with zipfile.ZipFile(good) as book, zipfile.ZipFile(tmp_path / "bad.xlsx", "w") as bad:
        for name in book.namelist():
            text = book.read(name).decode()
            if name.endswith("sheet1.xml"):
                start, end = text.index("<row"), text.index("</sheetData>")
                text = text[:start] + cells + text[end:]
            bad.writestr(name, text)
    with pytest.raises(BadInput, match=said):
        read(tmp_path / "bad.xlsx")


def test_rows_may_leave_out_their_number(tmp_path: Path) -> None:
    good = write_xlsx(tmp_path / "good.xlsx", {1: ["a"], 2: [1], 3: [error("#REF!")]})
    path = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(good) as book, zipfile.ZipFile(path, "w") as bare:
        for name in book.namelist():
            text = book.read(name).decode()
            bare.writestr(name, re.sub(r'<row r="\d+">', "<row>", text))
    assert read(path) == ([{"row_no": 2, "a": "1"}], [(3, "a", "error_cell")])


def test_a_spreadsheet_is_known_by_its_name_or_its_start(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {1: ["a"]})
    assert file_format(path) == "xlsx"
    assert file_format(path.rename(tmp_path / "no_extension")) == "xlsx"


def test_letters_of_columns() -> None:
    assert [column_letters(n) for n in (1, 26, 27, 702, 703)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert all(column_number(column_letters(n)) == n for n in range(1, 2000))


def test_records_through_the_gate_with_real_dates_under_a_mapping_of_texts(tmp_path: Path) -> None:
    toml = tmp_path / "m.toml"
    toml.write_text(
        'sheet = "Mũi tiêm"\nheader_row = 3\n[columns]\n"Ngày tiêm" = "vaccinated_at"\n'
        '[formats]\ndates = "dd/mm/yyyy"\n',
        encoding="utf-8",
    )
    header = [name for name in GOOD_DOSE if name not in {"vaccinated_at", "recorded_at"}]
    values = [GOOD_DOSE[name] for name in header]
    path = write_xlsx(
        tmp_path / "a.xlsx",
        {
            1: ["Danh sách tiêm"],
            3: [*header, "Ngày tiêm"],
            4: [*values, dated(44413)],  # 5 August 2021
            5: ["D2", *values[1:], "06/08/2021"],
            6: ["D3", *values[1:], error("#REF!")],
        },
        sheet="Mũi tiêm",
    )
    found = admit(path, mapping=load_record_mapping(toml))
    days = found.accepted.select(
        pl.col("vaccinated_at").dt.convert_time_zone("Asia/Ho_Chi_Minh").dt.strftime("%F %R")
    )
    assert days.to_series().to_list() == ["2021-08-05 00:00", "2021-08-06 00:00"]
    assert found.reasons == [(6, "Ngày tiêm", "error_cell")]


def test_a_csv_and_a_spreadsheet_of_the_same_rows_are_the_same_records(tmp_path: Path) -> None:
    given = [dose(), dose(dose_event_id="D2", vaccine_code="PF", lot_no="0012")]
    header = list(GOOD_DOSE) + ["lot_no"]
    table = {1: header, **{n: [row.get(c) for c in header] for n, row in enumerate(given, 2)}}
    csv = tmp_path / "a.csv"
    lines = [",".join(str(row.get(c, "")) for c in header) for row in given]
    csv.write_text("\n".join([",".join(header), *lines]), encoding="utf-8")
    sheet = admit(write_xlsx(tmp_path / "a.xlsx", table))
    assert sheet.accepted.equals(admit(csv).accepted)
    assert sheet.n_read == 2


def test_a_table_from_a_named_sheet(tmp_path: Path) -> None:
    from data_access.ingest.cells import read_table
    from tests.unit.ingest.support import KNOWN_AT, ZONE

    toml = tmp_path / "t.toml"
    toml.write_text(
        'source = "p"\nplatform = "quarantine"\nsheet = "Giường"\nheader_row = 2\n'
        'date = { column = "date", format = "%d/%m/%Y" }\n'
        'area = { column = "province", match = "name" }\n'
        '[[measure]]\nid = "quarantine_beds"\ncolumn = "beds"\n',
        encoding="utf-8",
    )
    path = write_xlsx(
        tmp_path / "a.xlsx",
        {
            1: ["Báo cáo"],
            2: ["date", "province", "beds"],
            3: [dated(44441), "Hà Nội", 120],
            4: ["02/09/2021", "Đà Nẵng", formula("SUM(A1)")],
        },
        sheet="Giường",
    )
    found = read_table(path, load_table_mapping(toml), areas=areas(), known_at=KNOWN_AT, zone=ZONE)
    assert found.n_read == 2
    assert found.cells.select("row_no", "area_id", "value").rows() == [
        (3, areas().id_of("01", "63"), 120.0)
    ]
    assert found.rejected.select("row_no", "reason").rows() == [(4, "formula_without_value")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("header_row = 0", "header_row must be"),
        ('allow_full_sheet = "yes"', "true or false"),
        ('merged = "spread"', "merged must be reject or fill"),
        ("sheet = 2", "sheet must be the name"),
        ('sheeet = "a"', "did you mean 'sheet'"),
    ],
)
def test_a_wrong_word_about_sheets_is_named(tmp_path: Path, line: str, said: str) -> None:
    toml = tmp_path / "m.toml"
    toml.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        load_record_mapping(toml)


@pytest.mark.parametrize("parse", [parse_days, parse_moments])
def test_serial_numbers_blanks_and_real_dates_in_one_column(parse: Callable[..., Parsed]) -> None:
    text = pl.Series("day", ["44441", None, "2021-09-03", "x"])
    found = parse(text, formats=Formats(zone="Asia/Ho_Chi_Minh", dates="excel"))
    local = found.values
    if local.dtype != pl.Date:
        local = local.dt.convert_time_zone("Asia/Ho_Chi_Minh").dt.date()
    assert local.to_list() == [date(2021, 9, 2), None, date(2021, 9, 3), None]
    assert [mask.to_list() for mask in found.bad.values()] == [[False, False, False, True]]
