"""The provinces' daily report as one table a day, for faults of tables to be laid over. Pure.

It says of each province what the records add up to: new cases, samples with a result and the people
in them, cases and doses to date, and the population that shares are worked out with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from simulations.feeds.model import LAST, Frames

SOURCE = "bao-cao-ngay-cua-tinh"
CODE = "_code"
"""Which province a row is of, whatever it calls itself; it is never written."""
SENT_AT = time(8)
"""Local hour, the day after, at which the report of a day is sent."""
MAPPING = f"""\
source = "{SOURCE}"
platform = "tracing"
mode = "increment"
precedence = 5
numbers = "vi"
date = {{ column = "date", format = "%Y-%m-%d" }}
area = {{ column = "area", match = "any", level = "province" }}
missing = [""]
[[measure]]
id = "cases"
column = "cases"
[[measure]]
id = "cases_cumulative"
column = "cases_total"
[[measure]]
id = "samples_resulted"
column = "samples"
[[measure]]
id = "persons_tested"
column = "persons"
[[measure]]
id = "doses_cumulative"
column = "doses"
[[measure]]
id = "doses_cumulative"
column = "dose_1"
breakdown = {{ dose = "1" }}
[[measure]]
id = "doses_cumulative"
column = "dose_2"
breakdown = {{ dose = "2" }}
[[measure]]
id = "population"
column = "population"
"""
COUNTS = ("cases", "cases_total", "samples", "persons", "doses", "dose_1", "dose_2", "population")
_CASE_DAY = pl.coalesce("report_date", "result_date", "sample_date", "onset_date")
_FLOWS = ("cases", "samples", "persons", "dose_1", "dose_2")
_DAILY = {"day": pl.Date, "code": pl.String, **dict.fromkeys(_FLOWS, pl.Int64)}


@dataclass(frozen=True, kw_only=True)
class Report:
    """One delivery of the table: a day of all provinces.

    Attributes:
        day: the day it is about.
        sent_at: when it reaches the gate (UTC).
        rows: date, area and COUNTS as text, as a file has them, and CODE.
        copy: 0, or the number of the copy where the same is sent again.
    """

    day: date
    sent_at: datetime
    rows: pl.DataFrame
    copy: int = 0

    @property
    def file_name(self) -> str:
        """Return the name of its file."""
        return f"bao-cao-{self.day}{f'-{self.copy}' if self.copy else ''}.csv"

    @property
    def text(self) -> str:
        """Return what its file holds."""
        return self.rows.drop(CODE).write_csv()


class Counts:
    """Adds up what the reports say, from the last states of records."""

    def __init__(self, *, zone: str) -> None:
        """Start with nothing."""
        self._zone = zone
        self._daily = pl.DataFrame(schema=_DAILY)

    def add(self, records: Frames) -> None:
        """Count the last states of a day's cases, samples with a result, and doses."""
        number = {f"dose_{n}": (pl.col("dose_no") == n).cast(pl.Int64) for n in ("1", "2")}
        counted = {
            ("tracing", "case"): (_CASE_DAY, {"cases": pl.lit(1)}),
            ("testing", "sample"): (
                pl.when(pl.col("result").is_not_null()).then(self._local_day("resulted_at")),
                {"samples": pl.lit(1), "persons": pl.col("pool_size")},
            ),
            ("vaccination", "dose"): (self._local_day("vaccinated_at"), number),
        }
        parts = [
            records[key].filter(pl.col(LAST))
            .select(day.alias("day"), pl.col("province_code").alias("code"), **counts)
            for key, (day, counts) in counted.items() if key in records
        ]  # fmt: skip
        together = pl.concat([self._daily, *parts], how="diagonal_relaxed").drop_nulls("day")
        self._daily = together.group_by("day", "code").agg(pl.col(_FLOWS).sum())

    def _local_day(self, name: str) -> pl.Expr:
        return pl.col(name).dt.convert_time_zone(self._zone).dt.date()

    def reports(
        self, *, first_day: date, n_days: int, names: Mapping[str, str],
        population: Mapping[str, int],
    ) -> Iterator[Report]:  # fmt: skip
        """Yield the report of each day, in order: every province, zeros included.

        Args:
            first_day: first local day; what came before is in the totals.
            n_days: how many days.
            names: code → name of every province that reports.
            population: code → people.
        """
        last = first_day + timedelta(days=n_days - 1)
        days = pl.DataFrame({"day": pl.date_range(first_day, last, eager=True)})
        grid = days.join(pl.DataFrame({"code": sorted(names)}), how="cross")
        grid = pl.concat([self._daily.select("day", "code"), grid]).unique()
        filled = (
            grid.join(self._daily, on=["day", "code"], how="left").fill_null(0).sort("code", "day")
        )
        told = filled.with_columns(
            pl.col("cases").cum_sum().over("code").alias("cases_total"),
            pl.col("dose_1", "dose_2").cum_sum().over("code"),
        ).filter(pl.col("code").is_in(list(names)))
        for day in days["day"]:
            yield self._report(told.filter(pl.col("day") == day), day, names, population)

    def _report(
        self, rows: pl.DataFrame, day: date, names: Mapping[str, str], population: Mapping[str, int]
    ) -> Report:
        code = pl.col("code")
        people = code.replace_strict(population, default=None, return_dtype=pl.Int64)
        said = rows.sort("code").select(
            pl.col("day").cast(pl.String).alias("date"),
            code.replace_strict(names, return_dtype=pl.String).alias("area"),
            pl.col("cases").cast(pl.String),
            pl.col("cases_total", "samples", "persons").cast(pl.String),
            (pl.col("dose_1") + pl.col("dose_2")).cast(pl.String).alias("doses"),
            pl.col("dose_1", "dose_2").cast(pl.String),
            people.cast(pl.String).alias("population"),
            code.alias(CODE),
        )
        moment = datetime.combine(day + timedelta(days=1), SENT_AT, ZoneInfo(self._zone))
        return Report(day=day, sent_at=moment.astimezone(UTC), rows=said)
