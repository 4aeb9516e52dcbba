"""The scenario page: levers, a run, its results, who sees what of it."""

import base64
import json
import re
import shutil
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import resources, scenario_shelf
from dashboard.components import scenario_scores
from dashboard.scenarios import Measure, Runs, Scenario, digest
from data_access.codes import Role
from data_access.errors import DatabaseUnavailable, ScopeDenied
from data_access.viewer import make_viewer
from simulations.scenario import run as running
from tests.app.conftest import NOW, cases_on, html, reporting_provinces, run

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]


NATION = make_viewer(Role.NATIONAL, now=NOW)


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


def values(axis: list | dict) -> list[float]:
    """The numbers of an axis, which Plotly writes as a list or packed."""
    if isinstance(axis, list):
        return axis
    return np.frombuffer(base64.b64decode(axis["bdata"]), dtype=axis["dtype"]).tolist()


def start(app: AppTest, *, doses: float = 2.0) -> AppTest:
    next(one for one in app.slider if "Liều" in one.label).set_value(doses)
    next(one for one in app.button if one.label == "Chạy mô phỏng").click()
    return app.run()


def settled(app: AppTest) -> AppTest:
    """Wait for the runs, not for the page: drawing it again and again is what costs time."""
    end = time.monotonic() + 20
    while any(job.open for job in list(resources.runs()._jobs.values())):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    assert "Ngày hết giường" in words(app.run())
    assert not app.get("progress")
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


@pytest.fixture
def shelf(settings: pytest.MonkeyPatch, _filled: Path, tmp_path: Path) -> Path:
    """A database of the test's own: what is saved here is in no other test's list."""
    own = tmp_path / "own.sqlite"
    shutil.copy(_filled, own)
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{own}")
    return own


def save(app: AppTest, name: str) -> AppTest:
    next(one for one in app.text_input if one.label == "Lưu với tên").set_value(name)
    next(one for one in app.button if one.label == "Lưu").click()
    return app.run()


def open_saved(app: AppTest, *names: str) -> AppTest:
    chooser = next(one for one in app.multiselect if one.label.startswith("Mở để xem"))
    options = {one.split(" (")[0]: one for one in chooser.options}
    chooser.set_value([options[name] for name in names])
    return app.run()


def stored(path: Path) -> list[tuple]:
    with sqlite3.connect(path) as connection:
        return connection.execute(
            "SELECT name, author, role, province, engine FROM scenario ORDER BY name"
        ).fetchall()


@pytest.mark.usefixtures("engine", "shelf")
def test_nothing_saved_yet() -> None:
    app = run("scenarios", lang="vi")
    assert "Chưa có kịch bản nào được lưu" in words(app)
    assert not [one for one in app.button if one.label == "Lưu"]
    assert not [one for one in app.multiselect if one.label.startswith("Mở để xem")]


def test_save_list_and_open_without_running_again(shelf: Path, engine: Short) -> None:
    app = save(settled(start(run("scenarios", lang="vi"))), "  Gấp đôi   <b>liều</b> ")
    assert "Đã lưu: Gấp đôi <b>liều</b>" in html(app).replace("&lt;", "<").replace(
        "&gt;", ">"
    ).replace("   ", " ").replace("  ", " ")
    assert "<b>liều" not in html(app)
    (row,) = stored(shelf)
    assert row[:4] == ("Gấp đôi <b>liều</b>", "Trung ương (cả nước)", "national", "")
    assert row[4] == running.version()
    assert len(engine.asked) == 2
    other = run("scenarios", lang="vi")
    listed = words(other)
    assert "Trung ương (cả nước)" in listed
    assert "02/09/2021 – 31/10/2021" in listed
    assert "liều vắc xin ×2" in listed
    assert "Chưa đến ngày" in listed
    assert not other.get("plotly_chart")
    open_saved(other, "Gấp đôi <b>liều</b>")
    assert len(other.get("plotly_chart")) == 1
    assert "1. Gấp đôi &lt;b&gt;" in other.get("plotly_chart")[0].proto.spec.replace(
        "\\u003c", "<"
    ).replace("&amp;", "&")
    assert "Chưa đến: chưa có ngày nào từ 02/09/2021" in words(other)
    assert len(engine.asked) == 2


