"""Versions on both databases: nothing replaced, two officers at once, who sees what."""

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import sqlalchemy as sa

from data_access.actor import Actor
from data_access.codes import Role
from data_access.errors import ScopeDenied
from data_access.rollout import ledger
from data_access.rollout.ledger import Book, RefusedRows
from data_access.rollout.model import Change, Conflict, Kind, Refused
from data_access.viewer import Viewer, make_viewer
from tests.conftest import Database

pytestmark = pytest.mark.db
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
START = datetime(2021, 8, 10, 3, tzinfo=UTC)
NATIONAL = Actor(account="lan", role=Role.NATIONAL)
OWN = Actor(account="minh", role=Role.PROVINCE, areas=frozenset({"79"}))
CANARY = "Canary-của-Hà-Nội"


@pytest.fixture
def book(database: Database) -> Book:
    return Book(engine=database.engine, zone=ZONE, provinces=("01", "79"))


def viewer(role: Role, *areas: str, at: datetime = START + timedelta(days=30)) -> Viewer:
    return make_viewer(role, now=at, areas=frozenset(areas))


def step(
    stage: str, *, base: int, hours: int = 0, province: str = "79", reason: str = "",
    **more: str | None,
) -> Change:  # fmt: skip
    content: dict[str, str | None] = {
        "province": province, "platform": "testing", "stage": stage, "date": "2021-08-10",
        "evidence": "QĐ 12", "owner": "Sở TTTT", **more,
    }  # fmt: skip
    return Change(
        kind=Kind.DEPLOYMENT, item=f"{province}/testing", content=content, base=base,
        at=START + timedelta(hours=hours), reason=reason,
    )  # fmt: skip


def stages(book: Book, *, at: datetime) -> list[str]:
    found = ledger.history(book.engine, viewer=viewer(Role.NATIONAL, at=at))
    return ledger.contents(found, Kind.DEPLOYMENT)["stage"].to_list()


def audited(book: Book) -> Sequence[sa.Row[tuple[str, str, str]]]:
    with book.engine.connect() as connection:
        return connection.execute(
            sa.text("SELECT account, action, detail FROM audit ORDER BY seq")
        ).all()


def test_a_step_closes_nothing_and_the_past_is_as_it_was(book: Book) -> None:
    assert book.put(step("chua_bat_dau", base=0), actor=NATIONAL) == 1
    assert book.put(step("da_ban_hanh_van_ban", base=1, hours=5), actor=OWN) == 2
    assert stages(book, at=START + timedelta(hours=4)) == ["chua_bat_dau"]
    assert stages(book, at=START + timedelta(hours=5)) == ["chua_bat_dau", "da_ban_hanh_van_ban"]
    assert stages(book, at=START - timedelta(hours=1)) == []
    (first, second) = audited(book)
    assert (first[0], first[1]) == ("lan", "rollout.deployment")
    assert second[0] == "minh"
    assert json.loads(second[2])["stage"] == "chua_bat_dau > da_ban_hanh_van_ban"


def test_the_second_officer_is_told_what_the_first_changed_and_nothing_is_written(
    book: Book,
) -> None:
    book.put(step("chua_bat_dau", base=0), actor=NATIONAL)
    book.put(step("da_ban_hanh_van_ban", base=1, hours=1, evidence="QĐ 99"), actor=NATIONAL)
    with pytest.raises(Conflict) as told:
        book.put(step("chua_bat_dau", base=1, hours=2, owner="CDC"), actor=OWN)
    assert (told.value.version, told.value.account) == (2, "lan")
    assert {(d.field, d.before, d.theirs, d.mine) for d in told.value.differences} == {
        ("stage", "chua_bat_dau", "da_ban_hanh_van_ban", "chua_bat_dau"),
        ("evidence", "QĐ 12", "QĐ 99", "QĐ 12"),
    }
    assert len(audited(book)) == 2
    # Seen the new state, the same words go through on top of it.
    book.put(step("da_ban_hanh_van_ban", base=2, hours=3, owner="CDC"), actor=OWN)
    assert len(stages(book, at=START + timedelta(days=1))) == 3


def test_of_many_at_once_exactly_one_is_written(book: Book) -> None:
    book.put(step("chua_bat_dau", base=0), actor=NATIONAL)
    ends: list[str] = []
    ready = threading.Barrier(4)

    def edit(number: int) -> None:
        ready.wait()
        try:
            book.put(step("chua_bat_dau", base=1, hours=1, owner=f"Đơn vị {number}"), actor=OWN)
            ends.append("written")
        except Conflict as error:
            ends.append(error.differences[0].field)

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["owner", "owner", "owner", "written"]
    assert len(stages(book, at=START + timedelta(days=1))) == 2


