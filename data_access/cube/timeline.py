"""When each version of a record was in force. Pure: frames in, frames out.

A version's rank is (version, known_at, batch_id, row_no). At moment T the version with the
highest rank among those known by T is in force.
"""

import polars as pl

RANK = ("version", "known_at", "batch_id", "row_no")
"""Columns of a rank, strongest first."""

_ARRIVAL = ("known_at", "version", "batch_id", "row_no")


def with_valid_to(observations: pl.DataFrame, *, key: str = "record_id") -> pl.DataFrame:
    """Add the moment until which each observation is in force.

    Shape: one row per observation of a key, in and out; adds or replaces one column. Every
        observation of a key must be there.
    Needs: `key`, version, known_at (Int64, microseconds UTC), batch_id, row_no; no nulls.
    Adds: valid_to (Int64, microseconds UTC): null while in force; equal to known_at for one that
        was outranked on arrival and never was.
    Method: at its own moment an observation is in force if no version known by then is higher and
        no row of that moment outranks it; it ends where the next such observation begins.
    """
    ordered = observations.sort([key, *_ARRIVAL])
    same_moment = (pl.col(key) == pl.col(key).shift(-1)) & (
        pl.col("known_at") == pl.col("known_at").shift(-1)
    )
    highest = pl.col("version").cum_max().over(key)
    ranked = ordered.with_columns(
        _in_force=(pl.col("version") == highest) & ~same_moment.fill_null(value=False)
    )
    ends = pl.when(pl.col("_in_force")).then(pl.col("known_at")).backward_fill().shift(-1).over(key)
    # Filled backwards within the key, then moved up: the beginning of the next one in force.
    return ranked.with_columns(
        valid_to=pl.when(pl.col("_in_force")).then(ends).otherwise(pl.col("known_at"))
    ).drop("_in_force")
