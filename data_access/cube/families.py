"""Sources that complement each other. Pure.

Sixty-three provinces that deliver under sixty-three names are one picture of the nation; two
sources that both count a province are two pictures of it, and are never mixed.
"""

from collections.abc import Iterator

import polars as pl

from data_access.cube.view import CubeView

FAMILY_SCHEMA: dict[str, type[pl.DataType]] = {
    "source_id": pl.Int32,
    "rank": pl.Int8,
    "vintage": pl.String,
    "family": pl.Int32,
    "family_order": pl.Int32,
}
_Held = tuple[int, int, frozenset[int]]  # source, precedence, areas


def in_order(sources: pl.DataFrame) -> pl.DataFrame:
    """Return source_id and source_order (0 = preferred): precedence, then name, records first."""
    return (
        sources.sort("precedence", "source", "origin")
        .select("source_id")
        .with_row_index("source_order")
        .with_columns(pl.col("source_order").cast(pl.Int32))
    )


def families(
    view: CubeView, keys: tuple[str, ...], *, sources: tuple[int, ...] | None = None
) -> pl.DataFrame:
    """Return the family of each source at each level and vintage: columns of FAMILY_SCHEMA.

    Method: in order of precedence and name, a source joins the first family of its precedence
        with which it shares no area over the whole history in view, else it founds one. A family
        stands where its founder does (`family_order`). Breakdowns do not matter.

    Args:
        view: what is known; areas of every viewer count, so that all see the same families.
        keys: measures whose areas count together (a stock's flows).
        sources: only these; None: all.
    """
    place = ("families", view.state.version(*keys), keys, sources)
    return view.kept.of(place, lambda: _families(view, keys, sources=sources))


def _families(
    view: CubeView, keys: tuple[str, ...], *, sources: tuple[int, ...] | None
) -> pl.DataFrame:
    holdings = pl.concat([view.holdings(key) for key in keys])
    if sources is not None:
        wanted = pl.Series(list(sources), dtype=pl.Int32).implode()
        holdings = holdings.filter(pl.col("source_id").is_in(wanted))
    return _grouped(holdings, view.catalogue.sources)


def _grouped(holdings: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    order = in_order(sources)
    orders = dict(order.select("source_id", "source_order").iter_rows())
    held = (
        holdings.group_by("rank", "vintage", "source_id")
        .agg(pl.col("area_id").unique())
        .join(sources.select("source_id", "precedence"), on="source_id", how="inner")
        .join(order, on="source_id", how="inner")
        .sort("rank", "vintage", "source_order")
    )
    rows: list[tuple[int, int, str, int, int]] = []
    first = 0
    for (rank, vintage), group in held.partition_by(["rank", "vintage"], as_dict=True).items():
        found = group.select("source_id", "precedence", "area_id").iter_rows()
        members = [(source, rank_, frozenset(areas)) for source, rank_, areas in found]
        for number, founder, source in _joined(members):
            rows.append((source, int(str(rank)), str(vintage), first + number, orders[founder]))
        first = 1 + max(row[3] for row in rows)
    return pl.DataFrame(rows, schema=FAMILY_SCHEMA, orient="row")


def _joined(members: list[_Held]) -> Iterator[tuple[int, int, int]]:
    """Yield (number of the family, its founder, source) of each source, in the order given."""
    found: list[tuple[int, int, set[int]]] = []  # founder, precedence, areas
    for source, precedence, areas in members:
        for number, (founder, rank, taken) in enumerate(found):
            if rank == precedence and taken.isdisjoint(areas):
                taken.update(areas)
                yield number, founder, source
                break
        else:
            found.append((source, precedence, set(areas)))
            yield len(found) - 1, source, source
