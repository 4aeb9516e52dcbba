"""An attacker of the tests' own: equations written out in plain Python, solved by scipy.

He shares no code with `data_access.disclosure`.
"""

from collections.abc import Hashable, Iterable, Mapping

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Equation = Mapping[Hashable, float]
SLACK = 1e-6


class Attacker:
    """Knows some values, and equations `sum of factor · value = 0`."""

    def __init__(self, known: Mapping[Hashable, float], equations: Iterable[Equation]) -> None:
        self.known = dict(known)
        self.equations = [dict(one) for one in equations]
        unknown = {name for one in self.equations for name in one if name not in self.known}
        self.at = {name: number for number, name in enumerate(sorted(unknown, key=repr))}
        matrix = np.zeros((len(self.equations), len(self.at) + 1))
        for row, one in enumerate(self.equations):
            for name, factor in one.items():
                if name in self.known:
                    matrix[row, -1] -= factor * self.known[name]
                else:
                    matrix[row, self.at[name]] += factor
        told = np.unique(matrix[matrix[:, :-1].any(axis=1)].round(9), axis=0)
        self.matrix, self.right = told[:, :-1], told[:, -1]
        ties = csr_array(self.matrix != 0)
        _, self.group = connected_components(ties.T.astype(int) @ ties.astype(int), directed=False)

    def range(self, name: Hashable) -> tuple[float, float]:
        """Return the lowest and highest value that agrees with all that is known."""
        if name in self.known:
            return self.known[name], self.known[name]
        if name not in self.at:
            return 0.0, np.inf
        found = []
        # What no equation ties to the cell cannot tell of it.
        near = np.flatnonzero(self.group == self.group[self.at[name]])
        rows = self.matrix[:, near].any(axis=1)
        for sign in (1.0, -1.0):
            goal = np.where(near == self.at[name], sign, 0.0)
            answer = linprog(
                goal,
                A_eq=csr_array(self.matrix[rows][:, near]),
                b_eq=self.right[rows],
                bounds=(0, None),
                method="highs",
            )
            if answer.status not in (0, 3):
                raise AssertionError(f"no table agrees with what is known: {answer.message}")
            found.append(sign * answer.fun if answer.status == 0 else sign * -np.inf)
        return found[0], found[1]


def total(whole: Hashable, parts: Iterable[Hashable]) -> dict[Hashable, float]:
    """Return the equation of a sum."""
    found: dict[Hashable, float] = {whole: 1.0}
    for part in parts:
        found[part] = found.get(part, 0.0) - 1.0
    return found


def leaks(
    known: Mapping[Hashable, float],
    always: Mapping[Hashable, float],
    equations: list[Equation],
    small: Mapping[Hashable, int],
    *,
    always_equations: list[Equation] | None = None,
) -> list[tuple[Hashable, tuple[float, float], tuple[float, float]]]:
    """Return the small cells that are bounded tighter than their interval.

    Args:
        known: what is published.
        always: what would be published if everything else were withheld.
        equations: what ties the cells.
        small: cell → threshold.
        always_equations: what ties the cells then, where some equations are published themselves.
    """
    now = Attacker(known, equations)
    then = Attacker(always, equations if always_equations is None else always_equations)
    found = []
    for name, threshold in small.items():
        low, high = now.range(name)
        if low <= SLACK and high >= threshold - 1.0 - SLACK:
            continue
        lowest, highest = then.range(name)
        top = min(threshold - 1.0, highest)
        bottom = max(1.0 if top > 1 else 0.0, lowest)
        if low > bottom + SLACK or high < top - SLACK:
            found.append((name, (low, high), (bottom, top)))
    return found
