"""Scores of saved scenarios against values worked out by hand."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from simulations.epidemic.summary import LEVELS
from simulations.scenario.report import BAND_NAMES
from simulations.scenario.score import SCHEMA, score

START = date(2021, 9, 2)


def saved(days: int, code: str = "79", quantity: str = "cases") -> pl.DataFrame:
    """Bands 70, 80, … 130 every day."""
    return pl.DataFrame(
        {
            "date": [START + timedelta(days=n) for n in range(days)],
            "area_code": [code] * days,
            "quantity": [quantity] * days,
            **{name: [70.0 + 10 * i] * days for i, name in enumerate(BAND_NAMES)},
        }
    )


def observed(values: list[float | None], *, first: date = START, code: str = "79"):
    return pl.DataFrame(
        {
            "date": [first + timedelta(days=n) for n in range(len(values))],
            "area_code": [code] * len(values),
            "value": values,
        },
        schema={"date": pl.Date, "area_code": pl.String, "value": pl.Float64},
    )


def pinball(value: float) -> float:
    """The mean of twice the quantile losses: the definition in other words."""
    losses = [
        2 * ((value <= q) - level) * (q - value)
        for level, q in zip(LEVELS, range(70, 131, 10), strict=True)
    ]
    return float(np.mean(losses))


def test_coverage_and_score_are_those_of_the_days_that_came() -> None:
    found = score(saved(5), observed([100.0, 85.0, None, 131.0])).row(0, named=True)
    assert found["days"] == 3
    assert [found[f"coverage_{n}"] for n in (50, 80, 95)] == pytest.approx([1 / 3, 2 / 3, 2 / 3])
    assert found["wis"] == pytest.approx(np.mean([pinball(v) for v in (100.0, 85.0, 131.0)]))
    assert found["baseline_wis"] is None
    assert found["skill"] is None


def test_the_baseline_needs_a_whole_history() -> None:
    past = [100.0 + (n % 7) + n for n in range(28)]
    whole = observed([*past, 120.0, 121.0], first=START - timedelta(days=28))
    found = score(saved(2), whole).row(0, named=True)
    assert found["skill"] == pytest.approx(1 - found["wis"] / found["baseline_wis"])
    gap = whole.filter(pl.col("date") != START - timedelta(days=9))
    assert score(saved(2), gap)["skill"].to_list() == [None]


def test_areas_and_quantities_are_kept_apart() -> None:
    both = pl.concat([saved(2), saved(2, "01"), saved(2, "79", "deaths")])
    found = score(both, pl.concat([observed([100.0]), observed([500.0, 500.0], code="92")]))
    assert found["area_code"].to_list() == ["79"]
    assert score(both, observed([])).schema == SCHEMA
