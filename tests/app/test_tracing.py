"""The tracing page's clusters: register, one cluster, its chain, and who sees none of it."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import live, resources
from dashboard.i18n import translator
from data_access.codes import Clearance, Role
from data_access.engine import make_engine
from data_access.errors import DatabaseUnavailable
from data_access.reference.areas import load_areas
from data_access.viewer import CLEARANCES, system_viewer
from tests.app.conftest import LAST, NOW, html, run
from tests.chain_world import Batch, Version, deliver, hours

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]
LONG = 501
NAME = "Chợ <b>Bình Điền</b>"


def case(name: str, ago: int, province: str, ids: dict[str, int], **told: object) -> Version:
    told = {"province_code": province, "case_day": LAST - timedelta(days=ago),
            "person_ref": f"ref-{name}", **told}  # fmt: skip
    return Version("case", name, told, province=ids[province])


@pytest.fixture(scope="module")
def _with_clusters(_filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cluster K of 79 with three cases and one in 74; LONG of 01 with 501; E without a case."""
    folder = tmp_path_factory.mktemp("tracing")
    path = folder / "clusters.sqlite"
    shutil.copy(_filled, path)
    engine = make_engine(f"sqlite:///{path}")
    areas = load_areas(engine, viewer=system_viewer(NOW))
    ids = {code: areas.id_of(code, "63") for code in ("79", "74", "01")}
    of_k = {"cluster_id": "K"}
    short = (
        case("BN1", 12, "79", ids, onset_date=LAST - timedelta(days=14), **of_k),
        case("BN2", 5, "79", ids, infector_id="BN1", onset_date=LAST - timedelta(days=9), **of_k),
        case("BN3", 2, "79", ids, **of_k),
        case("BN4", 1, "74", ids, infector_id="BN2|BN1", **of_k),
    )
    long = tuple(
        case(f"L{n}", n % 60, "01", ids, cluster_id="LONG", infector_id=f"L{n + 60}")
        for n in range(LONG)
    )
    told = {"province_code": "79", "status": "hoat_dong", "opened_day": LAST - timedelta(days=12)}
    clusters = (
        Version("cluster", "K", {**told, "name": NAME, "setting": "cho"}, province=ids["79"]),
        Version("cluster", "E", {**told, "name": "Không ca"}, province=ids["79"]),
    )
    contacts = tuple(
        Version("contact", f"t{n}", {
            "province_code": "79", "index_case_id": "BN1", "class": "F1", "setting": "cho",
            "person_ref": f"ref-BN{n}", "identified_ts": hours(100), "reached_ts": hours(110),
            "last_exposure_ts": hours(90),
        }, province=ids["79"])
        for n in (2, 9)
    )  # fmt: skip
    for batch in (Batch(300, "case", short + long), Batch(301, "cluster", clusters),
                  Batch(302, "contact", contacts)):  # fmt: skip
        deliver(engine, batch, folder)
    engine.dispose()
    return path


@pytest.fixture(autouse=True)
def _clusters(settings: pytest.MonkeyPatch, _with_clusters: Path) -> None:
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{_with_clusters}")


def words(app: AppTest) -> str:
    notices = [element.value for kind in ("info", "warning", "error") for element in app.get(kind)]
    return re.sub(r"<[^>]+>", " ", html(app)) + "\n" + "\n".join(notices)


def listed(app: AppTest) -> dict[str, list[str]]:
    """The register's rows by code."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html(app))
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    return {re.sub(r"<[^>]+>", " ", row[0]).split()[-1]: row[1:] for row in cells if len(row) == 11}


def test_a_link_opens_a_cluster_without_naming_anybody() -> None:
    app = run("tracing", cluster="K", lang="en")
    assert app.query_params["cluster"] == "K"
    assert not app.exception
    assert not app.error
    rows = listed(app)
    assert set(rows) == {"K", "E", "LONG"}
    setting, place, status, size, n_7d, growth, quiet, generations, wards, unlinked = rows["K"]
    assert (setting, place, status) == ("Market", "Ho Chi Minh City and 1 more", "Active")
    # ln(3.5 / 1.5) / 7 = 0.121
    assert (size, n_7d, growth, quiet) == ("4", "3", "+0.12", "1")
    assert (generations, wards, unlinked) == ("2", "–", "50%")
    assert rows["E"][3:7] == ["–", "–", "–", "–"]
    assert "Chain of infection" in words(app)
    assert "2 listed" in words(app)
    assert "50% (2/4)" in words(app)
    everything = html(app) + "".join(chart.proto.spec for chart in app.get("plotly_chart"))
    assert "Case 2, generation 1; source: case 1" in everything
    for named in ("BN1", "BN2", "ref-"):
        assert named not in everything
    assert "&lt;b&gt;Bình Điền" in html(app)
    assert "<b>Bình Điền" not in html(app)


def test_a_chain_too_long_to_draw_is_counted() -> None:
    app = run("tracing", cluster="LONG", lang="en")
    assert not app.error
    assert "The cluster has 501 cases; above 500" in words(app)


def test_a_province_counts_its_own_cases_and_a_cluster_may_have_none() -> None:
    app = run("tracing", cluster="E", **{"as": "province:79"})
    assert not app.error
    rows = listed(app)
    assert set(rows) == {"K", "E"}
    assert rows["K"][3] == "3"
    assert "Chỉ tính các ca của tỉnh, thành mình" in words(app)
    assert "Chưa có ca bệnh nào được ghi là thuộc ổ dịch này" in words(app)


def test_another_province_s_cluster_is_not_there() -> None:
    app = run("tracing", cluster="LONG", **{"as": "province:74"})
    assert {code: row[3] for code, row in listed(app).items()} == {"K": "1"}
    assert "Không có ổ dịch mã LONG" in words(app)


def test_a_role_without_the_clearance_sees_no_cluster(settings: pytest.MonkeyPatch) -> None:
    settings.setitem(CLEARANCES, Role.NATIONAL, Clearance.OFFICIAL)
    app = run("tracing", cluster="K")
    assert not app.exception
    assert not listed(app)
    assert "Bình Điền" not in html(app)
    assert translator("vi")("error.denied") in words(app)


def test_a_day_before_anything_and_filters_in_the_address() -> None:
    day = (LAST - timedelta(days=13)).isoformat()
    app = run("tracing", date=day, setting="cho", state="hoat_dong")
    assert not listed(app)
    assert not app.error
    assert "Không có ổ dịch hay chuỗi lây nhiễm nào" in words(app)
    shown = [app.query_params[name] for name in ("date", "setting", "state")]
    assert shown == [day, "cho", "hoat_dong"]


def test_database_away(settings: pytest.MonkeyPatch) -> None:
    settings.setattr(live, "AGAIN_SECONDS", 0.0)
    app = run("tracing", cluster="K")

    def gone(*_args: object, **_more: object) -> object:
        raise DatabaseUnavailable("the shared database does not answer: gone")

    with settings.context() as away:
        away.setattr(type(resources.shared()), "token", gone)
        away.setattr(type(resources.shared().clusters), "register", gone)
        app.run()
        assert not app.exception
        assert listed(app)["K"][3] == "4"  # the last figures, and that they are old
        assert "Mất kết nối cơ sở dữ liệu" in words(app)
