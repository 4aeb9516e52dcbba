"""Period forms of DHIS2 and the last day each covers."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.ingest.periods import Period, parse_period


@pytest.mark.parametrize(
    ("text", "kind", "last_day"),
    [
        ("20210902", "daily", date(2021, 9, 2)),
        ("2021-09-02", "daily", date(2021, 9, 2)),
        ("2021W35", "weekly", date(2021, 9, 5)),
        ("2021w1", "weekly", date(2021, 1, 10)),
        ("2020W53", "weekly", date(2021, 1, 3)),
        ("2015WedW1", "weekly_wed", date(2015, 1, 6)),  # begins on Wednesday 31 December 2014
        ("2021SunW1", "weekly_sun", date(2021, 1, 9)),
        ("2015BiW1", "biweekly", date(2015, 1, 11)),
        ("202109", "monthly", date(2021, 9, 30)),
        ("202002", "monthly", date(2020, 2, 29)),
        ("201912", "monthly", date(2019, 12, 31)),
        ("202101B", "bimonthly", date(2021, 2, 28)),
        ("202106B", "bimonthly", date(2021, 12, 31)),
        ("2021Q3", "quarterly", date(2021, 9, 30)),
        ("2021S2", "sixmonthly", date(2021, 12, 31)),
        ("2021AprilS1", "sixmonthly_apr", date(2021, 9, 30)),
        ("2021AprilS2", "sixmonthly_apr", date(2022, 3, 31)),
        ("2018", "yearly", date(2018, 12, 31)),
        ("2018April", "yearly_apr", date(2019, 3, 31)),
        ("2018July", "yearly_jul", date(2019, 6, 30)),
        ("2018Oct", "yearly_oct", date(2019, 9, 30)),
    ],
)
def test_each_form(text: str, kind: str, last_day: date) -> None:
    assert parse_period(text) == Period(kind=kind, last_day=last_day)


@pytest.mark.parametrize(
    "text",
    ["", "x", "2021W0", "2021W53", "2021W54", "202113", "20210931", "2021Q5", "2021S3", "0000",
     "202107B", "2021NovQ1", "21W1", "２０２１", "2021Q", "9999"],
)  # fmt: skip
def test_what_is_no_period(text: str) -> None:
    assert parse_period(text) is None


@given(st.dates(min_value=date(1901, 1, 1), max_value=date(2190, 1, 1)))
def test_weeks_agree_with_the_calendar_of_the_standard_library(day: date) -> None:
    year, week, _ = day.isocalendar()
    found = parse_period(f"{year}W{week}")
    assert found is not None
    assert timedelta(0) <= found.last_day - day < timedelta(7)
    assert found.last_day.isoweekday() == 7


@given(st.text(max_size=12))
def test_any_text_is_answered(text: str) -> None:
    parse_period(text)
