"""Deliveries over HTTP: counts that balance, tokens that open what they should, one clear line."""

import asyncio
import gzip
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import streamlit as st
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import resources, server
from dashboard.api import desk as desks
from dashboard.api.answers import refusal_of
from dashboard.api.openapi import description
from data_access import audit, tables, tokens
from data_access.accounts.model import console
from data_access.cli.program import main
from data_access.clock import machine_clock
from data_access.contracts.registry import CONTRACTS
from data_access.errors import (
    BadUse,
    DataAccessError,
    DatabaseUnavailable,
    SchemaMismatch,
    StorageUnavailable,
)
from data_access.reference.areas import load_areas
from data_access.viewer import system_viewer
from tests.conftest import NOW, Database

pytestmark = [pytest.mark.app, pytest.mark.vietnam]

HEADER = "dose_event_id,dose_no,vaccine_code,vaccinated_at,province_code,version,deleted\n"
PATH = "/api/v1/records/vaccination"
CANARIES = ("Lò Thị Chim Hoàng Yến", "0912345678", "034987654321")
CSV = {"content-type": "text/csv"}
Make = Callable[..., dict[str, str]]


def dose(number: str = "1", *, province: str = "79", version: int = 0, deleted: str = "") -> str:
    return f"D{number},1,AZ,2021-08-01T09:00:00+07:00,{province},{version},{deleted}\n"


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where bodies lie while they are taken in."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def ready(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    uploads: Path,
) -> Database:
    """A database with areas, as the server's settings name it."""
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    monkeypatch.setenv("TUYENDAU_NOW", NOW.isoformat())
    monkeypatch.setattr(desks, "rejects_folder", lambda _engine: uploads.parent / "rejects")
    return database


@pytest.fixture
def client(ready: Database) -> Iterator[TestClient]:
    del ready
    app = Starlette(routes=list(server.ROUTES), middleware=list(server.MIDDLEWARE))
    with TestClient(app) as found:
        yield found
    with suppress(DataAccessError):  # a test may have pointed the settings elsewhere
        resources.shared().close()
    st.cache_resource.clear()


@pytest.fixture
def token(ready: Database) -> Make:
    """Makes a token and returns the header that shows it."""
    areas = load_areas(ready.engine, viewer=system_viewer(NOW))

    def make(*, ago: int = 0, **grant: object) -> dict[str, str]:
        given = {"source": "hcdc", "platforms": frozenset({"vaccination"}), **grant}
        now = machine_clock() - timedelta(days=ago)
        _, text = tokens.create_token(
            ready.engine,
            tokens.Grant(**given),
            areas=areas,
            now=now,  # type: ignore[arg-type]
            actor=console("tests"),
        )
        return {"authorization": f"Bearer {text}", **CSV}

    return make


def held(database: Database) -> list[tuple[object, ...]]:
    """The doses in force: (record, province code, deleted)."""
    winner, _ = tables.record_tables("vaccination", "dose")
    found = sa.select(winner.c.record_id, winner.c.province_code, winner.c.deleted)
    with database.engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(found))


def n_batches(database: Database) -> int:
    with database.engine.connect() as connection:
        return int(
            connection.execute(sa.select(sa.func.count(tables.batch.c.batch_id))).scalar_one()
        )


def test_a_delivery_is_answered_with_its_balanced_counts(client, token, ready, tmp_path) -> None:
    body = HEADER + dose("1") + dose("2", province="01") + dose("3", province="nowhere")
    shown = token()
    told = client.post(PATH, content=body.encode(), headers=shown)
    assert told.status_code == 200
    counts = told.json()
    assert (
        counts["read"]
        == 3
        == sum(counts[name] for name in ("new", "updated", "unchanged", "stale", "rejected"))
    )
    assert (counts["new"], counts["rejected"], counts["source"]) == (2, 1, "hcdc")
    assert counts["known_at"] == "2021-09-02T09:00:00+00:00"
    assert [(row["row"], row["field"], row["reason"]) for row in counts["rejects"]] == [
        (4, "province_code", "area_unknown")
    ]
    assert "/" not in counts["rejects_file"]
    assert (tmp_path / "rejects" / counts["rejects_file"]).exists()
    again = client.post(PATH, content=body.encode(), headers=shown).json()
    assert (again["new"], again["unchanged"], again["rejected"]) == (0, 2, 1)
    assert again["sha256"] == counts["sha256"]
    assert [row[0] for row in held(ready)] == ["D1", "D2"]


