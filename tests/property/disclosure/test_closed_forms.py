"""What the closed forms withhold is safe from an attacker who solves the whole system.

Rows of districts, running totals along them, and breakdowns of both: days × districts × codes in
one system of equations, with every total of the province.
"""

from collections.abc import Hashable

import numpy as np
import pytest

from data_access.disclosure.rows import Checked, hidden_breakdowns, hidden_in_rows, is_small
from data_access.disclosure.running import Flows, hidden_totals
from tests.property.disclosure.attacker import Equation, leaks, total

SEED = 2686
K, K_CODE = 5, 10


def drawn(rng: np.random.Generator, n_days: int, n_parts: int) -> np.ndarray:
    usual = rng.choice([0.5, 3.0, 8.0, 30.0], n_parts)
    return rng.poisson(usual, (n_days, n_parts)).astype(float)


@pytest.mark.parametrize("number", range(60))
def test_rows_and_running_totals_do_not_leak(number: int) -> None:
    rng = np.random.default_rng(SEED + number)
    n_days, n_parts = int(rng.integers(3, 9)), int(rng.integers(3, 8))
    values = drawn(rng, n_days, n_parts)
    group = np.zeros(n_parts, dtype=np.int64)
    small = is_small(values, K)
    nothing = np.zeros_like(small)
    hidden = hidden_in_rows(values, small, nothing, group=group, threshold=K)
    flows = Flows(values=values, hidden=hidden, small=small, group=group, threshold=K)
    sums = values.cumsum(axis=0)
    kept = hidden_totals(flows, sums)
    known: dict[Hashable, float] = {}
    always: dict[Hashable, float] = {}
    equations: list[Equation] = []
    for day in range(n_days):
        always["p", day], always["p+", day] = values[day].sum(), sums[day].sum()
        for mark, shown in (("", ~hidden), ("+", ~kept)):
            equations.append(total(("p" + mark, day), [(i, mark, day) for i in range(n_parts)]))
            counts = values if not mark else sums
            known |= {(i, mark, day): counts[day, i] for i in range(n_parts) if shown[day, i]}
        for i in range(n_parts):
            past = [(i, "+", day - 1)] if day else []
            equations.append(total((i, "+", day), [*past, (i, "", day)]))
    wanted: dict[Hashable, int] = {
        (int(i), mark, int(day)): K
        for mark, counts in (("", values), ("+", sums))
        for day, i in np.argwhere(is_small(counts, K))
    }
    assert set(wanted).isdisjoint(known)
    days = {name: k for name, k in wanted.items() if not name[1]}  # type: ignore[index]
    assert leaks(known | always, always, equations, days) == []
    # The days are told first: a running total may be anything that they leave.
    of_days = {name: v for name, v in known.items() if not name[1]}  # type: ignore[index]
    assert leaks(known | always, always | of_days, equations, wanted) == []


def test_a_running_total_is_told_again_when_many_share_the_uncertainty() -> None:
    """Otherwise the closed form would be safe by withholding everything for ever."""
    values = np.array([[3, 2, 4, 90], [3, 4, 3, 80], [30, 20, 9, 70.0]])
    group = np.zeros(4, dtype=np.int64)
    small = is_small(values, K)
    flows = Flows(values=values, hidden=small, small=small, group=group, threshold=K)
    kept = hidden_totals(flows, values.cumsum(axis=0))
    assert kept[0, :3].all()
    assert not kept[:, 3].any()
    # The largest of the three is told from the second day on; of two the sum alone stays known.
    assert not kept[1:, 2].any()
    assert kept[1:, :2].all()


@pytest.mark.parametrize("number", range(60))
def test_breakdowns_do_not_leak(number: int) -> None:
    """Totals first, breakdowns under them: the interval of a code is cut by its own total."""
    rng = np.random.default_rng(SEED + number)
    n_parts, n_codes = int(rng.integers(2, 7)), int(rng.integers(1, 5))
    values = rng.poisson(rng.choice([0.5, 3, 9, 30], (n_parts, n_codes))).astype(float)[None]
    sums = values.sum(axis=2)
    group = np.zeros(n_parts, dtype=np.int64)
    few = is_small(sums, K)
    hidden = hidden_in_rows(sums, few, np.zeros_like(few), group=group, threshold=K)
    rest = (sums * hidden).sum()
    checked = Checked(
        small=is_small(values, K_CODE),
        most=np.where(hidden, rest, sums),
        least=np.where(hidden, 0.0, sums),
        owner=np.arange(n_parts),
    )
    forced = checked.small.any(axis=2) | hidden
    apart = hidden_breakdowns(values, forced, checked, group=group, threshold=K_CODE)
    cells = {(i, c): values[0, i, c] for i in range(n_parts) for c in range(n_codes)}
    always: dict[Hashable, float] = {("p", c): values[0, :, c].sum() for c in range(n_codes)}
    always["p"] = sums.sum()
    totals_told: dict[Hashable, float] = {i: sums[0, i] for i in range(n_parts) if not hidden[0, i]}
    known = always | totals_told | {(i, c): v for (i, c), v in cells.items() if not apart[0, i]}
    equations: list[Equation] = [
        total("p", range(n_parts)),
        *[total(("p", c), [(i, c) for i in range(n_parts)]) for c in range(n_codes)],
        *[total(i, [(i, c) for c in range(n_codes)]) for i in range(n_parts)],
    ]
    totals_small: dict[Hashable, int] = {int(i): K for i in np.flatnonzero(few[0])}
    codes_small: dict[Hashable, int] = {name: K_CODE for name, v in cells.items() if 0 < v < K_CODE}
    assert leaks(known, always, equations, totals_small) == []
    assert leaks(known, always | totals_told, equations, codes_small) == []
