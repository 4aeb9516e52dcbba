"""Movements between provinces, against plain Python over the same rows; scope; small flows."""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from data_access.errors import ScopeDenied
from data_access.settings import Settings
from data_access.shared import Shared, open_shared
from data_access.viewer import parse_viewer
from tests.conftest import Database
from tests.db.gate import KEY, open_gate
from tests.db.reconcile.clean_days import person

pytestmark = [pytest.mark.db, pytest.mark.vietnam]
NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
START, END = date(2021, 8, 26), date(2021, 9, 1)
PROVINCES = ("01", "26", "27", "74", "79")
Scan = tuple[str, str, str, datetime]
"""(id, citizen number or none, province, moment)."""


def scans() -> list[Scan]:
    """By chance, with many on the way from 79 to 74, and some at one moment or days apart."""
    chance = random.Random(5)  # noqa: S311 -- invented rows
    first = datetime(2021, 8, 23, tzinfo=HANOI)
    made: list[Scan] = []
    for number in range(90):
        moment = first + timedelta(minutes=chance.randrange(9 * 1440))
        for _ in range(chance.randrange(1, 5)):
            made.append((f"S{len(made)}", person(number), chance.choice(PROVINCES), moment))
            moment += timedelta(minutes=chance.choice((0, 30, 600, 1440, 2000, 2900)))
    for number in range(200, 214):
        moment = datetime(2021, 8, 29, 23, 30, tzinfo=HANOI)
        made += [(f"S{len(made)}", person(number), "79", moment),
                 (f"T{len(made)}", person(number), "74", moment + timedelta(hours=1))]  # fmt: skip
    made.append(("S-nobody", "", "01", first + timedelta(days=5)))
    return [one for one in made if one[3] < NOW]


def expected(*, touching: str = "") -> dict[tuple[str, str], tuple[int, date]]:
    """Walk through each person's scans."""
    of_person: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for _, who, province, moment in scans():
        if who:
            of_person[who].append((moment, province))
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    newest: dict[tuple[str, str], date] = {}
    for who, own in of_person.items():
        # Of one moment, the lower number of the area comes first, as provinces were listed.
        own.sort()
        for (before, origin), (after, destination) in zip(own, own[1:], strict=False):
            left, came = before.astimezone(HANOI).date(), after.astimezone(HANOI).date()
            if origin == destination or before == after or (came - left).days > 1:
                continue
            if START <= came <= END and (not touching or touching in (origin, destination)):
                people[origin, destination].add(who)
                newest[origin, destination] = max(came, newest.get((origin, destination), came))
    return {pair: (len(found), newest[pair]) for pair, found in people.items()}


@pytest.fixture
def shared(database: Database, tmp_path: Path) -> Iterator[Shared]:
    gate = open_gate(database, tmp_path / "rejects", clock=lambda: NOW)
    lines = ["scan_id,place_code,scanned_at,province_code,id_no"]
    lines += [
        f"{key},P{province},{moment.isoformat()},{province},{who}"
        for key, who, province, moment in scans()
    ]
    path = tmp_path / "scan.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    known = NOW - timedelta(hours=1)
    done = gate.records(path, platform="checkpoints", kind="scan", source="qr", known_at=known)
    assert done.counts.rejected == 0
    found = open_shared(
        Settings(
            database_url=database.url, pseudonym_key=KEY, demo=False, pack="", now=NOW.isoformat()
        )
    )
    yield found
    found.close()


def seen(shared: Shared, role: str, *, now: datetime = NOW) -> dict[tuple, tuple]:
    viewer = parse_viewer(role, now=now)
    found = shared.flows(viewer=viewer, start=START, end=END)
    return {row[:2]: row[2:] for row in found.iter_rows()}


def test_the_nation_s_flows_are_what_the_scans_say(shared: Shared) -> None:
    wanted = expected()
    found = seen(shared, "national")
    assert found == {pair: (*told, 1) for pair, told in wanted.items()}
    assert wanted["79", "74"][0] >= 14
    assert [persons for persons, *_ in found.values()] == sorted(
        (persons for persons, *_ in found.values()), reverse=True
    )


@pytest.mark.parametrize("role", ["operator", "province:79"])
def test_small_flows_are_counted_but_not_shown_below_the_nation(shared: Shared, role: str) -> None:
    wanted = expected(touching="79" if role.startswith("province") else "")
    small = sum(persons < 5 for persons, _ in wanted.values())
    found = seen(shared, role)
    assert small > 0
    assert found.pop((None, None)) == (None, None, small)
    assert found == {pair: (*told, 1) for pair, told in wanted.items() if told[0] >= 5}
    assert all("79" in pair for pair in found) or role == "operator"


def test_nobody_sees_the_future_and_the_press_nothing(shared: Shared) -> None:
    assert seen(shared, "national", now=NOW - timedelta(hours=2)) == {}
    with pytest.raises(ScopeDenied):
        seen(shared, "press")
