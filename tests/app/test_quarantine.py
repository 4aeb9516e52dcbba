"""The quarantine page on a country whose stays and sites are known one by one."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import resources
from dashboard.quarantine_days import outlook
from data_access.engine import make_engine
from data_access.errors import DatabaseUnavailable
from data_access.ingest.intake import Intake
from data_access.reference.areas import load_areas
from data_access.viewer import system_viewer
from tests.app.conftest import LAST, NOW, deliver, fill, html, run

pytestmark = pytest.mark.app
DAYS = 20
FACILITIES = """facility_id,name,kind,beds_total,beds_usable,opened_on,province_code,district_code
A,Khu <b>A</b>,tap_trung,220,200,2021-01-01,79,760
B,Khu B,khach_san,60,50,2021-01-01,01,001
C,Khu C,tap_trung,45,40,2021-01-01,74,718
"""
CAME = {"79": [6 + back % 3 for back in range(DAYS)], "01": [1] * DAYS, "74": [2] * DAYS}
"""Admissions by days back; one person a day leaves in each province."""
AT_HOME = 3
STOCK = """
source = "province-report"
platform = "quarantine"
mode = "snapshot"
date = { column = "date", format = "%Y-%m-%d" }
area = { column = "province", match = "code" }
[[measure]]
id = "quarantine_occupied"
column = "occupied"
[[measure]]
id = "quarantine_admissions"
column = "came"
[[measure]]
id = "quarantine_discharges"
column = "went"
"""


def at(day: date, hour: int) -> str:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC).isoformat()


def stays() -> str:
    """Return every stay: who leaves came on the first day."""
    lines = ["stay_id,class,facility_id,facility_kind,home_ward,start_ts,actual_end,end_reason,"
             "province_code"]  # fmt: skip
    where = {"79": ("A", "tap_trung"), "01": ("B", "khach_san"), "74": ("C", "tap_trung")}
    for code, (site, kind) in where.items():
        for back in range(DAYS):
            day = LAST - timedelta(days=back)
            for number in range(CAME[code][back]):
                lines.append(f"{code}-{back}-{number},F1,{site},{kind},,{at(day, 3)},,,{code}")
            gone = at(LAST - timedelta(days=DAYS + 5), 3)
            lines.append(f"{code}-out-{back},F1,{site},{kind},,{gone},{at(day, 4)},du_ngay,{code}")
    begun = at(LAST - timedelta(days=DAYS + 2), 3)
    lines += [f"home-{n},F1,,,26740,{begun},,,79" for n in range(AT_HOME)]
    return "\n".join(lines)


def at_sites(code: str) -> int:
    return sum(CAME[code])


def inside(code: str) -> int:
    return at_sites(code) + (AT_HOME if code == "79" else 0)


def take_in(url: str, folder: Path, *, kinds: tuple[str, ...] = ("facility", "stay")) -> None:
    engine = make_engine(url)
    gate = Intake(
        engine=engine,
        areas=load_areas(engine, viewer=system_viewer(NOW)),
        clock=lambda: NOW,
        pseudonym_key="of invented people only",
        rejects_folder=folder / "rejects",
    )
    texts = {"facility": FACILITIES, "stay": stays()}
    for kind in kinds:
        path = folder / f"{kind}.csv"
        path.write_text(texts[kind], encoding="utf-8")
        got = gate.records(
            path, platform="quarantine", kind=kind, source="q", known_at=NOW - timedelta(hours=1)
        )
        assert got.counts.rejected == 0
    engine.dispose()


@pytest.fixture(scope="session")
def _held(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("quarantine")
    url = f"sqlite:///{folder / 'held.sqlite'}"
    fill(url, folder)
    take_in(url, folder)
    return url


@pytest.fixture
def held(settings: pytest.MonkeyPatch, _held: str) -> pytest.MonkeyPatch:
    settings.setenv("TUYENDAU_DATABASE_URL", _held)
    return settings


def words(app: AppTest) -> str:
    notices = [one.value for kind in ("info", "warning", "error") for one in app.get(kind)]
    plain = re.sub(r"<[^>]+>", " ", html(app))
    return re.sub(r"\s+", " ", unescape(plain)) + " ".join(notices)


def tables(app: AppTest, caption: str) -> list[list[str]]:
    """Return the rows of the table whose caption begins so."""
    for block in re.findall(r"<table.*?</table>", html(app), flags=re.DOTALL):
        if re.search(rf"<caption[^>]*>{re.escape(caption)}", block):
            rows = re.findall(r"<tr[^>]*>(.*?)</tr>", block, flags=re.DOTALL)
            return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows][1:]
    return []


@pytest.mark.usefixtures("held")
def test_the_nation() -> None:
    app = run("quarantine", lang="en")
    assert not app.exception
    assert not app.error
    people = sum(inside(code) for code in CAME)
    assert f"people {people}, usable beds 290, exactly the figures of this page" in words(app)
    assert f"At no site: in home quarantine {AT_HOME}, with no place stated 0 (people)" in words(
        app
    )
    rows = tables(app, "Quarantine sites")
    assert [row[0] for row in rows] == ["Khu C", "Khu &lt;b&gt;A&lt;/b&gt;", "Khu B"]
    assert rows[0][1:4] == ["100%", "40", "40/45"]
    assert rows[0][5:7] == ["Centralised", "Thu Dau Mot, Binh Duong"]
    listed = tables(app, "Days until beds are full")
    assert [(row[0], row[3], row[1]) for row in listed] == [
        ("Binh Duong", "0", "Full"),
        ("Ho Chi Minh City", str(200 - at_sites("79")), f"{days_of('79', 200):.1f}"),
    ]
    short = tables(app, "Who nearby has room")
    assert [row[0] for row in short] == ["Binh Duong"]
    assert short[0][2].startswith(f"Ho Chi Minh City: {200 - at_sites('79')} free, ")
    assert "in all 3 provinces that can be compared" in words(app)


def days_of(code: str, beds: int) -> float:
    came = [float(number) for number in reversed(CAME[code])]
    found = outlook(beds - at_sites(code), came, [1.0] * DAYS)
    assert found.days is not None
    return (beds - at_sites(code)) / (sum(came[-7:]) / 7 - 1)


@pytest.mark.usefixtures("held")
def test_a_province_chosen() -> None:
    app = run("quarantine", lang="en", area="79")
    text = words(app)
    assert f"Ho Chi Minh City is full in {days_of('79', 200):.1f} days; 90% interval: " in text
    card = re.search(r'data-id="quarantine_days_to_full">.*?<strong>([\d.]+)</strong>', html(app))
    assert card
    assert card[1] == f"{days_of('79', 200):.1f}"
    near = tables(app, "Who near Ho Chi Minh City has room")
    assert [row[0] for row in near if row[3] == "Yes"][:2] == ["Binh Duong", "Long An"]
    assert ["Hanoi", "30", "No"] in [[row[0], row[1], row[3]] for row in near]
    kinds = tables(app, "Beds and people by kind")
    assert [(row[0], row[3]) for row in kinds] == [
        ("Centralised", str(sum(CAME["79"]))), ("Home", "3"), ("All", str(inside("79"))),
    ]  # fmt: skip
    assert kinds[1][1:3] == ["no beds counted"] * 2
    assert kinds[2][4:] == [str(200 - at_sites("79")), f"{at_sites('79') / 200:.1%}"]
    before = inside("79") - CAME["79"][0] + 1
    assert (
        f"{before} the day before + {CAME['79'][0]} admissions − 1 discharges − "
        f"{inside('79')} in quarantine = 0" in text
    )


@pytest.mark.usefixtures("held")
def test_a_province_learns_nothing_of_another_s_sites() -> None:
    app = run("quarantine", lang="en", **{"as": "province:01"})
    assert not app.exception
    assert [row[0] for row in tables(app, "Quarantine sites")] == ["Khu B"]
    assert "Khu C" not in html(app)
    assert "outside what this account may see" in words(app)
    near = tables(app, "Who near Hanoi has room")
    assert len(near) > 5
    assert {len(row) for row in near} == {3}
    assert "is not filling: 0.0 people a day over the last 7 days; beds free: 30" in words(app)


@pytest.mark.usefixtures("held")
def test_a_day_before_anything_was_known() -> None:
    app = run("quarantine", lang="vi", date="2021-08-03", area="01")
    assert not app.exception
    assert not app.error
    assert "Khu B" in words(app)
    assert "chưa đủ số liệu tiếp nhận, kết thúc và giường" in words(app)


@pytest.mark.usefixtures("settings")
def test_without_any_record_every_part_says_so() -> None:
    app = run("quarantine", lang="vi")
    assert not app.exception
    text = words(app)
    assert "Chưa có hồ sơ cơ sở cách ly nào ở khu vực và ngày này" in text
    assert "Chưa nguồn nào báo cáo tiếp nhận, kết thúc trong giai đoạn này" in text
    assert "Chưa đủ số liệu để đối chiếu" in text
    assert "Không tỉnh, thành nào đang tăng" in text


def test_the_database_away_while_sites_are_counted(held: pytest.MonkeyPatch) -> None:
    run("quarantine")

    def gone(*_args: object, **_more: object) -> object:
        raise DatabaseUnavailable("the shared database does not answer")

    held.setattr(type(resources.shared()), "quarantine_sites", gone)
    app = run("quarantine", date="2021-08-31")
    assert not app.exception
    assert "Chưa kết nối được cơ sở dữ liệu" in words(app)
    assert "Giường và người theo loại hình" in words(app)


def test_a_reported_stock_that_does_not_balance_is_named(
    settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Sites come from the register, people from a province's report: no stay is on record."""
    url = f"sqlite:///{tmp_path}/reported.sqlite"
    fill(url, tmp_path)
    take_in(url, tmp_path, kinds=("facility",))
    (tmp_path / "stock.toml").write_text(STOCK, encoding="utf-8")
    rows = [f"{LAST - timedelta(days=1)},79,100,0,0", f"{LAST},79,105,9,2"]
    rows += [f"{LAST - timedelta(days=1)},01,10,0,0", f"{LAST},01,10,3,3"]
    table = tmp_path / "stock.csv"
    table.write_text("\n".join(["date,province,occupied,came,went", *rows]), encoding="utf-8")
    deliver(url, tmp_path / "stock.toml", table, known_at=NOW - timedelta(minutes=30))
    settings.setenv("TUYENDAU_DATABASE_URL", url)
    text = words(run("quarantine", lang="en"))
    assert "1 of 2 provinces does not balance on 1 Sep 2021: Ho Chi Minh City (+2)." in text
    assert (
        "All records added up: people 0, usable beds 290; figures of this page: people 115" in text
    )
    assert "The page takes the preferred source: province-report, q." in text
