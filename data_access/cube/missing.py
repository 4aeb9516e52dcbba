"""Completes a grid of days, areas and codes, and says why a figure is not there. Pure.

Missing is never zero. In order: not applicable (the area does not exist that day), not yet due
(its usual delay has not passed), not synchronised (the source has delivered nothing since that
day ended), else not reported.
"""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from data_access.codes import Status
from data_access.cube.resolve import (
    RESOLVED_SCHEMA,
    Want,
    candidates,
    choose,
    delivered,
)
from data_access.cube.view import CubeView
from data_access.measures.model import Measure
from data_access.viewer import system_viewer

KEY = ["day", "area_id", "by"]


def complete(resolved: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """Return one row per row of the grid, statuses of missing ones still null.

    Shape: RESOLVED_SCHEMA; grid: day, area_id, by.
    """
    return grid.join(resolved, on=KEY, how="left", maintain_order="left").select(
        list(RESOLVED_SCHEMA)
    )


def make_grid(days: tuple[date, date], area_ids: list[int], *, codes: list[str]) -> pl.DataFrame:
    """Return every (day, area, code): columns day, area_id, by."""
    calendar = pl.DataFrame({"day": pl.date_range(*days, eager=True)})
    areas = pl.DataFrame({"area_id": area_ids}, schema={"area_id": pl.Int32})
    return calendar.join(areas, how="cross").join(
        pl.DataFrame({"by": codes}, schema={"by": pl.String}), how="cross"
    )


def explain(
    completed: pl.DataFrame, view: CubeView, *, measure: Measure, want: Want
) -> pl.DataFrame:
    """Return the grid with a status in every row; rows that do not apply lose their value."""
    zone = view.geography.areas.country.time_zone
    today = view.viewer.now.astimezone(ZoneInfo(zone)).date()
    ends = view.geography.last_day(want.vintage)
    barred = pl.lit(value=False) if ends is None else pl.col("day") > ends
    codes = {one: pl.lit(int(one), dtype=pl.Int8) for one in Status}
    reason = (
        pl.when(pl.col("day") > today - timedelta(days=measure.lag_days))
        .then(codes[Status.NOT_DUE])
        .when(pl.col("delivered") < end_of_day(pl.col("day"), zone))
        .then(codes[Status.NOT_SYNCHRONISED])
        .otherwise(codes[Status.NOT_REPORTED])
    )
    return (
        _with_heard(completed, view, measure, want=want)
        .with_columns(
            status=pl.when(barred)
            .then(codes[Status.NOT_APPLICABLE])
            .otherwise(pl.coalesce("status", reason))
            .cast(pl.Int8),
            value=pl.when(~barred).then(pl.col("value")),
        )
        .drop("delivered")
    )


def end_of_day(day: pl.Expr, zone: str) -> pl.Expr:
    """Return the moment (µs) at which days end: the first one of the day after, where they are."""
    midnight = (day + timedelta(days=1)).cast(pl.Datetime("us"))

    def there(local: pl.Expr) -> pl.Expr:
        return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")

    # Where clocks are put forward at midnight, the day begins with the hour after it.
    first = pl.coalesce(there(midnight), there(midnight + timedelta(hours=1)))
    return first.dt.epoch("us")


def _with_heard(
    completed: pl.DataFrame, view: CubeView, measure: Measure, *, want: Want
) -> pl.DataFrame:
    """Return the grid with delivered (µs): the last delivery of whoever reports that area.

    That is a member of the day's family, or of the preferred one; of the family as a whole where
    none of its members ever reported the area.
    """
    of, keep = (view.version(measure), measure.key, want), view.kept.of
    found = candidates(view, measure, want)
    told = _told(view, measure, want=want)
    of_day = keep(
        ("family of the day", *of),
        lambda: choose(found).select("day", "family").unique(),
    )
    usual = keep(
        ("usual family", *of),
        lambda: found.sort("family_order", "grain_order", "family").select("family").head(1),
    )["family"].first()
    whole = keep(
        ("heard of a family", *of),
        lambda: told.group_by("family").agg(by_any=pl.col("delivered").max()),
    )
    own = keep(
        ("heard of an area", *of),
        lambda: _targets_told(view, measure, told, want=want),
    )
    if of_day["family"].n_unique() <= 1 and of_day["family"].first() in (None, usual):
        # One family answers every day: what was heard depends on the area alone.
        is_usual = pl.col("family") == pl.lit(usual, dtype=pl.Int32)
        of_all = whole.filter(is_usual)["by_any"].first()
        of_usual = own.filter(is_usual).select("area_id", "by_own")
        return completed.join(of_usual, on="area_id", how="left", maintain_order="left").select(
            *completed.columns, delivered=pl.col("by_own").fill_null(pl.lit(of_all, dtype=pl.Int64))
        )
    return (
        completed.join(of_day, on="day", how="left", maintain_order="left")
        .with_columns(pl.col("family").fill_null(pl.lit(usual, dtype=pl.Int32)))
        .join(whole, on="family", how="left", maintain_order="left")
        .join(own, on=["family", "area_id"], how="left", maintain_order="left")
        .select(*completed.columns, delivered=pl.coalesce("by_own", "by_any"))
    )


def _told(view: CubeView, measure: Measure, *, want: Want) -> pl.DataFrame:
    """Return family, source_id, rank, vintage, delivered (µs): when each member delivered last."""

    def members() -> pl.DataFrame:
        found = candidates(view, measure, want)
        every = found.select("family", "source_id", "rank", "vintage").unique()
        return every.join(delivered(view, measure.platform), on="source_id", how="left")

    return view.kept.of(("members", view.version(measure), measure.key, want), members)


def _targets_told(
    view: CubeView, measure: Measure, told: pl.DataFrame, *, want: Want
) -> pl.DataFrame:
    """Return family, area_id, by_own (µs): the last delivery of the members that hold a target."""
    keys = [key for key in (measure.key, measure.inflow, measure.outflow) if key]
    held = pl.concat([view.holdings(key) for key in keys]).unique()
    # Who reports what is the same question for everybody: the parts of every viewer count.
    parts = view.geography.parts(want.rank, want.vintage, viewer=system_viewer(view.viewer.now))
    return (
        held.rename({"area_id": "part_id"})
        .join(parts, on="part_id", how="inner")
        .join(told, on=["source_id", "rank", "vintage"], how="inner")
        .group_by("family", "area_id")
        .agg(by_own=pl.col("delivered").max())
    )
