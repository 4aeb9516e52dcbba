"""Successive real deliveries of one table: what was known at each moment is that file."""

import csv
import random
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.clock import parse_instant
from data_access.codes import from_us, to_us
from data_access.ingest.intake import Intake
from data_access.reference.pack import Pack, load_pack
from tests.conftest import NOW, Database, know
from tests.db.gate import open_gate
from tests.packs.build_my_pack import build

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared"
# table → (mapping, {column of the file: (measure, breakdown)})
TABLES = {
    "pkrc": (
        "pkrc.toml",
        {
            "beds": ("quarantine_beds", ""),
            "admitted_pui": ("quarantine_admissions", "class=F1"),
            "admitted_covid": ("quarantine_admissions", "class=F0"),
            "admitted_total": ("quarantine_admissions", ""),
            "discharge_pui": ("quarantine_discharges", "class=F1"),
            "discharge_covid": ("quarantine_discharges", "class=F0"),
            "discharge_total": ("quarantine_discharges", ""),
            "pkrc_covid": ("quarantine_occupied", "class=F0"),
            "pkrc_pui": ("quarantine_occupied", "class=F1"),
            "pkrc_noncovid": ("quarantine_occupied", "class=khac"),
        },
    ),
    "tests_malaysia": (
        "tests.toml",
        {
            "rtk-ag": ("samples_resulted", "method=AG_RAPID"),
            "pcr": ("samples_resulted", "method=RT_PCR"),
        },
    ),
    # A list of clusters: rows of one day and setting add up.
    "clusters": (
        "clusters.toml",
        {
            "": ("clusters_announced", "setting={category}"),
            "cases_total": ("cluster_cases", "setting={category}"),
            "tests": ("cluster_tests", "setting={category}"),
            "deaths": ("cluster_deaths", "setting={category}"),
        },
    ),
}

NAMES = {"Penang": "Pulau Pinang"}  # what the pack calls it

Key = tuple[str, str, date, str]  # measure, breakdown, day, area
Cells = dict[Key, float]
Histories = dict[Key, list[tuple[datetime, float | None, int]]]


@pytest.fixture(scope="module")
def my_pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    if not (SHARED / "data" / "my" / "vintages").is_dir():
        pytest.skip("the shared data (../shared/data) is not beside this checkout")
    return load_pack(build(SHARED, tmp_path_factory.mktemp("packs") / "my"))


@pytest.fixture
def intake(database: Database, my_pack: Pack, tmp_path: Path) -> Intake:
    know(database.url, my_pack)
    return open_gate(database, tmp_path / "rejects", clock=lambda: NOW, key="")


def deliveries(table: str) -> list[tuple[datetime, Path]]:
    """Return (moment, file) of each delivery, oldest first."""
    found = []
    for path in sorted((SHARED / "data" / "my" / "vintages" / table).glob("*.csv")):
        day, _, clock = path.stem.partition("T")
        moment = f"{day}T{clock.replace('-', ':')}+08:00"
        found.append((parse_instant(moment, zone="UTC"), path))
    return found


def cells_of(path: Path, columns: dict[str, tuple[str, str]]) -> Cells:
    """Read a file with the standard library: what its cells are."""
    found: Cells = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, skipinitialspace=True):
            for column, (measure, dims) in columns.items():
                text = row[column] if column else "1"
                if text != "":
                    day = date.fromisoformat(row.get("date") or row["date_announced"])
                    state = "Malaysia" if "cluster" in row else row.get("state", "Malaysia")
                    key = (measure, dims.format(**row), day, NAMES.get(state, state))
                    found[key] = found.get(key, 0.0) + float(text)
    return found


def history(
    engine: sa.Engine,
) -> dict[tuple[str, str, date, str], list[tuple[datetime, float | None, int]]]:
    """Return the whole stored history by names, each cell's rows in order of moment."""
    cube, area = tables.cube_history.c, tables.area.c
    query = (
        sa.select(
            tables.measure.c.key, tables.breakdown.c.dims, cube.day, area.name, cube.known_at,
            cube.value, cube.n,
        )
        .join(tables.measure, tables.measure.c.measure_id == cube.measure_id)
        .join(tables.breakdown, tables.breakdown.c.breakdown_id == cube.breakdown_id)
        .join(tables.area, area.area_id == cube.area_id)
        .order_by(cube.known_at)
    )  # fmt: skip
    found: Histories = {}
    with engine.connect() as connection:
        for measure, dims, day, name, known_at, value, n in connection.execute(query):
            key = (measure, dims, date.fromordinal(date(1970, 1, 1).toordinal() + day), name)
            found.setdefault(key, []).append((from_us(known_at), value, n))
    return found


def known(
    held: dict[tuple[str, str, date, str], list[tuple[datetime, float | None, int]]],
    moment: datetime,
) -> Cells:
    """Return the cells as known at a moment."""
    found: Cells = {}
    for key, rows in held.items():
        told = [row for row in rows if row[0] <= moment]
        if told and told[-1][2]:
            assert told[-1][1] is not None
            found[key] = told[-1][1]
    return found


def load(intake: Intake, table: str, order: list[tuple[datetime, Path]]) -> Iterator[object]:
    mapping = ROOT / "examples" / "my" / TABLES[table][0]
    for moment, path in order:
        yield intake.table((path,), mapping=mapping, known_at=moment).counts


@pytest.mark.parametrize("table", sorted(TABLES))
def test_each_moment_is_its_file_in_any_order(
    database: Database, intake: Intake, table: str
) -> None:
    in_order = deliveries(table)
    columns = TABLES[table][1]
    for counts in load(intake, table, in_order):
        assert counts.balanced
        assert counts.rejected == 0
    first = history(database.engine)
    for moment, path in in_order:
        assert known(first, moment) == cells_of(path, columns), path.name

    for counts in load(intake, table, in_order):
        assert counts.unchanged == counts.read
    assert history(database.engine) == first

    with database.engine.begin() as connection:
        for emptied in (tables.cube_history, tables.cube_current, tables.delivery):
            connection.execute(sa.delete(emptied))
    chance = random.Random(2)  # noqa: S311 -- an order, not a secret
    shuffled = chance.sample(in_order, k=len(in_order))
    for counts in load(intake, table, shuffled):
        assert counts.balanced
    assert history(database.engine) == first
    with database.engine.connect() as connection:
        latest = connection.execute(sa.select(sa.func.max(tables.cube_current.c.known_at)))
        assert latest.scalar_one() <= to_us(in_order[-1][0])
