"""The newest delivery of some platforms: what their records say changes with it only."""

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.reader import read_frame, snapshot
from data_access.viewer import Viewer


def newest_batch(engine: sa.Engine, platforms: tuple[str, ...], *, viewer: Viewer) -> int:
    """Return the number of the newest batch of some platforms; 0 before the first.

    An update that moves no figure (a name, who infected whom) is a batch all the same.
    """
    batch = tables.batch.c
    newest = sa.select(sa.func.coalesce(sa.func.max(batch.batch_id), 0))
    query = newest.where(batch.platform.in_(platforms))
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, {"batch_id": pl.Int64}, viewer=viewer)
    return int(found["batch_id"][0]) if found.height else 0
