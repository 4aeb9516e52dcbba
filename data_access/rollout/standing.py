"""How the rollout stands at a moment: deployments, teams, tickets, people on site. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import polars as pl

from data_access.rollout.ledger import contents, latest
from data_access.rollout.model import LIVE, MANDATED, SEVERITIES, STAGES, Kind
from data_access.rollout.rules import Target

STAGE_NUMBER = pl.col("stage").replace_strict(
    {stage: number for number, stage in enumerate(STAGES)}, return_dtype=pl.Int64, default=None
)
TEAM_VALUES = {"none": 0.0, "announced": 0.5, "active": 1.0, "inactive": 0.0}
"""What a team's status counts in readiness."""
FORMED = ("announced", "active", "inactive")
"""Statuses of a team that was formed."""


def deployments(
    found: pl.DataFrame, *, now: datetime, stale: timedelta, today: date
) -> pl.DataFrame:
    """Return what stands of every deployment.

    Shape: one row per province and platform that something was said of; the fields of a
        deployment, `stage_number` (0 to 7), `age_hours` since anything was last said,
        `is_stale`, `is_live`, `is_overdue` (its target lies before today, and it is not complete).
    """
    own = contents(latest(found), Kind.DEPLOYMENT)
    age = (pl.lit(now).cast(pl.Datetime("us", "UTC")) - pl.col("known_at")).dt.total_seconds()
    late = (pl.col("target") < today.isoformat()) & STAGE_NUMBER.lt(len(STAGES) - 1)
    return own.with_columns(
        stage_number=STAGE_NUMBER,
        age_hours=age / 3600,
        is_stale=age > stale.total_seconds(),
        is_live=STAGE_NUMBER >= LIVE,
        is_overdue=late.fill_null(value=False),
        districts_live=pl.col("districts_live").cast(pl.Int64),
    ).sort("province", "platform")


def teams(found: pl.DataFrame) -> pl.DataFrame:
    """Return what stands of every team, with `value`, what it counts in readiness."""
    value = pl.col("status").replace_strict(TEAM_VALUES, return_dtype=pl.Float64, default=None)
    return contents(latest(found), Kind.TEAM).with_columns(value=value).sort("province")


def last_said(found: pl.DataFrame) -> dict[str, datetime]:
    """Return province → when anything was last said of its deployments or its team."""
    kinds = [Kind.DEPLOYMENT.value, Kind.TEAM.value]
    own = found.filter(pl.col("kind").is_in(kinds))
    return dict(own.group_by("province").agg(pl.col("known_at").max()).iter_rows())


def steps(found: pl.DataFrame, province: str) -> pl.DataFrame:
    """Return every step of a province's deployments: versions that moved stage or side."""
    own = contents(found, Kind.DEPLOYMENT).filter(pl.col("province") == province)
    said = pl.concat_str("stage", pl.col("side").fill_null(""), separator="/")
    is_new = (said != said.shift(1).over("item")).fill_null(value=True)
    return own.filter(is_new).sort("platform", "version")


def trend(found: pl.DataFrame, *, start: date, end: date, zone: str) -> pl.DataFrame:
    """Return how many provinces stood at which stage of a platform at the end of each day.

    Shape: date, platform, stage_number, n.
    """
    own = contents(found, Kind.DEPLOYMENT).select(
        "item",
        "version",
        "platform",
        stage_number=STAGE_NUMBER,
        date=pl.col("known_at").dt.convert_time_zone(zone).dt.date(),
    )
    days = pl.DataFrame({"day": pl.date_range(start, end, "1d", eager=True)})
    held = days.join_where(own, pl.col("date") <= pl.col("day"))
    last = held.sort("version").group_by("day", "item").last()
    counted = last.group_by("day", "platform", "stage_number").len("n")
    return counted.rename({"day": "date"}).cast({"n": pl.Int64}).sort(
        "date", "platform", "stage_number"
    )  # fmt: skip


def on_site(found: pl.DataFrame, *, day: date) -> pl.DataFrame:
    """Return who is on site on a day: province, organisation, people, starts, ends."""
    own = contents(latest(found), Kind.ON_SITE)
    text = day.isoformat()
    there = (pl.col("starts") <= text) & (pl.col("ends").is_null() | (pl.col("ends") >= text))
    return own.filter(there).with_columns(pl.col("people").cast(pl.Int64)).sort("province", "item")


