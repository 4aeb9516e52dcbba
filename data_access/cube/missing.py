"""Completes a grid of days, areas and codes, and says why a figure is not there. Pure.

Missing is never zero. In order: not applicable (the area does not exist that day), not yet due
(its usual delay has not passed), not synchronised (the source has delivered nothing since that
day ended), else not reported.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from data_access.codes import Status, to_us
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
    reason = _reasons(completed.select("day", "area_id").unique(), view, measure, want=want)
    named = completed.join(reason, on=["day", "area_id"], how="left", maintain_order="left")
    barred = pl.col("reason") == Status.NOT_APPLICABLE
    return named.with_columns(
        status=pl.when(barred)
        .then(pl.col("reason"))
        .otherwise(pl.coalesce("status", "reason"))
        .cast(pl.Int8),
        value=pl.when(~barred).then(pl.col("value")),
    ).drop("reason")


def _reasons(places: pl.DataFrame, view: CubeView, measure: Measure, *, want: Want) -> pl.DataFrame:
    """Return day, area_id and the status that a missing figure has there."""
    zone = ZoneInfo(view.geography.areas.country.time_zone)
    today = view.viewer.now.astimezone(zone).date()
    ends = view.geography.last_day(want.vintage)
    closing = [(day, _end_of(day, zone)) for day in places["day"].unique().sort().to_list()]
    closed = pl.DataFrame(closing, schema={"day": pl.Date, "end": pl.Int64}, orient="row")
    last_due = today - timedelta(days=measure.lag_days)
    codes = {one: pl.lit(int(one), dtype=pl.Int8) for one in Status}
    status = (
        pl.when(pl.lit(ends).is_not_null() & (pl.col("day") > pl.lit(ends, dtype=pl.Date)))
        .then(codes[Status.NOT_APPLICABLE])
        .when(pl.col("day") > last_due)
        .then(codes[Status.NOT_DUE])
        .when(pl.col("delivered") < pl.col("end"))
        .then(codes[Status.NOT_SYNCHRONISED])
        .otherwise(codes[Status.NOT_REPORTED])
    )
    heard = _heard(places, view, measure, want=want).join(closed, on="day", how="left")
    return heard.select("day", "area_id", reason=status)


def _end_of(day: date, zone: ZoneInfo) -> int:
    return to_us(datetime.combine(day + timedelta(days=1), time(), tzinfo=zone))


def _heard(places: pl.DataFrame, view: CubeView, measure: Measure, *, want: Want) -> pl.DataFrame:
    """Return places with delivered (µs): the last delivery of whoever reports that area.

    That is a member of the day's family, or of the preferred one; of the family as a whole where
    none of its members ever reported the area.
    """
    found = candidates(view, measure, want)
    usual = found.sort("family_order", "grain_order", "family")["family"].first()
    told = _told(view, measure, want=want)
    of, keep = (view.version(measure), measure.key, want), view.kept.of
    of_day = keep(
        ("family of the day", *of),
        lambda: choose(found).select("day", "family").unique(),
    )
    whole = keep(
        ("heard of a family", *of),
        lambda: told.group_by("family").agg(by_any=pl.col("delivered").max()),
    )
    own = keep(
        ("heard of an area", *of),
        lambda: _targets_told(view, measure, told, want=want),
    )
    return (
        places.join(of_day, on="day", how="left")
        .with_columns(pl.col("family").fill_null(pl.lit(usual, dtype=pl.Int32)))
        .join(whole, on="family", how="left")
        .join(own, on=["family", "area_id"], how="left")
        .select("day", "area_id", delivered=pl.coalesce("by_own", "by_any"))
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
