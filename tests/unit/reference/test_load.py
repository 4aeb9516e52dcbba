"""Packs in the database: numbers that stay, and one country at a time."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from polars.testing import assert_frame_equal

from data_access import tables
from data_access.engine import writing
from data_access.errors import PackError, SchemaMismatch
from data_access.reference.areas import Areas, load_areas
from data_access.reference.load import load_reference
from data_access.reference.model import Pack
from data_access.reference.pack import load_pack
from data_access.viewer import system_viewer
from tests.conftest import Database
from tests.unit.reference.factories import AREAS, write_pack, write_small_pack

pytestmark = pytest.mark.db
VIEWER = system_viewer(datetime(2021, 9, 2, 9, tzinfo=UTC))
TABLES = (tables.area, tables.population, tables.succession, tables.neighbour, tables.meta)


@pytest.fixture
def engine(empty_database: Database) -> sa.Engine:
    with writing(empty_database.engine) as connection:
        tables.metadata.create_all(connection)
    return empty_database.engine


def load(engine: sa.Engine, pack: Pack) -> int:
    with writing(engine) as connection:
        return load_reference(connection, pack)


def contents(engine: sa.Engine) -> list[set[tuple[object, ...]]]:
    with engine.connect() as connection:
        return [{tuple(row) for row in connection.execute(sa.select(table))} for table in TABLES]


def add_a_figure(engine: sa.Engine) -> None:
    cell = dict.fromkeys(tables.cube_history.c.keys(), 1)
    with writing(engine) as connection:
        connection.execute(sa.insert(tables.cube_history), [cell])


def test_what_is_read_is_what_was_written(engine: sa.Engine, vn_pack: Pack) -> None:
    assert load(engine, vn_pack) == 804 + 10_599 + 3_321
    read, made = load_areas(engine, viewer=VIEWER), Areas.from_pack(vn_pack)
    assert_frame_equal(read.frame, made.frame)
    assert_frame_equal(read.wards, made.wards)
    for name in ("populations", "successions", "borders"):
        assert_frame_equal(getattr(read, name), getattr(made, name), check_row_order=False)
    assert read.country.denominators == made.country.denominators


def test_loading_twice_changes_nothing(engine: sa.Engine, vn_pack: Pack) -> None:
    load(engine, vn_pack)
    before = contents(engine)
    add_a_figure(engine)
    load(engine, vn_pack)
    assert contents(engine) == before


def test_numbers_stay_when_the_pack_changes(engine: sa.Engine, tmp_path: Path) -> None:
    load(engine, load_pack(write_pack(tmp_path / "one")))
    before = load_areas(engine, viewer=VIEWER)
    more = AREAS.replace("Hai,Two", "Hai mới,Two") + "00,new,province,XX,Không,Zero,,,,,\n"
    load(engine, load_pack(write_pack(tmp_path / "two", areas_csv=more)))
    after = load_areas(engine, viewer=VIEWER)
    for code, vintage, number in before.frame.select("code", "vintage", "area_id").iter_rows():
        assert after.id_of(code, vintage) == number
    assert after.id_of("00", "new") == 9
    assert after.row(3)["name"] == "Hai mới"


def test_areas_may_go_only_while_there_are_no_figures(engine: sa.Engine, tmp_path: Path) -> None:
    full = load_pack(write_pack(tmp_path / "one"))
    fewer = AREAS.replace("011,old,district,01,Nhỏ,Small,,,,,\n", "")
    less = load_pack(write_pack(tmp_path / "two", areas_csv=fewer))
    load(engine, full)
    assert load(engine, less) == 7
    load(engine, full)
    add_a_figure(engine)
    before = contents(engine)
    with pytest.raises(PackError, match="no longer has area 011 of vintage old"):
        load(engine, less)
    assert contents(engine) == before


def test_another_country_is_refused_once_there_are_figures(
    engine: sa.Engine, vn_pack: Pack, tmp_path: Path
) -> None:
    other = load_pack(write_small_pack(tmp_path / "yy"))
    load(engine, vn_pack)
    assert load(engine, other) == 3
    assert load_areas(engine, viewer=VIEWER).country.code == "YY"
    add_a_figure(engine)
    before = contents(engine)
    with pytest.raises(PackError, match="figures of YY; it cannot take the pack of VN"):
        load(engine, vn_pack)
    assert contents(engine) == before


def test_a_database_without_a_pack_says_so(engine: sa.Engine) -> None:
    with pytest.raises(SchemaMismatch, match="holds no country pack"):
        load_areas(engine, viewer=VIEWER)


def test_a_database_without_tables_says_so(empty_database: Database) -> None:
    with pytest.raises(SchemaMismatch, match="no tables"):
        load_areas(empty_database.engine, viewer=VIEWER)
