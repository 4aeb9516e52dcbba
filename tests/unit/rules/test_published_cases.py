"""Published outcomes and printed thresholds: each row is a case that was read in a source."""

from datetime import date, timedelta

import pytest

from data_access.codes import Level
from data_access.errors import UnknownId
from data_access.rules.assess import assess
from data_access.rules.catalogue import FALLBACK, in_force, rule_set, rule_sets
from data_access.rules.model import Inputs, Value
from data_access.rules.outcome import outcome, response_level

DAY = date(2021, 11, 26)
D4800, D2686, D218 = (rule_set(f"decision_{number}") for number in (4800, 2686, 218))
WHO = rule_set(FALLBACK)


def given_4800(c1: float, c2: float, old: float, *, c3: bool, cases: bool, current: int | None):
    values = {"incidence": c1, "coverage_1": c2, "old_full": old, "plans_ready": c3,
              "has_cases": cases}  # fmt: skip
    return Inputs(values=values, current=current)


@pytest.mark.parametrize(
    ("c1", "c2", "old", "c3", "cases", "current", "level"),
    [
        (20, 0.939, 0.812, True, True, None, 2),  # Hà Nội, 26 Nov 2021
        (44, 0.94, 0.85, True, True, 2, 2),  # Hà Nội, 13 Dec 2021
        (177, 0.94, 0.85, True, True, 2, 3),  # Đống Đa, 11 Dec 2021
        (179, 0.94, 0.85, True, True, 2, 3),  # Hai Bà Trưng, 18 Dec 2021
        (19.99, 0.9, 0.9, True, True, None, 1),
        (0, 0.5, 0.3, True, False, None, 1),
        (10, 0.9, 0.5159, True, True, None, 2),  # Long An, 24 Oct 2021
        (200, 0.5, 0.2, True, True, None, 4),
        (10, 0.9, 0.9, False, True, 3, 3),
        (150, 0.70, 0.80, True, True, None, 3),
        (49.99, 0.6999, 0.9, True, True, None, 2),
    ],
)
def test_decision_4800(
    c1: float, c2: float, old: float, c3: bool, cases: bool, current: int | None, level: int
) -> None:
    inputs = given_4800(c1, c2, old, c3=c3, cases=cases, current=current)
    assert assess("01", DAY, inputs, D4800).level == level


def test_a_clause_says_what_it_did() -> None:
    raised = assess(
        "80", DAY, given_4800(10, 0.9, 0.5159, c3=True, cases=True, current=None), D4800
    )
    assert [(one.key, one.applied) for one in raised.adjustments] == [("A1", True), ("A2", False)]
    assert (raised.adjustments[0].before, raised.adjustments[0].after) == (1, 2)
    held = assess("80", DAY, given_4800(10, 0.9, 0.9, c3=False, cases=True, current=3), D4800)
    assert [(one.key, one.applied) for one in held.adjustments] == [("A1", False), ("A2", True)]


def test_who_counts_as_old_changed_in_november() -> None:
    assert D4800.old_group(date(2021, 10, 31)) == "65+"
    assert D4800.old_group(date(2021, 11, 1)) == "50+"
    assert D218.old_group(date(2022, 2, 1)) is None


# --- Decision 218 -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transmission", "capacity", "level"), [(2, "high", 1), (2, "medium", 2), (3, "high", 2)]
)
def test_decision_218_verified_cells(transmission: int, capacity: str, level: int) -> None:
    assert response_level(transmission, capacity, D218) == level


def given_218(**values: float | str | None) -> Inputs:
    usual = {"incidence": 10.0, "oxygen": 0.5, "deaths": 0.0, "full_all": 0.8,
             "full_high_risk": 0.95, "capacity": "medium"}  # fmt: skip
    return Inputs(values={**usual, **values})


@pytest.mark.parametrize(("people", "level"), [(16_000, 2), (17_000, 1)])
def test_decision_218_one_death_in_a_small_commune(people: int, level: int) -> None:
    found = assess("x", date(2022, 2, 1), given_218(deaths=1 / people * 100_000), D218)
    assert found.level == level


@pytest.mark.parametrize(
    ("incidence", "level"), [(89.99, 1), (90, 2), (449.99, 2), (450, 3), (600, 3), (600.01, 4)]
)
def test_decision_218_bands_of_incidence(incidence: float, level: int) -> None:
    assert assess("x", date(2022, 2, 1), given_218(incidence=incidence), D218).level == level


@pytest.mark.parametrize(
    ("all_", "risk", "level"), [(0.75, 0.9, 1), (0.7499, 0.9, 2), (0.75, 0.8999, 2)]
)
def test_decision_218_coverage_raises_transmission(all_: float, risk: float, level: int) -> None:
    found = assess("x", date(2022, 2, 1), given_218(full_all=all_, full_high_risk=risk), D218)
    assert found.level == level


