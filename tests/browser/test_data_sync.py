"""The reporting matrix in a real browser: painted, walked by keys, restored by its link."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CELL = ".tds-grid [data-key='79.2021-08-20']"


def test_the_matrix_is_painted_picked_and_restored(screen: Screen) -> None:
    screen.open("/data_sync?platform=tracing")
    assert screen.page.locator(".tds-row").count() == 64  # the provinces, and the head
    states = screen.page.locator(".tds-grid .tds-cell").evaluate_all(
        "cells => [...new Set(cells.map(cell => cell.dataset.s))].sort().join('')"
    )
    assert states == "deo"  # 04 is never expected here; nothing of today is due yet
    screen.page.locator(CELL).click()
    heading = screen.page.get_by_role("heading", name="Hồ Chí Minh, 20/08/2021")
    expect(heading).to_be_visible()
    screen.page.wait_for_url("**cell=79.2021-08-20**")
    link = screen.page.url.removeprefix(screen.server.url)
    screen.page.goto("about:blank")
    screen.open(link)
    expect(screen.page.locator(CELL)).to_have_attribute("aria-selected", "true")
    expect(heading).to_be_visible()
    assert screen.outside == []
    assert screen.errors == []


def test_keys_walk_and_pick(screen: Screen) -> None:
    screen.open("/data_sync?platform=tracing")
    screen.page.locator(".tds-grid [tabindex='0']").focus()
    screen.page.keyboard.press("ArrowDown")
    screen.page.keyboard.press("ArrowLeft")
    said = screen.page.locator(".tds-said").text_content() or ""
    assert "01/09/2021" in said
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url("**cell=*2021-09-01**")
