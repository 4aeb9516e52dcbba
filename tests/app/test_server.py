"""The server's own addresses, its headers, its files."""

import asyncio
import gzip
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit import net_util

from dashboard import assets, limits, resources, server, web
from dashboard.web import FRONT, packed_file
from data_access.errors import DataAccessError
from data_access.reference.pack import bundled_pack
from tests.app.conftest import fill, run

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


TLS = "https://tuyendau.example"
PLAIN = "http://tuyendau.example"


def answering(headers: dict[str, str] | None = None, *, error: str = "") -> TestClient:
    """A page behind the middleware, which takes any body."""

    async def page(request: Request) -> Response:
        if error:
            raise RuntimeError(error)
        return Response(str(len(await request.body())), headers=headers)

    app = Starlette(
        routes=[Route("/{path:path}", page, methods=["GET", "POST"])],
        middleware=list(server.MIDDLEWARE),
    )
    return TestClient(app, base_url=TLS, raise_server_exceptions=False)


def test_strict_transport_is_said_over_tls_and_only_there() -> None:
    client = answering()
    assert "max-age=31536000" in client.get("/x").headers["strict-transport-security"]
    assert "strict-transport-security" not in client.get(f"{PLAIN}/x").headers


def test_sockets_go_to_this_host_alone() -> None:
    policy = answering().get("/x").headers["content-security-policy"]
    allowed = next(part for part in policy.split("; ") if part.startswith("connect-src"))
    assert allowed == "connect-src 'self' ws://tuyendau.example wss://tuyendau.example"
    assert "frame-ancestors 'self'" in policy
    strange = answering().get("/x", headers={"host": "a; script-src *"})
    assert "*" not in strange.headers["content-security-policy"]


def test_other_sites_may_not_open_or_embed() -> None:
    headers = answering().get("/x").headers
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    ("path", "said", "kept"),
    [
        ("/", None, "no-store"),
        ("/", "no-cache", "no-store"),
        ("/media/0a.csv", "public", "no-store"),
        ("/api/v1/data", None, "no-store"),
        ("/api/v1/bulletins/3", "public, max-age=31536000, immutable",
         "public, max-age=31536000, immutable"),
        ("/static/js/x.js", "public, immutable, max-age=31536000",
         "public, immutable, max-age=31536000"),
    ],
)  # fmt: skip
def test_nobody_keeps_a_copy_of_what_is_not_static(path: str, said: str | None, kept: str) -> None:
    client = answering({"cache-control": said} if said else None)
    assert client.get(path).headers["cache-control"] == kept


def test_cookies_are_secure_over_tls() -> None:
    client = answering({"set-cookie": "_streamlit_xsrf=2|a; Path=/; SameSite=Lax"})
    over_tls = client.get("/x").headers["set-cookie"]
    assert over_tls == "_streamlit_xsrf=2|a; Path=/; SameSite=Lax; Secure"
    assert "Secure" not in client.get(f"{PLAIN}/x").headers["set-cookie"]


@pytest.mark.parametrize(
    "path", ["/_stcore/agent/interact", "/_stcore/upload_file/a/b", "/_stcore/metrics"]
)
def test_what_nobody_needs_is_closed(path: str) -> None:
    answer = answering().post(path, content=b"x")
    assert (answer.status_code, answer.content) == (404, b"")


def test_a_large_body_is_refused_and_a_small_one_read() -> None:
    client = answering()
    assert client.post("/x", content=b"a" * limits.MOST_BYTES).text == str(limits.MOST_BYTES)
    assert client.post("/x", content=b"a" * (limits.MOST_BYTES + 1)).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b"a" * 1024

    assert client.post("/x", content=pieces()).status_code == 413


def test_a_slow_body_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WHOLE_SECONDS", 0.05)
    sent: list[dict[str, object]] = []

    async def app(scope: object, receive: object, _send: object) -> None:
        await Request(scope, receive).body()  # type: ignore[arg-type]

    async def never() -> dict[str, object]:
        await asyncio.sleep(5)
        return {}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/x", "method": "POST", "headers": []}
    asyncio.run(limits.SmallBodies(app)(scope, never, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 408


def test_a_fault_says_nothing_of_itself() -> None:
    answer = answering(error="secret /srv/x.py SELECT * FROM token").get("/x")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/live", "/_stcore/stream"])
def test_a_socket_of_another_site_is_refused(
    client: TestClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody is asked about it: a call to the internet would hold the event loop up."""

    def call_out(*_args: object, **_more: object) -> None:
        raise AssertionError("the server calls out because of a strange origin")

    for name in ("get_external_ip", "get_internal_ip", "_make_blocking_http_get"):
        monkeypatch.setattr(net_util, name, call_out)
    for origin in (
        "https://evil.example", "null", "http://localhost:9999", "http://testserver.evil.example",
        "http://testserver:8080", "http://[", "",
    ):  # fmt: skip
        with (
            pytest.raises(WebSocketDisconnect) as refused,
            client.websocket_connect(path, headers={"origin": origin}),
        ):
            pass
        assert refused.value.code == 1008


def test_a_socket_of_our_own_page_is_let_in(client: TestClient) -> None:
    with client.websocket_connect("/live", headers={"origin": "http://testserver"}):
        pass


def test_a_socket_of_the_name_that_browsers_know_is_let_in(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy that asks under a name of its own."""
    told = {"browser.serverAddress": "chihuy.example.vn"}
    monkeypatch.setattr(web.config, "is_manually_set", told.__contains__)
    monkeypatch.setattr(web.config, "get_option", told.__getitem__)
    with client.websocket_connect("/live", headers={"origin": "https://chihuy.example.vn"}):
        pass


def test_forms_of_other_sites_are_refused_by_setting() -> None:
    told = tomllib.loads((assets.STATIC.parents[1] / ".streamlit/config.toml").read_text())
    server_part, client_part = told["server"], told["client"]
    assert server_part["enableXsrfProtection"] is True
    assert server_part["enableCORS"] is True
    assert server_part["maxUploadSize"] == 1
    assert client_part["showErrorDetails"] == "none"


def test_numbers_and_readiness_hold_nothing_private(client: TestClient) -> None:
    run("tracing", **{"cluster": "K", "as": "province:79"})
    told = client.get("/metrics").text + client.get("/readyz").text
    for private in ("province:79", "demo:", "sqlite", "cluster", '"K"', "var/"):
        assert private not in told


def test_only_a_screen_with_an_officials_key_hears_of_commits(client: TestClient) -> None:
    server.LISTENERS.tell("committed|up")
    server.READERS.tell("published|up")
    for key, heard in (("", "published|up"), ("?key=guess", "published|up"),
                       (f"?key={resources.ear()}", "committed|up")):  # fmt: skip
        with client.websocket_connect(f"/live{key}") as socket:
            assert socket.receive_text() == heard
