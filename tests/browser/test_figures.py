"""What stands on a card in the browser is what pandas counts in the files, for whoever looks.

Two countries: simulated records of six platforms, and the published figures of Vietnam where they
are at hand. One server and one browser context each; axe once for each page, in one of the themes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from dashboard.formatting import number, percent
from dashboard.navigation import ADMINISTRATORS, PAGES
from data_access.codes import Role
from examples import load
from tests import command_world as country
from tests.app.conftest import fill
from tests.app.proof.world import cut, with_shared
from tests.app.test_command_pages import FIGURES, SHARES, Files
from tests.browser.conftest import Screen, Server, serving, watched
from tests.browser.test_every_page import GRAVE
from tests.browser.test_links import still
from tests.depth import spread
from tests.e2e import expected
from tests.e2e.expected import SHARED

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("figures")]
OPEN = [entry for entry in PAGES if entry.roles != ADMINISTRATORS]
ROLES = ("national", "province:79", "press")
CARDS = """() => Object.fromEntries([...document.querySelectorAll('.td-card[data-id]')].map(
    card => [card.dataset.id, card.querySelector('.td-value strong, strong')?.innerText ?? '']))"""
REAL_DAY = "2021-08-15"
NCSC = "vn_province_daily_ncsc_20200318_20220122.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated records, and a database that holds them and a bulletin of them."""
    made = tmp_path_factory.mktemp("figures")
    country.write_records(made / "records")
    url = f"sqlite:///{made / 'world.sqlite'}"
    country.fill(url, made / "records")
    with_shared(url, country.NOW, cut)
    return made


@pytest.fixture(scope="module")
def simulated(folder: Path) -> Iterator[Server]:
    yield from serving(f"sqlite:///{folder / 'world.sqlite'}", folder, now=country.NOW)


@pytest.fixture(scope="module")
def screen_of(browser: Browser) -> Iterator[dict[str, Screen]]:
    """One screen for each server, kept from test to test: what was loaded stays loaded."""
    assert browser.is_connected()
    held: dict[str, Screen] = {}
    yield held
    for one in held.values():
        one.page.close()


def at(held: dict[str, Screen], browser: Browser, server: Server) -> Screen:
    if server.url not in held:
        held[server.url] = next(watched(browser, server, width=1440, height=900))
    return held[server.url]


def cards(page: Page) -> dict[str, str]:
    still(page)
    found: dict[str, str] = page.evaluate(CARDS)
    return found


def refused(screen: Screen) -> None:
    """See that a page says no, and shows nothing else."""
    expect(screen.page.locator("[data-testid=stAlert]").first).to_be_visible(timeout=60_000)
    expect(screen.page.locator(".td-card")).to_have_count(0)


def cases(files: Files) -> float:
    found = files.rows("tracing", "case", "case_id")
    return float((found["report_date"] == country.LAST.isoformat()).sum())


def wanted(page: str, province: str | None, language: str, folder: Path) -> dict[str, str]:
    """Return what pandas counts for the cards of a page."""
    files = Files(folder, province)
    found = {
        key: (percent if key in SHARES else number)(count(files), language=language)
        for (own, key), count in FIGURES.items()
        if own == page and page != "map"
    }
    if page == "overview":
        found["cases"] = number(cases(files), language=language)
    return found


def grave(page: Page) -> list[tuple[str, str]]:
    """Return the serious findings of axe on a page, each with the first place of it."""
    told = Axe().run(page, options={"resultTypes": ["violations"]}).response
    found = (one for one in told["violations"] if one["impact"] in GRAVE)
    return [(one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.mark.parametrize(("role", "language"), spread(list(product(ROLES, ("vi", "en"))), 3))
def test_every_page_of_the_simulated_country(
    role: str, language: str, browser: Browser, simulated: Server, folder: Path,
    screen_of: dict[str, Screen],
) -> None:  # fmt: skip
    screen = at(screen_of, browser, simulated)
    province = role.partition(":")[2] or None
    compared, findings = 0, []
    # Of the nation's pages one is dark and the next one light; in the other language vice versa.
    for place, entry in enumerate(OPEN, ("vi", "en").index(language)):
        day = country.LAST.isoformat()
        screen.page.emulate_media(color_scheme="light" if place % 2 else "dark")
        screen.open(f"/{entry.path}?lang={language}&as={role}&date={day}", painted=False)
        if Role(role.partition(":")[0]) not in entry.roles:
            refused(screen)
            continue
        told = cards(screen.page)
        for key, value in wanted(entry.key, province, language, folder).items():
            if role != "press" or key in told:
                assert told.get(key) == value, (entry.key, key)
                compared += 1
        if role == "national":
            findings += [(entry.key, *one) for one in grave(screen.page)]
    assert findings == []
    assert compared >= (1 if role == "press" else 10)
    assert (screen.outside, screen.errors) == ([], [])


# --- the published figures of Vietnam -----------------------------------------------------------


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server on what `make run DATA=` loads, and a bulletin of it."""
    if not (SHARED / "data").is_dir():
        pytest.skip(expected.NO_SHARED)
    made = tmp_path_factory.mktemp("published")
    url = f"sqlite:///{made / 'vietnam.sqlite'}"
    fill(url, made, figures=False)
    load.main(data=SHARED / "data", database_url=url, quiet=True)
    moment = datetime.now(UTC)
    with_shared(url, moment, cut)
    yield from serving(url, made, now=moment)


def reported(column: str, province: str | None) -> float:
    """Return what the ministry's daily table says of a day, in one province or in all."""
    rows = pd.read_csv(SHARED / "data" / "vn" / NCSC, dtype={"code": str})
    rows = rows[rows["date"] == REAL_DAY]
    return float(rows[rows["code"] == province][column].sum() if province else rows[column].sum())


@pytest.mark.parametrize(("role", "language"), spread(list(product(ROLES, ("vi", "en"))), 1))
def test_every_page_of_the_published_figures(
    role: str, language: str, browser: Browser, published: Server, screen_of: dict[str, Screen]
) -> None:
    screen = at(screen_of, browser, published)
    province = role.partition(":")[2] or None
    for entry in spread(OPEN, 8):  # the overview first
        screen.open(f"/{entry.path}?lang={language}&as={role}&date={REAL_DAY}", painted=False)
        if Role(role.partition(":")[0]) not in entry.roles:
            refused(screen)
            continue
        told = cards(screen.page)
        if entry.key == "overview":
            for key, column in (("cases", "new_cases"), ("deaths", "new_deaths")):
                assert told[key] == number(reported(column, province), language=language), key
    assert (screen.outside, screen.errors) == ([], [])
