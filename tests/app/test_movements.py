"""Movements and visited places on their pages: figures are what pandas counts in the files."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from dashboard import session
from tests import command_world as world
from tests.app.conftest import html, run

pytestmark = pytest.mark.app
NAMES = {"01": "Hà Nội", "48": "Đà Nẵng", "79": "Hồ Chí Minh"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("movements")
    world.write_records(made / "records")
    world.fill(f"sqlite:///{made / 'world.sqlite'}", made / "records")
    return made


@pytest.fixture(autouse=True)
def _on_the_world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{folder / 'world.sqlite'}")
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    monkeypatch.setenv("TUYENDAU_NOW", world.NOW.isoformat())
    yield
    world.rows_of.cache_clear()


def counted(folder: Path) -> dict[tuple[str, str], int]:
    """Return different people by way, of the week up to the last day."""
    scans = world.rows_of(folder / "records", "checkpoints", "scan", "scan_id")
    scans = scans.assign(day=world.local_day(scans["scanned_at"]),
                         at=world.moment(scans["scanned_at"]))  # fmt: skip
    scans = scans.sort_values(["id_no", "at"], kind="stable")
    before = scans.groupby("id_no")[["province_code", "day", "at"]].shift(1)
    scans = scans.assign(origin=before["province_code"], left=before["day"], earlier=before["at"])
    moved = scans.dropna(subset=["origin"])
    moved = moved[(moved["origin"] != moved["province_code"]) & (moved["at"] > moved["earlier"])]
    apart = pd.to_datetime(moved["day"]) - pd.to_datetime(moved["left"])
    moved = moved[(apart <= timedelta(days=1)) & (moved["day"] >= world.LAST - timedelta(days=6))
                  & (moved["day"] <= world.LAST)]  # fmt: skip
    found = moved.groupby(["origin", "province_code"])["id_no"].nunique()
    return {(str(pair[0]), str(pair[1])): int(n) for pair, n in found.items()}


def shown(text: str) -> dict[tuple[str, str], int]:
    """Return what the table of movements says."""
    start = text.index("<caption", text.index("Di chuyển"))
    table = text[start : text.index("</table>", start)]
    codes = {name: code for code, name in NAMES.items()}
    rows = re.findall(r"<td>([^<]*)</td><td>([^<]*)</td><td>(\d+)</td>", table)
    return {(codes[origin], codes[to]): int(n) for origin, to, n in rows}


def test_the_nation_sees_every_way(folder: Path) -> None:
    wanted = counted(folder)
    assert wanted
    app = run("checkpoints", **{"as": "national"})
    assert not app.exception
    assert shown(html(app)) == wanted


def test_a_province_sees_ways_of_its_own_and_no_small_ones(folder: Path) -> None:
    own = {pair: n for pair, n in counted(folder).items() if "01" in pair}
    small = sum(n < 5 for n in own.values())
    app = run("checkpoints", **{"as": "province:01"})
    text = html(app)
    large = {pair: n for pair, n in own.items() if n >= 5}
    if large:
        assert shown(text) == large
    else:
        assert "Không có di chuyển nào" in text
    assert (f"{small} luồng dưới 5 người không hiển thị." in text) is (small > 0)


@pytest.mark.parametrize("page", ["checkpoints", "tracing"])
def test_visited_places_are_for_those_who_may_see_small_counts(page: str) -> None:
    title = "Nơi ca bệnh đã đến trong thời kỳ lây nhiễm"
    for role, seen in (("national", True), ("province:79", True), ("press", False)):
        app = run(page, **{"as": role})
        assert not app.exception
        assert (title in html(app)) is seen, role


@pytest.mark.parametrize(
    "second", [{"indicator2": "deaths"}, {"day2": "2021-08-25"}, {"indicator2": "no_such_thing"}]
)
def test_a_second_map_beside_the_first(second: dict[str, str]) -> None:
    app = run("map", indicator="cases", layer="flows", **{"as": "national"}, **second)
    assert not app.exception
    view = app.session_state[session.VIEW]
    wanted = second.get("indicator2", "cases")
    titles = re.findall(r'<h2 class="td-section">([^<]*)</h2>', html(app))
    names = {"deaths": "Ca tử vong", "cases": "Ca mắc mới"}
    both = [title for title in titles if title in names.values()]
    if wanted in names:
        assert both == ["Ca mắc mới", names[wanted]]
    else:
        assert view.indicator2 is None
        assert both == []
