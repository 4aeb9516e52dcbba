"""Under control, pace, notice, local counting, what a level permits: by hand and by property."""

from datetime import UTC, date, datetime
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as some

from data_access.rules.catalogue import rule_set
from data_access.rules.local import (
    HandInput,
    Local,
    LocalRules,
    incidence,
    localised,
    rounded,
    weekly,
)
from data_access.rules.notice import earliest_effect
from data_access.rules.pace import pace, slope
from data_access.rules.permits import WORDS, activities, directives, directives_end
from data_access.rules.under_control import CITY_SHARE, Course, under_control

D4800 = rule_set("decision_4800")
C1 = D4800.criterion("incidence")
FALLING = [0.20 - 0.01 * n for n in range(14)]


def course(**changed: object) -> Course:
    usual = {"weekly": [500, 300, 200, 100], "positivity": FALLING, "new_clusters": 0,
             "units_now": {4: 5, 3: 10, 2: 20}, "units_peak": {4: 10, 3: 20, 2: 40}}  # fmt: skip
    return Course(**{**usual, **changed})  # type: ignore[arg-type]


# --- 3979 ---------------------------------------------------------------------------------------


def test_all_conditions_hold() -> None:
    found = under_control(course())
    assert (found.strict, found.fitted) == (True, True)


def test_one_noisy_day_breaks_the_strict_test_but_not_the_slope() -> None:
    noisy = [*FALLING]
    noisy[6], noisy[7] = noisy[7], noisy[6]
    found = under_control(course(positivity=noisy))
    assert (found.positivity_strict, found.positivity_slope) == (False, True)
    assert (found.strict, found.fitted) == (False, True)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"weekly": [500, 200, 200, 100]}, "weeks_falling"),
        ({"weekly": [199, 198, 150, 100]}, "half_of_peak"),
        ({"positivity": FALLING[::-1]}, "positivity_slope"),
        ({"new_clusters": 1}, "no_new_cluster"),
        ({"units_now": {4: 6, 3: 10, 2: 20}}, "units_fallen"),
    ],
)
def test_each_condition_can_fail_alone(changed: dict[str, object], name: str) -> None:
    found = under_control(course(**changed))
    assert getattr(found, name) is False
    assert found.fitted is False


def test_the_city_of_ho_chi_minh_has_a_smaller_fall_to_make() -> None:
    now = {4: 7, 3: 14, 2: 28}
    assert under_control(course(units_now=now)).units_fallen is False
    assert under_control(course(units_now=now, unit_fall=CITY_SHARE)).units_fallen is True


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"weekly": [100, None, 50]}, "weeks_falling"),
        ({"weekly": [500, 300, None]}, "half_of_peak"),
        ({"weekly": [0, 0, 0]}, "half_of_peak"),
        ({"positivity": FALLING[:13]}, "positivity_slope"),
        ({"positivity": [None, *FALLING[:13]]}, "positivity_strict"),
        ({"new_clusters": None}, "no_new_cluster"),
        ({"units_now": {}}, "units_fallen"),
    ],
)
def test_what_is_not_known_is_neither_met_nor_failed(changed: dict[str, object], name: str) -> None:
    assert getattr(under_control(course(**changed)), name) is None


def test_a_failed_condition_decides_even_beside_gaps() -> None:
    assert under_control(Course(new_clusters=3)).strict is False
    assert under_control(Course(new_clusters=0)).strict is None


def test_a_wave_before_these_weeks_counts() -> None:
    assert under_control(course(weekly=[90, 80, 70])).half_of_peak is False
    assert under_control(course(weekly=[90, 80, 70], highest_week=140.0)).half_of_peak is True


# --- pace ---------------------------------------------------------------------------------------


def test_linear_pace_by_hand() -> None:
    found = pace([float(n) for n in range(5, 19)], C1)  # one a day, 18 today: 2 days to 20
    assert found.edge == 20
    assert found.linear == pytest.approx(2)
    assert found.per_day == pytest.approx(1)


def test_exponential_pace_by_hand() -> None:
    found = pace([10 * exp(0.05 * n) for n in range(14)], C1)
    assert found.growth == pytest.approx(0.05)
    last = 10 * exp(0.05 * 13)
    assert last * exp(0.05 * (found.exponential or 0)) == pytest.approx(20)


def test_falling_crosses_the_edge_below() -> None:
    found = pace([80.0 - 2 * n for n in range(14)], C1)  # 54 today
    assert (found.edge, found.linear) == (50, pytest.approx(2))


@pytest.mark.parametrize(
    "recent",
    [
        [30.0] * 14,  # flat
        [19.0 - n for n in range(14)],  # falling in the lowest band
        [200.0 + n for n in range(14)],  # rising in the highest
    ],
)
def test_what_never_crosses_has_no_days(recent: list[float]) -> None:
    found = pace(recent, C1)
    assert (found.edge, found.linear, found.exponential) == (None, None, None)


