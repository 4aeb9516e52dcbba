"""Brings a database to the schema of this program. Doing it again changes nothing.

Core tables follow Alembic's numbered versions. Record tables follow the contracts: a further
platform or field is a new table or column, without a version of its own.
"""

from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from data_access.contracts.model import Contract
from data_access.contracts.registry import CONTRACTS
from data_access.cube.intern import register_measures
from data_access.engine import unavailable, writing
from data_access.errors import SchemaMismatch
from data_access.migrations.policies import sync_policies
from data_access.tables import declare_records

_FOLDER = Path(__file__).resolve().parent


def upgrade(engine: sa.Engine) -> None:
    """Bring core tables, record tables and the list of measures up to date, in one transaction.

    Raises:
        DatabaseUnavailable: if the database does not answer.
        SchemaMismatch: if the database is newer than this program.
    """
    with writing(engine) as connection:
        _refuse_newer(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        sync_record_tables(connection)
        sync_policies(connection, contracts=CONTRACTS)
        register_measures(connection)


def sync_record_tables(
    connection: sa.Connection, *, contracts: tuple[Contract, ...] = CONTRACTS
) -> None:
    """Create the record tables and columns that contracts declare and the database lacks."""
    found = sa.inspect(connection)
    existing = set(found.get_table_names())
    for table in _declared(contracts):
        if table.name not in existing:
            table.create(connection)
            continue
        held = {column["name"] for column in found.get_columns(table.name)}
        operations = Operations(MigrationContext.configure(connection))
        for column in table.columns:
            if column.name not in held:
                operations.add_column(table.name, sa.Column(column.name, column.type))


def is_current(engine: sa.Engine) -> bool:
    """Return whether the database has the schema of this program.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    try:
        with engine.connect() as connection:
            return _version(connection) == _head() and not _lacking(connection)
    except DBAPIError as error:
        raise unavailable(error) from error


def require_current(engine: sa.Engine) -> None:
    """Raise SchemaMismatch unless the database has the schema of this program."""
    if not is_current(engine):
        raise SchemaMismatch(
            "the database is not set up for this version: run `python -m data_access init` first"
        )


def _declared(contracts: tuple[Contract, ...]) -> Iterable[sa.Table]:
    declared = sa.MetaData()
    declare_records(contracts, declared)
    return declared.sorted_tables


def _lacking(connection: sa.Connection) -> list[str]:
    found = sa.inspect(connection)
    existing = set(found.get_table_names())
    lacking = []
    for table in _declared(CONTRACTS):
        held = set()
        if table.name in existing:
            held = {column["name"] for column in found.get_columns(table.name)}
        lacking += [f"{table.name}.{c.name}" for c in table.columns if c.name not in held]
    return lacking


def _config() -> Config:
    config = Config()
    # The path may hold a percent sign, which the configuration format would interpret.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _version(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(connection: sa.Connection) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    version = _version(connection)
    if version is not None and version not in known:
        raise SchemaMismatch("the database was set up by a newer version of this program")
