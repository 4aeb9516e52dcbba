"""Small .xlsx files for tests, written with nothing but the standard library.

A cell is given as Excel stores it, so that a test can also write what no library would.
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from data_access.ingest.sheet_xml import column_letters

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DAY, MOMENT = 1, 2
"""Styles of cells that hold a date, and a date with time."""


@dataclass(frozen=True)
class Raw:
    """A cell as XML: what stands after its place, and inside it."""

    attributes: str
    content: str


Cell = str | int | float | Raw | None


def dated(serial: float, *, style: int = DAY) -> Raw:
    """Return a cell that Excel shows as a date."""
    return Raw(f's="{style}"', f"<v>{serial}</v>")


def formula(text: str, value: str | None = None) -> Raw:
    """Return a formula, with the value worked out when the file was saved or without."""
    return Raw("", f"<f>{escape(text)}</f>" + (f"<v>{value}</v>" if value is not None else ""))


def error(text: str) -> Raw:
    """Return a cell that shows an error."""
    return Raw('t="e"', f"<v>{text}</v>")


def write_xlsx(
    path: Path,
    rows: Mapping[int, Sequence[Cell]],
    *,
    sheet: str = "Sheet1",
    merges: Sequence[str] = (),
    others: Sequence[str] = (),
    first_column: int = 1,
) -> Path:
    """Write rows (by their number) as the first sheet; other sheets stay empty."""
    names = [sheet, *others]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in _frame(names).items():
            book.writestr(name, text)
        book.writestr("xl/worksheets/sheet1.xml", _sheet(rows, merges, first_column))
        for number in range(2, len(names) + 1):
            book.writestr(f"xl/worksheets/sheet{number}.xml", _sheet({}, (), 1))
    return path


def _sheet(rows: Mapping[int, Sequence[Cell]], merges: Sequence[str], first_column: int) -> str:
    written = "".join(
        f'<row r="{number}">{_row(number, cells, first_column)}</row>'
        for number, cells in sorted(rows.items())
    )
    merged = "".join(f'<mergeCell ref="{ref}"/>' for ref in merges)
    tail = f'<mergeCells count="{len(merges)}">{merged}</mergeCells>' if merges else ""
    return f"<worksheet {_MAIN}><sheetData>{written}</sheetData>{tail}</worksheet>"


def _row(number: int, cells: Sequence[Cell], first_column: int) -> str:
    return "".join(
        _cell(f"{column_letters(first_column + n)}{number}", cell)
        for n, cell in enumerate(cells)
        if cell is not None
    )


def _cell(place: str, cell: Cell) -> str:
    if isinstance(cell, Raw):
        return f'<c r="{place}" {cell.attributes}>{cell.content}</c>'
    if isinstance(cell, str):
        text = f'<is><t xml:space="preserve">{escape(cell)}</t></is>'
        return f'<c r="{place}" t="inlineStr">{text}</c>'
    return f'<c r="{place}"><v>{cell}</v></c>'


def _frame(names: Sequence[str]) -> dict[str, str]:
    numbers = range(1, len(names) + 1)
    sheets = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in zip(numbers, names, strict=True)
    )
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        for n in numbers
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{parts}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f'<Relationship Id="rIdS" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet {_MAIN}><cellXfs count="3"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="22" applyNumberFormat="1"/>'
        "</cellXfs></styleSheet>",
    }
