"""What the program that fits does to the data before it fits, and the fit against the data."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from scripts.calibrate import LAST_DAY, daily_series, group_cases, seeds_of, without_backlogs
from simulations.checks import expected_series
from simulations.epidemic.calibration import by_group
from simulations.inputs import GIVEN, read_values, vietnam

SERIES = Path(__file__).resolve().parents[4] / "shared" / "data" / "vn"
needs_series = pytest.mark.skipif(not SERIES.is_dir(), reason="../shared/data/vn is not there")
FIRST = date(2021, 4, 27)


def test_a_day_of_back_registration_counts_as_the_days_around_it() -> None:
    cases = np.full((40, 2), 100.0)
    cases[20, 0] = 50_000
    cases[21, 1] = 900
    got = without_backlogs(cases)
    assert got[20, 0] == 100
    assert got[21, 1] == 900
    assert np.delete(got, 20, axis=0).tolist() == np.delete(cases, 20, axis=0).tolist()


def test_seeds_come_ten_days_before_the_tenth_case() -> None:
    codes = sorted(code for group in read_values(GIVEN)["groups"].values() for code in group)
    cases = np.zeros((60, 63))
    cases[30:, codes.index("79")] = 4.0
    cases[0, codes.index("01")] = 9.0
    (seed,) = seeds_of(cases, first=FIRST)
    # The tenth case falls on the third day of four a day: day 32, so 19 May.
    assert seed == {
        "code": "79", "from": date(2021, 5, 19), "days": 5, "persons_per_day": 2,
    }  # fmt: skip


@needs_series
def test_the_series_is_read_without_what_its_source_flags() -> None:
    days = (LAST_DAY - FIRST).days + 1
    cases, deaths = daily_series(SERIES, first=FIRST, days=days)
    assert cases.shape == deaths.shape == (days, 63)
    assert np.nanmax(cases) < 20_000
    unknown = [i for i in range(days) if np.isnan(cases[i]).all()]
    # Days on which the source has a nought for every province.
    silent = (date(2021, 6, 8), date(2021, 7, 11), date(2021, 7, 19))
    assert unknown == [(on - FIRST).days for on in silent]


@needs_series
def test_the_shipped_fit_follows_the_weeks_of_the_nation() -> None:
    days = (LAST_DAY - FIRST).days // 7 * 7
    country = vietnam(days=days)
    cases, _ = daily_series(SERIES, first=FIRST, days=days)
    observed = group_cases(cases, country)
    expected = by_group(expected_series(country)["cases"], country.group)
    expected = np.where(np.isnan(observed), 0, expected)
    weekly = [np.nan_to_num(x).sum(axis=1).reshape(-1, 7).sum(axis=1) for x in (observed, expected)]
    # From August on, when there are more than 50,000 cases a week or fall below it again.
    error = np.abs(weekly[1][14:] / weekly[0][14:] - 1)
    assert error.max() < 0.15
    assert np.corrcoef(np.log(weekly[0][4:]), np.log(weekly[1][4:]))[0, 1] > 0.98
