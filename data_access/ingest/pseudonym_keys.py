"""Keeps a database and its secret together, and replaces the secret. Write side.

Raw identifiers are not kept, so a pseudonym cannot be computed again under another key. What a
new key does is seal the old pseudonym: ref' = HMAC(new, ref). The gate applies the keys in the
same order, so a person delivered before and after has one pseudonym still.
"""

import hashlib
import hmac
from collections.abc import Iterator

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import staged
from data_access.chain import store
from data_access.contracts.registry import CONTRACTS
from data_access.engine import writing
from data_access.errors import SettingsError
from data_access.ingest.links import reseal_links
from data_access.ingest.pseudonyms import reseal
from data_access.settings import KEY_SEPARATOR

META_KEY = "pseudonym_key_mark"
REF_COLUMNS = ("person_ref", "member_refs")
_MARKED = b"tuyendau: which pseudonym key"


def mark(chain: str) -> str:
    """Return what tells one chain of keys from another without telling the keys."""
    if not chain:
        return ""
    digest = _MARKED
    for key in chain.split(KEY_SEPARATOR):
        digest = hmac.digest(key.encode(), digest, hashlib.sha256)
    return digest.hex()[:32]


def require_same_key(connection: sa.Connection, found: str) -> None:
    """Remember the mark of the first key used; afterwards accept no other.

    Raises:
        SettingsError: if the database was filled under another key: its links would break.
    """
    held = _held_mark(connection)
    if held is None:
        row = {"key": META_KEY, "value": found}
        connection.execute(sa.insert(tables.meta), row)
    elif held != found:
        raise SettingsError(
            "TUYENDAU_PSEUDONYM_KEY is not the key this database was filled with: set that key,"
            " or run `python -m data_access rekey` to replace it"
        )


def _held_mark(connection: sa.Connection) -> str | None:
    held = tables.meta.c
    query = sa.select(held.value).where(held.key == META_KEY)
    found: str | None = connection.execute(query).scalar()
    return found


def columns_with_refs() -> tuple[tuple[sa.Table, str], ...]:
    """Return every stored column that holds pseudonyms, derived from the contracts."""
    found = [(tables.person_link, "entries")]
    for contract in CONTRACTS:
        for kind in contract.kinds:
            names = {each.name for each in kind.stored_fields()}
            for table in tables.record_tables(contract.platform, kind.name):
                found += [(table, name) for name in REF_COLUMNS if name in names]
    return tuple(found)


def rekey(engine: sa.Engine, *, before: tuple[str, ...], key: str) -> int:
    """Seal every stored pseudonym with a new key, in one transaction; return how many columns.

    Done again with the same keys it changes nothing and returns 0.

    Raises:
        SettingsError: if `before` is not what the database was filled with.
        DatabaseUnavailable: if the database does not answer; nothing has changed then.
    """
    old, new = mark(KEY_SEPARATOR.join(before)), mark(KEY_SEPARATOR.join((*before, key)))
    with writing(engine) as connection:
        held = _held_mark(connection)
        if held == new:
            return 0
        if held != old:
            raise SettingsError(
                "TUYENDAU_PSEUDONYM_KEYS_BEFORE does not hold the keys this database was filled"
                " with, oldest first and separated by |"
            )
        columns = columns_with_refs()
        for table, name in columns:
            if table is tables.person_link:
                reseal_links(connection, key=key.encode())
                continue
            _seal_column(connection, table, name, key=key.encode())
        # The response chain is worked out anew: its links name persons by the pseudonyms before.
        store.forget(connection, links=True)
        meta = tables.meta
        connection.execute(sa.update(meta).where(meta.c.key == META_KEY).values(value=new))
    rewritten = [*(table.name for table, _ in columns), tables.chain_link.name]
    _forget_old_pages(engine, tuple(dict.fromkeys(rewritten)))
    return len(columns)


def _seal_column(connection: sa.Connection, table: sa.Table, name: str, *, key: bytes) -> None:
    column = table.c[name]
    held = connection.execute(sa.select(column).where(column.is_not(None)).distinct())
    values = pl.Series("before_ref", held.scalars().all(), dtype=pl.String)
    if values.is_empty():
        return
    pairs = pl.DataFrame({"before_ref": values, "after_ref": reseal(values, key=key)})
    staging: list[sa.Column[object]] = [
        sa.Column("before_ref", sa.Text),
        sa.Column("after_ref", sa.Text),
    ]
    with staged(connection, staging, pairs) as stage:
        replaced = sa.update(table).where(column == stage.c.before_ref)
        connection.execute(replaced.values({name: stage.c.after_ref}))


def _forget_old_pages(engine: sa.Engine, names: tuple[str, ...]) -> None:
    """Rewrite the files, so that replaced pseudonyms are not left in free pages."""
    connection = engine.raw_connection()
    try:
        driver = connection.driver_connection
        if driver is None:
            return
        for statement in _rewrites(engine.dialect, names):
            if engine.dialect.name == "postgresql":
                driver.autocommit = True
            driver.execute(statement)
    finally:
        if engine.dialect.name == "postgresql" and connection.driver_connection is not None:
            connection.driver_connection.autocommit = False
        connection.close()


def _rewrites(dialect: sa.Dialect, names: tuple[str, ...]) -> Iterator[str]:
    if dialect.name == "sqlite":
        yield from ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
        return
    quote = dialect.identifier_preparer.quote
    yield from (f"VACUUM FULL {quote(name)}" for name in names)
