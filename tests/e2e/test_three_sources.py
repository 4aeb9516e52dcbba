"""Three real sources of the same cases: each difference named, each equal to plain pandas."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.engine import make_engine
from data_access.reconcile.engine import findings
from data_access.reference.areas import load_areas
from data_access.viewer import parse_viewer, system_viewer
from examples.plan import VIETNAM
from tests.conftest import KINDS, Postgres, written
from tests.e2e import expected
from tests.e2e.asking import NOW
from tests.e2e.command import Command
from tests.e2e.expected import SHARED

pytestmark = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason=expected.NO_SHARED)
STEPS = {"ncsc": "ncsc_daily", "vncdc": "vncdc_daily", "vnexpress": "vnexpress_daily"}
START, END = date(2021, 4, 27), date(2021, 11, 17)


def file_of(mapping: str) -> tuple[Path, Path]:
    step = next(one for one in VIETNAM if one.mapping.stem == mapping)
    return step.mapping, SHARED / "data" / step.file


@pytest.fixture(scope="module", params=KINDS)
def loaded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Command]:
    """The three sources in a database of either kind."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("three") / "three.sqlite"
        path.write_bytes(request.getfixturevalue("initialised").read_bytes())
        yield delivered(Command(url=f"sqlite:///{path}"))
        return
    server: Postgres = request.getfixturevalue("postgres")
    address = server.create()
    command = Command(url=written(address))
    done = command("init")
    assert done.code == 0, done.err
    yield delivered(command)
    server.drop(address)


def delivered(command: Command) -> Command:
    """Put the three files through the gate."""
    for mapping in STEPS.values():
        toml, rows = file_of(mapping)
        done = command("ingest", "table", str(toml), str(rows), "--known-at", "2022-02-01")
        assert done.code == 0, done.err
    return command


@pytest.fixture(scope="module")
def found(loaded: Command) -> Iterator[pl.DataFrame]:
    engine = make_engine(loaded.url)
    areas = load_areas(engine, viewer=system_viewer(NOW))
    cube = HotCube(engine, lambda: NOW, geography=Geography(areas))
    yield findings(cube, engine, viewer=parse_viewer("national", now=NOW), start=START, end=END)
    engine.dispose()


@pytest.fixture(scope="module")
def cases() -> dict[str, pd.Series]:
    """Daily cases by (day, code) of each source, read with pandas alone."""
    made = {}
    for source, mapping in STEPS.items():
        rows = pd.read_csv(file_of(mapping)[1], dtype={"code": str})
        rows = rows[rows["code"].notna()].dropna(subset=["new_cases"])
        # The first row of a day stands where a source repeats it.
        rows = rows.drop_duplicates(["date", "code"])
        rows = rows[rows["date"].between(START.isoformat(), END.isoformat())]
        made[source] = rows.set_index(["date", "code"])["new_cases"]
    return made


def test_each_difference_is_named_and_none_is_invented(
    found: pl.DataFrame, cases: dict[str, pd.Series]
) -> None:
    wanted = {}
    for a, b in combinations(sorted(STEPS), 2):
        both = pd.concat([cases[a], cases[b]], axis=1, join="inner", keys=["a", "b"])
        for (day, code), row in both[both["a"] != both["b"]].iterrows():
            wanted[day, code, a, b] = (row["a"], row["b"])
    rows = found.filter(
        pl.col("rule") == "sources_differ", pl.col("measure_a") == "cases",
        pl.col("area_level") == "province",
    )  # fmt: skip
    columns = ["area_code", "source_a", "source_b", "value_a", "value_b"]
    got = {
        (str(day), code, a, b): (x, y)
        for day, code, a, b, x, y in rows.select("date", *columns).iter_rows()
    }
    assert len(got) == rows.height
    assert len(wanted) > 8000
    assert got == wanted


def test_parts_that_are_not_their_total(found: pl.DataFrame) -> None:
    """VNCDC's own places of detection do not add up to its own totals everywhere."""
    rows = pd.read_csv(file_of(STEPS["vncdc"])[1], dtype={"code": str}).dropna(subset=["code"])
    rows = rows.drop_duplicates(["date", "code"]).dropna(subset=["new_cases"])
    parts = rows.filter(like="found_").sum(axis=1)
    wanted = {(row.date, row.code) for row in rows[parts != rows["new_cases"]].itertuples()}
    kept = found.filter(pl.col("rule") == "breakdown_sum")
    assert {(str(d), c) for d, c in kept.select("date", "area_code").iter_rows()} == wanted


def test_the_known_faults_are_named(found: pl.DataFrame) -> None:
    differ = found.filter(pl.col("rule") == "sources_differ", pl.col("measure_a") == "cases")
    outlier = differ.filter(
        pl.col("date") == date(2021, 10, 25), pl.col("area_code") == "96",
        pl.col("source_a") == "ncsc",
    )  # fmt: skip
    assert outlier.select("value_a", "cause", "severity").rows() == [
        (151_919.0, "outlier", "serious")
    ]
    for day in (date(2021, 7, 11), date(2021, 7, 19)):
        silent = differ.filter(pl.col("date") == day, pl.col("source_a") == "ncsc")
        assert silent.height > 20
        large = silent.filter(pl.col("gap").abs() >= 20)
        assert large.height
        assert set(large["cause"]) <= {"zero_for_missing", "shifted_day"}
        assert "zero_for_missing" in set(large["cause"])
