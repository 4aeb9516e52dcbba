"""From the file to the figure: what a mapping declares decides who sees a number."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Clearance, Level, Role
from data_access.cube.query import Ask
from data_access.errors import BadInput, UnknownId
from data_access.ingest.intake import Intake
from data_access.ingest.mapping import load_table_mapping
from data_access.reference.areas import load_areas
from data_access.settings import Settings
from data_access.shared import Shared, open_shared
from data_access.viewer import Viewer, make_viewer, system_viewer
from tests.conftest import Database

pytestmark = [pytest.mark.db, pytest.mark.vietnam]
NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)
DAY = date(2021, 9, 1)
HEAD = """
platform = "tracing"
mode = "snapshot"
date = { constant = 2021-09-01 }
area = { column = "province", match = "code" }
"""
CASES = '[[measure]]\nid = "cases"\ncolumn = "n"\n'


@pytest.fixture
def gate(database: Database, tmp_path: Path) -> Intake:
    areas = load_areas(database.engine, viewer=system_viewer(NOW))
    return Intake(engine=database.engine, areas=areas, clock=lambda: NOW, pseudonym_key="",
                  rejects_folder=tmp_path / "rejects")  # fmt: skip


@pytest.fixture
def shared(database: Database) -> Iterator[Shared]:
    settings = Settings(
        database_url=database.url, pseudonym_key="", demo=True, pack="", now=NOW.isoformat()
    )
    made: list[Shared] = []

    def opened() -> Shared:
        made.append(open_shared(settings))
        return made[-1]

    yield opened  # type: ignore[misc]
    for one in made:
        one.close()


def deliver(gate: Intake, folder: Path, top: str, n: int, *, measure: str = CASES) -> None:
    mapping, table = folder / f"m{n}.toml", folder / f"t{n}.csv"
    mapping.write_text(top + HEAD + measure, encoding="utf-8")
    table.write_text(f"province,n\n79,{n}\n01,{n}\n", encoding="utf-8")
    gate.table((table,), mapping=mapping, known_at=NOW)


def viewer(role: Role) -> Viewer:
    return make_viewer(role, now=NOW, areas=frozenset({"79"}))


def seen(shared: Shared, role: Role, key: str = "cases") -> list[object]:
    ask = Ask(ids=(key,), level=Level.PROVINCE, areas=("79",), start=DAY, end=DAY)
    found = shared.figures(ask, viewer=viewer(role))
    return [value for value in found["value"].to_list() if value is not None]


SECRET = 'source = { name = "closed", clearance = "sensitive" }\nprecedence = 1\n'
PLAIN = 'source = "plain"\n'


def test_a_closed_source_answers_whoever_may_see_it_and_nobody_else(
    gate: Intake, shared, tmp_path: Path
) -> None:
    deliver(gate, tmp_path, PLAIN, 5)
    deliver(gate, tmp_path, SECRET, 999)
    opened = shared()
    # The preferred source first for one who may, then for those who may not, and back.
    for _ in range(2):
        assert seen(opened, Role.NATIONAL) == [999]
        assert seen(opened, Role.STEWARD) == [5]
        assert seen(opened, Role.PROVINCE) == [5]


def test_without_another_source_there_is_no_figure(gate: Intake, shared, tmp_path: Path) -> None:
    deliver(gate, tmp_path, SECRET, 999)
    opened = shared()
    assert seen(opened, Role.NATIONAL) == [999]
    for role in (Role.STEWARD, Role.PROVINCE, Role.OPERATOR):
        assert seen(opened, role) == []
        view = opened.cube.view({"cases": None}, viewer=viewer(role))
        assert view.all_cells("cases").is_empty()
        assert view.presence("cases").is_empty()
        assert view.holdings("cases").is_empty()
        assert view.span("cases", sources=None) is None
    reported = opened.reporting(viewer=viewer(Role.STEWARD), start=DAY, end=DAY)
    assert "closed" not in set(reported["source"])


def test_the_clearance_of_a_source_only_rises(
    gate: Intake, database: Database, tmp_path: Path
) -> None:
    again = 'source = "closed"\n'
    for top in (SECRET, again, again + 'clearance = "official"\n'):
        deliver(gate, tmp_path, top, 3)
    held = tables.source.c
    with database.engine.connect() as connection:
        found = connection.execute(sa.select(held.clearance).where(held.name == "closed")).scalars()
        assert list(found) == [Clearance.SENSITIVE]


@pytest.mark.parametrize(
    ("stated", "who"),
    [
        ("", {Role.NATIONAL, Role.STEWARD}),
        ('clearance = "sensitive"\n', {Role.NATIONAL}),
        ('clearance = "public"\n', {Role.NATIONAL, Role.STEWARD}),
    ],
)
def test_a_new_measure_has_the_clearance_of_its_mapping(
    gate: Intake, shared, tmp_path: Path, stated: str, who: set[Role]
) -> None:
    new = f'[[measure]]\nid = "masks"\ncolumn = "n"\nkind = "flow"\nunit = "mask"\n{stated}'
    deliver(gate, tmp_path, PLAIN, 7, measure=new)
    opened = shared()
    for role in (Role.NATIONAL, Role.STEWARD):
        if role in who:
            assert seen(opened, role, "masks") == [7]
        else:
            with pytest.raises(UnknownId):
                seen(opened, role, "masks")
    expected = {"": Clearance.OFFICIAL}.get(stated)
    if expected is not None:
        measures = opened.cube.state(viewer=system_viewer(NOW)).catalogue.measures
        assert measures["masks"].clearance is expected


@pytest.mark.parametrize(
    ("top", "measure", "message"),
    [
        (PLAIN, CASES + 'clearance = "sensitive"\n', "cases is public"),
        (PLAIN + 'clearance = "secret"\n', CASES, "clearance cannot be 'secret'"),
        ('source = { name = "x", clearence = "public" }\n', CASES, "clearence"),
    ],
)
def test_a_clearance_that_cannot_be_is_named(
    tmp_path: Path, top: str, measure: str, message: str
) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text(top + HEAD + measure, encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        load_table_mapping(mapping)
