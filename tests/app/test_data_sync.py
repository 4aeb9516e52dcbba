"""The sync desk on a country where it is known who was silent, late and partial."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import LAST, deliver, fill, html, run

pytestmark = pytest.mark.app
MAPPING = """
source = "bulletin"
platform = "tracing"
mode = "increment"
date = { column = "date", format = "%Y-%m-%d" }
area = { column = "province", match = "code" }
[[measure]]
id = "cases"
column = "cases"
"""
DAYS = 34
SILENT, LATE, PARTIAL = "79", "48", "92"
LATE_DAY, PARTIAL_DAY = date(2021, 8, 30), date(2021, 8, 31)


def due(day: date) -> datetime:
    """16:00 in Hanoi the day after."""
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(days=1)


@pytest.fixture(scope="session")
def _desk(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("desk")
    url = f"sqlite:///{folder / 'desk.sqlite'}"
    fill(url, folder, figures=False)
    (folder / "daily.toml").write_text(MAPPING, encoding="utf-8")
    for back in range(DAYS, -1, -1):
        day = LAST - timedelta(days=back)
        rows = [f"{day},01,100", f"{day},{PARTIAL},{8 if day == PARTIAL_DAY else 100}"]
        rows += [f"{day},{SILENT},100"] if day != LAST else [f"{day},zz,100"]
        late = [f"{day},{LATE},100"]
        _send(url, folder, day, rows if day == LATE_DAY else rows + late, known=due(day), hours=-2)
        if day == LATE_DAY:
            _send(url, folder, day, late, known=due(day), hours=26, name="late")
    (folder / "watch.toml").write_text(
        MAPPING.replace("tracing", "surveillance").replace("bulletin", "sentinel"), encoding="utf-8"
    )
    odd = folder / "sentinel.csv"
    odd.write_text(f"date,province,cases\n{LAST},48,140\n{LAST},01,many\n", encoding="utf-8")
    deliver(url, folder / "watch.toml", odd, known_at=due(LAST) - timedelta(hours=1))
    return url


def _send(
    url: str, folder: Path, day: date, rows: list[str], *, known: datetime, hours: int,
    name: str = "daily",
) -> None:  # fmt: skip
    path = folder / f"{name}-{day}.csv"
    path.write_text("\n".join(["date,province,cases", *rows]), encoding="utf-8")
    deliver(url, folder / "daily.toml", path, known_at=known + timedelta(hours=hours))


@pytest.fixture
def desk(settings: pytest.MonkeyPatch, _desk: str) -> None:
    settings.setenv("TUYENDAU_DATABASE_URL", _desk)


def words(app: AppTest) -> str:
    assert not app.exception
    assert not app.error
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html(app)))


@pytest.mark.usefixtures("desk")
def test_the_sentence_counts_the_newest_due_day() -> None:
    found = words(run("data_sync", lang="vi"))
    assert "Số liệu ngày 01/09/2021: 3/4 báo cáo (tỉnh × nền tảng) đúng hạn" in found
    assert "0 muộn, 0 thiếu, 1 im lặng" in found
    assert "Đang im lặng: Hồ Chí Minh (" in found


@pytest.mark.usefixtures("desk")
def test_each_province_s_debt_says_what_it_is_made_of() -> None:
    found = words(run("data_sync", lang="en"))
    assert "1 day silent" in found
    assert "26 hours late" in found
    assert "1 day partial" in found
    assert "focal point for testing, no number entered" in found


@pytest.mark.usefixtures("desk")
def test_refused_rows_are_named_and_can_be_sent_back() -> None:
    app = run("data_sync", lang="en")
    assert "No such area on that day" in words(app)
    labels = [button.proto.label for button in app.get("download_button")]
    assert any(label.startswith("daily-2021-09-01.csv") for label in labels)


@pytest.mark.usefixtures("desk")
def test_what_no_platform_delivered_is_named_too() -> None:
    found = words(run("data_sync", lang="en"))
    assert "Surveillance sentinel Not a number 1 1" in found


@pytest.mark.usefixtures("desk")
def test_contradictions_are_listed_and_can_be_narrowed_by_a_link() -> None:
    found = words(run("data_sync", lang="en"))
    assert "1 of 1 contradiction" in found
    assert "100 (New cases · bulletin)" in found
    assert "140 (New cases · sentinel)" in found
    app = run("data_sync", lang="en", rule="sources_differ", area=LATE)
    assert "1 of 1 contradiction" in words(app)
    assert dict(app.query_params)["rule"] == "sources_differ"


@pytest.mark.usefixtures("desk")
def test_a_picked_cell_shows_its_feed_and_the_ledger() -> None:
    app = run("data_sync", lang="en", platform="tracing", cell=f"{LATE}.{LATE_DAY}")
    found = words(app)
    assert "Tracing, cases, Da Nang" in found
    assert "late-2021-08-30.csv" in found
    assert dict(app.query_params)["cell"] == f"{LATE}.{LATE_DAY}"


@pytest.mark.usefixtures("desk")
def test_a_province_sees_its_own_desk_only() -> None:
    found = words(run("data_sync", **{"as": f"province:{LATE}", "lang": "vi"}))
    own = found.split("Nguồn số liệu")[0]
    assert "Ma trận báo cáo: " in own
    assert "26 giờ muộn" in own
    assert "ngày im lặng" not in own
    assert "daily-2021" not in own
    for other in ("Hà Nội", "Hồ Chí Minh", "Cần Thơ"):
        assert other not in own


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("cell", ["zz.2021-08-30", "79", "79.not-a-day", "79.2021-13-45"])
def test_a_link_to_no_cell_asks_to_pick_one(cell: str) -> None:
    found = words(run("data_sync", platform="tracing", cell=cell))
    assert "Chọn một ô" in found
