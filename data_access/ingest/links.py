"""Stores which identifiers were delivered together. Write side: inside the gate's transaction."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import insert_frame
from data_access.ingest.pseudonyms import reseal
from data_access.people.blocks import BY_REF, pack, unpack


@dataclass(frozen=True, kw_only=True)
class LinkBlocks:
    """Where links belong.

    Attributes:
        batch_id: the delivery.
        part: which of its chunks.
        known_at: moment of the delivery, microseconds UTC.
    """

    batch_id: int
    part: int
    known_at: int


def write_links(connection: sa.Connection, links: pl.DataFrame, *, into: LinkBlocks) -> None:
    """Add links as blocks. Nothing is looked up: reading takes the earliest of equal links.

    Args:
        connection: inside the write transaction.
        links: columns of `people.blocks.LINKS`; others are passed over.
        into: where they belong.
    """
    if links.is_empty():
        return
    stamped = pack(links).with_columns(
        batch_id=pl.lit(into.batch_id, pl.Int64),
        part=pl.lit(into.part, pl.Int32),
        known_at=pl.lit(into.known_at, pl.Int64),
    )
    insert_frame(connection, tables.person_link, stamped)


def reseal_links(connection: sa.Connection, *, key: bytes) -> None:
    """Seal both ends of every stored link with one more key; blocks are packed anew.

    One delivery's chunk at a time, so that memory does not grow with the table.
    """
    held = tables.person_link
    for into in list(_stored(connection)):
        own = sa.and_(held.c.batch_id == into.batch_id, held.c.part == into.part)
        query = sa.select(held.c.entries).where(own, held.c.side == BY_REF)
        blocks = pl.Series(connection.execute(query).scalars().all(), dtype=pl.Binary)
        links = unpack(blocks)
        before = pl.concat([links["person_ref"], links["token"]]).unique()
        after = reseal(before, key=key)
        sealed = links.with_columns(pl.col("person_ref", "token").replace_strict(before, after))
        connection.execute(sa.delete(held).where(own))
        write_links(connection, sealed, into=into)


def _stored(connection: sa.Connection) -> Iterator[LinkBlocks]:
    held = tables.person_link.c
    query = sa.select(held.batch_id, held.part, held.known_at).distinct()
    for batch_id, part, known_at in connection.execute(query):
        yield LinkBlocks(batch_id=batch_id, part=part, known_at=known_at)
