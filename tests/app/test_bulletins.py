"""Bulletins on screen: the press, a minister and a province, each before their own page."""

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.navigation import PAGES
from data_access import tables
from data_access.actor import Actor
from data_access.codes import Role
from data_access.settings import read_settings
from data_access.shared import Shared, open_shared
from data_access.viewer import system_viewer
from tests.app.conftest import LAST, MAPPING, NOW, deliver, html, run
from tests.depth import spread

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("own")]
AN = Actor(account="an", role=Role.NATIONAL)
BINH = Actor(account="binh", role=Role.NATIONAL)
PRESS_PAGES = [entry.key for entry in PAGES if Role.PRESS in entry.roles]
CLOSED_PAGES = [entry.key for entry in PAGES if Role.PRESS not in entry.roles]
REASON = "Sai mẫu số của ba tỉnh"
COUNTS = {"760": 2, "761": 40, "764": 50, "765": 60, "766": 70}
"""Districts of Hồ Chí Minh; the first count is small."""


@pytest.fixture(scope="module")
def counted(_filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with small counts in districts, to be copied."""
    folder = tmp_path_factory.mktemp("counted")
    path = folder / "counted.sqlite"
    shutil.copy(_filled, path)
    _deliver(f"sqlite:///{path}", folder, "district", list(COUNTS.items()))
    return path


@pytest.fixture(scope="module")
def published(counted: Path) -> Path:
    """The same with one bulletin, number 1, published at `NOW`; to be copied."""
    path = counted.with_name("published.sqlite")
    shutil.copy(counted, path)
    given = {"DATABASE_URL": f"sqlite:///{path}", "DEMO": "1", "NOW": NOW.isoformat()}
    shared = open_shared(read_settings({f"TUYENDAU_{name}": one for name, one in given.items()}))
    assert issue(shared) == 1
    shared.close()
    return path


@pytest.fixture
def own(settings: pytest.MonkeyPatch, counted: Path, tmp_path: Path) -> str:
    """A database of this test's own, with small counts in districts."""
    return _copied(counted, tmp_path / "own.sqlite", settings)


@pytest.fixture
def issued(settings: pytest.MonkeyPatch, own: str, published: Path, tmp_path: Path) -> int:
    """The number of a bulletin in a database of this test's own."""
    del own  # this one stands in its place
    _copied(published, tmp_path / "issued.sqlite", settings)
    return 1


def _copied(template: Path, path: Path, patch: pytest.MonkeyPatch) -> str:
    shutil.copy(template, path)
    patch.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{path}")
    return f"sqlite:///{path}"


def _deliver(url: str, folder: Path, name: str, rows: list[tuple[str, int]],
             *, known_at: datetime = NOW - timedelta(minutes=50)) -> None:  # fmt: skip
    mapping, table = folder / f"{name}.toml", folder / f"{name}.csv"
    mapping.write_text(MAPPING.replace('"bulletin"', f'"{name}"'), encoding="utf-8")
    lines = [f"{LAST},{code},{count},0" for code, count in rows]
    table.write_text("\n".join(["date,province,cases,deaths", *lines]), encoding="utf-8")
    deliver(url, mapping, table, known_at=known_at)


def at(patch: pytest.MonkeyPatch, moment: datetime) -> Shared:
    """Move the clock, and open the database anew as a process at that moment would."""
    patch.setenv("TUYENDAU_NOW", moment.isoformat())
    st.cache_resource.clear()
    st.cache_data.clear()
    return open_shared(read_settings())


def issue(shared: Shared, *, embargo: datetime | None = None) -> int:
    """Cut, note, approve and publish; return the number."""
    book, viewer = shared.bulletins, system_viewer(shared.clock())
    head = book.cut(AN, shared.clock(), title_vi="Bản tin chiều")
    if book.diff(head.number, viewer=viewer)["out_of_tolerance"].any():
        book.accept(AN, head.number, note="đã kiểm với tỉnh")
    book.approve(BINH, head.number, head.sha256)
    book.publish(BINH, head.number, embargo)
    return head.number


def text(app: AppTest) -> str:
    kinds = ("info", "warning", "error", "caption")
    notices = [element.value for kind in kinds for element in app.get(kind)]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html(app))) + "\n" + "\n".join(notices)


