"""Days of records in order, as a stream has them, for tests of what is laid over them."""

from datetime import UTC, date, datetime, timedelta
from functools import cache

import polars as pl

from data_access.reference.pack import bundled_pack
from simulations.day import make_day
from simulations.faults.provincial import Counts, Report
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


WEEKS = FeedSpec(first_day=WEEKS_FIRST, days=WEEKS_N_DAYS, seed=5, thin=1 / 500,
                 provinces=WEEKS_OF)  # fmt: skip


@cache
def feed() -> list[FeedDay]:
    """Return weeks of a thinned feed of four provinces, of every kind of record."""
    return list(stream(WEEKS, areas=bundled_pack("vn").areas))


def weeks() -> list[FeedDay]:
    """Return the same of three kinds of record."""
    return [
        FeedDay(day=one.day, records={k: one.records[k] for k in WEEKS_KINDS if k in one.records})
        for one in feed()
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


REPORTS_FIRST, REPORTS_N_DAYS = date(2021, 8, 5), 16
REPORTS_OF = {"01": ("Hà Nội", 40), "74": ("Bình Dương", 60), "79": ("Hồ Chí Minh", 90)}
"""Code → name, and cases of the first day."""


def cases_of_reports() -> pl.DataFrame:
    """Return cases of two weeks and three provinces: more of them each day, none of a person."""
    rows = [
        {"case_id": f"C{code}-{n}-{number}", "province_code": code, LAST: True,
         **dict.fromkeys(("sample_date", "result_date", "report_date"),
                         REPORTS_FIRST + timedelta(days=n))}
        for code, (_, first) in REPORTS_OF.items()
        for n in range(REPORTS_N_DAYS)
        for number in range(first + n)
    ]  # fmt: skip
    return pl.DataFrame(rows).with_columns(pl.lit(None, dtype=pl.Date).alias("onset_date"))


def samples_of_reports() -> pl.DataFrame:
    """Return four negative pools of ten a day and province, of a method that finds no case."""
    at = datetime(2021, 8, 5, 3, tzinfo=UTC)
    rows = [
        {"sample_id": f"X{code}-{n}-{number}", "province_code": code, "pool_size": 10, LAST: True,
         "pool_kind": "gop_que", "method": "AG_RAPID", "result": "am_tinh",
         "collected_at": at + timedelta(days=n), "resulted_at": at + timedelta(days=n, hours=6)}
        for code in REPORTS_OF
        for n in range(REPORTS_N_DAYS)
        for number in range(4)
    ]  # fmt: skip
    moment = pl.Datetime("us", "UTC")
    return pl.DataFrame(rows, schema_overrides={"collected_at": moment, "resulted_at": moment})


def reports() -> list[Report]:
    """Return the daily reports that agree with those records, and tell of doses besides."""
    counts = Counts(zone=ZONE)
    at = datetime(2021, 8, 5, 3, tzinfo=UTC)
    doses = [
        {
            "province_code": code,
            "dose_no": dose,
            LAST: True,
            "vaccinated_at": at + timedelta(days=n),
        }
        for code in REPORTS_OF
        for n in range(REPORTS_N_DAYS)
        for dose, many in (("1", 12), ("2", 5))
        for _ in range(many)
    ]
    schema = {"vaccinated_at": pl.Datetime("us", "UTC")}
    counts.add({("tracing", "case"): cases_of_reports(),
                ("testing", "sample"): samples_of_reports(),
                ("vaccination", "dose"): pl.DataFrame(doses, schema_overrides=schema)})  # fmt: skip
    return list(counts.reports(first_day=REPORTS_FIRST, n_days=REPORTS_N_DAYS,
                               names={code: name for code, (name, _) in REPORTS_OF.items()},
                               population=population("63")))  # fmt: skip


def population(vintage: str) -> dict[str, int]:
    """Return the country pack's people by province."""
    people = bundled_pack("vn").population.filter(
        pl.col("vintage") == vintage, pl.col("group") == "all", pl.col("source") == "census_2019"
    )
    return dict(people.select("code", "population").iter_rows())