def test_the_tick_is_shared_by_what_streams_in(client, token, monkeypatch) -> None:
    monkeypatch.setenv("TUYENDAU_NOW", (NOW + timedelta(minutes=14, seconds=59)).isoformat())
    told = client.post(PATH, content=(HEADER + dose()).encode(), headers=token()).json()
    assert told["known_at"] == "2021-09-02T09:00:00+00:00"
    refused = client.post(f"{PATH}?known-at=2021-09-01", content=HEADER, headers=token())
    assert refused.status_code == 400
    assert "known_at" in refused.json()["error"]


def test_ndjson_gzip_and_fhir_come_the_same_way(client, token, ready) -> None:
    row = {"dose_event_id": "D1", "dose_no": 1, "vaccine_code": "AZ", "province_code": "79",
           "vaccinated_at": "2021-08-01T09:00:00+07:00"}  # fmt: skip
    headers = {**token(), "content-type": "application/x-ndjson; charset=utf-8"}
    assert client.post(PATH, content=json.dumps(row), headers=headers).json()["new"] == 1
    packed = gzip.compress((HEADER + dose("2")).encode()) + gzip.compress(dose("3").encode())
    headers = {**token(), "content-encoding": "gzip"}
    assert client.post(PATH, content=packed, headers=headers).json()["new"] == 2
    bundle = Path(__file__).parents[2] / "examples" / "records" / "immunizations.fhir.json"
    headers = {**token(), "content-type": "application/fhir+json"}
    told = client.post(PATH, content=bundle.read_bytes(), headers=headers)
    assert told.status_code == 200, told.text
    assert told.json()["new"] >= 1
    assert len(held(ready)) == 3 + told.json()["new"]


def test_a_body_without_one_good_row_is_no_success(client, token) -> None:
    told = client.post(PATH, content=HEADER + dose(province="nowhere"), headers=token())
    assert told.status_code == 422
    assert (told.json()["read"], told.json()["rejected"]) == (1, 1)
    assert client.post(PATH, content=HEADER, headers=token()).status_code == 200


def test_whoever_shows_no_valid_token_learns_nothing(client, token, ready) -> None:
    good = token()["authorization"]
    revoked = token()["authorization"]
    tokens.revoke_token(
        ready.engine, revoked.split("_")[1], now=machine_clock(), actor=console("tests")
    )
    forged = good[:-1] + ("A" if good[-1] != "A" else "B")
    unknown = "Bearer tdt_" + "0" * 12 + "_" + "a" * 43
    expired = token(ago=10, days=9)["authorization"]
    shown = [good, forged, unknown, revoked, expired, "Bearer x", "Basic eDp5", ""]
    answers = [
        client.post(PATH, content=HEADER + dose(), headers={"authorization": one, **CSV})
        for one in shown
    ]
    assert [answer.status_code for answer in answers] == [200] + [401] * 7
    assert len({answer.text for answer in answers[1:]}) == 1
    assert answers[1].headers["www-authenticate"] == "Bearer"
    assert n_batches(ready) == 1


def test_a_token_opens_its_platforms_and_its_source_only(client, token, ready) -> None:
    elsewhere = "/api/v1/records/testing"
    assert client.post(elsewhere, content="x", headers=token()).status_code == 403
    wrong = client.post(f"{PATH}?source=other", content=HEADER + dose(), headers=token())
    assert wrong.status_code == 403
    assert "other" not in wrong.text
    assert client.post(f"{PATH}?source=hcdc", content=HEADER + dose(), headers=token()).is_success
    assert client.post("/api/v1/records/nothing", headers=token()).status_code == 404
    assert client.post("/api/v1/records/nothing").status_code == 401
    assert client.post(f"{PATH}?kind=x", content="x", headers=token()).status_code == 400
    assert n_batches(ready) == 1


