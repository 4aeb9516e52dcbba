"""Every page in a real browser: nothing from outside, no error, no serious finding of axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from dashboard import assets
from dashboard.navigation import ADMINISTRATORS, PAGES
from tests.browser.conftest import Screen
from tests.depth import spread

pytestmark = [pytest.mark.browser, pytest.mark.slow]
GRAVE = {"serious", "critical"}


# The administrators' page is looked at in test_signin.py, by an administrator.
OPEN = [entry.path for entry in PAGES if entry.roles != ADMINISTRATORS]


# All of them, with figures in them and in both themes, in test_figures.py.
@pytest.mark.parametrize("page", spread(OPEN, 6))
def test_a_page_is_whole_closed_and_accessible(screen: Screen, page: str) -> None:
    screen.open(f"/{page}", painted=False)
    screen.page.wait_for_selector(".td-footer", timeout=60_000)
    screen.settle()
    assert screen.outside == []
    assert screen.errors == []
    icons = screen.page.eval_on_selector_all("link[rel~=icon]", "all => all.map(one => one.href)")
    assert icons == [screen.server.url + assets.ui_url("icon.png")]
    assert screen.page.request.get(icons[0]).headers["content-type"] == "image/png"
    found = Axe().run(screen.page, options={"resultTypes": ["violations"]}).response
    grave = [one for one in found["violations"] if one["impact"] in GRAVE]
    assert [(one["id"], one["nodes"][0]["html"]) for one in grave] == []


def test_a_projector_is_without_controls_and_turns_to_the_next_page(screen: Screen) -> None:
    screen.open("/?mode=projector", painted=False)
    screen.page.wait_for_selector(".td-footer", state="attached", timeout=60_000)
    screen.settle()
    assert not screen.page.locator(".stAppHeader").is_visible()
    assert screen.page.locator("h1", has_text="Cách ly").count() == 0
    screen.page.wait_for_selector("h1:has-text('Cách ly')", timeout=60_000)
    # The address is written at the end of the page's run.
    screen.page.wait_for_url(lambda url: "mode=projector" in url, timeout=60_000)
    assert screen.errors == []
