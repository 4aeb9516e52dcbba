"""Writes records as files of every format the gate reads. Files only; nothing is decided here."""

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

FHIR_KINDS = ("dose", "sample", "stay", "facility", "declaration")
FIELD = "https://tuyen-dau.example/"
"""An extension of this address and a field's name gives the field."""
GENDER = {"nam": "male", "nu": "female", None: "unknown"}
RESULT = {"duong_tinh": "260373001", "am_tinh": "260415000"}
METHOD = {"RT_PCR": "94500-6", "AG_RAPID": "94558-4"}
_PERSON = ("full_name", "birth_date", "id_no", "insurance_no", "phone", "sex")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"

Row = Mapping[str, Any]
Resource = dict[str, Any]


def texts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows as text: instants ISO with offset, days ISO, yes and no as true and false."""
    return rows.with_columns(
        pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        if isinstance(kind, pl.Datetime)
        else pl.col(name).cast(pl.String)
        for name, kind in rows.schema.items()
    )


def write_records(rows: pl.DataFrame, path: Path, *, kind: str, fmt: str) -> Path:
    """Write records of a kind in a format; return the file."""
    if fmt == "fhir":
        entries = [{"resource": each} for row in texts(rows).to_dicts() for each in FHIR[kind](row)]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        path.write_text(json.dumps(bundle, ensure_ascii=False), encoding="utf-8")
        return path
    {"csv": _csv, "ndjson": _ndjson, "parquet": _parquet, "xlsx": _xlsx}[fmt](rows, path)
    return path


def _csv(rows: pl.DataFrame, path: Path) -> None:
    texts(rows).write_csv(path)


def _ndjson(rows: pl.DataFrame, path: Path) -> None:
    texts(rows).write_ndjson(path)


def _parquet(rows: pl.DataFrame, path: Path) -> None:
    rows.write_parquet(path)


def _xlsx(rows: pl.DataFrame, path: Path) -> None:
    """Write one sheet of texts, its header in row 1; no library, so that none is needed."""
    cells = texts(rows)
    lines = [cells.columns, *cells.rows()]
    sheet = "".join(f'<row r="{n}">{_row(line, n)}</row>' for n, line in enumerate(lines, start=1))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in _PARTS.items():
            book.writestr(name, content)
        book.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{_MAIN}"><sheetData>{sheet}</sheetData></worksheet>',
        )


def _row(line: Any, number: int) -> str:  # noqa: ANN401 -- texts or blanks of any width
    return "".join(
        f'<c r="{_letters(n)}{number}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
        for n, cell in enumerate(line)
        if cell is not None
    )


def _letters(column: int) -> str:
    before, last = divmod(column, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEET}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}  # fmt: skip


def _patient(row: Row, name: str) -> Resource:
    numbers = (("NI", row["id_no"]), ("HC", row["insurance_no"]))
    return {
        "resourceType": "Patient",
        "id": name,
        "name": [{"text": row["full_name"]}],
        "birthDate": row["birth_date"],
        "gender": GENDER[row["sex"]],
        "telecom": [{"system": "phone", "value": row["phone"]}],
        "identifier": [
            {"type": {"coding": [{"code": code}]}, "value": value}
            for code, value in numbers
            if value
        ],
    }


def _extensions(row: Row, *, told: tuple[str, ...]) -> list[Resource]:
    """Return as extensions what the resource has no element for."""
    return [
        {"url": FIELD + name, "valueString": value}
        for name, value in row.items()
        if value is not None and name not in (*told, *_PERSON)
    ]


def _immunization(row: Row) -> Iterator[Resource]:
    key = row["dose_event_id"]
    yield _patient(row, f"P-{key}")
    told = ("dose_event_id", "dose_no", "vaccine_code", "lot_no", "expiry", "vaccinated_at",
            "recorded_at")  # fmt: skip
    yield {
        "resourceType": "Immunization", "id": key, "status": "completed",
        "vaccineCode": {"coding": [{"code": row["vaccine_code"]}]},
        "patient": {"reference": f"Patient/P-{key}"},
        "occurrenceDateTime": row["vaccinated_at"], "recorded": row["recorded_at"],
        "lotNumber": row["lot_no"], "expirationDate": row["expiry"],
        "protocolApplied": [{"doseNumberPositiveInt": int(row["dose_no"])}],
        "extension": _extensions(row, told=told),
    }  # fmt: skip


def _specimen(row: Row) -> Iterator[Resource]:
    """Yield a specimen, its person if it is of one, and its observation and report."""
    key = row["sample_id"]
    told = ("sample_id", "method", "result", "collected_at", "received_lab_at", "resulted_at",
            "returned_at")  # fmt: skip
    specimen: Resource = {
        "resourceType": "Specimen", "id": key,
        "collection": {"collectedDateTime": row["collected_at"]},
    }  # fmt: skip
    if row["received_lab_at"]:
        specimen["receivedTime"] = row["received_lab_at"]
    if row["id_no"]:
        yield _patient(row, f"P-{key}")
        specimen["subject"] = {"reference": f"Patient/P-{key}"}
    without = told if row["result"] else tuple(name for name in told if name != "method")
    yield {**specimen, "extension": _extensions(row, told=without)}
    if row["result"]:
        yield from _tested(row)


def _tested(row: Row) -> Iterator[Resource]:
    key = row["sample_id"]
    code = {"coding": [{"system": "http://loinc.org", "code": METHOD[row["method"]]}]}
    yield {
        "resourceType": "Observation", "id": f"O-{key}", "status": "final", "code": code,
        "specimen": {"reference": f"Specimen/{key}"}, "issued": row["resulted_at"],
        "valueCodeableConcept": {"coding": [{"code": RESULT[row["result"]]}]},
    }  # fmt: skip
    yield {
        "resourceType": "DiagnosticReport", "id": f"B-{key}", "status": "final", "code": code,
        "specimen": [{"reference": f"Specimen/{key}"}], "issued": row["returned_at"],
        "result": [{"reference": f"Observation/O-{key}"}],
    }  # fmt: skip


def _encounter(row: Row) -> Iterator[Resource]:
    key = row["stay_id"]
    yield _patient(row, f"P-{key}")
    period = {"start": row["start_ts"], "end": row["actual_end"]}
    yield {
        "resourceType": "Encounter", "id": key, "class": {"code": "IMP"},
        "status": "finished" if row["actual_end"] else "in-progress",
        "reasonCode": [{"text": row["class"]}], "subject": {"reference": f"Patient/P-{key}"},
        "period": {name: value for name, value in period.items() if value},
        "extension": _extensions(row, told=("stay_id", "class", "start_ts", "actual_end")),
    }  # fmt: skip


def _location(row: Row) -> Iterator[Resource]:
    yield {
        "resourceType": "Location", "id": row["facility_id"], "name": row["name"],
        "identifier": [{"value": row["facility_id"]}],
        "type": [{"coding": [{"code": row["kind"]}]}],
        "extension": _extensions(row, told=("facility_id", "name", "kind")),
    }  # fmt: skip


def _questionnaire(row: Row) -> Iterator[Resource]:
    key = row["declaration_id"]
    yield _patient(row, f"P-{key}")
    elsewhere = ("declaration_id", "declared_at", *_PERSON)
    asked = {name: value for name, value in row.items() if value and name not in elsewhere}
    yield {
        "resourceType": "QuestionnaireResponse", "id": key, "status": "completed",
        "authored": row["declared_at"], "subject": {"reference": f"Patient/P-{key}"},
        "item": [{"linkId": name, "answer": [{"valueString": value}]}
                 for name, value in asked.items()],
    }  # fmt: skip


FHIR: Mapping[str, Callable[[Row], Iterator[Resource]]] = {
    "dose": _immunization, "sample": _specimen, "stay": _encounter, "facility": _location,
    "declaration": _questionnaire,
}  # fmt: skip
