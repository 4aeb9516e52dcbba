"""The attacker: what can be worked out of withheld cells by linear programming. Pure.

He knows every published cell, every sum that ties cells together, and that counts are not
negative. He takes counts for real numbers, which can only widen what he finds: where whole
numbers would tell him more, docs/disclosure.md says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from data_access.disclosure.tables import Bools, Floats, Table

TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class _System:
    """The equations of some withheld cells: `sums · unknown = known`."""

    cells: tuple[int, ...]
    sums: csr_array
    known: Floats


class Attack:
    """The attacker before one publication.

    Args:
        table: the cells and sums.
        withheld: which cells are not published.
    """

    def __init__(self, table: Table, withheld: Bools) -> None:
        """Set up the equations; solve nothing yet."""
        self._values = table.values
        self._place = {
            cell: (system, place)
            for system in _systems(table, withheld)
            for place, cell in enumerate(system.cells)
        }

    def lowest(self, cell: int) -> float:
        """Return the lowest value that a cell may have; its own, if it is published.

        Raises:
            ArithmeticError: if the solver gives up, which it does not where the sums hold.
        """
        found = self._place.get(cell)
        return float(self._values[cell]) if found is None else _end(*found, 1.0)

    def highest(self, cell: int) -> float:
        """Return the highest value that a cell may have: infinity, if nothing bounds it.

        Raises:
            ArithmeticError: as `lowest`.
        """
        found = self._place.get(cell)
        return float(self._values[cell]) if found is None else -_end(*found, -1.0)


def bounds(table: Table, withheld: Bools, *, of: Iterable[int] | None = None) -> Floats:
    """Return what the attacker can say of each cell: lowest and highest, n cells × 2.

    Args:
        table: the cells and sums.
        withheld: which cells are not published.
        of: the cells wanted, by number; the others are left at their value; None: every one.

    Raises:
        ArithmeticError: as `Attack.lowest`.
    """
    found = np.stack([table.values, table.values], axis=1)
    attack = Attack(table, withheld)
    for cell in np.flatnonzero(withheld) if of is None else of:
        found[cell] = attack.lowest(int(cell)), attack.highest(int(cell))
    return found


def _systems(table: Table, withheld: Bools) -> list[_System]:
    """Return the unknown cells in groups that no equation ties to another group."""
    unknown = np.flatnonzero(withheld)
    if not unknown.size:
        return []
    inside = csr_array(table.sums[:, unknown])
    shown = np.where(withheld, 0.0, table.values)
    known = -(table.sums @ shown)
    ties = abs(inside)
    _, group = connected_components(ties.T @ ties, directed=False)
    systems = []
    for number in range(int(group.max()) + 1):
        places = np.flatnonzero(group == number)
        part = csr_array(inside[:, places])
        rows = np.flatnonzero(np.diff(part.indptr))
        systems.append(
            _System(
                cells=tuple(int(one) for one in unknown[places]),
                sums=csr_array(part[rows]),
                known=known[rows],
            )
        )
    return systems


def _end(system: _System, place: int, sign: float) -> float:
    """Return the lowest value of `sign` times a cell."""
    if not system.known.size:
        return 0.0 if sign > 0 else -np.inf
    same_sign = (system.sums.data > 0).all() or (system.sums.data < 0).all()
    if system.known.size == 1 and same_sign:
        # One row that adds up: whatever the others leave. No program is needed.
        most = float(system.known[0] / system.sums.toarray()[0, place])
        return sign * most if len(system.cells) == 1 or sign < 0 else 0.0
    return _solved(system, place, sign)


def _solved(system: _System, place: int, sign: float) -> float:
    goal = np.zeros(len(system.cells))
    goal[place] = sign
    answer = linprog(goal, A_eq=system.sums, b_eq=system.known, bounds=(0, None), method="highs")
    if answer.status == 0:
        return float(answer.fun)
    if answer.status == 3:  # noqa: PLR2004 - the solver's word for "unbounded"
        return -np.inf
    raise ArithmeticError(f"the attacker's program has no answer: {answer.message}")
