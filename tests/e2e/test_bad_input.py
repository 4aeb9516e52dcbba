"""Files and mappings as a hostile or careless stranger sends them, at the command line.

Whole-file faults: an exit code, one line on standard error, nothing changed. Faults of single rows:
those rows rejected with row, field and reason, the good ones in.
"""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.e2e.command import Command

MAPPING = """
source = "province-report"
platform = "quarantine"
mode = "snapshot"
date = { column = "date", format = "%Y-%m-%d" }
area = { column = "province", match = "name" }
missing = ["", "NA"]
[[measure]]
id = "quarantine_beds"
column = "beds"
[[measure]]
id = "quarantine_admissions"
column = "admitted"
breakdown = { class = "F1" }
"""
GOOD = "date,province,beds,admitted\n2021-08-01,Hà Nội,100,5\n2021-08-01,Cần Thơ,50,NA\n"
COULD_NOT, BAD_USE = 1, 2

Written = Callable[[Path], tuple[Path, Path]]


def files(table: str | bytes, *, mapping: str = MAPPING, name: str = "report.csv") -> Written:
    """Return a writer of a mapping and a file; the pair of paths is (mapping, file)."""

    def write(folder: Path) -> tuple[Path, Path]:
        (folder / "map.toml").write_text(mapping, encoding="utf-8")
        body = table.encode() if isinstance(table, str) else table
        (folder / name).write_bytes(body)
        return folder / "map.toml", folder / name

    return write


def parquet(folder: Path, *, keep: float) -> tuple[Path, Path]:
    """Write the good table as Parquet and cut it short."""
    mapping, _ = files(GOOD)(folder)
    whole = folder / "report.parquet"
    pl.read_csv(GOOD.encode()).write_parquet(whole)
    body = whole.read_bytes()
    whole.write_bytes(body[: int(len(body) * keep)])
    return mapping, whole


def wide(columns: int) -> str:
    header = ",".join(["date", "province", "beds", "admitted", *(f"c{n}" for n in range(columns))])
    return f"{header}\n2021-08-01,Hà Nội,1,1{',0' * columns}\n"


def twisted(old: str, new: str) -> Written:
    """Return a writer of the good file with a mapping in which one text is another."""
    assert MAPPING.count(old) >= 1
    return files(GOOD, mapping=MAPPING.replace(old, new, 1))


def with_measure(text: str) -> Written:
    """Return a writer of the good file with one more [[measure]]."""
    return files(GOOD, mapping=f"{MAPPING}[[measure]]\n{text}\n")


BY_NAME = '{ column = "province", match = "name" }'
GARBAGE = bytes(range(256)) * 40
WHOLE_FILE: dict[str, tuple[Written, str]] = {
    "missing column": (files(GOOD.replace("beds", "bedz")), "beds"),
    "zero bytes": (files(""), "report.csv"),
    "binary garbage": (files(GARBAGE), "report.csv"),
    "garbage called Parquet": (files(GARBAGE, name="report.parquet"), "parquet"),
    "truncated Parquet": (lambda folder: parquet(folder, keep=0.6), "report.parquet"),
    "10 000 columns": (files(wide(10_000)), "columns"),
    "the same heading twice": (files(GOOD.replace("admitted", "beds", 1)), "beds"),
    "typo in a key": (twisted("source", "sorce"), "sorce"),
    "typo in a measure's key": (twisted('column = "beds"', 'colum = "beds"'), "colum"),
    "typo in the mode": (twisted("snapshot", "snapshoot"), "snapshoot"),
    "typo in the platform": (twisted('"quarantine"', '"quarantin"'), "quarantin"),
    "typo in a measure": (twisted("quarantine_beds", "quarantine_bed"), "quarantine_bed"),
    "typo in match": (twisted('"name"', '"nam"'), "nam"),
    "no TOML at all": (files(GOOD, mapping="source = \n["), "map.toml"),
    "no measure": (files(GOOD, mapping=MAPPING.split("[[", maxsplit=1)[0]), "measure"),
    "one measure twice": (
        with_measure('id = "quarantine_beds"\ncolumn = "admitted"'),
        "quarantine_beds",
    ),
    "unknown constant area": (twisted(BY_NAME, '{ constant = "ZZ" }'), "ZZ"),
    "a kind that is none": (
        with_measure('id = "novel"\ncolumn = "beds"\nkind = "pile"\nunit = "x"'),
        "pile",
    ),
}


