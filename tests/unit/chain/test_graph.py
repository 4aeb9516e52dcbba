"""Clusters and generations against networkx; intervals, rates and shares by hand."""

from datetime import date

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.chain.graph import (
    chains,
    edges_of,
    make_graph,
    secondary_attack_rate,
    serial_intervals,
    unlinked_share,
)

Arrows = list[tuple[str, str]]


def graph_of(ids: list[str], arrows: Arrows):
    edges = pl.DataFrame(
        arrows, schema={"infector": pl.String, "infectee": pl.String}, orient="row"
    )
    return make_graph(pl.Series(ids, dtype=pl.String), edges)


def by_networkx(ids: list[str], arrows: Arrows) -> dict[str, tuple[object, ...]]:
    """Component (as a set), size, degrees, generation, whether on a circle."""
    graph = nx.DiGraph()
    graph.add_nodes_from(ids)
    graph.add_edges_from((a, b) for a, b in arrows if a in ids and b in ids and a != b)
    roots = [n for n, degree in graph.in_degree() if degree == 0]
    depth = nx.multi_source_dijkstra_path_length(graph, roots) if roots else {}
    circles = {n for c in nx.strongly_connected_components(graph) if len(c) > 1 for n in c}
    held: dict[str, tuple[object, ...]] = {}
    for part in nx.weakly_connected_components(graph):
        first = min(part, key=ids.index)
        for n in part:
            held[n] = (ids.index(first), len(part), graph.out_degree(n), graph.in_degree(n),
                       depth.get(n), n in circles)  # fmt: skip
    return held


IDS = [f"c{n}" for n in range(12)]
arrows_of = st.lists(
    st.tuples(st.sampled_from([*IDS, "stranger"]), st.sampled_from([*IDS, "stranger"])),
    max_size=20,
)


@given(arrows=arrows_of)
def test_chains_are_those_that_networkx_finds(arrows: Arrows) -> None:
    found = chains(graph_of(IDS, arrows))
    assert {row[0]: row[1:] for row in found.iter_rows()} == by_networkx(IDS, arrows)


def test_no_cases_no_chains() -> None:
    assert chains(graph_of([], [])).is_empty()


def test_what_is_left_out_is_counted() -> None:
    graph = graph_of(["a", "b"], [("a", "b"), ("a", "b"), ("x", "b"), ("a", "y"), ("b", "b")])
    assert (graph.n_unknown, graph.n_loops) == (2, 1)
    assert list(zip(graph.infectors, graph.infectees, strict=True)) == [(0, 1)]


def test_arrows_come_from_named_infectors_and_from_contacts() -> None:
    cases = pl.DataFrame(
        {
            "case_id": ["A", "B", "C", "D"],
            "infector_id": [None, "A", "A| B", None],
            "person_ref": ["an", "bao", None, "dung"],
        }
    )
    contacts = pl.DataFrame(
        {
            "index_case_id": ["A", "B", "C", "A"],
            "person_ref": ["bao", "dung", "dung", "nobody's case"],
            "class": ["F1", "F1", "F2", "F1"],
        }
    )
    pairs = list(edges_of(cases, contacts).iter_rows())
    assert pairs == [("A", "B"), ("A", "C"), ("B", "C"), ("B", "D")]


def test_serial_intervals_may_be_negative() -> None:
    onsets = pl.DataFrame(
        {"case_id": ["a", "b", "c"], "onset_date": [date(2021, 8, 5), date(2021, 8, 3), None]}
    )
    found = serial_intervals(graph_of(["a", "b", "c"], [("a", "b"), ("b", "c")]), onsets)
    assert list(found.iter_rows()) == [("a", "b", -2)]


def test_secondary_attack_rate_by_setting() -> None:
    met = date(2021, 8, 1)
    contacts = pl.DataFrame(
        {
            "person_ref": ["p1", "p1", "p2", "p3", "p4", None, "p5"],
            "index_case_id": ["A"] * 7,
            "class": ["F1"] * 6 + ["F2"],
            "setting": ["cho", "cho", "cho", "truong", None, "cho", "cho"],
            "exposed_on": [date(2021, 7, 1), met, met, met, met, met, met],
        }
    )
    cases = pl.DataFrame(
        {
            "case_id": ["B", "C", "D"],
            "person_ref": ["p1", "p3", "p4"],
            "case_day": [date(2021, 8, 15), date(2021, 8, 16), date(2021, 8, 1)],
        }
    )
    # p1 on the last day of the fortnight, p3 a day too late, p4 on the day itself.
    assert list(secondary_attack_rate(contacts, cases).iter_rows()) == [
        ("cho", 2, 1, 0.5),
        ("truong", 1, 0, 0.0),
        ("unknown", 1, 1, 1.0),
    ]


def test_unlinked_share_leaves_out_who_came_from_abroad() -> None:
    found = chains(graph_of(["a", "b", "c", "d"], [("a", "b")]))
    assert unlinked_share(found, imported=pl.Series(["a"])) == pytest.approx(2 / 3)
    assert unlinked_share(found, imported=pl.Series(["a", "b", "c", "d"])) is None


def test_a_forest_of_many_cases_has_the_depths_it_was_grown_with() -> None:
    rng, n = np.random.default_rng(7), 50_000
    parents = [int(rng.integers(0, child)) for child in range(1, n)]
    roots = set(range(0, n, 1000))
    depth, tree = [0] * n, list(range(n))
    for child, parent in enumerate(parents, start=1):
        if child not in roots:
            depth[child], tree[child] = depth[parent] + 1, tree[parent]
    ids = [str(number) for number in range(n)]
    pairs = [(str(p), str(c)) for c, p in enumerate(parents, start=1) if c not in roots]
    found = chains(graph_of(ids, pairs))
    assert found["generation"].to_list() == depth
    assert found["component"].to_list() == tree
