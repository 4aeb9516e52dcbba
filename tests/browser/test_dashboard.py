"""What only a browser can show: painting, clicking, keys, live news, nothing from outside."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.conftest import LAST, write_table
from tests.browser.conftest import PAINTED, Screen, command

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=20_000)  # other tests may have the machine
AREAS = f"{PAINTED} .tdm-land path.tdm-area"
CASES = ".td-card[data-id=cases] .td-value"


@pytest.mark.parametrize("path", ["/", "/map"])
def test_page_paints_without_an_error_or_a_call_outside(screen: Screen, path: str) -> None:
    screen.open(path)
    assert screen.page.locator(AREAS).count() == 63
    assert screen.page.locator(".tdm-island").count() == 2
    names = screen.page.locator(".tdm-sea").text_content() or ""
    for name in ("Quần đảo Hoàng Sa", "Quần đảo Trường Sa", "Biển Đông"):
        assert name in names
    assert screen.outside == []
    assert screen.errors == []


def test_states_are_told_apart_by_more_than_colour(screen: Screen) -> None:
    screen.open("/map?indicator=cases")
    silent = screen.page.locator(f"{AREAS}[data-code='04']")
    zero = screen.page.locator(f"{AREAS}[data-code='06']")
    assert silent.get_attribute("data-state") == "not_reported"
    assert "not_reported" in (silent.get_attribute("style") or "")
    assert zero.get_attribute("data-state") == "zero"
    assert "url" not in (zero.get_attribute("style") or "")
    kinds = screen.page.locator(".tdm-keys li").evaluate_all(
        "rows => rows.map(r => r.dataset.state)"
    )
    assert {"zero", "not_reported", "suppressed", "not_applicable"} <= set(kinds)


def test_a_click_selects_and_the_link_restores_it(screen: Screen) -> None:
    screen.open("/map?indicator=deaths")
    screen.page.locator(f"{AREAS}[data-code='38']").click()
    expect(screen.page.get_by_role("heading", name="Diễn biến: Thanh Hóa")).to_be_visible()
    screen.page.wait_for_url("**area=38**")
    link = screen.page.url.removeprefix(screen.server.url)
    screen.page.goto("about:blank")
    screen.open(link)
    expect(screen.page.get_by_role("heading", name="Diễn biến: Thanh Hóa")).to_be_visible()
    assert screen.page.locator(PAINTED).get_attribute("data-selected") == "38"
    assert screen.page.url.removeprefix(screen.server.url) == link


def test_search_finds_any_spelling(screen: Screen) -> None:
    screen.open("/map")
    field = screen.page.locator(".tdm-search")
    for typed, code in (("tphcm", "79"), ("hue", "46"), ("BR-VT", "77"), ("dak lak", "66")):
        field.fill(typed)
        expect(screen.page.locator(".tdm-found [role=option]").first).to_have_attribute(
            "data-code", code
        )
    field.press("Enter")
    expect(screen.page.locator(PAINTED)).to_have_attribute("data-selected", "66")


def test_keys_walk_through_the_areas(screen: Screen) -> None:
    screen.open("/map")
    screen.page.locator(".tdm-svg").focus()
    screen.page.keyboard.press("ArrowRight")
    assert screen.page.locator(PAINTED).get_attribute("data-selected") == "01"
    assert "Hà Nội" in (screen.page.locator(".tdm [aria-live]").text_content() or "")


def test_days_play_without_asking_the_server(screen: Screen) -> None:
    screen.open("/map?indicator=cases&span=30&date=2021-08-05")
    screen.page.wait_for_timeout(1500)
    screen.page.locator(".tdm-speed").select_option("2")
    screen.received.clear()
    screen.page.locator(".tdm-play").click()
    screen.page.wait_for_function(
        "() => document.querySelector('.tdm').dataset.day > '2021-08-06'", timeout=20_000
    )
    assert sum(screen.received) == 0
    screen.page.locator(".tdm-play").click()
    screen.page.wait_for_url(f"**date={screen.page.locator(PAINTED).get_attribute('data-day')}**")


def test_a_filter_change_is_small(screen: Screen) -> None:
    screen.open("/map?indicator=cases&span=90")
    screen.page.wait_for_timeout(1500)
    screen.received.clear()
    screen.page.get_by_role("combobox", name="Chỉ số").click()
    screen.page.get_by_role("option", name="Ca tử vong").click()
    expect(screen.page.locator(".tdm-unit")).to_have_text("Ca tử vong")
    screen.settle()
    assert 0 < sum(screen.received) < 50_000


def test_a_commit_reaches_an_open_screen(screen: Screen, tmp_path: Path) -> None:
    screen.open("/")
    before = screen.page.locator(CASES).inner_text()
    mapping, table = write_table(tmp_path)
    text = table.read_text(encoding="utf-8")
    first = next(line for line in text.splitlines() if line.startswith(f"{LAST},79,"))
    table.write_text(text.replace(first, f"{LAST},79,54321,1"), encoding="utf-8")
    command(screen.server, "ingest", "table", str(mapping), str(table), folder=tmp_path)
    # Two seconds are the promise; a machine busy with other tests gets some more.
    expect(screen.page.locator(CASES)).not_to_have_text(before, timeout=15_000)
    table.write_text(text, encoding="utf-8")
    command(screen.server, "ingest", "table", str(mapping), str(table), folder=tmp_path)


@pytest.mark.parametrize("path", ["/", "/map"])
def test_phone_needs_no_sideways_scrolling(phone: Screen, path: str) -> None:
    phone.open(path)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    wide = phone.page.evaluate(
        "[...document.querySelectorAll('.stMainBlockContainer *')]"
        ".filter(e => !e.closest('.td-table') && !e.closest('svg')"
        " && e.getBoundingClientRect().right > 391 && getComputedStyle(e).position !== 'absolute')"
        ".map(e => e.className.toString()).slice(0, 5)"
    )
    assert wide == []


def test_language_and_role_switch(screen: Screen) -> None:
    screen.open("/")
    screen.page.get_by_role("radio", name="EN").click()
    expect(screen.page.get_by_role("heading", name="Overview")).to_be_visible()
    screen.page.wait_for_function("() => document.documentElement.lang === 'en'")
    screen.settle()
    screen.page.get_by_role("combobox", name="View as").fill("Press")
    screen.page.get_by_role("option", name="Press").click()
    expect(screen.page.get_by_text("No bulletin has been published yet")).to_be_visible()
    expect(screen.page.locator(".td-card")).to_have_count(0)


def test_a_map_that_is_hidden_and_shown_again_draws_without_an_error(screen: Screen) -> None:
    screen.open("/map")
    stage = "document.querySelector('.tdm-stage')"
    for style in ("none", "", "none", ""):
        screen.page.evaluate(f"{stage}.style.display = '{style}'")
        screen.page.wait_for_timeout(150)
    screen.page.evaluate(f"{stage}.style.width = '260px'")
    screen.page.wait_for_timeout(300)
    assert screen.page.locator(".tdm-land .tdm-area").count() >= 63
    assert screen.errors == []