def cases_card(app: AppTest) -> str:
    found = re.search(r'data-id="cases">.*?<strong>(.*?)</strong>', html(app))
    assert found
    return found[1]


def refusals(url: str) -> list[tuple[str, str]]:
    log = tables.audit
    with sa.create_engine(url).connect() as connection:
        query = sa.select(log.c.object, log.c.detail).where(log.c.action == "bulletin.refused")
        return [tuple(row) for row in connection.execute(query)]


# --- the press ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PRESS_PAGES)
def test_the_press_reads_every_page_of_a_bulletin(page: str, issued: int) -> None:
    app = run(page, **{"as": "press"})
    assert not app.exception
    assert not app.error
    assert f"Bản tin số {issued}" in text(app)
    assert "số liệu đã đóng băng" in text(app)
    assert app.query_params["bulletin"] == str(issued)
    assert "Mã sự cố" not in text(app)


@pytest.mark.usefixtures("issued")
def test_the_overview_of_the_press_has_its_sentence() -> None:
    app = run("overview", **{"as": "press"})
    assert "cả nước ghi nhận" in text(app)
    assert "Phần này dùng số liệu không công bố" not in text(app)


@pytest.mark.parametrize(
    "page", spread(CLOSED_PAGES, 3)
)  # each, without a bulletin: test_states.py
@pytest.mark.usefixtures("issued")
def test_pages_that_are_not_public_say_so(page: str) -> None:
    app = run(page, **{"as": "press"})
    assert not app.exception
    assert "Phần này không công bố" in text(app)


@pytest.mark.parametrize("page", spread(PRESS_PAGES, 4))
def test_a_withdrawn_bulletin_without_a_successor_is_told(
    page: str, settings: pytest.MonkeyPatch, issued: int
) -> None:
    at(settings, NOW + timedelta(hours=1)).bulletins.withdraw(BINH, issued, REASON)
    newest = run(page, **{"as": "press"})
    if page != "bulletins":
        assert "vừa bị thu hồi" in text(newest)
        assert "td-card" not in html(newest)
    chosen = run(page, **{"as": "press", "bulletin": str(issued)})
    assert "td-withdrawn" in html(chosen)
    assert REASON in text(chosen)


def test_small_counts_are_drawn_as_hidden(settings: pytest.MonkeyPatch) -> None:
    issue(at(settings, NOW))
    where = {"indicator": "cases", "level": "district", "area": "79", "date": LAST.isoformat()}
    told = {}
    for role in ("press", "national"):
        rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html(run("map", **{"as": role}, **where)))
        cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
        told[role] = {row[1]: [row[2], row[-1]] for row in cells if len(row) > 3}
    small = [name for name, (value, _) in told["national"].items() if value == "2"]
    assert len(small) == 1
    assert told["press"][small[0]] == ["đã ẩn", "Đã ẩn: số nhỏ"]


def test_under_embargo_only_a_rehearsal_shows_it(settings: pytest.MonkeyPatch) -> None:
    later = NOW + timedelta(hours=2)
    issue(at(settings, NOW), embargo=later)
    assert "Chưa có bản tin nào được công bố" in text(run("overview", **{"as": "press"}))
    assert "Không có bản tin này" in text(run("overview", **{"as": "press", "bulletin": "1"}))
    link = {"rehearse": later.isoformat().replace("+00:00", "Z")}
    shown = run("overview", **{"as": "national"}, **link)
    assert "Diễn tập" in text(shown)
    assert cases_card(shown)
    for role in ("press", "steward", "province:79"):
        app = run("overview", **{"as": role}, **link)
        assert "Diễn tập" not in text(app)


