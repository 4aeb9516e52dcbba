"""The daily report of the provinces: how many cases and deaths, and where there were none. Pure.

Records cannot say that there was none. The report does, so that a province without a case shows a
true zero and not "not reported".
"""

from datetime import date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import polars as pl

from simulations.feeds.model import Frames

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
_KNOWN = {"case_id": pl.String, "code": pl.String, "day": pl.Date, "died": pl.Date}


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
        )  # fmt: skip
        self._cases = pl.concat([self._cases, told]).unique("case_id", keep="last")

    def last_day(self, after: datetime, until: datetime) -> date | None:
        """Return the last day that a report due in (after, until] speaks of; None: none is due."""
        day = until.astimezone(self._zone).date()
        for back, hour in product((0, 1), sorted(HOURS, reverse=True)):
            found = day - timedelta(days=back)
            due = datetime.combine(found, time(hour), tzinfo=self._zone)
            if after < due <= until:
                return found if hour == max(HOURS) else found - timedelta(days=1)
        return None

    def changed(self, last_day: date) -> pl.DataFrame:
        """Return what is to be said up to a day: `date, code, cases, deaths`.

        Every day that was not reported yet, zeros included, and every figure that has changed.
        """
        n_days = (last_day - self._first_day).days + 1
        days = [self._first_day + timedelta(days=n) for n in range(n_days)]
        cases, deaths = self._counted("day"), self._counted("died")
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

    def _counted(self, day: str) -> dict[tuple[date, str], int]:
        counted = self._cases.drop_nulls(day).group_by(day, "code").len()
        return {(on, code): n for on, code, n in counted.iter_rows()}