def test_decision_218_is_flagged() -> None:
    assert D218.incomplete
    assert D218.confidence < 0.6


# --- Decision 2686 ------------------------------------------------------------------------------


def given_2686(**values: float | bool) -> Inputs:
    shares = dict.fromkeys(("share_very_high", "share_high", "share_risk", "incidence_14d"), 0.0)
    signs = dict.fromkeys(("spreads_to_half", "spreads_to_fifth", "zone_beside_source"), False)
    calm: dict[str, Value] = {**shares, **signs}
    return Inputs(values={**calm, **values})


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ({}, 1),
        ({"share_very_high": 0.30, "share_high": 0.30, "share_risk": 0.30}, 4),
        ({"share_very_high": 0.29, "share_high": 0.29, "share_risk": 0.29}, 3),
        ({"share_very_high": 0.01, "share_high": 0.01, "share_risk": 0.01}, 3),
        ({"share_high": 0.50, "share_risk": 0.50}, 4),
        ({"share_high": 0.49, "share_risk": 0.49}, 3),
        ({"share_high": 0.30, "share_risk": 0.30}, 3),
        ({"share_high": 0.29, "share_risk": 0.29}, 2),
        ({"share_risk": 0.50}, 3),
        ({"share_risk": 0.49}, 2),
        ({"incidence_14d": 1.01}, 2),
        ({"incidence_14d": 1.0}, 1),
        ({"spreads_to_half": True}, 4),
        ({"spreads_to_fifth": True}, 3),
        ({"zone_beside_source": True}, 3),
    ],
)
def test_decision_2686_district(values: dict[str, float], level: int) -> None:
    found = assess("760", date(2021, 9, 2), given_2686(**values), D2686, level=Level.DISTRICT)
    assert found.level == level


@pytest.mark.parametrize("by_hand", [None, 1, 4])
def test_decision_2686_commune_is_set_by_hand(by_hand: int | None) -> None:
    # Whatever is known of a commune, only the epidemiologist's judgement counts.
    inputs = Inputs(values=given_2686(share_risk=1.0).values, by_hand=by_hand)
    found = assess("26734", date(2021, 9, 2), inputs, D2686, level=Level.WARD)
    assert found.level == by_hand
    assert found.missing == (("by_hand",) if by_hand is None else ())


# --- WHO ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("incidence", "deaths", "positivity", "hospitalised", "level"),
    [
        (19.9, 0.9, 0.019, None, 1),
        (20, 0.9, 0.019, None, 2),
        (0, 2, 0, None, 3),
        (0, 0, 0.2, None, 4),
        (0, 0, 0, 30, 4),
        (150, 0, 0, 0, 4),
    ],
)
def test_who_takes_the_worst_that_is_known(
    incidence: float, deaths: float, positivity: float, hospitalised: float | None, level: int
) -> None:
    values = {"incidence": incidence, "deaths": deaths, "positivity": positivity,
              "hospitalised": hospitalised}  # fmt: skip
    assert assess("x", date(2021, 4, 1), Inputs(values=values), WHO).level == level


# --- by date ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "key"),
    [
        (date(2021, 5, 30), FALLBACK),
        (date(2021, 5, 31), "decision_2686"),
        (date(2021, 9, 2), "decision_2686"),  # the day of the article: no "levels" yet
        (date(2021, 10, 11), "decision_2686"),
        (date(2021, 10, 12), "decision_4800"),
        (date(2022, 1, 26), "decision_4800"),
        (date(2022, 1, 27), "decision_218"),
    ],
)
def test_the_rule_in_force_by_date(day: date, key: str) -> None:
    assert in_force(day).id == key


def test_one_official_rule_a_day_without_a_gap() -> None:
    official = [one for one in rule_sets().values() if not one.fallback]
    for before, after in zip(official, official[1:], strict=False):
        assert before.valid_until is not None
        assert after.valid_from == before.valid_until + timedelta(days=1)
    assert official[-1].valid_until is None


def test_every_rule_set_names_its_sources() -> None:
    for one in rule_sets().values():
        assert one.sources
        assert one.number
        assert one.issuer_vi
        assert all(criterion.source for criterion in one.criteria)
        assert list(one.levels) == ["ward", "district", "province"]


def test_an_unknown_rule_set_is_named() -> None:
    with pytest.raises(UnknownId, match="decision_4800"):
        rule_set("decision_1")


def test_a_kind_that_cannot_be_evaluated_without_a_value() -> None:
    with pytest.raises(KeyError):
        outcome({"incidence": None, "coverage_1": 0.5}, D4800, current=None)
