"""Properties of every rule set: more cases never help, more doses never harm, gaps are gaps."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from data_access.rules.assess import assess, candidates, reading
from data_access.rules.catalogue import rule_set, rule_sets
from data_access.rules.counterfactual import changes
from data_access.rules.model import Criterion, Inputs, RuleSet, Value

DAY = date(2021, 11, 5)
SETS = list(rule_sets().values())
each = pytest.mark.parametrize("ruleset", SETS, ids=[one.id for one in SETS])


def values_of(ruleset: RuleSet) -> some.SearchStrategy[dict[str, Value]]:
    return some.fixed_dictionaries({one.key: value_of(one) for one in ruleset.criteria})


def value_of(criterion: Criterion) -> some.SearchStrategy[Value]:
    if criterion.grades:
        return some.sampled_from(criterion.grades)
    if not criterion.edges:
        return some.booleans()
    largest = 1.0 if criterion.unit == "ratio" else 2 * criterion.edges[-1]
    return some.one_of(
        some.floats(min_value=0, max_value=largest, allow_subnormal=False),
        some.sampled_from(criterion.edges),
    )


CURRENT = some.one_of(some.none(), some.integers(1, 4))


def level(ruleset: RuleSet, values: dict[str, Value], current: int | None) -> int:
    found = assess("x", DAY, Inputs(values=values, current=current), ruleset)
    assert found.level is not None
    return found.level


@each
@given(data=some.data(), current=CURRENT)
def test_each_criterion_moves_the_level_one_way(
    ruleset: RuleSet, data: some.DataObject, current: int | None
) -> None:
    values = data.draw(values_of(ruleset))
    criterion = data.draw(some.sampled_from([one for one in ruleset.criteria if one.edges]))
    other = data.draw(value_of(criterion))
    low, high = sorted([float(values[criterion.key]), float(other)])
    small = level(ruleset, {**values, criterion.key: low}, current)
    large = level(ruleset, {**values, criterion.key: high}, current)
    assert small >= large if criterion.higher_is_better else small <= large


@each
@given(data=some.data(), current=CURRENT)
def test_any_gap_is_undetermined_and_its_span_holds_the_truth(
    ruleset: RuleSet, data: some.DataObject, current: int | None
) -> None:
    values = data.draw(values_of(ruleset))
    needed = [one.key for one in ruleset.criteria if one.required]
    gone = data.draw(some.lists(some.sampled_from(needed), min_size=1, unique=True))
    gaps = {key: None if key in gone else value for key, value in values.items()}
    found = assess("x", DAY, Inputs(values=gaps, current=current), ruleset)
    assert found.level is None
    assert set(found.missing) == set(gone)
    assert found.adjustments == ()
    low, high = found.possible
    assert low <= level(ruleset, values, current) <= high


@each
def test_nothing_known_is_undetermined_between_all_levels(ruleset: RuleSet) -> None:
    found = assess("x", DAY, Inputs(), ruleset)
    assert (found.level, found.possible) == (None, (1, 4))


@each
@given(data=some.data(), current=CURRENT)
def test_the_distances_lead_to_the_edges(
    ruleset: RuleSet, data: some.DataObject, current: int | None
) -> None:
    values = data.draw(values_of(ruleset))
    found = assess("x", DAY, Inputs(values=values, current=current), ruleset)
    for one in found.per_criterion:
        edges = one.criterion.edges
        if not edges:
            assert (one.band, one.below, one.above) == (None, None, None)
            continue
        assert one.band is not None
        number = float(one.value)
        for gap, place in ((one.below, one.band - 2), (one.above, one.band - 1)):
            assert (gap is None) == (not 0 <= place < len(edges))
            assert gap is None or gap >= 0
            assert gap is None or gap == pytest.approx(abs(number - edges[place]))


# --- what would move it: against a search over a grid ---------------------------------------------


def grid(criterion: Criterion) -> list[float]:
    """Steps over all bands, and a hair on both sides of every edge."""
    top = 1.2 * criterion.edges[-1]
    fine = [top * n / 150 for n in range(151)]
    hair = top * 1e-9
    return sorted({*fine, *(edge + d for edge in criterion.edges for d in (-hair, 0.0, hair))})


@each
@settings(max_examples=30, deadline=None)
@given(data=some.data(), current=CURRENT)
def test_the_smallest_change_is_what_a_search_finds(
    ruleset: RuleSet, data: some.DataObject, current: int | None
) -> None:
    values = data.draw(values_of(ruleset))
    found = assess("x", DAY, Inputs(values=values, current=current), ruleset)
    told = changes(found, values, current=current)
    for criterion in ruleset.criteria:
        if not criterion.edges or not criterion.shown:
            continue
        here = float(values[criterion.key])
        moved = [
            (abs(tried - here), tried > here, new)
            for tried in grid(criterion)
            if (new := level(ruleset, {**values, criterion.key: tried}, current)) != found.level
        ]
        tolerance = 1.2 * criterion.edges[-1] * 2e-9
        for up in (False, True):
            searched = min((one for one in moved if one[1] is up), default=None)
            stated = [
                one for one in told
                if one.key == criterion.key and one.delta is not None
                and (one.delta > 0 or (one.delta == 0 and _is_up(criterion, one.edge))) is up
            ]  # fmt: skip
            if searched is None or searched[0] <= tolerance:
                continue
            assert len(stated) == 1
            assert abs(stated[0].delta or 0) == pytest.approx(searched[0], abs=tolerance)
            assert stated[0].to_level == searched[2]
        assert len([one for one in told if one.key == criterion.key]) <= 2


def _is_up(criterion: Criterion, edge: Value) -> bool:
    """Whether a change that starts on the edge goes up: only an edge to be exceeded is left so."""
    return edge in criterion.strict


@each
@given(data=some.data(), current=CURRENT)
def test_a_stated_change_is_true_and_anything_less_is_not(
    ruleset: RuleSet, data: some.DataObject, current: int | None
) -> None:
    values = data.draw(values_of(ruleset))
    found = assess("x", DAY, Inputs(values=values, current=current), ruleset)
    for one in changes(found, values, current=current):
        if one.delta is None:
            assert level(ruleset, {**values, one.key: one.edge}, current) == one.to_level
            continue
        here = float(values[one.key])
        short = here + one.delta * (1 - 1e-9)
        if abs(one.delta) > 1e-6:
            assert level(ruleset, {**values, one.key: short}, current) == found.level
        if one.reached:
            assert level(ruleset, {**values, one.key: one.edge}, current) == one.to_level


def test_no_change_is_told_of_an_undetermined_level() -> None:
    ruleset = rule_set("decision_4800")
    found = assess("x", DAY, Inputs(values={"incidence": 30.0}), ruleset)
    assert changes(found, {"incidence": 30.0}, current=None) == ()


def test_a_change_by_hand() -> None:
    """60 per 100,000, 94 % covered, the old covered, plans ready: level 2."""
    values: dict[str, Value] = {"incidence": 60.0, "coverage_1": 0.94, "old_full": 0.9,
                                "plans_ready": True, "has_cases": True}  # fmt: skip
    ruleset = rule_set("decision_4800")
    found = assess("x", DAY, Inputs(values=values), ruleset)
    told = {
        (one.key, one.to_level): (one.edge, one.reached)
        for one in changes(found, values, current=None)
    }
    assert told == {
        ("incidence", 1): (20, False),  # fall below 20
        ("incidence", 3): (150, True),  # reach 150
        ("coverage_1", 3): (0.70, False),
        ("old_full", 3): (0.80, False),
    }


def test_candidates_stand_in_every_band() -> None:
    for ruleset, criterion in product(SETS, [c for one in SETS for c in one.criteria if c.edges]):
        if criterion in ruleset.criteria:
            bands = [reading(criterion, value).band for value in candidates(criterion)]
            assert bands == list(range(1, len(criterion.edges) + 2))
