"""Reads one sheet of an .xlsx file as text, with the row numbers that Excel shows.

Dates come out as yyyy-mm-dd (with HH:MM:SS where there is a time of day), whole numbers without
`.0`. A sheet that ends exactly at a row limit is refused: it was probably cut there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import fastexcel
import polars as pl

from data_access.errors import BadInput
from data_access.ingest.sheet_rule import SheetRule
from data_access.ingest.sheet_xml import Merge, SheetFacts, damaged, scan_sheet

ROW_LIMITS = {
    1_048_576: "the most an .xlsx sheet can hold",
    65_536: "the most an .xls sheet can hold",
    1_000_000: "where some programs stop writing",
}
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOOKED_AT = 8 * 2**20
MERGED_CELLS = "merged_cells"
MOST_MERGED = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet, unchecked.

    Attributes:
        names: names of the columns, empty where the header has none.
        rows: row_no (Int64), then c0, c1, ... (String, null for a blank); blank rows left out.
        faults: row_no (Int64), column (Int64, position in `names`), reason (String): cells whose
            value is not known.
    """

    names: list[str]
    rows: pl.DataFrame
    faults: pl.DataFrame


def read_sheet(path: Path, *, rule: SheetRule, is_used: Callable[[str], bool]) -> Sheet:
    """Return the sheet that a mapping names, else the first.

    Args:
        path: the file.
        rule: what the mapping says about the sheet.
        is_used: whether a column of that name matters; what is wrong elsewhere does not.

    Raises:
        BadInput: if the file is no whole spreadsheet, is protected by a password, has no such
            sheet or header, is too large, or ends exactly at a row limit.
    """
    _refuse_other_kinds(path)
    reader = _opened(path)
    name = _sheet_name(reader, rule=rule, file_name=path.name)
    facts = scan_sheet(path, sheet=name)
    cells = _cells(reader, name, file_name=path.name)
    if cells.height < rule.header_row:
        raise BadInput(f"{path.name}: sheet {name!r} has no row {rule.header_row} to name columns")
    names = [" ".join((cell or "").split()) for cell in cells.row(rule.header_row - 1)[1:]]
    used = [place for place, each in enumerate(names) if each and is_used(each)]
    faults = [fault for fault in _faults(facts, rule=rule) if fault[1] in used]
    body = _body(cells, rule=rule, faulty={row for row, _, _ in faults})
    _refuse_full(body, rule=rule, file_name=path.name)
    merges = _below_header(facts, rule=rule, file_name=path.name)
    if rule.merged == "fill":
        body = _filled(body, merges)
    else:
        faults += _unclear(body, merges, used=used)
    schema = {"row_no": pl.Int64, "column": pl.Int64, "reason": pl.String}
    return Sheet(names=names, rows=body, faults=pl.DataFrame(faults, schema=schema, orient="row"))


