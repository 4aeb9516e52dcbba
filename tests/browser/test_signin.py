"""Signing in and out on a telephone, and the administrators' page, in a real browser."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe

from data_access.accounts import demo
from data_access.accounts.model import console
from data_access.clock import machine_clock
from data_access.codes import Role
from data_access.engine import make_engine
from data_access.reference.areas import load_areas
from data_access.viewer import system_viewer
from tests.browser.conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.slow]
GRAVE = {"serious", "critical"}
Passwords = dict[Role, tuple[str, str]]


@pytest.fixture
def known(phone: Screen) -> Iterator[Passwords]:
    """Accounts of the demonstration: role → (login, password)."""
    engine = make_engine(phone.server.database)
    now = machine_clock()
    areas = load_areas(engine, viewer=system_viewer(now))
    made = demo.make_demo_accounts(engine, demo=True, areas=areas, actor=console("tests"), now=now)
    yield {account.role: (account.login, password) for account, password in made}
    demo.remove_demo_accounts(engine, actor=console("tests"), now=machine_clock())
    engine.dispose()


def grave(screen: Screen) -> list[tuple[str, str]]:
    found = Axe().run(screen.page, options={"resultTypes": ["violations"]}).response
    return [
        (one["id"], one["nodes"][0]["html"])
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]


def test_in_and_out_on_a_telephone_by_keyboard(phone: Screen, known: Passwords) -> None:
    page = phone.page
    login, password = known[Role.PROVINCE]
    phone.open("/?lang=vi", painted=False)
    page.wait_for_selector(".td-footer", timeout=90_000)
    page.locator(".td-who a").click()
    page.wait_for_selector("#login")
    assert grave(phone) == []
    # No wider than the screen, and the first field has the keyboard already.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type("không phải mật khẩu này")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert grave(phone) == []
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_selector(".td-who strong", timeout=90_000)
    phone.settle()
    assert "Hồ Chí Minh (cấp tỉnh)" in page.locator(".td-who").inner_text()
    assert page.locator(".st-key-choose_role").count() == 0
    assert "td_session" not in page.evaluate("document.cookie")
    page.locator(".td-who a").click()
    page.wait_for_selector("button.plain")
    assert grave(phone) == []
    page.locator("form button").first.click()
    page.wait_for_selector(".td-who a[href^='/login']", timeout=90_000)
    # What the browser was refused on purpose is the only thing that its console tells.
    assert [one for one in phone.errors if "403" not in one] == []
    assert phone.outside == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_whoever_is_signed_in_are_accessible(
    phone: Screen, known: Passwords, scheme: str
) -> None:
    page = phone.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    # On a telephone axe finds fault with the list of Streamlit's own menu.
    page.set_viewport_size({"width": 1440, "height": 900})
    login, password = known[Role.ADMIN]
    page.goto(phone.server.url + "/login?lang=en&next=/administration%3Flang%3Den")
    page.fill("#login", login)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_selector(".td-footer", timeout=90_000)
    phone.settle()
    assert page.locator("h1", has_text="Administration").count() == 1
    assert grave(phone) == []
    page.set_viewport_size({"width": 390, "height": 844})
    for own in ("/password", "/totp", "/logout"):
        page.goto(phone.server.url + own)
        page.wait_for_selector("form")
        assert grave(phone) == []
    assert phone.errors == []
