"""The scenario page: levers, a run, its results, who sees what of it."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import resources
from dashboard.scenarios import Runs, Scenario
from simulations.scenario import run as running
from tests.app.conftest import html, run

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]


class Short:
    """The engine on ten draws of four days; waits while it is held."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.asked: list[Scenario] = []

    def __call__(self, scenario: Scenario, **how: object) -> running.Result:
        self.asked.append(scenario)
        while not self.go.wait(0.005):
            if how["cancelled"]():
                break
        return running.run(replace(scenario, draws=10, horizon=4), **how)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Short]:
    short = Short()
    runs = Runs(short)
    monkeypatch.setattr(resources, "runs", lambda: runs)
    yield short
    runs.close()


def words(app: AppTest) -> str:
    assert not app.exception
    assert not app.error
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html(app)))


def start(app: AppTest, *, doses: float = 2.0) -> AppTest:
    next(one for one in app.slider if "Liều" in one.label).set_value(doses)
    next(one for one in app.button if one.label == "Chạy mô phỏng").click()
    return app.run()


def settled(app: AppTest) -> AppTest:
    end = time.monotonic() + 20
    while "Ngày hết giường" not in words(app.run()) or app.get("progress"):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return app


def test_a_run_beside_the_base(engine: Short) -> None:
    app = run("scenarios", lang="vi")
    assert "Chưa có kết quả" in words(app)
    assert "không đọc như dự báo" in words(app)
    found = words(settled(start(app)))
    assert [one.doses_factor for one in engine.asked] == [1.0, 2.0]
    assert "Kịch bản mới: số ca nặng đang điều trị thay đổi" in found
    assert "so với kịch bản cơ sở" in found
    assert "Điều chuyển trong ngày căng nhất" in found
    chart = app.get("plotly_chart")
    assert len(chart) == 1
    area = next(one for one in app.selectbox if one.label == "Địa bàn")
    assert len(area.options) == 64


def test_a_run_without_a_change_says_so_and_a_run_shared_bears_ones_own_name(
    engine: Short,
) -> None:
    app = start(run("scenarios", lang="vi"), doses=1.0)
    assert any("Chưa đổi mức nào" in one.value for one in app.info)
    assert len(engine.asked) <= 1
    settled(start(app))
    assert not any("Chưa đổi mức nào" in one.value for one in app.info)
    other = run("scenarios", lang="vi")
    next(one for one in other.text_input if one.label == "Kịch bản").set_value("Của tôi")
    found = words(settled(start(other)))
    assert "Của tôi: số ca nặng" in found
    assert "Kịch bản mới: số ca nặng" not in found
    assert len(engine.asked) == 2


def test_a_run_is_shown_while_it_goes_on_and_can_be_cancelled(engine: Short) -> None:
    engine.go.clear()
    app = start(run("scenarios", lang="vi"))
    assert len(app.get("progress")) == 2
    for label in ("Hủy", "Hủy"):
        next(one for one in app.button if one.label == label).click()
        app.run()
    end = time.monotonic() + 20
    while not any("Đã hủy" in one.value for one in app.info):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
        app.run()
    assert not app.exception


def test_a_province_sees_its_own_area_alone(engine: Short) -> None:
    app = settled(start(run("scenarios", lang="vi", **{"as": "province:79"})))
    assert engine.asked
    area = next(one for one in app.selectbox if one.label == "Địa bàn")
    assert len(area.options) == 1
    assert "so với kịch bản cơ sở, cộng" not in words(app)
    beds = html(app).split("Ngày hết giường")[1].split("Điều chuyển")[0]
    assert "Bình Dương" not in beds


def test_the_press_gets_no_levers(engine: Short) -> None:
    app = run("scenarios", lang="vi", **{"as": "press"})
    assert not app.slider
    assert not engine.asked
