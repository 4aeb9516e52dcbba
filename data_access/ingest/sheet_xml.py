"""What the spreadsheet reader does not tell: error cells, formulas without value, merged cells.

Scans a sheet's XML block by block, and refuses a sheet whose cells could not be held in memory:
the reader makes room for every cell between the first and the last, whatever lies between.
"""

import html
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from data_access.errors import BadInput

MOST_CELLS = 25_000_000
MOST_ROWS = 1_048_576
MOST_SHEET_BYTES = 2 * 2**30
MOST_TEXT_BYTES = 512 * 2**20
MOST_INDEX_BYTES = 4 * 2**20
_BLOCK_BYTES = 8 * 2**20
_LONGEST_ROW_BYTES = 64 * 2**20
_UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError)

# Nearly all files write tags without a prefix, which can be searched for much faster.
_CELL_START = re.compile(rb"<(?:\w+:)?c[\s/>]")
_PLAIN_STARTS = (b"<c ", b"<c>", b"<c/", b"<c\t", b"<c\n", b"<c\r")
_BEFORE_PLACE = rb'(?: (?:s|t|cm|vm|ph)="\w+")* r="'
_COLUMN = rb"([A-Z]{1,3})[0-9]{1,7}\""
_COLUMNS = tuple(re.compile(c + _BEFORE_PLACE + _COLUMN) for c in (rb"<c", rb"<(?:\w+:)?c"))
_ROWS = re.compile(rb"<(?:\w+:)?c" + _BEFORE_PLACE + rb"[A-Z]{1,3}([0-9]{1,7})")
_LAST_ROWS = re.compile(rb'<(?:\w+:)?row(?: [^>]*?)? r="([0-9]{1,7})"')
_ERROR = re.compile(rb'<(?:\w+:)?c(?= [^>]*\bt="e")[^>]* r="([A-Z]{1,3})([0-9]{1,7})"')
_FORMULA_ONLY = re.compile(
    rb'<(?:\w+:)?c((?: [^>]*)?) r="([A-Z]{1,3})([0-9]{1,7})"([^>]*)>\s*'
    rb"<(?:\w+:)?f[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MERGE = re.compile(
    rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"'
)
_SHEET = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, kw_only=True)
class Merge:
    """A merged range, rows and columns counted from 1, ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(kw_only=True)
class SheetFacts:
    """What the XML of a sheet says besides its values.

    Attributes:
        n_cells: cells that are written down.
        first_column: leftmost column with a cell, from 1; 0 for an empty sheet.
        last_column: rightmost column with a cell.
        last_row: lowest row that is written down.
        faults: (row, column, reason key) of cells without a usable value.
        merges: merged ranges.
    """

    n_cells: int = 0
    first_column: int = 0
    last_column: int = 0
    last_row: int = 0
    faults: list[tuple[int, int, str]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)


def scan_sheet(path: Path, *, sheet: str) -> SheetFacts:
    """Return what the XML of a sheet says.

    Args:
        path: an .xlsx file.
        sheet: name of one of its sheets.

    Raises:
        BadInput: if the file is damaged, or too large to be held in memory.
    """
    try:
        with zipfile.ZipFile(path) as book:
            part = _part_of(book, sheet)
            _check_sizes(book, part, file_name=path.name)
            with book.open(part) as file:
                return _facts(file, file_name=path.name)
    except (*_UNREADABLE, KeyError, NotImplementedError) as error:
        raise damaged(path.name) from error


def damaged(file_name: str) -> BadInput:
    """Return the error of a spreadsheet that cannot be opened."""
    return BadInput(f"{file_name}: not a whole .xlsx spreadsheet (damaged or cut off)")


def column_number(letters: str) -> int:
    """Return the number of a column, from 1 for A."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """Return the letters of a column, A for 1."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _part_of(book: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part of the package that holds a sheet."""
    listed = _index(book, "xl/workbook.xml")
    wanted = {
        named.get("r:id") or next((v for k, v in named.items() if k.endswith(":id")), "")
        for named in map(_attributes, _SHEET.findall(listed))
        if named.get("name") == sheet
    }
    for relation in map(_attributes, _RELATION.findall(_index(book, "xl/_rels/workbook.xml.rels"))):
        if relation.get("Id") in wanted:
            target = relation.get("Target", "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError(sheet)


def _index(book: zipfile.ZipFile, name: str) -> str:
    with book.open(name) as file:
        return file.read(MOST_INDEX_BYTES).decode("utf-8", "replace")


def _attributes(text: str) -> dict[str, str]:
    found = _ATTRIBUTE.findall(text)
    return {name: html.unescape(double or single) for name, double, single in found}


def _check_sizes(book: zipfile.ZipFile, part: str, *, file_name: str) -> None:
    for info in book.infolist():
        if info.flag_bits & 1:
            raise BadInput(f"{file_name}: protected by a password")
        most = MOST_SHEET_BYTES if info.filename == part else MOST_TEXT_BYTES
        if info.file_size > most and info.filename.endswith((".xml", ".rels")):
            raise BadInput(f"{file_name}: too large a spreadsheet; deliver it as CSV or Parquet")


def _facts(file: IO[bytes], *, file_name: str) -> SheetFacts:
    facts = SheetFacts()
    for block in _row_blocks(file, file_name=file_name):
        _count(facts, block, file_name=file_name)
        _find_faults(facts, block)
        merged = _MERGE.findall(block) if b"mergeCell" in block else []
        for first_column, first_row, last_column, last_row in merged:
            merge = Merge(
                first_row=int(first_row),
                first_column=column_number(first_column.decode()),
                last_row=int(last_row),
                last_column=column_number(last_column.decode()),
            )
            facts.merges.append(merge)
    return facts


def _row_blocks(file: IO[bytes], *, file_name: str) -> Iterator[bytes]:
    """Yield the XML cut between rows."""
    left, n_read = b"", 0
    while raw := file.read(_BLOCK_BYTES):
        if not n_read and b"\x00" in raw[:64]:
            raise BadInput(f"{file_name}: a spreadsheet must hold UTF-8 XML")
        n_read += len(raw)
        left += raw
        end = left.rfind(b"row>") + len(b"row>")
        if n_read > MOST_SHEET_BYTES or len(left) - end > _LONGEST_ROW_BYTES:
            raise BadInput(f"{file_name}: too large a spreadsheet; deliver it as CSV or Parquet")
        if end >= len(b"row>"):
            yield left[:end]
            left = left[end:]
    yield left


def _count(facts: SheetFacts, block: bytes, *, file_name: str) -> None:
    has_prefix = b":c" in block
    letters = _COLUMNS[has_prefix].findall(block)
    if _n_cells(block, has_prefix=has_prefix) != len(letters):
        raise BadInput(f"{file_name}: its cells do not name their places; save it again in Excel")
    if not letters:
        return
    columns = [column_number(each.decode()) for each in set(letters)]
    facts.n_cells += len(letters)
    facts.first_column = min([*columns, facts.first_column or columns[0]])
    facts.last_column = max(*columns, facts.last_column)
    width = facts.last_column - facts.first_column + 1
    # Where even a full sheet of this width would do, the rows need not be told cell by cell.
    pattern = _LAST_ROWS if width * MOST_ROWS <= MOST_CELLS else _ROWS
    rows = pattern.findall(block) or _ROWS.findall(block)  # a row may leave out its number
    facts.last_row = max([facts.last_row, *map(int, set(rows))])
    if pattern is _ROWS and facts.last_row * width > MOST_CELLS:
        raise BadInput(
            f"{file_name}: a sheet of {facts.last_row} rows and {facts.last_column} columns is too"
            " large; deliver it as CSV or Parquet"
        )


def _n_cells(block: bytes, *, has_prefix: bool) -> int:
    if has_prefix:
        return len(_CELL_START.findall(block))
    return sum(block.count(start) for start in _PLAIN_STARTS)


def _find_faults(facts: SheetFacts, block: bytes) -> None:
    if b't="e"' in block:
        for letters, row in _ERROR.findall(block):
            facts.faults.append((int(row), column_number(letters.decode()), "error_cell"))
    if b"<f" not in block and b":f" not in block:
        return
    for before, letters, row, after, value in _FORMULA_ONLY.findall(block):
        # A formula may well give an empty text, and then says so.
        if not (value and b't="str"' in before + after):
            place = (int(row), column_number(letters.decode()), "formula_without_value")
            facts.faults.append(place)
