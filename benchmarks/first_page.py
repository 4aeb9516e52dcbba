"""The first full page in Chromium, of the real dashboard and of a bare Streamlit page."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import in_turns, ratio, spread
from benchmarks.report import Figure, Section

GOAL = 2.0
ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)  # fmt: skip
BARE = 'import streamlit as st\n\nst.title("A bare page")\nst.write("One line.")\n'
BARE_READY = "text=One line."
# The overview is whole when the run has ended, cards stand and the map has its provinces.
SETTLED = "[data-testid='stApp'][data-test-script-state='notRunning']"
PAINTED = "[data-painted]"
TIMEOUT_MS = 90_000
START_SECONDS = 120.0


def missing() -> str:
    """Return why the browser cannot be measured here; empty if it can."""
    if not _program():
        return "no Chromium on this machine"
    if find_spec("playwright") is None:
        return "package playwright missing"
    return ""


def _program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def measure_first_page(folder: Path, *, turns: int) -> Section:
    """Return the time to the first full page as a multiple of a bare page's."""
    title = "First full page in Chromium, nothing cached in the browser"
    name = "overview ÷ bare Streamlit page, time from the address to the whole page"
    reason = missing()
    if reason:
        figure = Figure(name=name, found=None, goal=GOAL, note=f"skipped: {reason}")
        return Section(title=title, figures=(figure,))
    bare = folder / "bare.py"
    bare.write_text(BARE, encoding="utf-8")
    environment = _built_demonstration(folder)
    with (
        _serving("dashboard/server.py", environment=environment) as ours,
        _serving(str(bare), environment=environment) as theirs,
    ):
        taken = _timed(ours, theirs, turns=turns)
    figure = Figure(
        name=name,
        found=ratio(taken["ours"], taken["bare"]),
        goal=GOAL,
        note=f"{_seconds(taken['ours'])} against {_seconds(taken['bare'])}; "
        f"{spread(taken['ours'], taken['bare'])}",
    )
    remark = "Each load is a new browser profile; both servers had served one page before."
    return Section(title=title, figures=(figure,), remarks=(remark,))


def _built_demonstration(folder: Path) -> dict[str, str]:
    """Build the demonstration database; return the environment to serve it in."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TUYENDAU_")},
        "TUYENDAU_DATABASE_URL": f"sqlite:///{folder / 'demonstration.sqlite'}",
        "TUYENDAU_DEMO": "1",
    }
    for words in (("-m", "data_access", "init"), ("-m", "scripts.build")):
        subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=environment, check=True, capture_output=True
        )
    return environment


@contextmanager
def _serving(script: str, *, environment: dict[str, str]) -> Iterator[str]:
    """Yield the address of a Streamlit server of our own that runs a script."""
    port = _free_port()
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    options += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}/"
        _wait_for(f"{address}_stcore/health", server=server)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, *, server: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 -- our own server
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError("a Streamlit server did not start")


def _timed(ours: str, theirs: str, *, turns: int) -> dict[str, list[float]]:
    from playwright.sync_api import Browser, sync_playwright  # noqa: PLC0415 -- optional

    def load(browser: Browser, address: str, *wanted: str) -> float:
        # A new context has an empty cache, as a first visitor's browser.
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="vi-VN")
        page = context.new_page()
        started = time.perf_counter()
        page.goto(address)
        for selector in wanted:
            page.wait_for_selector(selector, timeout=TIMEOUT_MS, state="attached")
        taken = time.perf_counter() - started
        context.close()
        return taken

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_program(), args=list(FLAGS))
        runs = {
            "ours": lambda _: load(browser, ours, SETTLED, PAINTED),
            "bare": lambda _: load(browser, theirs, SETTLED, BARE_READY),
        }
        in_turns(runs, turns=1)
        taken = in_turns(runs, turns=turns)
        browser.close()
    return taken


def _seconds(times: list[float]) -> str:
    return f"{sorted(times)[len(times) // 2]:.2f} s"
