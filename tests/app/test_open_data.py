"""The press's home, the page of open data, the register of quoted numbers."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard import resources
from data_access.actor import Actor, viewer_of
from data_access.codes import Role
from data_access.quotes import Quote, quotes, register
from data_access.viewer import press_at
from tests.app.conftest import LAST, NOW, cases_on, deliver, html, run, write_table

pytestmark = pytest.mark.app
AN = Actor(account="an", role=Role.NATIONAL)
BINH = Actor(account="binh", role=Role.NATIONAL)
NATION = viewer_of(AN, now=NOW)


def issue(cut_off: timedelta = timedelta(0), *, embargo: timedelta | None = None) -> int:
    made = resources.shared().bulletins
    number = made.cut(AN, NOW - cut_off, title_vi="Bản <tin>").number
    if made.diff(number, viewer=NATION)["out_of_tolerance"].any():
        made.accept(AN, number, note="đã kiểm tra")
    head = made.show(number, viewer=NATION)
    made.approve(BINH, number, head.sha256)
    made.publish(BINH, number, NOW + embargo if embargo else None)
    return number


@pytest.fixture(autouse=True)
def _own(settings: pytest.MonkeyPatch, _filled: Path, tmp_path: Path) -> None:
    shutil.copy(_filled, tmp_path / "own.sqlite")
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{tmp_path}/own.sqlite")


def test_without_a_bulletin_the_page_says_so() -> None:
    found = run("open_data", **{"as": "press", "lang": "vi"})
    assert not found.exception
    assert "78" not in html(found)


def test_the_press_reads_what_is_new_first() -> None:
    number = issue()
    issue(embargo=timedelta(hours=3))
    shown = html(run("overview", **{"as": "press", "lang": "vi"}))
    assert f"Bản tin số {number}: số liệu chốt lúc 20:00" in shown
    assert "Bản tin tiếp theo được công bố lúc 23:00" in shown
    assert "Bản &lt;tin&gt;" in shown
    assert "Bản tin số 2" not in shown
    assert "Bản tin số" not in html(run("overview", **{"as": "national", "lang": "vi"}))


def footer_of(**asked: str) -> str:
    return html(run("open_data", **{"lang": "vi", **asked})).rsplit('class="td-footer"', 1)[-1]


def test_the_press_is_not_told_that_nobody_sent_figures() -> None:
    nobody = "chưa có nguồn nào gửi số liệu"
    before = footer_of(**{"as": "press"})
    assert nobody not in before
    issue()
    after = footer_of(**{"as": "press"})
    assert nobody not in after
    assert "Nguồn số liệu" in after
    assert "bulletin" in after


def test_a_figure_is_explained_linked_and_cited() -> None:
    issue()
    found = run("open_data", **{"as": "press", "lang": "vi", "indicator": "cases", "area": "79"})
    shown = html(found)
    assert str(cases_on("79", LAST)) in shown
    assert "Định nghĩa" in shown
    codes = [one.value for one in found.code]
    assert any("bulletin=1" in one and "area=79" in one for one in codes)
    assert any("Tuyến Đầu, bản tin số 1" in one for one in codes)
    assert "/api/v1/bulletins/1/download.zip" in shown


def test_a_correction_is_told_with_its_file(tmp_path: Path) -> None:
    issue(timedelta(minutes=30))
    mapping, table = write_table(tmp_path)
    was = cases_on("79", LAST)
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace(f"{LAST},79,{was},", f"{LAST},79,{was + 400},"), encoding="utf-8")
    url = resources.settings().database_url
    deliver(url, mapping, table, known_at=NOW - timedelta(minutes=5))
    issue()
    shown = html(run("open_data", **{"as": "press", "lang": "vi"}))
    assert "số đã công bố trong bản tin số 1" in shown
    assert f"{was} → " in shown.replace("1.190", "1190")
    assert "bulletin.csv" in shown


@pytest.mark.parametrize("role", ["press", "province:79", "steward"])
def test_only_the_nation_sees_the_form(role: str) -> None:
    issue()
    found = run("open_data", **{"as": role, "lang": "vi"})
    assert not found.text_input
    assert not found.exception


def test_a_number_said_is_public_at_once_beside_the_published_one() -> None:
    issue()
    shared = resources.shared()
    said = {"said_by": "Bộ <Y tế>", "said_at": NOW, "day": LAST}
    for quote in (
        Quote(figure="cases", area_code="79", value=float(cases_on("79", LAST)), **said),  # type: ignore[arg-type]
        Quote(figure="cases", area_code="01", value=99_999.0, **said),  # type: ignore[arg-type]
        Quote(figure="contacts_reached_24h_share", area_code="VN", value=0.5, **said)  # type: ignore[arg-type]
        if "contacts_reached_24h_share" in shared.indicators
        else Quote(figure="doses", area_code="VN", value=5.0, **said),  # type: ignore[arg-type]
    ):
        register(shared.engine, quote, areas=shared.areas, actor=AN, now=NOW)
    shown = html(run("open_data", **{"as": "press", "lang": "vi"}))
    assert "(khớp)" in shown
    assert "(khác số đã nêu)" in shown
    assert "chưa công bố trong bản tin" in shown
    assert "Bộ &lt;Y tế&gt;" in shown


def test_the_nation_registers_by_the_form() -> None:
    issue()
    found = run("open_data", **{"as": "national", "lang": "vi"})
    (who,) = found.text_input
    who.input("Phó Thủ tướng")
    (value,) = found.number_input
    value.set_value(321.0)
    found.button[-1].click().run(timeout=60)
    assert not found.exception
    told = quotes(resources.shared().engine, viewer=press_at(NOW))
    assert told.select("value", "said_by").rows() == [(321.0, "Phó Thủ tướng")]
