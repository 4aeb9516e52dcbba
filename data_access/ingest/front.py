"""The front of the gate: files in, checked rows or cells out. Writes nothing.

`Admitted` and `CellDelivery` (see `data_access.ingest.seam`) are all that the back of the gate
receives; no identity is in them.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

from data_access.contracts.model import RecordKind
from data_access.errors import BadInput
from data_access.ingest.cells import read_table
from data_access.ingest.checks import Gate, admit_chunk, check_columns
from data_access.ingest.fhir import fhir_chunks
from data_access.ingest.mapping import TableMapping, load_table_mapping
from data_access.ingest.places import Places
from data_access.ingest.pseudonyms import require_key
from data_access.ingest.readers import RawChunk, file_format, fold_name, read_chunks
from data_access.ingest.record_mapping import (
    JOINED_BY,
    RecordMapping,
    check_fields,
    load_record_mapping,
)
from data_access.ingest.seam import Admitted
from data_access.ingest.unbroken import unbroken
from data_access.reference.areas import Areas

__all__ = [
    "RecordMapping",
    "TableMapping",
    "admit_records",
    "load_record_mapping",
    "load_table_mapping",
    "read_table",
]


def admit_records(
    path: Path,
    kind: RecordKind,
    *,
    fmt: str | None = None,
    record_mapping: RecordMapping | None = None,
    areas: Areas | Places,
    known_at: datetime,
    pseudonym_key: str,
    zone: str,
) -> Iterator[Admitted]:
    """Yield a record file in checked chunks; memory does not grow with the file.

    Row numbers are those a person sees: the header of a CSV is row 1; NDJSON counts lines,
    Parquet rows, from 1. A file without rows yields one chunk without rows.

    Args:
        path: the delivered file.
        kind: the record kind it holds.
        fmt: "csv", "ndjson", "parquet", "xlsx" or "fhir"; None: by extension, else by content.
        record_mapping: how its columns, codes and formats are to be read; None: as ours.
        areas: the country's areas; as Places, only some of its provinces.
        known_at: aware moment at which the delivery was known; nothing may lie after it.
        pseudonym_key: secret that replaces identities.
        zone: time zone of the country.

    Raises:
        BadInput: if the file as a whole cannot be used; one clear line.
        SettingsError: if the kind is about people and there is no secret.
    """
    mapping = record_mapping or RecordMapping()
    check_fields(mapping, kind=kind)
    gate = Gate(
        kind=kind,
        places=areas if isinstance(areas, Places) else Places(areas),
        known_at=known_at,
        key=require_key(pseudonym_key) if kind.has_person else b"",
        zone=zone,
        mapping=mapping,
    )
    wanted = [*mapping.theirs, *[each.name for each in kind.all_fields()]]
    encoding = mapping.encoding or None
    found = file_format(path, fmt=fmt)
    if found == "fhir":
        chunks = fhir_chunks(path, kind=kind)
    else:
        chunks = read_chunks(
            path, fmt=found, encoding=encoding, wanted=wanted, sheet=gate.mapping.sheet
        )
    with unbroken(path.name):
        for number, chunk in enumerate(chunks):
            named = _named(chunk, gate=gate)
            if not number:
                _check_header(chunk, named, gate=gate, file_name=path.name)
            yield admit_chunk(named, gate=gate)


def _check_header(chunk: RawChunk, named: RawChunk, *, gate: Gate, file_name: str) -> None:
    there = {_spaced(column) for column in chunk.rows.columns}
    lost = [theirs for theirs in gate.mapping.theirs if theirs.casefold() not in there]
    if lost:
        raise BadInput(f"{file_name}: the mapping names column {lost[0]!r}, which is not there")
    check_columns(named.rows.columns, kind=gate.kind, file_name=file_name)


def _spaced(column: str) -> str:
    return " ".join(column.split()).casefold()


def _named(chunk: RawChunk, *, gate: Gate) -> RawChunk:
    """Give the columns our names: by the mapping, else by their own whatever the case."""
    mapping, fields = gate.mapping, {each.name for each in gate.kind.all_fields()}
    given = {_spaced(column): column for column in chunk.rows.columns}
    ours = {theirs.casefold(): name for theirs, name in mapping.columns.items()}
    chosen = {ours[folded]: column for folded, column in given.items() if folded in ours}
    for column in chunk.rows.columns:
        plain = fold_name(column)
        if plain in fields and _spaced(column) not in ours:
            chosen.setdefault(plain, column)
    joined = {
        name: [_text(given[theirs.casefold()]) for theirs in parts if theirs.casefold() in given]
        for name, parts in mapping.joined.items()
    }
    made = {*mapping.joined, *mapping.constants}  # these count, whatever the file holds
    columns = [
        *[pl.col(column).alias(name) for name, column in chosen.items() if name not in made],
        *[pl.concat_str(p, separator=JOINED_BY).alias(name) for name, p in joined.items() if p],
        *[pl.lit(value).alias(name) for name, value in mapping.constants.items()],
    ]
    rows = chunk.rows.select("row_no", *columns)
    whole = [pl.col(name).cast(pl.String).str.replace(r"\.0+$", "")
             for name in mapping.whole if name in rows.columns]  # fmt: skip
    return RawChunk(rows=rows.with_columns(whole), broken=chunk.broken, n_read=chunk.n_read)


def _text(column: str) -> pl.Expr:
    """Return a column as trimmed text; null where blank, so that nothing joins nothing."""
    return pl.col(column).cast(pl.String).str.strip_chars().replace("", None)
