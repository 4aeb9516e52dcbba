"""Which further cells must be withheld, so that the small ones cannot be worked out. Pure.

Small tables are solved to the optimum as one mixed-integer program (Kelly, Golden and Assad 1992;
Fischetti and Salazar 2001); larger ones cell by cell along the cheapest way in which a small cell
could differ, after which each cell that turns out not to be needed is shown again. Either way an
audit by the attacker's own program has the last word. The result depends on nothing but the table.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import block_array, csr_array, diags_array, eye_array, hstack

from data_access.disclosure.attack import TOLERANCE, Attack, bounds
from data_access.disclosure.tables import Bools, Floats, Table

EXACT_CELLS = 16
"""Up to this many cells that may be withheld besides the small ones, the optimum is found."""
EXACT_PROGRAMS = 24
"""... and up to this many ways (two for each small cell) in which one must be able to differ."""
_SECONDS = 20.0
_CHEAP = 1e-4


@dataclass(frozen=True, kw_only=True, eq=False)
class Protection:
    """What an attacker must at least hold possible of each small cell.

    Attributes:
        cells: numbers of the small cells.
        low: he must not be able to exclude a value as low as this ...
        high: ... nor one as high as this.
    """

    cells: tuple[int, ...]
    low: Floats
    high: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What is withheld of a table.

    Attributes:
        withheld: the cells that are not published.
        protection: what holds of the small ones.
        exposed: small cells whose value follows from what is always published, whatever is done.
    """

    withheld: Bools
    protection: Protection
    exposed: tuple[int, ...]


def protection(table: Table) -> Protection:
    """Return the protection interval of every small cell.

    It is [1, k - 1], k the threshold: the rule itself tells that much. Where the cells that are
    always published bound it tighter though all others were withheld, that bound takes its place;
    and where only 1 would be left of it, zero must be possible as well.
    """
    small = np.flatnonzero(table.small)
    widest = bounds(table, ~table.always, of=small)[small]
    high = np.minimum(table.thresholds[small] - 1.0, widest[:, 1])
    low = np.maximum(np.where(high > 1, 1.0, 0.0), widest[:, 0])
    return Protection(cells=tuple(int(one) for one in small), low=low, high=high)


def suppress(table: Table) -> Outcome:
    """Return what to withhold of a table, few cells and small ones first.

    Raises:
        ArithmeticError: if the sums of the table do not hold, so that nothing can be proved of it.
    """
    if table.sums.shape[0] and np.abs(table.sums @ table.values).max() > TOLERANCE:
        raise ArithmeticError("the sums of the table do not hold")
    wanted = protection(table)
    withheld = table.small | (table.sticky & ~table.always)
    if not is_protected(table, withheld, wanted):
        n_free = int((~withheld & ~table.always).sum())
        if n_free <= EXACT_CELLS and 2 * len(wanted.cells) <= EXACT_PROGRAMS:
            withheld = _optimum(table, withheld, wanted)
        withheld = _repaired(table, withheld, wanted)
    widest = bounds(table, ~table.always, of=wanted.cells)[list(wanted.cells)]
    exposed = [c for c, (low, high) in zip(wanted.cells, widest, strict=True)
               if high - low < TOLERANCE]  # fmt: skip
    return Outcome(withheld=withheld, protection=wanted, exposed=tuple(exposed))


def unprotected(table: Table, withheld: Bools, wanted: Protection) -> Iterator[int]:
    """Yield the places in `wanted` of the small cells that the attacker bounds too tightly."""
    attack = Attack(table, withheld)
    for place, cell in enumerate(wanted.cells):
        low, high, value = wanted.low[place], wanted.high[place], table.values[cell]
        # The true value is always possible: no program is needed to see that far.
        is_low_enough = value <= low or attack.lowest(cell) <= low + TOLERANCE
        is_high_enough = value >= high or attack.highest(cell) >= high - TOLERANCE
        if not (is_low_enough and is_high_enough and withheld[cell]):
            yield place


def is_protected(table: Table, withheld: Bools, wanted: Protection) -> bool:
    """Return whether every small cell keeps its interval."""
    return next(unprotected(table, withheld, wanted), None) is None


# --- cell by cell -------------------------------------------------------------------------------


def _repaired(table: Table, withheld: Bools, wanted: Protection) -> Bools:
    """Return the withheld cells with what is lacking added and what is not needed taken away."""
    required = table.small | (table.sticky & ~table.always)
    kept = withheld.copy()
    while lacking := list(unprotected(table, kept, wanted)):
        before = int(kept.sum())
        for place in lacking:
            for goal in (wanted.high[place], wanted.low[place]):
                kept |= _cheapest_way(table, kept, wanted.cells[place], float(goal))
        if int(kept.sum()) == before:
            # Rounding of the solver alone can bring us here: the safe side is to withhold.
            kept |= ~table.always
            break
    return _thinned(table, kept, required, wanted)


