"""What controls set stands in the address: its link shows the same figures in a fresh browser."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Locator, Page

from dashboard.commands import COMMANDS
from dashboard.i18n import translator
from tests import command_world as world
from tests.browser.conftest import Screen, Server, serving, watched
from tests.depth import spread

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("links")]
ROLES = ("national", "province:79")
DAY = "2021-08-30"
QUIET = "[data-testid='stApp'][data-test-script-state='notRunning']"
FIGURES = """() => ({
  cards: [...document.querySelectorAll('.td-card')].map(c => c.innerText),
  lede: [...document.querySelectorAll('.td-lede')].map(c => c.innerText),
  tables: [...document.querySelectorAll('.td-table')].map(t => t.innerText),
  marks: [...document.querySelectorAll('.tdm .tdm-legend')].map(l => l.innerText),
})"""
Figures = dict[str, list[str]]


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server on records of six platforms."""
    folder = tmp_path_factory.mktemp("links")
    world.write_records(folder / "records")
    database = f"sqlite:///{folder / 'world.sqlite'}"
    world.fill(database, folder / "records")
    yield from serving(database, folder, now=world.NOW)


def still(page: Page) -> None:
    """Wait until nothing runs and nothing more comes, and a map has its boundaries and is drawn."""
    page.wait_for_selector(".td-footer", state="attached", timeout=60_000)
    before: object = None
    for _ in range(120):
        page.wait_for_selector(QUIET, timeout=60_000)
        now: Figures = page.evaluate(FIGURES)
        is_drawn = not now["marks"] or any(now["marks"])
        if is_drawn and now == before:
            return
        before = now
        page.wait_for_timeout(250)


def figures(page: Page) -> Figures:
    still(page)
    found: Figures = page.evaluate(FIGURES)
    return found


def figures_like(page: Page, wanted: Figures) -> Figures:
    """Return a page's figures once they are the wanted ones, or what they are after half a minute.

    A map is mounted by a script of its own: cards and tables stand still before it is there.
    """
    found = figures(page)
    for _ in range(60):
        if found == wanted:
            break
        page.wait_for_timeout(500)
        found = figures(page)
    return found


def choose(page: Page, label: str, number: int) -> None:
    """Pick an option of a select box by its place, if there is one of that place."""
    box = page.get_by_role("combobox", name=label)
    if not box.count():
        return
    box.first.click()
    options: Locator = page.get_by_role("option")
    options.first.wait_for()
    if options.count() > number:
        options.nth(number).click()
    else:
        page.keyboard.press("Escape")
    still(page)


def search(page: Page, label: str, name: str) -> None:
    """Pick the option of a select box whose name is typed."""
    page.get_by_role("combobox", name=label).first.click()
    page.keyboard.type(name)
    page.get_by_role("option").filter(has_text=name).first.click()
    still(page)


def switch(page: Page, label: str) -> None:
    toggle = page.locator("[data-testid='stCheckbox']", has_text=label)
    if toggle.count() and toggle.first.locator("input").is_enabled():
        toggle.first.locator("label").click()
        still(page)


@pytest.mark.parametrize(
    ("key", "role", "language"), spread(list(product(sorted(COMMANDS), ROLES, ("vi", "en"))), 3)
)
def test_a_link_shows_what_the_controls_showed(
    browser: Browser, country: Server, key: str, role: str, language: str
) -> None:
    t = translator(language)
    first = watched(browser, country, width=1440, height=900)
    screen: Screen = next(first)
    # A page has no control for the day: it comes with the link, or from the map's slider.
    address = f"/{key}?lang={language}&as={role}&date={DAY}"
    screen.open(address, painted=False)
    still(screen.page)
    opened = figures(screen.page)
    if role == "national":
        # Of the provinces this one has figures on every page.
        search(screen.page, t("command.area"), "Minh")
    choose(screen.page, t("command.denominator"), 1)
    switch(screen.page, t("command.smooth"))
    switch(screen.page, t("command.per"))
    shown = figures(screen.page)
    assert shown["cards"]
    link = screen.page.url.removeprefix(country.url)
    # One province's figure may read the same to the last digit shown; another area's cannot.
    assert link != address
    assert role != "national" or shown != opened
    assert re.search(rf"[?&]date={DAY}(&|$)", link)
    assert role != "national" or "area=" in link
    second = watched(browser, country, width=1440, height=900)
    fresh: Screen = next(second)
    fresh.open(link, painted=False)
    assert figures_like(fresh.page, shown) == shown
    assert fresh.page.url.removeprefix(country.url) == link
    assert (screen.outside, fresh.outside) == ([], [])
    assert (screen.errors, fresh.errors) == ([], [])
    for one in (first, second):
        next(one, None)