def test_a_token_for_a_province_touches_no_other(client, token, ready) -> None:
    national, own = token(), token(areas=frozenset({"79"}))
    client.post(PATH, content=HEADER + dose("1", province="01") + dose("2"), headers=national)
    rows = (
        dose("3"), dose("4", province="01"), dose("1", version=2),
        "D1,,,,79,9,true\n", "D9,,,,,9,true\n", dose("2", version=1),
    )  # fmt: skip
    told = client.post(PATH, content=HEADER + "".join(rows), headers=own).json()
    assert (told["read"], told["new"], told["updated"], told["rejected"]) == (6, 1, 1, 4)
    assert {(row["row"], row["reason"]) for row in told["rejects"]} == {
        (3, "area_outside"), (4, "record_outside"), (5, "record_outside"), (6, "record_outside"),
    }  # fmt: skip
    assert ("D1", "01", 0) in held(ready)
    ended = client.post(PATH, content=HEADER + "D3,,,,,2,true\n", headers=own).json()
    assert (ended["updated"], ended["rejected"]) == (1, 0)
    again = client.post(PATH, content=HEADER + "D3,,,,,2,true\n", headers=own).json()
    assert (again["unchanged"], again["rejected"]) == (1, 0)
    assert main(["verify"]) == 0


BAD_BODIES: tuple[tuple[dict[str, str], bytes, int], ...] = (
    ({}, b"", 400),
    ({}, HEADER.encode() + b"\xff\xfe\x81", 400),
    ({}, b"\x00\x01\x02" * 99, 400),
    ({}, b"a,b\n1,2\n", 400),
    ({}, b'dose_event_id,"x\n', 400),
    ({"content-type": "application/json"}, b"{}", 415),
    ({"content-type": "multipart/form-data; boundary=x"}, b"--x--", 415),
    ({"content-type": "application/vnd.apache.parquet"}, b"PAR1", 415),
    ({"content-type": "application/fhir+json"}, b"{", 400),
    ({"content-encoding": "br"}, b"x", 415),
    ({"content-encoding": "gzip"}, b"x", 400),
    ({"content-encoding": "gzip"}, gzip.compress(HEADER.encode())[:-5], 400),
    ({"content-encoding": "gzip"}, gzip.compress(b"x") + b"trailing", 400),
)


def test_a_bad_body_is_one_clear_line(client, token, ready, uploads: Path) -> None:
    shown = token()
    for change, content, status in BAD_BODIES:
        answer = client.post(PATH, content=content, headers={**shown, **change})
        assert answer.status_code == status, (content, answer.text)
        told = answer.json()
        assert set(told) == {"error", "code"}
        assert "\n" not in told["error"]
        assert str(uploads) not in answer.text
    assert n_batches(ready) == 0
    assert left_in(uploads) == []


def left_in(uploads: Path) -> list[str]:
    """Every file below the folder of bodies but the locks."""
    return [path.name for path in uploads.rglob("*") if path.is_file() and path.name != "alive"]


