"""`ingest --progress` speaks on standard error alone: what stands on standard output is JSON."""

import json
from pathlib import Path

import pytest

from data_access.cli.program import main
from data_access.ingest import progress
from tests.conftest import Database


@pytest.mark.parametrize("asked", [True, False])
def test_progress_never_stands_in_the_answer(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asked: bool,
) -> None:
    monkeypatch.setattr(progress, "PATIENCE_S", 0.0)
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    monkeypatch.setenv("TUYENDAU_PSEUDONYM_KEY", "a-key-for-tests-0123456789-abcdefghij")
    assert main(["init"]) == 0
    capsys.readouterr()
    path = tmp_path / "doses.csv"
    head = "dose_event_id,dose_no,vaccine_code,vaccinated_at,province_code"
    path.write_text(f"{head}\na,1,AZ,2021-08-01T09:00:00+07:00,01\n")
    words = ["ingest", "records", "vaccination", str(path), "--source", "s", "--json"]
    assert main([*words, *(["--progress"] if asked else [])]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["new"] == 1
    assert ("doses.csv: 1 rows so far" in printed.err) is asked
