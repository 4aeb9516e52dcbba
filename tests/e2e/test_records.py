"""The example records: invented people through the gate, their figures out of `query`."""

import json
from pathlib import Path

import pytest

from tests.e2e.command import Command

RECORDS = Path(__file__).resolve().parents[2] / "examples" / "records"
KEY = (("TUYENDAU_PSEUDONYM_KEY", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),)
DELIVERIES = {
    "vaccination_dose.csv": (("vaccination",), {"read": 8, "rejected": 0}),
    "vaccination_stock.csv": (("vaccination", "--kind", "stock"), {"read": 3, "new": 3}),
    "quarantine_facility.csv": (("quarantine", "--kind", "facility"), {"read": 3, "new": 3}),
    "quarantine_stay.ndjson": (("quarantine",), {"read": 4, "new": 4}),
    "immunizations.fhir.json": (("vaccination",), {"read": 4, "new": 1, "rejected": 3}),
}


def ingest(command: Command, file: str, *words: str) -> dict[str, object]:
    platform, *more = words
    done = command("ingest", "records", platform, str(RECORDS / file), "--json", *more)
    assert done.code == 0, done.err
    counts: dict[str, object] = json.loads(done.out)
    return counts


@pytest.fixture
def keyed(fresh: Command) -> Command:
    return Command(url=fresh.url, settings=KEY)


@pytest.mark.parametrize("file", DELIVERIES)
def test_each_example_goes_in_and_a_second_time_changes_nothing(file: str, keyed: Command) -> None:
    words, wanted = DELIVERIES[file]
    first = ingest(keyed, file, *words, "--source", "vidu")
    assert {name: first[name] for name in wanted} == wanted
    before = keyed.state(tables=("cube_current", "cube_history"))
    again = ingest(keyed, file, *words, "--source", "vidu")
    assert again["new"] == again["updated"] == 0
    assert keyed.state(tables=("cube_current", "cube_history")) == before


def test_doses_by_number_and_area(keyed: Command) -> None:
    ingest(keyed, "vaccination_dose.csv", "vaccination", "--source", "vidu")
    rows = keyed.rows("query", "doses", "--by", "dose", "--level", "province")
    counted = {(r["date"], r["area_code"], r["dose"]): r["value"] for r in rows if r["value"] > "0"}
    # The second version of VD-0003 changes its priority group, not its dose.
    assert counted == {
        ("2021-08-02", "79", "1"): "2",
        ("2021-08-03", "01", "2"): "1",
        ("2021-08-03", "48", "1"): "1",
        ("2021-08-04", "01", "1"): "1",
        ("2021-10-25", "79", "2"): "1",
        ("2021-11-20", "48", "3"): "1",
    }
    groups = keyed.rows("query", "doses", "--by", "priority_group", "--from", "2021-08-03",
                        "--to", "2021-08-03")  # fmt: skip
    assert {row["priority_group"]: row["value"] for row in groups if row["value"] > "0"} == {
        "8": "1",
        "9": "1",
    }


def test_a_province_s_own_spreadsheet(keyed: Command) -> None:
    mapping = ("--mapping", str(RECORDS / "so_tiem_chung_tinh.toml"))
    words = ("vaccination", "--source", "so-tiem-chung", *mapping)
    counts = ingest(keyed, "so_tiem_chung_tinh.csv", *words)
    assert (counts["read"], counts["new"], counts["rejected"]) == (4, 3, 1)
    rejected = Path(str(counts["rejects_file"])).read_text(encoding="utf-8-sig")
    assert "birth_date" in rejected
    rows = keyed.rows("query", "doses", "--level", "province", "--area", "Bình Dương")
    assert [(row["date"], row["value"]) for row in rows if row["value"] > "0"] == [
        ("2021-08-05", "2"),
        ("2021-08-06", "1"),
    ]


def test_people_inside_follow_from_those_who_came_and_went(keyed: Command) -> None:
    ingest(keyed, "quarantine_facility.csv", "quarantine", "--kind", "facility", "--source", "vidu")
    ingest(keyed, "quarantine_stay.ndjson", "quarantine", "--source", "vidu")
    words = ("--from", "2021-08-08", "--to", "2021-08-08")
    beds = keyed.rows("query", "quarantine_beds", *words)
    assert [row["value"] for row in beds] == [str(380 + 250 + 75)]
    inside = keyed.rows("query", "quarantine_occupied", *words)
    # LC-0001, LC-0003 and LC-0004; LC-0002 left on 6 August.
    assert [row["value"] for row in inside] == ["3"]


def test_without_a_key_people_are_refused_and_nothing_is_kept(fresh: Command) -> None:
    before = fresh.state()
    file = str(RECORDS / "vaccination_dose.csv")
    done = fresh("ingest", "records", "vaccination", file, "--source", "vidu")
    assert done.code in (1, 2)
    assert "TUYENDAU_PSEUDONYM_KEY" in done.err
    assert fresh.state() == before


def test_no_identity_of_the_examples_is_anywhere_afterwards(keyed: Command, tmp_path: Path) -> None:
    for file, (words, _) in DELIVERIES.items():
        ingest(keyed, file, *words, "--source", "vidu")
    mapping = ("--mapping", str(RECORDS / "so_tiem_chung_tinh.toml"))
    ingest(keyed, "so_tiem_chung_tinh.csv", "vaccination", "--source", "so", *mapping)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            for trace in ("Ví Dụ", "079080000000", "0900000001", "0900 000 014", "1990-02-31"):
                assert trace.encode() not in held, f"{trace} in {path.name}"
