"""What is said by hand of levels, on both databases: checked, attributed, nothing lost."""

import json
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access.actor import Actor
from data_access.cli.program import main
from data_access.codes import Role
from data_access.engine import writing
from data_access.errors import ScopeDenied
from data_access.levels import hand
from data_access.levels.asked import InputRefused, Said
from data_access.levels.hand import HandBook, SaidMeanwhile
from data_access.reference.areas import load_areas
from data_access.reference.load import load_reference
from data_access.reference.pack import Pack
from data_access.viewer import Viewer, make_viewer, system_viewer
from tests.conftest import Database

pytestmark = pytest.mark.db
NOW = datetime(2021, 10, 22, 3, tzinfo=UTC)
DAY = date(2021, 10, 15)
NATIONAL = Actor(account="lan", role=Role.NATIONAL)
CITY = Actor(account="minh", role=Role.PROVINCE, areas=frozenset({"79"}))
CANARY = "Canary-của-Hà-Nội"
Out = pytest.CaptureFixture[str]


@pytest.fixture
def book(database: Database, vn_pack: Pack, monkeypatch: pytest.MonkeyPatch) -> HandBook:
    with writing(database.engine) as connection:
        load_reference(connection, vn_pack)
    for name, value in {"DATABASE_URL": database.url, "NOW": NOW.isoformat()}.items():
        monkeypatch.setenv(f"TUYENDAU_{name}", value)
    return HandBook(engine=database.engine,
                    areas=load_areas(database.engine, viewer=system_viewer(NOW)))  # fmt: skip


def viewer(role: Role, *areas: str, at: datetime = NOW) -> Viewer:
    return make_viewer(role, now=at, areas=frozenset(areas))


def plans(value: str = "yes", *, area: str = "79", base: int = -1, source: str = "CV 12") -> Said:
    return Said(area=area, key="plans_ready", value=value, since=DAY, source=source, base=base)


def told(book: HandBook, seen: Viewer) -> list[tuple[str, object, str]]:
    return [(one.area, one.value, one.account) for one in hand.said(book.engine, viewer=seen)]


def audited(book: HandBook) -> Sequence[sa.Row[tuple[str, str, str, str]]]:
    with book.engine.connect() as connection:
        return connection.execute(
            sa.text("SELECT account, action, object, detail FROM audit ORDER BY seq")
        ).all()


def test_every_version_is_kept_attributed_and_audited(book: HandBook) -> None:
    assert book.put(plans(), actor=NATIONAL, at=NOW) == 1
    assert book.put(plans("no", base=1), actor=CITY, at=NOW + timedelta(hours=2)) == 2
    later = viewer(Role.NATIONAL, at=NOW + timedelta(hours=3))
    assert told(book, later) == [("79", True, "lan"), ("79", False, "minh")]
    # The past is as it was.
    assert told(book, viewer(Role.NATIONAL, at=NOW + timedelta(hours=1))) == [("79", True, "lan")]
    first, second = audited(book)
    assert (first[0], first[1], first[2]) == ("lan", "level.input", "level/79/plans_ready")
    assert (second[0], json.loads(second[3])["value"]) == ("minh", "no")


def test_the_second_officer_is_told_and_nothing_is_written(book: HandBook) -> None:
    book.put(plans("yes", base=0), actor=NATIONAL, at=NOW)
    with pytest.raises(SaidMeanwhile) as refused:
        book.put(plans("no", base=0), actor=CITY, at=NOW)
    assert (refused.value.account, refused.value.value, refused.value.version) == ("lan", "yes", 1)
    assert len(audited(book)) == 1
    assert book.put(plans("no", base=refused.value.version), actor=CITY, at=NOW) == 2


