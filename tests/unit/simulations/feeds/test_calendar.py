"""Quiet days: less is done, and deaths wait; against a calendar written down here again."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.feeds.calendar import is_quiet, next_working, weekday_factor
from simulations.feeds.model import SENT, FeedParameters, FeedSpec
from simulations.feeds.states import told_late
from simulations.feeds.volumes import DayVolumes, country_of, rhythm, volumes

LOCAL = timedelta(hours=7)
OFF = {
    "2021-04-30", "2021-05-01", "2021-05-03", "2021-09-02", "2021-09-03", "2022-01-01",
    "2022-01-03", "2022-01-31", "2022-02-01", "2022-02-02", "2022-02-03", "2022-02-04",
    "2022-02-05", "2022-04-11",
}  # fmt: skip
PERIOD = [date(2021, 4, 27) + timedelta(days=n) for n in range(360)]


def is_off(day: date) -> bool:
    return day.strftime("%a") == "Sun" or day.isoformat() in OFF


def test_quiet_days_are_sundays_and_the_holidays_of_the_labour_code() -> None:
    assert [day for day in PERIOD if is_quiet(day)] == [day for day in PERIOD if is_off(day)]


@given(st.sampled_from(PERIOD), st.floats(0.1, 1.0))
def test_a_week_keeps_its_total(day: date, share: float) -> None:
    monday = day - timedelta(days=day.weekday())
    week = [monday + timedelta(days=n) for n in range(7)]
    factors = {each: weekday_factor(each, share) for each in week}
    assert sum(factors.values()) == pytest.approx(7)
    quiet = {factors[each] for each in week if is_quiet(each)}
    working = {factors[each] for each in week if not is_quiet(each)}
    if quiet and working:
        assert quiet.pop() == pytest.approx(share * working.pop())


def test_after_quiet_days_comes_the_next_that_is_not() -> None:
    found = dict(next_working(date(2021, 9, 1), date(2021, 9, 6)).iter_rows())
    assert [found[date(2021, 9, n)].day for n in range(1, 7)] == [1, 4, 4, 4, 6, 6]
    tet = dict(next_working(date(2022, 1, 30), date(2022, 2, 7)).iter_rows())
    assert set(tet.values()) == {date(2022, 2, 7)}


@cache
def ten_weeks() -> list[DayVolumes]:
    spec = FeedSpec(first_day=date(2021, 5, 10), days=70, seed=2, thin=0.05)
    return list(volumes(country_of(spec), spec))


@pytest.mark.parametrize(
    ("names", "share"),
    [(("doses_1", "doses_2"), FeedParameters().quiet_doses),
     (("persons_tested",), FeedParameters().quiet_tests),
     (("declarations",), FeedParameters().weekend_share),
     (("scans",), FeedParameters().weekend_share)],
)  # fmt: skip
def test_sundays_have_their_share_of_the_saturdays_before(
    names: tuple[str, ...], share: float
) -> None:
    of = {day.day: sum(int(day.counts[name].sum()) for name in names) for day in ten_weeks()}
    sundays = [day for day in of if day.isoweekday() == 7]
    quiet = sum(of[day] for day in sundays)
    around = sum((of[day - timedelta(days=1)] + of.get(day + timedelta(days=1), 0)) / 2
                 for day in sundays[:-1])  # fmt: skip
    quiet -= of[sundays[-1]]
    assert quiet / around == pytest.approx(share, rel=0.06)


def test_cases_and_deaths_know_no_weekday() -> None:
    spec = FeedSpec(first_day=date(2021, 5, 10), days=1, seed=2)
    for day in PERIOD[:10]:
        assert rhythm("deaths", day, spec) == rhythm("cases_community", day, spec) == 1


def deaths(n: int, *, province: str = "79", first: date = date(2021, 8, 1)) -> pl.DataFrame:
    at = datetime(first.year, first.month, first.day, 2, tzinfo=UTC)  # 09:00 in Hanoi
    sent = [at + timedelta(days=number % 60, minutes=number % 40) for number in range(n)]
    rows = pl.DataFrame({"id_no": [str(number) for number in range(n)], SENT: sent,
                         "province_code": province, "outcome": "tu_vong"})  # fmt: skip
    return rows.cast({SENT: pl.Datetime("us", "UTC")})


def local(rows: pl.DataFrame) -> dict[str, date]:
    return {who: (at + LOCAL).date() for who, at in rows.select("id_no", SENT).iter_rows()}


@pytest.mark.parametrize("first", [date(2021, 8, 1), date(2021, 12, 20)])
def test_deaths_come_late_in_bursts_and_never_on_a_quiet_day(first: date) -> None:
    rows = deaths(6_000, first=first)
    told = told_late(rows, np.random.default_rng(4))
    died, said = local(rows), local(told)
    late = {who: (said[who] - died[who]).days for who in died}
    assert all(0 <= days <= 14 for days in late.values())
    assert max(late.values()) > 5
    assert not any(is_off(day) for day in said.values())
    by_weekday = Counter(day.isoweekday() for day in said.values())
    # A third of a week's deaths besides its own: nearly twice as many as on any other day.
    burst = 79 % 5 + 1
    assert by_weekday[burst] == max(by_weekday.values())
    others = [n for day, n in by_weekday.items() if day not in {burst, 1}]
    assert by_weekday[burst] > 1.5 * np.mean(others)


def test_provinces_tell_on_their_own_weekday_and_the_healed_at_once() -> None:
    tops = defaultdict(Counter)
    for province in ("01", "48", "75"):
        told = told_late(deaths(3_000, province=province), np.random.default_rng(4))
        tops[province].update(day.isoweekday() for day in local(told).values())
    assert {province: top.most_common(1)[0][0] for province, top in tops.items()} == {
        "01": 2, "48": 4, "75": 1,
    }  # fmt: skip
    healed = deaths(500).with_columns(pl.lit("khoi").alias("outcome"))
    assert told_late(healed, np.random.default_rng(4)).equals(healed)
    assert told_late(healed.clear(), np.random.default_rng(4)).height == 0
