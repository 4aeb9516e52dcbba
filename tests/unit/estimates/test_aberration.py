"""EARS against its published definitions cell by cell; Farrington against normal equations."""

import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from data_access.estimates.aberration import (
    ALPHA,
    MIN_SD,
    Method,
    baseline_places,
    ears,
    farrington,
)

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data"
NCSC = FOLDER / "vn" / "vn_province_daily_ncsc_20200318_20220122.csv"
MALAYSIA = FOLDER / "my" / "cases_state.csv"
needs_series = pytest.mark.skipif(
    not NCSC.is_file(), reason="the series of ../shared/data are away"
)


def series(path: Path, area: str, day: str, count: str) -> dict[str, list[float]]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row[area]][row[day]] = float(row[count] or 0)
    return {key: [days[one] for one in sorted(days)] for key, days in found.items()}


def plain(values: list[float], t: int, lag: int) -> float | None:
    """C1 (lag 1) and C2 (lag 3) as published: baseline t-7..t-1 and t-9..t-3."""
    base = values[t - lag - 6 : t - lag + 1] if t - lag - 6 >= 0 else []
    if len(base) != 7 or min([*base, values[t]]) < 0:
        return None
    mean = sum(base) / 7
    sd = (sum((x - mean) ** 2 for x in base) / 6) ** 0.5
    return (values[t] - mean) / max(sd, MIN_SD)


@needs_series
@pytest.mark.parametrize(
    ("path", "columns"),
    [(NCSC, ("code", "date", "new_cases")), (MALAYSIA, ("state", "date", "cases_new"))],
)
def test_ears_is_the_published_one_on_every_cell(path: Path, columns: tuple[str, str, str]) -> None:
    n_cells = n_alarms = 0
    for values in series(path, *columns).values():
        for t in range(len(values)):
            c1, c2 = plain(values, t, 1), plain(values, t, 3)
            steps = [plain(values, t - back, 3) if t >= back else None for back in range(3)]
            c3 = None if None in steps else sum(max(0.0, x - 1) for x in steps if x is not None)
            for method, wanted, limit in ((Method.C1, c1, 3), (Method.C2, c2, 3),
                                          (Method.C3, c3, 2)):  # fmt: skip
                if wanted is None:
                    continue  # the beginning of a series, and corrections below zero
                got = ears(values, t, method=method)
                assert got is not None
                assert got.statistic == pytest.approx(wanted, rel=1e-9, abs=1e-9)
                assert got.is_aberrant == (wanted > limit) or abs(wanted - limit) < 1e-9
                n_cells += 1
                n_alarms += got.is_aberrant
    assert n_cells > 20_000
    assert 0 < n_alarms < n_cells / 4


COUNTS = st.lists(st.one_of(st.none(), st.integers(0, 500)), min_size=12, max_size=40)


@given(values=COUNTS, method=st.sampled_from([Method.C1, Method.C2, Method.C3]))
def test_the_bound_of_ears_is_where_the_alarm_begins(
    values: list[float | None], method: Method
) -> None:
    last = len(values) - 1
    got = ears(values, last, method=method)
    if got is None:
        return
    above = [*values[:last], got.bound + 1e-6 * (1 + got.bound)]
    again = ears(above, last, method=method)
    assert again is not None
    assert again.is_aberrant
    if got.bound > 1e-3:
        below = ears([*values[:last], got.bound * (1 - 1e-6)], last, method=method)
        assert below is not None
        # C3 may stand above its limit by the two days before alone.
        assert not below.is_aberrant or method is Method.C3


@given(values=COUNTS, method=st.sampled_from(list(Method)))
def test_a_day_that_is_not_there_raises_nothing(values: list[float | None], method: Method) -> None:
    for gone in (None, -3):
        found = [*values[:-1], gone]
        got = (
            farrington(found, len(found) - 1)
            if method is Method.FARRINGTON
            else ears(found, len(found) - 1, method=method)
        )
        assert got is None


def test_a_baseline_with_three_days_missing_says_nothing() -> None:
    whole: list[float | None] = [3, 4, 5, 4, 3, 4, 5, 30]
    assert ears(whole, 7, method=Method.C1) is not None
    two = [None, None, *whole[2:]]
    found = ears(two, 7, method=Method.C1)
    assert found is not None
    assert found.n_days == 5
    assert ears([None, None, None, *whole[3:]], 7, method=Method.C1) is None


# --- Farrington -----------------------------------------------------------------------------------


