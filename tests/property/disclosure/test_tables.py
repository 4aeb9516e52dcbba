"""No small cell of a linked table can be bounded tighter than its interval, by anybody's program.

Areas × breakdown × totals, running totals, tables that share a margin, and bulletins that follow
each other.
"""

from collections.abc import Hashable, Mapping

import numpy as np
import pytest

from data_access.disclosure.rows import hidden_in_rows, is_small
from data_access.disclosure.suppress import suppress
from data_access.disclosure.tables import Builder, Table, hierarchy
from tests.property.disclosure.attacker import Attacker, Equation, leaks, total

SEED = 4800
THRESHOLDS = {(True, False): 5, (True, True): 10, (False, False): 0, (False, True): 0}


def told(table: Table, withheld: np.ndarray) -> dict[Hashable, float]:
    return {
        name: float(value)
        for name, value, is_hidden in zip(table.names, table.values, withheld, strict=True)
        if not is_hidden
    }


def small_cells(table: Table) -> dict[Hashable, int]:
    return {
        name: int(k)
        for name, value, k, always in zip(
            table.names, table.values, table.thresholds, table.always, strict=True
        )
        if 0 < value < k and not always
    }


def always_told(table: Table) -> dict[Hashable, float]:
    return told(table, ~table.always)


def random_hierarchy(rng: np.random.Generator) -> tuple[Table, list[Equation]]:
    n_provinces, n_codes = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    districts = {
        f"d{p}{i}": f"p{p}" for p in range(n_provinces) for i in range(int(rng.integers(1, 5)))
    }
    parents = {**districts, **{f"p{p}": "n" for p in range(n_provinces)}}
    codes = [f"c{c}" for c in range(n_codes)]
    scale = float(rng.choice([1.5, 6.0, 40.0]))
    values = {
        (area, code): float(rng.geometric(1 / scale) - 1) * float(rng.random() > 0.3)
        for area in districts
        for code in codes
    }
    upper = sorted(set(parents.values()))
    always = frozenset((area, code) for area in upper for code in ("", *codes))
    table = hierarchy(values, parents=parents, thresholds=THRESHOLDS, always=always)
    equations: list[Equation] = [
        total((a, ""), [(a, c) for c in codes]) for a in sorted({*parents, "n"})
    ]
    for above in upper:
        below = sorted(a for a, of in parents.items() if of == above)
        equations += [total((above, c), [(a, c) for a in below]) for c in ("", *codes)]
    return table, equations


@pytest.mark.parametrize("number", range(200))
def test_no_random_hierarchy_leaks(number: int) -> None:
    table, equations = random_hierarchy(np.random.default_rng(SEED + number))
    outcome = suppress(table)
    shown = told(table, outcome.withheld)
    assert set(small_cells(table)).isdisjoint(shown)
    assert leaks(shown, always_told(table), equations, small_cells(table)) == []


# --- over time ----------------------------------------------------------------------------------


def weeks(values: Mapping[str, list[int]]) -> tuple[Table, list[Equation]]:
    """Counts of days by district, their running totals, and both of the province."""
    builder, equations = Builder(), []
    n_days = len(next(iter(values.values())))
    districts = sorted(values)
    running = {d: np.cumsum(values[d]) for d in districts}
    for day in range(n_days):
        builder.cell(("p", day), sum(values[d][day] for d in districts), always=True)
        builder.cell(("p+", day), sum(int(running[d][day]) for d in districts), always=True)
        for d in districts:
            builder.cell((d, day), values[d][day], threshold=5)
            builder.cell((d + "+", day), float(running[d][day]), threshold=5)
    for day in range(n_days):
        for mark in ("", "+"):
            builder.sum(("p" + mark, day), [(d + mark, day) for d in districts])
            equations.append(total(("p" + mark, day), [(d + mark, day) for d in districts]))
        for d in districts:
            if day:
                builder.difference((d, day), (d + "+", day), (d + "+", day - 1))
                equations.append(total((d + "+", day), [(d + "+", day - 1), (d, day)]))
            else:
                builder.sum((d + "+", 0), [(d, 0)])
                equations.append(total((d + "+", 0), [(d, 0)]))
    return builder.table(), equations


