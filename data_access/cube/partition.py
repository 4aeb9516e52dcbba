"""Cells of one month put in order for questions. Pure."""

import polars as pl

from data_access.codes import Status
from data_access.cube.catalogue import Catalogue
from data_access.cube.geography import Geography
from data_access.cube.view import CELL_SCHEMA, HOLDING_SCHEMA, PRESENCE_SCHEMA, Partition

FOREVER = 2**62
CELL_KEY = ["month", "day", "area_id", "breakdown_id", "source_id"]


def in_force(history: pl.DataFrame) -> pl.DataFrame:
    """Return the cells that hold after the last of their versions: one row per CELL_KEY.

    Args:
        history: versions of the cells of one measure: CELL_KEY, known_at, n, status, ...
    """
    last = history.sort("known_at").unique(CELL_KEY, keep="last", maintain_order=True)
    return last.filter((pl.col("n") != 0) | (pl.col("status") != Status.VALUE))


def make_partition(
    cells: pl.DataFrame,
    catalogue: Catalogue,
    geography: Geography,
    *,
    month: int,
    change_no: int,
    since: int,
    until: int = FOREVER,
) -> Partition:
    """Return the partition of one month's cells.

    Args:
        cells: columns of CELL_SCHEMA, `day` as a date or as a number of days.
        catalogue: names the cuts of breakdowns.
        geography: the areas; cells of others are left out.
        month: `yyyymm`.
        change_no: change number it was read at.
        since: first moment (µs) for which it is the truth.
        until: first moment (µs) for which it is not.
    """
    cut_of = catalogue.cut_of
    cuts = pl.DataFrame(
        {"breakdown_id": list(cut_of), "cut": list(cut_of.values())},
        schema={"breakdown_id": pl.Int32, "cut": pl.String},
    )
    placed = (
        cells.with_columns(
            pl.col("day").cast(pl.Date),
            value=pl.when(pl.col("status") == Status.VALUE).then(pl.col("value")),
        )
        .join(cuts, on="breakdown_id", how="inner")
        .join(geography.index, on="area_id", how="inner")
        .sort("day", "area_id", "breakdown_id", "source_id")
    )
    split = placed.partition_by(["rank", "cut"], as_dict=True)
    grains = {
        (int(rank), str(cut)): frame.select(list(CELL_SCHEMA))
        for (rank, cut), frame in split.items()
    }
    return Partition(
        month=month,
        change_no=change_no,
        since=since,
        until=until,
        cells=grains,
        presence=placed.select(list(PRESENCE_SCHEMA)).unique(maintain_order=True),
        holdings=placed.select(list(HOLDING_SCHEMA)).unique(maintain_order=True),
        n_bytes=sum(frame.estimated_size() for frame in grains.values()),  # type: ignore[misc]
    )