def independent(  # noqa: C901, PLR0915 -- written in one go, as an independent witness
    values: list[float], at: int, alpha: float
) -> tuple[float, float]:
    """Expected count and bound by Newton on the score equations, in plain Python."""
    points = [(p - at, values[p]) for p in baseline_places(at)]

    def fit(weights: list[float], trend: bool) -> tuple[list[float], list[list[float]]]:
        a, b = math.log(sum(y for _, y in points) / len(points)), 0.0
        for _ in range(100):
            u = [0.0, 0.0]
            j = [[0.0, 0.0], [0.0, 0.0]]
            for (x, y), w in zip(points, weights, strict=True):
                m = math.exp(a + b * x)
                u[0] += w * (y - m)
                u[1] += w * (y - m) * x
                j[0][0] += w * m
                j[0][1] += w * m * x
                j[1][1] += w * m * x * x
            if trend:
                det = j[0][0] * j[1][1] - j[0][1] ** 2
                inv = [[j[1][1] / det, -j[0][1] / det], [-j[0][1] / det, j[0][0] / det]]
                a += inv[0][0] * u[0] + inv[0][1] * u[1]
                b += inv[1][0] * u[0] + inv[1][1] * u[1]
            else:
                inv = [[1 / j[0][0], 0.0], [0.0, 0.0]]
                a += u[0] / j[0][0]
        return [a, b], inv

    def phi(theta: list[float], weights: list[float], p: int) -> float:
        total = 0.0
        for (x, y), w in zip(points, weights, strict=True):
            m = math.exp(theta[0] + theta[1] * x)
            total += w * (y - m) ** 2 / m
        return max(1.0, total / (len(points) - p))

    def model(trend: bool) -> tuple[list[float], list[list[float]], float]:
        p = 2 if trend else 1
        ones = [1.0] * len(points)
        theta, inv = fit(ones, trend)
        scale = phi(theta, ones, p)
        raw = []
        for x, y in points:
            m = math.exp(theta[0] + theta[1] * x)
            h = m * (inv[0][0] + 2 * x * inv[0][1] + x * x * inv[1][1])
            r = 1.5 * (y ** (2 / 3) * m ** (-1 / 6) - m**0.5) / math.sqrt(scale * (1 - h))
            raw.append(r**-2 if r > 2.58 else 1.0)
        weights = [w * len(raw) / sum(raw) for w in raw]
        theta, inv = fit(weights, trend)
        return theta, inv, phi(theta, weights, p)

    theta, inv, scale = model(trend=True)
    steep = abs(theta[1]) > 1.96 * math.sqrt(scale * inv[1][1])
    if not steep:
        theta, inv, scale = model(trend=False)
    mu = math.exp(theta[0])
    if steep:
        mu = min(mu, max(y for _, y in points))
    tau = scale + mu * scale * inv[0][0]
    z = {0.005: 2.5758293035489004, 0.01: 2.3263478740408408}[alpha]
    return mu, mu * (1 + 2 / 3 * z * math.sqrt(tau / mu)) ** 1.5


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("alpha", [0.005, 0.01])
def test_farrington_solves_the_normal_equations(seed: int, alpha: float) -> None:
    chance = np.random.default_rng(seed)
    growth = (-0.02, 0.0, 0.01, 0.03)[seed % 4]
    values = [float(x) for x in chance.poisson(20 * np.exp(growth * np.arange(70)))]
    values[40] *= 6  # an outbreak of the past, which must weigh less
    got = farrington(values, 69, alpha=alpha)
    assert got is not None
    mu, bound = independent(values, 69, alpha)
    assert got.baseline == pytest.approx(mu, rel=1e-6)
    assert got.bound == pytest.approx(bound, rel=1e-6)
    assert got.is_aberrant == (values[69] > bound)


def test_an_outbreak_of_the_past_weighs_less() -> None:
    even = [20.0, 22, 18, 21, 19, 23, 17] * 10
    at = len(even) - 1
    struck = list(even)
    for place in baseline_places(at)[4:7]:
        struck[place] = 160.0
    clean, robust = farrington(even, at), farrington(struck, at)
    assert clean is not None
    assert robust is not None
    assert robust.baseline < 1.5 * clean.baseline
    past = [struck[place] for place in baseline_places(at)]
    assert robust.baseline < sum(past) / len(past)


@pytest.mark.parametrize("mean", [10, 40])
def test_false_alarms_under_the_null_are_few(mean: int) -> None:
    """Poisson days without outbreak: at most what twice the nominal share would give, and some."""
    chance = np.random.default_rng(2021)
    n = 3000
    n_alarms = 0
    for _ in range(n):
        values = [float(x) for x in chance.poisson(mean, 60)]
        got = farrington(values, 59, alpha=0.01)
        assert got is not None
        n_alarms += got.is_aberrant
    low, high = binom.ppf(0.0005, n, 0.005), binom.ppf(0.9995, n, 0.02)
    assert low <= n_alarms <= high


def test_days_of_nothing_have_a_bound_too() -> None:
    quiet = [0.0] * 60
    assert not farrington([*quiet, 1.0], 60).is_aberrant  # type: ignore[union-attr]
    assert farrington([*quiet, 4.0], 60, alpha=ALPHA).is_aberrant  # type: ignore[union-attr]


@given(
    values=st.lists(st.integers(0, 3), min_size=60, max_size=70),
    scale=st.sampled_from([1, 50, 3000]),
)
def test_any_past_gives_numbers_or_nothing(values: list[int], scale: int) -> None:
    got = farrington([float(one * scale) for one in values], len(values) - 1)
    assert got is not None
    assert all(math.isfinite(x) for x in (got.baseline, got.spread, got.bound, got.statistic))
    assert got.bound > got.baseline >= 0


def test_a_fresh_start_after_weeks_of_nothing_has_finite_numbers() -> None:
    values = [0.0] * 45 + [1.0, 0, 2, 0, 3, 1, 4, 2, 0, 0, 0, 0, 0, 0, 9]
    got = farrington(values, len(values) - 1)
    assert got is not None
    assert math.isfinite(got.bound)