def test_differences_of_a_running_total_tell_a_cell_that_is_withheld_alone() -> None:
    table, equations = weeks({"a": [20, 3, 30], "b": [15, 18, 9], "c": [40, 50, 60]})
    alone = table.small.copy()
    assert leaks(told(table, alone), always_told(table), equations, small_cells(table))
    outcome = suppress(table)
    assert leaks(told(table, outcome.withheld), always_told(table), equations,
                 small_cells(table)) == []  # fmt: skip
    hidden = {table.names[at] for at in np.flatnonzero(outcome.withheld)}
    assert ("a", 1) in hidden
    assert hidden & {("a+", 0), ("a+", 1), ("a+", 2)}


@pytest.mark.parametrize("number", range(8))
def test_no_random_days_leak(number: int) -> None:
    rng = np.random.default_rng(SEED + number)
    values = {d: rng.poisson(rng.choice([1, 4, 12]), 4).tolist() for d in "abc"}
    table, equations = weeks(values)
    outcome = suppress(table)
    assert leaks(told(table, outcome.withheld), always_told(table), equations,
                 small_cells(table)) == []  # fmt: skip


# --- tables that share a margin -----------------------------------------------------------------


@pytest.mark.parametrize("number", range(12))
def test_tables_that_share_a_margin_do_not_tell_on_each_other(number: int) -> None:
    rng = np.random.default_rng(SEED + number)
    builder, equations, counts = Builder(), [], {}
    districts, dims = ("a", "b", "c"), {"dose": ("1", "2"), "age": ("x", "y", "z")}
    for d in districts:
        cases = int(rng.poisson(9))
        counts[d] = {
            dim: np.bincount(rng.integers(0, len(codes), cases), minlength=len(codes)).tolist()
            for dim, codes in dims.items()
        } | {"": [cases]}
    for dim, codes in {"": ("",), **dims}.items():
        for at, code in enumerate(codes):
            builder.cell(("p", dim, code), sum(counts[d][dim][at] for d in districts), always=True)
            for d in districts:
                builder.cell((d, dim, code), counts[d][dim][at], threshold=10 if dim else 5)
            parts = [(d, dim, code) for d in districts]
            builder.sum(("p", dim, code), parts)
            equations.append(total(("p", dim, code), parts))
    for dim, codes in dims.items():
        for d in (*districts, "p"):
            parts = [(d, dim, code) for code in codes]
            builder.sum((d, "", ""), parts)
            equations.append(total((d, "", ""), parts))
    table = builder.table()
    outcome = suppress(table)
    assert leaks(told(table, outcome.withheld), always_told(table), equations,
                 small_cells(table)) == []  # fmt: skip


# --- bulletins ----------------------------------------------------------------------------------


def bulletin(counts: Mapping[str, int], published: Mapping[str, int], before: set[str]) -> Table:
    """One province's day as it stands in a bulletin, with what is known of earlier ones."""
    builder = Builder()
    builder.cell("p", sum(counts.values()), always=True)
    for d, value in sorted(counts.items()):
        is_known = published.get(d) == value and d not in before
        builder.cell(d, value, threshold=5, always=is_known and not 0 < value < 5,
                     withheld_before=d in before)  # fmt: skip
    builder.sum("p", sorted(counts))
    return builder.table()


