"""The mask of a bulletin: which cells of the public measures are withheld. Pure.

Every public measure at nation, province and district, in total and by each published dimension.
What an attacker is taken to know, and why this is enough, stands in docs/disclosure.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from data_access.codes import Clearance
from data_access.cube.geography import PROVINCE
from data_access.cube.view import CubeView
from data_access.disclosure.apply import EVERY, WITHHELD_SCHEMA, no_mask
from data_access.disclosure.cells import Frame, by_code, frames, hidden_in, rows_of, totals
from data_access.disclosure.policy import LOWEST, Policy, default_policy
from data_access.disclosure.rows import (
    Checked,
    hidden_breakdowns,
    hidden_in_rows,
    is_small,
)
from data_access.disclosure.running import Flows, hidden_totals
from data_access.disclosure.tables import Bools, Floats
from data_access.measures.model import Measure
from data_access.viewer import system_viewer

SMALL, COVER, RUNNING, BEFORE = "small", "cover", "running_total", "withheld_before"
"""Reasons: too small; withheld so that small ones cannot be worked out; a running total whose
difference would tell; withheld in an earlier bulletin. For the steward: not for publication."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Work:
    """One measure on one map."""

    view: CubeView
    policy: Policy
    frame: Frame
    flow: Measure
    running: Measure | None
    previous: pl.DataFrame
    last_before: date | None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Totals:
    """Totals by district: counts, which are withheld, and what they sum to by province."""

    values: Floats
    hidden: Bools

    def most(self, group: np.ndarray, told: Floats) -> Floats:
        """Return what the attacker can at most hold for each district's total."""
        found = told.copy()
        for number in np.unique(group):
            parts = group == number
            inside = (told * self.hidden)[:, parts].sum(axis=1, keepdims=True)
            found[:, parts] = np.where(self.hidden[:, parts], inside, told[:, parts])
        return found


def public_measures(view: CubeView, policy: Policy | None = None) -> tuple[str, ...]:
    """Return the ids of the public measures that count persons, those of mappings included."""
    policy = policy or default_policy()
    every = view.catalogue.measures.items()
    return tuple(
        key for key, one in every
        if one.clearance == Clearance.PUBLIC and key not in policy.without_mask
    )  # fmt: skip


def mask_of(
    view: CubeView,
    *,
    measures: Sequence[str],
    previous: pl.DataFrame | None = None,
    policy: Policy | None = None,
) -> pl.DataFrame:
    """Return what is withheld of some measures: WITHHELD_SCHEMA, sorted, each cell once.

    Args:
        view: all cells of the measures as known at the cut, and of the flows behind them.
        measures: ids of the public measures; those that count no persons are passed over.
        previous: the mask of the last bulletin, None for the first one. What it withheld stays
            withheld, and what it told is taken to be known.
        policy: thresholds; None: the product's.
    """
    policy = policy or default_policy()
    before = no_mask() if previous is None else previous.cast(WITHHELD_SCHEMA)  # type: ignore[arg-type]
    parts = [before.with_columns(reason=pl.lit(BEFORE))]
    for flow, running in _pairs(view, measures, policy):
        keys = [flow.key, *([running.key] if running else [])]
        mine = before.filter(pl.col("measure").is_in(keys))
        parts.append(_of_measure(view, policy, flow, running, mine))
    found = pl.concat(parts)
    key = [name for name in WITHHELD_SCHEMA if name != "reason"]
    # What is small comes last of its cell's reasons and is the one that is kept.
    order = pl.col("reason").replace_strict({BEFORE: 0, RUNNING: 1, COVER: 2, SMALL: 3})
    return found.sort(*key, order).unique(key, keep="last", maintain_order=True)


def _of_measure(
    view: CubeView, policy: Policy, flow: Measure, running: Measure | None, before: pl.DataFrame
) -> pl.DataFrame:
    days = _days(view, flow, running, before)
    if days is None:
        return no_mask()
    parts = [no_mask()]
    for frame in frames(view.geography, days):
        work = _Work(view=view, policy=policy, frame=frame, flow=flow, running=running,
                     previous=before, last_before=_last(before))  # fmt: skip
        parts.append(_on_other_maps(_withheld(work), work))
    found = pl.concat(parts)
    if running is None:
        return found
    of_flow = pl.concat([found, before]).filter(pl.col("measure") == flow.key)
    return pl.concat([found, _lasting(of_flow, running, days[1])])


def _pairs(
    view: CubeView, measures: Iterable[str], policy: Policy
) -> list[tuple[Measure, Measure | None]]:
    """Return each flow with its running total, each total without a flow by itself."""
    asked = [view.catalogue.measures[key] for key in dict.fromkeys(measures)]
    asked = [one for one in asked if one.key not in policy.without_mask]
    flows = {one.inflow or one.key for one in asked}
    pairs = []
    for key in sorted(flows):
        flow = view.catalogue.measures[key]
        total = view.catalogue.measures.get(flow.cumulative) if flow.cumulative else None
        pairs.append((flow, total))
    return pairs


