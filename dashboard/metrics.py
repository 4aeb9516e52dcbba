"""Numbers about the process for Prometheus. Counts and times only: no viewer, no address."""

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

REQUESTS = Counter("tuyendau_http_requests", "HTTP requests", ["kind", "code"], registry=REGISTRY)
RUNS = Counter("tuyendau_page_runs", "Page runs", ["page"], registry=REGISTRY)
RUN_SECONDS = Histogram(
    "tuyendau_page_run_seconds",
    "Server time of a page run",
    ["page"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
    registry=REGISTRY,
)
ERRORS = Counter("tuyendau_incidents", "Errors shown with a number", registry=REGISTRY)
SOCKETS = Gauge("tuyendau_open_screens", "Screens waiting for a nudge", registry=REGISTRY)
UP = Gauge("tuyendau_database_up", "1 while the shared database answers", registry=REGISTRY)
MOVED = Gauge(
    "tuyendau_figures_moved_timestamp_seconds", "When the figures last moved", registry=REGISTRY
)
PARTITIONS = Gauge("tuyendau_hot_cube_partitions", "Partitions kept in memory", registry=REGISTRY)
_OWN = {
    "healthz",
    "readyz",
    "metrics",
    "static-pack",
    "ui",
    "static",
    "api",
    "feeds",
    "login",
    "logout",
}


class Counting:
    """Counts requests by their first path word, so that no address or code is a label."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        word = scope["path"].strip("/").split("/")[0]
        kind = word if word in _OWN else "page"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                REQUESTS.labels(kind=kind, code=str(message["status"])).inc()
            await send(message)

        await self.app(scope, receive, counted)


class timed_run:  # noqa: N801 -- reads as a statement: `with timed_run("map"):`
    """Counts a page run and its time."""

    def __init__(self, page: str) -> None:
        """Name the page."""
        self.page = page

    def __enter__(self) -> None:
        """Start the clock."""
        self.started = perf_counter()

    def __exit__(self, *_: object) -> None:
        """Stop it and count."""
        RUNS.labels(page=self.page).inc()
        RUN_SECONDS.labels(page=self.page).observe(perf_counter() - self.started)
