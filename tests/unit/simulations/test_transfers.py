"""Transfers against exhaustive search and by what must always hold."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.epidemic.mobility import distances_km
from simulations.surge.transfers import Moves, Rules, transfers

FREE = Rules(fill=1.0, reserve=0.0, farthest_km=5000.0)


def ring(n: int, *, seed: int = 0) -> np.ndarray:
    points = np.random.default_rng(seed).uniform((102, 8), (109, 23), (n, 2))
    return distances_km(points[:, 0], points[:, 1])


def searched(demand, capacity, km, rules: Rules) -> tuple[int, float]:
    """(fewest unmet, fewest person-km) by trying every whole flow of every pair."""
    n = len(demand)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j and km[i, j] <= rules.farthest_km]
    holds = [int(rules.fill * c + 1e-6) for c in capacity]
    opens = [int((rules.fill - rules.reserve) * c + 1e-6) for c in capacity]
    best = (10**9, np.inf)
    for amounts in product(*(range(max(demand[i] - holds[i], 0) + 1) for i, _ in pairs)):
        out, into = [0] * n, [0] * n
        for (i, j), amount in zip(pairs, amounts, strict=True):
            out[i] += amount
            into[j] += amount
        surplus = [max(demand[i] - holds[i], 0) for i in range(n)]
        fits = all(
            out[i] <= min(surplus[i], rules.most_out)
            and (into[i] == 0 or demand[i] + into[i] <= opens[i])
            for i in range(n)
        )
        if fits:
            cost = sum(a * km[p] for p, a in zip(pairs, amounts, strict=True))
            best = min(best, (sum(surplus) - sum(out), cost))
    return best


small = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=2, max_size=3)


@settings(max_examples=60)
@given(
    small,
    st.sampled_from([0.5, 0.75, 1.0]),
    st.sampled_from([0.0, 0.25]),
    st.sampled_from([300.0, 900.0, 5000.0]),
    st.integers(0, 4),
)
def test_equals_exhaustive_search(rows, fill, reserve, farthest, most) -> None:
    demand, capacity = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    rules = Rules(fill=fill, reserve=reserve, farthest_km=farthest, most_out=most)
    km = ring(len(rows), seed=3)
    moves = transfers(demand, capacity, km, rules=rules)
    unmet, cost = searched(demand, capacity, km, rules)
    assert moves.unmet.sum() == unmet
    assert moves.person_km == pytest.approx(cost)


many = st.integers(2, 30).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 5000), min_size=n, max_size=n),
        st.lists(st.integers(0, 5000), min_size=n, max_size=n),
    )
)


@settings(max_examples=40)
@given(many)
def test_free_distance_leaves_what_the_nation_lacks(rows) -> None:
    demand, capacity = (np.array(column, dtype=np.int64) for column in rows)
    moves = transfers(demand, capacity, ring(len(demand)), rules=FREE)
    assert moves.unmet.sum() == max(0, demand.sum() - capacity.sum())
    balanced(moves, demand, capacity)


@settings(max_examples=40)
@given(many, st.floats(0.5, 1.0), st.floats(0.0, 0.4), st.floats(50, 1500), st.integers(0, 800))
def test_no_capacity_reserve_or_distance_is_exceeded(rows, fill, reserve, farthest, most) -> None:
    demand, capacity = (np.array(column, dtype=np.int64) for column in rows)
    km = ring(len(demand))
    rules = Rules(fill=fill, reserve=reserve, farthest_km=farthest, most_out=most)
    moves = transfers(demand, capacity, km, rules=rules)
    balanced(moves, demand, capacity)
    receives = moves.flow.sum(axis=0) > 0
    after = demand + moves.flow.sum(axis=0)
    assert (after[receives] <= (fill - reserve) * capacity[receives] + 1e-5).all()
    assert not moves.flow[km > farthest].any()
    assert (moves.flow.sum(axis=1) <= most).all()


def balanced(moves: Moves, demand: np.ndarray, capacity: np.ndarray) -> None:
    out, into = moves.flow.sum(axis=1), moves.flow.sum(axis=0)
    assert (moves.flow >= 0).all()
    assert (out + moves.unmet == moves.surplus).all()
    assert not (out.astype(bool) & into.astype(bool)).any()
    assert (demand - out + into - moves.unmet <= capacity).all()


@settings(max_examples=25)
@given(many, st.integers(1, 500))
def test_more_beds_never_leave_more_without(rows, more) -> None:
    demand, capacity = (np.array(column, dtype=np.int64) for column in rows)
    km, rules = ring(len(demand)), Rules(farthest_km=600.0)
    before = transfers(demand, capacity, km, rules=rules).unmet.sum()
    wider = Rules(farthest_km=900.0)
    assert transfers(demand, capacity + more, km, rules=rules).unmet.sum() <= before
    assert transfers(demand, capacity, km, rules=wider).unmet.sum() <= before


def test_the_same_question_has_the_same_answer() -> None:
    generator = np.random.default_rng(5)
    demand, capacity = generator.integers(0, 900, (2, 63))
    first, second = (transfers(demand, capacity, ring(63), rules=FREE) for _ in range(2))
    assert (first.flow == second.flow).all()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="below zero"):
        transfers(np.array([-1, 2]), np.array([1, 1]), ring(2), rules=FREE)
    with pytest.raises(ValueError, match="same provinces"):
        transfers(np.array([1, 2, 3]), np.array([1, 1]), ring(2), rules=FREE)
    with pytest.raises(ValueError, match=r"Rules\.reserve"):
        Rules(reserve=1.5)
