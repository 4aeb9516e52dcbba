"""The policy as the product ships it, and what it makes of levels and dimensions."""

from dataclasses import replace

import pytest

from data_access.codes import Clearance
from data_access.disclosure.mask import public_measures
from data_access.disclosure.policy import LEVELS, LOWEST, default_policy, parse_policy
from data_access.measures.registry import MEASURES, measure
from tests.cube_world import Cell
from tests.memory_cube import MemoryCube
from tests.property.disclosure.published_world import reader

NATION, PROVINCE = 0, 1
POLICY = default_policy()


@pytest.mark.parametrize("key", ["cases", "cases_cumulative", "deaths", "doses"])
def test_totals_of_nation_and_province_are_always_told(key: str) -> None:
    assert POLICY.threshold(measure(key), NATION) == 0
    assert POLICY.threshold(measure(key), PROVINCE) == 0


@pytest.mark.parametrize(
    ("key", "dimension", "threshold"),
    [("cases", "", 5), ("cases", "detected_in", 10), ("cases", "severity", 10),
     ("deaths", "", 10), ("deaths_cumulative", "", 10), ("doses_cumulative", "", 5),
     ("doses_cumulative", "dose", 10), ("population", "", 0), ("hospital_beds", "", 0)],
)  # fmt: skip
def test_threshold_of_a_district(key: str, dimension: str, threshold: int) -> None:
    assert POLICY.threshold(measure(key), LOWEST, dimension) == threshold


def test_only_a_sensitive_dimension_is_withheld_of_a_province() -> None:
    assert POLICY.threshold(measure("cases"), PROVINCE, "severity") == 10
    assert POLICY.threshold(measure("doses"), PROVINCE, "priority_group") == 10
    assert POLICY.threshold(measure("cases"), PROVINCE, "detected_in") == 0


def test_two_dimensions_at_once_and_finer_levels_are_not_published() -> None:
    doses = measure("doses")
    assert POLICY.publishes(doses, LOWEST, frozenset({"age"}))
    assert not POLICY.publishes(doses, PROVINCE, frozenset({"age", "dose"}))
    assert not POLICY.publishes(doses, LOWEST + 1, frozenset())
    assert not POLICY.publishes(doses, PROVINCE, frozenset({"site"}))
    assert POLICY.publishes(measure("vaccination_sites"), LOWEST + 1, frozenset())


def test_a_stock_that_people_leave_again_is_not_published_below_province() -> None:
    occupied = measure("quarantine_occupied")
    assert POLICY.publishes(occupied, PROVINCE, frozenset())
    assert not POLICY.publishes(occupied, LOWEST, frozenset())


def test_every_public_measure_is_published_by_its_own_dimensions_or_exempt() -> None:
    """A new public measure with a new dimension must be thought of in the policy."""
    for key, one in MEASURES.items():
        if one.clearance == Clearance.PUBLIC and key not in POLICY.exempt:
            known = set(POLICY.dimensions(one)) | POLICY.untold.get(key, frozenset())
            assert set(one.dimensions) <= known, key


def test_every_public_measure_of_persons_is_told_of_districts_or_of_provinces_only() -> None:
    """A new one must be thought of: what is told of districts may be no part of another."""
    for key, one in MEASURES.items():
        if one.clearance == Clearance.PUBLIC and key not in POLICY.exempt:
            below = POLICY.publishes(one, LOWEST, frozenset())
            assert below != (key in POLICY.provinces_only), key


def test_a_measure_that_only_a_mapping_knows_is_not_told_below_province() -> None:
    """It may be a part of one that is, and nothing says so."""
    unknown = replace(measure("cases"), key="cases_of_children", cumulative="", dimensions=())
    assert POLICY.publishes(unknown, PROVINCE, frozenset())
    assert not POLICY.publishes(unknown, LOWEST, frozenset())


def test_nothing_that_is_told_of_provinces_only_needs_a_mask() -> None:
    """What has no mask may have no threshold at the levels at which it is told."""
    for key in POLICY.provinces_only:
        one = MEASURES[key]
        for dimension in ("", *POLICY.dimensions(one)):
            for rank in (NATION, PROVINCE):
                assert POLICY.publishes(one, rank, frozenset({dimension} - {""}))
                assert POLICY.threshold(one, rank, dimension) == 0, (key, dimension)
            assert not POLICY.publishes(one, LOWEST, frozenset({dimension} - {""}))


def test_the_names_in_the_policy_exist() -> None:
    assert set(MEASURES) >= (
        POLICY.exempt | POLICY.sensitive_measures | set(POLICY.published)
        | POLICY.districts | POLICY.provinces_only
    )  # fmt: skip


def test_a_level_that_is_forgotten_is_refused() -> None:
    with pytest.raises(KeyError):
        parse_policy("[thresholds.total]\nnational = 0\n")
    assert [level.value for level in LEVELS] == ["national", "province", "district"]


def test_measures_without_persons_and_those_not_public_have_no_mask() -> None:
    cube = MemoryCube([Cell(measure="cases"), Cell(measure="population")])
    keys = public_measures(cube.view({"cases": None}, viewer=reader()))
    assert "cases" in keys
    assert "cases_cumulative" in keys
    assert not {"population", "hospital_beds", "quarantine_occupied"} & set(keys)
