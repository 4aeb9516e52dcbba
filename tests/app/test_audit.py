"""What people look at, take away and are refused is in the audit log, whatever the caches hold."""

import json
import shutil
import sys
from typing import Any

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager

from dashboard import resources
from dashboard.navigation import PAGES
from data_access import audit
from data_access.codes import Role
from data_access.engine import make_engine
from data_access.errors import DatabaseUnavailable
from data_access.viewer import system_viewer
from tests.app.conftest import NOW, run
from tests.app.test_tracing import _clusters, _with_clusters  # noqa: F401 -- fixtures

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]
BEFORE = 0
CLOSED = [entry.key for entry in PAGES if Role.PRESS not in entry.roles]


@pytest.fixture(autouse=True)
def _own_database(settings, tmp_path, _with_clusters, _clusters) -> None:  # noqa: F811
    """Each test has a log of its own."""
    shutil.copy(_with_clusters, tmp_path / "own.sqlite")
    url = f"sqlite:///{tmp_path / 'own.sqlite'}"
    settings.setenv("TUYENDAU_DATABASE_URL", url)
    # Other tests may have looked at what is copied here.
    engine = make_engine(url)
    settings.setattr(
        sys.modules[__name__], "BEFORE", audit.read(engine, viewer=system_viewer(NOW)).height
    )
    engine.dispose()


def rows(action: str = "") -> list[dict[str, Any]]:
    """Return what is on record, the oldest first."""
    assert resources.notebook().flush()
    found = audit.read(resources.shared().engine, viewer=system_viewer(NOW), action=action)
    mine = [row for row in found.reverse().to_dicts() if row["seq"] > BEFORE]
    return [row | {"detail": json.loads(row["detail"])} for row in mine]


@pytest.mark.parametrize("page", CLOSED)
def test_a_refused_page_is_one_row_however_often_it_is_loaded(page: str) -> None:
    for _ in range(3):
        run(page, **{"as": "press"})
    found = rows("page.refused")
    assert [(row["account"], row["role"], row["object"]) for row in found] == [
        ("demo:press", "press", page)
    ]


def test_without_a_demonstration_nobody_is_refused_on_record(settings) -> None:
    settings.setenv("TUYENDAU_DEMO", "0")
    run("levels")
    assert {(row["account"], row["object"]) for row in rows()} >= {("nobody", "levels")}


def test_a_cluster_is_on_record_for_each_who_is_shown_it() -> None:
    """The second one is served from the cache, and noted all the same."""
    run("tracing", **{"as": "national", "cluster": "K"})
    run("tracing", **{"as": "province:79", "cluster": "K"})
    run("tracing", **{"as": "admin", "cluster": "K"})
    seen = [(row["account"], row["object"]) for row in rows("cluster.read")]
    for account in ("demo:national", "demo:province:79"):
        assert (account, "tracing/K") in seen
    assert {"demo:national", "demo:province:79"} <= {r["account"] for r in rows("cluster.list")}
    assert all(row["previous_hash"] for row in rows())
    whole = audit.verify(resources.shared().engine, viewer=system_viewer(NOW))
    assert whole.broken is None


def test_looking_again_soon_is_the_same_row() -> None:
    run("tracing", **{"cluster": "K"})
    before = len(rows())
    run("tracing", **{"cluster": "K"})
    assert len(rows()) == before > 0


def test_quarantine_sites_are_on_record() -> None:
    run("quarantine")
    assert ("demo:national", "quarantine") in {
        (row["account"], row["object"]) for row in rows("quarantine.sites")
    }


def test_no_page_without_cases_or_sites_is_on_record() -> None:
    run("overview")
    run("testing")
    assert rows() == []


@pytest.mark.parametrize("page", ["map", "tracing"])
def test_a_file_is_made_and_on_record_when_it_is_asked_for(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: dict[str, Any] = {}

    def remember(_self: MediaFileManager, make: Any, *_: Any, **named: Any) -> str:
        offered[named.get("file_name") or str(len(offered))] = make
        return "later"

    monkeypatch.setattr(MediaFileManager, "add_deferred", remember)
    app = run(page)
    assert not app.exception
    assert offered
    assert rows("file") == []
    for make in offered.values():
        assert make().startswith(b"\xef\xbb\xbf")
    found = rows("file.download")
    assert len(found) == len(offered)
    assert {row["account"] for row in found} == {"demo:national"}
    assert all(row["object"].endswith(".csv") for row in found)


def test_what_cannot_be_put_on_record_is_not_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    offered: list[Any] = []
    monkeypatch.setattr(
        MediaFileManager, "add_deferred", lambda _s, make, *_, **__: offered.append(make) or "x"
    )
    run("map")

    def away(*_: object) -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(resources.notebook(), "_write", away)
    with pytest.raises(DatabaseUnavailable):
        offered[0]()
