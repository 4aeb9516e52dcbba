"""Levels of cells over time, from signed events or from set states. Pure: frames in, frames out.

A level is (value, n, status). A cell's history holds one row per moment at which its level
changed, and the level it had from then on; before its first row it does not exist. A cell that
ended has n = 0, status 0 and no value.
"""

from collections.abc import Mapping

import polars as pl

CELL = ("measure_id", "month", "day", "area_id", "breakdown_id", "source_id")
"""Key of a cell."""

CELL_SCHEMA: Mapping[str, pl.DataType] = dict.fromkeys(CELL, pl.Int32())
LEVEL_SCHEMA: Mapping[str, pl.DataType] = {
    "known_at": pl.Int64(),
    "value": pl.Float64(),
    "n": pl.Int64(),
    "status": pl.Int8(),
}
HISTORY_SCHEMA: Mapping[str, pl.DataType] = {
    **CELL_SCHEMA,
    **LEVEL_SCHEMA,
    "batch_id": pl.Int64(),
}
"""Columns of cube_history; cube_current has the same."""

EVENT_SCHEMA: Mapping[str, pl.DataType] = {
    **CELL_SCHEMA,
    "known_at": pl.Int64(),
    "dvalue": pl.Float64(),
    "dn": pl.Int64(),
}
"""A change of a cell at a moment: by how much its value and its number of records grew."""

LEVEL = ("value", "n", "status")
ENDED = (pl.col("n") == 0) & (pl.col("status") == 0)
"""Whether a level says that the cell is not there."""


def events_of(history: pl.DataFrame) -> pl.DataFrame:
    """Return the signed changes that a history of record cells consists of (EVENT_SCHEMA)."""
    ordered = history.sort([*CELL, "known_at"])
    value, n = pl.col("value").fill_null(0), pl.col("n")
    return ordered.select(
        *CELL,
        "known_at",
        dvalue=value - value.shift(1, fill_value=0).over(CELL),
        dn=n - n.shift(1, fill_value=0).over(CELL),
    )


def summed(events: pl.DataFrame) -> pl.DataFrame:
    """Return events with one row per (cell, moment), in order; what comes to nothing is dropped."""
    return (
        events.group_by(*CELL, "known_at")
        .agg(pl.col("dvalue").sum(), pl.col("dn").sum())
        .filter((pl.col("dvalue") != 0) | (pl.col("dn") != 0))
        .sort([*CELL, "known_at"])
    )


def levels_of(events: pl.DataFrame) -> pl.DataFrame:
    """Return the history that all signed events of some cells add up to.

    Shape: any number of events per (cell, moment) in; one row per moment at which a cell's level
    changed out: CELL, known_at, value, n, status (0).
    """
    value, n = pl.col("dvalue").cum_sum().over(CELL), pl.col("dn").cum_sum().over(CELL)
    return summed(events).select(
        *CELL,
        "known_at",
        value=pl.when(n != 0).then(value),
        n=n,
        status=pl.lit(0, dtype=pl.Int8),
    )


def changes_only(levels: pl.DataFrame) -> pl.DataFrame:
    """Drop rows that say what the row before them said; of a cell's first rows, empty ones.

    Needs: CELL, known_at, value, n, status, at most one row per (cell, moment).
    """
    ordered = levels.sort([*CELL, "known_at"])
    first = ~pl.all_horizontal([pl.col(name).eq_missing(pl.col(name).shift(1)) for name in CELL])
    same = pl.all_horizontal([pl.col(name).eq_missing(pl.col(name).shift(1)) for name in LEVEL])
    return ordered.filter(pl.when(first).then(~ENDED).otherwise(~same))


def present(history: pl.DataFrame) -> pl.DataFrame:
    """Return the last row of each cell that still exists."""
    last = history.sort([*CELL, "known_at"]).unique(CELL, keep="last", maintain_order=True)
    return last.filter(~ENDED)
