"""The surge board of a scenario: on the hardest day of each kind of bed, who moves where."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from simulations.epidemic.mobility import distances_km
from simulations.epidemic.parameters import Floats, Whole
from simulations.inputs import province_points
from simulations.scenario.run import BEDS, Result
from simulations.surge.transfers import Moves, Rules, transfers

MOVES = {
    "beds": pl.String, "date": pl.Date, "from_code": pl.String, "from": pl.String,
    "to_code": pl.String, "to": pl.String, "persons": pl.Int64, "km": pl.Float64,
}  # fmt: skip
UNMET = {
    "beds": pl.String, "date": pl.Date, "area_code": pl.String, "area": pl.String,
    "above": pl.Int64, "moved": pl.Int64, "unmet": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Board:
    """Transfers and what they leave.

    Attributes:
        moves: `beds, date, from_code, from, to_code, to, persons, km`.
        unmet: provinces above their beds: `beds, date, area_code, area, above, moved, unmet`.
    """

    moves: pl.DataFrame
    unmet: pl.DataFrame


def board(result: Result, *, rules: Rules) -> Board:
    """Return the transfers of the day on which most persons are above the beds, by kind of bed.

    Need is the median of the draws; a kind of which no day has anyone above has no rows.
    """
    km = distances_km(*province_points())
    moves: list[tuple[object, ...]] = []
    unmet: list[tuple[object, ...]] = []
    for beds in BEDS:
        need = np.rint(_median(result, beds)).astype(np.int64)
        day = int(np.maximum(need - result.beds[beds] * rules.fill, 0).sum(axis=1).argmax())
        on = result.scenario.first_day + timedelta(days=day)
        found = transfers(need[day], result.beds[beds][day], km, rules=rules)
        moves += _moved(result, beds, on, found, km)
        unmet += _unmet(result, beds, on, found)
    return Board(
        moves=pl.DataFrame(moves, schema=MOVES, orient="row"),
        unmet=pl.DataFrame(unmet, schema=UNMET, orient="row"),
    )


def _median(result: Result, name: str) -> Floats:
    return np.asarray(result.bands[name][result.levels.index(0.5)])


def _moved(
    result: Result, beds: str, on: date, found: Moves, km: Floats
) -> list[tuple[object, ...]]:
    codes, names = result.codes, result.names
    return [
        (beds, on, codes[i], names[i], codes[j], names[j], int(found.flow[i, j]),
         round(float(km[i, j]), 1))
        for i, j in np.argwhere(found.flow > 0)
    ]  # fmt: skip


def _unmet(result: Result, beds: str, on: date, found: Moves) -> list[tuple[object, ...]]:
    moved: Whole = found.flow.sum(axis=1)
    return [
        (beds, on, result.codes[i], result.names[i], int(found.surplus[i]), int(moved[i]),
         int(found.unmet[i]))
        for i in np.flatnonzero(found.surplus)
    ]  # fmt: skip
