"""`rollout` on both databases: a file is taken in whole or not at all, and comes out again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from data_access.cli.program import main
from tests.conftest import Database

pytestmark = [pytest.mark.db, pytest.mark.vietnam]
NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)
GOOD = """kind,item,at,reason,province,platform,stage,date,evidence,owner,status,decision,head
deployment,,2021-08-01T09:00:00+07:00,,79,testing,chua_bat_dau,2021-08-01,,Sở TTTT,,,
deployment,,2021-08-02T09:00:00+07:00,,79,testing,da_ban_hanh_van_ban,2021-08-02,CV 12,Sở TTTT,,,
team,,2021-08-03T09:00:00+07:00,,01,,,2021-08-03,,,active,QĐ 1,Phó chủ tịch
"""
Out = pytest.CaptureFixture[str]


@pytest.fixture
def ready(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DATABASE_URL": database.url, "NOW": NOW.isoformat()}.items():
        monkeypatch.setenv(f"TUYENDAU_{name}", value)


def taken(tmp_path: Path, text: str, *words: str) -> int:
    path = tmp_path / "f.csv"
    path.write_text(text, encoding="utf-8")
    return main(["rollout", "import", str(path), *words])


@pytest.mark.usefixtures("ready")
def test_a_file_comes_in_and_out_again(tmp_path: Path, capsys: Out) -> None:
    assert taken(tmp_path, GOOD) == 0
    assert capsys.readouterr().out == "3 rows taken in\n"
    assert main(["rollout", "list"]) == 0
    line = capsys.readouterr().out.strip().split("\t")
    assert line[:4] == ["79", "testing", "da_ban_hanh_van_ban", ""]
    assert line[-1] == "stale"
    assert main(["rollout", "export", "--history"]) == 0
    history = capsys.readouterr().out
    assert history.count("\n") == 4
    assert main(["rollout", "export"]) == 0
    state = capsys.readouterr().out
    assert state.count("\n") == 3
    # What stands can be said again: a report, no step.
    again = state.replace("2021-08-02T02:00:00+00:00", "2021-09-01T02:00:00+00:00").replace(
        "2021-08-03T02:00:00+00:00", "2021-09-01T02:00:00+00:00"
    )
    assert taken(tmp_path, again) == 0
    capsys.readouterr()
    assert main(["rollout", "list"]) == 0
    assert "stale" not in capsys.readouterr().out


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("deployment,,,,79,testing,xong,2021-08-05,x,Sở,,,", "row 5, stage"),
        ("deployment,,,,79,testing,toan_dien,2021-08-05,x,Sở,,,", "row 5, reason"),
        ("deployment,,,,79,testing,da_lap_to,5/8/2021,x,Sở,,,", "row 5, date"),
        ("deployment,,,,ZZ,testing,chua_bat_dau,2021-08-05,x,Sở,,,", "row 5, province"),
        ("nothing,,,,79,testing,da_lap_to,2021-08-05,x,Sở,,,", "row 5, kind"),
        ("team,,2099-01-01T00:00:00Z,,79,,,,,,none,,", "row 5, at"),
        ("team,,,,79,testing,,,,,none,,", "row 5, platform"),
        ("team,,,,79", "row 5"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken_in(
    tmp_path: Path, capsys: Out, row: str, named: str
) -> None:
    assert taken(tmp_path, GOOD + row + "\n") == 1
    said = capsys.readouterr().err
    assert named in said
    assert said.count("\n") == 1
    assert main(["rollout", "list"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("ready")
def test_a_province_takes_in_its_own_alone_and_reads_no_other(tmp_path: Path, capsys: Out) -> None:
    assert taken(tmp_path, GOOD, "--as", "province:79") == 1
    assert "may not write" in capsys.readouterr().err
    assert taken(tmp_path, GOOD) == 0
    capsys.readouterr()
    assert main(["rollout", "export", "--as", "province:79"]) == 0
    assert "Phó chủ tịch" not in capsys.readouterr().out
    assert main(["rollout", "list", "--as", "press"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("ready")
def test_what_is_no_csv_of_ours_is_refused(tmp_path: Path, capsys: Out) -> None:
    assert taken(tmp_path, "a,b\n1,2\n") == 1
    assert "unknown columns a, b" in capsys.readouterr().err
    assert main(["rollout", "import", str(tmp_path / "away.csv")]) == 1