@pytest.mark.usefixtures("engine")
def test_blank_and_taken_names_are_refused_with_a_sentence(shelf: Path) -> None:
    app = settled(start(run("scenarios", lang="vi")))
    assert "Hãy đặt tên cho kịch bản" in words(save(app, "   "))
    assert stored(shelf) == []
    assert "Đã lưu: Gấp đôi" in words(save(app, "Gấp đôi"))
    assert "Đã có kịch bản tên “GẤP ĐÔI”" in words(save(app, "GẤP ĐÔI"))
    assert [row[0] for row in stored(shelf)] == ["Gấp đôi"]
    # Nothing is saved into the past: it would claim to have been there then.
    past = settled(start(run("scenarios", lang="vi", as_of="2021-09-02T12:30:00Z")))
    assert "trở về hiện tại để lưu" in words(past)
    assert not [one for one in past.button if one.label == "Lưu"]


@pytest.mark.usefixtures("engine")
def test_a_province_saves_its_own_and_sees_no_others(shelf: Path) -> None:
    hcmc = settled(start(run("scenarios", lang="vi", **{"as": "province:79"})))
    assert "Đã lưu: Của thành phố" in words(save(hcmc, "Của thành phố"))
    assert stored(shelf)[0][1:4] == ("Hồ Chí Minh (cấp tỉnh)", "province", "79")
    hanoi = run("scenarios", lang="vi", **{"as": "province:01"})
    assert "Chưa có kịch bản nào được lưu" in words(hanoi)
    nation = run("scenarios", lang="vi")
    assert "Hồ Chí Minh (cấp tỉnh)" in words(nation)
    open_saved(nation, "Của thành phố")
    area = next(one for one in nation.selectbox if one.label == "Địa bàn")
    assert len(area.options) == 1
    assert not run("scenarios", lang="vi", **{"as": "press"}).multiselect


@pytest.mark.usefixtures("engine", "shelf")
def test_a_database_that_is_away_leaves_the_run_on_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    app = settled(start(run("scenarios", lang="vi")))

    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("the shared database does not answer")

    monkeypatch.setattr("data_access.scenarios.saved", away)
    app.run()
    assert any("Chưa kết nối được" in one.value for one in app.warning)
    assert len(app.get("plotly_chart")) == 1
    monkeypatch.setattr("data_access.scenarios.save", away)
    save(app, "Không đến nơi")
    assert any("Chưa kết nối được" in one.value for one in app.warning)
    assert "Đã lưu" not in words(app)


