"""The alerts page and the bell: who sees what, what is said, and steps that are taken on screen."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_access.settings import read_settings
from data_access.shared import open_shared
from data_access.viewer import system_viewer
from tests.app.conftest import NOW, html, run

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("raised")]
RULES = """
[[rule]]
key = "many_cases"
version = 1
kind = "threshold"
indicator = "cases"
level = "province"
severity = "serious"
since = 2021-01-01
limit = 900.0
vi = "Nhiều ca <b>thử</b>"
en = "Many cases"
why_vi = "Thử"
why_en = "Test"
"""


@pytest.fixture
def raised(
    settings: pytest.MonkeyPatch, _filled: Path, tmp_path: Path, vn_pack: object
) -> Iterator[None]:
    """The database of the pages, with alerts raised by a rule of its own."""
    from data_access.reference.pack import PACKS

    del vn_pack
    shutil.copytree(PACKS / "vn", tmp_path / "pack")
    (tmp_path / "pack" / "alerts.toml").write_text(RULES, encoding="utf-8")
    shutil.copy(_filled, tmp_path / "alerts.sqlite")
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{tmp_path / 'alerts.sqlite'}")
    settings.setenv("TUYENDAU_PACK", str(tmp_path / "pack"))
    shared = open_shared(read_settings())
    shared.alerts.run(shared)
    yield
    shared.close()


def held() -> list[tuple[int, str, str]]:
    shared = open_shared(read_settings())
    try:
        found = shared.alerts.listed(viewer=system_viewer(NOW))
        return [(a.alert_id, a.area_code, a.state.value) for a in found if a.rule == "many_cases"]
    finally:
        shared.close()


def test_an_alert_is_opened_acknowledged_and_the_second_is_told() -> None:
    # Codes times ten: provinces 90 and above have 900 cases and more a day.
    found = held()
    assert {area for _, area, _ in found} >= {"91", "96"}
    number = found[0][0]
    first = run("alerts", **{"as": "national", "alert": str(number)})
    second = run("alerts", **{"as": "national", "alert": str(number)})
    assert not first.error
    page = html(first)
    assert "Nhiều ca &lt;b&gt;thử&lt;/b&gt;" in page
    assert "hệ thống phát cảnh báo" in page
    assert first.get("plotly_chart")
    press(first, "Tiếp nhận")
    assert [one.value for one in first.success] == ["Đã ghi nhận."]
    assert held()[0][2] == "acknowledged"
    press(second, "Tiếp nhận")
    assert "Người khác vừa thay đổi" in second.warning[0].value
    press(first, "Đóng")
    assert "Cần ghi chú" in first.warning[0].value
    assert held()[0][2] == "acknowledged"


def press(app, label: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    next(one for one in app.button if one.label == label).click()
    app.run()


def test_a_province_sees_its_own_and_its_bell() -> None:
    own = html(run("alerts", **{"as": "province:96"}))
    assert "Cà Mau" in own
    assert "Bạc Liêu" not in own
    app = run(**{"as": "province:01"})
    assert not app.error
    assert not run("alerts", **{"as": "province:01"}).error


def test_the_press_has_no_alerts() -> None:
    page = html(run("alerts", **{"as": "press"}))
    assert "Danh sách cảnh báo" not in page
    assert "Nhiều ca" not in page


def test_quiet_rules_say_that_data_are_lacking() -> None:
    page = html(run("alerts", **{"as": "national"}))
    assert "Chưa đủ dữ liệu để cảnh báo" in page
    assert "Im lặng ở đây không có nghĩa là bình thường" in page
