"""Chains of infection against networkx, on any graph hypothesis thinks of."""

from typing import Any

import networkx as nx
import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from data_access.transmission.graph import CHAIN_SCHEMA, chains

NAMES = st.integers(0, 25).map(lambda n: f"C{n:02}")


def linked(*pairs: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        list(pairs), schema={"infector": pl.String, "infected": pl.String}, orient="row"
    )


def by_networkx(cases: list[str], pairs: list[tuple[str, str]]) -> dict[str, tuple[Any, ...]]:
    """case → (chain, size, infected, infectors, generation)."""
    pairs = [(a, b) for a, b in pairs if a != b]
    graph = nx.DiGraph()
    graph.add_nodes_from([*cases, *(name for pair in pairs for name in pair)])
    graph.add_edges_from(pairs)
    roots = [name for name, n in graph.in_degree() if n == 0]
    depth = nx.multi_source_dijkstra_path_length(graph, roots) if roots else {}
    found = {}
    for component in nx.weakly_connected_components(graph):
        for name in component:
            found[name] = (
                min(component), len(component), graph.out_degree(name), graph.in_degree(name),
                depth.get(name),
            )  # fmt: skip
    return found


def ours(found: pl.DataFrame) -> dict[str, tuple[Any, ...]]:
    columns = ("chain", "chain_size", "n_infected", "n_infectors", "generation")
    return {row["case"]: tuple(row[name] for name in columns) for row in found.to_dicts()}


@given(st.lists(NAMES, unique=True), st.lists(st.tuples(NAMES, NAMES), max_size=60))
def test_components_degrees_and_generations_equal_networkx(
    cases: list[str], pairs: list[tuple[str, str]]
) -> None:
    found = chains(pl.Series(cases, dtype=pl.String), linked(*pairs, *pairs))
    assert dict(found.schema) == CHAIN_SCHEMA
    assert ours(found) == by_networkx(cases, pairs)
    assert set(found.filter("listed")["case"]) == set(cases)
    assert found["case"].is_sorted()


def test_a_circle_without_a_first_case_has_no_generation() -> None:
    found = chains(pl.Series(["A", "B", "C"]), linked(("A", "B"), ("B", "A")))
    assert ours(found)["A"] == ("A", 2, 1, 1, None)
    assert ours(found)["C"] == ("C", 1, 0, 0, 0)


def test_nobody_and_nothing() -> None:
    assert chains(pl.Series([], dtype=pl.String), linked()).is_empty()


def test_a_long_chain_and_a_large_star_stand_as_they_are() -> None:
    n = 20_000
    chance = np.random.default_rng(5)
    order = chance.permutation(n)
    line = [(f"L{a}", f"L{b}") for a, b in zip(order, order[1:], strict=False)][:300]
    star = [("S", f"S{number}") for number in range(n)]
    found = chains(pl.Series([], dtype=pl.String), linked(*line, *star))
    assert found.filter(pl.col("case") == line[-1][1])["generation"].item() == 300
    assert found.filter(pl.col("case") == "S")["n_infected"].item() == n
    assert found["chain"].n_unique() == 2
