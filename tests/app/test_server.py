"""The server's own addresses, its headers, its files."""

import asyncio
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import assets, resources, server
from dashboard.web import FRONT, packed_file
from data_access.errors import DataAccessError
from data_access.reference.pack import bundled_pack
from tests.app.conftest import fill

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]


@pytest.fixture
def client() -> Iterator[TestClient]:
    """The routes and the middleware without Streamlit behind them."""
    app = Starlette(routes=list(server.ROUTES), middleware=list(server.MIDDLEWARE))
    with TestClient(app) as found:
        yield found


def test_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_not_ready_without_a_schema(
    client: TestClient, settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{tmp_path}/none.sqlite")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text
    assert client.get("/healthz").status_code == 200
    fill(f"sqlite:///{tmp_path}/none.sqlite", tmp_path, figures=False)
    assert client.get("/readyz").status_code == 200


def test_metrics_name_what_matters_and_nobody(client: TestClient) -> None:
    client.get("/static-pack/secret-code/x.geojson")
    text = client.get("/metrics").text
    assert "tuyendau_database_up 1.0" in text
    assert 'tuyendau_http_requests_total{code="404",kind="static-pack"}' in text
    assert "secret-code" not in text


def test_the_cube_is_read_before_the_first_visitor(settings: pytest.MonkeyPatch) -> None:
    settings.setattr(server, "FIRST_VISIT_SECONDS", 0.0)
    assert resources.shared().cube.size[0] == 0
    asyncio.run(server.warm())
    assert resources.shared().cube.size[0] > 0


def test_warming_forgives_a_database_that_is_away(
    settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{tmp_path}/none.sqlite")
    asyncio.run(server.warm())
    with pytest.raises(DataAccessError):
        resources.warm()


def test_every_answer_carries_the_headers(client: TestClient) -> None:
    for path in ("/healthz", "/ui/x/y.js", "/nowhere"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "http" not in policy
        assert "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_the_second_interface_is_closed(client: TestClient) -> None:
    assert client.post("/_stcore/agent/interact", json={}).status_code == 404


def test_boundaries_are_kept_for_ever_and_packed(client: TestClient) -> None:
    path = bundled_pack("vn").boundary("province", "63")
    assert path
    answer = client.get(assets.boundary_url(path))
    assert answer.content == path.read_bytes()
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    plain = client.get(assets.boundary_url(path), headers={"accept-encoding": "identity"})
    assert plain.content == path.read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "/static-pack/0/boundaries-province-63.geojson",
        "/static-pack/x/..%2Fpack.toml",
        "/ui/x/..%2Fserver.py",
        "/ui/x/%2Fetc%2Fpasswd",
        "/static-pack/x/areas.csv",
    ],
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_scripts_of_the_front_are_packed() -> None:
    name = next((FRONT / "static" / "js").glob("PlotlyChart*.js"))
    found = packed_file(f"js/{name.name}")
    assert found
    assert gzip.decompress(found[0]) == name.read_bytes()
    assert len(found[0]) < name.stat().st_size / 2
    assert packed_file("../index.html") is None
    assert packed_file("../../config.py") is None
    assert packed_file("js/none.js") is None
