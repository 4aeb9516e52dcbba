"""`level` on a database: the level, what made it, and nothing out of the viewer's sight."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data_access.cli.program import main
from data_access.reference.pack import bundled_pack
from tests.conftest import Database

pytestmark = [pytest.mark.db, pytest.mark.vietnam, pytest.mark.thinned]
NOW = datetime(2021, 10, 23, 3, tzinfo=UTC)
DAY = date(2021, 10, 22)
CENSUS_79 = 8_993_082
MAPPING = """
source = "bulletin"
platform = "tracing"
mode = "snapshot"
date = { column = "date", format = "%Y-%m-%d" }
area = { column = "area", match = "code" }
[[measure]]
id = "cases"
column = "cases"
[[measure]]
id = "cases"
column = "community"
breakdown = { detected_in = "cong_dong" }
"""


@pytest.fixture
def filled(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four weeks of Ho Chi Minh City and Hà Nội; returns the folder of a pack with inputs."""
    pack = tmp_path / "pack"
    shutil.copytree(bundled_pack("vn").folder, pack)
    (pack / "level_inputs.csv").write_text(
        "area,from,until,key,value,source\n"
        "79,2021-10-01,,plans_ready,yes,test\n"
        "79,2021-10-01,,coverage_1,0.99,test\n"
        "79,2021-10-01,,old_full,0.9,test\n"
        "26734,2021-08-01,,level_by_hand,4,test\n",
        encoding="utf-8",
    )
    for name, value in {"DATABASE_URL": database.url, "DEMO": "1", "NOW": NOW.isoformat(),
                        "PACK": str(pack)}.items():  # fmt: skip
        monkeypatch.setenv(f"TUYENDAU_{name}", value)
    rows = [
        f"{DAY - timedelta(days=back)},{area},{cases},{cases - 100}"
        for back in range(28)
        for area, cases in (("79", 1255), ("01", 150))
    ]
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "t.csv").write_text(
        "\n".join(["date,area,cases,community", *rows]), encoding="utf-8"
    )
    known = NOW - timedelta(hours=1)
    files = [str(tmp_path / "m.toml"), str(tmp_path / "t.csv")]
    assert main(["ingest", "table", *files, "--known-at", known.isoformat()]) == 0
    return pack


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["level", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.usefixtures("filled")
def test_the_city_on_the_day_it_was_published_at_level_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = told(capsys, "79", "--on", "2021-10-22")
    rate = 1155 * 7 / CENSUS_79 * 100_000
    assert (found["level"], found["rule_set"], found["in_force"]) == (2, "decision_4800", True)
    [incidence] = [one for one in found["criteria"] if one["key"] == "incidence"]
    assert incidence["value"] == pytest.approx(rate)
    assert incidence["to_edge_below"] == pytest.approx(rate - 50)
    assert incidence["to_edge_above"] == pytest.approx(150 - rate)
    assert found["missing"] == []
    moves = {(one["key"], one["to_level"]): one for one in found["counterfactual"]}
    fewer = moves["incidence", 1]
    assert (fewer["edge"], fewer["reached"]) == (20, False)
    assert fewer["cases_per_week"] == pytest.approx((20 - rate) * CENSUS_79 / 100_000)
    assert found["days_to_edge"] == {"edge": None, "linear": None, "exponential": None}


@pytest.mark.usefixtures("filled")
def test_what_is_missing_is_named_and_never_level_1(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "Hà Nội", "--on", "2021-10-22")
    assert found["area"] == "01"
    assert found["level"] is None
    assert {"coverage_1", "plans_ready"} <= set(found["missing"])
    assert main(["level", "01", "--on", "2021-10-22"]) == 0
    text = capsys.readouterr().out
    assert "level undetermined (between" in text
    assert "4800/QĐ-BYT" in text


@pytest.mark.usefixtures("filled")
def test_a_commune_by_hand_and_the_rule_of_the_day(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "26734", "--on", "2021-09-02")
    assert (found["area_level"], found["rule_set"], found["level"]) == ("ward", "decision_2686", 4)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("79", "--on", "2021-10-22", "--as", "province:01"), 1),
        (("26734", "--on", "2021-09-02", "--as", "province:01"), 1),
        (("79", "--on", "2021-10-22", "--as", "press"), 1),
        (("VN", "--on", "2021-10-22"), 2),
        (("Atlantis", "--on", "2021-10-22"), 2),
        (("79", "--on", "22/13/2021"), 2),
        (("79", "--on", "2021-10-22", "--rule", "none"), 2),
    ],
)
def test_what_may_not_be_seen_or_makes_no_sense_is_one_line(
    words: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["level", *words]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error:")
    assert said.err.count("\n") == 1


@pytest.mark.usefixtures("filled")
def test_a_province_sees_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    own = told(capsys, "79", "--on", "2021-10-22", "--as", "province:79")
    assert own == told(capsys, "79", "--on", "2021-10-22")


@pytest.mark.usefixtures("filled")
def test_what_was_entered_makes_the_level_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("79", "--on", "2021-10-22")
    said = ["level-inputs", "set", "79", "plans_ready", "no", "--from", "2021-10-20",
            "--source", "Công văn 12", "--by", "lan"]  # fmt: skip
    assert told(capsys, *words)["level"] == 2
    assert main(said) == 0
    [plans] = [one for one in told(capsys, *words)["criteria"] if one["key"] == "plans_ready"]
    # It goes before what the country pack says, from its day on.
    assert (plans["value"], plans["by_hand"], plans["sources"], plans["account"]) == (
        False, True, ["Công văn 12"], "lan",
    )  # fmt: skip
    earlier = told(capsys, "79", "--on", "2021-10-19")["criteria"]
    assert [one["value"] for one in earlier if one["key"] == "plans_ready"] == [True]
    [cases] = [one for one in told(capsys, *words)["criteria"] if one["key"] == "incidence"]
    assert (cases["by_hand"], cases["sources"]) == (False, ["bulletin"])
