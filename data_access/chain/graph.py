"""Chains of infection as a graph: clusters, degrees, generations, intervals. Pure: NumPy, Polars.

Cases are points, "infected by" are arrows. A case may have several possible infectors, arrows may
run in a circle, and an infector may not be among the cases: each is named, none is hidden.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

INCUBATION_DAYS = 14
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Cases and arrows between them, by number.

    Attributes:
        ids: id of each case, in order of number.
        infectors: number of the infector of each arrow.
        infectees: number of the infected of each arrow.
        n_unknown: arrows left out because an end is not among the cases.
        n_loops: arrows left out because a case would have infected itself.
    """

    ids: pl.Series
    infectors: Numbers
    infectees: Numbers
    n_unknown: int
    n_loops: int


def edges_of(cases: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Return who may have infected whom: infector, infectee (case ids), each pair once, sorted.

    Needs: cases: case_id, infector_id (several joined by "|"), person_ref. Contacts: index_case_id,
        person_ref, class; a contact of class F1 whose person is a case was infected by the index.
    """
    named = (
        cases.select(infectee="case_id", infector=pl.col("infector_id").str.split("|"))
        .explode("infector")
        .with_columns(pl.col("infector").str.strip_chars())
        .filter(pl.col("infector") != "")
    )
    traced = (
        contacts.filter(pl.col("class") == "F1")
        .drop_nulls("person_ref")
        .join(cases.select("case_id", "person_ref").drop_nulls(), on="person_ref", how="inner")
        .select(infector="index_case_id", infectee="case_id")
    )
    both = pl.concat([named.select("infector", "infectee"), traced])
    return both.drop_nulls().unique().sort("infector", "infectee")


def make_graph(ids: pl.Series, edges: pl.DataFrame) -> Graph:
    """Return the graph of cases (distinct ids) and arrows (infector, infectee)."""
    numbered = pl.DataFrame({"id": ids}).with_row_index("number")
    placed = edges.join(
        numbered.rename({"id": "infector", "number": "a"}), on="infector", how="left"
    ).join(numbered.rename({"id": "infectee", "number": "b"}), on="infectee", how="left")
    inside = placed.drop_nulls(["a", "b"])
    arrows = inside.filter(pl.col("a") != pl.col("b")).select("a", "b").unique().sort("a", "b")
    return Graph(
        ids=ids,
        infectors=arrows["a"].to_numpy().astype(np.int64),
        infectees=arrows["b"].to_numpy().astype(np.int64),
        n_unknown=placed.height - inside.height,
        n_loops=inside.filter(pl.col("a") == pl.col("b")).height,
    )


def chains(graph: Graph) -> pl.DataFrame:
    """Return where each case stands in its chain.

    Shape: case_id, component (number of its first case), size (of the component), infected (arrows
        out), n_infectors (arrows in), generation (0: infected by nobody known; else the fewest
        steps from such a case; null: only circles lead there), in_circle; one row per case.
    Method: time grows with cases, arrows and the longest chain.
    """
    n = len(graph.ids)
    component = components(graph)
    return pl.DataFrame(
        {
            "case_id": graph.ids,
            "component": component,
            "size": np.bincount(component, minlength=n)[component] if n else component,
            "infected": np.bincount(graph.infectors, minlength=n),
            "n_infectors": np.bincount(graph.infectees, minlength=n),
            "generation": generations(graph),
            "in_circle": in_circles(graph),
        },
        schema_overrides={"generation": pl.Int64},
    ).with_columns(generation=pl.when(pl.col("generation") >= 0).then("generation"))


def components(graph: Graph) -> Numbers:
    """Return, per case, the smallest number of a case it hangs together with.

    Method: each takes the smallest number across its arrows, then that one's, until nothing moves.
    """
    root: Numbers = np.arange(len(graph.ids), dtype=np.int64)
    while True:
        a, b = root[graph.infectors], root[graph.infectees]
        apart = a != b
        if not apart.any():
            return root
        low, high = np.minimum(a, b)[apart], np.maximum(a, b)[apart]
        np.minimum.at(root, high, low)
        while (root[root] != root).any():
            root = root[root]


def generations(graph: Graph) -> Numbers:
    """Return, per case, the fewest steps from a case without infector; -1: there is none above."""
    n = len(graph.ids)
    starts, targets = _outward(graph.infectors, graph.infectees, n=n)
    depth = np.full(n, -1, dtype=np.int64)
    frontier = np.flatnonzero(np.bincount(graph.infectees, minlength=n) == 0)
    level = 0
    while frontier.size:
        depth[frontier] = level
        reached = targets[_arrows_of(frontier, starts)]
        frontier = np.unique(reached[depth[reached] < 0])
        level += 1
    return depth


def _outward(sources: Numbers, targets: Numbers, *, n: int) -> tuple[Numbers, Numbers]:
    """Return where each case's arrows begin in the list of targets, and that list."""
    order = np.argsort(sources, kind="stable")
    starts = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(sources, minlength=n), out=starts[1:])
    return starts, targets[order]


