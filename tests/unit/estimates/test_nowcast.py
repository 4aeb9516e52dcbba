"""The nowcast: its vector, its band's coverage on known delays, what it must not do."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.estimates.nowcast import (
    LEVELS,
    MAX_DELAY,
    Hidden,
    Nowcast,
    Triangle,
    backlog_days,
    completed,
    nowcast,
    shares,
)
from tests.conftest import ROOT

VINTAGES = ROOT.parent / "shared" / "data" / "my" / "vintages" / "tests_malaysia"
DELAYS = (0.30, 0.25, 0.15, 0.10, 0.07, 0.05, 0.03, 0.02, 0.01, 0.01, 0.005, 0.005)


def triangle_of(full: np.ndarray) -> Triangle:
    """`full`: every day at every age; what lies ahead of the last day is blotted out."""
    known = np.array(full, dtype=float)
    n, ages = known.shape
    for day in range(n):
        known[day, min(n - 1 - day, ages - 1) + 1 :] = np.nan
    return Triangle(known=known)


def simulated(seed: int, *, n: int = 120, level: float = 800.0, trend: float = 0.0) -> np.ndarray:
    """An epidemic with overdispersed days whose delays vary from day to day and at weekends."""
    chance = np.random.default_rng(seed)
    walk = np.cumsum(chance.normal(0, 0.03, n))
    full = np.zeros((n, MAX_DELAY + 1))
    for day in range(n):
        mean = level * np.exp(trend * (day - n / 2) + walk[day]) * (0.8 if day % 7 > 4 else 1.0)
        total = chance.negative_binomial(20, 20 / (20 + mean))
        share = chance.dirichlet(np.array(DELAYS) * 200)
        full[day, : len(DELAYS)] = chance.multinomial(total, share)
    return full.cumsum(axis=1)


# --- the vector ---------------------------------------------------------------------------------


def test_the_vector_of_the_domain() -> None:
    share = (0.4, 0.7, 0.9, 1.0)
    assert [
        completed(reported, part) for reported, part in zip((40, 70, 90, 100), share, strict=True)
    ] == pytest.approx([100.0] * 4)
    full = np.tile([40.0, 70.0, 90.0] + [100.0] * (MAX_DELAY - 2), (60, 1))
    assert shares(triangle_of(full))[:4] == pytest.approx(share)
    found = nowcast(triangle_of(full))
    assert [(one.age, one.reported) for one in found] == [(2, 90), (1, 70), (0, 40)]
    assert [one.estimate for one in found] == pytest.approx([100.0] * 3)


@given(
    delays=st.lists(st.floats(0.02, 1.0), min_size=2, max_size=MAX_DELAY),
    level=st.integers(500, 50_000),
)
def test_shares_that_never_vary_are_found_and_days_completed(delays, level) -> None:
    share = np.cumsum(delays) / np.sum(delays)
    full = np.ones((70, MAX_DELAY + 1)) * level
    full[:, : len(share)] = level * share
    triangle = triangle_of(full)
    assert shares(triangle)[: len(share)] == pytest.approx(share)
    for one in nowcast(triangle):
        if one.share is not None and one.share >= 0.1:
            assert one.estimate == pytest.approx(level)


# --- the band -----------------------------------------------------------------------------------


def covered(worlds: list[tuple[np.ndarray, tuple[Nowcast, ...]]]) -> dict[tuple[float, int], list]:
    """(level, age) → whether the truth was inside."""
    hits: dict[tuple[float, int], list[bool]] = {}
    for full, found in worlds:
        for one in found:
            for level, (low, high) in zip(LEVELS, one.bands or (), strict=bool(one.bands)):
                hits.setdefault((level, one.age), []).append(low <= full[one.day, -1] <= high)
    return hits


@pytest.mark.parametrize(
    ("level", "trend", "n"), [(800, 0.0, 120), (5_000, 0.03, 120), (800, 0.0, 75)]
)
def test_bands_cover_what_they_say(level: float, trend: float, n: int) -> None:
    worlds = []
    for seed in range(80):
        full = simulated(seed, n=n, level=level, trend=trend)
        worlds.append((full, nowcast(triangle_of(full))))
    hits = covered(worlds)
    for share, tolerance in ((0.8, 0.05), (0.95, 0.03)):
        every = [hit for (of, _), each in hits.items() if of == share for hit in each]
        assert len(every) > 500
        assert np.mean(every) == pytest.approx(share, abs=tolerance)
        # At one age alone chance is wider; and of few cases to come a band cannot hold a part.
        early = {age: np.mean(each) for (of, age), each in hits.items() if of == share and age < 5}
        assert all(abs(one - share) < 0.13 for one in early.values()), early


def test_days_that_shrink_later_have_a_band_too() -> None:
    """Corrections downwards: no count of cases to come, so the other method answers."""
    hits = []
    for seed in range(80):
        full = simulated(seed)
        chance = np.random.default_rng(1_000 + seed)
        full[:, 5:] = np.round(full[:, 5:] * chance.uniform(0.9, 0.97, (len(full), 1)))
        full[:, :5] *= 1.2
        for one in nowcast(triangle_of(full)):
            if one.bands and one.age < 3:
                hits.append([low <= full[one.day, -1] <= high for low, high in one.bands])
    assert len(hits) > 150
    assert np.mean(hits, axis=0) == pytest.approx([0.8, 0.95], abs=0.07)


def test_the_wider_band_holds_the_narrower_and_never_less_than_reported() -> None:
    for one in nowcast(triangle_of(simulated(7))):
        if one.bands and one.reported is not None and one.estimate is not None:
            (low, high), (lowest, highest) = one.bands
            assert one.reported <= lowest <= low <= high <= highest


# --- what it must not do ------------------------------------------------------------------------


@given(origin=st.integers(40, 100), seed=st.integers(0, 50))
def test_nothing_of_the_future_is_used(origin: int, seed: int) -> None:
    full = simulated(seed)
    other = full.copy()
    for day in range(len(full)):
        other[day, max(origin - day, -1) + 1 :] *= 3
    then = triangle_of(full).at(origin)
    assert nowcast(then) == nowcast(triangle_of(other).at(origin))


def test_a_delivery_of_old_cases_is_found_and_teaches_nothing() -> None:
    full = simulated(3)
    with_backlog = full.copy()
    for day in range(85, 97):  # on day 105, everything of two weeks earlier comes in at once
        with_backlog[day, 105 - day :] += 400
    triangle = triangle_of(with_backlog)
    found = backlog_days(triangle)
    assert found == {105}
    clean = shares(triangle_of(full))
    assert shares(triangle, backlog=found)[:8] == pytest.approx(clean[:8], abs=0.06)
    assert abs(shares(triangle)[0] - clean[0]) > 0.06


@given(seed=st.integers(0, 30))
def test_ordinary_days_are_no_backlog(seed: int) -> None:
    assert len(backlog_days(triangle_of(simulated(seed)))) == 0


def test_each_reason_for_showing_nothing() -> None:
    full = simulated(5)
    short = nowcast(triangle_of(full[:30]))
    assert short
    assert {one.hidden for one in short} <= {Hidden.FEW_ERRORS, Hidden.NO_DELAYS}
    assert all(one.bands is None for one in short)
    silent = triangle_of(full)
    silent.known[-1, 0] = np.nan
    assert nowcast(silent)[-1].hidden is Hidden.NOT_REPORTED
    slow = full * 1.0
    slow[:, 0] = np.round(slow[:, 0] * 0.1)
    assert nowcast(triangle_of(slow))[-1].hidden is Hidden.LITTLE_REPORTED
    none = nowcast(triangle_of(np.zeros((80, MAX_DELAY + 1))))
    assert {one.hidden for one in none} == {Hidden.NO_DELAYS}
    assert {one.estimate for one in none} == {None}
    assert nowcast(Triangle(known=np.zeros((0, MAX_DELAY + 1)))) == ()


def test_what_is_complete_at_once_needs_no_estimate() -> None:
    full = np.repeat(simulated(5)[:, -1:], MAX_DELAY + 1, axis=1)
    assert nowcast(triangle_of(full)) == ()


# --- a real series, delivered twelve times -------------------------------------------------------


@pytest.mark.skipif(
    not VINTAGES.is_dir(), reason="the deliveries of ../shared/data/my are not here"
)
def test_twelve_real_deliveries_are_too_few_for_a_band() -> None:
    """Two days were revised in them: the shares are found, and the method says it is not enough."""
    deliveries = []
    for path in sorted(VINTAGES.glob("*.csv")):
        rows = [line.split(",") for line in Path(path).read_text("utf-8").splitlines()[1:]]
        values = {date.fromisoformat(day): float(rapid) + float(pcr) for day, rapid, pcr in rows}
        deliveries.append((date.fromisoformat(path.name[:10]), values))
    last = deliveries[-1][0]
    n = 40
    known = np.full((n, MAX_DELAY + 1), np.nan)
    for row in range(n):
        day = last - timedelta(days=n - 1 - row)
        for age in range(min(MAX_DELAY, n - 1 - row) + 1):
            there = [one for when, one in deliveries if when <= day + timedelta(days=age)]
            if there:
                known[row, age] = there[-1].get(day, 0.0)
    share = shares(Triangle(known=known))
    assert share[0] == 0
    assert 0.5 < share[1] < share[2] <= 1
    found = nowcast(Triangle(known=known))
    assert {one.bands for one in found} == {None}
    assert {one.hidden for one in found} <= {Hidden.FEW_ERRORS, Hidden.LITTLE_REPORTED}


# --- a line list that is not ours -----------------------------------------------------------------

LINE_LIST = ROOT.parent / "shared" / "data" / "clusters" / "ebola_sim_clean_linelist.csv"


@pytest.mark.skipif(not LINE_LIST.is_file(), reason="../shared/data/clusters is not there")
def test_days_of_onset_are_foreseen_from_days_of_admission() -> None:
    """A year of an outbreak simulated by others: onset is known once a patient is admitted.

    Few cases a day: bands are of whole cases, so that 80 % are covered too often, never too
    seldom.
    """
    told = (
        pl.read_csv(LINE_LIST, infer_schema_length=0)
        .select(pl.col("date_of_onset", "date_of_hospitalisation").str.to_date(strict=False))
        .drop_nulls()
        .with_columns(late=(pl.col("date_of_hospitalisation") - pl.col("date_of_onset"))
                      .dt.total_days())
        .filter(pl.col("late").is_between(0, MAX_DELAY))
    )  # fmt: skip
    first = told["date_of_onset"].min()
    full = np.zeros((told.select((pl.col("date_of_hospitalisation").max() - first)
                                 .dt.total_days()).item() + 1, MAX_DELAY + 1))  # fmt: skip
    for onset, late in told.select("date_of_onset", "late").iter_rows():
        full[(onset - first).days, late] += 1
    full = full.cumsum(axis=1)
    inside = np.array([
        [low <= full[one.day, -1] <= high for low, high in one.bands]
        for today in range(60, len(full), 5)
        for one in nowcast(triangle_of(full[: today + 1]))
        if one.bands is not None and one.age <= 7
    ])  # fmt: skip
    assert len(inside) > 300
    covered = inside.mean(axis=0)
    assert covered[0] >= 0.75
    assert covered[1] == pytest.approx(0.95, abs=0.03)
