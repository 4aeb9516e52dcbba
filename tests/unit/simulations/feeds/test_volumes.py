"""Volumes against the engine's own series, drawn again beside them."""

from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from simulations.epidemic.chance import Expected
from simulations.epidemic.engine import FLOWS, simulate
from simulations.feeds.model import FeedParameters, FeedSpec
from simulations.feeds.volumes import DayVolumes, activity, volumes
from simulations.inputs import Country, vietnam

DAYS, FIRST, THIN = 80, date(2021, 6, 8), 0.02


@cache
def country() -> Country:
    return vietnam(days=DAYS)


def days(*, seed: int = 3, thin: float = THIN, first: date = FIRST, n: int = 35,
         provinces: tuple[str, ...] | None = None) -> list[DayVolumes]:  # fmt: skip
    spec = FeedSpec(first_day=first, days=n, seed=seed, thin=thin, provinces=provinces)
    return list(volumes(country(), spec))


def test_thinned_weeks_lie_within_four_sigma_of_the_engine() -> None:
    whole = [series for series, _ in simulate(country().setup, chance=Expected())]
    start, found = country().day(FIRST), days()
    for name in FLOWS:
        for week in range(0, 35, 7):
            asked = THIN * sum(float(whole[start + week + n][name].sum()) for n in range(7))
            got = sum(int(found[week + n].counts[name].sum()) for n in range(7))
            assert abs(got - asked) <= 4 * np.sqrt(asked), (name, week)
    assert sum(day.counts["cases_community"].sum() for day in found) > 0


def test_a_province_is_the_same_whoever_else_is_asked_for() -> None:
    every, some = days(n=3), days(n=3, provinces=("79", "01"))
    here = [every[0].codes.index(code) for code in ("01", "79")]
    for n, (all_of, few) in enumerate(zip(every, some, strict=True)):
        assert few.codes == ("01", "79")
        assert few.day == FIRST + timedelta(days=n)
        for name, counts in few.counts.items():
            assert counts.tolist() == all_of.counts[name][here].tolist()


def test_a_day_is_the_same_wherever_the_run_begins_and_another_with_another_seed() -> None:
    later = days(first=FIRST + timedelta(days=2), n=1)[0]
    third, other = days(n=3)[2], days(seed=4, n=3)[2]
    same = {name: later.counts[name].tolist() == third.counts[name].tolist() for name in FLOWS}
    assert all(same.values())
    assert third.counts["scans"].tolist() == later.counts["scans"].tolist()
    assert third.counts["scans"].tolist() != other.counts["scans"].tolist()


def test_activity_doubles_with_the_drive_rises_with_the_mandate_and_rests() -> None:
    p = FeedParameters()
    before, after = activity(date(2021, 7, 26), p), activity(date(2021, 8, 2), p)
    mandated = activity(date(2021, 7, 28), p)
    assert after["declarations"] == 2 * mandated["declarations"]
    assert before["declarations"] == pytest.approx(p.declarations_before * mandated["declarations"])
    assert before["scans"] == pytest.approx(after["scans"] * p.scans_before)
    for quiet in (date(2021, 9, 2), date(2021, 8, 29)):
        assert activity(quiet, p)["scans"] == pytest.approx(p.weekend_share * after["scans"])


@pytest.mark.parametrize(
    ("first", "n", "provinces"),
    [(date(2021, 4, 26), 1, None), (FIRST, 60, None), (FIRST, 1, ("99",))],
)
def test_days_and_provinces_that_are_not_there_are_refused(
    first: date, n: int, provinces: tuple[str, ...] | None
) -> None:
    with pytest.raises(ValueError, match="planned from|not known"):
        days(first=first, n=n, provinces=provinces)
