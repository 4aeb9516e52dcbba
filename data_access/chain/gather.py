"""Reads the records that tell of some items of the response chain, and finds which items to read.

Nothing here reads a table as a whole: records are found by their keys, and by the links of
`chain.keys`. All functions read on one connection whose reads see one state of the database.
"""

from collections.abc import Iterator, Mapping

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import matching, select_frame
from data_access.chain.keys import By, links_of
from data_access.chain.records import (
    CASE,
    CONTACT,
    MEMBER,
    NUMBERS,
    SAMPLE,
    STAY,
    schema_of,
)
from data_access.chain.steps import CASE_KEY, CONTACT_KEY, PERSON_KEY, Wanted
from data_access.cube.timeline import with_valid_to

Kind = tuple[str, str]
Versions = Mapping[Kind, pl.DataFrame]
RECORD = {"source_id": pl.Int32(), "record_id": pl.String()}
_FOUND = {"key": pl.String(), "source_id": pl.Int32(), "kind": pl.Int16(),
          "record_id": pl.String()}  # fmt: skip
AT_ONCE = 20_000
"""Items, or records, that are looked at together: memory grows with them alone."""


def versions_of(connection: sa.Connection, kind: Kind, records: pl.DataFrame) -> pl.DataFrame:
    """Return every version of some records (RECORD): the columns of `records.schema_of`."""
    schema = schema_of(kind, past=False)
    # In order of the key, look-ups walk the index instead of jumping about.
    keys = records.select(list(RECORD)).unique().sort(list(RECORD))
    found = [
        matching(connection, table, keys=keys, columns=list(schema), schema=schema)
        for table in tables.record_tables(*kind)
    ]
    return pl.concat(found)


def in_force(versions: pl.DataFrame, *, until: int) -> pl.DataFrame:
    """Return the versions of whole records that were in force, as of a batch of the ledger.

    Shape: the columns given, and `begin` and `end` (microseconds UTC; null: still in force).
    """
    seen = versions.filter(pl.col("batch_id") <= until)
    alone = pl.len().over(list(RECORD)) == 1
    single = seen.filter(alone).with_columns(end=pl.lit(None, dtype=pl.Int64))
    several = seen.filter(~alone).with_columns(_record=pl.format("{} {}", *RECORD))
    ended = with_valid_to(several, key="_record").drop("_record").rename({"valid_to": "end"})
    return (
        pl.concat([single, ended.select(single.columns)])
        .with_columns(begin=pl.col("known_at"))
        .filter(
            (pl.col("deleted") == 0) & (pl.col("end").is_null() | (pl.col("begin") < pl.col("end")))
        )
    )


# --- what tells of some items -------------------------------------------------------------------


def versions_for(connection: sa.Connection, wanted: Wanted) -> Versions:
    """Return every version of every record that ever told of some items."""
    listed = _linked(connection, By.CASE, wanted.cases.rename({"case_id": "key"}))
    contacts = wanted.contacts.rename({"contact_id": "record_id"})
    every_contact = _records(contacts, _of(listed, CONTACT))
    found = {CONTACT: versions_of(connection, CONTACT, every_contact)}
    traced = (
        found[CONTACT]
        .join(contacts, on=list(RECORD), how="semi")
        .select(key="person_ref")
        .drop_nulls()
    )
    persons = wanted.persons.select(key="person_ref")
    near = _linked(connection, By.PERSON, pl.concat([persons, traced]))
    cases = _of(near.join(persons, on="key", how="semi"), CASE)
    found[CASE] = versions_of(
        connection, CASE, _records(wanted.cases.rename({"case_id": "record_id"}), cases)
    )
    stays = _of(near.join(traced, on="key", how="semi"), STAY)
    found[STAY] = versions_of(connection, STAY, stays)
    found[MEMBER] = versions_of(connection, MEMBER, _of(near, MEMBER))
    named = found[MEMBER].select("source_id", record_id="sample_id").drop_nulls()
    found[SAMPLE] = versions_of(connection, SAMPLE, _records(_of(near, SAMPLE), named))
    return found


