"""QR places by ward and day, against plain Python over the same rows; scope; as known then."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from data_access.places import place_activity
from data_access.settings import Settings
from data_access.shared import Shared, open_shared
from data_access.viewer import Viewer, parse_viewer
from tests.conftest import Database
from tests.db.gate import KEY, open_gate

pytestmark = pytest.mark.vietnam

NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
START, END = date(2021, 8, 28), date(2021, 9, 1)
WARDS = (("01", "001", "00001"), ("01", "001", "00004"), ("79", "760", "26734"), ("79", "760", ""))


def written() -> tuple[list[tuple], list[tuple]]:
    """Places (code, ward, registered, closed) and scans (id, place, moment), by chance."""
    chance = random.Random(11)  # noqa: S311 -- invented rows
    first = datetime(2021, 8, 20, tzinfo=HANOI)
    places, scans = [], []
    for number in range(24):
        opened = first + timedelta(hours=chance.randrange(0, 270))
        closed = opened + timedelta(hours=chance.randrange(1, 200)) if number % 5 == 0 else None
        closed = closed if closed and closed < NOW else None
        places.append((f"P{number}", WARDS[number % 4], opened, closed))
        for _ in range(chance.randrange(0, 9) if number % 3 else 0):
            moment = first + timedelta(minutes=chance.randrange(0, 13 * 1440))
            scans.append((f"S{len(scans)}", f"P{number}", moment))
    scans.append(("S-lạ", "không ai đăng ký", first + timedelta(days=9)))
    return places, scans


def iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


@pytest.fixture
def shared(database: Database, tmp_path: Path) -> Iterator[Shared]:
    places, scans = written()
    gate = open_gate(database, tmp_path / "rejects", clock=lambda: NOW)
    of_places = ["place_code,kind,registered_at,closed_at,province_code,district_code,ward_code"]
    of_places += [
        f"{code},cho,{iso(opened)},{iso(closed)},{','.join(where)}"
        for code, where, opened, closed in places
    ]
    of_scans = ["scan_id,place_code,scanned_at,province_code"]
    of_scans += [f"{key},{place},{iso(moment)},79" for key, place, moment in scans]
    for kind, rows in (("place", of_places), ("scan", of_scans)):
        path = tmp_path / f"{kind}.csv"
        path.write_text("\n".join(rows), encoding="utf-8")
        done = gate.records(
            path, platform="checkpoints", kind=kind, source="qr", known_at=NOW - timedelta(hours=1)
        )
        assert done.counts.rejected == 0
    found = open_shared(
        Settings(
            database_url=database.url, pseudonym_key=KEY, demo=False, pack="", now=NOW.isoformat()
        )
    )
    yield found
    found.close()


def expected() -> dict[tuple[date, str, str], tuple[int, int, int, int]]:
    places, scans = written()
    wanted = {}
    day = START
    while day <= END:
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=HANOI)
        for where in WARDS:
            there = [
                (code, opened)
                for code, own, opened, closed in places
                if own == where and opened < end and (closed is None or closed >= end)
            ]
            if not there:
                continue
            counts = {
                code: sum(p == code and m.astimezone(HANOI).date() == day for _, p, m in scans)
                for code, _ in there
            }
            wanted[day, where[0], where[2]] = (
                len(there),
                sum(opened.astimezone(HANOI).date() == day for _, opened in there),
                sum(n > 0 for n in counts.values()),
                sum(counts.values()),
            )
        day += timedelta(days=1)
    return wanted


def seen(shared: Shared, viewer: Viewer) -> dict[tuple, tuple]:
    found = shared.place_activity(viewer=viewer, start=START, end=END)
    return {row[:3]: row[3:] for row in found.iter_rows()}


def test_every_ward_s_day_is_what_the_rows_say(shared: Shared) -> None:
    national = parse_viewer("national", now=NOW)
    assert seen(shared, national) == expected()
    assert any(active for *_, active, _ in expected().values())


def test_a_province_sees_its_own_the_press_nothing_and_nobody_the_future(shared: Shared) -> None:
    own = seen(shared, parse_viewer("province:01", now=NOW))
    assert own == {key: value for key, value in expected().items() if key[1] == "01"}
    assert seen(shared, parse_viewer("press", now=NOW)) == {}
    before = parse_viewer("national", now=NOW - timedelta(hours=2))
    assert seen(shared, before) == {}
    assert place_activity(
        shared.cube, shared.engine, viewer=before, start=END, end=START
    ).is_empty()  # fmt: skip
