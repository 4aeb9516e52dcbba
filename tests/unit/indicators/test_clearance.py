"""An indicator is never more public than what it is made of."""

import pytest

from data_access.indicators.registry import INDICATORS
from data_access.measures.registry import MEASURES

PAIRS = sorted(
    {
        (indicator.key, name)
        for indicator in INDICATORS.values()
        for key in indicator.measures
        for name in (key, MEASURES[key].inflow, MEASURES[key].outflow)
        if name
    }
)


@pytest.mark.parametrize(("indicator", "measure"), PAIRS)
def test_an_indicator_is_at_least_as_closed_as_its_measures(indicator: str, measure: str) -> None:
    assert INDICATORS[indicator].clearance >= MEASURES[measure].clearance


@pytest.mark.parametrize("key", sorted(MEASURES))
def test_a_stock_is_at_least_as_closed_as_the_flows_it_is_summed_from(key: str) -> None:
    one = MEASURES[key]
    for flow in filter(None, (one.inflow, one.outflow)):
        assert one.clearance >= MEASURES[flow].clearance


def test_every_indicator_is_among_the_pairs() -> None:
    assert {indicator for indicator, _ in PAIRS} == set(INDICATORS)