def _refuse_other_kinds(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(len(_OLE_MAGIC))
        if start != _OLE_MAGIC:
            return
        is_encrypted = _ENCRYPTED in file.read(_LOOKED_AT)
    if is_encrypted:
        raise BadInput(f"{path.name}: protected by a password")
    raise BadInput(f"{path.name}: an old .xls spreadsheet; save it as .xlsx")


def _opened(path: Path) -> fastexcel.ExcelReader:
    try:
        return fastexcel.read_excel(path)
    except fastexcel.FastExcelError as error:
        raise damaged(path.name) from error
    except BaseException as error:
        raise _panic(error, file_name=path.name) from error


def _panic(error: BaseException, *, file_name: str) -> BaseException:
    """Return the error of a file over which the reader, which is not Python, stumbled."""
    return damaged(file_name) if type(error).__name__ == "PanicException" else error


def _sheet_name(reader: fastexcel.ExcelReader, *, rule: SheetRule, file_name: str) -> str:
    names = reader.sheet_names
    if not names:
        raise BadInput(f"{file_name}: the spreadsheet has no sheet")
    if not rule.name:
        return names[0]
    wanted = rule.name.strip().casefold()
    found = next((name for name in names if name.strip().casefold() == wanted), None)
    if found is None:
        listed = ", ".join(repr(name) for name in names[:10])
        raise BadInput(f"{file_name}: no sheet {rule.name!r}; there are {listed}")
    return found


def _cells(reader: fastexcel.ExcelReader, name: str, *, file_name: str) -> pl.DataFrame:
    """Return all cells as text: row_no, c0, c1, ...; row 1 of the sheet is the first."""
    try:
        sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        cells = sheet.to_polars()
    except fastexcel.FastExcelError as error:
        raise damaged(file_name) from error
    except BaseException as error:
        raise _panic(error, file_name=file_name) from error
    cells.columns = [f"c{n}" for n in range(cells.width)]
    return cells.select(_canonical(pl.col(each)) for each in cells.columns).with_row_index(
        "row_no", offset=1
    ).cast({"row_no": pl.Int64})  # fmt: skip


def _canonical(cell: pl.Expr) -> pl.Expr:
    """Return a cell's text: a day without its midnight, a time without the day Excel gives it."""
    text = pl.when(cell.str.strip_chars() != "").then(cell).str.normalize("NFC")
    return text.str.replace(r"^(\d{4}-\d\d-\d\d) 00:00:00$", "$1").str.replace(
        r"^1899-12-3[01] (\d\d:\d\d:\d\d)$", "$1"
    )


def _body(cells: pl.DataFrame, *, rule: SheetRule, faulty: set[int]) -> pl.DataFrame:
    """Return the rows under the header; a row of errors alone is not a blank one."""
    is_blank = pl.all_horizontal(pl.exclude("row_no").is_null())
    return cells.slice(rule.header_row).filter(~is_blank | pl.col("row_no").is_in(faulty))


def _refuse_full(body: pl.DataFrame, *, rule: SheetRule, file_name: str) -> None:
    last = body["row_no"].max() if body.height else 0
    if last in ROW_LIMITS and not rule.allow_full:
        raise BadInput(
            f"{file_name}: the sheet ends exactly at row {last}, {ROW_LIMITS[int(str(last))]}: it"
            " was probably cut; deliver the whole, or state allow_full_sheet = true in the mapping"
        )


def _faults(facts: SheetFacts, *, rule: SheetRule) -> list[tuple[int, int, str]]:
    """Return the cells under the header without a usable value; columns as positions from 0."""
    left = facts.first_column
    return [
        (row, column - left, reason)
        for row, column, reason in facts.faults
        if row > rule.header_row
    ]


def _below_header(facts: SheetFacts, *, rule: SheetRule, file_name: str) -> list[Merge]:
    """Return the merges under the header, cut to the sheet; columns as positions from 0."""
    left, merges = facts.first_column, []
    for merge in facts.merges:
        cut = Merge(
            first_row=merge.first_row,
            first_column=max(merge.first_column - left, 0),
            last_row=min(merge.last_row, facts.last_row),
            last_column=min(merge.last_column, facts.last_column) - left,
        )
        if cut.last_row > rule.header_row and cut.last_column >= cut.first_column:
            merges.append(cut)
    if sum(_area(merge) for merge in merges) > MOST_MERGED:
        raise BadInput(f"{file_name}: more than {MOST_MERGED} merged cells; split them up first")
    return merges


def _area(merge: Merge) -> int:
    height = merge.last_row - merge.first_row + 1
    return height * (merge.last_column - merge.first_column + 1)


def _unclear(
    body: pl.DataFrame, merges: list[Merge], *, used: list[int]
) -> list[tuple[int, int, str]]:
    """Return the cells of which a merge does not say whether its value is theirs."""
    places = {row_no: place for place, row_no in enumerate(body["row_no"])} if merges else {}
    found: list[tuple[int, int, str]] = []
    for merge in merges:
        columns = [c for c in range(merge.first_column, merge.last_column + 1) if c in used]
        rows = [r for r in range(merge.first_row, merge.last_row + 1) if r in places]
        is_blank = merge.first_row in places and (
            body[f"c{merge.first_column}"][places[merge.first_row]] is None
        )
        if len(columns) * len(rows) > 1 and not is_blank:
            found += [(row, column, MERGED_CELLS) for row in rows for column in columns]
    return found


def _filled(body: pl.DataFrame, merges: list[Merge]) -> pl.DataFrame:
    """Write the value of each merge into every one of its cells."""
    columns = {name: body[name].to_list() for name in body.columns if name != "row_no"}
    places = {row_no: place for place, row_no in enumerate(body["row_no"])} if merges else {}
    for merge in merges:
        if merge.first_row not in places:
            continue
        value = columns[f"c{merge.first_column}"][places[merge.first_row]]
        for row in range(merge.first_row, merge.last_row + 1):
            for column in range(merge.first_column, merge.last_column + 1):
                if row in places:
                    columns[f"c{column}"][places[row]] = value
    filled = {name: pl.Series(cells, dtype=pl.String) for name, cells in columns.items()}
    return pl.DataFrame({"row_no": body["row_no"], **filled})
