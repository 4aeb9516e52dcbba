"""Days of records in order, as a stream has them, for tests of what is laid over them."""

from datetime import date, timedelta

import polars as pl

from simulations.day import make_day
from simulations.feeds.model import LAST, SENT, FeedDay

FIRST, N_DAYS = date(2021, 8, 5), 3
ZONE = "Asia/Ho_Chi_Minh"
DELAY = timedelta(minutes=30)


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
