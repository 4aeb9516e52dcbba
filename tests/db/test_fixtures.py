"""The databases the other tests stand on."""

import pytest
import sqlalchemy as sa

from tests.conftest import Database

pytestmark = pytest.mark.db


def test_empty_database_is_empty_and_of_its_kind(empty_database: Database) -> None:
    assert empty_database.engine.dialect.name == empty_database.kind
    assert sa.inspect(empty_database.engine).get_table_names() == []


@pytest.mark.parametrize("_turn", [1, 2])
def test_each_test_gets_its_own(empty_database: Database, _turn: int) -> None:
    with empty_database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE mine (id INTEGER)"))


def test_migrated_database_has_the_cube(database: Database) -> None:
    assert "cube_current" in sa.inspect(database.engine).get_table_names()