def test_nobody_writes_what_is_not_theirs_nor_learns_of_it(book: Book) -> None:
    book.put(step("chua_bat_dau", base=0, province="01", owner=CANARY), actor=NATIONAL)
    with pytest.raises(ScopeDenied) as denied:
        book.put(step("chua_bat_dau", base=0, province="01"), actor=OWN)
    assert CANARY not in str(denied.value)
    opened = {"province": "01", "platform": "testing", "severity": "S1", "channel": "phone",
              "summary": CANARY, "opened": START.isoformat()}  # fmt: skip
    book.put(Change(kind=Kind.TICKET, item="T-1", content=opened, base=0, at=START), actor=NATIONAL)
    stolen = Change(kind=Kind.TICKET, item="T-1", content={"province": "79"}, base=0, at=START)
    with pytest.raises(ScopeDenied):
        book.put(stolen, actor=OWN)
    with pytest.raises(Refused):
        book.put(step("chua_bat_dau", base=0, province="99"), actor=NATIONAL)


def test_a_province_reads_its_own_and_the_nations_the_press_nothing(book: Book) -> None:
    book.put(step("chua_bat_dau", base=0, province="01", owner=CANARY), actor=NATIONAL)
    book.put(step("chua_bat_dau", base=0), actor=NATIONAL)
    shift = {"starts": START.isoformat(), "ends": (START + timedelta(hours=8)).isoformat(),
             "lead": "Cục Tin học hóa", "people": "12"}  # fmt: skip
    book.put(Change(kind=Kind.SHIFT, item="ca-1", content=shift, base=0, at=START), actor=NATIONAL)
    own = ledger.history(book.engine, viewer=viewer(Role.PROVINCE, "79"))
    assert own.select("kind", "province").rows() == [("deployment", "79"), ("shift", "")]
    assert CANARY not in own.write_json()
    assert ledger.count(book.engine, viewer=viewer(Role.PROVINCE, "79")) == 2
    assert ledger.history(book.engine, viewer=viewer(Role.PRESS)).is_empty()
    assert ledger.history(book.engine, viewer=viewer(Role.PROVINCE)).is_empty()


def test_office_numbers_are_for_whoever_is_cleared_and_for_the_province_itself(book: Book) -> None:
    team = {"province": "79", "status": "active", "decision": "QĐ 5", "head": "Phó chủ tịch",
            "roster": "Sở TTTT: 028 1234"}  # fmt: skip
    book.put(Change(kind=Kind.TEAM, item="79", content=team, base=0, at=START), actor=OWN)

    def roster(who: Viewer) -> list[str | None]:
        teams = ledger.contents(ledger.history(book.engine, viewer=who), Kind.TEAM)
        return teams["roster"].to_list()

    assert roster(viewer(Role.NATIONAL)) == ["Sở TTTT: 028 1234"]
    assert roster(viewer(Role.PROVINCE, "79")) == ["Sở TTTT: 028 1234"]
    assert roster(viewer(Role.OPERATOR)) == [None]
    # Whoever does not see it does not wipe it out by saying something else.
    change = Change(kind=Kind.TEAM, item="79", content={"status": "inactive"}, base=1,
                    at=START + timedelta(hours=1))  # fmt: skip
    book.put(change, actor=Actor(account="s", role=Role.STEWARD))
    assert roster(viewer(Role.NATIONAL)) == ["Sở TTTT: 028 1234"] * 2
    assert not any("028" in row[2] for row in audited(book))


def test_many_are_all_or_nothing_and_one_audit_row_seals_them(book: Book) -> None:
    good = [step("chua_bat_dau", base=-1), step("da_ban_hanh_van_ban", base=-1, hours=1)]
    bad = step("toan_dien", base=-1, hours=2)
    with pytest.raises(RefusedRows) as refused:
        book.put_many([*good, bad], actor=NATIONAL, origin="f.csv")
    assert [(number, error.field) for number, error in refused.value.refused] == [(3, "reason")]
    assert stages(book, at=START + timedelta(days=1)) == []
    assert audited(book) == []
    assert book.put_many(good, actor=NATIONAL, origin="f.csv") == 2
    assert stages(book, at=START + timedelta(days=1)) == ["chua_bat_dau", "da_ban_hanh_van_ban"]
    [(account, action, detail)] = audited(book)
    assert (account, action, json.loads(detail)["rows"]) == ("lan", "rollout.import", "2")


def test_what_stands_is_the_newest_version(book: Book) -> None:
    book.put_many(
        [step("chua_bat_dau", base=-1), step("da_ban_hanh_van_ban", base=-1, hours=1)],
        actor=NATIONAL, origin="x",
    )  # fmt: skip
    found = ledger.latest(ledger.history(book.engine, viewer=viewer(Role.NATIONAL)))
    assert found.select(pl.col("version")).rows() == [(2,)]


def test_a_moment_before_what_stands_is_refused(book: Book) -> None:
    book.put(step("chua_bat_dau", base=0, hours=5), actor=NATIONAL)
    with pytest.raises(Refused) as refused:
        book.put(step("chua_bat_dau", base=1, hours=1), actor=NATIONAL)
    assert refused.value.code == "before_last"
