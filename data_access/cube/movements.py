"""The largest movements from one day to the next, and where. Pure Polars over figures."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from data_access.codes import Level
from data_access.cube.hot import HotCube
from data_access.cube.query import Ask, figures, find
from data_access.errors import UnknownId
from data_access.indicators.model import Indicator, Unit
from data_access.measures.model import Measure
from data_access.reader import Schema
from data_access.viewer import Viewer

WATCHED = (
    "cases",
    "cases_community",
    "deaths",
    "doses",
    "persons_positive",
    "quarantine_admissions",
    "quarantine_occupied",
)
TOP = 5
MOVEMENT_SCHEMA: Schema = {
    "id": pl.String,
    "date": pl.Date,
    "area_code": pl.String,
    "area": pl.String,
    "area_id": pl.Int32,
    "value": pl.Float64,
    "previous": pl.Float64,
    "change": pl.Float64,
    "relative": pl.Float64,
    "score": pl.Float64,
    "higher_is_bad": pl.Boolean,
    "source": pl.String,
}


def movements(
    cube: HotCube,
    *,
    viewer: Viewer,
    day: date | None = None,
    ids: Sequence[str] = WATCHED,
    top: int = TOP,
) -> pl.DataFrame:
    """Return the provinces and counts that changed most from the day before, largest first.

    Shape: MOVEMENT_SCHEMA, at most `top` rows; both days must have a value from one source.
    Method: ranked by |b − a| / √(a + b), the change in units of what chance alone would do to a
        count, so that a small province's jump and a large one's drift are told apart.

    Args:
        cube: the figures.
        viewer: who looks.
        day: the later day; None: of each id, its last day with figures.
        ids: counts to watch; those the viewer may not see are left out.
        top: number of rows.
    """
    tables = [_changes(cube, key, day, viewer=viewer) for key in ids]
    moved = pl.concat([pl.DataFrame(schema=MOVEMENT_SCHEMA), *tables])
    order = ["rank", "id", "area_code"]
    return (
        moved.filter(pl.col("change") != 0)
        .with_columns(rank=-pl.col("score").abs())
        .sort(order)
        .drop("rank")
        .head(top)
    )


def _changes(cube: HotCube, key: str, day: date | None, *, viewer: Viewer) -> pl.DataFrame:
    nothing = pl.DataFrame(schema=MOVEMENT_SCHEMA)
    try:
        item = find(cube.state(viewer=viewer).catalogue, key, viewer=viewer)
    except UnknownId:
        return nothing
    last = day or _last_day(cube, item, viewer=viewer)
    if last is None or (isinstance(item, Indicator) and item.unit is not Unit.COUNT):
        return nothing
    before = last - timedelta(days=1)
    ask = Ask(ids=(key,), level=Level.PROVINCE, start=before, end=last)
    found = figures(cube, ask, viewer=viewer).filter(pl.col("value").is_not_null())
    now, past = (found.filter(pl.col("date") == one) for one in (last, before))
    value, previous = pl.col("value"), pl.col("previous")
    return (
        now.join(
            past.select("area_id", "source", pl.col("value").alias("previous")),
            on=["area_id", "source"],
            how="inner",
        )
        .with_columns(
            change=value - previous,
            relative=pl.when(previous != 0).then((value - previous) / previous),
            score=(value - previous) / pl.max_horizontal(value + previous, pl.lit(1.0)).sqrt(),
            higher_is_bad=pl.lit(item.higher_is_bad, dtype=pl.Boolean),
        )
        .select(list(MOVEMENT_SCHEMA))
    )


def _last_day(cube: HotCube, item: Measure | Indicator, *, viewer: Viewer) -> date | None:
    keys = item.measures if isinstance(item, Indicator) else (item.key, item.inflow, item.outflow)
    named = [key for key in keys if key]
    view = cube.view(dict.fromkeys(named), viewer=viewer)
    spans = [view.span(key, sources=None) for key in named]
    return max((span[1] for span in spans if span), default=None)
