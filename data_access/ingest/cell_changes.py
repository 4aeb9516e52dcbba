"""Gathers what the parts of one file change in cells, so that memory grows with the cells alone."""

from collections.abc import Iterator
from datetime import date

import polars as pl

CELLS_AT_ONCE = 250_000
"""Changes that are handed on together; more of them go month by month."""

_KEY = ("known_at", "measure", "day", "area_id", "dims")
_WORDS = ("measure", "dims")
_MOST_PARTS = 4


class CellChanges:
    """Signed changes of cells, kept by month and with numbers for their words.

    A month is summed by itself: what a sum needs besides its result is never more than a month's.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._months: dict[date, list[pl.DataFrame]] = {}
        self._numbered = pl.Categorical(pl.Categories.random())

    def add(self, changes: pl.DataFrame) -> None:
        """Add changes: known_at, measure, day, area_id, dims, value, n; a cell may come again."""
        if changes.is_empty():
            return
        coded = changes.with_columns(
            pl.col(_WORDS).cast(self._numbered), _month=pl.col("day").dt.truncate("1mo")
        )
        for (month,), part in coded.partition_by("_month", as_dict=True, include_key=False).items():
            held = self._months.setdefault(month, [])
            held.append(part)
            if len(held) > _MOST_PARTS:
                self._months[month] = [_summed(held)]

    def parts(self) -> Iterator[pl.DataFrame]:
        """Yield all changes and let go of them; each cell and moment once, without empty changes.

        Few changes come together, many month by month, so that memory holds one month's words.
        """
        n_held = sum(part.height for held in self._months.values() for part in held)
        if n_held <= CELLS_AT_ONCE:
            everything = [part for held in self._months.values() for part in held]
            self._months = {}
            if everything:
                yield self._spelled(everything)
        for month in sorted(self._months):
            yield self._spelled(self._months.pop(month))

    def _spelled(self, held: list[pl.DataFrame]) -> pl.DataFrame:
        return _summed(held).with_columns(pl.col(_WORDS).cast(pl.String))


def _summed(held: list[pl.DataFrame]) -> pl.DataFrame:
    if len(held) == 1:
        return held[0]
    return (
        pl.concat(held)
        .group_by(_KEY)
        .agg(pl.col("value").sum(), pl.col("n").sum())
        .filter((pl.col("value") != 0) | (pl.col("n") != 0))
    )
