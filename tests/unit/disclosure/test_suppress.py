"""Small tables whose answer can be worked out by hand, and the optimum by trying everything."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from data_access.disclosure.attack import bounds
from data_access.disclosure.suppress import protection, suppress
from data_access.disclosure.tables import Builder, Table, hierarchy

RNG = 20210902


def row(*values: float, threshold: int = 5, always: bool = True) -> Table:
    """Districts of one province, and its total."""
    builder = Builder()
    builder.cell("total", sum(values), always=always)
    for number, value in enumerate(values):
        builder.cell(number, value, threshold=threshold)
    builder.sum("total", list(range(len(values))))
    return builder.table()


def hidden(table: Table) -> set[object]:
    outcome = suppress(table)
    return {table.names[at] for at in np.flatnonzero(outcome.withheld)}


def test_a_single_small_cell_takes_the_smallest_large_one_with_it() -> None:
    assert hidden(row(3, 40, 12, 0)) == {0, 2}


def test_two_small_cells_that_leave_each_other_room_need_no_third() -> None:
    assert hidden(row(3, 2, 40, 0)) == {0, 1}


def test_two_small_cells_that_bound_each_other_take_a_third() -> None:
    # 1 + 1 = 2: neither could be 3 or 4.
    assert hidden(row(1, 1, 40, 6)) == {0, 1, 3}


def test_a_zero_hides_the_only_count_of_a_total_that_is_always_told() -> None:
    found = hidden(row(3, 0, 0))
    assert 0 in found
    assert len(found) == 2


def test_nothing_small_nothing_withheld() -> None:
    assert hidden(row(0, 0, 7, 5)) == set()


def test_an_only_part_is_exposed_by_its_whole() -> None:
    table = row(3)
    outcome = suppress(table)
    assert [table.names[at] for at in outcome.exposed] == [0]


def test_a_cell_everybody_knows_is_no_cover() -> None:
    builder = Builder()
    builder.cell("total", 15, always=True)
    builder.cell("small", 3, threshold=5)
    builder.cell("cannot occur", 0, threshold=5, always=True)
    builder.cell("large", 12, threshold=5)
    builder.sum("total", ["small", "cannot occur", "large"])
    assert hidden(builder.table()) == {"small", "large"}


def test_withheld_before_stays_withheld() -> None:
    builder = Builder()
    builder.cell("total", 60, always=True)
    builder.cell("a", 20, threshold=5, withheld_before=True)
    builder.cell("b", 40, threshold=5)
    builder.sum("total", ["a", "b"])
    assert "a" in hidden(builder.table())


def test_sums_that_do_not_hold_are_refused() -> None:
    builder = Builder()
    builder.cell("total", 9)
    builder.cell("part", 3, threshold=5)
    builder.sum("total", ["part"])
    with pytest.raises(ArithmeticError):
        suppress(builder.table())


def holds(table: Table, withheld: np.ndarray) -> bool:
    """Return whether every small cell keeps its interval: the definition, with its own program."""
    wanted = protection(table)
    free = np.flatnonzero(withheld)
    for place, cell in enumerate(wanted.cells):
        if cell not in free:
            return False
        goal = np.where(free == cell, 1.0, 0.0)
        dense = table.sums.toarray()
        known = -(dense @ np.where(withheld, 0.0, table.values))
        ends = [
            linprog(sign * goal, A_eq=dense[:, free], b_eq=known, bounds=(0, None), method="highs")
            for sign in (1, -1)
        ]
        low = ends[0].fun
        high = -ends[1].fun if ends[1].status == 0 else np.inf
        if low > wanted.low[place] + 1e-6 or high < wanted.high[place] - 1e-6:
            return False
    return True


def fewest(table: Table) -> int:
    """Return the number of cells withheld at best, by trying all sets, small ones first."""
    must = table.small
    others = np.flatnonzero(~must & ~table.always)
    for n_more in range(others.size + 1):
        for more in combinations(others, n_more):
            tried = must.copy()
            tried[list(more)] = True
            if holds(table, tried):
                return int(tried.sum())
    raise AssertionError("withholding everything protects by definition")


@pytest.mark.parametrize("number", range(25))
def test_small_tables_withhold_no_more_than_twice_the_fewest(number: int) -> None:
    rng = np.random.default_rng(RNG + number)
    areas, codes = int(rng.integers(2, 4)), int(rng.integers(1, 3))
    values = {
        (f"d{area}", f"c{code}"): float(rng.choice([0, 1, 2, 4, 6, 15]))
        for area in range(areas)
        for code in range(codes)
    }
    parents = {f"d{area}": "p" for area in range(areas)} | {"p": "n"}
    always = frozenset(
        {("n", ""), ("p", "")} | {(one, f"c{c}") for one in "np" for c in range(codes)}
    )
    table = hierarchy(values, parents=parents, always=always,
                      thresholds={(True, False): 5, (True, True): 10,
                                  (False, False): 0, (False, True): 0})  # fmt: skip
    outcome = suppress(table)
    assert holds(table, outcome.withheld)
    assert int(outcome.withheld.sum()) <= 2 * fewest(table)


def test_bounds_of_a_row_are_what_the_others_leave() -> None:
    table = row(3, 4, 10)
    withheld = np.array([False, True, True, False])
    assert bounds(table, withheld).tolist() == [[17, 17], [0, 7], [0, 7], [10, 10]]
