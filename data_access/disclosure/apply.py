"""Puts the mask of a bulletin over cells, before windows and formulas. Pure.

Whoever sees only what was published gets each figure from cells that are all published: what is
made of a withheld cell is withheld, and what was never protected is not told at all.
"""

from collections.abc import Sequence

import polars as pl

from data_access.codes import Status
from data_access.cube.resolve import Want
from data_access.cube.where import holds
from data_access.disclosure.policy import Policy, default_policy
from data_access.measures.model import Measure

WITHHELD_SCHEMA: dict[str, type[pl.DataType]] = {
    "measure": pl.String,
    "day": pl.Date,
    "area_id": pl.Int32,
    "dimension": pl.String,
    "code": pl.String,
    "reason": pl.String,
}
"""The mask: one row per withheld cell; dimension and code are empty for a total."""
EVERY = "*"
"""Code of the mask that stands for every code of its dimension."""
_KEY = ["day", "area_id", "by"]
_PROVINCE = 1
_HIDDEN = pl.lit(int(Status.SUPPRESSED), dtype=pl.Int8)
_OF_CELL = ("value", "n_present", "n_expected", "part_rank", "source_ids", "known_at")


def withhold(
    found: pl.DataFrame,
    withheld: pl.DataFrame,
    *,
    measure: Measure,
    want: Want,
    area_ids: Sequence[int],
    elsewhere: pl.Series | None = None,
    policy: Policy | None = None,
) -> pl.DataFrame:
    """Return the cells found of a measure with the withheld ones emptied, and named where absent.

    Shape: RESOLVED_SCHEMA in and out. A withheld cell that nobody reported becomes a row of its
        own: that it is absent would tell that it is zero. Counts of parts below province go.

    Args:
        found: what there is.
        withheld: the mask: WITHHELD_SCHEMA.
        measure: what is counted.
        want: what was asked for.
        area_ids: areas asked for.
        elsewhere: days whose cells come from other sources than those that the mask was made for.
        policy: what is published; None: the product's.
    """
    policy = policy or default_policy()
    if measure.key in policy.exempt:
        return found
    dimension = next(iter(want.needed), "")
    if not policy.publishes(measure, want.rank, want.needed):
        return _all_hidden(found, area_ids)
    if policy.threshold(measure, want.rank, dimension):
        if want.sources is not None or want.reported:
            return _all_hidden(found, area_ids)
        if elsewhere is not None and elsewhere.len():
            other = pl.col("day").is_in(elsewhere.implode())
            away = _all_hidden(found.filter(other), area_ids)
            found = pl.concat([found.filter(~other), away])
    hidden = _named(withheld, found, measure=measure, want=want, dimension=dimension)
    asked = pl.Series(list(area_ids), dtype=pl.Int32)
    here = hidden.filter(pl.col("area_id").is_in(asked.implode()))
    return _counts_of_parts_hidden(_emptied(found, here))


def suppressed_days(status: pl.Expr, window_days: int) -> pl.Expr:
    """Return whether any day of the window that ends on each day is withheld."""
    is_hidden = (status == Status.SUPPRESSED).cast(pl.Int8)
    return is_hidden.rolling_max(window_days, min_samples=1) > 0


def _named(
    withheld: pl.DataFrame, found: pl.DataFrame, *, measure: Measure, want: Want, dimension: str
) -> pl.DataFrame:
    """Return day, area_id, by of the figures that hold a withheld cell, on the days found."""
    rows = withheld.filter(pl.col("measure") == measure.key, pl.col("dimension") == dimension).join(
        found.select("day").unique(), on="day", how="semi"
    )
    if dimension and want.where:
        codes = rows["code"].unique().to_list()
        counted = [c for c in codes if c == EVERY or holds(want.where, {dimension: c})]
        rows = rows.filter(pl.col("code").is_in(counted))
    named = rows.select("day", pl.col("area_id").cast(pl.Int32), by="code")
    if not want.by:
        return named.with_columns(by=pl.lit("")).unique()
    every = named.filter(pl.col("by") == EVERY).drop("by")
    each = every.join(found.select("by").unique(), how="cross")
    return pl.concat([named.filter(pl.col("by") != EVERY), each]).unique()


def _emptied(found: pl.DataFrame, hidden: pl.DataFrame) -> pl.DataFrame:
    shown = found.join(hidden, on=_KEY, how="anti", maintain_order="left")
    return pl.concat([shown, _blank(hidden, found)])


def _blank(places: pl.DataFrame, like: pl.DataFrame) -> pl.DataFrame:
    """Return rows that say nothing but that they are withheld."""
    nothing = [pl.lit(None, dtype=like.schema[name]).alias(name) for name in _OF_CELL]
    return places.with_columns(*nothing, status=_HIDDEN).select(
        [pl.col(name).cast(dtype) for name, dtype in like.schema.items()]
    )


def _all_hidden(found: pl.DataFrame, area_ids: Sequence[int]) -> pl.DataFrame:
    """Return every area of every day and code found, withheld: absence would tell zero."""
    areas = pl.DataFrame({"area_id": list(area_ids)}, schema={"area_id": pl.Int32})
    days, codes = found.select("day").unique(), found.select("by").unique()
    return _blank(days.join(areas, how="cross").join(codes, how="cross").select(_KEY), found)


def _counts_of_parts_hidden(found: pl.DataFrame) -> pl.DataFrame:
    """Return the cells without the number of parts below province that had a value.

    A province with 5 cases in 5 of its districts would tell that each has one.
    """
    fine = pl.col("part_rank") > _PROVINCE
    nothing = pl.lit(0, dtype=pl.Int32)
    return found.with_columns(
        pl.when(fine).then(nothing).otherwise(pl.col(name)).alias(name)
        for name in ("n_present", "n_expected")
    )


def no_mask() -> pl.DataFrame:
    """Return a mask that withholds nothing."""
    return pl.DataFrame(schema=WITHHELD_SCHEMA)
