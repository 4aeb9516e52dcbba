"""Days of records in order, as a stream has them, for tests of what is laid over them."""

from datetime import date, timedelta
from functools import cache

import polars as pl

from data_access.reference.pack import bundled_pack
from simulations.day import make_day
from simulations.faults.spells import Spell
from simulations.feeds.model import LAST, SENT, FeedDay, FeedSpec
from simulations.feeds.stream import stream

FIRST, N_DAYS = date(2021, 8, 5), 3
ZONE = "Asia/Ho_Chi_Minh"
DELAY = timedelta(minutes=30)

WEEKS_FIRST, WEEKS_N_DAYS = date(2021, 8, 4), 20
WEEKS_START = WEEKS_FIRST + timedelta(days=8)
"""From here on the weeks are judged; the days before say what is usual."""
WEEKS_OF = ("01", "74", "75", "79")
WEEKS_KINDS = (("declarations", "declaration"), ("checkpoints", "scan"), ("vaccination", "dose"))
"""Kinds of record of which four big provinces have enough each day at one in 500."""
SPELLS = (
    Spell(fault="silent", platform="declarations", province="79",
          first_day=WEEKS_START + timedelta(days=1), n_days=3),
    Spell(fault="partial", platform="declarations", province="79",
          first_day=WEEKS_START + timedelta(days=6), n_days=2),
    Spell(fault="backlog", platform="checkpoints", province="74",
          first_day=WEEKS_START + timedelta(days=2), n_days=7),
    Spell(fault="late_daily", platform="vaccination", province="79",
          first_day=WEEKS_START + timedelta(days=3), n_days=5),
    Spell(fault="late_daily", platform="declarations", province="75",
          first_day=WEEKS_START + timedelta(days=4), n_days=2),
)  # fmt: skip
"""Of every fault of time one spell at least; province 01 is left alone."""


@cache
def weeks() -> list[FeedDay]:
    """Return weeks of a thinned feed of four provinces, of three kinds of record."""
    spec = FeedSpec(first_day=WEEKS_FIRST, days=WEEKS_N_DAYS, seed=5, thin=1 / 500,
                    provinces=WEEKS_OF)  # fmt: skip
    return [
        FeedDay(day=one.day, records={k: one.records[k] for k in WEEKS_KINDS if k in one.records})
        for one in stream(spec, areas=bundled_pack("vn").areas)
    ]


def days(areas: pl.DataFrame, *, per_province: int = 12) -> list[FeedDay]:
    """Return an invented period of two provinces, each record on the day of its last moment.

    Registers and what happened before the period come on its first day.
    """
    made = make_day(areas=areas, first_day=FIRST, n_days=N_DAYS, seed=11,
                    provinces=["48", "49"], per_province=per_province)  # fmt: skip
    stamped = {name: _stamped(rows) for name, rows in made.items()}
    local = pl.col(SENT).dt.convert_time_zone(ZONE).dt.date()
    last = FIRST + timedelta(days=N_DAYS - 1)
    return [
        FeedDay(day=day, records={name: rows.filter(local.clip(FIRST, last) == day)
                                  for name, rows in stamped.items()})
        for day in (FIRST + timedelta(days=n) for n in range(N_DAYS))
    ]  # fmt: skip


def _stamped(rows: pl.DataFrame) -> pl.DataFrame:
    moments = [
        pl.col(name).cast(pl.Datetime("us", "UTC"))
        for name, kind in rows.schema.items()
        if isinstance(kind, pl.Datetime)
        or name in ("ledger_date", "date", "day", "opened_on", "last_case_date")
    ]
    return rows.with_columns(
        (pl.max_horizontal(moments) + DELAY).alias(SENT), pl.lit(value=True).alias(LAST)
    )