# --- pinned and live ------------------------------------------------------------------------------


def test_a_pinned_page_stays_while_the_live_one_moves(
    settings: pytest.MonkeyPatch, own: str, tmp_path: Path
) -> None:
    number = issue(at(settings, NOW))
    press = run("overview", **{"as": "press"})
    minister = run("overview", **{"as": "national"})
    pinned = run("tracing", **{"as": "national", "bulletin": str(number)})
    for app in (press, minister, pinned):
        app.run()  # the address is written at the end of the first look
    before, live_before, pinned_before = html(press), cases_card(minister), html(pinned)
    _deliver(own, tmp_path, "bulletin", [("01", 90_000)], known_at=NOW - timedelta(minutes=5))
    at(settings, NOW + timedelta(minutes=1))
    minister.run()
    press.run()
    pinned.run()
    assert cases_card(minister) != live_before
    assert html(press) == before
    assert html(pinned) == pinned_before


def test_a_copied_link_shows_the_same_numbers(settings: pytest.MonkeyPatch) -> None:
    issue(at(settings, NOW))
    first = run("tracing", **{"as": "press"})
    address = {name: str(value) for name, value in dict(first.query_params).items()}
    issue(at(settings, NOW + timedelta(hours=1)))
    second = run("tracing", **{name: _one(value) for name, value in address.items()})
    assert cases_card(second) == cases_card(first)
    assert "Bản tin mới nhất là số 2" in text(second)


def _one(value: str) -> str:
    return value.strip("[]'")


# --- the desk -------------------------------------------------------------------------------------


def press_button(app: AppTest, label: str) -> AppTest:
    button = next(one for one in app.button if one.label == label)
    return button.click().run()


def test_nobody_publishes_what_they_cut_and_a_second_person_does(
    settings: pytest.MonkeyPatch, own: str
) -> None:
    at(settings, NOW)
    an = press_button(run("bulletins", **{"as": "national"}), "Cắt bản tin")
    assert not an.exception
    an = press_button(an, "Duyệt bản tin số 1")
    assert "một người khác phải duyệt" in text(an)
    from dashboard import resources

    resources.notebook().close()
    assert [what for what, _ in refusals(own)] == ["bulletin/1"]
    binh = press_button(run("bulletins", **{"as": "admin"}), "Duyệt bản tin số 1")
    next(box for box in binh.checkbox if box.label == "Công khai ngay").check()
    binh = press_button(binh, "Công bố bản tin số 1")
    assert not binh.exception
    again = run("bulletins", **{"as": "admin"})
    assert not [one.label for one in again.button if one.label.startswith(("Duyệt", "Công bố"))]
    assert "Bản tin số 1" in text(run("overview", **{"as": "press"}))


def test_a_province_signs_its_part_and_may_do_no_more(settings: pytest.MonkeyPatch) -> None:
    shared = at(settings, NOW)
    shared.bulletins.cut(AN, shared.clock())
    chi = run("bulletins", **{"as": "province:79"})
    assert "Hồ Chí Minh" in text(chi)
    chi = press_button(chi, "Xác nhận phần của tỉnh")
    assert "xác nhận lúc" in text(chi)
    assert "đã được xác nhận trước đó" in text(press_button(chi, "Xác nhận phần của tỉnh"))
    assert "Chỉ Trung ương và quản trị được duyệt" in text(press_button(chi, "Duyệt bản tin số 1"))


def test_the_press_sees_no_desk(settings: pytest.MonkeyPatch) -> None:
    number = issue(at(settings, NOW))
    app = run("bulletins", **{"as": "press"})
    assert f"Bản tin số {number} đã sửa" in text(app)
    assert not [one for one in app.button if "Duyệt" in one.label or "Cắt" in one.label]
    assert "binh" not in text(app)
