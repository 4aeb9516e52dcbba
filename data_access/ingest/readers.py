"""Reads delivered files as chunks of raw cells, whatever their size. Checks no content.

CSV (comma, semicolon, tab or bar; UTF-8 with or without its mark, UTF-16 with its mark, cp1258),
NDJSON, Parquet and .xlsx spreadsheets. Text comes out as NFC. A CSV row is counted as a person
counts it: the header is row 1. A broken line becomes a rejected row; a file that is not what it
says raises BadInput.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import PolarsError

from data_access.errors import BadInput
from data_access.ingest import text_blocks
from data_access.ingest.reasons import reject_frame
from data_access.ingest.sheet_rule import SheetRule
from data_access.ingest.spreadsheets import Sheet, read_sheet

FORMATS = ("csv", "ndjson", "parquet", "xlsx", "fhir")
MAX_COLUMNS = 1_000
ROWS_PER_CHUNK = 150_000
SAMPLED_LINES = 500
_EXTENSIONS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xlsx",
    ".fhir": "fhir",
}
_SEPARATOR_LINE = re.compile(r'^"?sep=.?"?\s*$', re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[a-z][a-z_]{0,39}[0-9]{0,3}")
_DELIMITERS = ",;\t|"
_LINE_FEED = "\n"
_END = "\x00end"
_PARQUET_MAGIC = b"PAR1"
_SPREADSHEET_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True, kw_only=True)
class RawChunk:
    """Some rows of a file, unchecked.

    Attributes:
        rows: row_no (Int64) and the file's columns; String for CSV and NDJSON, null for a blank.
        broken: rows that could not be read at all, columns of REJECTED.
        n_read: rows read, broken ones included, blank lines not.
    """

    rows: pl.DataFrame
    broken: pl.DataFrame
    n_read: int


def file_format(path: Path, *, fmt: str | None = None) -> str:
    """Return one of FORMATS: as asked for, else by extension, else by content.

    Raises:
        BadInput: if the file is missing or empty, or the format is not one of these.
    """
    if fmt is not None and fmt not in FORMATS:
        raise BadInput(f"format {fmt!r} is not one of {', '.join(FORMATS)}")
    start = _start(path)
    if start[:4] == _PARQUET_MAGIC:
        found = "parquet"
    elif start[:4] in _SPREADSHEET_MAGIC:
        found = "xlsx"
    elif start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        found = "ndjson"
        if b'"resourceType"' in start:
            return fmt or "fhir"
    else:
        found = "csv"
    return fmt or _EXTENSIONS.get(path.suffix.lower(), found)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise BadInput(f"{path.name}: cannot be opened ({error.strerror})") from error
    if not start:
        raise BadInput(f"{path.name}: the file is empty (0 bytes)")
    return start


def fold_name(name: str) -> str:
    """Return a column's name without case, with `_` for spaces and hyphens."""
    return "_".join(name.replace("-", " ").replace("_", " ").split()).casefold()


def read_chunks(
    path: Path,
    *,
    fmt: str | None = None,
    encoding: str | None = None,
    wanted: Sequence[str] = (),
    sheet: SheetRule | None = None,
) -> Iterator[RawChunk]:
    """Yield the rows of a file in chunks; memory does not grow with the file.

    A file without rows yields one chunk without rows.

    Args:
        path: the file.
        fmt: its format; None to find out.
        encoding: encoding of a text file; None to find out.
        wanted: names that the caller will use; NDJSON, which has no header, is read for these,
            and only in these does a spreadsheet's cell without a value refuse its row.
        sheet: which sheet of a spreadsheet, and how.

    Raises:
        BadInput: one line that names the file and what is wrong with it.
    """
    found = file_format(path, fmt=fmt)
    if found == "fhir":
        raise BadInput(f"{path.name}: a FHIR bundle; take it in as records of a platform")
    if found == "parquet":
        yield from _parquet_chunks(path)
    elif found == "ndjson":
        yield from _ndjson_chunks(path, encoding=encoding, wanted=wanted)
    elif found == "xlsx":
        yield from _sheet_chunks(path, rule=sheet or SheetRule(), wanted=wanted)
    else:
        yield from _csv_chunks(path, encoding=encoding)


