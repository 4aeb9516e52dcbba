"""A scenario in a real browser: run beside the base, shown while it runs, compared."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 150_000


def test_two_scenarios_are_run_and_compared(screen: Screen) -> None:
    page = screen.page
    screen.open("/scenarios", painted=False)
    page.get_by_role("slider").first.press("ArrowRight")
    page.get_by_role("button", name="Chạy mô phỏng").click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    expect(page.get_by_text("Kịch bản mới (")).to_be_visible(timeout=20_000)
    # The page goes on answering while both run.
    page.get_by_text("Thêm điều chỉnh").click()
    expect(page.get_by_text("Năng lực truy vết (lần)")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("so với kịch bản cơ sở, cộng")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    screen.settle()
    titles = page.locator(".js-plotly-plot .annotation-text").all_text_contents()
    assert titles == ["1. Kịch bản cơ sở", "2. Kịch bản mới"]
    page.get_by_text("Bảng số liệu của biểu đồ").last.click()
    expect(page.get_by_role("cell", name="2. Kịch bản mới").first).to_be_visible()
    assert screen.outside == []
    assert screen.errors == []
