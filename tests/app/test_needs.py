"""The page of needs and proposals: boards, forms, comparison; who sees what."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data_access.codes import Role
from data_access.engine import make_engine
from data_access.needs.desk import Needs
from data_access.needs.flow import NEEDS
from data_access.proposals.desk import Proposals
from data_access.viewer import make_viewer
from simulations.proceedings import deeds, tell
from tests.app.conftest import NOW, html, run
from tests.work_world import GROUP, HCM, MINISTRY, NEED, OPERATOR, PLAN, PROPOSAL, STEWARD, ZONE

pytestmark = pytest.mark.app
HOSTILE = '<img src=x onerror="alert(1)"> **đậm** [x](javascript:alert(1))'
CANARY = "CANARY-79"


@pytest.fixture
def url(settings: pytest.MonkeyPatch, _filled: Path, tmp_path: Path) -> str:
    """A database of one's own, with figures and no needs yet."""
    shutil.copy(_filled, tmp_path / "needs.sqlite")
    address = f"sqlite:///{tmp_path / 'needs.sqlite'}"
    settings.setenv("TUYENDAU_DATABASE_URL", address)
    return address


@pytest.fixture
def engine(url: str):
    made = make_engine(url)
    yield made
    made.dispose()


@pytest.fixture
def needs(engine) -> Needs:
    return Needs(engine, lambda: NOW - timedelta(days=3), zone=ZONE)


@pytest.fixture
def proposals(engine) -> Proposals:
    return Proposals(engine, lambda: NOW - timedelta(days=3), zone=ZONE)


def field(app: AppTest, kind: str, key: str):
    return next(one for one in app.get(kind) if one.key == key)


