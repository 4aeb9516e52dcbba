"""None of many is a true zero; nobody asked is a missing figure."""

from pathlib import Path

import pytest

from data_access.cli import program
from tests.conftest import Database

DOSES = """dose_event_id,dose_no,vaccine_code,vaccinated_at,province_code,district_code
a,1,AZ,2021-08-01,79,760
b,1,PF,2021-08-01,79,760
c,1,JJ,2021-08-02,79,760
"""


def test_no_completed_course_among_doses_is_zero(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    monkeypatch.setenv("TUYENDAU_PSEUDONYM_KEY", "0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    delivered = tmp_path / "doses.csv"
    delivered.write_text(DOSES, encoding="utf-8")
    assert program.main(["init"]) == 0
    ingest = ["ingest", "records", "vaccination", str(delivered), "--source", "S"]
    assert program.main(ingest) == 0
    capsys.readouterr()
    asked = ["query", "persons_fully_vaccinated", "doses_verified", "--level", "province"]
    assert program.main([*asked, "--area", "79", "--area", "01"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    of_city = [line for line in lines if ",79," in line]
    assert [line.split(",")[-2] for line in of_city] == ["0", "0", "0", "1"]
    elsewhere = [line for line in lines if ",01," in line]
    assert [line.split(",")[-1] for line in elsewhere] == ["not_reported"] * 4
