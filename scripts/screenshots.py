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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

from data_access.demo import NOW

Theme = Literal["light", "dark"]

ROOT = Path(__file__).resolve().parent.parent
CLUSTER = "OD-0003570"
"""A large one of the simulated country."""
PAGES = {
    "overview": "/?lang={lang}",
    "map": "/map?lang={lang}&indicator=cases&area=01",
    "map_pair": "/map?lang={lang}&indicator=cases&indicator2=quarantine_occupancy",
    "quarantine": "/quarantine?lang={lang}",
    "testing": "/testing?lang={lang}",
    "vaccination": "/vaccination?lang={lang}",
    "tracing": "/tracing?lang={lang}",
    "cluster": f"/tracing?lang={{lang}}&cluster={CLUSTER}",
    "declarations": "/declarations?lang={lang}",
    "checkpoints": "/checkpoints?lang={lang}",
    "response": "/response?lang={lang}",
    "levels": "/levels?lang={lang}&area=79",
    "alerts": "/alerts?lang={lang}",
    "province": "/province?lang={lang}&area=79",
    "compare": "/compare?lang={lang}&areas=79,74,01",
    "open_data": "/open_data?lang={lang}",
    "bulletins": "/bulletins?lang={lang}",
    "data_sync": "/data_sync?lang={lang}&platform=testing",
    "rollout": "/rollout?lang={lang}",
    "needs": "/needs?lang={lang}",
    "scenarios": "/scenarios?lang={lang}",
    "administration": "/administration?lang={lang}&as=admin",
    "sign_in": "/login?lang={lang}",
}
# Every page in both themes and both languages, without every mixture of them.
LOOKS: tuple[tuple[str, Theme, str], ...] = (("desktop", "light", "vi"), ("desktop", "dark", "en"))
PHONE: tuple[str, Theme, str] = ("phone", "light", "vi")
ON_A_PHONE = (
    "overview", "map", "quarantine", "testing", "vaccination", "tracing", "declarations",
    "checkpoints", "response", "province", "compare", "data_sync", "scenarios",
)  # fmt: skip
PROJECTED = ("overview", "quarantine", "vaccination", "tracing")
FOR_THE_PRESS = ("overview", "open_data", "bulletins")
LOWER = {"cluster": ".td-facts"}
"""What a page is scrolled to where it is not its beginning that the picture is of."""
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
PAINTED = (
    ":is(.tdm, .tds)[data-painted], [data-testid='stForm'], .js-plotly-plot, .td-table, .td-links,"
    " .tdw-board, form, [data-testid='stAlert']"
)
"""A map or matrix that is drawn, or what a page has that has neither: at least a sentence."""
OUTSIDE = "/login"
TO_THE_TOP = "found => { found.style.scrollMarginTop = '7rem'; found.scrollIntoView(); }"
DRAWN_MS = 2500
START_SECONDS = 90
TALLEST, WHOLE = 3200, 9000
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


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture: which page, in which look, from where down."""

    name: str
    address: str
    screen: str
    theme: Theme
    lang: str
    lower: str = ""

    @property
    def file(self) -> str:
        """Return the picture's file name."""
        return f"{self.name}-{self.screen}-{self.theme}-{self.lang}.png"


def shots() -> Iterator[Shot]:
    """Yield every picture: both themes, a phone, a projector, and what the press sees."""
    for name, place in PAGES.items():
        looks = [*LOOKS, PHONE] if name in ON_A_PHONE else LOOKS
        for screen, theme, lang in looks:
            yield Shot(
                name=name, address=place.format(lang=lang), screen=screen, theme=theme, lang=lang,
                lower=LOWER.get(name, ""),
            )  # fmt: skip
    for name in PROJECTED:
        yield _other(name, name, more="&mode=projector", screen="projector", theme="dark")
    for name in FOR_THE_PRESS:
        yield _other(f"{name}-press", name, more="&as=press", screen="desktop", theme="light")


def _other(name: str, page: str, *, more: str, screen: str, theme: Theme) -> Shot:
    address = PAGES[page].format(lang="vi") + more
    return Shot(name=name, address=address, screen=screen, theme=theme, lang="vi")


@cache
def context_of(browser: Browser, screen: str, theme: Theme) -> BrowserContext:
    """Return the context of a look: its pages share what the browser has loaded already."""
    return browser.new_context(color_scheme=theme, viewport=SCREENS[screen], locale="vi-VN")


def take(context: BrowserContext, url: str, shot: Shot, *, folder: Path, whole: bool) -> None:
    """Save one picture, once the page has finished running and drawing."""
    size, path = SCREENS[shot.screen], folder / shot.file
    page = context.new_page()
    page.goto(url + shot.address)
    page.locator(PAINTED).filter(visible=True).first.wait_for(timeout=90_000)
    if not shot.address.startswith(OUTSIDE):
        page.wait_for_selector(SETTLED, timeout=60_000)
        page.wait_for_timeout(DRAWN_MS)
    if shot.screen == "phone" or whole:
        # The page scrolls inside itself: a taller screen shows all of it.
        height = page.evaluate("(document.querySelector('.stMain') || document.body).scrollHeight")
        tallest = WHOLE if whole else TALLEST
        tall = max(size["height"], min(height, tallest))
        page.set_viewport_size(ViewportSize(width=size["width"], height=tall))
        page.wait_for_timeout(DRAWN_MS)
    if shot.lower and not whole:
        page.locator(shot.lower).first.evaluate(TO_THE_TOP)
        page.wait_for_timeout(DRAWN_MS)
    save(page.screenshot(), path)
    page.close()
    print(f"{path.name}  {path.stat().st_size // 1024} KB", flush=True)


def save(picture: bytes, path: Path) -> None:
    """Write a picture small: few colours are enough for flat areas and text.

    Rare colours are kept: a class of a map that is two small provinces is still its own.
    """
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    flat = image.quantize(
        COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE
    )
    flat.save(path, optimize=True)


def _wanted(shot: Shot, options: argparse.Namespace) -> bool:
    named = not options.only or shot.name in options.only
    return named and options.screen in (None, shot.screen)


def main() -> int:
    """Take every picture."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--data", help="folder of real figures instead of the demonstration's")
    parser.add_argument("--only", nargs="*", help="names of the pages to take, as in PAGES")
    parser.add_argument("--screen", choices=sorted(SCREENS), help="take those of one screen only")
    parser.add_argument("--whole", action="store_true", help="down to the end of each page")
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        print("No Chromium on this machine.", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    with served(options.port, options.data) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        for shot in shots():
            if _wanted(shot, options):
                look = context_of(browser, shot.screen, shot.theme)
                take(look, url, shot, folder=options.out, whole=options.whole)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
