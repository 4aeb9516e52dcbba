"""Whatever bytes arrive, a reader answers with rows or with one clear line: never a traceback.

Each format is fed three ways: bytes at random, good files with bytes changed or cut, and JSON of
the right outline with anything inside.
"""

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.contracts.registry import record_kind
from data_access.errors import DataAccessError
from data_access.ingest.dhis2 import read_dhis2
from data_access.ingest.dhis2_mapping import Dhis2Mapping
from data_access.ingest.fhir_bundle import MODELS
from data_access.ingest.unbroken import BROKE
from tests.unit.ingest.sheets import dated, error, formula, write_xlsx
from tests.unit.ingest.support import GOOD_DOSE, KNOWN_AT, ZONE, admit, areas
from tests.unit.ingest.test_dhis2 import CENTRE
from tests.unit.ingest.test_fhir import PATIENT, SHOT

KINDS = tuple(
    record_kind(platform, kind=kind)
    for platform, kind in (
        ("vaccination", None), ("testing", None), ("quarantine", None), ("quarantine", "facility"),
        ("declarations", None),
    )
)  # fmt: skip
FORMATS = ("csv", "ndjson", "parquet", "xlsx", "fhir", "dhis2")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
"""Raise it for a long run: 4,000 take about ten minutes."""
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
LONGEST_LINE = 1_000


@lru_cache
def good_file(fmt: str) -> bytes:
    """Return a small good file of a format."""
    folder = Path(tempfile.mkdtemp(prefix="tuyendau-good-"))
    path = folder / "good"
    rows = [dict(GOOD_DOSE), {**GOOD_DOSE, "dose_event_id": "D2"}]
    if fmt == "csv":
        pl.DataFrame(rows).write_csv(path)
    elif fmt == "ndjson":
        pl.DataFrame(rows).write_ndjson(path)
    elif fmt == "parquet":
        pl.DataFrame(rows).write_parquet(path)
    elif fmt == "xlsx":
        cells = [[*row.values(), dated(44441), error("#N/A"), formula("A1")] for row in rows]
        header = [*GOOD_DOSE, "expiry", "lot_no", "site_code"]
        write_xlsx(path, {1: header, 2: cells[0], 4: cells[1]}, merges=["A2:A4"])
    elif fmt == "fhir":
        entries = [{"resource": PATIENT}, {"resource": SHOT}]
        path.write_text(json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries}))
    else:
        path.write_text(json.dumps({"dataValues": [CENTRE, {**CENTRE, "period": "2021W30"}]}))
    content = path.read_bytes()
    shutil.rmtree(folder)
    return content


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="tuyendau-hostile-"))
    yield path
    shutil.rmtree(path)


def answered(path: Path, fmt: str, *, number: int = 0) -> None:
    """Read a file; anything but rows or one clear line fails the test."""
    try:
        if fmt == "dhis2":
            read_dhis2(
                [path], Dhis2Mapping(register_unknown=bool(number % 2)), source="s",
                areas=areas(), known_at=KNOWN_AT, zone=ZONE,
            )  # fmt: skip
        else:
            kind = KINDS[number % len(KINDS)] if fmt == "fhir" else KINDS[0]
            admit(path, kind, fmt=fmt)
    except DataAccessError as said:
        message = str(said)
        assert "\n" not in message
        assert BROKE not in message
        assert len(message) < LONGEST_LINE
        assert str(path.parent) not in message


@pytest.mark.parametrize("fmt", FORMATS)
@QUICK
@given(content=st.binary(max_size=400))
def test_bytes_at_random(fmt: str, content: bytes, folder: Path) -> None:
    path = folder / f"random-{fmt}"
    path.write_bytes(content)
    answered(path, fmt)


def damaged(content: bytes, seed: int) -> bytes:
    """Return a file with some bytes changed, taken out, doubled, or its end cut off."""
    chance = random.Random(seed)  # noqa: S311 -- nothing secret
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(max(len(changed), 1))
        ways: tuple[Callable[[], None], ...] = (
            lambda at=place: changed.__setitem__(slice(at, at + 1), bytes([chance.randrange(256)])),
            lambda at=place: changed.__delitem__(slice(at, at + chance.randint(1, 20))),
            lambda at=place: changed.__setitem__(slice(at, at), changed[at : at + 50]),
            lambda at=place: changed.__delitem__(slice(max(at, len(changed) - 40), None)),
        )  # fmt: skip
        chance.choice(ways)()
    return bytes(changed)


@pytest.mark.parametrize("fmt", FORMATS)
@QUICK
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_good_files_with_bytes_changed(fmt: str, seed: int, folder: Path) -> None:
    path = folder / f"damaged-{fmt}"
    path.write_bytes(damaged(good_file(fmt), seed))
    answered(path, fmt, number=seed)


@QUICK
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_spreadsheets_whose_xml_is_changed(seed: int, folder: Path) -> None:
    """Damage inside the package: outside, the checksums of the archive notice it."""
    import zipfile

    good, path = folder / "good.xlsx", folder / "inside.xlsx"
    good.write_bytes(good_file("xlsx"))
    with zipfile.ZipFile(good) as book, zipfile.ZipFile(path, "w") as bad:
        names = book.namelist()
        chosen = names[seed % len(names)] if seed % 3 else "xl/worksheets/sheet1.xml"
        for name in names:
            content = book.read(name)
            bad.writestr(name, damaged(content, seed) if name == chosen else content)
    answered(path, "xlsx")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
WORDS = st.sampled_from(
    ["reference", "coding", "code", "text", "display", "extension", "url", "valueCode", "item",
     "answer", "linkId", "identifier", "value", "address", "state", "family", "given", "start"]
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5), inner,
                                                                max_size=4),
    max_leaves=12,
)  # fmt: skip
ELEMENTS = st.sampled_from(
    ["id", "status", "meta", "vaccineCode", "patient", "location", "occurrenceDateTime", "subject",
     "protocolApplied", "performer", "extension", "identifier", "specimen", "result", "collection",
     "parent", "code", "valueString", "interpretation", "class", "period", "type", "item",
     "authored", "address", "name", "telecom", "partOf", "contained", "quantity"]
)  # fmt: skip
RESOURCES = st.builds(
    lambda kind, more: {**more, "resourceType": kind},
    st.sampled_from([*MODELS, "Claim", ""]),
    st.dictionaries(ELEMENTS, JSON, max_size=6),
)


@QUICK
@given(
    entries=st.lists(JSON | st.builds(lambda r: {"resource": r}, RESOURCES), max_size=5),
    number=st.integers(min_value=0, max_value=4),
)
def test_bundles_with_anything_inside(entries: list[object], number: int, folder: Path) -> None:
    path = folder / "anything.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}), encoding="utf-8")
    answered(path, "fhir", number=number)


VALUES = st.dictionaries(
    st.sampled_from(
        ["dataElement", "period", "orgUnit", "value", "deleted", "categoryOptionCombo"]
    ),
    JSON | st.sampled_from(["cases", "20210902", "2021W35", "01", "5"]),
)  # fmt: skip


@QUICK
@given(listed=st.lists(VALUES | JSON, max_size=5), number=st.integers(min_value=0, max_value=1))
def test_data_values_with_anything_inside(listed: list[object], number: int, folder: Path) -> None:
    path = folder / "values.json"
    path.write_text(json.dumps({"dataValues": listed}), encoding="utf-8")
    answered(path, "dhis2", number=number)