def _linked(connection: sa.Connection, role: By, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the links (_FOUND) of some keys: column key, and source_id where ids are meant."""
    names = ["key"] if role is By.PERSON else ["key", "source_id"]
    distinct = keys.select(names).unique().sort(names)
    return matching(
        connection,
        tables.chain_link,
        keys=distinct,
        fixed={"role": int(role)},
        columns=list(_FOUND),
        schema=_FOUND,
    )


def _of(links: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    return links.filter(pl.col("kind") == NUMBERS[kind]).select(list(RECORD))


def _records(*some: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([each.select(list(RECORD)) for each in some]).unique()


# --- which items --------------------------------------------------------------------------------


def told_by(connection: sa.Connection, kind: Kind, records: pl.DataFrame) -> pl.DataFrame:
    """Return the links (`keys.LINKS`) of all versions of some records."""
    return links_of(kind, versions_of(connection, kind, records))


def affected(
    connection: sa.Connection, touched: Mapping[Kind, pl.DataFrame], links: pl.DataFrame
) -> Wanted:
    """Return the items of which some records may tell, now or before.

    Args:
        connection: on which the links held are read.
        touched: per kind, the records (RECORD).
        links: what all versions of these records tell (`keys.LINKS`).
    """
    of_persons = links.filter(pl.col("role") == int(By.PERSON))
    samples = touched[SAMPLE].rename({"record_id": "key"})
    lines = _of(_linked(connection, By.SAMPLE, samples), MEMBER)
    told_in_lines = told_by(connection, MEMBER, lines).filter(pl.col("role") == int(By.PERSON))
    positive = of_persons.filter(
        pl.col("kind").is_in([NUMBERS[CASE], NUMBERS[SAMPLE], NUMBERS[MEMBER]])
    )
    seen = of_persons.filter(
        pl.col("kind").is_in([NUMBERS[STAY], NUMBERS[SAMPLE], NUMBERS[MEMBER]])
    )
    contacts = _of(_linked(connection, By.PERSON, seen), CONTACT)
    index_cases = links.filter(pl.col("role") == int(By.CASE)).select("source_id", record_id="key")
    return Wanted(
        persons=pl.concat([positive.select("key"), told_in_lines.select("key")])
        .unique()
        .rename({"key": "person_ref"}),
        cases=_records(touched[CASE], index_cases).rename({"record_id": "case_id"}),
        contacts=_records(touched[CONTACT], contacts).rename({"record_id": "contact_id"}),
    )


def pieces(wanted: Wanted) -> Iterator[Wanted]:
    """Yield items some at a time, in order of their keys."""
    for persons in wanted.persons.sort(wanted.persons.columns).iter_slices(AT_ONCE):
        yield _only(persons=persons)
    for cases in wanted.cases.sort(wanted.cases.columns).iter_slices(AT_ONCE):
        yield _only(cases=cases)
    for contacts in wanted.contacts.sort(wanted.contacts.columns).iter_slices(AT_ONCE):
        yield _only(contacts=contacts)


def every_item(connection: sa.Connection) -> Iterator[Wanted]:
    """Yield all items some at a time; needs the links of every record."""
    for cases in record_pages(connection, CASE):
        yield _only(cases=cases.rename({"record_id": "case_id"}))
    for contacts in record_pages(connection, CONTACT):
        yield _only(contacts=contacts.rename({"record_id": "contact_id"}))
    for persons in _person_pages(connection):
        yield _only(persons=persons)


def _only(
    *,
    persons: pl.DataFrame | None = None,
    cases: pl.DataFrame | None = None,
    contacts: pl.DataFrame | None = None,
) -> Wanted:
    return Wanted(
        persons=pl.DataFrame(schema=PERSON_KEY) if persons is None else persons,
        cases=pl.DataFrame(schema=CASE_KEY) if cases is None else cases,
        contacts=pl.DataFrame(schema=CONTACT_KEY) if contacts is None else contacts,
    )


# --- all of a table, page by page ---------------------------------------------------------------


def record_pages(connection: sa.Connection, kind: Kind) -> Iterator[pl.DataFrame]:
    """Yield the keys (RECORD) of all records of a kind, a page at a time, in their order."""
    page = record_page(connection, kind, after=None)
    while page.height:
        yield page
        page = record_page(connection, kind, after=page.row(-1))


def record_page(
    connection: sa.Connection, kind: Kind, *, after: tuple[object, ...] | None
) -> pl.DataFrame:
    """Return the keys (RECORD) of the first records of a kind, or of those after one."""
    held = tables.record_tables(*kind)[0].c
    whole = sa.select(held.source_id, held.record_id).order_by(held.source_id, held.record_id)
    if after is not None:
        bounds = [sa.literal(each) for each in after]
        whole = whole.where(sa.tuple_(held.source_id, held.record_id) > sa.tuple_(*bounds))
    return select_frame(connection, whole.limit(AT_ONCE), schema=RECORD)


def _person_pages(connection: sa.Connection) -> Iterator[pl.DataFrame]:
    """Yield whoever a sample names (PERSON_KEY), a page at a time."""
    held = tables.chain_link.c
    named = sa.and_(held.role == int(By.PERSON), held.kind.in_([NUMBERS[SAMPLE], NUMBERS[MEMBER]]))
    whole = sa.select(held.key).where(named).group_by(held.key).order_by(held.key)
    query = whole.limit(AT_ONCE)
    while (page := select_frame(connection, query, schema=PERSON_KEY)).height:
        yield page
        query = whole.where(held.key > page.item(-1, 0)).limit(AT_ONCE)
