"""Stores which identifiers were delivered together. Write side: inside the gate's transaction."""

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import Schema, delete_matching, insert_frame, matching
from data_access.ingest.seam import LINKS

_KEY = ["person_ref", "token"]
_STORED: Schema = {**LINKS, "first_known_at": pl.Int64()}


def write_links(connection: sa.Connection, links: pl.DataFrame, *, known_at: int) -> None:
    """Add the links that are new, and date back those that are now known from earlier.

    Args:
        connection: inside the write transaction.
        links: columns of LINKS.
        known_at: moment of the delivery, microseconds UTC.
    """
    if links.is_empty():
        return
    distinct = links.unique(_KEY).sort(_KEY)
    table = tables.person_link
    held = matching(
        connection, table, keys=distinct.select(_KEY), columns=list(_STORED), schema=_STORED
    )
    later = held.filter(pl.col("first_known_at") > known_at)
    delete_matching(connection, table, later.select(_KEY))
    new = distinct.join(held.select(_KEY), on=_KEY, how="anti", maintain_order="left")
    stamped = pl.concat([new, later.select(list(LINKS))]).with_columns(
        first_known_at=pl.lit(known_at, dtype=pl.Int64)
    )
    insert_frame(connection, table, stamped)
