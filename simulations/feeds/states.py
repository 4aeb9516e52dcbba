"""The states a record goes through, each with the moment at which it reaches the gate. Pure."""

from datetime import timedelta

import numpy as np
import polars as pl

from simulations.feeds.calendar import next_working
from simulations.feeds.model import SENT
from simulations.platforms.setting import UTC_OFFSET_HOURS, local_date

MORNING = timedelta(hours=8)
SYNC_MINUTES = 45
"""At most, between what is written down and the gate."""
LATE_DEATH_DAYS = 5
"""At most, between a death and its record, of those told one by one."""
BACKLOG_SHARE = 0.35
"""Of deaths, how many a province holds until the weekday on which it tells of all of them (assumed;
domain description 9: 0 to 14 days late, in bursts of a province)."""
WORKING_DAYS = 5
DIED_OF_SEVERE = 0.55
"""Of the severe, how many die: a share of deaths near the wave's 2.8 % of cases."""
STAY_DAYS_F0 = (10, 14)
ENDS_MINUTES = (14 * 60, 17 * 60)
CLOSED_AFTER_DAYS = 14
_AHEAD = ("expiry", "planned_end", "birth_date", "previous_on", "first_onset", "opened_on",
          "onset_date", "stay_started_on")  # fmt: skip
MOMENT = pl.Datetime("us", "UTC")


def sent_at(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Add SENT: the last moment a record speaks of, and the time until it is in step."""
    moments = [name for name, kind in rows.schema.items() if isinstance(kind, pl.Datetime)]
    days = [name for name, kind in rows.schema.items() if kind == pl.Date and name not in _AHEAD]
    evenings = [midnight_of(name) + MORNING for name in days]
    delay = pl.Series("_delay", rng.integers(1, SYNC_MINUTES, rows.height, endpoint=True))
    last = pl.max_horizontal(*moments, *evenings).cast(MOMENT)
    return (
        rows.with_columns(delay)
        .with_columns((last + pl.duration(minutes=pl.col("_delay"))).alias(SENT))
        .drop("_delay")
    )


def midnight_of(day: str) -> pl.Expr:
    """Return the instant (UTC) at which the local day of a column begins."""
    start = pl.col(day).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return start - pl.duration(hours=UTC_OFFSET_HOURS)


def blank(rows: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Return rows with fields emptied."""
    return rows.with_columns(pl.lit(None).cast(rows.schema[name]).alias(name) for name in names)


def fates(cases: pl.DataFrame, stays: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return `id_no, outcome, outcome_date, severity` of cases: healed on leaving, or died."""
    severe = cases.select("id_no", pl.col("severity").alias("was"))
    chance = pl.Series("_u", rng.random(cases.height))
    left = stays.filter(pl.col("class") == "F0").select(
        "id_no", local_date("actual_end").alias("outcome_date")
    )
    died = (pl.col("was") == "nang") & (pl.col("_u") < DIED_OF_SEVERE)
    return (
        severe.with_columns(chance)
        .join(left, on="id_no", how="inner", maintain_order="left")
        .select(
            "id_no",
            pl.when(died).then(pl.lit("tu_vong")).otherwise(pl.lit("khoi")).alias("outcome"),
            "outcome_date",
            pl.when(died).then(pl.lit("nguy_kich")).otherwise("was").alias("severity"),
        )
    )


def with_deaths(stays: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return stays of which those of the dead say so.

    Needs: class, end_reason, id_no; and of `fates`, id_no and outcome.
    """
    dead = found.filter(pl.col("outcome") == "tu_vong")["id_no"].to_list()
    died = (pl.col("class") == "F0") & pl.col("id_no").is_in(dead)
    reason = pl.when(died).then(pl.lit("tu_vong")).otherwise("end_reason")
    return stays.with_columns(reason.alias("end_reason"))


def case_states(cases: pl.DataFrame, found: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return cases in treatment, and the same with their outcome."""
    first = sent_at(cases, rng)
    last = cases.drop("outcome", "outcome_date", "severity").join(
        found, on="id_no", how="inner", maintain_order="left"
    )
    last = sent_at(last.select(first.columns[:-1]), rng)
    return pl.concat([first, told_late(last, rng)])


def told_late(cases: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return last states, those of deaths later: some days, or on the province's weekday for them.

    No death is told of on a Sunday or holiday. At most 14 days late.
    """
    n = cases.height
    rows = cases.with_columns(
        pl.Series("_late", rng.integers(0, LATE_DEATH_DAYS, n, endpoint=True)),
        pl.Series("_held", rng.random(n) < BACKLOG_SHARE),
        (pl.col(SENT) + pl.duration(hours=UTC_OFFSET_HOURS)).dt.date().alias("_from"),
    )
    tells = pl.col("province_code").cast(pl.Int64) % WORKING_DAYS + 1
    until = (tells - pl.col("_from").dt.weekday().cast(pl.Int64) - 1) % 7 + 1
    late = pl.when("_held").then(until).otherwise("_late")
    rows = rows.with_columns((pl.col("_from") + pl.duration(days=late)).alias("day"))
    if not n:
        return cases
    low, high = rows.select(pl.col("day").min().alias("a"), pl.col("day").max().alias("b")).row(0)
    rows = rows.join(next_working(low, high), on="day", how="left", maintain_order="left")
    died = pl.col("outcome") == "tu_vong"
    wait = pl.when(died).then(pl.col("works_on") - pl.col("_from")).otherwise(pl.duration(days=0))
    return rows.with_columns((pl.col(SENT) + wait).alias(SENT)).select(cases.columns)


def contact_states(
    contacts: pl.DataFrame, positive: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Return contacts before and after being sampled, and those who became cases once more.

    Needs: contact_id, sampled_ts, status; and of `positive`, contact_id and reported_at.
    """
    told = two_states(contacts, rng, later=("sampled_ts",), when="sampled_ts",
                      status="quarantined")  # fmt: skip
    ill = contacts.join(positive, on="contact_id", how="inner", maintain_order="left")
    ill = ill.with_columns(pl.lit("tested_pos").alias("status"))
    return pl.concat([told, sent_at(ill, rng).drop("reported_at").select(told.columns)])


def after(rows: pl.DataFrame, known: pl.DataFrame, *, key: str) -> pl.DataFrame:
    """Return records that speak of another one, none sent before that one is.

    Needs: the key and SENT, in both.
    """
    first = known.group_by(key).agg(pl.col(SENT).min().alias("_known"))
    return (
        rows.join(first, on=key, how="left", maintain_order="left")
        .with_columns(pl.max_horizontal(SENT, "_known").alias(SENT))
        .drop("_known")
    )


def two_states(
    rows: pl.DataFrame, rng: np.random.Generator, *, later: tuple[str, ...], when: str,
    status: str = "",
) -> pl.DataFrame:  # fmt: skip
    """Return rows before some fields are known, and with them.

    Args:
        rows: the last states.
        rng: of the time until a record is in step.
        later: fields that the first state leaves out.
        when: of them, the one that must be there for a record to have two states.
        status: value of the field `status` in the first state; empty: there is none.
    """
    before = blank(rows.filter(pl.col(when).is_not_null()), *later)
    if status:
        before = before.with_columns(pl.lit(status).alias("status"))
    last = sent_at(rows, rng)
    return pl.concat([sent_at(before, rng), last])