def test_of_many_at_once_exactly_one_is_written(book: HandBook) -> None:
    book.put(plans(), actor=NATIONAL, at=NOW)
    ends: list[str] = []
    ready = threading.Barrier(4)

    def say(number: int) -> None:
        ready.wait()
        try:
            book.put(plans("no", base=1, source=f"CV {number}"), actor=CITY, at=NOW)
            ends.append("written")
        except SaidMeanwhile:
            ends.append("told")

    threads = [threading.Thread(target=say, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["told", "told", "told", "written"]
    assert len(audited(book)) == 2


def test_nobody_says_or_sees_what_is_not_theirs(book: HandBook) -> None:
    book.put(plans(area="01", source=CANARY), actor=NATIONAL, at=NOW)
    book.put(plans(area="79"), actor=CITY, at=NOW)
    for actor in (CITY, Actor(account="x", role=Role.PRESS), Actor(account="y", role=Role.ADMIN)):
        with pytest.raises(ScopeDenied):
            book.put(plans(area="01"), actor=actor, at=NOW)
    own = hand.history(book.engine, viewer=viewer(Role.PROVINCE, "79"))
    assert own["area"].to_list() == ["79"]
    assert CANARY not in str(own.to_dicts())
    for seen in (viewer(Role.PRESS), viewer(Role.PROVINCE)):
        assert hand.history(book.engine, viewer=seen).is_empty()
        assert hand.count(book.engine, viewer=seen) == 0


def test_a_commune_is_its_provinces_own(book: HandBook) -> None:
    said = Said(area="26734", key="level_by_hand", value="4", since=DAY, source="CDC")
    book.put(said, actor=CITY, at=NOW)
    found = hand.history(book.engine, viewer=viewer(Role.PROVINCE, "79"))
    assert found.select("area", "province").rows() == [("26734", "79")]
    with pytest.raises(ScopeDenied):
        book.put(
            said, actor=Actor(account="h", role=Role.PROVINCE, areas=frozenset({"01"})), at=NOW
        )


def test_what_cannot_be_leaves_nothing_behind(book: HandBook) -> None:
    for said in (plans("maybe"), plans(area="Atlantis"), plans(area="VN"), plans(source=" ")):
        with pytest.raises(InputRefused):
            book.put(said, actor=NATIONAL, at=NOW)
    assert audited(book) == []
    assert hand.count(book.engine, viewer=viewer(Role.NATIONAL)) == 0


def test_a_level_announced_may_begin_ahead(book: HandBook) -> None:
    said = Said(area="79", key="level_in_force", value="3", since=date(2021, 10, 24), source="QĐ 1")
    assert book.put(said, actor=CITY, at=NOW) == 1


@pytest.mark.usefixtures("book")
def test_from_the_command_line_to_the_level(capsys: Out) -> None:
    before = ["level", "79", "--on", "2021-10-22", "--json"]
    words = ["level-inputs", "set", "79", "plans_ready", "yes", "--from", "2021-10-15",
             "--source", "Công văn 12", "--by", "lan"]  # fmt: skip
    assert main(words) == 0
    assert capsys.readouterr().out == "version 1\n"
    assert main([*words, "--version", "0"]) == 1
    assert "lan said" in capsys.readouterr().err
    # An area without any figure is not known; figures of the city come from another test.
    assert main(["level-inputs", "list", "--as", "province:01"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["level-inputs", "list", "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["account"] == "lan"
    assert main(before) in (0, 2)


@pytest.mark.usefixtures("book")
def test_a_file_comes_in_whole_or_not_at_all(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "f.csv"
    good = "area,key,value,from,until,source\n79,plans_ready,yes,2021-10-15,,CV 12\n"
    path.write_text(good + "01,plans_ready,perhaps,2021-10-15,,CV 13\n", encoding="utf-8")
    words = ["level-inputs", "import", str(path), "--by", "lan"]
    assert main(words) == 2
    assert "row 2: value" in capsys.readouterr().err
    assert main(["level-inputs", "list"]) == 0
    assert capsys.readouterr().out == ""
    path.write_text(good + "Hà Nội,plans_ready,no,15/10/2021,,CV 13\n", encoding="utf-8")
    assert main(words) == 2
    path.write_text(good + "Hà Nội,plans_ready,no,2021-10-15,,CV 13\n", encoding="utf-8")
    assert main(words) == 0
    capsys.readouterr()
    assert main(["level-inputs", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[:3] for line in lines] == [
        ["01", "plans_ready", "no"], ["79", "plans_ready", "yes"],
    ]  # fmt: skip
