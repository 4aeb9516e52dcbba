"""Every page in every state that it can meet: what it must say then, and what it must not."""

import json
import re
import shutil
from datetime import timedelta
from itertools import product
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import access, live, resources
from dashboard.navigation import ADMINISTRATORS, EVERYONE, PAGES, PageEntry
from data_access import audit
from data_access.codes import Role
from data_access.errors import DatabaseUnavailable
from data_access.reference.pack import bundled_pack
from data_access.viewer import system_viewer
from tests.app.conftest import LAST, NOW, deliver, fill, html, run, write_table
from tests.app.proof.screen import content, incidents
from tests.app.proof.world import cut, with_shared
from tests.app.test_pages import text

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]
KEYS = [entry.key for entry in PAGES]
EMPTY, AWAY = "Chưa có số liệu nào", "Mất kết nối cơ sở dữ liệu"
NO_CONNECTION = "Chưa kết nối được cơ sở dữ liệu dùng chung"
REFUSED = "Vai trò hiện tại không được xem phần này."
UNPUBLISHED = "Chưa có bản tin nào được công bố"
WITHOUT_FIGURES = {
    "administration": "accounts and deliveries are administered before any figure is there",
    "bulletins": "says that nothing was published, and what comes first",
    "open_data": "the dictionary stands, and that nothing was published",
}
"""Pages that have something to show without any figure."""
SAYS_NOTHING_OF_A_DAY = {"administration": "it is about accounts, not about a day"}
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def _no_cookie(settings: Patch) -> None:
    """Without a browser there is no cookie; AppTest's stand-in would count as a stale one."""
    settings.setattr(access, "_cookies", dict)


def who(entry: PageEntry) -> str:
    """Return the role that opens a page."""
    return Role.ADMIN.value if entry.roles == ADMINISTRATORS else Role.NATIONAL.value


def opened(key: str, **query: str) -> AppTest:
    app = run(key, **{"as": who(entry(key)), **query})
    assert not app.exception, key
    assert incidents(content(app)) == [], key
    return app


def entry(key: str) -> PageEntry:
    return next(one for one in PAGES if one.key == key)


def test_exceptions_are_of_pages_that_are() -> None:
    assert set(WITHOUT_FIGURES) | set(SAYS_NOTHING_OF_A_DAY) <= set(KEYS)


# --- empty, one day, all missing ----------------------------------------------------------------


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    fill(f"sqlite:///{folder / 'state.sqlite'}", folder, figures=False)
    return folder / "state.sqlite"


