"""Forms of indicators: a week together, for every 100,000 people; recomputed by hand."""

from datetime import timedelta

import pytest

from data_access.indicators.forms import RATE, WEEK, form_of, indicator_of
from data_access.indicators.registry import INDICATORS
from tests.cube_world import DAY, days
from tests.unit.indicators.test_indicators import SINCE, last

PEOPLE = 100_000  # of province 01 in the small country


def test_a_count_for_every_100_000_is_divided_by_the_people() -> None:
    row = last(days(DAY, [50.0, 200.0], **SINCE), "cases" + RATE)
    assert row["value"] == pytest.approx(200.0 / PEOPLE * 100_000)
    assert (row["numerator"], row["denominator"]) == (200.0, PEOPLE)


def test_a_week_of_a_count_is_the_mean_of_its_reported_days() -> None:
    cells = days(DAY, [10, None, 20, 30, 40, None, 50], measure="deaths", **SINCE)
    assert last(cells, "deaths" + WEEK)["value"] == pytest.approx(150 / 5)


def test_a_week_of_a_share_is_sum_over_sum_and_no_mean_of_shares() -> None:
    positive = days(DAY, [1.0] * 6 + [90.0], measure="persons_positive", **SINCE)
    tested = days(DAY, [10.0] * 6 + [900.0], measure="persons_tested", **SINCE)
    row = last([*positive, *tested], "test_positivity" + WEEK)
    assert row["value"] == pytest.approx(96 / 960)
    assert (row["numerator"], row["denominator"]) == (96.0, 960.0)


def test_both_together() -> None:
    cells = days(DAY, [10.0] * 7, measure="doses", **SINCE)
    row = last(cells, form_of("doses", week=True, rate=True))
    assert row["value"] == pytest.approx(10 / PEOPLE * 100_000)


def test_what_is_a_level_or_a_share_or_a_week_already_has_no_such_form() -> None:
    assert indicator_of("quarantine_occupied" + WEEK) is None
    assert indicator_of("test_positivity" + RATE) is None
    assert indicator_of("incidence_7d_per_100k" + WEEK) is None
    assert indicator_of("nothing" + RATE) is None
    assert form_of("test_positivity", rate=True) == "test_positivity"


@pytest.mark.parametrize("key", sorted(INDICATORS))
def test_a_form_is_named_in_both_languages_and_keeps_who_may_see_it(key: str) -> None:
    for ending in (WEEK, RATE, WEEK + RATE):
        form = indicator_of(key + ending)
        if form is None or form.key in INDICATORS:
            continue
        base = indicator_of(form.key.removesuffix(RATE)) if ending != WEEK else INDICATORS[key]
        assert base is not None
        assert form.key == key + ending
        assert form.vi.startswith(base.vi)
        assert form.en.startswith(base.en)
        assert form.clearance == base.clearance


def test_the_day_before_a_window_is_not_in_it() -> None:
    cells = days(DAY, [1000.0] + [7.0] * 7, measure="deaths", **SINCE)
    on = DAY + timedelta(days=7)
    assert last(cells, "deaths" + WEEK, start=on, end=on)["value"] == pytest.approx(7.0)
