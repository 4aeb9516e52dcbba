"""The largest movements from one day to the next, and where. Pure Polars over figures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from data_access.codes import Level
from data_access.cube.doubt import USUAL_DAYS, is_sudden_zero
from data_access.cube.query import Ask, figures, find
from data_access.cube.source import Cube
from data_access.errors import UnknownId
from data_access.indicators.model import Indicator, Unit
from data_access.measures.model import Measure, MeasureKind
from data_access.measures.registry import MEASURES
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
    "n_left_out": pl.Int32,
}


def movements(
    cube: Cube,
    *,
    viewer: Viewer,
    day: date | None = None,
    ids: Sequence[str] = WATCHED,
    top: int = TOP,
) -> pl.DataFrame:
    """Return the provinces and counts that changed most from the day before, largest first.

    Shape: MOVEMENT_SCHEMA, at most `top` rows. An area is compared where both days have a value
        from the same sources and the same number of its parts, so that no fall is a report that
        has not come; and where neither day is a zero after days of many, there or in the sum of
        all areas (`cube.doubt`). `n_left_out`: areas of that id with a value on one of the days
        that are not compared.
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


def _changes(cube: Cube, key: str, day: date | None, *, viewer: Viewer) -> pl.DataFrame:
    nothing = pl.DataFrame(schema=MOVEMENT_SCHEMA)
    try:
        item = find(cube.state(viewer=viewer).catalogue, key, viewer=viewer)
    except UnknownId:
        return nothing
    last = day or _last_day(cube, item, viewer=viewer)
    if last is None or (isinstance(item, Indicator) and item.unit is not Unit.COUNT):
        return nothing
    before = last - timedelta(days=1)
    first = before - timedelta(days=USUAL_DAYS)
    ask = Ask(ids=(key,), level=Level.PROVINCE, start=first, end=last)
    found = figures(cube, ask, viewer=viewer).filter(pl.col("value").is_not_null())
    doubted = _doubted(found, (before, last)) if _adds(item) else set()
    now, past = (found.filter(pl.col("date") == one) for one in (last, before))
    same = ["area_id", "source", "n_expected", "n_missing", "part_level"]
    compared = now.join(
        past.select(*same, pl.col("value").alias("previous")),
        on=same,
        how="inner",
        nulls_equal=True,
    ).filter(~pl.col("area_id").is_in(sorted(doubted)))
    n_either = pl.concat([now["area_id"], past["area_id"]]).n_unique()
    return _scored(compared, item, n_left_out=n_either - compared.height)


def _scored(compared: pl.DataFrame, item: Measure | Indicator, *, n_left_out: int) -> pl.DataFrame:
    value, previous = pl.col("value"), pl.col("previous")
    return compared.with_columns(
        change=value - previous,
        relative=pl.when(previous != 0).then((value - previous) / previous),
        score=(value - previous) / pl.max_horizontal(value + previous, pl.lit(1.0)).sqrt(),
        higher_is_bad=pl.lit(item.higher_is_bad, dtype=pl.Boolean),
        n_left_out=pl.lit(n_left_out, dtype=pl.Int32),
    ).select(list(MOVEMENT_SCHEMA))


def _doubted(found: pl.DataFrame, days: Sequence[date]) -> set[int]:
    """Return the areas of which one of the days is a zero after days of many, or all areas."""
    by_area: dict[int, dict[date, float]] = defaultdict(dict)
    total: dict[date, float] = defaultdict(float)
    for area_id, day, value in found.select("area_id", "date", "value").iter_rows():
        by_area[area_id][day] = value
        total[day] += value

    def is_doubtful(known: Mapping[date, float]) -> bool:
        usual = {day: [known.get(day - timedelta(days=n)) for n in range(1, USUAL_DAYS + 1)]
                 for day in days}  # fmt: skip
        return any(is_sudden_zero(known.get(day), usual[day]) for day in days)

    if is_doubtful(total):
        return set(by_area)
    return {area_id for area_id, known in by_area.items() if is_doubtful(known)}


def _adds(item: Measure | Indicator) -> bool:
    """Return whether the item is a daily count."""
    if isinstance(item, Measure):
        return item.kind is MeasureKind.FLOW
    first, *more = item.terms
    flow = first.measure in MEASURES and MEASURES[first.measure].kind is MeasureKind.FLOW
    return not more and first.window_days == 1 and not first.cumulative and flow


def _last_day(cube: Cube, item: Measure | Indicator, *, viewer: Viewer) -> date | None:
    keys = item.measures if isinstance(item, Indicator) else (item.key, item.inflow, item.outflow)
    named = [key for key in keys if key]
    view = cube.view(dict.fromkeys(named), viewer=viewer)
    spans = [view.span(key, sources=None) for key in named]
    return max((span[1] for span in spans if span), default=None)
