"""`python -m data_access rt`: an incidence file in, EpiEstim's estimates out."""

import csv
import io
import json
import unicodedata
from datetime import date, timedelta
from pathlib import Path

import pytest

from data_access.cli.program import main
from data_access.cli.rt import read_series
from data_access.errors import BadInput
from tests.conftest import ROOT

FLU2009 = ROOT.parent / "shared" / "data" / "rt" / "Flu2009_incidence.csv"
SI = ("--mean-si", "2.6", "--sd-si", "1.5")
HEADER = "t_start,t_end,mean,sd,q025,q50,q975"


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, name: str = "series.csv") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, str]]:
    assert main(["rt", *arguments, *SI]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.mark.skipif(not FLU2009.is_file(), reason="EpiEstim's outputs are not here")
def test_it_prints_epiestim_s_numbers(capsys) -> None:
    assert main(["rt", "--file", str(FLU2009), *SI]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == HEADER
    table = FLU2009.with_name("Flu2009_R_parametric_2.6_1.5_weekly.csv")
    theirs = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8")))
    pairs = {
        "mean": "Mean(R)",
        "sd": "Std(R)",
        "q025": "Quantile.0.025(R)",
        "q50": "Median(R)",
        "q975": "Quantile.0.975(R)",
    }
    empty = []
    for mine, row in zip(csv.DictReader(io.StringIO(out)), theirs, strict=True):
        assert (mine["t_start"], mine["t_end"]) == (row["t_start"], row["t_end"])
        if not mine["mean"]:
            empty.append(int(mine["t_start"]))
            continue
        for ours, column in pairs.items():
            assert float(mine[ours]) == pytest.approx(float(row[column]), abs=1e-6)
    assert empty == [21, 22, 23, 24, 25, 26]


def test_dates_numbers_and_separators_are_one_series(written, capsys) -> None:
    cases = [5, 8, 13, 20, 9, 14, 16, 22, 30, 28]
    dated = "date,cases\n" + "".join(f"2021-08-{n + 25:02},{c}\n" for n, c in enumerate(cases[:7]))
    dated += "".join(f"2021-09-{n:02},{c}\n" for n, c in enumerate(cases[7:], start=1))
    numbered = "T;I\n" + "".join(f"{n};{c}\n" for n, c in enumerate(cases, start=1))
    one = printed(capsys, "--file", written(dated))
    assert one == printed(capsys, "--file", written("\ufeff" + numbered))
    assert [row["t_end"] for row in one] == ["8", "9", "10"]
    assert all(row["mean"] for row in one)
    assert printed(capsys, "--file", written(dated), "--window", "9")[0]["t_end"] == "10"


def test_imported_cases_are_told_apart_in_either_spelling(written, capsys) -> None:
    local, total = ("\n".join(f"{t},{value},4" for t in range(1, 15)) for value in (20, 24))
    apart = printed(capsys, "--file", written(f"t,local,imported\n{local}\n"))
    among = printed(capsys, "--file", written(f"t,cases,imported\n{total}\n"))
    alone = printed(capsys, "--file", written(f"t,cases\n{total.replace(',4', '')}\n"))
    assert apart == among
    assert all(
        float(one["mean"]) < float(other["mean"]) for one, other in zip(apart, alone, strict=True)
    )


def test_a_day_without_a_row_empties_the_windows_that_hold_it(written, capsys) -> None:
    rows = [f"2021-09-{n:02},40" for n in range(1, 29) if n != 20]
    path = written("date,cases\n" + "\n".join(rows) + "\n")
    found = printed(capsys, "--file", path)
    empty = {int(row["t_end"]) for row in found if not row["mean"]}
    assert len(found) == 21
    assert set(range(20, 27)) <= empty <= set(range(20, 29))
    assert main(["rt", "--file", path, *SI, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["t_end"] for row in told if row["not_shown"] == "gap"] == sorted(empty)
    assert told[0]["date_end"] == "2021-09-08"
    blank = written("date,cases\n" + "\n".join([*rows, "2021-09-20,NA"]) + "\n")
    assert printed(capsys, "--file", blank) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column 'date' or 't'"),
        ("date,deaths\n2021-09-01,4\n", "no column 'cases'"),
        ("date,cases\n2021-09-01,four\n", "line 2, cases: 'four' is no number"),
        ("date,cases\n2021-09-01,inf\n", "is no number"),
        ("date,cases\n09/31/2021,4\n", "line 2, date"),
        ("t,cases\n1,4\n1,5\n", "line 3"),
        ("t,cases\n1,4\n2\n", "line 3 has 1 cells"),
        ("t,cases\n1,4\n99999999,5\n", "at most 20000"),
        ("t,cases\n1,4\n2,5\n", "has 2 days"),
        ("t,cases\n", "has 0 days"),
        ("t,cases,cases\n1,4,4\n", "twice"),
    ],
)
def test_a_file_that_is_no_series_is_one_clear_line(text, words, written, capsys) -> None:
    assert main(["rt", "--file", written(text), *SI]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--mean-si", "1", "--sd-si", "1"), "mean serial interval"),
        (("--mean-si", "3", "--sd-si", "0"), "standard deviation"),
        (("--mean-si", "nan", "--sd-si", "1"), "mean serial interval"),
        (("--mean-si", "3", "--sd-si", "1", "--window", "0"), "--window"),
    ],
)
def test_options_that_cannot_be_are_bad_use(options, words, written, capsys) -> None:
    path = written("t,I\n" + "".join(f"{t},20\n" for t in range(1, 20)))
    assert main(["rt", "--file", path, *options]) == 2
    assert words in capsys.readouterr().err


