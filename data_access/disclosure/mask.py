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
    with_moved,
)
from data_access.disclosure.running import Flows, Told, hidden_totals
from data_access.disclosure.tables import Bools, Floats
from data_access.measures.model import Measure
from data_access.viewer import system_viewer

SMALL, COVER, RUNNING, BEFORE = "small", "cover", "running_total", "withheld_before"
REVISED = "revised"
"""Reasons: too small; withheld so that small ones cannot be worked out; a running total whose
difference would tell; withheld in an earlier bulletin; withheld with a new value on a day that an
earlier bulletin told of. For the steward: not for publication."""


_RANKS = {BEFORE: 0, RUNNING: 1, COVER: 2, SMALL: 3, REVISED: 4}


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
    last: CubeView | None


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
    last: CubeView | None = None,
    policy: Policy | None = None,
) -> pl.DataFrame:
    """Return what is withheld of some measures: WITHHELD_SCHEMA, sorted, each cell once.

    Args:
        view: all cells of the measures as known at the cut, and of the flows behind them.
        measures: ids of the public measures; those that count no persons are passed over.
        previous: the mask of the last bulletin, None for the first one. What it withheld stays
            withheld, and what it told is taken to be known.
        last: all cells as that bulletin had them: what it told and has not changed since covers
            nothing, and what changed must be covered by what changed with it. None: no value of
            it is looked at.
        policy: thresholds; None: the product's.
    """
    policy = policy or default_policy()
    before = no_mask() if previous is None else previous.cast(WITHHELD_SCHEMA)  # type: ignore[arg-type]
    reason = pl.when(pl.col("reason") == REVISED).then("reason").otherwise(pl.lit(BEFORE))
    parts = [before.with_columns(reason=reason)]
    for flow, running in _pairs(view, measures, policy):
        keys = [flow.key, *([running.key] if running else [])]
        mine = before.filter(pl.col("measure").is_in(keys))
        parts.append(_of_measure(view, policy, flow, running, mine, last))
    found = pl.concat(parts)
    key = [name for name in WITHHELD_SCHEMA if name != "reason"]
    # What comes last of its cell's reasons is the one that is kept.
    order = pl.col("reason").replace_strict(_RANKS)
    return found.sort(*key, order).unique(key, keep="last", maintain_order=True)


