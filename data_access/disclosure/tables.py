"""Linked tables of counts: cells, and which of them add up to which. Pure.

A table is a list of cells and of sums. A hierarchy of areas, a breakdown, a running total and a
second bulletin are all the same here: further cells, tied by further sums, so that tables that
share a margin are one table.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Name = Hashable


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Cells and the sums that hold between them.

    Attributes:
        names: what each cell is, each once.
        values: true values, n cells.
        thresholds: smallest count that may be told, n cells; 0: any.
        always: cells that are published whatever happens (totals of provinces), or that everybody
            knows (what was published before and has not changed since, what cannot occur).
        sums: coefficients, one row per equation `row · values = 0`.
        withheld_before: cells that an earlier bulletin withheld and this one withholds, too.
    """

    names: tuple[Name, ...]
    values: Floats
    thresholds: NDArray[np.int64]
    always: Bools
    sums: csr_array
    withheld_before: Bools = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.names)

    @property
    def small(self) -> Bools:
        """Which cells are to be withheld by themselves: not zero, and below the threshold."""
        found: Bools = (self.values != 0) & (self.values < self.thresholds) & ~self.always
        return found

    @property
    def sticky(self) -> Bools:
        """Which cells an earlier bulletin withheld."""
        return self.withheld_before if self.withheld_before.size else np.zeros(self.n, dtype=bool)


class Builder:
    """Collects cells and sums of a table."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._at: dict[Name, int] = {}
        self._values: list[float] = []
        self._thresholds: list[int] = []
        self._always: list[bool] = []
        self._before: list[bool] = []
        self._rows: list[dict[int, float]] = []

    def cell(
        self, name: Name, value: float, *, threshold: int = 0, always: bool = False,
        withheld_before: bool = False,
    ) -> None:  # fmt: skip
        """Add a cell.

        Raises:
            ValueError: if the name is taken.
        """
        if name in self._at:
            raise ValueError(f"the cell {name!r} is there already")
        self._at[name] = len(self._values)
        self._values.append(float(value))
        self._thresholds.append(threshold)
        self._always.append(always)
        self._before.append(withheld_before)

    def sum(self, whole: Name, parts: Sequence[Name]) -> None:
        """Say that a cell is the sum of others."""
        row: dict[int, float] = {self._at[whole]: 1.0}
        for part in parts:
            row[self._at[part]] = row.get(self._at[part], 0.0) - 1.0
        self._rows.append(row)

    def difference(self, change: Name, later: Name, earlier: Name) -> None:
        """Say that a running total grew by a cell from one day to a later one."""
        self._rows.append({self._at[later]: 1.0, self._at[earlier]: -1.0, self._at[change]: -1.0})

    def table(self) -> Table:
        """Return what was collected."""
        places = [(r, c, v) for r, row in enumerate(self._rows) for c, v in row.items()]
        rows, columns, factors = zip(*places, strict=True) if places else ((), (), ())
        shape = (len(self._rows), len(self._values))
        return Table(
            names=tuple(self._at),
            values=np.array(self._values, dtype=np.float64),
            thresholds=np.array(self._thresholds, dtype=np.int64),
            always=np.array(self._always, dtype=bool),
            sums=csr_array((np.array(factors, dtype=np.float64), (rows, columns)), shape=shape),
            withheld_before=np.array(self._before, dtype=bool),
        )


def hierarchy(
    values: Mapping[tuple[str, str], float],
    *,
    parents: Mapping[str, str],
    thresholds: Mapping[tuple[bool, bool], int],
    always: frozenset[tuple[str, str]] = frozenset(),
) -> Table:
    """Return the table of areas × codes with all its totals.

    Args:
        values: (area without parts, code) → count.
        parents: area → the area that holds it, up to the top.
        thresholds: (is a part of something smaller than the top's parts, is of one code) →
            threshold, where an area is small if its parent has a parent.
        always: (area, code) published whatever happens; code empty: the total.
    """
    codes = sorted({code for _, code in values})
    areas = sorted({*parents, *parents.values()})
    children: dict[str, list[str]] = {area: [] for area in areas}
    for area, above in sorted(parents.items()):
        children[above].append(area)
    builder = Builder()

    def count(area: str, code: str) -> float:
        below = children[area]
        return sum(count(one, code) for one in below) if below else values.get((area, code), 0.0)

    for area in areas:
        is_small = parents.get(area, "") in parents
        for code in ("", *codes):
            total = sum(count(area, one) for one in codes) if not code else count(area, code)
            builder.cell((area, code), total, threshold=thresholds[is_small, bool(code)],
                         always=(area, code) in always)  # fmt: skip
    for area in areas:
        builder.sum((area, ""), [(area, code) for code in codes])
        if children[area]:
            for code in ("", *codes):
                builder.sum((area, code), [(below, code) for below in children[area]])
    return builder.table()
