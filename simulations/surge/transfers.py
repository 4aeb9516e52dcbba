"""Transfers of patients by linear programming: fewest without a bed, then person-km. Pure.

A province keeps what its safety share of beds holds; what is above must leave. A province receives
only down to its reserve. Both programs are flows in a network, so that their corners are whole
persons; the simplex method ends in a corner.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from simulations.epidemic.parameters import Checked, Floats, Whole
from simulations.epidemic.quantities import quantity

ALMOST = 1e-6


@dataclass(frozen=True, kw_only=True)
class Rules(Checked):
    """What a transfer may do."""

    fill: float = quantity(
        1.0, unit="share of beds that may be taken", low=0, high=1, source="decided by the user"
    )
    reserve: float = quantity(
        0.1, unit="share of beds a receiving province keeps free", low=0, high=1, source="assumed"
    )
    farthest_km: float = quantity(
        400.0, unit="km as the crow flies", low=0, high=5000, source="assumed: a day's drive"
    )
    most_out: int = quantity(
        100_000, unit="persons out of a province on a day", low=0, high=10**9, source="no limit"
    )


@dataclass(frozen=True, kw_only=True)
class Moves:
    """Who is moved where, and for whom no bed is found.

    Attributes:
        flow: persons from province to province, shape (n, n).
        surplus: persons above what each province may hold before any transfer.
        unmet: persons of each province who stay without a bed.
        person_km: sum of persons times distance.
    """

    flow: Whole
    surplus: Whole
    unmet: Whole
    person_km: float


def transfers(demand: Whole, capacity: Whole, distance_km: Floats, *, rules: Rules) -> Moves:
    """Return the transfers of a day.

    Method: two linear programs (HiGHS, dual simplex): most persons moved; with that many, the
        fewest person-km. The same input gives the same answer.

    Args:
        demand: persons who need a bed, by province, whole, at least 0.
        capacity: beds by province, whole, at least 0.
        distance_km: between provinces, shape (n, n).
        rules: shares, distance and outflow allowed.

    Raises:
        ValueError: where shapes differ or a number is below zero.
    """
    _check(demand, capacity, distance_km)
    holds = np.floor(rules.fill * capacity + ALMOST).astype(np.int64)
    open_to = np.floor((rules.fill - rules.reserve) * capacity + ALMOST).astype(np.int64)
    surplus = np.maximum(demand - holds, 0)
    room = np.maximum(open_to - demand, 0)
    out = np.minimum(surplus, rules.most_out)
    near = (out[:, None] > 0) & (room[None, :] > 0) & (distance_km <= rules.farthest_km)
    origin, target = np.nonzero(near)
    flow = np.zeros(distance_km.shape, dtype=np.int64)
    if len(origin):
        flow[origin, target] = _solved(origin, target, out=out, room=room,
                                       km=distance_km[origin, target])  # fmt: skip
    return Moves(
        flow=flow,
        surplus=surplus,
        unmet=surplus - flow.sum(axis=1),
        person_km=float((flow * distance_km).sum()),
    )


def _check(demand: Whole, capacity: Whole, distance_km: Floats) -> None:
    if demand.shape != capacity.shape or distance_km.shape != (len(demand), len(demand)):
        raise ValueError("demand, capacity and distances are not of the same provinces")
    if min(demand.min(initial=0), capacity.min(initial=0), distance_km.min(initial=0)) < 0:
        raise ValueError("demand, capacity and distances are not below zero")


def _solved(
    origin: NDArray[np.intp], target: NDArray[np.intp], *, out: Whole, room: Whole, km: Floats
) -> Whole:
    arcs = np.arange(len(origin))
    ones = np.ones(len(origin))
    limits = vstack(
        [
            csr_array((ones, (origin, arcs)), shape=(len(out), len(arcs))),
            csr_array((ones, (target, arcs)), shape=(len(room), len(arcs))),
        ]
    )
    bounds = np.concatenate([out, room]).astype(float)
    most = _corner(-ones, limits, bounds, total=None)
    return _corner(km, limits, bounds, total=int(most.sum()))


def _corner(cost: Floats, limits: csr_array, bounds: Floats, *, total: int | None) -> Whole:
    found = linprog(
        cost,
        A_ub=limits,
        b_ub=bounds,
        A_eq=None if total is None else np.ones((1, len(cost))),
        b_eq=None if total is None else [float(total)],
        method="highs-ds",
    )
    if not found.success:
        raise ArithmeticError(f"the solver stopped: {found.message}")
    whole = np.rint(found.x)
    if np.abs(found.x - whole).max() > ALMOST:
        raise ArithmeticError("the solver's corner is not whole")
    return np.asarray(whole.astype(np.int64))