def _arrows_of(cases: Numbers, starts: Numbers) -> Numbers:
    """Return the places of all arrows of some cases."""
    counts = starts[cases + 1] - starts[cases]
    before = np.cumsum(counts) - counts
    places: Numbers = np.arange(counts.sum()) + np.repeat(starts[cases] - before, counts)
    return places


def in_circles(graph: Graph) -> npt.NDArray[np.bool_]:
    """Return which cases lie on a circle of arrows."""
    n = len(graph.ids)
    found = np.zeros(n, dtype=np.bool_)
    left = _trimmed(graph.infectors, graph.infectees, n=n)
    left &= _trimmed(graph.infectees, graph.infectors, n=n)
    inside = left[graph.infectors] & left[graph.infectees]
    starts, targets = _outward(graph.infectors[inside], graph.infectees[inside], n=n)
    for number in np.flatnonzero(left).tolist():
        # Few cases are left here: what no trimming from either end takes away.
        found[number] = _returns(number, starts, targets)
    return found


def _trimmed(sources: Numbers, targets: Numbers, *, n: int) -> npt.NDArray[np.bool_]:
    """Return what remains when cases without an arrow in are taken away, again and again."""
    starts, order = _outward(sources, targets, n=n)
    degree = np.bincount(targets, minlength=n)
    left = np.ones(n, dtype=np.bool_)
    frontier = np.flatnonzero(degree == 0)
    while frontier.size:
        left[frontier] = False
        reached = order[_arrows_of(frontier, starts)]
        np.subtract.at(degree, reached, 1)
        touched = np.unique(reached)
        frontier = touched[(degree[touched] == 0) & left[touched]]
    return left


def _returns(number: int, starts: Numbers, targets: Numbers) -> bool:
    seen: set[int] = set()
    stack = [number]
    while stack:
        one = stack.pop()
        for following in targets[starts[one] : starts[one + 1]].tolist():
            if following == number:
                return True
            if following not in seen:
                seen.add(following)
                stack.append(following)
    return False


# --- what epidemiologists read off --------------------------------------------------------------


def serial_intervals(graph: Graph, onsets: pl.DataFrame) -> pl.DataFrame:
    """Return the days from the infector's onset to the infected's, which may be negative.

    Shape: infector, infectee, days (Int64); one row per arrow with both onsets known.
    Needs: onsets: case_id, onset_date (Date, null where unknown).
    """
    known = onsets.drop_nulls("onset_date").select("case_id", "onset_date")
    arrows = pl.DataFrame(
        {"infector": graph.ids.gather(graph.infectors),
         "infectee": graph.ids.gather(graph.infectees)}
    )  # fmt: skip
    return (
        arrows.join(known, left_on="infector", right_on="case_id")
        .join(known, left_on="infectee", right_on="case_id", suffix="_infectee")
        .select(
            "infector",
            "infectee",
            days=(pl.col("onset_date_infectee") - pl.col("onset_date")).dt.total_days(),
        )
        .sort("infector", "infectee")
    )


def secondary_attack_rate(contacts: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """Return how many of the close contacts of each setting fell ill within one incubation.

    Shape: setting ("unknown" where not told), n_contacts, n_secondary, rate; sorted by setting.
    Needs: contacts: person_ref, index_case_id, class, setting, exposed_on (Date). Cases:
        person_ref, case_id, case_day (Date).
    Method: F1 with an identity, each person once per index case, last exposure; secondary if they
        became a case on the day of exposure or within INCUBATION_DAYS after it.
    """
    close = (
        contacts.filter(pl.col("class") == "F1")
        .drop_nulls(["person_ref", "exposed_on"])
        .sort("exposed_on")
        .unique(["person_ref", "index_case_id"], keep="last", maintain_order=True)
        .with_columns(pl.col("setting").fill_null("unknown"))
    )
    fell_ill = (
        close.join(cases.drop_nulls(["person_ref", "case_day"]), on="person_ref")
        .filter(pl.col("case_id") != pl.col("index_case_id"))
        .filter(
            pl.col("case_day").is_between(
                pl.col("exposed_on"), pl.col("exposed_on").dt.offset_by(f"{INCUBATION_DAYS}d")
            )
        )
        .select("person_ref", "index_case_id")
        .unique()
        .with_columns(secondary=pl.lit(1))
    )
    joined = close.join(fell_ill, on=["person_ref", "index_case_id"], how="left")
    return (
        joined.group_by("setting")
        .agg(
            n_contacts=pl.len().cast(pl.Int64), n_secondary=pl.col("secondary").sum().cast(pl.Int64)
        )
        .with_columns(rate=pl.col("n_secondary") / pl.col("n_contacts"))
        .sort("setting")
    )


def unlinked_share(found: pl.DataFrame, *, imported: pl.Series) -> float | None:
    """Return the share of domestic cases whose infector is not known; None without any.

    Args:
        found: from `chains`.
        imported: ids of cases that came from abroad.
    """
    domestic = found.filter(~pl.col("case_id").is_in(imported.implode()))
    if domestic.is_empty():
        return None
    return domestic.filter(pl.col("n_infectors") == 0).height / domestic.height
