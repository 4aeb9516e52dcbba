"""The population as a measure where no census was delivered: that of the country pack. Pure.

The same persons that rates are divided by, under the name of their source.
"""

from datetime import date

import polars as pl

from data_access.codes import Status
from data_access.cube.evaluate import FIGURE_SCHEMA, Frame
from data_access.cube.geography import Geography
from data_access.cube.missing import KEY, make_grid

EVERYBODY, GROUP = "all", "group"


def reference_days(geography: Geography, vintage: str | None) -> tuple[date, date] | None:
    """Return the day (twice) that the population of all people is about; None without one."""
    areas = geography.areas
    if not _groups(geography, EVERYBODY):
        return None
    counted = areas.population(EVERYBODY, areas.resolve_vintage(vintage))["as_of"].drop_nulls()
    last = max(counted.to_list(), default=None)
    return None if last is None else (last, last)


def reference_figures(geography: Geography, frame: Frame) -> tuple[pl.DataFrame, pl.Expr]:
    """Return the population on every day and area of a frame, and the name of its source.

    Shape: FIGURE_SCHEMA; all people, or each declared group when asked by `group`. It stands for
        every day: a pack holds one count per edition of the map.
    """
    groups = _groups(geography, "" if frame.want.by == GROUP else EVERYBODY)
    by = {group: group if frame.want.by else "" for group in groups}
    counts = [
        geography.areas.population(group, frame.want.vintage).with_columns(by=pl.lit(by[group]))
        for group in groups
    ]
    empty = pl.DataFrame(
        schema={"area_id": pl.Int32, "population": pl.Int64, "source": pl.String,
                "as_of": pl.Date, "by": pl.String}
    )  # fmt: skip
    people = pl.concat([empty, *counts])
    grid = make_grid(frame.days, list(frame.area_ids), codes=sorted(by.values()) or [""])
    known = people.select("area_id", "by", value="population")
    nothing = int(Status.NOT_REPORTED)
    figures = grid.join(known, on=KEY[1:], how="left", maintain_order="left").with_columns(
        status=pl.when(pl.col("value").is_null()).then(nothing).otherwise(int(Status.VALUE)),
        n_present=pl.col("value").is_not_null(),
        n_expected=pl.lit(1),
        part_rank=pl.lit(frame.want.rank),
        numerator=pl.lit(None), denominator=pl.lit(None), known_at=pl.lit(None),
        source_ids=pl.lit([], dtype=pl.List(pl.Int32)),
    )  # fmt: skip
    sources = " + ".join(sorted(set(people["source"].to_list())))
    return figures.select(
        [pl.col(name).cast(dtype) for name, dtype in FIGURE_SCHEMA.items()]
    ), pl.lit(sources)


def _groups(geography: Geography, only: str) -> list[str]:
    declared = {one.group for one in geography.areas.country.denominators}
    return sorted(group for group in declared if not only or group == only)