@pytest.mark.parametrize("n_bulletins", [2, 3])
@pytest.mark.parametrize("number", range(20))
def test_no_row_of_bulletins_leaks(number: int, n_bulletins: int) -> None:
    """He keeps all bulletins, and takes a value told once to hold wherever it is withheld."""
    rng = np.random.default_rng(SEED + number)
    counts = {d: int(rng.choice([0, 2, 3, 6, 11, 25])) for d in "abcdef"}
    published: dict[str, int] = {}
    before: set[str] = set()
    history: list[tuple[dict[str, int], set[str], frozenset[Hashable]]] = []
    for _ in range(n_bulletins):
        table = bulletin(counts, published, before)
        outcome = suppress(table)
        before = {str(table.names[at]) for at in np.flatnonzero(outcome.withheld)}
        fixed = frozenset(n for n, known in zip(table.names, table.always, strict=True) if known)
        history.append((dict(counts), set(before), fixed))
        published |= {d: v for d, v in counts.items() if d not in before}
        for d in rng.choice(list(counts), int(rng.integers(0, 3)), replace=False):
            counts[str(d)] = max(0, counts[str(d)] + int(rng.integers(-3, 9)))
    known, always, equations, small = joint(history)
    assert leaks(known, always, equations, small) == []


def joint(
    history: list[tuple[dict[str, int], set[str], frozenset[Hashable]]],
) -> tuple[dict[Hashable, float], dict[Hashable, float], list[Equation], dict[Hashable, int]]:
    """Return all bulletins in one system.

    A withheld cell is the same unknown in two bulletins while the withheld rest of the row is the
    same number in both; when it moved, nobody outside can say which of its cells did.
    """
    known: dict[Hashable, float] = {}
    always: dict[Hashable, float] = {}
    equations: list[Equation] = []
    small: dict[Hashable, int] = {}
    epoch, rest = 0, None
    for number, (counts, hidden, fixed) in enumerate(history):
        left = sum(counts[d] for d in hidden)
        if rest is not None and (left, hidden) != rest:
            epoch += 1
        rest = (left, hidden)
        names = {d: ("hidden", epoch, d) if d in hidden else ("told", number, d) for d in counts}
        known[number] = always[number] = float(sum(counts.values()))
        known |= {names[d]: float(counts[d]) for d in counts if d not in hidden}
        always |= {names[d]: float(counts[d]) for d in counts if d in fixed}
        equations.append(total(number, list(names.values())))
        small |= {names[d]: 5 for d in hidden if 0 < counts[d] < 5}
    return known, always, equations, small


@pytest.mark.parametrize("number", range(40))
def test_rows_in_closed_form_remember_what_was_withheld(number: int) -> None:
    """As the mask does it: it knows what was withheld before, not what was told."""
    rng = np.random.default_rng(SEED + number)
    counts = {d: int(rng.choice([0, 2, 3, 6, 11, 25])) for d in "abcdef"}
    names, hidden = sorted(counts), np.zeros((1, 6), dtype=bool)
    history: list[tuple[dict[str, int], set[str], frozenset[Hashable]]] = []
    for _ in range(3):
        values = np.array([[float(counts[d]) for d in names]])
        small = is_small(values, 5)
        group = np.zeros(6, dtype=np.int64)
        hidden = hidden_in_rows(values, small, hidden, group=group, threshold=5)
        apart = {d for d, is_hidden in zip(names, hidden[0], strict=True) if is_hidden}
        history.append((dict(counts), apart, frozenset()))
        for d in rng.choice(names, int(rng.integers(0, 3)), replace=False):
            counts[str(d)] = max(0, counts[str(d)] + int(rng.integers(-3, 9)))
    known, always, equations, few = joint(history)
    assert leaks(known, always, equations, few) == []


def test_a_cell_told_later_would_have_told_on_the_one_withheld_before() -> None:
    """Without memory, the second bulletin could hide another cell, and both would be known."""
    first = bulletin({"a": 3, "b": 9, "c": 12}, {}, set())
    hidden = {first.names[at] for at in np.flatnonzero(suppress(first).withheld)}
    assert hidden == {"a", "b"}
    second = bulletin({"a": 3, "b": 14, "c": 12}, {"c": 12}, {"a", "b"})
    kept = {second.names[at] for at in np.flatnonzero(suppress(second).withheld)}
    assert kept == {"a", "b"}
    forgotten = Attacker({"p": 29.0, "b": 14.0, "c": 12.0}, [total("p", ["a", "b", "c"])])
    assert forgotten.range("a") == (3.0, 3.0)
