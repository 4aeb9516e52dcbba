"""The command line from files to counts: balance, idempotence, round trip, errors in one line."""

import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from data_access.cli.program import main
from tests.conftest import Database

pytestmark = pytest.mark.vietnam

HEADER = "dose_event_id,dose_no,vaccine_code,vaccinated_at,province_code,version,age\n"


@pytest.fixture
def ready(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    return database


def doses(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return path


def ingest(capfd, *words: str) -> dict[str, object]:
    code = main(["ingest", "records", "vaccination", *words, "--source", "s", "--json"])
    told = capfd.readouterr()
    assert code == 0, told.err
    return json.loads(told.out)


def figures(capfd, *words: str) -> str:
    assert main(["query", "doses", "--level", "province", *words]) == 0
    return capfd.readouterr().out


@pytest.mark.usefixtures("ready")
def test_counts_balance_and_the_same_file_changes_nothing(tmp_path, capfd) -> None:
    path = doses(
        tmp_path / "d.csv",
        "D1,1,AZ,2021-08-01T09:00:00+07:00,79,0,30",
        "D2,1,AZ,2021-08-01T09:00:00+07:00,79,0,40",
        "D3,9,AZ,2021-08-01T09:00:00+07:00,79,0,40",
        "D4,1,PF,2021-08-01T09:00:00+07:00,xx,0,40",
    )
    first = ingest(capfd, str(path), "--known-at", "2021-08-02T08:00")
    assert (first["read"], first["new"], first["rejected"]) == (4, 2, 2)
    assert first["known_at"] == "2021-08-02T01:00:00+00:00"
    assert Path(str(first["rejects_file"])).read_text("utf-8-sig").count("\n") >= 3
    seen = figures(capfd)
    again = ingest(capfd, str(path), "--known-at", "2021-08-02T08:00")
    assert (again["new"], again["updated"], again["unchanged"], again["rejected"]) == (0, 0, 2, 2)
    assert figures(capfd) == seen
    assert "2021-08-01,79" in seen


@pytest.mark.usefixtures("ready")
def test_a_correction_is_known_from_its_moment_on(tmp_path, capfd) -> None:
    row = "D1,1,{},2021-08-01T09:00:00+07:00,{},{},30"
    old = doses(tmp_path / "a.csv", row.format("AZ", "79", 1))
    new = doses(tmp_path / "b.csv", row.format("AZ", "01", 2))
    ingest(capfd, str(new), "--known-at", "2021-08-05T08:00")
    late = ingest(capfd, str(old), "--known-at", "2021-08-02T08:00")
    assert (late["stale"], late["updated"]) == (1, 0)
    only = ("--area", "01", "--area", "79", "--from", "2021-08-01", "--to", "2021-08-01")
    before = figures(capfd, *only, "--as-of", "2021-08-03")
    after = figures(capfd, *only)
    assert [line.split(",")[1:5:3] for line in before.splitlines()[1:]] == [["01", ""], ["79", "1"]]
    assert [line.split(",")[1:5:3] for line in after.splitlines()[1:]] == [["01", "1"], ["79", ""]]


@pytest.mark.usefixtures("ready")
def test_several_files_are_summed(tmp_path, capfd) -> None:
    row = "{},1,AZ,2021-08-01T09:00:00+07:00,79,0,30"
    paths = [doses(tmp_path / f"{n}.csv", row.format(n)) for n in "ab"]
    told = ingest(capfd, *map(str, paths))
    assert (told["read"], told["new"], len(told["files"])) == (2, 2, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("fmt", ["csv", "ndjson", "parquet"])
@pytest.mark.usefixtures("ready")
def test_an_export_taken_in_again_gives_the_same_records(
    tmp_path, capfd, monkeypatch, fmt: str
) -> None:
    rows = [
        "D1,1,AZ,2021-08-01T09:00:00+07:00,79,1,30",
        "D2,2,PF,2021-08-02T23:30:00.123456+07:00,01,3,70",
        "D3,1,JJ,2021-08-02T09:00:00+07:00,48,0,",
    ]
    ingest(capfd, str(doses(tmp_path / "d.csv", *rows)), "--known-at", "2021-08-03")
    out = tmp_path / f"out.{fmt}"
    assert main(["export-records", "vaccination", "--format", fmt, "--out", str(out)]) == 0
    assert main(["export-records", "vaccination"]) == 0
    exported, seen = capfd.readouterr().out, figures(capfd)
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{tmp_path / 'second.sqlite'}")
    assert main(["init"]) == 0
    capfd.readouterr()
    told = ingest(capfd, str(out), "--known-at", "2021-08-03")
    assert told["new"] == 3
    assert main(["export-records", "vaccination"]) == 0
    assert capfd.readouterr().out == exported
    assert figures(capfd) == seen
    assert main(["verify"]) == 0


@pytest.mark.usefixtures("ready")
def test_a_province_exports_its_own_records_only(tmp_path, capfd) -> None:
    rows = [f"D{code},1,AZ,2021-08-01T09:00:00+07:00,{code},0,30" for code in ("01", "79")]
    ingest(capfd, str(doses(tmp_path / "d.csv", *rows)), "--known-at", "2021-08-03")
    assert main(["export-records", "vaccination", "--as", "province:79"]) == 0
    out = capfd.readouterr().out
    assert "D79" in out
    assert "D01" not in out
    assert main(["export-records", "vaccination", "--as", "press"]) == 1


@pytest.mark.usefixtures("ready")
def test_export_as_of_shows_what_was_known(tmp_path, capfd) -> None:
    row = "D1,1,{},2021-08-01T09:00:00+07:00,79,{},30"
    for version, product in enumerate(("AZ", "PF")):
        path = doses(tmp_path / "d.csv", row.format(product, version))
        ingest(capfd, str(path), "--known-at", f"2021-08-0{3 + version}")
    told = []
    for words in (("--as-of", "2021-08-02"), ("--as-of", "2021-08-03T12:00"), ()):
        assert main(["export-records", "vaccination", *words]) == 0
        told.append([line.split(",")[2] for line in capfd.readouterr().out.splitlines()[1:]])
    assert told == [[], ["AZ"], ["PF"]]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["ingest", "records", "nothing", "f.csv", "--source", "s"], 2, "unknown platform"),
        (["ingest", "records", "vaccination", "f.csv"], 2, "--source"),
        (["ingest", "records", "vaccination", "f.fhir", "--source", "s"], 1, "f.fhir"),
        (["ingest", "records", "vaccination", "f.csv", "--source", "s", "--known-at", "2099-01-01"],
         2, "future"),
        (["ingest", "records", "vaccination", "f.csv", "--source", "s", "--known-at", "soon"],
         2, "no date or time"),
        (["ingest", "records", "vaccination", "f.csv", "--source", "s", "--kind", "x"], 2, "kind"),
        (["ingest", "records", "vaccination", "absent.csv", "--source", "s"], 1, "absent.csv"),
        (["ingest", "table", "absent.toml", "f.csv"], 1, "absent.toml"),
        (["export-records", "vaccination", "--as", "king"], 2, "unknown role"),
        (["verify", "--moments", "0"], 2, "--moments"),
        (["nonsense"], 2, "nonsense"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("ready")
def test_an_error_is_one_line_and_an_exit_code(
    capfd, words: list[str], code: int, says: str
) -> None:
    try:
        found = main(words)
    except SystemExit as error:  # argparse ends by itself
        found = error.code  # type: ignore[assignment]
    told = capfd.readouterr()
    assert found == code
    assert told.err.count("\n") == 1
    assert says in told.err
    assert "Traceback" not in told.err


def test_a_database_that_is_not_set_up_says_so(tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{tmp_path / 'new.sqlite'}")
    path = doses(tmp_path / "d.csv", "D1,1,AZ,2021-08-01T09:00:00+07:00,79,0,30")
    assert main(["ingest", "records", "vaccination", str(path), "--source", "s"]) == 1
    assert "init" in capfd.readouterr().err


@pytest.mark.usefixtures("ready")
def test_without_a_key_nothing_is_taken_in(tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.delenv("TUYENDAU_DEMO")
    path = doses(tmp_path / "d.csv", "D1,1,AZ,2021-08-01T09:00:00+07:00,79,0,30")
    assert main(["ingest", "records", "vaccination", str(path), "--source", "s"]) == 2
    assert "TUYENDAU_PSEUDONYM_KEY" in capfd.readouterr().err


@pytest.mark.usefixtures("ready")
def test_a_failing_file_leaves_nothing(tmp_path, capfd) -> None:
    broken = tmp_path / "d.parquet"
    pl.DataFrame({"dose_event_id": ["D1"]}).write_parquet(broken)
    broken.write_bytes(broken.read_bytes()[:-20])
    assert main(["ingest", "records", "vaccination", str(broken), "--source", "s"]) == 1
    assert capfd.readouterr().err.count("\n") == 1
    assert main(["export-records", "vaccination"]) == 0
    assert capfd.readouterr().out.count("\n") == 1


def test_a_busy_database_is_waited_for(tmp_path, monkeypatch, capfd) -> None:
    path = tmp_path / "db.sqlite"
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{path}")
    assert main(["init"]) == 0
    with sqlite3.connect(path) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM area").fetchone()
        # A reader holds nobody up.
        assert main(["init"]) == 0
    reader.close()
    capfd.readouterr()
