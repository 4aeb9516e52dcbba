"""Malaysia's real files through its own country pack, in its own database, on both databases."""

import json
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
import sqlalchemy as sa
from polars.testing import assert_frame_equal

from data_access import tables
from data_access.engine import make_engine
from data_access.errors import BadUse
from examples import load
from examples.plan import MALAYSIA, Step
from tests.conftest import Postgres, written
from tests.e2e import expected
from tests.e2e.asking import Asker, difference, open_asker
from tests.e2e.command import Command
from tests.e2e.expected import SHARED, File, Key
from tests.e2e.test_vietnam import figures_in, rejected_rows
from tests.packs.build_my_pack import STATES, build

pytestmark = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason=expected.NO_SHARED)


def bare(name: str) -> str:
    """Return a state's name without dots and blanks, in small letters."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


CODES = {"malaysia": "MY"} | {
    bare(spelling): code
    for code, name, aliases, *_ in STATES
    for spelling in (name, *aliases.split("|"))
}


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(SHARED, tmp_path_factory.mktemp("pack") / "my")


@pytest.fixture(scope="module")
def empty(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """A database with Malaysia's reference data, to be filled."""
    command = Command(url=f"sqlite:///{tmp_path_factory.mktemp('malaysia') / 'my.sqlite'}")
    done = command("init", "--pack", str(pack))
    assert done.code == 0, done.err
    return command


@pytest.fixture(scope="module")
def outcomes(empty: Command) -> dict[str, load.Loaded]:
    """What each delivery came to, by mapping; the loader is not told which country it is."""
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


def delivered(found: Step, rejected: set[int]) -> File:
    mapping = expected.read_mapping(found.mapping)
    rows = expected.read_rows(SHARED / "data" / found.file)
    rows = rows[~rows["row"].isin(rejected)]
    area = mapping["area"]
    if "constant" in area:
        return File(mapping, rows, pd.Series(area["constant"], index=rows.index))
    # A state that the test's own table does not know becomes a code that no answer has.
    return File(mapping, rows, rows[area["column"]].map(bare).map(CODES).fillna("?"))


@pytest.fixture(scope="module")
def wanted(outcomes: dict[str, load.Loaded]) -> dict[Key, pd.DataFrame]:
    files = [
        delivered(found, set(rejected_rows(outcomes[found.mapping.stem]))) for found in MALAYSIA
    ]
    return expected.together(files)


def test_every_row_is_accounted_for(outcomes: dict[str, load.Loaded]) -> None:
    for found in MALAYSIA:
        counts = outcomes[found.mapping.stem].outcome.counts
        assert counts.read == len(expected.read_rows(SHARED / "data" / found.file)), found.file
        assert (
            counts.read
            == counts.new + counts.updated + counts.unchanged + counts.stale + counts.rejected
        )
        assert len(rejected_rows(outcomes[found.mapping.stem])) == counts.rejected, found.file
    faulty = {name for name, found in outcomes.items() if found.outcome.counts.rejected}
    assert faulty == {"clusters_state"}


def test_only_clusters_of_several_states_are_rejected(outcomes: dict[str, load.Loaded]) -> None:
    rows = expected.read_rows(SHARED / "data" / "my" / "clusters.csv")
    one_state = rows["state"].map(bare).isin(CODES)
    rejected = set(rejected_rows(outcomes["clusters_state"]))
    assert rejected == set(rows.loc[~one_state, "row"])


@pytest.mark.parametrize("level", ["province", "national"])
def test_every_series_equals_pandas(
    level: str, asker: Asker, wanted: dict[Key, pd.DataFrame]
) -> None:
    found = [
        difference(asker, key, cells, level=level)
        for key, cells in wanted.items()
        if level == "national" or set(cells["code"]) != {"MY"}
    ]
    assert len(found) > 30
    assert not [text for text in found if text]


def test_the_country_s_own_total_stands_beside_the_sum_of_states(
    asker: Asker, outcomes: dict[str, load.Loaded]
) -> None:
    assert outcomes
    own = expected.cells_of(
        delivered(next(s for s in MALAYSIA if s.mapping.stem == "checkin_national"), set())
    )
    for (_, measure, _), cells in own.items():
        got = asker.figures(measure, level="national", source="moh-my", reported=True)
        answered = {str(d): v for d, v in got.select("date", "value").drop_nulls().iter_rows()}
        assert answered == dict(zip(cells["date"], cells["value"], strict=True))


def test_well_known_sums(asker: Asker, outcomes: dict[str, load.Loaded]) -> None:
    """Totals taken from the files with another tool."""
    assert outcomes
    sums = {"cases": 1_384_353, "deaths": 12_228, "doses": 27_810_855, "clusters_announced": 4_120,
            "cluster_cases": 391_093, "quarantine_admissions": 465_592}  # fmt: skip
    for measure, total in sums.items():
        got = asker.figures(measure, level="national")
        assert got["value"].sum() == total, measure


def test_delivering_again_changes_nothing(loaded: Command) -> None:
    before = figures_in(loaded)
    for name in ("pkrc", "clusters", "clusters_state"):
        found = next(step for step in MALAYSIA if step.mapping.stem == name)
        words = ("ingest", "table", str(found.mapping), str(SHARED / "data" / found.file))
        done = loaded(*words, "--known-at", found.known_at, "--json")
        assert done.code == 0, done.err
        counts = json.loads(done.out)
        assert counts["new"] == counts["updated"] == counts["retracted"] == 0
        assert counts["read"] == counts["unchanged"] + counts["stale"] + counts["rejected"]
    assert figures_in(loaded) == before


def test_postgresql_holds_the_same_cells(loaded: Command, pack: Path, postgres: Postgres) -> None:
    address = postgres.create()
    command = Command(url=written(address))
    try:
        assert command.outside("init", "--pack", str(pack)).code == 0
        load.main(data=SHARED / "data", database_url=command.url, quiet=True)
        ours, theirs = cells_in(command.url), cells_in(loaded.url)
        assert ours.height > 100_000
        assert_frame_equal(ours, theirs, check_row_order=False)
    finally:
        postgres.drop(address)


def cells_in(url: str) -> pl.DataFrame:
    """Return every cell with its history, by names instead of numbers."""
    engine = make_engine(url)
    history, measure, area = tables.cube_history, tables.measure, tables.area
    breakdown, source = tables.breakdown, tables.source
    query = sa.select(
        measure.c.key, history.c.day, area.c.code, breakdown.c.dims, source.c.name,
        history.c.known_at, history.c.value, history.c.n, history.c.status,
    ).select_from(
        history.join(measure, measure.c.measure_id == history.c.measure_id)
        .join(area, area.c.area_id == history.c.area_id)
        .join(breakdown, breakdown.c.breakdown_id == history.c.breakdown_id)
        .join(source, source.c.source_id == history.c.source_id)
    )  # fmt: skip
    with engine.connect() as connection:
        rows = connection.execute(query).fetchall()
    engine.dispose()
    return pl.DataFrame([tuple(row) for row in rows], orient="row", infer_schema_length=None)


def test_verify_finds_no_difference(loaded: Command) -> None:
    done = loaded("verify")
    assert done.code == 0, done.err + done.out


def test_vietnam_s_files_do_not_go_into_malaysia_s_database(loaded: Command) -> None:
    with pytest.raises(BadUse, match="MY"):
        load.main(data=SHARED / "data", database_url=loaded.url, country="vn")
