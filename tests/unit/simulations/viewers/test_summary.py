"""Quantiles of answers against NumPy's of the same definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.viewers.crowd import quantile, summary
from simulations.viewers.session import Answer


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=60), st.sampled_from([0.01, 0.5, 0.95, 0.99])
)
def test_quantile(values: list[float], share: float) -> None:
    assert quantile(values, share) == np.quantile(values, share, method="inverted_cdf")


def test_quantile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_errors_are_counted_and_not_timed() -> None:
    def answer(page: str, seconds: float, error: str = "") -> Answer:
        return Answer(page=page, act="change of page", seconds=seconds, size=2000, error=error)

    rows = summary([answer("", 1.0), answer("map", 3.0), answer("map", 99.0, "lost")]).to_dicts()
    found = {row["page"]: (row["n"], row["p95"], row["kilobytes"], row["n_errors"]) for row in rows}
    assert found == {"*": (3, 3.0, 2.0, 1), "/": (1, 1.0, 2.0, 0), "map": (2, 3.0, 2.0, 1)}