def shifts(found: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """Return who is on duty now."""
    own = _instants(contents(latest(found), Kind.SHIFT), "starts", "ends")
    moment = pl.lit(now).cast(pl.Datetime("us", "UTC"))
    on_duty = own.filter(pl.col("starts") <= moment, pl.col("ends") > moment)
    return on_duty.with_columns(pl.col("people").cast(pl.Int64)).sort("starts", "item")


def integrations(found: pl.DataFrame) -> pl.DataFrame:
    """Return what stands of every connection between two systems."""
    own = _instants(contents(latest(found), Kind.INTEGRATION), "last_sync")
    return own.with_columns(pl.col("error_rate", "reconciled").cast(pl.Float64)).sort("item")


# --- the desk -----------------------------------------------------------------------------------


def tickets(found: pl.DataFrame, *, now: datetime, targets: Mapping[str, Target]) -> pl.DataFrame:
    """Return what stands of every ticket.

    Shape: the fields of a ticket with their instants (UTC), `is_open`, `ack_minutes` and
        `resolve_hours` (null while they have not come), `ack_breach` and `resolve_breach`
        (whether the target was passed, by now or when it came).
    """
    own = contents(latest(found), Kind.TICKET)
    own = _instants(own, "opened", "acknowledged", "resolved")
    moment = pl.lit(now).cast(pl.Datetime("us", "UTC"))
    # What is said to have come later than this moment has not come yet.
    known = [
        pl.when(pl.col(name) <= moment).then(pl.col(name)).alias(name)
        for name in ("acknowledged", "resolved")
    ]
    own = own.filter(pl.col("opened") <= moment).with_columns(known)
    waited = {
        name: (pl.coalesce(name, moment) - pl.col("opened")).dt.total_seconds()
        for name in ("acknowledged", "resolved")
    }
    limits = {key: (one.acknowledge.total_seconds(), one.resolve.total_seconds())
              for key, one in targets.items()}  # fmt: skip
    ack, solve = (
        pl.col("severity").replace_strict({key: both[n] for key, both in limits.items()},
                                          return_dtype=pl.Float64)
        for n in (0, 1)
    )  # fmt: skip
    return own.with_columns(
        is_open=pl.col("resolved").is_null(),
        ack_minutes=(pl.col("acknowledged") - pl.col("opened")).dt.total_seconds() / 60,
        resolve_hours=(pl.col("resolved") - pl.col("opened")).dt.total_seconds() / 3600,
        ack_breach=waited["acknowledged"] > ack,
        resolve_breach=waited["resolved"] > solve,
    ).sort("opened", "item", descending=[True, False])


def desk(every: pl.DataFrame, *, since: datetime) -> pl.DataFrame:
    """Return the desk's figures by severity, of `tickets`.

    Shape: severity, `n_open` (whenever opened), then of the tickets opened since: `n_opened`,
        `ack_p50_minutes`, `resolve_p50_hours` (of those that came), `n_breached` (either target).
    """
    recent = every.filter(pl.col("opened") >= pl.lit(since).cast(pl.Datetime("us", "UTC")))
    grid = pl.DataFrame({"severity": list(SEVERITIES)})
    still = every.filter("is_open").group_by("severity").len("n_open")
    figures = recent.group_by("severity").agg(
        n_opened=pl.len(),
        ack_p50_minutes=pl.col("ack_minutes").median(),
        resolve_p50_hours=pl.col("resolve_hours").median(),
        n_breached=(pl.col("ack_breach") | pl.col("resolve_breach")).sum(),
    )
    joined = grid.join(still, on="severity", how="left").join(figures, on="severity", how="left")
    counts = pl.col("n_open", "n_opened", "n_breached").fill_null(0).cast(pl.Int64)
    return joined.with_columns(counts).sort("severity")


def _instants(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    read = pl.col(*names).str.to_datetime("%Y-%m-%dT%H:%M:%S%z", time_unit="us", time_zone="UTC")
    return frame.with_columns(read)


def matrix(stands: pl.DataFrame) -> dict[tuple[str, str], dict[str, object]]:
    """Return (province, platform) → what stands, for the mandated platforms."""
    rows = stands.filter(pl.col("platform").is_in(MANDATED)).iter_rows(named=True)
    return {(row["province"], row["platform"]): row for row in rows}
