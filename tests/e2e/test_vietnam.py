"""Vietnam's real files: every row accounted for, every figure equal to pandas."""

import csv
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from examples import load
from examples.plan import VIETNAM, Step
from tests.e2e import expected
from tests.e2e.asking import Asker, difference, open_asker
from tests.e2e.command import Command
from tests.e2e.expected import SHARED, File, Key

pytestmark = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason=expected.NO_SHARED)
MERGED_BEFORE_THE_PACK = {"044", "046", "050", "151", "204", "526", "762", "763"}
CENSUS = 96_208_984
TYPES = ("Quận ", "Huyện ", "Thị xã ", "Thành phố ", "TP. ", "TX. ")


def step(mapping: str) -> Step:
    return next(found for found in VIETNAM if found.mapping.stem == mapping)


@pytest.fixture(scope="module")
def empty(initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """A database with the pack of Vietnam and no figures."""
    path = tmp_path_factory.mktemp("vietnam") / "vietnam.sqlite"
    path.write_bytes(initialised.read_bytes())
    return Command(url=f"sqlite:///{path}")


@pytest.fixture(scope="module")
def outcomes(empty: Command) -> dict[str, load.Loaded]:
    """What each delivery came to, by mapping, loaded by the program that `make run DATA=` uses."""
    done = load.main(data=SHARED / "data", database_url=empty.url)
    return {found.step.mapping.stem: found for found in done}


@pytest.fixture(scope="module")
def loaded(empty: Command, outcomes: dict[str, load.Loaded]) -> Command:
    """The same database with every file in it."""
    assert outcomes
    return empty


@pytest.fixture(scope="module")
def asker(loaded: Command) -> Asker:
    return open_asker(loaded.url)


def rejected_rows(outcome: load.Loaded) -> dict[int, set[str]]:
    """Return row → reasons of a delivery's reject file."""
    path = outcome.outcome.rejects_file
    found: dict[int, set[str]] = {}
    if path:
        with Path(path).open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                found.setdefault(int(row["row"]), set()).add(row["reason"])
    return found


def codes_of(found: Step, rows: pd.DataFrame) -> pd.Series:
    """Return the file's area codes; of VNCDC too, whose mapping goes by name."""
    area = expected.read_mapping(found.mapping)["area"]
    if "constant" in area:
        return pd.Series(area["constant"], index=rows.index)
    return rows["code" if area["column"] == "province" else area["column"]]


def delivered(found: Step, rejected: set[int]) -> File:
    rows = expected.read_rows(SHARED / "data" / found.file)
    rows = rows[~rows["row"].isin(rejected)]
    return File(expected.read_mapping(found.mapping), rows, codes_of(found, rows))


@pytest.fixture(scope="module")
def wanted(outcomes: dict[str, load.Loaded]) -> dict[Key, pd.DataFrame]:
    """Cells of every series of every mapping that names areas by code."""
    files = [
        delivered(found, set(rejected_rows(outcomes[found.mapping.stem])))
        for found in VIETNAM
        if found.mapping.stem not in ("district_daily", "census_2019_district", "population_2025")
    ]
    return expected.together(files)


def test_every_row_is_accounted_for(outcomes: dict[str, load.Loaded]) -> None:
    for found in VIETNAM:
        rows = len(expected.read_rows(SHARED / "data" / found.file))
        outcome = outcomes[found.mapping.stem].outcome
        counts = outcome.counts
        assert counts.read == rows, found.file
        assert (
            counts.read
            == counts.new + counts.updated + counts.unchanged + counts.stale + counts.rejected
        )
        assert len(rejected_rows(outcomes[found.mapping.stem])) == counts.rejected, found.file


def test_rejected_rows_are_the_ones_that_should_be(outcomes: dict[str, load.Loaded]) -> None:
    counted = {name: found.outcome.counts.rejected for name, found in outcomes.items()}
    faulty = {name: n for name, n in counted.items() if n}
    assert set(faulty) == {"vncdc_daily", "census_2019_district", "district_daily"}

    vncdc = expected.read_rows(SHARED / "data" / step("vncdc_daily").file)
    unclear = set(vncdc.loc[vncdc["province"] == "Chưa rõ", "row"])
    figures = [name for name in vncdc if name.startswith(("new_", "found_"))]
    first = vncdc.groupby(["date", "province"])[figures].transform("first")
    contradicting = set(vncdc.loc[(vncdc[figures] != first).any(axis=1), "row"])
    rejected = rejected_rows(outcomes["vncdc_daily"])
    assert (len(unclear), len(contradicting)) == (141, 16)
    assert set(rejected) == unclear | contradicting

    census = expected.read_rows(SHARED / "data" / step("census_2019_district").file)
    gone = census[census["district_code"].isin(MERGED_BEFORE_THE_PACK)]
    assert set(rejected_rows(outcomes["census_2019_district"])) == set(gone["row"])
    assert gone["total"].astype(int).sum() == 1_165_618


@pytest.mark.parametrize("level", ["province", "national"])
def test_every_series_equals_pandas(
    level: str, asker: Asker, wanted: dict[Key, pd.DataFrame]
) -> None:
    found = []
    for key, cells in wanted.items():
        if key[2].count("=") > 1 or (level == "province" and set(cells["code"]) == {"VN"}):
            continue
        found.append(difference(asker, key, cells, level=level))
    assert len(found) > 40
    assert not [text for text in found if text]


def test_census(asker: Asker, outcomes: dict[str, load.Loaded]) -> None:
    nation = asker.figures("population", level="national", source="gso-census-2019")
    assert nation["value"].to_list() == [CENSUS]
    sexes = asker.figures("population", level="national", by="sex", source="gso-census-2019")
    assert dict(sexes.select("sex", "value").iter_rows()) == {"nam": 47_881_061, "nu": 48_327_923}
    adults = asker.figures("population", level="national", by="group", source="gso-census-2019")
    assert dict(adults.select("group", "value").iter_rows())["18+"] == 68_969_931
    rows = expected.read_rows(SHARED / "data" / step("census_2019_district").file)
    rows = rows[~rows["district_code"].isin(MERGED_BEFORE_THE_PACK)]
    census = delivered(
        step("census_2019_district"), set(rejected_rows(outcomes["census_2019_district"]))
    )
    for key, cells in expected.cells_of(census).items():
        if key[2].count("=") < 2:
            assert not difference(asker, key, cells, level="district")


def test_districts_by_name(asker: Asker, outcomes: dict[str, load.Loaded]) -> None:
    """Each accepted row stands in a district of its province whose name is the file's."""
    found = step("district_daily")
    rows = expected.read_rows(SHARED / "data" / found.file)
    rejected = rejected_rows(outcomes["district_daily"])
    kept = rows[~rows["row"].isin(rejected)]
    names: dict[tuple[str, str], list[str]] = {}
    areas = expected.read_rows(expected.ROOT / "data_access" / "packs" / "vn" / "areas.csv")
    for area in areas[areas["level"] == "district"].itertuples():
        for spelling in {area.name, *area.aliases.split("|")}:
            plain = bare(spelling)
            if area.code not in names.setdefault((area.parent_code, plain), []):
                names[area.parent_code, plain].append(area.code)
    codes = [names.get((row.code, bare(row.district)), []) for row in kept.itertuples()]
    assert Counter(len(fits) for fits in codes)[1] >= 0.99 * len(kept)
    got = asker.figures("cases", level="district", source="antoancovid").drop_nulls("value")
    answered = {
        (str(day), code): value
        for day, code, value in got.select("date", "area_code", "value").iter_rows()
    }
    assert sum(answered.values()) == kept["new_cases"].astype(int).sum()
    for row, fits in zip(kept.itertuples(), codes, strict=True):
        if len(fits) == 1:
            assert answered[row.date, fits[0]] == int(row.new_cases)
    assert (
        kept["new_cases"].astype(int).sum()
        + rows.loc[rows["row"].isin(rejected), "new_cases"].astype(int).sum()
        == rows["new_cases"].astype(int).sum()
    )


def bare(name: str) -> str:
    """Return a district's name without its type word, in small letters."""
    for word in TYPES:
        name = name.removeprefix(word)
    return " ".join(name.casefold().replace("’", "'").split())


def test_the_34_provinces(asker: Asker) -> None:
    rows = expected.read_rows(SHARED / "data" / step("population_2025").file)
    got = asker.figures("population", level="province", source="resolution-202-2025").drop_nulls(
        "value"
    )
    assert dict(got.select("area_code", "value").iter_rows()) == dict(
        zip(rows["code34"], rows["population"].astype(int), strict=True)
    )


def test_the_command_line_says_the_same(loaded: Command) -> None:
    words = (
        "query",
        "cases",
        "--level",
        "province",
        "--source",
        "ncsc",
        "--area",
        "79",
        "--area",
        "01",
    )
    printed = loaded.rows(*words, "--from", "2021-08-01", "--to", "2021-08-31")
    rows = expected.read_rows(SHARED / "data" / step("ncsc_daily").file)
    august = rows[rows["code"].isin(["01", "79"]) & rows["date"].str.startswith("2021-08")]
    assert {(r["date"], r["area_code"]): float(r["value"]) for r in printed} == {
        (r.date, r.code): float(r.new_cases) for r in august.itertuples()
    }
    assert [(r["date"], r["area_code"]) for r in printed] == sorted(
        (r["date"], r["area_code"]) for r in printed
    )


def test_the_preferred_source_answers_when_none_is_named(loaded: Command) -> None:
    day = ("--from", "2021-09-02", "--to", "2021-09-02")
    got = loaded.rows("query", "cases", *day)
    rows = expected.read_rows(SHARED / "data" / step("ncsc_daily").file)
    ncsc = rows.loc[rows["date"] == "2021-09-02", "new_cases"].astype(float).sum()
    assert [float(row["value"]) for row in got] == [ncsc]


def test_looking_back_sees_what_was_delivered_by_then(loaded: Command) -> None:
    words = ("query", "doses_cumulative", "--from", "2021-08-05", "--to", "2021-08-05")
    after = loaded.rows(*words, "--as-of", "2021-08-06T00:00:00+07:00")
    before = loaded.rows(*words, "--as-of", "2021-08-05T23:59:00+07:00")
    assert [row["value"] for row in after] == ["6481682"]
    assert not [row for row in before if row["value"]]


def test_loading_again_changes_nothing(loaded: Command) -> None:
    before = figures_in(loaded)
    again = load.main(data=SHARED / "data", database_url=loaded.url)
    for found in again:
        counts = found.outcome.counts
        assert counts.new == counts.updated == counts.retracted == 0, found.step.file
        assert counts.read == counts.unchanged + counts.stale + counts.rejected
    assert figures_in(loaded) == before


def figures_in(command: Command) -> str:
    """Return a fingerprint of the cube with its history, without the ledger."""
    return command.state(tables=("cube_current", "cube_history"))


def test_verify_finds_no_difference(loaded: Command) -> None:
    done = loaded("verify")
    assert done.code == 0, done.err + done.out