def _days(
    view: CubeView, flow: Measure, running: Measure | None, previous: pl.DataFrame
) -> tuple[date, date] | None:
    keys = [flow.key, *([running.key] if running else [])]
    spans = [span for key in keys if (span := view.span(key, sources=None))]
    ends = [day for span in spans for day in span] + previous["day"].to_list()
    if running is not None and spans:
        # A total that is summed here goes on until the last delivery.
        ends.append(view.viewer.now.date())
    return (min(ends), max(ends)) if ends else None


def _last(previous: pl.DataFrame) -> date | None:
    return previous["day"].max() if previous.height else None  # type: ignore[return-value]


# --- one measure --------------------------------------------------------------------------------


def _withheld(work: _Work) -> pl.DataFrame:
    found = []
    nobody = np.zeros((work.frame.n_days, 0))
    held = _Totals(values=nobody, hidden=nobody.astype(bool))
    if work.frame.districts:
        held, rows = _totals(work)
        found.append(rows)
    for dimension in work.policy.dimensions(work.flow):
        found += _breakdown(work, dimension, held)
    return pl.concat(found) if found else no_mask()


def _totals(work: _Work) -> tuple[_Totals, pl.DataFrame]:
    """Return the totals of districts, and the mask of them and of their running totals."""
    frame, flow = work.frame, work.flow
    threshold = work.policy.threshold(flow, LOWEST)
    values = totals(work.view, flow, frame, rank=LOWEST)
    before = hidden_in(work.previous, frame, measure=flow.key, rank=LOWEST)
    small = is_small(values, threshold)
    hidden = hidden_in_rows(values, small, before, group=frame.province_of, threshold=threshold)
    found: list[pl.DataFrame] = []
    if work.running is not None:
        found, hidden = _running(work, values, small, hidden, threshold)
    found += [
        rows_of(hidden & ~small, frame, measure=flow.key, rank=LOWEST, reason=COVER),
        rows_of(small, frame, measure=flow.key, rank=LOWEST, reason=SMALL),
    ]
    return _Totals(values=values, hidden=hidden), pl.concat(found)


def _running(
    work: _Work, values: Floats, small: Bools, hidden: Bools, threshold: int
) -> tuple[list[pl.DataFrame], Bools]:
    """Return the mask of the running totals, and the days withheld, perhaps more than before."""
    frame, total = work.frame, work.running
    if total is None:
        return [], hidden
    sums = totals(work.view, total, frame, rank=LOWEST)
    steps = np.diff(sums, axis=0, prepend=0.0)
    if not np.allclose(steps[1:], values[1:]):
        # A total that a source reports itself tells days of its own.
        tiny = is_small(steps, threshold)
        hidden = hidden | hidden_in_rows(steps, tiny, hidden, group=frame.province_of,
                                         threshold=threshold)  # fmt: skip
        small = small | tiny
    withheld = hidden_in(work.previous, frame, measure=total.key, rank=LOWEST)
    told = ~withheld & _until(frame, work.last_before)[:, None]
    flows = Flows(values=values, hidden=hidden, small=small, group=frame.province_of,
                  threshold=threshold)  # fmt: skip
    kept = hidden_totals(flows, sums, told_before=told, hidden_before=withheld)
    return [rows_of(kept, frame, measure=total.key, rank=LOWEST, reason=RUNNING)], hidden


def _until(frame: Frame, last: date | None) -> Bools:
    """Return which days an earlier bulletin told of."""
    n_told = 0 if last is None else max(0, (last - frame.first).days + 1)
    return np.arange(frame.n_days) < n_told


# --- one dimension ------------------------------------------------------------------------------


def _breakdown(work: _Work, dimension: str, held: _Totals) -> list[pl.DataFrame]:
    """Return the mask of a measure by a dimension."""
    frame, flow = work.frame, work.flow
    before = [
        hidden_in(work.previous, frame, measure=flow.key, rank=rank, dimension=dimension)
        for rank in (PROVINCE, LOWEST)
    ]
    found: list[pl.DataFrame] = []
    for large, fine in _counts(work, dimension):
        found += _of_counts(work, dimension, held, (large, fine), (before[0], before[1]))
    return found


def _counts(work: _Work, dimension: str) -> list[tuple[Floats, Floats]]:
    """Return what is told of provinces and of districts by code, once or twice.

    Shape: each days × areas × codes.
    A running total by code that a source reports itself tells days of its own.
    """
    found = [_by_code(work, work.flow, dimension)]
    total = work.running
    if total is not None and dimension in _dimensions_held(work.view, total):
        sums = _by_code(work, total, dimension)
        large, fine = (np.diff(one, axis=0, prepend=0.0) for one in sums)
        found.append((large, fine))
    return [(large, fine) for large, fine in found if large.shape[2]]