def submit(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click()
    return app.run()


@pytest.mark.usefixtures("url")
def test_an_empty_board_says_so() -> None:
    app = run("needs", **{"as": "national"})
    assert not app.error
    assert "Chưa có đề bài nào" in html(app)


@pytest.mark.usefixtures("url")
def test_the_press_is_refused() -> None:
    app = run("needs", **{"as": "press"})
    assert "tdw-" not in html(app)
    assert app.info


def test_the_board_has_a_column_for_each_state_and_a_card_for_each_need(needs: Needs) -> None:
    for owner in (MINISTRY, HCM):
        needs.add(owner, NEED)
    needs.take(OPERATOR, 2, way="tiep_nhan", given={**PLAN, "due": "2021-08-31"}, expected=1)
    page = html(run("needs", **{"as": "national"}))
    columns = re.findall(r"<h3>([^<]+) <span>(\d+)</span></h3>", page)
    assert [int(n) for _, n in columns] == [1, 1, 0, 0, 0, 0, 0, 0]
    assert page.count('class="tdw-card') == 2
    assert page.count("tdw-is-late") == 1
    assert "1 đề bài quá hạn" in page


@pytest.mark.parametrize(("state", "n"), [("overdue", 1), ("de_xuat", 1), ("dong", 0)])
def test_filters_in_the_address_narrow_the_board(needs: Needs, state: str, n: int) -> None:
    for owner in (MINISTRY, HCM):
        needs.add(owner, NEED)
    needs.take(OPERATOR, 2, way="tiep_nhan", given={**PLAN, "due": "2021-08-31"}, expected=1)
    page = html(run("needs", **{"as": "national", "state": state, "platform": "testing"}))
    assert page.count('class="tdw-card') == n


def test_a_province_never_meets_another_s_need(needs: Needs) -> None:
    needs.add(HCM, {**NEED, "title": CANARY, "description": CANARY})
    for who, sees in (("province:01", False), ("province:79", True), ("national", True)):
        app = run("needs", **{"as": who, "item": "N-1"})
        everything = html(app) + "".join(str(box.options) for box in app.selectbox)
        assert (CANARY in everything) is sees


def test_a_province_sees_no_proposal(proposals: Proposals) -> None:
    proposals.add(OPERATOR, {**PROPOSAL, "title": CANARY})
    app = run("needs", **{"as": "province:79", "board": "proposals", "item": "P-1"})
    assert CANARY not in html(app) + "".join(str(box.options) for box in app.selectbox)


def test_users_texts_are_never_markup(needs: Needs) -> None:
    given = {**NEED, "title": HOSTILE, "description": HOSTILE}
    needs.add(MINISTRY, given)
    app = run("needs", **{"as": "national", "item": "N-1"})
    page = html(app)
    assert "<img" not in page
    assert page.count("&lt;img") >= 3
    assert all("<img" not in block.value for block in app.markdown)


def test_links_go_to_the_web_only_and_say_nothing_of_us(needs: Needs) -> None:
    needs.add(MINISTRY, NEED)
    page = html(run("needs", **{"as": "national", "item": "N-1"}))
    outside = re.findall(r'<a [^>]*href="https?://[^>]*>', page)
    assert len(outside) == 2
    assert all("noreferrer" in link for link in outside)


def test_forms_are_exactly_for_the_steps_that_may_be_taken(needs: Needs) -> None:
    needs.add(MINISTRY, NEED)
    offered = {
        who: [radio.options for radio in run("needs", **{"as": who, "item": "N-1"}).radio]
        for who in ("national", "operator", "province:79")
    }
    assert offered == {
        "national": [["Sửa nội dung", "Ghi ý kiến"]],
        "operator": [["Tiếp nhận", "Ghi ý kiến"]],
        "province:79": [],
    }


def test_a_fault_stands_beside_its_field_and_what_was_typed_stays(needs: Needs) -> None:
    needs.add(MINISTRY, NEED)
    app = run("needs", **{"as": "operator", "item": "N-1"})
    field(app, "text_input", "work_N-1_tiep_nhan_owner").input("Cục A")
    submit(app, "Ghi bước này")
    page = html(app)
    assert page.count("tdw-fault") == 1
    assert "Cần điền." in page
    assert field(app, "text_input", "work_N-1_tiep_nhan_owner").value == "Cục A"
    viewer = make_viewer(Role.NATIONAL, now=NOW)
    assert needs.show(1, viewer=viewer).state == "de_xuat"


def test_a_step_is_taken_attributed_and_shown(needs: Needs) -> None:
    needs.add(MINISTRY, NEED)
    app = run("needs", **{"as": "operator", "item": "N-1"})
    field(app, "text_input", "work_N-1_tiep_nhan_owner").input("Cục A")
    field(app, "date_input", "work_N-1_tiep_nhan_due").set_value(NOW.date())
    submit(app, "Ghi bước này")
    page = html(app)
    assert "Đã ghi." in page
    assert "Cục A" in page
    kept = needs.show(1, viewer=make_viewer(Role.NATIONAL, now=NOW))
    assert (kept.state, kept.steps[-1].account) == ("tiep_nhan", "demo:operator")


def test_who_was_overtaken_is_told_and_nothing_is_lost(needs: Needs) -> None:
    needs.add(MINISTRY, NEED)
    app = run("needs", **{"as": "operator", "item": "N-1"})
    field(app, "text_input", "work_N-1_tiep_nhan_owner").input("Cục A")
    field(app, "date_input", "work_N-1_tiep_nhan_due").set_value(NOW.date())
    needs.take(OPERATOR, 1, way="tiep_nhan", given={**PLAN, "owner": "Cục B"}, expected=1)
    submit(app, "Ghi bước này")
    assert "Người khác vừa chuyển hồ sơ này" in html(app)
    kept = needs.show(1, viewer=make_viewer(Role.NATIONAL, now=NOW))
    assert (kept.version, kept.text("owner")) == (2, "Cục B")


def test_a_need_is_raised_on_the_page(needs: Needs) -> None:
    app = run("needs", **{"as": "province:79"})
    app.session_state["work_begin_needs"] = True
    app.run()
    form = "work_new_needs_open"
    field(app, "text_input", f"{form}_title").input("Danh sách giường")
    field(app, "text_area", f"{form}_description").input("Theo giờ")
    field(app, "selectbox", f"{form}_platform").select("quarantine")
    field(app, "selectbox", f"{form}_priority").select("urgent")
    submit(app, "Gửi")
    [item] = needs.list(viewer=make_viewer(Role.NATIONAL, now=NOW))
    assert (item.province, item.text("title")) == ("79", "Danh sách giường")
    assert item.steps[0].account == "demo:province:79"


def test_nothing_is_done_from_the_past(needs: Needs) -> None:
    needs.add(MINISTRY, NEED)
    moment = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    app = run("needs", **{"as": "operator", "item": "N-1", "as_of": moment})
    assert "không ghi gì được từ đây" in html(app)
    assert not app.radio


def test_hidden_scores_are_on_no_part_of_the_page(proposals: Proposals) -> None:
    number = proposals.add(OPERATOR, PROPOSAL).number
    for way, given in (("sang_loc", {}), ("giao_nhom", GROUP), ("tham_dinh_ky_thuat", {})):
        proposals.take(OPERATOR, number, way=way, given=given, expected=None)
    proposals.take(STEWARD, number, way="declare", given={"conflict": "no"}, expected=None)
    keys = ("fit", "integration", "scale", "cost")
    given = {f"score_{key}": "9" for key in keys} | {f"why_{key}": CANARY for key in keys}
    proposals.take(STEWARD, number, way="score", given=given, expected=None)
    for who in ("national", "operator"):
        app = run("needs", **{"as": who, "board": "proposals", "item": "P-1"})
        assert CANARY not in html(app)
        assert "Điểm chưa mở" in html(app)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("board", ["needs", "proposals"])
def test_the_simulated_proceedings_draw_without_an_error(engine, language: str, board: str) -> None:
    tell(engine, opening=NOW, zone=ZONE)
    found = {f"{deed.flow.letter}-{deed.number}" for deed in deeds() if not deed.way}
    letter = "N" if board == "needs" else "P"
    for code in sorted(one for one in found if one.startswith(letter))[1:3]:
        app = run("needs", **{"as": "national", "lang": language, "board": board, "item": code,
                              "items": "P-1,P-3,P-4"})  # fmt: skip
        assert not app.error
        assert not app.exception
        page = html(app)
        assert page.count('class="tdw-card') == sum(one.startswith(letter) for one in found)
        assert page.count("<li") > 5
    if board == "proposals":
        assert ("So sánh đề xuất" if language == "vi" else "side by side") in page


def test_the_proceedings_are_told_once_and_say_that_they_are_simulated(
    engine, needs: Needs
) -> None:
    n_steps = tell(engine, opening=NOW, zone=ZONE)
    assert n_steps == len(deeds())
    assert tell(engine, opening=NOW, zone=ZONE) == 0
    items = needs.list(viewer=make_viewer(Role.NATIONAL, now=NOW))
    assert all("mô phỏng" in item.text("title") for item in items)
    assert {item.kind for item in items} == {NEEDS.kind}
