"""Takes the pictures in docs/screenshots: every page in both themes, on a phone, on a projector.

Uses the dashboard that answers on the port (the pictures that ship are of `make run`); if none
does, builds a database of the published figures in a temporary folder and serves it meanwhile.
Usage: python -m scripts.screenshots [--port 8501] [--out docs/screenshots] [--data DIR]
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from data_access.demo import NOW

Theme = Literal["light", "dark"]

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "overview": "/?lang={lang}",
    "map": "/map?lang={lang}&indicator=cases&area=01",
    "quarantine": "/quarantine?lang={lang}",
    "testing": "/testing?lang={lang}",
    "vaccination": "/vaccination?lang={lang}",
    "tracing": "/tracing?lang={lang}",
    "declarations": "/declarations?lang={lang}",
    "checkpoints": "/checkpoints?lang={lang}",
    "response": "/response?lang={lang}",
    "province": "/province?lang={lang}&area=79",
    "compare": "/compare?lang={lang}&areas=79,74,01",
    "data_sync": "/data_sync?lang={lang}&platform=tracing",
    "scenarios": "/scenarios?lang={lang}",
}
# Every page in both themes and both languages, without every mixture of them.
LOOKS: tuple[tuple[str, Theme, str], ...] = (
    ("desktop", "light", "vi"),
    ("desktop", "dark", "en"),
    ("phone", "light", "vi"),
)
PROJECTED = ("overview", "quarantine", "tracing")
SCREENS = {
    "desktop": ViewportSize(width=1440, height=900),
    "phone": ViewportSize(width=390, height=844),
    "projector": ViewportSize(width=1920, height=1080),
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Software drawing, so that maps appear without a graphics card; no calls of its own.
CHROMIUM = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
SETTLED = "[data-testid='stApp'][data-test-script-state='notRunning']"
PAINTED = ":is(.tdm, .tds)[data-painted], [data-testid='stForm'], .js-plotly-plot"
"""A map or matrix that is drawn, or the levers or a curve of a page that has neither."""
DRAWN_MS = 2500
START_SECONDS = 90
TALLEST = 3200
COLOURS = 128


def answers(url: str) -> bool:
    """Return whether a dashboard answers there and has figures to show."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310 -- ours
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False


@contextmanager
def served(port: int, data: str | None) -> Iterator[str]:
    """Yield the address of a dashboard: the one that runs, or one of our own."""
    url = f"http://localhost:{port}"
    if answers(url):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="tuyendau-pictures-") as folder:
        environment = {
            **os.environ,
            "TUYENDAU_DATABASE_URL": f"sqlite:///{folder}/pictures.sqlite",
            "TUYENDAU_DEMO": "1",
        }
        for words in (
            ["data_access", "init"],
            ["scripts.build", *(["--data", data] if data else [])],
        ):
            run = [sys.executable, "-m", *words]
            subprocess.run(run, cwd=ROOT, env=environment, check=True)
        environment.setdefault("TUYENDAU_NOW", NOW)
        yield from _serving(url, port, environment)


def _serving(url: str, port: int, environment: dict[str, str]) -> Iterator[str]:
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/server.py"]
    server = subprocess.Popen(
        [*command, "--server.port", str(port)], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + START_SECONDS
        while not answers(url) and time.monotonic() < until and server.poll() is None:
            time.sleep(0.3)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def take(browser: Browser, address: str, *, theme: Theme, screen: str, path: Path) -> None:
    """Save one picture of the whole page, once it has finished running and drawing."""
    size = SCREENS[screen]
    page = browser.new_page(color_scheme=theme, viewport=size, locale="vi-VN")
    page.goto(address)
    page.wait_for_selector(PAINTED, timeout=90_000)
    page.wait_for_selector(SETTLED, timeout=60_000)
    page.wait_for_timeout(DRAWN_MS)
    if screen == "phone":
        # The page scrolls inside itself: a taller screen shows all of it.
        height = page.evaluate("document.querySelector('.stMain').scrollHeight")
        page.set_viewport_size(ViewportSize(width=size["width"], height=min(height, TALLEST)))
        page.wait_for_timeout(DRAWN_MS)
    save(page.screenshot(), path)
    page.close()
    print(f"{path.name}  {path.stat().st_size // 1024} KB", flush=True)


def save(picture: bytes, path: Path) -> None:
    """Write a picture small: few colours are enough for flat areas and text."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT).save(path, optimize=True)


def main() -> int:
    """Take every picture."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--data", help="folder of real figures instead of the demonstration's")
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        print("No Chromium on this machine.", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    with served(options.port, options.data) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        for (name, place), (screen, theme, lang) in product(PAGES.items(), LOOKS):
            path = options.out / f"{name}-{screen}-{theme}-{lang}.png"
            take(browser, url + place.format(lang=lang), theme=theme, screen=screen, path=path)
        for name in PROJECTED:
            address = url + PAGES[name].format(lang="vi") + "&mode=projector"
            path = options.out / f"{name}-projector-dark-vi.png"
            take(browser, address, theme="dark", screen="projector", path=path)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
