"""The testing page's tables, by hand and against plain Python."""

from datetime import date, timedelta

import polars as pl
import pytest

from dashboard import testing_tables
from data_access.estimates.pooled import Pools, prevalence

DAY = date(2021, 9, 1)


def frame(rows: list[tuple], **columns: type[pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=columns, orient="row")


def collected(*counts: float | None) -> pl.DataFrame:
    n = len(counts)
    rows = [(DAY - timedelta(days=n - 1 - i), count) for i, count in enumerate(counts)]
    return frame(rows, date=pl.Date, value=pl.Float64)


def test_steps_are_summed_and_a_step_nobody_reports_is_no_zero() -> None:
    found = frame(
        [(DAY, "samples_collected", 5.0), (DAY, "samples_collected", 7.0),
         (DAY, "samples_resulted", 0.0), (DAY, "samples_returned", None)],
        date=pl.Date, id=pl.String, value=pl.Float64,
    )  # fmt: skip
    told = {part.code: part.value for part in testing_tables.steps(found)}
    assert told == {
        "step_collected": 12.0,
        "step_received": None,
        "step_resulted": 0.0,
        "step_returned": None,
    }


def test_who_waits_is_collected_less_returned_of_the_same_day() -> None:
    returned = frame(
        [(DAY - timedelta(days=1), "003-004", 4.0), (DAY - timedelta(days=1), "030-032", 1.0),
         (DAY, "003-004", 2.0)],
        date=pl.Date, bin=pl.String, value=pl.Float64,
    )  # fmt: skip
    samples = testing_tables.samples(collected(10.0, 8.0, None), returned, day=DAY)
    # The middle day is yesterday; nobody said how many were collected today.
    assert [(one.age_days, one.waiting) for one in samples] == [(2, 10.0), (1, 3.0)]
    ages = {part.code: part.value for part in testing_tables.waiting_by_age(samples)}
    assert (ages["0"], ages["1"], ages["2"]) == (0.0, 3.0, 10.0)


def test_speed_told_both_ways_differs_by_those_awaited() -> None:
    returned = frame([(DAY - timedelta(days=3), "005-006", 6.0)],
                     date=pl.Date, bin=pl.String, value=pl.Float64)  # fmt: skip
    told = testing_tables.speed(testing_tables.samples(collected(10, 0, 0, 0), returned, day=DAY))
    assert told is not None
    alone, everybody = told.rows
    assert (alone.in_24, everybody.in_24) == (pytest.approx(1.0), pytest.approx(0.6))
    assert alone.ninety == pytest.approx(5.9)
    assert everybody.ninety is None
    assert (told.counted, told.waiting) == (10.0, 4.0)
    assert testing_tables.speed([]) is None


def test_a_laboratory_s_load_is_a_week_s_samples_a_day_over_what_it_declared() -> None:
    register = frame(
        [("L1", "Một", "cdc", "79", 10), ("L2", "Hai", "cdc", "79", None),
         ("L3", "Ba", "cdc", "01", 100)],
        lab_code=pl.String, name=pl.String, kind=pl.String, area_code=pl.String,
        capacity_per_day=pl.Int64,
    )  # fmt: skip
    resulted = frame(
        [(DAY, "79", "L1", 70.0), (DAY - timedelta(days=1), "79", "L1", 70.0),
         (DAY, "79", "L2", 7.0), (DAY, "79", "lạ", 14.0), (DAY, "79", "unknown", 99.0),
         (DAY, "01", "L3", None)],
        date=pl.Date, area_code=pl.String, lab=pl.String, value=pl.Float64,
    )  # fmt: skip
    rows = testing_tables.laboratory_loads(register, resulted)
    assert [(row.code, row.per_day, row.load) for row in rows] == [
        ("L1", 20.0, 2.0),
        ("L3", 0.0, 0.0),
        ("lạ", 2.0, None),
        ("L2", 1.0, None),
    ]
    assert rows[2].name == ""


def test_positivity_by_code_carries_both_counts_and_an_interval() -> None:
    found = frame(
        [("F1", 7.0, 300.0), ("tam_soat", 0.0, 900.0), ("nhap_canh", None, None),
         ("di_chuyen", 0.0, 0.0)],
        reason=pl.String, numerator=pl.Float64, denominator=pl.Float64,
    )  # fmt: skip
    rows = testing_tables.positivity(found, by="reason")
    assert [row.code for row in rows] == ["tam_soat", "F1"]
    assert round(rows[1].interval.low, 4) == 0.0113
    assert rows[0].interval.low == 0.0


def test_pools_of_every_size_go_into_one_estimate() -> None:
    found = frame(
        [("pools_resulted", "5", 40.0), ("pools_resulted", "5", 2.0), ("pools_positive", "5", 22.0),
         ("pools_resulted", "10", 30.0), ("pools_positive", "10", 0.0),
         ("pools_resulted", "unknown", 9.0)],
        id=pl.String, size=pl.String, value=pl.Float64,
    )  # fmt: skip
    told = testing_tables.pools(found)
    assert told is not None
    expected = [Pools(size=5, tested=42, positive=22), Pools(size=10, tested=30, positive=0)]
    assert list(told.pools) == expected
    assert told.interval == prevalence(expected)
    assert (told.people, told.people_per_sample) == (510, pytest.approx(510 / 72))
    assert testing_tables.pools(found.clear()) is None
