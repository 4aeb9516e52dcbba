"""The register of laboratories: who is at work, as known then, in the viewer's provinces."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from data_access.settings import Settings
from data_access.shared import Shared, open_shared
from data_access.viewer import Viewer, parse_viewer
from tests.conftest import Database
from tests.db.gate import KEY, open_gate

pytestmark = pytest.mark.vietnam

NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)
FIRST, SECOND = NOW - timedelta(days=20), NOW - timedelta(days=2)
DAY = date(2021, 9, 1)
HEAD = "lab_code,name,kind,capacity_per_day,opened_on,closed_on,province_code,version"
EARLIER = (
    "L1,Viện A,khang_dinh,100,2021-05-01,,79,1",
    "L2,Viện B,sang_loc,,2021-05-01,2021-08-10,79,1",
    "L3,Viện C,sang_loc,40,2021-08-12,,79,1",
    "L4,Viện D,khang_dinh,70,2021-05-01,,01,1",
)
LATER = ("L1,Viện A,khang_dinh,250,2021-05-01,,79,2",)


@pytest.fixture
def shared(database: Database, tmp_path: Path) -> Iterator[Shared]:
    intake = open_gate(database, tmp_path / "rejects", clock=lambda: NOW)
    for name, rows, known in (("a", EARLIER, FIRST), ("b", LATER, SECOND)):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
        done = intake.records(
            path, platform="testing", source="dang-ky", kind="laboratory", known_at=known
        )
        assert done.counts.rejected == 0
    found = open_shared(
        Settings(database_url=database.url, pseudonym_key=KEY, demo=False, pack="",
                 now=NOW.isoformat())
    )  # fmt: skip
    yield found
    found.close()


def seen(shared: Shared, viewer: Viewer, day: date = DAY) -> list[tuple]:
    found = shared.laboratories(viewer=viewer, day=day)
    return found.select("lab_code", "area_code", "capacity_per_day").rows()


def viewer(text: str, now: datetime = NOW) -> Viewer:
    return parse_viewer(text, now=now)


def test_those_at_work_on_the_day_with_what_was_declared_last(shared: Shared) -> None:
    national = viewer("national")
    first, last = ("L4", "01", 70), ("L3", "79", 40)
    assert seen(shared, national) == [first, ("L1", "79", 250), last]
    assert seen(shared, national, date(2021, 8, 9)) == [
        first, ("L1", "79", 250), ("L2", "79", None)
    ]  # fmt: skip
    # It closed on the 10th, the other opened on the 12th.
    assert seen(shared, national, date(2021, 8, 10)) == [first, ("L1", "79", 250)]
    assert seen(shared, national, date(2021, 8, 12))[-1] == last


def test_as_it_was_known_then(shared: Shared) -> None:
    then = viewer("national", NOW - timedelta(days=5))
    assert ("L1", "79", 100) in seen(shared, then)
    assert ("L1", "79", 250) not in seen(shared, then)
    before = viewer("national", FIRST - timedelta(days=1))
    assert seen(shared, before) == []


def test_a_province_sees_its_own_and_the_press_none(shared: Shared) -> None:
    assert seen(shared, viewer("province:01")) == [("L4", "01", 70)]
    assert {row[1] for row in seen(shared, viewer("province:79"))} == {"79"}
    press = shared.laboratories(viewer=viewer("press"), day=DAY)
    assert press.is_empty()
    assert press.schema["capacity_per_day"] == pl.Int64