def check_header(names: Sequence[str], *, file_name: str) -> None:
    """Refuse a header that cannot be used.

    Raises:
        BadInput: too many columns, or one name twice.
    """
    if len(names) > MAX_COLUMNS:
        raise BadInput(f"{file_name}: {len(names)} columns; at most {MAX_COLUMNS} are accepted")
    folded = [name.casefold() for name in names if name]
    twice = sorted({name for name in folded if folded.count(name) > 1})
    if twice:
        raise BadInput(f"{file_name}: column {_spoken(twice[0], names)} appears more than once")
    if not folded:
        raise BadInput(f"{file_name}: the header names no column")


def _spoken(folded: str, names: Sequence[str]) -> str:
    """Return a column's name for a message; its number where a file without header may be meant.

    There the first line is somebody's record: what it holds is not for messages.
    """
    if _PLAIN_NAME.fullmatch(folded):
        return repr(folded)
    return str(next(n for n, name in enumerate(names, start=1) if name.casefold() == folded))


# --- CSV ------------------------------------------------------------------------------------


def _csv_chunks(path: Path, *, encoding: str | None) -> Iterator[RawChunk]:
    blocks = text_blocks.text_blocks(path, encoding=encoding, quoted=True)
    first = next(blocks, b"")
    header, body = _split_header(first, file_name=path.name)
    delimiter, names = _header(header, file_name=path.name)
    reader = _CsvReader(names=names, delimiter=delimiter, file_name=path.name)
    second = body or next(blocks, b"")
    yield reader.chunk(second)
    for block in blocks:
        yield reader.chunk(block)


def _split_header(block: bytes, *, file_name: str) -> tuple[str, bytes]:
    end = text_blocks.record_end(block)
    header = block[:end].decode("utf-8")
    if _SEPARATOR_LINE.match(header):  # Excel's own first line
        block = block[end:]
        end = text_blocks.record_end(block)
        header = block[:end].decode("utf-8")
    if not header.strip():
        raise BadInput(f"{file_name}: the first line is blank; it should name the columns")
    return header, block[end:]


def _header(line: str, *, file_name: str) -> tuple[str, list[str]]:
    bare = re.sub(r'"[^"]*"', "", line)
    delimiter = max(_DELIMITERS, key=bare.count)
    rows = list(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter))
    names = [" ".join(name.split()) for name in rows[0]]
    check_header(names, file_name=file_name)
    return delimiter, names


class _CsvReader:
    """Turns blocks of whole CSV records into chunks, counting rows as it goes."""

    def __init__(self, *, names: list[str], delimiter: str, file_name: str) -> None:
        self._file_name = file_name
        self._names = names
        self._delimiter = delimiter
        self._next_row = 2

    def chunk(self, block: bytes) -> RawChunk:
        """Return the rows of a block of whole records; an empty block has none."""
        fast = self._fast(block) if block else None
        return fast if fast is not None else self._careful(block)

    def _fast(self, block: bytes) -> RawChunk | None:
        """Read a regular block; None if any line is irregular."""
        separator = self._delimiter.encode()
        if not text_blocks.quotes_are_regular(block, separator=separator):
            return None
        columns = [f"c{n}" for n in range(len(self._names))]
        made_up = separator.join(name.encode() for name in columns) + b"\n"
        try:
            read = pl.read_csv(
                made_up + block,
                separator=self._delimiter,
                infer_schema=False,
            )
        except PolarsError:
            return None
        rows = read.with_row_index("row_no", offset=self._next_row)
        n_blank = rows.select(pl.all_horizontal(pl.exclude("row_no").is_null()).sum()).item()
        n_separators = text_blocks.outside_quotes(block).count(separator)
        if len(columns) > 1 and n_separators != (read.height - n_blank) * (len(columns) - 1):
            return None
        self._next_row += read.height
        if n_blank:
            rows = rows.filter(~pl.all_horizontal(pl.exclude("row_no").is_null()))
        return _named(rows, self._names, broken=reject_frame())

    def _careful(self, block: bytes) -> RawChunk:
        """Read a block line by line; rows of another width are refused."""
        columns: list[list[str | None]] = [[] for _ in self._names]
        numbers: list[int] = []
        ragged: list[int] = []
        width = len(self._names)
        for row_no, line in enumerate(self._lines(block), start=self._next_row):
            self._next_row = row_no + 1
            if not any(line):
                continue
            if len(line) < width or any(line[width:]):
                ragged.append(row_no)
                continue
            numbers.append(row_no)
            for column, cell in zip(columns, line, strict=False):
                column.append(cell or None)
        return self._chunk(columns, numbers, ragged)

    def _lines(self, block: bytes) -> Iterator[list[str]]:
        # A made-up last line shows whether a quotation mark is still open there.
        text = f"{block.decode('utf-8').removesuffix(_LINE_FEED)}{_LINE_FEED}{_END}"
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter)
        try:
            for line in lines:
                if line == [_END]:
                    return
                if line and line[-1].endswith(_END):
                    break
                yield line
        except csv.Error as error:
            raise BadInput(
                f"{self._file_name}: row {self._next_row} cannot be read ({error})"
            ) from error
        raise BadInput(
            f"{self._file_name}: a quotation mark opened in row {self._next_row} is never closed"
        )

    def _chunk(
        self, columns: list[list[str | None]], numbers: list[int], ragged: list[int]
    ) -> RawChunk:
        table = {f"c{n}": pl.Series(column, dtype=pl.String) for n, column in enumerate(columns)}
        rows = pl.DataFrame({"row_no": pl.Series(numbers, dtype=pl.Int64), **table})
        return _named(rows, self._names, broken=reject_frame("ragged", row_nos=ragged))


