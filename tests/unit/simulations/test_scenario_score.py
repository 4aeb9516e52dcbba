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


def observed(
    values: list[float | None], *, first: date = START, code: str = "79", quantity: str = "cases"
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "date": [first + timedelta(days=n) for n in range(len(values))],
            "area_code": [code] * len(values),
            "quantity": [quantity] * len(values),
            "value": values,
        },
        schema={
            "date": pl.Date, "area_code": pl.String, "quantity": pl.String, "value": pl.Float64,
        },
    )  # fmt: skip


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
    assert (found["history_days"], found["baseline_days"]) == (28, 2)
    assert found["skill"] == pytest.approx(1 - found["wis"] / found["baseline_wis"])
    gap = whole.filter(pl.col("date") != START - timedelta(days=9))
    short = score(saved(2), gap).row(0, named=True)
    assert (short["history_days"], short["baseline_days"], short["skill"]) == (8, 0, None)
    assert short["wis"] == found["wis"]


def loss(value: float, quantiles: list[float]) -> float:
    """The weighted interval score as the mean of twice the quantile losses."""
    return sum(
        2 * ((value <= q) - level) * (q - value) for level, q in zip(LEVELS, quantiles, strict=True)
    ) / len(LEVELS)


def quantile(values: list[float], level: float) -> float:
    """The quantile by linear interpolation between sorted values."""
    ranked = sorted(values)
    at = level * (len(ranked) - 1)
    low = int(at)
    return ranked[low] + (at - low) * (ranked[min(low + 1, len(ranked) - 1)] - ranked[low])


def repeated_week(history: list[float], day: int) -> list[float]:
    """The baseline's quantiles of a day: the last week again, with the errors it used to make."""
    lag = 7 * (day // 7 + 1)
    errors = [history[n + lag] - history[n] for n in range(len(history) - lag)]
    middle = history[len(history) - 7 + day % 7]
    both = errors + [-one for one in errors]
    return [max(middle + quantile(both, level), 0.0) for level in LEVELS]


def test_a_short_history_looks_as_far_ahead_as_it_can() -> None:
    """30 days know the first week alone: the skill is of its days, all others of every day."""
    history = [float(60 + (n * 37) % 50) for n in range(30)]
    came = [float(90 + (n * 29) % 60) for n in range(10)]
    found = score(saved(12), observed([*history, *came], first=START - timedelta(days=30)))
    row = found.row(0, named=True)
    ours = [pinball(value) for value in came]
    theirs = [loss(came[day], repeated_week(history, day)) for day in range(7)]
    assert (row["days"], row["history_days"], row["baseline_days"]) == (10, 30, 7)
    assert row["wis"] == pytest.approx(sum(ours) / 10)
    assert row["baseline_wis"] == pytest.approx(sum(theirs) / 7)
    assert row["skill"] == pytest.approx(1 - sum(ours[:7]) / sum(theirs))


def test_a_baseline_that_was_never_wrong_is_not_divided_by() -> None:
    row = score(saved(3), observed([0.0] * 33, first=START - timedelta(days=30))).row(0, named=True)
    assert (row["baseline_days"], row["baseline_wis"], row["skill"]) == (3, 0.0, None)
    assert row["coverage_95"] == 0.0


def test_areas_and_quantities_are_kept_apart() -> None:
    both = pl.concat([saved(2), saved(2, "01"), saved(2, "79", "deaths")])
    seen = pl.concat(
        [
            observed([100.0]),
            observed([500.0, 500.0], code="92"),
            observed([0.0, 0.0], quantity="deaths"),
        ]
    )
    found = score(both, seen)
    assert found.select("quantity", "area_code", "days").rows() == [
        ("cases", "79", 1),
        ("deaths", "79", 2),
    ]
    assert found["wis"].to_list() == pytest.approx([pinball(100.0), pinball(0.0)])
    assert score(both, observed([])).schema == SCHEMA