def test_a_body_beyond_the_limit_is_refused(
    client, token, ready, uploads: Path, monkeypatch
) -> None:
    monkeypatch.setenv("TUYENDAU_MAX_UPLOAD_MB", "1")
    body = HEADER.encode() + b" " * 2**20
    shown = token()
    chunked = (body[start : start + 9999] for start in range(0, len(body), 9999))
    packed = {**shown, "content-encoding": "gzip"}
    for content, headers in ((body, shown), (chunked, shown), (gzip.compress(body), packed)):
        answer = client.post(PATH, content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert n_batches(ready) == 0
    assert left_in(uploads) == []


def test_whoever_comes_beyond_the_turns_is_told_to_come_again(client, token, monkeypatch) -> None:
    monkeypatch.setenv("TUYENDAU_MAX_INGESTS", "3")
    one, other = token(), token()
    turns = resources.desk().turns
    number = one["authorization"].split("_")[1]
    with turns.take(number), turns.take(number):
        answer = client.post(PATH, content=HEADER + dose(), headers=one)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        assert client.post(PATH, content=HEADER + dose(), headers=other).status_code == 200
        with turns.take("somebody"):
            assert client.post(PATH, content=HEADER + dose(), headers=other).status_code == 429
    assert client.post(PATH, content=HEADER + dose(), headers=one).status_code == 200


def test_a_token_revoked_on_the_way_opens_nothing(client, token, ready, monkeypatch) -> None:
    shown = token()
    finish = desks.Desk.take_in

    def revoked_first(desk: desks.Desk, parcel: desks.Parcel) -> dict[str, object]:
        number = shown["authorization"].split("_")[1]
        tokens.revoke_token(ready.engine, number, now=machine_clock(), actor=console("tests"))
        return finish(desk, parcel)

    monkeypatch.setattr(desks.Desk, "take_in", revoked_first)
    assert client.post(PATH, content=HEADER + dose(), headers=shown).status_code == 401
    assert n_batches(ready) == 0


def test_the_database_away_is_said_without_its_address(client, token, monkeypatch) -> None:
    shown = token()
    assert client.post(PATH, content=HEADER + dose(), headers=shown).status_code == 200
    resources.shared().close()
    st.cache_resource.clear()
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/none")
    with TestClient(Starlette(routes=list(server.ROUTES))) as away:
        answer = away.post(PATH, content=HEADER + dose(), headers=shown)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "retry-after" in answer.headers
    assert "secret" not in answer.text


def test_a_disk_of_ours_that_takes_nothing_is_not_called_the_database(
    client, token, ready, uploads, caplog
) -> None:
    (uploads.parent / "rejects").write_text("a file where the folder should be")
    answer = client.post(PATH, content=HEADER + dose(province="999"), headers=token())
    said = answer.json()
    assert (answer.status_code, said["code"]) == (503, "not_ready")
    assert "cannot write" in said["error"]
    assert "database" not in said["error"]
    assert str(uploads.parent) not in answer.text
    assert "StorageUnavailable" in caplog.text
    assert "retry-after" in answer.headers
    assert n_batches(ready) == 0


def test_only_a_database_that_is_away_is_said_to_be() -> None:
    answers = {
        kind: refusal_of(kind.__new__(kind, "x"))  # some take more than a text
        for kind in (*DataAccessError.__subclasses__(), *BadUse.__subclasses__(), DataAccessError)
    }
    away = {kind for kind, answer in answers.items() if "does not answer" in str(answer)}
    assert away == {DatabaseUnavailable}
    told = {kind: (answer.status, answer.code) for kind, answer in answers.items()}
    assert told[SchemaMismatch] == told[StorageUnavailable] == (503, "not_ready")
    assert told[DataAccessError] == (500, "fault")
    assert str(answers[SchemaMismatch]) != str(answers[StorageUnavailable])


def test_without_a_key_nothing_about_people_is_taken_in(client, token, monkeypatch, ready) -> None:
    monkeypatch.delenv("TUYENDAU_DEMO")
    answer = client.post(PATH, content=HEADER + dose(), headers=token())
    assert (answer.status_code, answer.json()["code"]) == (503, "not_set_up")
    assert n_batches(ready) == 0


def test_a_fault_of_ours_is_a_number_and_no_traceback(client, token, monkeypatch, caplog) -> None:
    def broken(_desk: object, _parcel: object) -> None:
        raise ZeroDivisionError(CANARIES[0])

    monkeypatch.setattr(desks.Desk, "take_in", broken)
    answer = client.post(PATH, content=HEADER + dose(), headers=token())
    assert (answer.status_code, answer.json()["code"]) == (500, "fault")
    assert CANARIES[0] not in answer.text + caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_no_name_and_no_token_stays_anywhere(
    client, token, ready, tmp_path: Path, uploads: Path, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = token()
    name, phone, number = CANARIES
    header = HEADER.strip() + ",full_name,phone,id_no,birth_date\n"
    rows = [dose("1").strip(), dose("2", province="nowhere").strip(), dose("3").strip()]
    tails = [f",{name},{phone},{number},1990-01-01", f",{name},{phone},{number},1990-01-01",
             f",{name},{phone},{number},{phone}"]  # fmt: skip
    body = header + "".join(f"{row}{tail}\n" for row, tail in zip(rows, tails, strict=True))
    answers = [client.post(PATH, content=body.encode(), headers=shown)]
    # A file without its header: the first line is somebody's record.
    bare = f"{name},{phone},{phone},{number},{number}\n"
    answers += [client.post(PATH, content=bare.encode(), headers=shown)]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert (answers[0].json()["new"], answers[0].json()["rejected"]) == (1, 2)
    secret = shown["authorization"].split("_", 2)[2]
    said = "".join(answer.text for answer in answers) + caplog.text
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    said += "".join(path.read_bytes().decode("utf-8", "replace") for path in files)
    said += whole(ready)
    assert [word for word in (*CANARIES, secret) if word in said] == []
    assert left_in(uploads) == []


def whole(database: Database) -> str:
    """Everything a database holds, as text."""
    found = []
    with database.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            columns = sa.table(table, sa.column("*", is_literal=True))
            found += [
                str(row) for row in connection.execute(sa.select(sa.text("*")).select_from(columns))
            ]
    return "\n".join(found)


@pytest.fixture(scope="module")
def bare() -> TestClient:
    """The routes alone: what is told to everyone needs no database."""
    return TestClient(Starlette(routes=list(server.ROUTES)))


def test_what_there_is_to_deliver_is_told(bare) -> None:
    told = bare.get("/api/v1/openapi.json").json()
    assert told == description()
    parameter = told["paths"]["/api/v1/records/{platform}"]["parameters"][0]
    assert parameter["schema"]["enum"] == [each.platform for each in CONTRACTS]
    for contract in CONTRACTS:
        for kind in contract.kinds:
            base = f"/api/v1/records/{contract.platform}"
            names = [field.name for field in kind.all_fields()]
            header = bare.get(f"{base}/template?kind={kind.name}").content.decode("utf-8-sig")
            assert header.strip().split(",") == names
            fields = bare.get(f"{base}/dictionary?kind={kind.name}").json()["fields"]
            assert [field["name"] for field in fields] == names
    assert bare.get("/api/v1/records/none/template").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PATH, 405),
        ("DELETE", PATH, 405),
        ("GET", "/api/v1/none", 404),
    ],
)
def test_every_address_below_answers_in_json(bare, method: str, path: str, status: int) -> None:
    answer = bare.request(method, path, follow_redirects=False)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "code"}


