"""DHIS2 deliveries through the command line: figures, corrections, what is taken back."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import Command

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "dhis2" / "province_report.json"
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "dhis2"
BULK = SAMPLES / "dhis2core_dataValues_bulk.json"


def value(**changes: object) -> dict[str, object]:
    return {"dataElement": "cases", "period": "20210902", "orgUnit": "01", "value": "5", **changes}


def deliver(command: Command, folder: Path, values: list[Any], *words: str) -> dict[str, Any]:
    path = folder / "values.json"
    path.write_text(json.dumps({"dataValues": values}), encoding="utf-8")
    done = command("ingest", "dhis2", str(path), "--source", "dhis2", "--json", *words)
    assert done.code == 0, done.err
    counts: dict[str, Any] = json.loads(done.out)
    told = ("new", "updated", "unchanged", "stale", "rejected")
    assert counts["read"] == sum(counts[name] for name in told)
    return counts


def figures(command: Command, *words: str) -> dict[str, str]:
    rows = command.rows("query", "cases", "--level", "province", "--area", "01",
                        "--from", "2021-09-02", "--to", "2021-09-03", *words)  # fmt: skip
    return {row["date"][-2:]: row["value"] or row["status"] for row in rows}


def test_values_are_corrected_and_taken_back_and_every_moment_is_kept(
    fresh: Command, tmp_path: Path
) -> None:
    first, second, third = (f"2021-09-{day}T10:00:00+07:00" for day in ("05", "06", "07"))
    both = [value(), value(period="20210903", value="7")]
    assert deliver(fresh, tmp_path, both, "--known-at", first)["new"] == 2
    corrected = deliver(fresh, tmp_path, [value(value="6")], "--known-at", second)
    assert corrected["updated"] == 1  # an increment: what it does not speak of stays
    gone = deliver(fresh, tmp_path, [value(deleted=True)], "--known-at", third)
    assert gone["updated"] == 1
    assert figures(fresh) == {"02": "not_reported", "03": "7"}
    assert figures(fresh, "--as-of", second) == {"02": "6", "03": "7"}
    assert figures(fresh, "--as-of", first) == {"02": "5", "03": "7"}
    again = deliver(fresh, tmp_path, [value(deleted=True)], "--known-at", third)
    assert again["unchanged"] == 1
    assert fresh("verify").code == 0


def test_what_was_taken_back_before_it_arrived_stays_away(fresh: Command, tmp_path: Path) -> None:
    late, early = "2021-09-07T10:00:00+07:00", "2021-09-05T10:00:00+07:00"
    nothing = deliver(fresh, tmp_path, [value(deleted=True)], "--known-at", late)
    assert nothing["unchanged"] == 1
    deliver(fresh, tmp_path, [value()], "--known-at", early)
    assert figures(fresh).get("02", "not_reported") == "not_reported"
    assert figures(fresh, "--as-of", early)["02"] == "5"
    assert fresh("verify").code == 0


def test_a_monthly_flow_is_not_a_daily_one(fresh: Command, tmp_path: Path) -> None:
    given = [value(period="202108", value="310"), value(dataElement="hospital_beds",
                                                        period="202108", value="90")]  # fmt: skip
    deliver(fresh, tmp_path, given)
    cases = fresh.rows("query", "cases", "--level", "province", "--area", "01", "--by", "period",
                       "--from", "2021-08-31", "--to", "2021-08-31")  # fmt: skip
    assert [(row["date"], row["period"], row["value"]) for row in cases] == [
        ("2021-08-31", "monthly", "310")
    ]
    beds = fresh.rows("query", "hospital_beds", "--level", "province", "--area", "01",
                      "--from", "2021-08-31", "--to", "2021-08-31")  # fmt: skip
    assert [row["value"] for row in beds] == ["90"]


def test_the_example(fresh: Command) -> None:
    mapping = str(EXAMPLE.with_suffix(".toml"))
    done = fresh(
        "ingest", "dhis2", str(EXAMPLE), "--source", "vidu", "--mapping", mapping, "--json"
    )
    counts = json.loads(done.out)
    assert [counts[name] for name in ("read", "new", "unchanged", "rejected")] == [6, 4, 1, 1]
    cases = fresh.rows("query", "cases", "--by", "severity", "--level", "province", "--area", "01",
                       "--from", "2021-09-04", "--to", "2021-09-04")  # fmt: skip
    assert {row["severity"]: row["value"] for row in cases} == {"nang": "3", "nhe": "41"}


def test_use_is_told_in_one_line(fresh: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}")
    assert fresh("ingest", "dhis2", str(path)).code == 2
    assert fresh("ingest", "dhis2", str(path), "--source", "a|b").code == 2
    done = fresh("ingest", "dhis2", str(path), "--source", "s")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "no dataValues" in done.err


@pytest.mark.skipif(not BULK.exists(), reason="../shared/data/dhis2 is not there")
def test_the_sample_of_231_values(fresh: Command, tmp_path: Path) -> None:
    toml = tmp_path / "m.toml"
    units = {each["orgUnit"] for each in json.loads(BULK.read_text())["dataValues"]}
    listed = "\n".join(f'"{unit}" = "{code:02}"' for code, unit in zip((1, 79, 48), sorted(units),
                                                                     strict=False))  # fmt: skip
    toml.write_text(f"register_unknown = true\n[org_units]\n{listed}\n")
    words = ("ingest", "dhis2", str(BULK), "--source", "core", "--mapping", str(toml), "--json")
    counts = json.loads(fresh(*words, "--known-at", "2022-02-01").out)
    wanted: dict[str, float] = defaultdict(float)
    n_numbers = 0
    for each in json.loads(BULK.read_text())["dataValues"]:
        try:
            number = float(each["value"])
        except ValueError:
            continue
        n_numbers += 1
        wanted[each["dataElement"]] += number
    assert (counts["read"], counts["new"]) == (231, n_numbers)
    assert counts["rejected"] == 231 - n_numbers
    for element in sorted(wanted)[:5]:
        rows = fresh.rows("query", f"dhis2_{element}", "--from", "2018-01-01", "--to", "2020-12-31",
                          "--level", "province")  # fmt: skip
        assert sum(float(row["value"]) for row in rows if row["value"]) == wanted[element]
    assert fresh("verify").code == 0