def one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) == 1, f"not one line on standard error: {text!r}"
    assert "Traceback" not in text
    return lines[0]


@pytest.mark.parametrize("fault", WHOLE_FILE, ids=str)
def test_a_faulty_file_changes_nothing_and_says_why(
    fault: str, vietnam: Command, tmp_path: Path
) -> None:
    write, said = WHOLE_FILE[fault]
    mapping, table = write(tmp_path)
    before = vietnam.state()
    done = vietnam("ingest", "table", str(mapping), str(table), "--json")
    assert done.code in (COULD_NOT, BAD_USE)
    assert done.out == ""
    message = one_line(done.err)
    assert said.lower() in message.lower()
    assert str(tmp_path) not in message
    assert vietnam.state() == before


BAD_ROWS = {
    "wrong type": ("2021-08-01,Hải Phòng,many,1", "beds"),
    "unknown area": ("2021-08-01,Atlantis,1,1", "province"),
    "no area": ("2021-08-01,,1,1", "province"),
    "ambiguous area": ("2021-08-01,Châu Thành,1,1", "province"),
    "a day in the future": ("2031-08-01,Hải Phòng,1,1", "date"),
    "no such day": ("2021-02-30,Hải Phòng,1,1", "date"),
    "no day": (",Hải Phòng,1,1", "date"),
    "a formula": ("2021-08-01,Hải Phòng,\"=cmd|'/c calc'!A1\",1", "beds"),
    "a formula for a place": ("2021-08-01,\"=HYPERLINK(\"\"http://x.ex\"\")\",1,1", "province"),
    "HTML for a place": ("2021-08-01,<script>alert(1)</script>,1,1", "province"),
    "not a number": ("2021-08-01,Hải Phòng,NaN,1", "beds"),
    "infinite": ("2021-08-01,Hải Phòng,1e999,1", "beds"),
    "a percentage of beds": ("2021-08-01,Hải Phòng,51%,1", "beds"),
    "beds below zero": ("2021-08-01,Hải Phòng,-3,1", "beds"),
    "a second, different row of one cell": ("2021-08-01,Hà Nội,101,5", "beds"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD_ROWS, ids=str)
def test_a_faulty_row_is_named_and_the_good_ones_are_in(
    fault: str, fresh: Command, tmp_path: Path
) -> None:
    row, field = BAD_ROWS[fault]
    mapping, table = files(GOOD + row + "\n")(tmp_path)
    done = fresh("ingest", "table", str(mapping), str(table), "--json")
    assert done.code == 0, done.err
    counts = json.loads(done.out)
    assert (counts["read"], counts["new"], counts["rejected"]) == (3, 2, 1)
    rejected = read_rejects(Path(counts["rejects_file"]))
    assert {found["row"] for found in rejected} == {"4"}
    assert field in {found["field"] for found in rejected}
    assert all(found["vi"] and found["en"] and found["reason"] for found in rejected)
    day = ("--from", "2021-08-01", "--to", "2021-08-01")
    beds = fresh.rows("query", "quarantine_beds", "--level", "province", *day)
    known = {(found["area_code"], found["value"]) for found in beds if found["value"]}
    assert known == {("01", "100"), ("92", "50")}


def read_rejects(path: Path) -> list[dict[str, str]]:
    """Return the rows of a reject file; no cell of it may start a formula in a spreadsheet."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert all(
        not (value or "").startswith(("=", "+", "@")) for row in rows for value in row.values()
    )
    return rows


RECORDS = ("ingest", "records", "vaccination", "{file}")
TABLE = ("ingest", "table", "{mapping}", "{file}")
BAD_USE_LINES: dict[str, tuple[tuple[str, ...], str]] = {
    "unknown command": (("ingset",), "ingset"),
    "unknown platform": (
        ("ingest", "records", "vacination", "{file}", "--source", "s"),
        "vacination",
    ),
    "unknown kind": ((*RECORDS, "--source", "s", "--kind", "doze"), "doze"),
    "unknown format": ((*RECORDS, "--source", "s", "--format", "sav"), "sav"),
    "no source": (RECORDS, "--source"),
    "a moment that is none": ((*TABLE, "--known-at", "yesterday"), "yesterday"),
    "a moment to come": ((*TABLE, "--known-at", "2035-01-01"), "2035"),
    "unknown measure": (("query", "caes"), "caes"),
    "unknown level": (("query", "cases", "--level", "village"), "village"),
    "unknown area": (("query", "cases", "--level", "province", "--area", "Atlantis"), "atlantis"),
    "unknown role": (("query", "cases", "--as", "king"), "king"),
    "province without a code": (("query", "cases", "--as", "province"), "province"),
    "unknown dimension": (("query", "cases", "--by", "colour"), "colour"),
    "days the wrong way round": (
        ("query", "cases", "--from", "2021-09-02", "--to", "2021-09-01"),
        "2021-09",
    ),
    "a day that is none": (("query", "cases", "--from", "2021-02-30"), "2021-02-30"),
}


@pytest.mark.parametrize("fault", BAD_USE_LINES, ids=str)
def test_bad_use_is_answered_in_one_line(fault: str, vietnam: Command, tmp_path: Path) -> None:
    words, said = BAD_USE_LINES[fault]
    mapping, table = files(GOOD)(tmp_path)
    filled = [word.format(file=table, mapping=mapping) for word in words]
    before = vietnam.state()
    done = vietnam(*filled)
    assert done.code == BAD_USE, done.err
    assert said.lower() in one_line(done.err).lower()
    assert vietnam.state() == before


@pytest.mark.parametrize("missing", ["mapping", "file"])
def test_a_file_that_is_not_there(missing: str, vietnam: Command, tmp_path: Path) -> None:
    mapping, table = files(GOOD)(tmp_path)
    (mapping if missing == "mapping" else table).unlink()
    done = vietnam("ingest", "table", str(mapping), str(table))
    assert done.code in (COULD_NOT, BAD_USE)
    message = one_line(done.err)
    assert ("map.toml" if missing == "mapping" else "report.csv") in message
    assert str(tmp_path) not in message


def test_rows_too_long_and_too_short_do_not_make_up_for_each_other(
    fresh: Command, tmp_path: Path
) -> None:
    ragged = "2021-08-01,Hải Phòng,51,5,1\n2021-08-01,Đà Nẵng,7\n"
    mapping, table = files(GOOD + ragged)(tmp_path)
    counts = json.loads(fresh("ingest", "table", str(mapping), str(table), "--json").out)
    assert (counts["read"], counts["new"], counts["rejected"]) == (4, 2, 2)
    rejected = read_rejects(Path(counts["rejects_file"]))
    assert {(found["row"], found["reason"]) for found in rejected} == {
        ("4", "ragged"),
        ("5", "ragged"),
    }


def test_a_folder_is_no_file(vietnam: Command, tmp_path: Path) -> None:
    mapping, _ = files(GOOD)(tmp_path)
    done = vietnam("ingest", "table", str(mapping), str(tmp_path))
    assert done.code in (COULD_NOT, BAD_USE)
    one_line(done.err)


def test_one_faulty_file_of_two_takes_neither(fresh: Command, tmp_path: Path) -> None:
    mapping, good = files(GOOD)(tmp_path)
    (tmp_path / "broken.csv").write_bytes(b"")
    before = fresh.state()
    done = fresh("ingest", "table", str(mapping), str(good), str(tmp_path / "broken.csv"))
    assert done.code == COULD_NOT
    one_line(done.err)
    assert fresh.state() == before


def test_a_database_without_schema_says_what_to_do(uninitialised: Command, tmp_path: Path) -> None:
    mapping, table = files(GOOD)(tmp_path)
    for words in (("ingest", "table", str(mapping), str(table)), ("query", "cases"), ("verify",)):
        done = uninitialised(*words)
        assert done.code == COULD_NOT
        assert "init" in one_line(done.err)


def test_a_database_that_is_away() -> None:
    away = Command(url="postgresql://nobody:secret-word@127.0.0.1:9/none")
    for words in (("init",), ("query", "cases"), ("verify",)):
        done = away(*words)
        assert done.code == COULD_NOT
        assert "secret-word" not in one_line(done.err)


def test_an_address_that_is_none() -> None:
    done = Command(url="oracle://somewhere")("query", "cases")
    assert done.code == BAD_USE
    assert "TUYENDAU_DATABASE_URL" in one_line(done.err)
