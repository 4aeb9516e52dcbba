"""Zeros that nobody writes down, told from the total and its parts. Pure Polars.

Records name what was found, never what was not: a day on which no case was found in the community
has no cell that says so. Where the codes that are named add up to the day's total, every code
that is not named had none. Cases of which nobody knows the place may be of any.
"""

import polars as pl

from data_access.codes import Status
from data_access.cube.rollup import UNKNOWN

KEY = ["day", "area_id", "by"]


def with_zeros(found: pl.DataFrame, *, named: pl.DataFrame, total: pl.DataFrame) -> pl.DataFrame:
    """Return what was found of some codes, and a zero where none of them can have been.

    Shape: RESOLVED_SCHEMA, all three and the result; `by` is empty in `found` and `total`.
    Method: where the sum over all named codes is the total, the codes are complete. A zero counts
        the parts that the total counts, and names the sources of both. A sum that was found on
        such a day lacks no part either.

    Args:
        found: the sum over the codes that are asked for.
        named: every code of the dimension apart, in `by`.
        total: all codes together, from whichever source is preferred.
    """
    sums = (
        named.filter(pl.col("by") != UNKNOWN)
        .group_by("day", "area_id")
        .agg(
            pl.col("value").sum(),
            has_gap=pl.col("value").is_null().any(),
            source_ids=pl.col("source_ids").list.explode().drop_nulls().unique().sort(),
            known_at=pl.col("known_at").max(),
        )
    )
    joined = total.filter(pl.col("value").is_not_null()).join(
        sums, on=["day", "area_id"], how="left", suffix="_named", maintain_order="left"
    )
    is_whole = pl.col("value_named").fill_null(0.0).eq(pl.col("value")) & ~pl.col(
        "has_gap"
    ).fill_null(value=False)
    whole = joined.filter(is_whole).with_columns(
        source_ids=pl.concat_list(
            pl.col("source_ids"), pl.col("source_ids_named").fill_null([])
        ).list.unique(maintain_order=True),
        known_at=pl.max_horizontal("known_at", "known_at_named"),
    )
    there = found.filter(pl.col("value").is_not_null())
    zeros = whole.join(there, on=KEY, how="anti").with_columns(
        value=pl.lit(0.0), status=pl.lit(int(Status.VALUE), dtype=pl.Int8)
    )
    kept = found.join(zeros, on=KEY, how="anti")
    parts = whole.select(*KEY, n_whole="n_present", n_of="n_expected", rank_of="part_rank")
    counted = kept.join(parts, on=KEY, how="left", maintain_order="left").with_columns(
        n_present=pl.coalesce("n_whole", "n_present"),
        n_expected=pl.coalesce("n_of", "n_expected"),
        part_rank=pl.coalesce("rank_of", "part_rank"),
    )
    return pl.concat([counted.select(found.columns), zeros.select(found.columns)])
