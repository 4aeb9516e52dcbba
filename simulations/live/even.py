"""An even epidemic as a stream of days: the same number of cases in every province every day.

Made of `simulations.day`, a fortnight at a time. Ids of one fortnight are not those of another;
facilities, laboratories, sites and places are the same throughout.
"""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from simulations.day import Parameters, make_day
from simulations.feeds.model import LAST, SENT, FeedDay, FeedSpec, Frames
from simulations.live.ticks import midnight

BLOCK_DAYS = 14
ZONE = "Asia/Ho_Chi_Minh"
REGISTERS = ("facility", "laboratory", "site", "place")
FEW = Parameters(
    contacts_per_case=1, clusters_per_province=1, places_per_province=2, scans_per_province=1,
    declarations_per_province=1, doses_per_province=3, pools_per_province=0,
    arrivals_per_province=0, pooled_share=0.0,
)  # fmt: skip
_AHEAD = ("expiry", "planned_end", "birth_date", "previous_on")
_MORNING = timedelta(hours=8)
_IDS_KEPT = ("facility_id", "rule_id", "id_no")


def stream(spec: FeedSpec, *, areas: pl.DataFrame) -> Iterator[FeedDay]:
    """Yield the days of an even epidemic.

    Args:
        spec: what it is made of; `thin` does not matter, one case a day and province is made.
        areas: of the country pack.
    """
    for number, first in enumerate(range(0, spec.days, BLOCK_DAYS)):
        begins = spec.first_day + timedelta(days=first)
        n_days = min(BLOCK_DAYS, spec.days - first)
        made = make_day(
            areas=areas, first_day=begins, n_days=BLOCK_DAYS, seed=spec.seed * 1_000 + number,
            provinces=spec.provinces, per_province=1, parameters=FEW,
        )  # fmt: skip
        earliest = pl.lit(midnight(begins, zone=ZONE)).cast(pl.Datetime("us", "UTC"))
        states = {
            key: _states(_named(rows, number), key[1]).with_columns(
                pl.max_horizontal(SENT, earliest)
            )
            for key, rows in made.items()
            if number == 0 or key[1] not in REGISTERS
        }
        for n in range(n_days):
            yield _day_of(states, begins + timedelta(days=n))


def _day_of(states: Frames, day: object) -> FeedDay:
    local = (pl.col(SENT) + timedelta(hours=7)).dt.date()
    found = {key: rows.filter(local == day) for key, rows in states.items()}
    return FeedDay(day=day, records={key: rows for key, rows in found.items() if rows.height})  # type: ignore[arg-type]


def _named(rows: pl.DataFrame, number: int) -> pl.DataFrame:
    ids = [
        name
        for name in rows.columns
        if (name.endswith("_id") or name == "deconvolution_of") and name not in _IDS_KEPT
    ]
    return rows.with_columns(pl.col(ids) + f"-{number}")


def _states(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return the states of records with SENT and LAST; a stay has two, the others one."""
    dates = [name for name, kind_ in rows.schema.items() if kind_ == pl.Date and name not in _AHEAD]
    moments = [name for name, kind_ in rows.schema.items() if isinstance(kind_, pl.Datetime)]
    of_days = [
        pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        - pl.duration(hours=7) + _MORNING
        for name in dates
    ]  # fmt: skip
    sent = pl.max_horizontal(*moments, *of_days).cast(pl.Datetime("us", "UTC"))
    last = rows.with_columns(sent.alias(SENT), pl.lit(value=True).alias(LAST))
    if kind != "stay":
        return last
    ended = pl.col("actual_end").is_not_null()
    begun = last.filter(ended).with_columns(
        pl.lit(None).cast(rows.schema["actual_end"]).alias("actual_end"),
        pl.lit(None).cast(pl.String).alias("end_reason"),
        pl.col("start_ts").cast(pl.Datetime("us", "UTC")).alias(SENT),
        pl.lit(value=False).alias(LAST),
    )  # fmt: skip
    return pl.concat([begun, last])