def _dimensions_held(view: CubeView, measure: Measure) -> set[str]:
    cuts = view.presence(measure.key)["cut"].unique().to_list()
    return {name for cut in cuts for name in cut.split(",")}


def _by_code(work: _Work, measure: Measure, dimension: str) -> tuple[Floats, Floats]:
    frame = work.frame
    large, codes = by_code(work.view, measure, frame, rank=PROVINCE, dimension=dimension)
    if not frame.districts:
        return large, np.zeros((frame.n_days, 0, len(codes)))
    fine, _ = by_code(work.view, measure, frame, rank=LOWEST, dimension=dimension, codes=codes)
    return large, fine


def _of_counts(
    work: _Work,
    dimension: str,
    held: _Totals,
    counts: tuple[Floats, Floats],
    before: tuple[Bools, Bools],
) -> list[pl.DataFrame]:
    frame, (large, fine) = work.frame, counts
    k_large, k_fine = (work.policy.threshold(work.flow, rank, dimension)
                       for rank in (PROVINCE, LOWEST))  # fmt: skip
    sums = np.maximum(fine, 0.0).sum(axis=2)
    tight = Checked(
        small=is_small(fine, k_fine),
        most=held.most(frame.province_of, sums),
        least=np.where(held.hidden, 0.0, sums),
        owner=np.arange(fine.shape[1]),
    )
    provinces = _of_provinces(work, large, before[0], tight, k_large) if k_large else before[0]
    under = provinces[:, frame.province_of]
    forced = tight.small.any(axis=2) | held.hidden | before[1] | under
    # Under a province that is withheld nothing is left to add: the nation's sums were looked at.
    left = replace(tight, small=tight.small & ~under[:, :, None])
    districts = hidden_breakdowns(fine, forced, left, group=frame.province_of, threshold=k_fine)
    own = (is_small(large, k_large).any(axis=2), tight.small.any(axis=2))
    return [
        rows_of(hidden, frame, measure=work.flow.key, rank=rank, dimension=dimension,
                code=EVERY, reason=reason)
        for rank, every, mine in ((PROVINCE, provinces, own[0]), (LOWEST, districts, own[1]))
        for reason, hidden in ((COVER, every & ~mine), (SMALL, every & mine))
    ]  # fmt: skip


def _of_provinces(
    work: _Work, values: Floats, before: Bools, tight: Checked, threshold: int
) -> Bools:
    """Return the provinces whose breakdown is withheld, days × provinces.

    Their districts' go with them, and must be safe under the nation's sums.
    """
    frame = work.frame
    small = is_small(values, threshold)
    sums = np.maximum(values, 0.0).sum(axis=2)
    checked = Checked(
        small=np.concatenate([small, tight.small], axis=1),
        most=np.concatenate([sums, tight.most], axis=1),
        least=np.concatenate([sums, tight.least], axis=1),
        owner=np.concatenate([np.arange(sums.shape[1]), frame.province_of]),
    )
    forced = small.any(axis=2) | before
    return hidden_breakdowns(values, forced, checked, group=frame.whole, threshold=threshold)


# --- maps and time ------------------------------------------------------------------------------


def _on_other_maps(found: pl.DataFrame, work: _Work) -> pl.DataFrame:
    """Return the mask with the provinces of other maps that hold a withheld one."""
    geography, frame = work.view.geography, work.frame
    system = system_viewer(work.view.viewer.now)
    every = [found]
    for vintage in geography.areas.country.vintages:
        if vintage.id != frame.vintage:
            parts = geography.parts(PROVINCE, vintage.id, viewer=system)
            held = parts.filter(pl.col("part_id").is_in(list(frame.provinces))).rename(
                {"area_id": "whole_id"}
            )
            above = found.join(held, left_on="area_id", right_on="part_id", how="inner")
            every.append(above.with_columns(area_id="whole_id").select(list(WITHHELD_SCHEMA)))
    return pl.concat(every)


def _lasting(found: pl.DataFrame, running: Measure, last: date) -> pl.DataFrame:
    """Return the running totals that are withheld since a day of theirs by some dimension is.

    By a dimension a total is not told again: unlike totals of all codes, it would have to be
    proved against two sums a day.
    """
    since = (
        found.filter(pl.col("dimension") != "")
        .group_by("area_id", "dimension", "code")
        .agg(first=pl.col("day").min())
    )
    return (
        since.with_columns(day=pl.date_ranges("first", pl.lit(last)))
        .explode("day")
        .with_columns(measure=pl.lit(running.key), reason=pl.lit(RUNNING))
        .select([pl.col(name).cast(dtype) for name, dtype in WITHHELD_SCHEMA.items()])
    )
