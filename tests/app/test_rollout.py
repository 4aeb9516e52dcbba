"""The rollout page: what was said, stale is grey, own province alone, two officers at once."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from data_access.actor import Actor
from data_access.codes import Role
from data_access.engine import make_engine
from data_access.rollout import ledger
from data_access.rollout.ledger import Book
from data_access.rollout.model import STAGES, Change, Kind
from data_access.viewer import make_viewer
from simulations import rollout as simulated
from tests.app.conftest import NOW, html, reporting_provinces, run

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LAN = Actor(account="lan", role=Role.NATIONAL)
CANARY = "Canary-của-Hà-Nội"


@pytest.fixture
def book(tmp_path: Path, _filled: Path, settings: pytest.MonkeyPatch) -> Iterator[Book]:
    """A database of the test's own, with one province heard of and one silent for days."""
    path = tmp_path / "own.sqlite"
    shutil.copy(_filled, path)
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{path}")
    engine = make_engine(f"sqlite:///{path}")
    made = Book(engine=engine, zone=ZONE, provinces=(*reporting_provinces(), "04"))
    made.put_many(
        [deployment("01", hours=90, owner=CANARY), deployment("79", hours=60, stage=STAGES[0]),
         deployment("79", hours=3), team("79"), ticket("79", "S1")],
        actor=LAN, origin="test",
    )  # fmt: skip
    yield made
    engine.dispose()


def deployment(code: str, *, hours: int, owner: str = "Sở TTTT", stage: str = STAGES[1]) -> Change:
    at = NOW - timedelta(hours=hours)
    content = {"province": code, "platform": "testing", "stage": stage, "evidence": "CV 5",
               "date": at.date().isoformat(), "owner": owner, "target": "2021-08-01"}  # fmt: skip
    return Change(kind=Kind.DEPLOYMENT, item=f"{code}/testing", content=content, base=-1, at=at)


def team(code: str) -> Change:
    content = {"province": code, "status": "active", "decision": "QĐ 9", "head": "Phó Chủ tịch"}
    return Change(kind=Kind.TEAM, item=code, content=content, base=-1, at=NOW - timedelta(hours=2))


def ticket(code: str, severity: str) -> Change:
    at = NOW - timedelta(hours=1)
    content = {"province": code, "platform": "testing", "severity": severity, "channel": "phone",
               "summary": "Hệ thống dừng", "opened": at.isoformat()}  # fmt: skip
    return Change(kind=Kind.TICKET, item="HT-1", content=content, base=-1, at=at)


def newest(book: Book, item: str) -> dict[str, object]:
    viewer = make_viewer(Role.NATIONAL, now=NOW)
    found = ledger.contents(ledger.latest(ledger.history(book.engine, viewer=viewer)),
                            Kind.DEPLOYMENT)  # fmt: skip
    return next(row for row in found.iter_rows(named=True) if row["item"] == item)


def edit(app: AppTest) -> AppTest:
    app.session_state["rollout_box_deployment"] = True
    app.run()
    app.selectbox(key="rollout_pick_platform").set_value("testing")
    return app.run()


def press(app: AppTest) -> AppTest:
    [button] = [one for one in app.button if one.label == "Lưu"]
    return button.click().run()


@pytest.mark.usefixtures("book")
def test_the_page_says_what_was_said_and_the_silent_are_grey() -> None:
    app = run("rollout", **{"as": "national", "area": "79"})
    assert not app.exception
    page = html(app)
    assert "1/63 tỉnh, thành đã lập tổ công nghệ" in page
    assert "1 sự cố mức S1 đang mở" in page
    # Hà Nội was heard of four days ago: its stage is there, hatched, and never shaded.
    stale = re.findall(r'class="td-stage td-stage-stale" title="([^"]*)"', page)
    assert sum("báo cáo 90 giờ trước" in title for title in stale) == 1
    assert not re.search(r'td-stage-1" title="[^"]*90 giờ', page)
    assert "QUÁ HẠN" in page
    assert "chưa biết" in page


@pytest.mark.usefixtures("settings")
def test_while_nothing_was_said_the_page_says_so() -> None:
    app = run("rollout", **{"as": "national", "lang": "en"})
    assert not app.exception
    assert "No report on the rollout yet." in html(app)


