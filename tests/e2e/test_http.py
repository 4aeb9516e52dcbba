"""A real server, a real token, a program that delivers; then the figure is there."""

import gzip
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import ROOT, Command

NOW = "2021-09-02T16:00+07:00"
PATIENCE_S = 90
BODY = "dose_event_id,dose_no,vaccine_code,vaccinated_at,province_code,full_name,phone\n" + "".join(
    f"D{n},1,AZ,2021-08-01T09:00:00+07:00,79,Lò Thị Chim Hoàng Yến,0912345678\n" for n in range(500)
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("http")


@pytest.fixture(scope="module")
def command(place: Path) -> Command:
    settings = (("TUYENDAU_DEMO", "1"), ("TUYENDAU_NOW", NOW))
    found = Command(f"sqlite:///{place / 'db.sqlite'}", settings)
    assert found("init").code == 0
    return found


@pytest.fixture(scope="module")
def url(command: Command, place: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TUYENDAU_")}
    settings = {"TUYENDAU_DATABASE_URL": command.url, **dict(command.settings)}
    settings["TMPDIR"] = str(place / "tmp")
    words = [sys.executable, "-m", "streamlit", "run", "dashboard/server.py"]
    (place / "tmp").mkdir()
    with (place / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*words, "--server.port", str(port)],
            cwd=ROOT, env={**kept, **settings}, stdout=log, stderr=log,
        )  # fmt: skip
    address = f"http://localhost:{port}"
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=2).close()  # noqa: S310 -- ours
            break
        except OSError:
            time.sleep(0.3)
    yield address
    process.terminate()
    process.wait(timeout=30)


def post(address: str, body: bytes, **headers: str) -> tuple[int, dict[str, object]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = urllib.request.Request(address, data=body, headers=named, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310 -- ours
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.mark.slow
def test_a_program_delivers_to_a_running_server(command: Command, url: str, place: Path) -> None:
    words = ("--source", "hcdc", "--platform", "vaccination")
    secret = command("token", "create", *words).out.strip()
    address, body = f"{url}/api/v1/records/vaccination", BODY.encode()
    shown = {"Authorization": f"Bearer {secret}", "Content_Type": "text/csv"}
    status, told = post(address, body, **shown)
    assert (status, told["read"], told["new"]) == (200, 500, 500), told
    status, told = post(address, gzip.compress(body), Content_Encoding="gzip", **shown)
    assert (status, told["new"], told["unchanged"]) == (200, 0, 500), told
    rows = command.rows(
        "query", "doses", "--from", "2021-08-01", "--to", "2021-08-01", "--format", "csv"
    )
    assert [row["value"] for row in rows] == ["500"]
    # Broken off in the middle: a sender that dies.
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        head = (f"POST /api/v1/records/vaccination HTTP/1.1\r\nHost: {host}\r\n"
                f"Authorization: Bearer {secret}\r\nContent-Type: text/csv\r\n"
                "Content-Length: 999999\r\n\r\n")  # fmt: skip
        line.sendall(head.encode() + body[:500])
    assert post(address, body, Authorization="Bearer x")[0] == 401
    batches = command.rows(
        "query", "doses", "--from", "2021-08-01", "--to", "2021-08-01", "--format", "csv"
    )
    assert batches == rows
    until = time.monotonic() + PATIENCE_S
    while (left := bodies(place / "tmp")) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == []
    said = (place / "server.log").read_text()
    for word in ("Hoàng Yến", "0912345678", secret.split("_", 2)[2], "Traceback"):
        assert word not in said


def bodies(folder: Path) -> list[str]:
    """Names of bodies that still lie there."""
    found = folder.glob("tuyendau-upload-*/*/*")
    return [path.name for path in found if path.is_file()]
