"""The schema that migrations make is the schema that the program describes."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from data_access import tables
from data_access.contracts.registry import CONTRACTS
from data_access.migrations import is_current, upgrade
from tests.conftest import Database


def described() -> sa.MetaData:
    """Return the core tables and those of the declared contracts, without tests' own."""
    found = sa.MetaData(naming_convention=tables.metadata.naming_convention)
    for name in tables.CORE_TABLES:
        tables.metadata.tables[name].to_metadata(found)
    tables.declare_records(CONTRACTS, found)
    return found


def test_migrated_schema_is_the_described_one(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, described())
    held = [each for each in differences if "rec_probe" not in str(each)]
    assert held == []


def test_upgrade_again_changes_nothing(empty_database: Database) -> None:
    engine = empty_database.engine
    assert not is_current(engine)
    upgrade(engine)
    before = columns(engine)
    upgrade(engine)
    assert is_current(engine)
    assert columns(engine) == before


def test_a_lost_table_and_a_lost_column_come_back(database: Database) -> None:
    engine = database.engine
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE rec_quarantine_stay"))
        connection.execute(sa.text("ALTER TABLE rec_vaccination_dose DROP COLUMN lot_no"))
    assert not is_current(engine)
    upgrade(engine)
    assert is_current(engine)


def columns(engine: sa.Engine) -> dict[str, list[str]]:
    found = sa.inspect(engine)
    return {
        name: [column["name"] for column in found.get_columns(name)]
        for name in sorted(found.get_table_names())
    }
