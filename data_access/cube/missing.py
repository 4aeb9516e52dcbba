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
    in_order,
)
from data_access.cube.view import CubeView
from data_access.measures.model import Measure

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
    reason = _reasons(completed["day"].unique(), view, measure, want=want)
    named = completed.join(reason, on="day", how="left", maintain_order="left")
    barred = pl.col("reason") == Status.NOT_APPLICABLE
    return named.with_columns(
        status=pl.when(barred)
        .then(pl.col("reason"))
        .otherwise(pl.coalesce("status", "reason"))
        .cast(pl.Int8),
        value=pl.when(~barred).then(pl.col("value")),
    ).drop("reason")


def _reasons(days: pl.Series, view: CubeView, measure: Measure, *, want: Want) -> pl.DataFrame:
    zone = ZoneInfo(view.geography.areas.country.time_zone)
    today = view.viewer.now.astimezone(zone).date()
    ends = view.geography.last_day(want.vintage)
    heard = _heard(days, view, measure, want=want)
    rows = []
    for day, last in heard.iter_rows():
        if ends is not None and day > ends:
            status = Status.NOT_APPLICABLE
        elif day + timedelta(days=measure.lag_days) > today:
            status = Status.NOT_DUE
        elif last is not None and last < _end_of(day, zone):
            status = Status.NOT_SYNCHRONISED
        else:
            status = Status.NOT_REPORTED
        rows.append((day, int(status)))
    return pl.DataFrame(rows, schema={"day": pl.Date, "reason": pl.Int8}, orient="row")


def _end_of(day: date, zone: ZoneInfo) -> int:
    return to_us(datetime.combine(day + timedelta(days=1), time(), tzinfo=zone))


def _heard(days: pl.Series, view: CubeView, measure: Measure, *, want: Want) -> pl.DataFrame:
    """Return day and delivered (µs): last delivery of the day's source, or of the preferred one."""
    found = candidates(view, measure, want)
    chosen = choose(found).select("day", "source_id")
    order = in_order(view.catalogue.sources)
    best = found.select("source_id").unique().join(order, on="source_id").sort("source_order")
    usual = best["source_id"][0] if best.height else None
    return (
        pl.DataFrame({"day": days.sort()})
        .join(chosen, on="day", how="left", maintain_order="left")
        .with_columns(pl.col("source_id").fill_null(pl.lit(usual, dtype=pl.Int32)))
        .join(delivered(view, measure.platform), on="source_id", how="left", maintain_order="left")
        .select("day", "delivered")
    )
