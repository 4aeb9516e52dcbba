"""Completes populations: sums old areas into new ones, and provinces into the nation. Pure.

It fills only what no source printed, and only where every part is known.
"""

import polars as pl

from data_access.codes import Level
from data_access.reference.model import POPULATION_SCHEMA

KEY = ["code", "vintage", "group", "source"]


def complete_population(
    population: pl.DataFrame, areas: pl.DataFrame, *, succession: pl.DataFrame
) -> pl.DataFrame:
    """Return the populations with the rows that follow from them.

    Shape: POPULATION_SCHEMA in and out; rows are added, none changes.
    Adds: new areas whose predecessors all have a figure of the same group and source (mergers of
        whole areas only), then nations whose provinces all have one.
    """
    for _ in range(succession["new_vintage"].n_unique()):
        population = _with_new(population, _succeeded(population, succession))
    return _with_new(population, _national(population, areas))


def _with_new(population: pl.DataFrame, derived: pl.DataFrame) -> pl.DataFrame:
    unknown = derived.join(population, on=KEY, how="anti").select(list(POPULATION_SCHEMA))
    return pl.concat([population, unknown.cast(POPULATION_SCHEMA)])  # type: ignore[arg-type]


def _summed() -> list[pl.Expr]:
    return [
        pl.col("population").sum(),
        pl.col("as_of").max(),
        pl.col("confidence").sort().first(),
        pl.len().alias("n_found"),
    ]


def _succeeded(population: pl.DataFrame, succession: pl.DataFrame) -> pl.DataFrame:
    # An area that was split has several successors; its people cannot be shared out here.
    split = succession.group_by("old_code", "old_vintage").len().filter(pl.col("len") > 1)
    touched = succession.join(split, on=["old_code", "old_vintage"], how="semi")
    whole = succession.join(touched, on=["new_code", "new_vintage"], how="anti").with_columns(
        n_parts=pl.len().over("new_code", "new_vintage")
    )
    return (
        population.join(
            whole, left_on=["code", "vintage"], right_on=["old_code", "old_vintage"], how="inner"
        )
        .group_by("new_code", "new_vintage", "group", "source", "n_parts", maintain_order=True)
        .agg(_summed())
        .filter(pl.col("n_found") == pl.col("n_parts"))
        .rename({"new_code": "code", "new_vintage": "vintage"})
    )


def _national(population: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    provinces = areas.filter(pl.col("level") == Level.PROVINCE.value).select(
        "code", "vintage", n_parts=pl.len().over("vintage")
    )
    nations = areas.filter(pl.col("level") == Level.NATIONAL.value).select("code", "vintage")
    return (
        population.join(provinces, on=["code", "vintage"], how="inner")
        .group_by("vintage", "group", "source", "n_parts", maintain_order=True)
        .agg(_summed())
        .filter(pl.col("n_found") == pl.col("n_parts"))
        .join(nations, on="vintage", how="inner")
    )
