"""Both pages for every role and language: they launch, refuse, stay up and tell the truth."""

import re
from itertools import product
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import live, resources
from dashboard.navigation import ADMINISTRATORS, PAGES
from data_access.errors import DatabaseUnavailable
from tests.app.conftest import LAST, NOW, cases_on, html, reporting_provinces, run
from tests.depth import spread

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]
# The administrators' page has tests of its own.
KEYS = [entry.key for entry in PAGES if entry.roles != ADMINISTRATORS]
OFFICIALS = ("national", "province:79")
ASKED = (None, "national", "province:79", "admin")
SCREENS = {"overview": "Tổng quan", "map": "Bản đồ", "data_sync": "Đồng bộ"}


def text(app: AppTest) -> str:
    notices = [element.value for kind in ("info", "warning", "error") for element in app.get(kind)]
    return re.sub(r"<[^>]+>", " ", html(app)) + "\n" + "\n".join(notices)


@pytest.mark.parametrize(
    ("page", "role", "language"), spread(list(product(KEYS, OFFICIALS, ("vi", "en"))), 40)
)
def test_page_launches(page: str, role: str, language: str) -> None:
    app = run(page, **{"as": role, "lang": language})
    assert not app.exception
    assert not app.error
    assert ("Số liệu đến hết" in text(app)) == (language == "vi")
    assert ("Figures to the end" in text(app)) == (language == "en")


@pytest.mark.parametrize("page", KEYS)
def test_press_sees_nothing_before_a_bulletin(page: str) -> None:
    app = run(page, **{"as": "press"})
    assert not app.exception
    assert "Chưa có bản tin nào được công bố" in text(app)
    assert "td-card" not in html(app)
    # Also what shows nothing ends as every page does.
    assert html(app).count('class="td-footer"') == 1
    assert "được nêu cùng bản tin" in html(app)


@pytest.mark.parametrize(("page", "role"), spread(list(product(KEYS, ASKED)), 24))
def test_without_a_demonstration_everybody_is_the_press(
    settings: pytest.MonkeyPatch, page: str, role: str | None
) -> None:
    settings.setenv("TUYENDAU_DEMO", "0")
    app = run(page, **({"as": role} if role else {}))
    assert not app.exception
    assert "Chưa có bản tin nào được công bố" in text(app)
    assert 'href="/login?' in html(app)
    assert "td-card" not in html(app)


def test_an_invented_role_gets_nothing_more() -> None:
    app = run("overview", **{"as": "system"})
    assert not app.exception
    assert str(app.query_params["as"]) == "national"


@pytest.mark.parametrize("page", KEYS)
def test_a_database_without_tables_says_what_to_do(
    settings: pytest.MonkeyPatch, page: str, tmp_path: Path
) -> None:
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{tmp_path}/none.sqlite")
    app = run(page)
    assert not app.exception
    assert "chưa được khởi tạo" in text(app)


def test_national_figure_is_the_sum_of_the_provinces() -> None:
    found = html(run("overview", lang="en"))
    card = re.search(r'data-id="cases">.*?<strong>([\d,]+)</strong>', found)
    assert card
    expected = sum(cases_on(code, LAST) for code in reporting_provinces())
    assert int(card[1].replace(",", "")) == expected


def test_missing_provinces_are_counted() -> None:
    assert "62/63 tỉnh, thành" in text(run("overview"))


def test_a_province_sees_its_own_figure_only() -> None:
    found = html(run("overview", **{"as": "province:79", "lang": "en"}))
    card = re.search(r'data-id="cases">.*?<strong>([\d,]+)</strong>', found)
    assert card
    assert int(card[1].replace(",", "")) == cases_on("79", LAST)
    assert "Hà Nội" not in re.sub(r"<footer.*", "", found, flags=re.DOTALL)


def test_table_twin_says_zero_and_not_reported() -> None:
    found = html(run("map", indicator="cases", lang="vi"))
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", found)
    cells = {
        row[1]: row
        for row in (re.findall(r"<td[^>]*>(.*?)</td>", one) for one in rows)
        if len(row) == 5
    }
    # Rank, name, value; the state stands last.
    assert [cells["Cao Bằng"][at] for at in (2, -1)] == ["–", "Không báo cáo"]
    assert [cells["Bắc Kạn"][at] for at in (2, -1)] == ["0", ""]
    assert len(cells) == 63


def test_a_link_restores_the_view() -> None:
    app = run("map", indicator="deaths", date="2021-08-20", area="79", lang="en")
    shown = dict(app.query_params)
    assert shown["indicator"] == "deaths"
    assert shown["date"] == "2021-08-20"
    assert shown["area"] == "79"
    assert "Development: Ho Chi Minh" in text(app)
    assert "20 Aug 2021" in text(app)


def test_a_link_to_nothing_falls_back() -> None:
    app = run("map", indicator="no_such", area="zz", date="1800-01-01", vintage="9")
    assert not app.exception
    assert not app.error


def test_the_address_names_the_day_even_when_it_follows() -> None:
    assert run("overview").query_params["date"] == LAST.isoformat()


def test_a_pinned_link_shows_what_was_known_then() -> None:
    app = run("overview", as_of="2021-08-01T00:00:00Z")
    assert "Chưa có số liệu nào" in text(app)


def test_database_away_keeps_the_last_figures_and_recovers(
    settings: pytest.MonkeyPatch,
) -> None:
    settings.setattr(live, "AGAIN_SECONDS", 0.0)
    app = run("overview")
    card = re.search(r'data-id="cases">.*?</strong>', html(app))
    assert card

    def gone(*_args: object, **_more: object) -> str:
        raise DatabaseUnavailable("the shared database does not answer: gone")

    with settings.context() as away:
        away.setattr(type(resources.shared()), "token", gone)
        away.setattr(type(resources.shared()), "figures", gone)
        # Alerts may have moved since they were counted: the notice does not wait for the bell.
        away.setattr(type(resources.shared().alerts), "mark", gone)
        app.run()
        assert not app.exception
        assert card[0] in html(app)
        assert "Mất kết nối cơ sở dữ liệu" in text(app)
        assert f"{NOW:%d/%m/%Y}" in text(app)
    app.run()
    assert "Mất kết nối cơ sở dữ liệu" not in text(app)


def test_an_unexpected_error_has_a_number_and_no_detail(
    settings: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: object, **_more: object) -> object:
        raise ValueError("079123456789")  # a value that must not get out

    settings.setattr(type(resources.shared()), "figures", broken)
    app = run("overview")
    assert not app.exception
    assert re.search(r"Mã sự cố: [0-9A-F]{8}", text(app))
    assert "079123456789" not in text(app) + caplog.text
    assert "ValueError" in caplog.text