def _cheapest_way(table: Table, withheld: Bools, cell: int, goal: float) -> Bools:
    """Return the cells that change when a cell takes another value and as little else as can be."""
    free = np.flatnonzero(~table.always)
    sums = table.sums[:, free]
    weights = np.where(withheld[free], _CHEAP, _weights(table)[free])
    move = goal - table.values[cell]
    up = np.full(free.size, np.inf)
    down = table.values[free].copy()
    at = int(np.flatnonzero(free == cell)[0])
    lows = np.zeros(2 * free.size)
    highs = np.concatenate([up, down])
    for place, amount in ((at, max(move, 0.0)), (free.size + at, max(-move, 0.0))):
        lows[place] = highs[place] = amount
    answer = linprog(
        np.concatenate([weights, weights]),
        A_eq=hstack([sums, -sums], format="csr"),
        b_eq=np.zeros(sums.shape[0]),
        bounds=np.stack([lows, highs], axis=1),
        method="highs",
    )
    found = np.zeros(table.n, dtype=bool)
    if answer.status == 0:
        moved = answer.x[: free.size] + answer.x[free.size :]
        found[free] = moved > TOLERANCE
    return found


def _weights(table: Table) -> Floats:
    """Return what it costs to withhold each cell: one, and a little more for large ones."""
    largest = max(float(table.values.max(initial=0.0)), 1.0)
    return 1.0 + table.values / (largest * (table.n + 1.0))


def _thinned(table: Table, withheld: Bools, required: Bools, wanted: Protection) -> Bools:
    """Return the withheld cells without those that nothing needs, tried from the dearest down."""
    kept = withheld.copy()
    extra = np.flatnonzero(kept & ~required)
    order = extra[np.lexsort((extra, -_weights(table)[extra]))]
    for cell in order:
        kept[cell] = False
        if not is_protected(table, kept, wanted):
            kept[cell] = True
    return kept


# --- the optimum --------------------------------------------------------------------------------


def _optimum(table: Table, withheld: Bools, wanted: Protection) -> Bools:
    """Return the fewest cells, small ones first, that protect all; all, if time runs out.

    For every small cell and each end of its interval there must be a table that agrees in all that
    is published and in which the cell takes that value: y, by how much its cells differ.
    """
    free = np.flatnonzero(~table.always)
    choosable = np.flatnonzero(~withheld[free])
    goals = [
        (int(np.flatnonzero(free == cell)[0]), goal - table.values[cell])
        for place, cell in enumerate(wanted.cells)
        for goal in (wanted.high[place], wanted.low[place])
    ]
    constraints, lows, highs = _ways(table, free, choosable, goals)
    n_moves = free.size * len(goals)
    answer = milp(
        np.concatenate([_weights(table)[free[choosable]], np.zeros(n_moves)]),
        integrality=np.concatenate([np.ones(choosable.size), np.zeros(n_moves)]),
        bounds=Bounds(lows, highs),
        constraints=constraints,
        options={"time_limit": _SECONDS, "mip_rel_gap": 0.0},
    )
    if answer.x is None:
        return withheld
    chosen = withheld.copy()
    chosen[free[choosable[answer.x[: choosable.size] > 0.5]]] = True  # noqa: PLR2004 - 0 or 1
    return chosen


def _ways(
    table: Table, free: np.ndarray, choosable: np.ndarray, goals: list[tuple[int, float]]
) -> tuple[list[LinearConstraint], Floats, Floats]:
    """Return the constraints of all ways, and bounds of the choices and moves (choices first)."""
    n, n_chosen, n_goals = free.size, choosable.size, len(goals)
    sums = csr_array(table.sums[:, free])
    most = max(float(table.values.sum()), float(table.thresholds.max(initial=1)))
    moves = block_array(
        [[sums if row == column else None for column in range(n_goals)] for row in range(n_goals)],
        format="csr",
    )
    nothing = csr_array((moves.shape[0], n_chosen))
    balance = LinearConstraint(hstack([nothing, moves], format="csr"), 0.0, 0.0)
    pick = csr_array(eye_array(n, format="csr")[choosable])
    picks = block_array(
        [[pick if row == column else None for column in range(n_goals)] for row in range(n_goals)],
        format="csr",
    )
    values = table.values[free[choosable]]

    def tied(factors: Floats) -> csr_array:
        each = diags_array(factors, format="csr")
        return csr_array(block_array([[each] for _ in range(n_goals)], format="csr"))

    # 0 <= y + x h and y - most h <= 0: a published cell does not differ at all.
    above = LinearConstraint(hstack([tied(values), picks], format="csr"), 0.0, np.inf)
    below = LinearConstraint(
        hstack([tied(np.full(n_chosen, -most)), picks], format="csr"), -np.inf, 0.0
    )
    lows = np.concatenate([np.zeros(n_chosen), *[-table.values[free]] * n_goals])
    highs = np.concatenate([np.ones(n_chosen), np.full(n * n_goals, most)])
    for number, (at, move) in enumerate(goals):
        place = n_chosen + number * n + at
        lows[place] = highs[place] = move
    return [balance, above, below], lows, highs