@pytest.mark.usefixtures("engine", "shelf")
def test_a_scenario_whose_days_have_come_is_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day on screen lies 20 days back: of four simulated days all have come."""
    app = settled(start(run("scenarios", lang="vi", date="2021-08-12")))
    save(app, "Tháng tám")
    found = words(app)
    assert "02/09/2021" not in found.split("Kịch bản đã lưu")[1].split("13/08/2021")[0]
    assert re.search(r"[\d,]+ % số ngày nằm trong dải 95 % \(4 ngày, ca mắc\)", found)
    open_saved(app, "Tháng tám")
    found = words(app)
    assert "Chấm điểm — Tháng tám, " in found
    assert "khi 20 ngày đầu đã qua" in found
    # 10 days of history: no comparison with last week; persons tested were never reported.
    assert "Ca mắc mới: chưa so được với tuần trước, chỉ có 10 ngày" in found
    assert "Người được xét nghiệm 0 – – – – – Liều" in found
    chart = app.get("plotly_chart")[0].proto.spec
    assert "Đã ghi nhận" in chart
    first = date(2021, 8, 13)
    came = [sum(cases_on(code, first + timedelta(days=n)) for code in reporting_provinces())
            for n in range(4)]  # fmt: skip
    traces = [one for one in json.loads(chart)["data"] if one["name"] == "Đã ghi nhận"]
    assert [values(one["y"]) for one in traces] == [came] * len(traces)
    assert traces
    assert "nhân với" not in found
    # One simulated person for ten of the country: what came is held against the country.
    monkeypatch.setattr(scenario_scores, "scale", lambda: 10)
    found = words(app.run())
    assert "Số đã ghi nhận của bản mô phỏng nhân với 10" in found
    assert "là mẫu 1:10" in found
    traces = [one for one in json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
              if one["name"] == "Đã ghi nhận"]  # fmt: skip
    assert values(traces[0]["y"]) == [10 * one for one in came]


@pytest.mark.usefixtures("engine", "shelf")
def test_at_most_four_are_compared() -> None:
    app = settled(start(run("scenarios", lang="vi")))
    for name in ("A", "B", "C"):
        save(app, name)
    open_saved(app, "A", "B", "C")
    titles = re.findall(r"\d\. [^\"\\]+", app.get("plotly_chart")[0].proto.spec)
    assert titles == ["1. Kịch bản mới", "2. A", "3. B", "4. C"]
    settled(start(app, doses=3.0))
    titles = re.findall(r"\d\. [^\"\\]+", app.get("plotly_chart")[0].proto.spec)
    assert titles == ["1. Kịch bản cơ sở", "2. Kịch bản mới", "3. B", "4. C"]


def by_label(widgets: list, label: str):
    return next(one for one in widgets if one.label == label)


def filled(app: AppTest) -> AppTest:
    """Every lever of the form moved."""
    for label, value in {
        "Năng lực xét nghiệm (lần)": 1.5, "F1 cách ly tại nhà (%)": 60, "Số ngày mô phỏng": 30,
        "Năng lực truy vết (lần)": 0.5, "Số F1 trung bình mỗi ca": 12.0,
        "Chỗ cách ly tập trung (lần)": 2.0, "Số ngày cách ly": 7, "Giường có ô xy (lần)": 1.25,
        "Giường hồi sức (lần)": 3.0, "Số người trong một mẫu gộp": 5, "Số lượt mô phỏng": 50,
    }.items():  # fmt: skip
        by_label(app.slider, label).set_value(value)
    for label, number in {
        "Số liều mỗi ngày, cả nước": 500_000, "Phần dành cho mũi 2 (%)": 25,
        "Số khởi tạo ngẫu nhiên": 7,
    }.items():  # fmt: skip
        by_label(app.number_input, label).set_value(number)
    by_label(app.multiselect, "Nhóm tuổi được tiêm, theo thứ tự").set_value(["18-49", "65+"])
    by_label(app.selectbox, "Mức giãn cách cả nước").set_value("directive_15")
    by_label(app.selectbox, "Mức giãn cách, dòng 1").set_value("directive_16")
    by_label(app.multiselect, "Tỉnh, thành hoặc vùng, dòng 1").set_value(["79", "mekong"])
    by_label(app.date_input, "Từ ngày, dòng 1").set_value(date(2021, 9, 6))
    by_label(app.selectbox, "Mức giãn cách, dòng 3").set_value("none")
    by_label(app.date_input, "Đến hết ngày, dòng 3").set_value(date(2021, 9, 20))
    return app


def test_the_form_has_every_lever(engine: Short) -> None:
    start(filled(run("scenarios", lang="vi")), doses=1.0)
    base, asked = engine.asked[0], runs_scenario(engine)
    assert asked == Scenario(
        name="Kịch bản mới", first_day=date(2021, 9, 2), horizon=30, draws=50, seed=7,
        doses_per_day=500_000, second_share=0.25, order=("18-49", "65+"),
        distancing=(
            Measure(level="directive_15"),
            Measure(level="directive_16", places=("79", "mekong"), since=date(2021, 9, 6)),
            Measure(level="none", until=date(2021, 9, 20)),
        ),
        laboratory_factor=1.5, pool_size=5, tracing_factor=0.5, contacts_per_case=12.0,
        quarantine_factor=2.0, stay_days=7.0, home_share=0.6, hospital_factor=1.25, icu_factor=3.0,
    )  # fmt: skip
    # What the command reads and the form does not move: none.
    usual = Scenario(name=asked.name, first_day=asked.first_day)
    as_usual = {one.name for one in fields(Scenario)
                if getattr(asked, one.name) == getattr(usual, one.name)}  # fmt: skip
    assert as_usual == {"name", "author", "first_day", "doses_factor"}
    assert (base.horizon, base.draws, base.seed) == (30, 50, 7)


def runs_scenario(engine: Short) -> Scenario:
    """The second that is run; the base is the first."""
    end = time.monotonic() + 20
    while len(engine.asked) < 2:
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return engine.asked[1]


def test_levers_that_contradict_each_other_are_refused(engine: Short) -> None:
    app = filled(run("scenarios", lang="vi"))
    start(app, doses=2.0)
    assert any("chỉ chọn một" in one.value for one in app.warning)
    by_label(app.date_input, "Đến hết ngày, dòng 1").set_value(date(2021, 9, 3))
    start(app, doses=1.0)
    assert any("dòng 1: ngày kết thúc trước" in one.value for one in app.warning)
    by_label(app.selectbox, "Mức giãn cách, dòng 1").set_value("unchanged")
    app = start(app, doses=1.0)
    assert any("dòng 1: đã chọn nơi hoặc ngày" in one.value for one in app.warning)
    assert engine.asked == []


def test_who_cancels_a_shared_run_leaves_it_to_the_others(engine: Short) -> None:
    engine.go.clear()
    mine = start(run("scenarios", lang="vi"))
    theirs = start(run("scenarios", lang="vi"))
    for _ in range(2):
        next(one for one in mine.button if one.label == "Hủy").click()
        mine.run()
    assert sum("Đã hủy" in one.value for one in mine.run().info) == 2
    assert len(theirs.run().get("progress")) == 2
    engine.go.set()
    assert "Kịch bản mới: số ca nặng" in words(settled(theirs))
    # It is no result of who cancelled it.
    assert not mine.run().get("plotly_chart")
    assert len(engine.asked) == 2


def test_what_came_is_the_viewers_own_and_of_the_whole_country() -> None:
    first, last = date(2021, 8, 3), date(2021, 9, 5)
    viewer = make_viewer(Role.PROVINCE, now=NOW, areas=frozenset({"79"}))
    found = scenario_shelf.observed("79", start=first, end=last, scale=10, viewer=viewer)
    assert dict(found.schema) == dict(scenario_shelf.OBSERVED_SCHEMA)
    cases = found.filter(quantity="cases").sort("date")
    days = [first + timedelta(days=n) for n in range(30)]
    assert cases.select("date", "area_code", "value").rows() == [
        (day, "79", 10.0 * cases_on("79", day)) for day in days
    ]
    assert set(found["quantity"]) == {"cases", "deaths"}
    with pytest.raises(ScopeDenied):
        scenario_shelf.observed("01", start=first, end=last, scale=1, viewer=viewer)
    nation = make_viewer(Role.NATIONAL, now=NOW)
    whole = scenario_shelf.observed("VN", start=last, end=last, scale=1, viewer=nation)
    assert whole.is_empty()


def test_days_without_beds_are_on_a_map_for_who_sees_the_nation(engine: Short) -> None:
    app = settled(start(run("scenarios", lang="vi")))
    # Ten draws of four days are what the stand-in for the engine computes.
    result = resources.runs().find(digest(engine.asked[1]), viewer=NATION).result
    for kind in ("hospital", "quarantine"):
        by_label(app.selectbox, "Loại giường").set_value(kind)
        message = drawn_map(app.run())
        found = dict(zip([one["code"] for one in message["areas"]],
                         [one[0] for one in message["values"]], strict=True))  # fmt: skip
        short = result.days_short[kind]
        assert found == {
            code: sorted(short[:, n].tolist())[4] for n, code in enumerate(result.codes)
        }
        assert max(found.values()) == 4
    assert {row["kind"][0] for row in message["legend"]} <= {"z", "c"}
    assert message["legendTitle"] == "Số ngày thiếu giường (ngày)"
    # Rules of transfers: nobody may leave, hence nobody is moved; the run is not run again.
    assert "Không có chuyến điều chuyển nào" not in words(app)
    by_label(app.number_input, "Chuyển đi nhiều nhất mỗi tỉnh, thành một ngày (người)").set_value(0)
    assert "Không có chuyến điều chuyển nào" in words(app.run())
    assert len(engine.asked) == 2
    province = settled(start(run("scenarios", lang="vi", **{"as": "province:79"})))
    assert maps(province) == []
    assert "Số ngày thiếu giường" in words(province)


def maps(app: AppTest) -> list:
    return [one for one in app.get("bidi_component") if "tuyendau_map" in one.proto.component_name]


def drawn_map(app: AppTest) -> dict:
    (found,) = maps(app)
    return json.loads(zlib.decompress(found.proto.bytes))