def test_the_gate_does_not_hold_up_the_event_loop(client, token, monkeypatch) -> None:
    seen = []
    finish = desks.Desk.take_in

    def look(desk: desks.Desk, parcel: desks.Parcel) -> dict[str, object]:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        seen.append(parcel.path.stat().st_mode)
        return finish(desk, parcel)

    monkeypatch.setattr(desks.Desk, "take_in", look)
    assert client.post(PATH, content=HEADER + dose(), headers=token()).status_code == 200
    assert len(seen) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    content=some.one_of(
        some.binary(max_size=300),
        some.text(max_size=200).map(lambda text: (HEADER + text).encode("utf-8", "replace")),
        some.binary(max_size=80).map(lambda tail: gzip.compress(HEADER.encode())[:-3] + tail),
        some.integers(1, 60).map(lambda n: b'{"a":' * n),
        some.just(HEADER.encode() + b"x" * 300_000),
    ),
    media=some.sampled_from(["text/csv", "application/x-ndjson", "application/fhir+json", "a/b"]),
    packed=some.sampled_from(["", "gzip"]),
)
def test_whatever_comes_is_answered_in_json(client, token, ready, content, media, packed) -> None:
    headers = {**token(), "content-type": media, "content-encoding": packed}
    answer = client.post(PATH, content=content, headers=headers)
    told = answer.json()
    assert answer.status_code in {200, 400, 415, 422}
    if answer.status_code in {400, 415}:
        assert set(told) == {"error", "code"}
        assert "Traceback" not in answer.text
    else:
        parts = ("new", "updated", "unchanged", "stale", "rejected")
        assert told["read"] == sum(told[part] for part in parts)
        assert told["new"] == 0
    assert held(ready) == []


def test_the_use_of_a_token_is_on_record_without_its_secret(client, token, ready) -> None:
    shown = token()
    assert client.post(PATH, content=(HEADER + dose()).encode(), headers=shown).status_code == 200
    found = audit.read(ready.engine, viewer=system_viewer(NOW), action="token.use").to_dicts()
    assert [(row["account"], row["object"]) for row in found] == [
        (f"token:{shown['authorization'].split('_')[1]}", "vaccination/dose")
    ]
    assert shown["authorization"].split("_", 2)[2] not in str(found)
