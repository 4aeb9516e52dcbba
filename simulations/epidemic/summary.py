"""From draws to bands: quantiles of each day, by province, group of provinces and nation. Pure.

Each day is summarised as it comes and let go, so memory is that of one day's state, however many
days there are; only series asked for by name are kept draw by draw, as int32.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulations.epidemic.chance import drawn
from simulations.epidemic.engine import CASES, FLOWS, SERIES, Day, simulate
from simulations.epidemic.parameters import Floats, Setup
from simulations.epidemic.state import State

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""Quantiles kept: the median and the ends of the 50, 80 and 95 % bands."""
TOTAL = "cases"
"""All cases found inside the country: CASES without entries."""


class Cancelled(Exception):
    """The run was asked to stop between two days."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Bands of a run.

    Attributes:
        levels: quantiles, ascending.
        bands: series → shape (levels, days, provinces).
        groups: name of a group of provinces → series → shape (levels, days); of sums, not sums of
            quantiles. "nation" is always there.
        totals: the same of the running total of each flow at the end: name → series → (levels,).
        kept: series → draws, int32, shape (draws, days, provinces).
    """

    levels: tuple[float, ...]
    bands: Mapping[str, Floats]
    groups: Mapping[str, Mapping[str, Floats]]
    totals: Mapping[str, Mapping[str, Floats]]
    kept: Mapping[str, NDArray[np.int32]]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a run is to give.

    Attributes:
        series: those to summarise.
        keep: those to keep draw by draw besides: 4 bytes × draws × days × provinces each.
        groups: name → indices of provinces to add up.
        levels: quantiles.
    """

    series: tuple[str, ...] = (*SERIES, TOTAL)
    keep: tuple[str, ...] = ()
    groups: Mapping[str, Sequence[int]] = field(default_factory=dict)
    levels: tuple[float, ...] = LEVELS


def run(
    setup: Setup,
    *,
    seed: int,
    draws: int,
    wanted: Wanted | None = None,
    state: State | None = None,
    days: range | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Summary:
    """Run the engine and return its bands.

    Args:
        setup: population, parameters and plan.
        seed: of all draws.
        draws: how many.
        wanted: what to summarise and keep; everything summarised if not given.
        state: where to begin, of as many draws; changed in place.
        days: days of the plan to run; all of them if not given.
        progress: called after each day with (days done, days).
        cancelled: asked before each day.

    Raises:
        Cancelled: when `cancelled` answers true.
    """
    asked = wanted or Wanted()
    planned, provinces = setup.plan.level.shape
    run_days = range(planned) if days is None else days
    groups = {"nation": range(provinces), **asked.groups}
    out = _room(asked, groups, days=len(run_days), provinces=provinces, draws=draws)
    sums = {n: {s: np.zeros(draws) for s in asked.series if s in (*FLOWS, TOTAL)} for n in groups}
    for day, (found, _) in enumerate(
        simulate(setup, chance=drawn(seed, draws), state=state, days=run_days)
    ):
        _take(asked, groups, out, sums, found=with_total(found), day=day)
        if progress:
            progress(day + 1, len(run_days))
        if cancelled and day + 1 < len(run_days) and cancelled():
            raise Cancelled(f"stopped after {day + 1} of {len(run_days)} days")
    totals = {
        name: {one: quantiles(total, asked.levels) for one, total in each.items()}
        for name, each in sums.items()
    }
    return Summary(
        levels=asked.levels, bands=out.bands, groups=out.groups, totals=totals, kept=out.kept
    )


def with_total(day: Day) -> Day:
    """Return the day with `cases`: all cases but entries."""
    cases = sum(day[name] for name in CASES if name != "cases_entry")
    return {**day, TOTAL: np.asarray(cases)}


def _room(
    asked: Wanted, groups: Mapping[str, Sequence[int]], *, days: int, provinces: int, draws: int
) -> Summary:
    levels = len(asked.levels)
    return Summary(
        levels=asked.levels,
        bands={name: np.empty((levels, days, provinces)) for name in asked.series},
        groups={n: {one: np.empty((levels, days)) for one in asked.series} for n in groups},
        totals={},
        kept={name: np.empty((draws, days, provinces), dtype=np.int32) for name in asked.keep},
    )


def _take(
    asked: Wanted, groups: Mapping[str, Sequence[int]], out: Summary,
    sums: Mapping[str, Mapping[str, Floats]], *, found: Day, day: int,
) -> None:  # fmt: skip
    for name in asked.series:
        out.bands[name][:, day] = quantiles(found[name], asked.levels)
        for group, members in groups.items():
            total = found[name][:, list(members)].sum(axis=1, dtype=np.int64)
            out.groups[group][name][:, day] = quantiles(total, asked.levels)
            if name in sums[group]:
                sums[group][name][...] += total
    for name in asked.keep:
        out.kept[name][:, day] = found[name]


def quantiles(values: NDArray[np.generic], levels: Sequence[float]) -> Floats:
    """Return quantiles over the first axis, linear between order statistics (type 7)."""
    ordered = np.sort(values, axis=0).astype(float)
    place = np.asarray(levels) * (len(ordered) - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, len(ordered) - 1)
    part = (place - low).reshape(-1, *([1] * (ordered.ndim - 1)))
    return np.asarray(ordered[low] + (ordered[high] - ordered[low]) * part)