@pytest.fixture(scope="module")
def one_day_only(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    path = Path(shutil.copy(empty, folder))
    mapping, table = write_table(folder, days=1)
    deliver(f"sqlite:///{path}", mapping, table, known_at=NOW - timedelta(hours=1))
    return path


@pytest.fixture(scope="module")
def nothing_reported(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every province delivered its rows, and nothing in them."""
    folder = tmp_path_factory.mktemp("missing")
    path = Path(shutil.copy(empty, folder))
    mapping, table = write_table(folder, days=7)
    mapping.write_text('missing = ["NA"]\n' + mapping.read_text("utf-8"), encoding="utf-8")
    head, *rows = table.read_text("utf-8").splitlines()
    blank = [re.sub(r"^([^,]+,[^,]+),.*$", r"\1,NA,NA", row) for row in rows]
    table.write_text("\n".join([head, *blank]), encoding="utf-8")
    deliver(f"sqlite:///{path}", mapping, table, known_at=NOW - timedelta(hours=1))
    return path


@pytest.mark.parametrize("key", KEYS)
def test_empty(key: str, settings: Patch, empty: Path) -> None:
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{empty}")
    app = opened(key)
    assert (EMPTY in text(app)) == (key not in WITHOUT_FIGURES)
    assert figures(app) == []


def figures(app: AppTest) -> list[str]:
    """Return the figures on cards that are a number."""
    found = re.findall(
        r'<div class="td-card [^>]*data-id="\w+">.*?<strong>([^<]+)</strong>', html(app)
    )
    return [one for one in found if any(letter.isdigit() for letter in one)]


@pytest.mark.parametrize("key", KEYS)
def test_one_day(key: str, settings: Patch, one_day_only: Path) -> None:
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{one_day_only}")
    app = opened(key)
    assert not app.error
    assert EMPTY not in text(app)
    if key not in SAYS_NOTHING_OF_A_DAY:
        assert f"Số liệu đến hết ngày {LAST:%d/%m/%Y}" in text(app)


@pytest.mark.parametrize("key", KEYS)
def test_all_missing(key: str, settings: Patch, nothing_reported: Path) -> None:
    """What was not reported is no zero, and no figure."""
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{nothing_reported}")
    app = opened(key)
    assert (EMPTY in text(app)) == (key not in WITHOUT_FIGURES)
    assert figures(app) == []


# --- the database away --------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_away_before_anybody_saw_anything(key: str, settings: Patch) -> None:
    settings.setattr(live, "AGAIN_SECONDS", 0.0)
    shared = resources.shared()

    def gone(*_args: object, **_more: object) -> str:
        raise DatabaseUnavailable("the shared database does not answer: 10.1.2.3 refused")

    for name in ("token", "figures", "version"):
        settings.setattr(type(shared), name, gone)
    app = opened(key)
    assert NO_CONNECTION in text(app)
    assert "10.1.2.3" not in "".join(content(app))
    assert figures(app) == []


@pytest.mark.parametrize("key", KEYS)
def test_away_after_it_was_seen(key: str, settings: Patch) -> None:
    settings.setattr(live, "AGAIN_SECONDS", 0.0)
    app = opened(key)
    before = figures(app)
    shared = resources.shared()

    def gone(*_args: object, **_more: object) -> str:
        raise DatabaseUnavailable("the shared database does not answer: 10.1.2.3 refused")

    settings.setattr(type(shared), "token", gone)
    settings.setattr(type(shared), "figures", gone)
    app.run()
    assert not app.exception
    assert incidents(content(app)) == []
    assert AWAY in text(app)
    assert figures(app) == before
    assert "10.1.2.3" not in "".join(content(app))


# --- forbidden ----------------------------------------------------------------------------------

SHUT = [
    (one.key, role.value) for one, role in product(PAGES, sorted(EVERYONE)) if role not in one.roles
]


@pytest.mark.parametrize(("key", "role"), SHUT)
def test_forbidden_is_polite_and_on_record(
    key: str, role: str, settings: Patch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    # A log of its own.
    shutil.copy(request.getfixturevalue("_filled"), tmp_path / "own.sqlite")
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{tmp_path / 'own.sqlite'}")
    name = f"{role}:79" if role == Role.PROVINCE else role
    app = run(key, **{"as": name, "area": "01", "bulletin": "7"})
    assert not app.exception
    assert not app.error
    assert (UNPUBLISHED if role == Role.PRESS else REFUSED) in text(app)
    assert figures(app) == []
    assert not app.get("download_button")
    assert resources.notebook().flush()
    [row] = audit.read(
        resources.shared().engine, viewer=system_viewer(NOW), action="page.refused"
    ).to_dicts()
    assert (row["account"], row["role"], row["object"]) == (f"demo:{name}", role, key)
    assert "01" not in json.loads(row["detail"]).values()


# --- suppressed ---------------------------------------------------------------------------------

TOLD = [one.key for one in PAGES if Role.PRESS in one.roles]
SMALL = 3
SMALL_TABLE = """
source = "wards"
platform = "tracing"
mode = "snapshot"
date = { constant = 2021-09-01 }
area = { column = "district", match = "code" }
vintage = "63"
[[measure]]
id = "cases"
column = "n"
"""


@pytest.fixture(scope="module")
def withheld(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published bulletin in which the districts of a province have few cases each."""
    folder = tmp_path_factory.mktemp("withheld")
    path = Path(shutil.copy(empty, folder))
    districts = bundled_pack("vn").areas.filter(
        (pl.col("parent_code") == "48") & (pl.col("vintage") == "63")
    )["code"]
    mapping, table = folder / "wards.toml", folder / "wards.csv"
    mapping.write_text(SMALL_TABLE, encoding="utf-8")
    rows = [f"{code},{SMALL}" for code in districts]
    table.write_text("\n".join(["district,n", *rows]), encoding="utf-8")
    url = f"sqlite:///{path}"
    deliver(url, mapping, table, known_at=NOW - timedelta(hours=1))
    with_shared(url, NOW, cut)
    return path


def test_the_pages_of_the_press_are_more_than_none() -> None:
    assert set(TOLD) >= {"overview", "map"}


@pytest.mark.parametrize("key", TOLD)
@pytest.mark.parametrize("role", ["press", "national"])
def test_suppressed(key: str, role: str, settings: Patch, withheld: Path) -> None:
    """No page tells a count that is withheld; a map of it says that it is."""
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{withheld}")
    query = {"level": "district", "area": "48", "indicator": "cases", "date": f"{LAST}"}
    app = run(key, **{"as": role}, **query)
    assert not app.exception
    assert not app.error
    maps = [json.loads(one.partition(": ")[2]) for one in content(app) if one.startswith("mixed")
            or one.startswith("bytes")]  # fmt: skip
    fine = [one for one in maps if any(len(area["code"]) == 3 for area in one.get("areas", []))]
    told = [value for one in fine for row in one["values"] for value in row if value is not None]
    states = "".join(str(one["states"]) for one in fine)
    if role == "press":
        assert SMALL not in told
        assert "s" in states or key != "map"
    elif key == "map":
        assert SMALL in told, "whoever runs the response sees it: the test can fail"
