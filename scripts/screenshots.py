"""Takes pictures of a running dashboard: each address in both themes, on a desk and on a phone.

Usage: python -m scripts.screenshots [--port 8501] [--out docs/screenshots] [PATH ...]
"""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ViewportSize, sync_playwright

Theme = Literal["light", "dark"]

THEMES: tuple[Theme, ...] = ("light", "dark")
SCREENS = {
    "desktop": ViewportSize(width=1440, height=900),
    "phone": ViewportSize(width=390, height=844),
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Software drawing, so that maps appear without a graphics card; no calls of its own.
CHROMIUM = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
SETTLED = "[data-testid='stApp'][data-test-script-state='notRunning']"
DRAWN_MS = 1500


def take(browser: Browser, address: str, *, theme: Theme, screen: str, path: Path) -> None:
    """Save one picture once the page has finished running and drawing."""
    page = browser.new_page(color_scheme=theme, viewport=SCREENS[screen], locale="vi-VN")
    page.goto(address)
    page.wait_for_selector(SETTLED, timeout=60_000)
    page.wait_for_timeout(DRAWN_MS)
    page.screenshot(path=path, full_page=True)
    page.close()
    print(path, flush=True)


def main() -> int:
    """Take every picture asked for."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("paths", nargs="*", default=[""], help="addresses below the root")
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        print("No Chromium on this machine.", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        for place in options.paths:
            name = place.partition("?")[0].strip("/") or "home"
            for theme in THEMES:
                for screen in SCREENS:
                    target = options.out / f"{name}-{theme}-{screen}.png"
                    address = f"http://localhost:{options.port}/{place.lstrip('/')}"
                    take(browser, address, theme=theme, screen=screen, path=target)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
