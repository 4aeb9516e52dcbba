"""Shares, pools and delays against published vectors and against plain recomputation."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binomtest

from data_access.contracts.rules import DELAY_BINS
from data_access.estimates.pooled import Pools, prevalence, standard_error
from data_access.estimates.proportions import exact, wilson
from data_access.estimates.turnaround import Collected, curve

# --- shares -------------------------------------------------------------------------------------


def test_wilson_meets_the_vector_of_the_domain() -> None:
    found = wilson(7, 300)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.0113, 0.0474)


@given(trials=st.integers(1, 5_000), data=st.data())
def test_wilson_s_ends_are_where_the_score_test_turns(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    found = wilson(successes, trials)
    assert found is not None
    assert 0 <= found.low <= successes / trials <= found.high <= 1
    for end in {found.low, found.high} - {0.0, 1.0}:
        z = abs(successes / trials - end) / math.sqrt(end * (1 - end) / trials)
        assert z == pytest.approx(1.959964, abs=1e-4)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_that_of_scipy(share: tuple[int, int]) -> None:
    found = wilson(*share)
    theirs = binomtest(*share).proportion_ci(method="wilson")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_no_trial_is_no_share_and_more_than_all_is_an_error() -> None:
    assert wilson(0, 0) is None
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)


def test_the_exact_interval_covers_each_tail_with_half_the_rest() -> None:
    low, high = exact(22, 42)
    above = sum(math.comb(42, k) * low**k * (1 - low) ** (42 - k) for k in range(22, 43))
    below = sum(math.comb(42, k) * high**k * (1 - high) ** (42 - k) for k in range(23))
    assert above == pytest.approx(0.025, abs=1e-9)
    assert below == pytest.approx(0.025, abs=1e-9)
    assert exact(0, 10)[0] == 0.0
    assert exact(10, 10)[1] == 1.0


# --- pools --------------------------------------------------------------------------------------


def test_pools_of_one_size_meet_the_published_vectors() -> None:
    pools = Pools(size=5, tested=42, positive=22)
    found = prevalence([pools])
    assert found is not None
    assert found.estimate == pytest.approx(0.1379, abs=5e-5)
    assert standard_error(pools) == pytest.approx(0.0279, abs=5e-5)
    # The published ends, 0.0832 and 0.1926, are the normal ones of the estimate, whatever they are
    # called there; the exact ends of the share of pools, transformed, lie higher.
    normal = [found.estimate + side * 1.96 * standard_error(pools) for side in (-1, 1)]
    assert normal == pytest.approx([0.0832, 0.1926], abs=1e-4)
    ends = [1 - (1 - end) ** (1 / 5) for end in exact(22, 42)]
    assert [found.low, found.high] == pytest.approx(ends)
    assert ends == pytest.approx([0.08659, 0.20377], abs=1e-5)
    few = prevalence([Pools(size=10, tested=500, positive=10)])
    assert few is not None
    assert few.estimate == pytest.approx(0.002018, abs=1e-6)
    assert standard_error(Pools(size=10, tested=500, positive=10)) == pytest.approx(
        6.38e-4, abs=1e-6
    )


@given(
    size=st.integers(2, 20),
    parts=st.lists(st.tuples(st.integers(1, 80), st.integers(0, 80)), min_size=2, max_size=3),
)
def test_pools_of_one_size_delivered_apart_are_as_together(
    size: int, parts: list[tuple[int, int]]
) -> None:
    pools = [Pools(size=size, tested=n, positive=min(x, n)) for n, x in parts]
    whole = Pools(
        size=size,
        tested=sum(one.tested for one in pools),
        positive=sum(one.positive for one in pools),
    )
    assert prevalence(pools) == prevalence([whole])


@given(data=st.data())
def test_several_sizes_solve_their_equation_and_lie_in_their_interval(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 20), min_size=2, max_size=4, unique=True))
    pools = []
    for size in sizes:
        tested = data.draw(st.integers(1, 200))
        pools.append(Pools(size=size, tested=tested, positive=data.draw(st.integers(0, tested))))
    assume(any(one.positive for one in pools))
    assume(any(one.positive < one.tested for one in pools))
    found = prevalence(pools)
    assert found is not None
    assert found.estimate is not None
    p = found.estimate
    seen = sum(one.positive * one.size / (1 - (1 - p) ** one.size) for one in pools)
    assert seen == pytest.approx(sum(one.tested * one.size for one in pools), rel=1e-6)
    assert 0 <= found.low <= p <= found.high <= 1


def test_what_cannot_be_estimated_is_not() -> None:
    assert prevalence([]) is None
    assert prevalence([Pools(size=5, tested=0, positive=0)]) is None
    every = prevalence([Pools(size=5, tested=3, positive=3), Pools(size=10, tested=4, positive=4)])
    assert every is not None
    assert every.estimate is None
    assert every.high == 1.0
    nobody = prevalence(
        [Pools(size=5, tested=30, positive=0), Pools(size=10, tested=40, positive=0)]
    )
    assert nobody is not None
    assert (nobody.estimate, nobody.low) == (0.0, 0.0)
    # Of 550 people none: the likelihood ratio's end.
    assert nobody.high == pytest.approx(1 - math.exp(-3.841459 / 2 / 550), abs=1e-6)
    with pytest.raises(ValueError, match="4 of 3"):
        Pools(size=5, tested=3, positive=4)


def test_pools_find_the_share_that_made_them() -> None:
    chance = np.random.default_rng(7)
    truth, pools = 0.03, []
    for size in (5, 10):
        positive = int((chance.random((20_000, size)) < truth).any(axis=1).sum())
        pools.append(Pools(size=size, tested=20_000, positive=positive))
    found = prevalence(pools)
    assert found is not None
    assert found.low < truth < found.high
    assert found.high - found.low < 0.002


# --- delays -------------------------------------------------------------------------------------

CODES = [code for code, (_, high) in DELAY_BINS.items() if high is not None]


def kaplan_meier(samples: list[tuple[float, bool]], hour: float) -> float:
    """The share back by an hour, from single samples: (hours, whether it came back)."""
    left = 1.0
    for time in sorted({t for t, back in samples if back and t <= hour}):
        at_risk = sum(1 for t, back in samples if t >= time)
        left *= 1 - sum(1 for t, back in samples if back and t == time) / at_risk
    return 1 - left


@given(
    days=st.lists(
        st.tuples(
            st.integers(0, 6),
            st.dictionaries(st.sampled_from(CODES[:40]), st.integers(1, 9), max_size=8),
            st.integers(0, 9),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_the_curve_is_kaplan_and_meier_s_from_single_samples(
    days: list[tuple[int, dict[str, int], int]],
) -> None:
    collected = [
        Collected(age_days=age, collected=sum(back.values()) + waiting, returned=back)
        for age, back, waiting in days
    ]
    single = [
        (float(DELAY_BINS[code][1] or 0), True)
        for _, back, _ in days
        for code, count in back.items()
        for _ in range(count)
    ]
    single += [(age * 24.0, False) for age, _, waiting in days for _ in range(waiting)]
    found = curve(collected)
    longest = max((hour for hour, _ in single), default=0.0)
    for hour, done in zip(found.hours, found.done, strict=True):
        assert hour <= longest or done == pytest.approx(1.0)
        assert done == pytest.approx(kaplan_meier(single, hour), abs=1e-9)
    assert found.counted == sum(one.collected for one in collected)
    assert found.waiting == sum(waiting for _, _, waiting in days)


def test_when_all_are_back_all_later_hours_know_it() -> None:
    found = curve([Collected(age_days=1, collected=2, returned={"003-004": 2})])
    assert found.share_by(3) == 0.0
    assert found.share_by(48) == pytest.approx(1.0)


def test_without_anybody_waiting_it_is_the_plain_share() -> None:
    found = curve([Collected(age_days=3, collected=4, returned={"005-006": 3, "030-032": 1})])
    assert found.share_by(24) == pytest.approx(0.75)
    assert found.quantile(0.5) == pytest.approx(5 + 0.5 / 0.75)
    assert found.quantile(0.9) == pytest.approx(30 + 2 * 0.15 / 0.25)


def test_those_awaited_make_it_slower_and_a_share_not_reached_is_not_told() -> None:
    back = {"005-006": 50.0}
    found = curve([Collected(age_days=3, collected=100.0, returned=back)])
    assert found.share_by(48) == pytest.approx(0.5)
    assert found.quantile(0.9) is None
    assert curve([]).share_by(24) is None
    assert curve([Collected(age_days=3, collected=1.0, returned={"005-006": 2.0})]).waiting == 0.0
