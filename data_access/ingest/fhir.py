"""Reads FHIR R4 (a bundle, one resource, or a bulk export line by line) as rows of a record kind.

Every resource is accounted for: it is a record, or it is refused with a reason. What only helps
to read the record of another (the patient, the place) is told apart from what is of no use here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from data_access.contracts.model import DELETED, RecordKind
from data_access.errors import BadInput, BadUse
from data_access.ingest.fhir_bundle import Bundle, Entry, type_named
from data_access.ingest.fhir_parts import Cells
from data_access.ingest.fhir_records import TRANSLATORS, NotARecord
from data_access.ingest.json_text import clean, read_json_documents
from data_access.ingest.readers import RawChunk
from data_access.ingest.reasons import reject_frame


def fhir_chunks(path: Path, *, kind: RecordKind) -> Iterator[RawChunk]:
    """Yield the records of one kind in a FHIR file, columns named as the kind's fields.

    Raises:
        BadUse: if FHIR has no resource for that kind of record.
        BadInput: if the file is no JSON, or holds no FHIR resource.
    """
    translator = TRANSLATORS.get(kind.name)
    if translator is None:
        raise BadUse(f"no FHIR resource is a {kind.name}; choose from {', '.join(TRANSLATORS)}")
    bundle = _bundle(path)
    records: dict[int, Cells] = {}
    refused: dict[int, tuple[str, str]] = {}
    for entry, cells in translator.records(bundle, kind):
        if isinstance(cells, NotARecord):
            refused[entry.row_no] = (str(cells), "status")
        else:
            records[entry.row_no] = cells
    for entry in bundle.entries:
        if entry.row_no not in records and entry.row_no not in refused:
            if entry.deleted_id and entry.kind in translator.types:
                records[entry.row_no] = {kind.key: entry.deleted_id, DELETED: "true"}
            else:
                refused[entry.row_no] = _reason(entry)
    yield RawChunk(
        rows=_rows(records, kind=kind), broken=_rejects(refused), n_read=len(bundle.entries)
    )


def _bundle(path: Path) -> Bundle:
    documents = read_json_documents(path)
    head = documents[0] if len(documents) == 1 else None
    if isinstance(head, dict) and head.get("resourceType") == "Bundle":
        listed = head.get("entry", [])
        if not isinstance(listed, list):
            raise BadInput(f"{path.name}: the entries of the bundle are not a list")
        return Bundle(listed, is_bundle=True)
    if not any(isinstance(each, dict) and "resourceType" in each for each in documents):
        raise BadInput(f"{path.name}: no FHIR resource in it")
    return Bundle(documents, is_bundle=False)


def _reason(entry: Entry) -> tuple[str, str]:
    """Return (reason, field) of an entry that is no record."""
    if entry.fault:
        return "not_fhir", f"{entry.kind}.{entry.fault}"
    if not entry.kind:
        return "not_fhir", "resourceType"
    if entry.used:
        return "part_of_record", entry.kind
    # Type of a resource is whatever the sender writes there.
    return "not_for_platform", type_named(entry.kind)


def _rows(records: dict[int, Cells], *, kind: RecordKind) -> pl.DataFrame:
    columns: dict[str, Any] = {"row_no": pl.Series(list(records), dtype=pl.Int64)}
    for each in kind.all_fields():
        cells = (record.get(each.name) for record in records.values())
        texts = [clean(cell) if cell else None for cell in cells]
        columns[each.name] = pl.Series(texts, dtype=pl.String)
    return pl.DataFrame(columns).sort("row_no")


def _rejects(refused: dict[int, tuple[str, str]]) -> pl.DataFrame:
    frames = [
        reject_frame(reason, row_nos=[row_no], field=clean(name)[:80])
        for row_no, (reason, name) in sorted(refused.items())
    ]
    return pl.concat([reject_frame(), *frames])
