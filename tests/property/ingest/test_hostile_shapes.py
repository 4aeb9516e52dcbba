"""Files made to hurt a reader: bombs, depth, width, entities, bytes that are no text.

Each is answered with rows or one clear line, within seconds and without holding on to memory.
"""

import gc
import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.errors import DataAccessError
from data_access.ingest.mapping import load_table_mapping
from data_access.ingest.record_mapping import load_record_mapping
from tests.property.ingest.test_hostile_bytes import answered, damaged, good_file
from tests.unit.ingest.sheets import write_xlsx
from tests.unit.ingest.support import GOOD_DOSE

SECONDS = 20
"""Far above what any of these takes on a busy machine; a hang never ends."""
KEPT_BYTES = 2_000_000
ROOT = Path(__file__).resolve().parents[3]
HEADER = ",".join(GOOD_DOSE)
ROW = ",".join(GOOD_DOSE.values())
SHEET = "xl/worksheets/sheet1.xml"
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def sheet_with(path: Path, content: bytes) -> None:
    """Write a workbook whose one sheet is these bytes."""
    good = path.with_name("good.xlsx")
    write_xlsx(good, {1: list(GOOD_DOSE), 2: list(GOOD_DOSE.values())})
    with zipfile.ZipFile(good) as book, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in book.namelist():
            bad.writestr(name, content if name == SHEET else book.read(name))


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    start = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{entities}]>'
    return f"{start}<worksheet>&l11;</worksheet>".encode()


def outside_file() -> bytes:
    start = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    return start + b"<worksheet>&f;</worksheet>"


def text(content: str) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content.encode("utf-8", "surrogatepass")) and None


def sheet(content: bytes) -> Callable[[Path], None]:
    return lambda path: sheet_with(path, content)


DEEP = "[" * 200_000
HOSTILE: dict[str, tuple[str, Callable[[Path], None]]] = {
    "csv-10000-columns": ("csv", text(",".join(f"c{n}" for n in range(10_000)) + "\n")),
    "csv-nul": ("csv", text(f"{HEADER}\n{ROW[:9]}\0{ROW[9:]}\n")),
    "csv-surrogate": ("csv", text(f"{HEADER}\n\ud800{ROW}\n")),
    "csv-huge-number": ("csv", text(f"{HEADER},version\n{ROW},{'9' * 5_000}\n")),
    "csv-exponent": ("csv", text(f"{HEADER},version\n{ROW},1e999999999\n")),
    "csv-one-long-cell": ("csv", text(f'{HEADER}\n"{"x" * 2_000_000}"\n')),
    "csv-quotes": ("csv", text(f"{HEADER}\n" + '"' * 100_001 + "\n")),
    "ndjson-deep": ("ndjson", text('{"a":' + DEEP + "\n")),
    "ndjson-surrogate": ("ndjson", text('{"dose_event_id": "\\ud800", "dose_no": "1"}\n')),
    "ndjson-huge-number": ("ndjson", text('{"dose_event_id": ' + "9" * 5_000 + "}\n")),
    "ndjson-10000-keys": ("ndjson", text(json.dumps({f"c{n}": n for n in range(10_000)}) + "\n")),
    "fhir-deep": ("fhir", text('{"resourceType":"Bundle","entry":' + DEEP)),
    "fhir-huge-number": ("fhir", text('{"resourceType":"Immunization","id":' + "9" * 5_000 + "}")),
    "fhir-many-entries": (
        "fhir", text('{"resourceType":"Bundle","entry":[' + "1," * 9_000 + "1]}"),
    ),
    "dhis2-deep": ("dhis2", text('{"dataValues":' + DEEP)),
    "dhis2-huge-number": ("dhis2", text('{"dataValues":[{"value":' + "9" * 5_000 + "}]}")),
    "dhis2-csv-nul": ("dhis2", text("dataelement,period,orgunit,value\ncases,2021\0,01,5\n")),
    "xlsx-entities": ("xlsx", sheet(billion_laughs())),
    "xlsx-outside-file": ("xlsx", sheet(outside_file())),
    "xlsx-deep": ("xlsx", sheet(b"<worksheet>" + b"<a>" * 200_000)),
    "xlsx-bomb": ("xlsx", sheet(b"<worksheet><sheetData>" + b" " * 80_000_000)),
    "xlsx-far-cell": ("xlsx", sheet(b'<worksheet><sheetData><row r="1048575"><c r="XFD1048575"/>'
                                    b"</row></sheetData></worksheet>")),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_made_to_hurt_is_answered_in_time(name: str, tmp_path: Path) -> None:
    fmt, write = HOSTILE[name]
    path = tmp_path / "hostile"
    write(path)
    begun = time.monotonic()
    answered(path, fmt)
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("fmt", ["csv", "ndjson", "parquet", "xlsx", "fhir", "dhis2"])
def test_reading_damaged_files_again_and_again_keeps_no_memory(fmt: str, tmp_path: Path) -> None:
    path = tmp_path / "damaged"

    def read(rounds: range) -> int:
        for seed in rounds:
            path.write_bytes(damaged(good_file(fmt), seed))
            answered(path, fmt, number=seed)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = read(range(15))
        assert read(range(15, 45)) - before < KEPT_BYTES
    finally:
        tracemalloc.stop()


MAPPINGS = {
    "records": (ROOT / "examples/records/so_tiem_chung_tinh.toml", load_record_mapping),
    "table": (ROOT / "examples/vn/ncsc_daily.toml", load_table_mapping),
}


@pytest.mark.parametrize("which", MAPPINGS)
def test_mappings_with_bytes_changed(which: str, tmp_path: Path) -> None:
    good, load = MAPPINGS[which]
    content, path = good.read_bytes(), tmp_path / "mapping.toml"

    @QUICK
    @given(st.integers(min_value=0, max_value=2**32))
    def check(seed: int) -> None:
        path.write_bytes(damaged(content, seed))
        message = ""
        try:
            load(path)
        except DataAccessError as said:
            message = str(said)
        assert "\n" not in message
        assert str(tmp_path) not in message

    check()
