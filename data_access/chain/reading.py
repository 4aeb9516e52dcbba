"""The response chain as its page asks for it: time at each step, and where it stalls."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from data_access.chain.cells import AGES, HOURS_MEASURES, STARTED, within
from data_access.chain.steps import STEPS
from data_access.contracts.rules import delay_quantiles
from data_access.cube.hot import HotCube
from data_access.cube.query import Ask, answer
from data_access.viewer import Viewer

SHARES = {"p50_hours": 0.5, "p90_hours": 0.9}
LATE_AGES = tuple(age for age, (low, _) in AGES.items() if low >= 2)  # noqa: PLR2004
"""Ages of two days and more: beyond the 48 hours that tracing is measured by."""
_KEY = ["step", "area_code", "date"]
STEPS_SCHEMA = {
    "step": pl.String, "area_code": pl.String, "date": pl.Date, "n_started": pl.Float64,
    "n_done": pl.Float64, "n_open": pl.Float64, "p50_hours": pl.Float64, "p90_hours": pl.Float64,
    "share_24h": pl.Float64, "share_48h": pl.Float64,
}  # fmt: skip
STALLS_SCHEMA = {
    "step": pl.String, "area_code": pl.String, "date": pl.Date, "n_waiting": pl.Float64,
    "n_late": pl.Float64, "share_late": pl.Float64, "oldest": pl.String,
}  # fmt: skip


def steps(
    cube: HotCube, *, viewer: Viewer, start: date, end: date, areas: Sequence[str] = ()
) -> pl.DataFrame:
    """Return the time each step took, by area and by the day on which the step began.

    Shape: step, area_code, date, n_started, n_done, n_open (items); p50_hours, p90_hours (of those
        done, null where none is); share_24h, share_48h (done in time over started: whoever is
        still open was not); sorted by step in its order, area and date. Only days on which
        something began.

    Args:
        cube: the hot cube.
        viewer: who looks.
        start: first day.
        end: last day.
        areas: codes or names; empty: the nation, or the viewer's provinces.

    Raises:
        BadUse: if an area does not exist, or dates are swapped.
        ScopeDenied: if the viewer may not see an area asked for.
    """
    asked = {"areas": tuple(areas), "start": start, "end": end}
    began = _counted(cube, Ask(ids=(STARTED,), by="step", **asked), viewer=viewer)  # type: ignore[arg-type]
    hours = Ask(ids=tuple(HOURS_MEASURES), by="delay", **asked)  # type: ignore[arg-type]
    delays = _counted(cube, hours, viewer=viewer).with_columns(
        step=pl.col("id").replace_strict(HOURS_MEASURES, return_dtype=pl.String)
    )
    done = delays.group_by(_KEY).agg(
        n_done=pl.col("value").sum(),
        **{
            f"n_{limit}h": pl.col("value").filter(pl.col("delay").is_in(within(limit))).sum()
            for limit in (24, 48)
        },
    )
    found = (
        began.rename({"value": "n_started"})
        .join(done, on=_KEY, how="left")
        .with_columns(pl.col("n_done", "n_24h", "n_48h").fill_null(0.0))
        .join(delay_quantiles(delays, by=_KEY, code="delay", shares=SHARES), on=_KEY, how="left")
        .with_columns(
            n_open=pl.col("n_started") - pl.col("n_done"),
            share_24h=pl.col("n_24h") / pl.col("n_started"),
            share_48h=pl.col("n_48h") / pl.col("n_started"),
        )
    )
    return _in_order(found).select([pl.col(n).cast(d) for n, d in STEPS_SCHEMA.items()])


def stalls(cube: HotCube, *, viewer: Viewer, day: date, areas: Sequence[str] = ()) -> pl.DataFrame:
    """Return who waits at each step at the end of a day, the worst first.

    Shape: step, area_code, date, n_waiting, n_late (waiting since two days or longer),
        share_late, oldest (code of AGES); the most late first, then the most waiting. Only where
        somebody waits.

    Args:
        cube: the hot cube.
        viewer: who looks.
        day: at whose end.
        areas: codes or names; empty: the nation, or the viewer's provinces.

    Raises:
        BadUse: if an area does not exist.
        ScopeDenied: if the viewer may not see an area asked for.
    """
    waiting = {f"chain_waiting_{step}": step for step in STEPS}
    ask = Ask(ids=tuple(waiting), by="age", areas=tuple(areas), start=day, end=day)
    found = _counted(cube, ask, viewer=viewer).filter(pl.col("value") > 0)
    late = pl.col("age").is_in(LATE_AGES)
    return (
        found.with_columns(step=pl.col("id").replace_strict(waiting, return_dtype=pl.String))
        .group_by(_KEY)
        .agg(
            n_waiting=pl.col("value").sum(),
            n_late=pl.col("value").filter(late).sum(),
            oldest=pl.col("age").max(),
        )
        .with_columns(share_late=pl.col("n_late") / pl.col("n_waiting"))
        .sort("n_late", "n_waiting", "step", "area_code", descending=[True, True, False, False])
        .select([pl.col(name).cast(dtype) for name, dtype in STALLS_SCHEMA.items()])
    )


def _counted(cube: HotCube, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
    return answer(cube, ask, viewer=viewer).drop_nulls("value")


def _in_order(found: pl.DataFrame) -> pl.DataFrame:
    order = {step: place for place, step in enumerate(STEPS)}
    placed = found.with_columns(_place=pl.col("step").replace_strict(order, return_dtype=pl.Int8))
    return placed.sort("_place", "area_code", "date")