def _named(rows: pl.DataFrame, names: Sequence[str], *, broken: pl.DataFrame) -> RawChunk:
    """Give columns the names of the file; a column without a name is left out."""
    kept = [(f"c{n}", name) for n, name in enumerate(names) if name]
    return RawChunk(
        rows=rows.select(
            pl.col("row_no").cast(pl.Int64), *[pl.col(c).alias(name) for c, name in kept]
        ),
        broken=broken,
        n_read=rows.height + broken.height,
    )


# --- NDJSON ---------------------------------------------------------------------------------


def _ndjson_chunks(
    path: Path, *, encoding: str | None, wanted: Sequence[str]
) -> Iterator[RawChunk]:
    next_row = 1
    names = list(dict.fromkeys(wanted))
    there: set[str] = set()
    for block in text_blocks.text_blocks(path, encoding=encoding, quoted=False):
        lines = block.decode("utf-8").removesuffix("\n").split("\n")
        seen = _keys(lines, known=names, only_known=bool(wanted), file_name=path.name)
        names = list(dict.fromkeys([*names, *seen]))
        chunk = _ndjson_chunk(lines, names=names, seen=there | set(seen), first_row=next_row)
        there |= set(chunk.rows.columns)
        yield chunk
        next_row += len(lines)


def _keys(lines: Sequence[str], *, known: list[str], only_known: bool, file_name: str) -> list[str]:
    """Return the keys seen in a sample of the lines; of those wanted, in any spelling.

    An object may leave out what it does not have, so all that is wanted is looked for besides.
    """
    step = max(1, len(lines) // SAMPLED_LINES)
    seen: dict[str, None] = {}
    for line in lines[::step]:
        each = _object(line)
        if len(each) > MAX_COLUMNS:
            raise BadInput(f"{file_name}: {len(each)} keys; at most {MAX_COLUMNS} are accepted")
        seen |= dict.fromkeys(each)
    folded = {fold_name(name) for name in known}
    return [name for name in seen if name and (not only_known or fold_name(name) in folded)]


def _ndjson_chunk(
    lines: Sequence[str], *, names: list[str], seen: set[str], first_row: int
) -> RawChunk:
    numbers = [first_row + n for n, line in enumerate(lines) if line.strip()]
    filled = [line for line in lines if line.strip()]
    broken: list[int] = []
    rows = _ndjson_rows(filled, names)
    if rows is None:
        is_object = [bool(_object(line)) for line in filled]
        broken = [n for n, good in zip(numbers, is_object, strict=True) if not good]
        numbers = [n for n, good in zip(numbers, is_object, strict=True) if good]
        kept = [line for line, good in zip(filled, is_object, strict=True) if good]
        rows = _slow_ndjson_rows(kept, names)
    rejected = reject_frame("not_json", row_nos=broken)
    # A key that no line has is a column that is not there, as in a CSV without it.
    there = [c for c in rows if c.name in seen or c.null_count() < rows.height]
    # The numbers first: lines of which no key is wanted are rows without columns, not no rows.
    numbered = pl.DataFrame({"row_no": numbers}, schema={"row_no": pl.Int64}).hstack(there)
    return RawChunk(rows=numbered, broken=rejected, n_read=len(numbers) + rejected.height)


def _ndjson_rows(lines: Sequence[str], names: Sequence[str]) -> pl.DataFrame | None:
    schema = dict.fromkeys(names, pl.String)
    if not lines or not names:
        return pl.DataFrame(schema=schema) if not lines else None
    if not all(line.lstrip().startswith("{") for line in lines):
        return None
    try:
        rows = pl.read_ndjson("\n".join(lines).encode(), schema=schema)
    except PolarsError:
        return None
    return rows if rows.height == len(lines) else None


def _object(line: str) -> dict[str, object]:
    """Return the object of a line; an empty one where the line is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _slow_ndjson_rows(lines: Sequence[str], names: Sequence[str]) -> pl.DataFrame:
    objects = [json.loads(line) for line in lines]
    columns = {name: [_json_text(each.get(name)) for each in objects] for name in names}
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))


def _json_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


# --- Parquet --------------------------------------------------------------------------------


def _parquet_chunks(path: Path) -> Iterator[RawChunk]:
    try:
        with pq.ParquetFile(path) as file:
            names = [" ".join(name.split()) for name in file.schema_arrow.names]
            check_header(names, file_name=path.name)
            yield from _parquet_batches(file, names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInput(f"{path.name}: not a whole Parquet file (damaged or cut off)") from error


def _bare(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch without what its writer noted beside it: that may be no text either."""
    fields = [field.remove_metadata() for field in batch.schema]
    return pa.RecordBatch.from_arrays(batch.columns, schema=pa.schema(fields))


def _parquet_batches(file: pq.ParquetFile, names: list[str]) -> Iterator[RawChunk]:
    next_row = 1
    empty = reject_frame()
    for batch in file.iter_batches(batch_size=ROWS_PER_CHUNK):
        # Text that is no UTF-8, and values out of their bounds: Polars trusts both and panics.
        batch.validate(full=True)
        table = pl.DataFrame(pl.from_arrow(_bare(batch))).rename(
            dict(zip(batch.schema.names, names, strict=True))
        )
        rows = table.insert_column(
            0,
            pl.int_range(next_row, next_row + table.height, dtype=pl.Int64, eager=True).alias(
                "row_no"
            ),
        )
        next_row += table.height
        yield RawChunk(rows=rows, broken=empty, n_read=table.height)
    if next_row == 1:
        empty_batch = pa.RecordBatch.from_pylist([], schema=file.schema_arrow)
        table = pl.DataFrame(pl.from_arrow(_bare(empty_batch)))
        rows = table.insert_column(0, pl.Series("row_no", [], dtype=pl.Int64))
        yield RawChunk(rows=rows, broken=empty, n_read=0)


# --- spreadsheets ---------------------------------------------------------------------------


def _sheet_chunks(path: Path, *, rule: SheetRule, wanted: Sequence[str]) -> Iterator[RawChunk]:
    folded = {fold_name(name) for name in wanted}
    sheet = read_sheet(
        path, rule=rule, is_used=lambda name: not folded or fold_name(name) in folded
    )
    check_header(sheet.names, file_name=path.name)
    refused = sheet.faults["row_no"].unique()
    for start in range(0, max(sheet.rows.height, 1), ROWS_PER_CHUNK):
        rows = sheet.rows.slice(start, ROWS_PER_CHUNK)
        is_refused = rows["row_no"].is_in(refused.implode())
        broken = _sheet_rejects(sheet, rows.filter(is_refused)["row_no"])
        chunk = _named(rows.filter(~is_refused), sheet.names, broken=broken)
        yield RawChunk(rows=chunk.rows, broken=broken, n_read=rows.height)


def _sheet_rejects(sheet: Sheet, row_nos: pl.Series) -> pl.DataFrame:
    """Return reject rows for the faults in some rows, each naming its column."""
    faults = sheet.faults.filter(pl.col("row_no").is_in(row_nos.implode()))
    frames = [
        reject_frame(str(reason), row_nos=each["row_no"], field=sheet.names[int(str(column))])
        for (column, reason), each in faults.group_by("column", "reason", maintain_order=True)
    ]
    return pl.concat([reject_frame(), *frames])
