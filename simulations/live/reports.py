"""The daily report of the provinces: how many cases and deaths, and where there were none. Pure.

Records cannot say that there was none. The report does, so that a province without a case shows a
true zero and not "not reported".

A report counts a case once it has reached whoever writes it. For a part of the cases that is some
mornings later, as it was in 2021: so the newest days of a report are short, and are made up for.
"""

import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import polars as pl

from simulations.feeds.model import SENT, Frames

HOURS = (7, 17)
"""Local hours of the reports: the first closes the day before, the second tells of today."""
SOURCE = "mo-phong-bao-cao-tinh"
MAPPING = f'''source = "{SOURCE}"
platform = "tracing"
mode = "increment"
precedence = 5
date = {{ column = "date", format = "%Y-%m-%d" }}
area = {{ column = "code", match = "code" }}
[[measure]]
id = "cases"
column = "cases"
[[measure]]
id = "deaths"
column = "deaths"
'''
_CASE_DAY = pl.coalesce("report_date", "result_date", "sample_date", "onset_date")
_TOLD = pl.Datetime("us", "UTC")
_KNOWN: dict[str, pl.DataType | type[pl.DataType]] = {
    "case_id": pl.String, "code": pl.String, "day": pl.Date, "died": pl.Date,
    "told": _TOLD,
}  # fmt: skip
LATE = (0.66, 0.80, 0.89, 0.95, 0.98)
"""Share of cases counted with a delay of no, one, two ... mornings; the others a morning more.

Assumed: provinces made up for cases over about five days.
"""
_CRC = 2**32


class Reports:
    """What the provinces have said, and what they would say now."""

    def __init__(self, *, provinces: tuple[str, ...], first_day: date, zone: str) -> None:
        """Nothing has been said and no case is known."""
        self._provinces, self._zone = provinces, ZoneInfo(zone)
        self._first_day = first_day
        self._cases = pl.DataFrame(schema=_KNOWN)
        self._said: dict[tuple[date, str], tuple[int, int]] = {}

    def learn(self, records: Frames) -> None:
        """Take in what cases are known as now."""
        rows = records.get(("tracing", "case"))
        if rows is None:
            return
        died = pl.when(pl.col("outcome") == "tu_vong").then("outcome_date")
        if "outcome_date" not in rows.columns:
            died = pl.lit(None, dtype=pl.Date)  # type: ignore[assignment]
        told = rows.select(
            "case_id", pl.col("province_code").alias("code"), _CASE_DAY.alias("day"),
            died.cast(pl.Date).alias("died"),
            pl.col(SENT).dt.convert_time_zone("UTC").cast(_TOLD).alias("told"),
        )  # fmt: skip
        first = pl.col("told").first().over("case_id")
        known = pl.concat([self._cases, self._delayed(told)]).with_columns(told=first)
        self._cases = known.unique("case_id", keep="last", maintain_order=True)

    def _delayed(self, told: pl.DataFrame) -> pl.DataFrame:
        """Return the cases with the moment at which whoever writes the report hears of them."""
        moments = [self._heard(case, at) for case, at in told.select("case_id", "told").iter_rows()]
        return told.with_columns(pl.Series("told", moments, dtype=_TOLD))

    def _heard(self, case: str, sent: datetime) -> datetime:
        chance = zlib.crc32(case.encode()) / _CRC
        mornings = sum(chance >= share for share in LATE)
        if not mornings:
            return sent
        # The books are made up at the first report of a day: that of the day itself is none.
        day = sent.astimezone(self._zone).date() + timedelta(days=1 + mornings)
        return datetime.combine(day, time(min(HOURS)), tzinfo=self._zone)

    def mornings(self, until: datetime, *, n: int) -> Iterator[datetime]:
        """Yield the moments of the last mornings' reports before one, oldest first."""
        day = until.astimezone(self._zone).date()
        for back in range(n, -1, -1):
            at = datetime.combine(
                day - timedelta(days=back), time(min(HOURS)), tzinfo=self._zone
            )  # fmt: skip
            if at < until and at.date() > self._first_day:
                yield at

    def last_day(self, after: datetime, until: datetime) -> date | None:
        """Return the last day that a report due in (after, until] speaks of; None: none is due."""
        day = until.astimezone(self._zone).date()
        for back, hour in product((0, 1), sorted(HOURS, reverse=True)):
            found = day - timedelta(days=back)
            due = datetime.combine(found, time(hour), tzinfo=self._zone)
            if after < due <= until:
                return found if hour == max(HOURS) else found - timedelta(days=1)
        return None

    def changed(self, last_day: date, *, at: datetime) -> pl.DataFrame:
        """Return what is to be said at a moment, up to a day: `date, code, cases, deaths`.

        Every day that was not reported yet, zeros included, and every figure that has changed.
        """
        n_days = (last_day - self._first_day).days + 1
        days = [self._first_day + timedelta(days=n) for n in range(n_days)]
        heard = self._cases.filter(pl.col("told") <= at.astimezone(UTC))
        cases, deaths = _counted(heard, "day"), _counted(self._cases, "died")
        rows = []
        for key in product(days, self._provinces):
            now = (cases.get(key, 0), deaths.get(key, 0))
            if self._said.get(key) != now:
                self._said[key] = now
                rows.append((*key, *now))
        return pl.DataFrame(
            rows, orient="row",
            schema={"date": pl.Date, "code": pl.String, "cases": pl.Int64, "deaths": pl.Int64},
        )  # fmt: skip


def _counted(cases: pl.DataFrame, day: str) -> dict[tuple[date, str], int]:
    counted = cases.drop_nulls(day).group_by(day, "code").len()
    return {(on, code): n for on, code, n in counted.iter_rows()}
