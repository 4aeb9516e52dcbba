"""The server: pages and HTTP in one ASGI application.

Start: `python -m streamlit run dashboard/server.py --server.port 8501`.
"""

import asyncio
import logging
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import prometheus_client
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from dashboard import assets, resources
from dashboard.api.routes import API, FEED
from dashboard.dress import Dressed
from dashboard.errors import on_script_error
from dashboard.gauges import observe
from dashboard.limits import SmallBodies
from dashboard.live import AWAY, POLL_SECONDS, Listeners, news_of, public_news_of
from dashboard.metrics import REGISTRY, Counting
from dashboard.signin.arrival import Arrival
from dashboard.signin.routes import ROUTES as SIGN_IN
from dashboard.web import Guard, PackedScripts
from data_access import log_filter
from data_access.errors import DataAccessError

LOG = logging.getLogger("tuyendau.server")
LISTENERS, READERS = Listeners(), Listeners()
"""Screens of officials, and those of everybody: the latter are told of publications alone."""
FOLLOW_SECONDS = 5.0
FIRST_VISIT_SECONDS = 10.0
_FOR_EVER = "public, max-age=31536000, immutable"


async def healthz(_request: Request) -> Response:
    """Say that the process is alive."""
    return JSONResponse({"status": "ok"})


async def readyz(_request: Request) -> Response:
    """Say whether pages can be served: the database answers and its schema is current."""
    problem = await asyncio.to_thread(_problem)
    if problem:
        return JSONResponse({"status": "unavailable", "reason": problem}, status_code=503)
    return JSONResponse({"status": "ready"})


def _problem() -> str | None:
    try:
        resources.shared().health()
    except DataAccessError as error:
        return str(error)
    return None


async def metrics(_request: Request) -> Response:
    """Answer the process's numbers in Prometheus's text format."""
    await asyncio.to_thread(observe, listeners=len(LISTENERS) + len(READERS))
    return Response(
        prometheus_client.generate_latest(REGISTRY),
        media_type=prometheus_client.CONTENT_TYPE_LATEST.split(";")[0],
    )


async def pack_file(request: Request) -> Response:
    """Answer a boundary file of the country pack."""
    pack = await asyncio.to_thread(resources.pack)
    found = assets.pack_file(request.path_params["digest"], request.path_params["name"], pack=pack)
    return _file(found, request)


async def ui_file(request: Request) -> Response:
    """Answer a script or picture of ours."""
    found = assets.ui_file(request.path_params["digest"], request.path_params["name"])
    return _file(found, request)


def _file(found: assets.Asset | None, request: Request) -> Response:
    if found is None:
        return JSONResponse({"error": "no such file"}, status_code=404)
    packs = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if packs:
        headers["Content-Encoding"] = "gzip"
    body = found.packed if packs else found.body
    return Response(body, media_type=found.media_type, headers=headers)


async def live(socket: WebSocket) -> None:
    """Tell a screen when to look again: one with an official's key, of every commit."""
    given = socket.query_params.get("key", "")
    is_official = secrets.compare_digest(given.encode(), resources.ear().encode())
    await (LISTENERS if is_official else READERS).serve(socket)


async def warm() -> None:
    """Read the cube before the first visitor asks; a database that is away is met by the pages.

    The overview first; the other pages once whoever waited for it has it.
    """
    ended = threading.Event()
    try:
        with suppress(DataAccessError):
            await asyncio.to_thread(resources.warm)
            await asyncio.sleep(FIRST_VISIT_SECONDS)
            await asyncio.to_thread(resources.warm_pages, lambda: not ended.is_set())
    finally:
        ended.set()


async def watch() -> None:
    """Ask the database for its change token, and nudge the screens when it moved."""
    while True:
        try:
            beat = await asyncio.to_thread(resources.beat)
            LISTENERS.tell(news_of(beat))
            READERS.tell(public_news_of(beat))
        except DataAccessError:
            LISTENERS.tell(AWAY)
            READERS.tell(AWAY)
        await asyncio.sleep(POLL_SECONDS)


async def follow() -> None:
    """Have the response chain follow the deliveries over HTTP, in a thread that nobody waits for.

    The server's own loop does it, not a request: whoever delivers gets their answer as before.
    """
    await _again_and_again(resources.follow, "the response chain could not be worked out")


async def alert() -> None:
    """Raise alerts when figures have moved, and send them, in a thread that nobody waits for."""
    await _again_and_again(resources.raise_alerts, "the alerts could not be worked out")


async def _again_and_again(work: Callable[[Callable[[], bool]], None], said: str) -> None:
    ended = threading.Event()
    try:
        while True:
            try:
                await asyncio.to_thread(work, lambda: not ended.is_set())
            except DataAccessError:
                pass  # the pages say that the database is away; it is tried again
            except Exception:
                LOG.exception(said)
            await asyncio.sleep(FOLLOW_SECONDS)
    finally:
        # A run that takes minutes must not keep the process from ending.
        ended.set()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Read the cube, and watch the database while the server runs.

    Raises:
        SettingsError: if this is no demonstration and something of one is in use, or if the
            institution's own sign-in is set up by halves.
    """
    await asyncio.to_thread(resources.refuse_demonstration)
    await asyncio.to_thread(resources.refuse_half_made)
    tasks = [asyncio.create_task(work()) for work in (warm, watch, follow, alert)]
    try:
        yield {}
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


ROUTES = (
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/metrics", metrics),
    Route(assets.PACK_PREFIX + "/{digest}/{name}", pack_file),
    Route(assets.UI_PREFIX + "/{digest}/{name}", ui_file),
    API,
    FEED,
    *SIGN_IN,
    WebSocketRoute("/live", live),
)
MIDDLEWARE = (
    Middleware(Counting),
    Middleware(PackedScripts),
    Middleware(Guard),
    Middleware(SmallBodies),
    Middleware(Arrival),
    Middleware(Dressed),
)

log_filter.install()
app = st.App(
    "app.py",
    lifespan=lifespan,
    routes=ROUTES,
    middleware=MIDDLEWARE,
    on_script_error=on_script_error,
)
