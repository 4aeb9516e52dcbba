"""A running server on a small country's figures, and a browser that records what goes wrong."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from scripts.screenshots import CHROMIUM
from tests.app.conftest import NOW, ROOT, fill

START_SECONDS = 120
PAINTED = ":is(.tdm, .tds)[data-painted]"


@dataclass(frozen=True)
class Server:
    """A running dashboard."""

    url: str
    database: str


@dataclass
class Screen:
    """A page and what happened on it."""

    page: Page
    server: Server
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    received: list[int] = field(default_factory=list)

    def open(self, path: str = "/", *, painted: bool = True) -> None:
        """Open an address and wait until its map or matrix is painted."""
        self.page.goto(self.server.url + path)
        if painted:
            self.page.wait_for_selector(PAINTED, timeout=90_000)
            self.settle()

    def settle(self) -> None:
        """Wait until the page has stopped running."""
        quiet = "[data-testid='stApp'][data-test-script-state='notRunning']"
        self.page.wait_for_selector(quiet, timeout=60_000)
        self.page.wait_for_timeout(700)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/readyz", timeout=2) as answer:  # noqa: S310 -- ours
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server, as `make run` starts it."""
    folder = tmp_path_factory.mktemp("server")
    database = f"sqlite:///{folder / 'filled.sqlite'}"
    fill(database, folder)
    yield from serving(database, folder)


def serving(
    database: str, folder: Path, *, now: datetime = NOW, port: int = 0,
    variables: Mapping[str, str] | None = None, options: Sequence[str] = (),
) -> Iterator[Server]:  # fmt: skip
    """Yield a server process on a database, and end it."""
    port = port or free_port()
    environment = {
        **os.environ,
        "TUYENDAU_DATABASE_URL": database,
        "TUYENDAU_DEMO": "1",
        "TUYENDAU_NOW": now.isoformat(),
        **(variables or {}),
    }
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/server.py", *options]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--server.port", str(port)],
            cwd=ROOT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    url = f"http://localhost:{port}"
    until = time.monotonic() + START_SECONDS
    while not answers(url) and time.monotonic() < until and process.poll() is None:
        time.sleep(0.3)
    try:
        assert answers(url), (folder / "server.log").read_text()
        yield Server(url=url, database=database)
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """A browser for this package's tests alone.

    While Playwright is open its event loop counts as running in this thread, and no later test of
    the same process could run one of its own.
    """
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        yield found
        found.close()


@pytest.fixture
def screen(browser: Browser, server: Server) -> Iterator[Screen]:
    """A desktop screen."""
    yield from watched(browser, server, width=1440, height=900)


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[Screen]:
    """A phone."""
    yield from watched(browser, server, width=390, height=844)


def watched(browser: Browser, server: Server, *, width: int, height: int) -> Iterator[Screen]:
    page = browser.new_page(viewport={"width": width, "height": height}, locale="vi-VN")
    seen = Screen(page=page, server=server)
    own = (server.url, server.url.replace("http", "ws"), "data:", "blob:")
    page.on(
        "request",
        lambda request: None if request.url.startswith(own) else seen.outside.append(request.url),
    )
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda message: note(seen, message.type, message.text, message.location))
    page.on("websocket", lambda socket: count(seen, socket))
    yield seen
    page.close()


def note(seen: Screen, kind: str, text: str, location: object) -> None:
    # Opened below the root, Streamlit looks for its own address there first and is told 404.
    if kind == "error" and "/_stcore/" not in str(location):
        seen.errors.append(f"{text} ({location})")


def count(seen: Screen, socket: object) -> None:
    if "_stcore" in socket.url:  # type: ignore[attr-defined]
        socket.on("framereceived", lambda frame: seen.received.append(len(frame)))  # type: ignore[attr-defined]


def command(server: Server, *words: str, folder: Path) -> None:
    """Run the command line on the server's database."""
    environment = {
        **os.environ,
        "TUYENDAU_DATABASE_URL": server.database,
        "TUYENDAU_DEMO": "1",
        "TUYENDAU_NOW": NOW.isoformat(),
    }
    done = subprocess.run(
        [sys.executable, "-m", "data_access", *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{folder.name}: {done.stderr}"
