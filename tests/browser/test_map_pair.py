"""Two maps beside each other: one camera, player and selection; on a phone one below the other."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAIR = "/map?indicator=cases&indicator2=deaths&span=30&date=2021-08-20"
LATER = "/map?indicator=cases&day2=2021-08-15&span=30&date=2021-08-20"


def both(page: Page, what: str) -> list[str]:
    expect(page.locator(".tdm[data-painted]")).to_have_count(2, timeout=60_000)
    found: list[str] = page.locator(".tdm").evaluate_all(f"maps => maps.map(m => {what})")
    return found


def test_what_one_shows_closer_the_other_does_and_what_one_picks(screen: Screen) -> None:
    screen.open(PAIR)
    view = "m.querySelector('.tdm-svg').getAttribute('viewBox')"
    before = both(screen.page, view)
    screen.page.locator(".tdm-zoom button").first.click()
    after = both(screen.page, view)
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, True]
    screen.page.locator(".tdm").nth(1).locator(".tdm-zoom button").nth(2).click()
    assert both(screen.page, view) == before
    screen.page.locator(".tdm").nth(0).locator("path[data-code='38']").click()
    assert both(screen.page, "m.dataset.selected") == ["38", "38"]
    assert screen.errors == []


def test_days_play_on_both_and_keep_their_distance(screen: Screen) -> None:
    screen.open(LATER)
    assert both(screen.page, "m.dataset.day") == ["2021-08-20", "2021-08-15"]
    screen.page.locator(".tdm-slider").first.focus()
    screen.page.keyboard.press("ArrowLeft")
    assert both(screen.page, "m.dataset.day") == ["2021-08-19", "2021-08-14"]
    screen.page.wait_for_url("**day2=2021-08-14**", timeout=20_000)
    screen.settle()
    assert both(screen.page, "m.dataset.day") == ["2021-08-19", "2021-08-14"]
    legends = "m.querySelector('.tdm-legend').innerText.replace(/ \\d+$/gm, '')"
    first, second = both(screen.page, legends)
    assert first.splitlines()[0] == second.splitlines()[0]


def test_on_a_phone_they_stand_below_each_other(phone: Screen) -> None:
    phone.open(PAIR)
    left = [float(x) for x in both(phone.page, "String(m.getBoundingClientRect().left)")]
    top = [float(y) for y in both(phone.page, "String(m.getBoundingClientRect().top)")]
    assert left[0] == left[1]
    assert top[1] > top[0] + 300
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
