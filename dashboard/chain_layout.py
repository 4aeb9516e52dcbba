"""A chain of infection laid out in time: who stands on which row. Pure: no drawing, no person.

Across is the day, down the order of the tree: a case stands left of whom it infected, the first of
them on its own row where there is room, the others below. Lines then cross no case.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from math import ceil

import polars as pl

READABLE = 500
"""Up to so many cases each is drawn; more are drawn as counts by generation and day."""
COLUMNS = 80
"""So many cases fit beside each other on one row of the widest picture."""

INSIDE, ABROAD = "from_inside", "from_abroad"
ELSEWHERE, UNKNOWN = "from_elsewhere", "from_unknown"
"""Where a case was infected: within the cluster, abroad, by a case of none or another cluster,
nobody knows."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One case.

    Attributes:
        no: its number in the cluster: 1, 2, ...
        day: onset, else the day it counts on.
        row: 0 is the top.
        generation: None where only circles lead.
        parent: number of the case drawn as its source; None: none in the cluster.
        others: numbers of further possible sources in the cluster.
        infected: how many name it as their source, anywhere.
        source: INSIDE, ABROAD, ELSEWHERE or UNKNOWN.
    """

    no: int
    day: date
    row: int
    generation: int | None
    parent: int | None
    others: tuple[int, ...]
    infected: int
    source: str


def day_of() -> pl.Expr:
    """Return the day a case is drawn on: onset, else the day it counts on."""
    return pl.coalesce("onset_date", "case_day")


def laid_out(cases: pl.DataFrame) -> tuple[Node, ...]:
    """Return the cases of a cluster in their places, from the top.

    Args:
        cases: `chain.clusters.of_cluster`.
    """
    if cases.is_empty():
        return ()
    told = cases.with_columns(day=day_of()).sort("no")
    number: dict[int, int] = dict(told.select("number", "no").iter_rows())
    days: dict[int, date] = dict(told.select("no", "day").iter_rows())
    parents = {
        no: number.get(parent) if parent is not None else None
        for no, parent in told.select("no", "parent").iter_rows()
    }
    gap = _gap(list(days.values()))
    rows = _rows(days, parents, gap=gap)
    nodes = [
        _node(row, parents[row["no"]], rows[row["no"]], number)
        for row in told.iter_rows(named=True)
    ]
    return tuple(sorted(nodes, key=lambda node: (node.row, node.day, node.no)))


def _gap(days: list[date]) -> int:
    """Return how many days two cases on one row must lie apart."""
    return max(1, ceil(((max(days) - min(days)).days + 1) / COLUMNS))


def _node(row: dict[str, object], parent: int | None, place: int, number: dict[int, int]) -> Node:
    infectors: list[int] = row["infectors"] or []  # type: ignore[assignment]
    named = tuple(number[one] for one in infectors if one in number)
    return Node(
        no=row["no"],  # type: ignore[arg-type]
        day=row["day"],  # type: ignore[arg-type]
        row=place,
        generation=row["generation"],  # type: ignore[arg-type]
        parent=parent,
        others=tuple(one for one in named if one != parent),
        infected=row["infected"],  # type: ignore[arg-type]
        source=_source(row, inside=bool(named)),
    )


def _source(row: dict[str, object], *, inside: bool) -> str:
    if inside:
        return INSIDE
    if row["is_imported"]:
        return ABROAD
    return ELSEWHERE if row["is_linked"] else UNKNOWN


def _rows(days: dict[int, date], parents: dict[int, int | None], *, gap: int) -> dict[int, int]:
    """Return the row of each case: trees first, by their day; then those that stand alone."""
    children = defaultdict(list)
    for no, parent in parents.items():
        if parent is not None:
            children[parent].append(no)
    for listed in children.values():
        listed.sort(key=lambda no: (days[no], no))
    roots = sorted((no for no, parent in parents.items() if parent is None),
                   key=lambda no: (days[no], no))  # fmt: skip
    rows: dict[int, int] = {}
    free = 0
    for root in (no for no in roots if children[no]):
        free = _tree(root, rows, children, days, free=free, gap=gap)
    _alone([no for no in roots if not children[no]], rows, days, free=free, gap=gap)
    return rows


def _tree(  # noqa: PLR0913 -- one step of the layout, split off for its own sake
    root: int,
    rows: dict[int, int],
    children: dict[int, list[int]],
    days: dict[int, date],
    *,
    free: int,
    gap: int,
) -> int:
    """Place a tree from a row on; return the next free row. No recursion: chains may be long."""
    stack: list[tuple[int, int | None]] = [(root, None)]
    while stack:
        no, same = stack.pop()
        if same is None:
            same, free = free, free + 1
        rows[no] = same
        below: list[tuple[int, int | None]] = [(child, None) for child in children[no]]
        if below and (days[below[0][0]] - days[no]).days >= gap:
            below[0] = (below[0][0], same)
        stack.extend(reversed(below))
    return free


def _alone(
    cases: list[int], rows: dict[int, int], days: dict[int, date], *, free: int, gap: int
) -> None:
    """Place cases without any line, as many on a row as fit."""
    last: list[date] = []
    for no in cases:
        place = next((n for n, day in enumerate(last) if (days[no] - day).days >= gap), len(last))
        last[place : place + 1] = [days[no]]
        rows[no] = free + place


def by_generation(cases: pl.DataFrame) -> pl.DataFrame:
    """Return the cases of a cluster counted: generation (null: circles), day, n; sorted."""
    return (
        cases.with_columns(day=day_of())
        .group_by("generation", "day")
        .agg(n=pl.len().cast(pl.Int64))
        .sort("generation", "day", nulls_last=True)
    )


def curve(cases: pl.DataFrame) -> pl.DataFrame:
    """Return the epidemic curve: day, n_onset (by onset), n_report (onset not known); each day.

    A day between the first and the last on which nobody fell ill is a zero here: the list of cases
    is known.
    """
    daily = (
        cases.with_columns(day=day_of())
        .group_by("day")
        .agg(
            n_onset=pl.col("onset_date").is_not_null().sum().cast(pl.Int64),
            n_report=pl.col("onset_date").is_null().sum().cast(pl.Int64),
        )
        .sort("day")
    )
    if daily.is_empty():
        return daily
    return daily.upsample("day", every="1d").with_columns(
        pl.col("n_onset", "n_report").fill_null(0)
    )