@pytest.mark.parametrize("recent", [[], [1.0, 2.0], [*[1.0] * 13, None], [None] * 10 + [1.0] * 4])
def test_too_little_is_no_pace(recent: list[float | None]) -> None:
    assert pace(recent, C1).per_day is None


def test_a_zero_among_the_days_leaves_the_linear_pace() -> None:
    found = pace([0.0, *(float(n) for n in range(1, 14))], C1)
    assert found.growth is None
    assert found.exponential is None
    assert found.linear == pytest.approx(7)


@given(some.lists(some.floats(0, 1000), min_size=5, max_size=14))
def test_days_are_never_negative_and_lead_to_the_edge(recent: list[float]) -> None:
    found = pace(recent, C1)
    for days in (found.linear, found.exponential):
        assert days is None or days >= 0
    if found.linear is not None and found.per_day is not None and found.edge is not None:
        assert recent[-1] + found.per_day * found.linear == pytest.approx(found.edge)


def test_only_the_last_fourteen_days_count() -> None:
    assert pace([999.0] * 30 + [float(n) for n in range(14)], C1).per_day == pytest.approx(1)
    assert slope([1.0, 2.0]) is None


# --- how a place counts -------------------------------------------------------------------------


def test_hanoi_averages_two_weeks_of_all_cases_and_rounds() -> None:
    """26 Nov 2021: 3,292 cases in 14 days, published as 20 per 100,000 and level 2."""
    daily = [3292 / 14] * 14
    hanoi = Local(numerator="all", weeks=2, decimals=0)
    assert incidence(daily, 8_400_000, hanoi) == 20
    exact = incidence(daily, 8_400_000, Local(weeks=2))
    assert exact == pytest.approx(19.595, abs=0.001)
    assert C1.band(exact) == 0
    assert C1.band(20) == 1


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [(19.5, 0, 20), (19.4999, 0, 19), (20.5, 0, 21), (0.125, 2, 0.13), (19.95, None, 19.95)],
)
def test_rounding_is_half_up(value: float, decimals: int | None, shown: float) -> None:
    assert rounded(value, decimals) == shown


def test_a_week_needs_five_days_and_stands_for_seven() -> None:
    assert weekly([10.0] * 5 + [None] * 2) == 70
    assert weekly([10.0] * 4 + [None] * 3) is None
    assert incidence([None] * 7, 1000, Local()) is None
    assert incidence([1.0] * 7, None, Local()) is None
    assert incidence([1.0] * 7, 1000, Local(weeks=2)) is None
    assert incidence([0.0] * 7, 1000, Local()) == 0


def test_a_province_may_change_numbers_not_criteria() -> None:
    own = localised(D4800, Local(edges={"incidence": (10.0, 25.0, 75.0)}))
    assert own.criterion("incidence").band(12) == 1
    assert [one.key for one in own.criteria] == [one.key for one in D4800.criteria]
    assert localised(D4800, Local()) is D4800


def test_the_newest_input_by_hand_wins_while_it_holds() -> None:
    def one(since: date, until: date | None, value: bool) -> HandInput:
        return HandInput(area="01", key="plans_ready", since=since, until=until, value=value,
                         source="x")  # fmt: skip

    rules = LocalRules(
        by_hand=(
            one(date(2021, 10, 20), None, True),
            one(date(2021, 10, 12), date(2021, 10, 31), False),
        )
    )
    assert rules.hand("01", date(2021, 10, 11)) == {}
    assert rules.hand("01", date(2021, 10, 15)) == {"plans_ready": False}
    assert rules.hand("01", date(2021, 10, 25)) == {"plans_ready": True}
    assert rules.hand("79", date(2021, 10, 25)) == {}


# --- notice and what is permitted ---------------------------------------------------------------


def test_a_raise_takes_effect_after_forty_eight_hours() -> None:
    now = datetime(2021, 11, 5, 10, tzinfo=UTC)
    assert earliest_effect(now, D4800, before=2, after=3) == datetime(2021, 11, 7, 10, tzinfo=UTC)
    for before, after in ((2, 2), (3, 2), (None, 3), (2, None)):
        assert earliest_effect(now, D4800, before=before, after=after) is None
    assert earliest_effect(now, rule_set("decision_2686"), before=2, after=3) is None


def test_what_a_level_permits_never_widens_as_it_rises() -> None:
    found = activities("resolution_128")
    assert len(found) == 9
    for one in found:
        assert len(one.levels) == 4
        worst = [max(WORDS.index(word) for word in words) for words in one.levels]
        best = [min(WORDS.index(word) for word in words) for words in one.levels]
        assert worst == sorted(worst)
        assert best[0] == min(best)
    assert activities("decision_2686") == ()


def test_the_directives_end_where_resolution_128_begins() -> None:
    assert [one.number for one in directives()] == ["19/CT-TTg", "15/CT-TTg", "16/CT-TTg"]
    assert directives_end() == date(2021, 10, 10)
