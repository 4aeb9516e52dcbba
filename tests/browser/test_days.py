"""A minister, a province's officer and a journalist each walk through their day.

`--pictures FOLDER` keeps a picture of every stop.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.navigation import PAGES
from data_access.accounts import demo
from data_access.accounts.model import console
from data_access.clock import machine_clock
from data_access.codes import Role
from data_access.engine import make_engine
from data_access.reference.areas import load_areas
from data_access.viewer import system_viewer
from tests import command_world as country
from tests.app.proof.world import AN, cut, with_shared
from tests.browser.conftest import Screen, Server, serving, watched
from tests.browser.test_figures import cards
from tests.browser.test_links import choose

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("days")]
NOW = country.NOW + timedelta(hours=2)
LAST = country.LAST.isoformat()
SHUT = [entry.path for entry in PAGES if Role.PRESS not in entry.roles][-3:]
"""Some of the pages that the press may not open."""
WHOLE = ".td-footer, [data-testid=stAlert]"
Stop = Callable[[str], None]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A published bulletin, and a draft that is two hours younger."""
    folder = tmp_path_factory.mktemp("days")
    country.write_records(folder / "records")
    url = f"sqlite:///{folder / 'world.sqlite'}"
    country.fill(url, folder / "records")
    with_shared(url, country.NOW, cut)
    with_shared(url, NOW, lambda shared: shared.bulletins.cut(AN, NOW))
    return url


@pytest.fixture(scope="module")
def officer(address: str) -> tuple[str, str]:
    """Login and password of a province's account."""
    engine, now = make_engine(address), machine_clock()
    areas = load_areas(engine, viewer=system_viewer(now))
    made = demo.make_demo_accounts(engine, demo=True, areas=areas, actor=console("tests"), now=now)
    engine.dispose()
    return next((one.login, word) for one, word in made if one.role is Role.PROVINCE)


@pytest.fixture(scope="module")
def running(
    address: str, officer: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    del officer  # the accounts are there before the server
    yield from serving(address, tmp_path_factory.mktemp("days-server"), now=NOW)


@pytest.fixture
def desk(browser: Browser, running: Server) -> Iterator[Screen]:
    yield from watched(browser, running, width=1440, height=900)


@pytest.fixture
def stop(desk: Screen, request: pytest.FixtureRequest) -> Stop:
    """Waits until a screen is whole, and keeps a picture of it if somebody wants one."""
    folder = request.config.getoption("--pictures")
    day = request.node.name.removeprefix("test_").partition("_")[0]
    taken: list[str] = []

    def stopped(name: str) -> None:
        # A page that is refused has no footer.
        desk.page.wait_for_selector(WHOLE, state="attached", timeout=60_000)
        desk.settle()
        taken.append(name)
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            path = Path(folder) / f"{day}-{len(taken)}-{name}.png"
            desk.page.screenshot(path=path, full_page=True)

    return stopped


def opened(screen: Screen, path: str) -> None:
    screen.open(path, painted=False)
    screen.page.wait_for_selector(WHOLE, state="attached", timeout=60_000)


def test_minister_from_the_country_to_a_province_and_onto_the_wall(
    desk: Screen, stop: Stop
) -> None:
    page = desk.page
    opened(desk, f"/?lang=vi&as=national&date={LAST}")
    stop("overview")
    country_cases = cards(page)["cases"]
    assert country_cases
    assert page.locator(".td-lede").first.inner_text().strip()
    opened(desk, f"/quarantine?lang=vi&as=national&date={LAST}")
    stop("quarantine")
    before = cards(page)
    choose(page, "Khu vực", 1)
    stop("one-province")
    assert "area=" in page.url
    assert cards(page) != before
    link = page.url
    opened(desk, f"/levels?lang=vi&as=national&date={LAST}")
    stop("levels")
    opened(desk, f"/?lang=vi&as=national&date={LAST}&mode=projector")
    stop("wall")
    assert not page.locator(".stAppHeader").is_visible()
    # The link that was sent round shows what was seen.
    page.goto(link)
    stop("link")
    assert cards(page) != before
    # What the press has at this moment, without leaving the desk: the frozen bulletin.
    opened(desk, f"/?lang=vi&as=national&date={LAST}&bulletin=1")
    stop("bulletin")
    assert cards(page)["cases"] == country_cases
    assert (desk.outside, desk.errors) == ([], [])


def sign_in(page: Page, server: Server, officer: tuple[str, str]) -> None:
    page.goto(server.url + "/login?lang=vi&next=%2Fprovince%3Flang%3Dvi")
    page.fill("#login", officer[0])
    page.fill("#password", officer[1])
    page.keyboard.press("Enter")
    page.wait_for_selector(".td-who strong", timeout=90_000)


def sign_out(page: Page) -> None:
    page.locator(".td-who a").click()
    page.wait_for_selector("button.plain")
    page.locator("form button").first.click()
    page.wait_for_selector(".td-who a[href^='/login']", timeout=90_000)


def test_officer_signs_in_and_stays_inside_the_province(
    desk: Screen, stop: Stop, officer: tuple[str, str]
) -> None:
    page = desk.page
    sign_in(page, desk.server, officer)
    stop("province")
    own = page.locator(".td-who").inner_text()
    assert "cấp tỉnh" in own
    # An address that asks for more gives no more: not the nation, nor another province.
    opened(desk, f"/?lang=vi&as=national&date={LAST}")
    stop("asked-for-the-nation")
    mine = cards(page)
    assert page.locator(".td-who").inner_text() == own
    opened(desk, f"/testing?lang=vi&area=48&date={LAST}")
    stop("asked-for-another")
    assert "Đà Nẵng" not in " ".join(page.locator(".td-card, .td-lede, h1").all_inner_texts())
    opened(desk, "/data_sync?lang=vi")
    stop("debts")
    assert "DAU" not in page.content()
    opened(desk, f"/?lang=vi&date={LAST}")
    stop("again")
    assert cards(page) == mine
    opened(desk, f"/map?lang=vi&date={LAST}")
    stop("map")
    with page.expect_download() as caught:
        page.locator("[data-testid=stDownloadButton] button").first.click()
    assert caught.value.suggested_filename.endswith(".csv")
    sign_out(page)
    assert (desk.outside, desk.errors) == ([], [])


def test_journalist_reads_what_is_published_and_nothing_else(desk: Screen, stop: Stop) -> None:
    page = desk.page
    opened(desk, f"/?lang=vi&as=press&date={LAST}")
    stop("home")
    told = cards(page)
    assert told["cases"]
    opened(desk, f"/map?lang=en&as=press&date={LAST}")
    stop("map")
    opened(desk, f"/?lang=vi&as=press&date={LAST}&bulletin=1")
    stop("bulletin")
    assert cards(page) == told
    for shut in SHUT:
        opened(desk, f"/{shut}?lang=vi&as=press")
        expect(page.locator(".td-card")).to_have_count(0)
        expect(page.locator("[data-testid=stAlert]").first).to_be_visible()
    stop("refused")
    answers = []
    for number in ("2", "999"):
        opened(desk, f"/?lang=vi&as=press&bulletin={number}")
        desk.settle()
        answers.append(page.locator("[data-testid=stAlert]").all_inner_texts())
        expect(page.locator(".td-card")).to_have_count(0)
    stop("no-such-bulletin")
    # A draft answers like a number that does not exist.
    assert answers[0] == answers[1] != []
    assert (desk.outside, desk.errors) == ([], [])
