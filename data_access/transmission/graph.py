"""Chains of infection as a graph: components, degrees, generations. Pure Polars and NumPy.

Nodes are cases; a link goes from the infector to whom they infected. A case may have several
possible infectors, and an infector may be missing from the list of cases.
"""

import numpy as np
import polars as pl

CHAIN_SCHEMA: dict[str, type[pl.DataType]] = {
    "case": pl.String,
    "listed": pl.Boolean,
    "chain": pl.String,
    "chain_size": pl.Int64,
    "n_infected": pl.Int64,
    "n_infectors": pl.Int64,
    "generation": pl.Int64,
}


def chains(cases: pl.Series, links: pl.DataFrame) -> pl.DataFrame:
    """Return where each case stands in its chain of infection.

    Shape: cases (String, distinct); links: infector, infected (String). Out: CHAIN_SCHEMA, one row
        per case and per infector or infected who is no listed case, sorted by case. `chain` is the
        first case of the chain in order of name, `n_infected` and `n_infectors` count different
        cases; a case linked to itself is not counted.
    Method: chains are the connected components, whatever the direction. A case without a known
        infector is generation 0; any other is one more than the earliest of its infectors; null
        where infectors only lead in a circle.
    """
    pairs = links.select("infector", "infected").drop_nulls().unique()
    pairs = pairs.filter(pl.col("infector") != pl.col("infected"))
    named = pl.concat([cases.cast(pl.String).rename("case"), *_ends(pairs)]).unique().sort()
    number = pl.DataFrame({"case": named}).with_row_index("node")
    source = _numbered(pairs["infector"], number)
    target = _numbered(pairs["infected"], number)
    chain = _components(len(named), source, target)
    return pl.DataFrame(
        {
            "case": named,
            "listed": named.is_in(cases.cast(pl.String).implode()),
            "chain": named.gather(pl.Series(chain)),
            "chain_size": np.bincount(chain, minlength=len(named))[chain],
            "n_infected": np.bincount(source, minlength=len(named)),
            "n_infectors": np.bincount(target, minlength=len(named)),
            "generation": _generations(len(named), source, target),
        },
        schema_overrides=CHAIN_SCHEMA,
    )


def _ends(pairs: pl.DataFrame) -> list[pl.Series]:
    return [pairs[name].rename("case") for name in ("infector", "infected")]


def _numbered(names: pl.Series, number: pl.DataFrame) -> np.ndarray:
    found = names.rename("case").to_frame().join(
        number, on="case", how="left", maintain_order="left"
    )  # fmt: skip
    numbers: np.ndarray = found["node"].to_numpy().astype(np.int64)
    return numbers


def _components(n: int, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the smallest node of each node's component: labels spread until none moves."""
    label = np.arange(n)
    while True:
        lowest = np.minimum(label[source], label[target])
        before = label.copy()
        # Hooking the label's own node as well makes whole trees move in one round.
        for end in (source, target):
            np.minimum.at(label, end, lowest)
            np.minimum.at(label, before[end], lowest)
        label = label[label]
        if np.array_equal(label, before):
            return label


def _generations(n: int, source: np.ndarray, target: np.ndarray) -> pl.Series:
    """Return the generation (Int64) of each node; null where no first case leads to it."""
    order = np.argsort(source, kind="stable")
    heads, tails = source[order], target[order]
    first = np.searchsorted(heads, np.arange(n + 1))
    generation = np.full(n, -1, dtype=np.int64)
    wave = np.flatnonzero(np.bincount(target, minlength=n) == 0)
    depth = 0
    while wave.size:
        generation[wave] = depth
        reached = tails[_runs(first[wave], first[wave + 1])]
        wave = np.unique(reached[generation[reached] < 0])
        depth += 1
    return pl.Series("generation", generation).replace(-1, None)


def _runs(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the positions of all the runs start..end-1, one after the other."""
    length = end - start
    before = np.concatenate(([0], np.cumsum(length)[:-1]))
    positions: np.ndarray = np.arange(length.sum()) + np.repeat(start - before, length)
    return positions