def test_no_file_is_bad_use_and_no_text_cannot_be_done(tmp_path: Path, capsys) -> None:
    assert main(["rt", "--file", str(tmp_path / "none.csv"), *SI]) == 2
    binary = tmp_path / "series.csv"
    binary.write_bytes(b"\xff\xfe\x00\x81")
    assert main(["rt", "--file", str(binary), *SI]) == 1
    assert capsys.readouterr().err.count("error:") == 2


# --- files as people keep them --------------------------------------------------------------------

PLAIN = [10, 12, 9, 14, 11, 13, 15, 12, 16, 14, 18, 17, 19, 16, 21, 20]
FROM = date(2021, 5, 1)


def kept(
    path: Path, head: str, *, day: str = "%Y-%m-%d", between: str = ",", step: int = 1
) -> Path:
    rows = [
        f"{(FROM + timedelta(days=step * n)).strftime(day)}{between}{cases}"
        for n, cases in enumerate(PLAIN)
    ]
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("ngày,số ca", {}),
        ("NGÀY BÁO CÁO;Ca mắc mới", {"between": ";"}),
        (unicodedata.normalize("NFD", "ngày,số ca mắc"), {}),
        ("Ngay\tSo ca", {"between": "\t"}),
        ("ngày,ca mắc", {"day": "%d/%m/%Y"}),
    ],
)
def test_headings_and_dates_as_in_vietnam(tmp_path: Path, head: str, words: dict[str, str]) -> None:
    usual = read_series(kept(tmp_path / "a.csv", "date,cases"))
    assert read_series(kept(tmp_path / "b.csv", head, **words)) == usual  # type: ignore[arg-type]


def test_a_weekly_series_is_refused_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a series of days is needed"):
        read_series(kept(tmp_path / "w.csv", "date,cases", step=7))


@pytest.mark.parametrize("text", ['"1.010"', '"1,010"', '"12.500"'])
def test_a_number_that_may_be_thousands_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"date,cases\n2021-05-01,{text}\n2021-05-02,3\n", encoding="utf-8")
    with pytest.raises(BadInput, match="may be thousands"):
        read_series(path)


def test_a_mean_below_one_is_no_number_of_thousands(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("date,cases\n2021-05-01,0.857\n2021-05-02,3\n", encoding="utf-8")
    assert read_series(path).incidence.local == [0.857, 3.0]