def _of_measure(
    view: CubeView,
    policy: Policy,
    flow: Measure,
    running: Measure | None,
    before: pl.DataFrame,
    last: CubeView | None,
) -> pl.DataFrame:
    days = _days(view, flow, running, before)
    if days is None:
        return no_mask()
    parts = [no_mask()]
    for frame in frames(view.geography, days):
        work = _Work(view=view, policy=policy, frame=frame, flow=flow, running=running,
                     previous=before, last_before=_last(before), last=last)  # fmt: skip
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
    news = _news(work, flow, values)
    hidden = hidden_in_rows(values, small, before, group=frame.province_of, threshold=threshold,
                            news=news)  # fmt: skip
    found: list[pl.DataFrame] = []
    if work.running is not None:
        found, hidden = _running(work, values, small, hidden, threshold)
    moved = hidden & _revised(work, flow, news)
    found += [
        rows_of(moved, frame, measure=flow.key, rank=LOWEST, reason=REVISED),
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
    told, moved = _told(work, total, values, sums, hidden)
    flows = Flows(values=values, hidden=hidden, small=small, group=frame.province_of,
                  threshold=threshold, moved=moved, mixed=_mixed(work))  # fmt: skip
    kept = hidden_totals(flows, sums, told=told)
    return [rows_of(kept, frame, measure=total.key, rank=LOWEST, reason=RUNNING)], hidden


# --- what the bulletin before told --------------------------------------------------------------


def _until(frame: Frame, last: date | None) -> Bools:
    """Return which days an earlier bulletin told of."""
    n_told = 0 if last is None else max(0, (last - frame.first).days + 1)
    return np.arange(frame.n_days) < n_told


def _reached(work: _Work, measure: Measure) -> Bools:
    """Return which days the bulletin before had figures for."""
    span = work.last.span(measure.key, sources=None) if work.last else None
    return _until(work.frame, span[1] if span else None)


def _news(work: _Work, measure: Measure, values: Floats) -> Bools | None:
    """Return which totals of districts are not what they were; None: nothing was told before."""
    if work.last is None:
        return None
    was = totals(work.last, measure, work.frame, rank=LOWEST)
    found: Bools = (values != was) | ~_reached(work, measure)[:, None]
    return found


def _revised(work: _Work, measure: Measure, news: Bools | None) -> Bools:
    """Return which totals are new on a day that the bulletin before told of."""
    if news is None:
        return np.zeros((work.frame.n_days, len(work.frame.districts)), dtype=bool)
    found: Bools = news & _reached(work, measure)[:, None]
    return found


def _mixed(work: _Work) -> Bools:
    """Return the rows in which cells were withheld after a revision before, days × provinces."""
    frame = work.frame
    older = work.previous.filter(pl.col("reason") == REVISED)
    cells = hidden_in(older, frame, measure=work.flow.key, rank=LOWEST)
    found: Bools = np.zeros((frame.n_days, len(frame.provinces)), dtype=bool)
    day, part = np.nonzero(cells)
    found[day, frame.province_of[part]] = True
    return found


def _told(
    work: _Work, total: Measure, values: Floats, sums: Floats, hidden: Bools
) -> tuple[Told, Bools]:
    """Return what became of the running totals before, and which withheld days are revised."""
    frame, flow = work.frame, work.flow
    withheld = hidden_in(work.previous, frame, measure=total.key, rank=LOWEST)
    if work.last is None:
        before = ~withheld & _until(frame, work.last_before)[:, None]
        return Told(before=before, known=before, hidden=withheld), np.zeros_like(hidden)
    before = ~withheld & (_reached(work, flow) | _reached(work, total))[:, None]
    moved = hidden & _revised(work, flow, _news(work, flow, values))
    moves = values - totals(work.last, flow, frame, rank=LOWEST)
    was = totals(work.last, total, frame, rank=LOWEST)
    follows = np.isclose(sums - was, moves.cumsum(axis=0)) & (moved.cumsum(axis=0) == 0)
    return Told(before=before, known=before & follows, hidden=withheld), moved


def _moved_parts(
    work: _Work, measure: Measure, dimension: str, values: Floats, *, rank: int,
    codes: tuple[str, ...], steps: bool,
) -> Bools:  # fmt: skip
    """Return the areas whose breakdown a revision changed, days × areas."""
    if work.last is None:
        return np.zeros(values.shape[:2], dtype=bool)
    was, _ = by_code(work.last, measure, work.frame, rank=rank, dimension=dimension, codes=codes)
    every, _ = by_code(work.last, measure, work.frame, rank=rank, dimension=dimension)
    gone = every.sum(axis=2) != was.sum(axis=2)
    if steps:
        was = np.diff(was, axis=0, prepend=0.0)
    found: Bools = ((values != was).any(axis=2) | gone) & _reached(work, measure)[:, None]
    return found


# --- one dimension ------------------------------------------------------------------------------


def _breakdown(work: _Work, dimension: str, held: _Totals) -> list[pl.DataFrame]:
    """Return the mask of a measure by a dimension."""
    frame, flow = work.frame, work.flow
    before = [
        hidden_in(work.previous, frame, measure=flow.key, rank=rank, dimension=dimension)
        for rank in (PROVINCE, LOWEST)
    ]
    found: list[pl.DataFrame] = []
    for counts in _counts(work, dimension):
        found += _of_counts(work, dimension, held, counts, (before[0], before[1]))
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Counts:
    """What is told of provinces and of districts by code: days × areas × codes.

    `moved`: whose breakdown a revision changed, of provinces and of districts: days × areas.
    """

    large: Floats
    fine: Floats
    moved: tuple[Bools, Bools]


def _counts(work: _Work, dimension: str) -> list[_Counts]:
    """Return what is told by code, once or twice.

    A running total by code that a source reports itself tells days of its own.
    """
    found = [_by_code(work, work.flow, dimension)]
    total = work.running
    if total is not None and dimension in _dimensions_held(work.view, total):
        found.append(_by_code(work, total, dimension, steps=True))
    return [one for one in found if one.large.shape[2]]


def _dimensions_held(view: CubeView, measure: Measure) -> set[str]:
    cuts = view.presence(measure.key)["cut"].unique().to_list()
    return {name for cut in cuts for name in cut.split(",")}


def _by_code(work: _Work, measure: Measure, dimension: str, *, steps: bool = False) -> _Counts:
    frame = work.frame
    large, codes = by_code(work.view, measure, frame, rank=PROVINCE, dimension=dimension)
    fine = np.zeros((frame.n_days, 0, len(codes)))
    if frame.districts:
        fine, _ = by_code(work.view, measure, frame, rank=LOWEST, dimension=dimension, codes=codes)
    if steps:
        large, fine = (np.diff(one, axis=0, prepend=0.0) for one in (large, fine))
    moved = [
        _moved_parts(work, measure, dimension, values, rank=rank, codes=codes, steps=steps)
        for rank, values in ((PROVINCE, large), (LOWEST, fine))
    ]
    return _Counts(large=large, fine=fine, moved=(moved[0], moved[1]))


def _of_counts(
    work: _Work,
    dimension: str,
    held: _Totals,
    counts: _Counts,
    before: tuple[Bools, Bools],
) -> list[pl.DataFrame]:
    frame, large, fine = work.frame, counts.large, counts.fine
    k_large, k_fine = (work.policy.threshold(work.flow, rank, dimension)
                       for rank in (PROVINCE, LOWEST))  # fmt: skip
    sums = np.maximum(fine, 0.0).sum(axis=2)
    tight = Checked(
        small=is_small(fine, k_fine),
        most=held.most(frame.province_of, sums),
        least=np.where(held.hidden, 0.0, sums),
        owner=np.arange(fine.shape[1]),
    )
    provinces = _of_provinces(work, counts, before[0], tight, k_large) if k_large else before[0]
    under = provinces[:, frame.province_of]
    forced = tight.small.any(axis=2) | held.hidden | before[1] | under
    forced = with_moved(forced, counts.moved[1], group=frame.province_of)
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
    work: _Work, counts: _Counts, before: Bools, tight: Checked, threshold: int
) -> Bools:
    """Return the provinces whose breakdown is withheld, days × provinces.

    Their districts' go with them, and must be safe under the nation's sums.
    """
    frame, values = work.frame, counts.large
    small = is_small(values, threshold)
    sums = np.maximum(values, 0.0).sum(axis=2)
    checked = Checked(
        small=np.concatenate([small, tight.small], axis=1),
        most=np.concatenate([sums, tight.most], axis=1),
        least=np.concatenate([sums, tight.least], axis=1),
        owner=np.concatenate([np.arange(sums.shape[1]), frame.province_of]),
    )
    forced = with_moved(small.any(axis=2) | before, counts.moved[0], group=frame.whole)
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
