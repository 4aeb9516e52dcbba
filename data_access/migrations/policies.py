"""Row-level security on PostgreSQL: a reading role sees the rows of the provinces it was given.

The reader of `data_access.reader` says, for each transaction, whose rows are wanted
(`tuyendau.provinces`: codes joined by a comma, `*` for all). Nothing said: no row. The owner of
the tables, under whom the gate writes, is not bound by it.
"""

import sqlalchemy as sa

from data_access.contracts.model import Contract
from data_access.reader import EVERYWHERE, SETTING
from data_access.tables import record_table_name

POLICY = "tuyendau_scope"
CUBE_TABLES = ("cube_current", "cube_history")

# In brackets of their own, so that the server works them out once and not for every row.
_SAID = f"(SELECT current_setting('{SETTING}', true))"
_CODES = f"string_to_array({_SAID}, ',')"
_OF_PROVINCE = f"SELECT area_id FROM area WHERE level = 'province' AND code = ANY ({_CODES})"  # noqa: S608 -- constants
# A province's districts are its own too; figures are held down to districts.
_OF_CELLS = f"{_OF_PROVINCE} OR level = 'district' AND parent_code = ANY ({_CODES})"


def sync_policies(connection: sa.Connection, *, contracts: tuple[Contract, ...]) -> None:
    """Give every table of records or cells its policy, where it has none. SQLite has no roles."""
    if connection.dialect.name != "postgresql":
        return
    listed = sa.text("SELECT tablename FROM pg_policies WHERE policyname = :name")
    there = set(connection.scalars(listed, {"name": POLICY}))
    for table, condition in conditions(contracts).items():
        if table not in there:
            connection.execute(sa.text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
            created = f"CREATE POLICY {POLICY} ON {table} FOR SELECT USING ({condition})"
            connection.execute(sa.text(created))


def conditions(contracts: tuple[Contract, ...]) -> dict[str, str]:
    """Return the condition of each table that has rows of provinces."""
    named = [
        record_table_name(contract.platform, kind.name)
        for contract in contracts
        for kind in contract.kinds
    ]
    every = f"(SELECT current_setting('{SETTING}', true) = '{EVERYWHERE}')"
    records = f"{every} OR province_id IN ({_OF_PROVINCE})"
    cells = f"{every} OR area_id IN ({_OF_CELLS})"
    return {
        **{table: records for name in named for table in (name, f"{name}_past")},
        **dict.fromkeys(CUBE_TABLES, cells),
    }