@pytest.mark.usefixtures("book")
def test_a_province_sees_only_itself_and_the_press_nothing() -> None:
    own = run("rollout", **{"as": "province:79"})
    assert not own.exception
    assert "Triển khai tại Hồ Chí Minh" in html(own)
    assert CANARY not in html(own)
    assert "Hà Nội" not in html(own)
    refused = run("rollout", **{"as": "press"})
    assert "td-stage" not in html(refused)
    # The canary is really there for who may see it.
    assert CANARY in html(run("rollout", **{"as": "national", "area": "01"}))


def test_a_step_is_saved_with_who_said_it(book: Book) -> None:
    app = edit(run("rollout", **{"as": "province:79"}))
    app.selectbox(key="rollout_deployment_79/testing_stage").set_value(STAGES[2])
    app.text_input(key="rollout_deployment_79/testing_evidence").set_value("QĐ 77")
    app = press(app)
    assert not app.exception
    stands = newest(book, "79/testing")
    assert (stands["stage"], stands["evidence"], stands["owner"]) == (STAGES[2], "QĐ 77", "Sở TTTT")
    assert stands["account"] == "demo:province:79"
    assert "Đã lưu: 79/testing." in html(app)
    with book.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT action, account FROM audit")).all()
    assert ("rollout.deployment", "demo:province:79") in [tuple(row) for row in rows]


def test_an_error_stands_at_its_field_and_nothing_is_saved(book: Book) -> None:
    app = edit(run("rollout", **{"as": "national", "area": "79"}))
    app.selectbox(key="rollout_deployment_79/testing_stage").set_value(STAGES[7])
    app = press(app)
    assert "Bỏ qua bước cần nêu lý do." in html(app)
    assert newest(book, "79/testing")["stage"] == STAGES[1]


def test_the_second_officer_is_told_and_keeps_what_was_typed(book: Book) -> None:
    app = edit(run("rollout", **{"as": "national", "area": "79"}))
    app.text_input(key="rollout_deployment_79/testing_owner").set_value("CDC thành phố")
    other = Change(kind=Kind.DEPLOYMENT, item="79/testing", base=-1, at=NOW,
                   content={"stage": STAGES[2], "evidence": "QĐ của người khác"})  # fmt: skip
    book.put_many([other], actor=LAN, origin="khac")
    app = press(app)
    page = html(app)
    assert "lan đã cập nhật lúc" in page
    assert "QĐ của người khác" in page
    assert newest(book, "79/testing")["owner"] == "Sở TTTT"
    typed = app.text_input(key="rollout_deployment_79/testing_owner").value
    assert typed == "CDC thành phố"
    app = press(app)
    assert not app.exception
    stands = newest(book, "79/testing")
    assert (stands["owner"], stands["stage"], stands["evidence"]) == (
        "CDC thành phố", STAGES[2], "QĐ của người khác",
    )  # fmt: skip


@pytest.mark.usefixtures("book")
def test_from_the_past_nothing_is_written() -> None:
    past = NOW - timedelta(minutes=30)
    app = run("rollout", **{"as": "national", "area": "79", "as_of": past.isoformat()})
    assert "Đang xem trạng thái quá khứ" in html(app)
    assert "1 sự cố mức S1 đang mở" in html(app)
    assert "Báo cáo bước triển khai" not in {box.label for box in app.expander}


def test_the_simulated_rollout_is_plausible_marked_and_always_the_same() -> None:
    codes = reporting_provinces()
    told = simulated.changes(codes, opening=NOW, zone=ZONE, seed=1)
    assert told == simulated.changes(codes, opening=NOW, zone=ZONE, seed=1)
    assert all(one.at <= NOW for one in told)
    august = NOW.replace(month=8, day=16)
    formed = {one.item for one in told
              if one.kind is Kind.TEAM and one.content["status"] == "announced"
              and one.at <= august}  # fmt: skip
    assert 0.35 <= len(formed) / len(codes) <= 0.65
    owners = {one.content["owner"] for one in told if one.content.get("owner")}
    assert all("mô phỏng" in str(owner) for owner in owners)
