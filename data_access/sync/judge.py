"""Judges each province's day: on time, late, partial, silent, not due, not expected. Pure.

Everything is compared with the same feed's own past: no province is measured by another.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from data_access.codes import to_us
from data_access.sync import rules

US_PER_HOUR = 3_600_000_000
FEED = ["platform", "source_id", "province"]


def due_moments(
    days: list[date], *, platform: str, lag_days: int, zone: ZoneInfo
) -> dict[date, int]:
    """Return when each day's figures are due (µs UTC): local deadline hour, `lag_days` later."""
    hour = time(rules.deadline_hour(platform))
    return {
        day: to_us(datetime.combine(day + timedelta(days=lag_days), hour, zone)) for day in days
    }


def with_grid(
    receipts: pl.DataFrame,
    *,
    days: list[date],
    due: pl.DataFrame,
    began: pl.DataFrame,
    zone: ZoneInfo,
) -> pl.DataFrame:
    """Return one row per feed (platform, source, province) and day, with what is known of it.

    Args:
        receipts: RECEIPT_SCHEMA with `volume` and `n_there`.
        days: every day to judge or to learn from.
        due: platform, source_id, day, due (µs).
        began: platform, source_id, began (µs): first delivery of the source.
        zone: the country's; a day ends at its midnight.

    Shape: adds due (never earlier than the source's first delivery: what it brought then of
        earlier days is a backlog that nobody was late with), hours (from the end of the day),
        hours_late.
    """
    feeds = receipts.select(FEED).unique()
    every = pl.DataFrame({"day": days}, schema={"day": pl.Date})
    midnight = (pl.col("day") + timedelta(days=1)).cast(pl.Datetime("us"))
    end_of_day = midnight.dt.replace_time_zone(zone.key).dt.epoch("us")
    return (
        feeds.join(every, how="cross")
        .join(receipts, on=[*FEED, "day"], how="left")
        .join(due, on=["platform", "source_id", "day"], how="left")
        .join(began, on=["platform", "source_id"], how="left")
        .with_columns(due=pl.max_horizontal("due", "began"))
        .with_columns(
            hours=(pl.col("first_known") - end_of_day) / US_PER_HOUR,
            hours_late=pl.max_horizontal(pl.col("first_known") - pl.col("due"), 0) / US_PER_HOUR,
            is_backlog=pl.col("first_known") <= pl.col("began"),
        )
        .sort(*FEED, "day")
    )


def with_usual(grid: pl.DataFrame, *, start: date) -> pl.DataFrame:
    """Add what is usual for each feed, learnt from the days before `start` where there are enough.

    Adds: usual_hours, p90_hours (hours from the end of the day to the first figure), n_days
        (days with figures in the past), share (of past days with figures, counted from the
        feed's first), usual_parts; usual_volume and mad_volume of the same weekday, of all days
        where a weekday has fewer than MIN_DAYS.
    """
    has = pl.col("first_known").is_not_null()
    begun = grid.with_columns(first_day=pl.col("day").filter(has).min().over(FEED))
    since = begun.filter(pl.col("day") >= pl.col("first_day"))
    past = since.filter(pl.col("day") < start)
    enough = past.filter(has).group_by(FEED).len().filter(pl.col("len") >= rules.MIN_DAYS)
    # A feed that began only now is judged by the days there are.
    young = since.join(enough.select(FEED), on=FEED, how="anti")
    base = pl.concat([past.join(enough.select(FEED), on=FEED, how="semi"), young])
    settled = base.filter(pl.col("due") <= pl.col("seen_at"))
    timed = has & ~pl.col("is_backlog")
    usual = settled.group_by(FEED).agg(
        usual_hours=pl.col("hours").filter(timed).median(),
        p90_hours=pl.col("hours").filter(timed).quantile(0.9, "linear"),
        n_days=has.sum().cast(pl.Int32),
        share=has.mean(),
        usual_parts=pl.col("n_there").median(),
        mad_parts=(pl.col("n_there") - pl.col("n_there").median()).abs().median(),
        all_volume=pl.col("volume").median(),
        all_mad=(pl.col("volume") - pl.col("volume").median()).abs().median(),
    )
    weekday = pl.col("day").dt.weekday().alias("weekday")
    weekly = (
        settled.filter(has)
        .group_by(*FEED, weekday)
        .agg(
            n_weekdays=pl.len(),
            day_volume=pl.col("volume").median(),
            day_mad=(pl.col("volume") - pl.col("volume").median()).abs().median(),
        )
    )
    many = pl.col("n_weekdays") >= rules.MIN_DAYS
    return (
        begun.with_columns(weekday)
        .join(usual, on=FEED, how="left")
        .join(weekly, on=[*FEED, "weekday"], how="left")
        .with_columns(
            usual_volume=pl.when(many).then("day_volume").otherwise("all_volume"),
            mad_volume=pl.when(many).then("day_mad").otherwise("all_mad"),
        )
    )


def judged(grid: pl.DataFrame) -> pl.DataFrame:
    """Add `state`, `value_ratio` and `n_expected`.

    Method: a day with figures is partial when volume or parts fall below PARTIAL_RATIO of the
        usual and by more than PARTIAL_MADS deviations; else late when it first became known after
        it was due; else on time. A day without figures is not due yet, or silent where the feed
        normally delivers (at least EXPECTED_SHARE of its past days, MIN_DAYS of them), or not
        expected.
    """
    has = pl.col("first_known").is_not_null()
    expected = (pl.col("share") >= rules.EXPECTED_SHARE) & (pl.col("n_days") >= rules.MIN_DAYS)
    begun = pl.col("day") >= pl.col("first_day")
    is_due = pl.col("due") <= pl.col("seen_at")
    partial = is_due & expected & (
        (_far_below("volume", "usual_volume", "mad_volume")
         & (pl.col("usual_volume") >= rules.MIN_VOLUME))
        | _far_below("n_there", "usual_parts", "mad_parts")
    )  # fmt: skip
    state = (
        pl.when(has & partial)
        .then(pl.lit(rules.PARTIAL))
        .when(has & (pl.col("hours_late") > 0))
        .then(pl.lit(rules.LATE))
        .when(has)
        .then(pl.lit(rules.ON_TIME))
        .when(expected & begun & is_due)
        .then(pl.lit(rules.SILENT))
        .when(expected & begun)
        .then(pl.lit(rules.NOT_DUE))
        .otherwise(pl.lit(rules.NOT_EXPECTED))
    )
    waiting = (pl.col("seen_at") - pl.col("due")) / US_PER_HOUR
    late = pl.when(has).then("hours_late").when(state == rules.SILENT).then(waiting).otherwise(0.0)
    return grid.with_columns(
        state=state,
        hours_late=late,
        value_ratio=pl.when(pl.col("usual_volume") > 0).then(
            pl.col("volume") / pl.col("usual_volume")
        ),
        n_expected=pl.col("usual_parts").round(0).cast(pl.Int32),
    )


def _far_below(column: str, usual: str, mad: str) -> pl.Expr:
    below = pl.col(usual) - rules.PARTIAL_MADS * rules.MAD_SCALE * pl.col(mad)
    is_below = (pl.col(column) < rules.PARTIAL_RATIO * pl.col(usual)) & (pl.col(column) < below)
    return is_below.fill_null(value=False)
