"""How the days of a measure filled up, out of the cube's own history: the reporting triangle.

A day is looked at as it stood at the same time of day on every day after; so that a feed that
delivers at four in the afternoon is compared with itself. See docs/estimates.md.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Level, from_us, month_of, to_us
from data_access.cube.geography import RANKS
from data_access.cube.hot import HotCube
from data_access.estimates.nowcast import MAX_DELAY, ORIGINS, TRAINING_DAYS, Triangle
from data_access.reader import Schema
from data_access.sync.partitions import Partitions
from data_access.viewer import Viewer

HISTORY_DAYS = MAX_DELAY + TRAINING_DAYS + ORIGINS + MAX_DELAY
_LEVELS = (Level.NATIONAL.value, Level.PROVINCE.value)
_DAY_US = 86_400_000_000
_CELL = ["day", "area_id", "breakdown_id", "source_id"]
_GROUP = ["source_id", "rank", "vintage", "cut"]
_ROWS: Schema = {
    "measure_id": pl.Int32,
    "day": pl.Int32,
    "area_id": pl.Int32,
    "breakdown_id": pl.Int32,
    "source_id": pl.Int32,
    "known_at": pl.Int64,
    "value": pl.Float64,
}


@dataclass(frozen=True, kw_only=True)
class Filling:
    """How the days of a series filled up.

    Attributes:
        first: first day of the triangle.
        triangle: days × ages; its last day is that of `moment`.
        moment: what the triangle knows; never later than the hour asked for.
    """

    first: date
    triangle: Triangle
    moment: datetime


class Delays:
    """Reads reporting triangles. Safe to share between threads."""

    def __init__(self, cube: HotCube) -> None:
        """Hold what is given; read nothing yet."""
        self._cube = cube
        self._rows = Partitions(cube, _history, _ROWS)

    def filling(
        self, measure: str, *, area: str | None, sources: frozenset[str], viewer: Viewer
    ) -> Filling | None:
        """Return how a measure's days filled up, as known at the viewer's full hour.

        Cells below provinces are not read: a measure that a source reports only there has none.

        Args:
            measure: its id.
            area: code of a province; None: the nation.
            sources: names of the sources that the figures on screen come from.
            viewer: who looks.

        Returns:
            None: nothing is known of it, or not to this viewer.

        Raises:
            ScopeDenied: if the area is not in view.
        """
        viewer.require(area)
        hour = viewer.now.replace(minute=0, second=0, microsecond=0)
        state = self._cube.state(viewer=viewer)
        number = state.catalogue.numbers.get(measure)
        known = state.catalogue.measures.get(measure)
        if viewer.is_blind or number is None or known is None:
            return None
        if known.clearance > viewer.clearance:
            return None
        last = hour.astimezone(ZoneInfo(self._cube.geography.areas.country.time_zone)).date()
        first = last - timedelta(days=HISTORY_DAYS - 1)
        rows = self._rows.read(_months(first, last), viewer=viewer, measures=frozenset({number}))
        rows = rows.filter(pl.col("known_at") <= to_us(hour))
        chosen = self._chosen(rows, area=area, sources=sources, viewer=viewer)
        if chosen.is_empty():
            return None
        moment = int(chosen["known_at"].max())  # type: ignore[arg-type]
        return _laid_out(chosen, moment=moment, zone=self._cube.geography.areas.country.time_zone)

    def _chosen(
        self, rows: pl.DataFrame, *, area: str | None, sources: frozenset[str], viewer: Viewer
    ) -> pl.DataFrame:
        """Return the cells that add up to the area, each source in one level, vintage and cut."""
        catalogue, places = self._cube.state(viewer=viewer).catalogue, self._cube.geography.places
        named = catalogue.sources.filter(pl.col("source").is_in(sorted(sources)))
        seen = [
            (area_id, places[area_id].rank, places[area_id].vintage)
            for area_id in self._cube.geography.visible_ids(viewer)
            if area is None or places[area_id].province == area
        ]
        schema = {"area_id": pl.Int32, "rank": pl.Int32, "vintage": pl.String}
        placed = (
            rows.join(named.select("source_id"), on="source_id")
            .join(pl.DataFrame(seen, schema=schema, orient="row"), on="area_id")
            .join(catalogue.breakdowns.select("breakdown_id", "cut"), on="breakdown_id")
        )
        wanted = RANKS[Level.NATIONAL.value if area is None else Level.PROVINCE.value]
        best = (
            placed.filter(pl.col("rank") >= wanted)
            .group_by(_GROUP)
            .agg(newest=pl.col("day").max(), n=pl.len())
            # The parts before the whole, the newest, the fewest dimensions, then by name.
            .sort(
                pl.col("rank"), pl.col("newest"), pl.col("cut").str.len_chars() == 0,
                pl.col("cut"), pl.col("vintage"), descending=[True, True, True, False, False],
            )
            .unique("source_id", keep="first", maintain_order=True)
        )  # fmt: skip
        return placed.join(best.select(_GROUP), on=_GROUP).select([*_CELL, "known_at", "value"])


def _history(measures: object, month: int, moment: int) -> sa.Select[tuple[object, ...]]:
    of, area = tables.cube_history.c, tables.area.c
    # A cell that has gone counts as nothing from then on.
    there = sa.case((of.n != 0, sa.func.coalesce(of.value, 0.0)), else_=0.0)
    return (
        sa.select(
            of.measure_id, of.day, of.area_id, of.breakdown_id, of.source_id, of.known_at, there
        )
        .join_from(tables.cube_history, tables.area, of.area_id == area.area_id)
        .where(of.measure_id.in_(measures), of.month == month, of.known_at <= moment)  # type: ignore[arg-type]
        .where(area.level.in_(_LEVELS))
    )


def _laid_out(cells: pl.DataFrame, *, moment: int, zone: str) -> Filling:
    """Return the triangle of cells' levels; what was known before deliveries began is unknown.

    Args:
        cells: _CELL, known_at, value: the level of a cell from that moment on.
        moment: the last known_at.
        zone: the country's.
    """
    last = from_us(moment).astimezone(ZoneInfo(zone)).date()
    today, ages = last.toordinal() - date(1970, 1, 1).toordinal(), MAX_DELAY + 1
    n = HISTORY_DAYS
    # The evening on which a change is first seen, in days before the last one.
    ago = ((moment - pl.col("known_at")) // _DAY_US).cast(pl.Int32)
    steps = (
        cells.sort("known_at")
        .with_columns(step=pl.col("value") - pl.col("value").shift(1).over(_CELL).fill_null(0.0))
        .with_columns(row=pl.col("day") - today + n - 1, age=(today - ago - pl.col("day")))
        .with_columns(age=pl.col("age").clip(lower_bound=0))
        .filter(pl.col("age") < ages, pl.col("row").is_between(0, n - 1))
        .group_by("row", "age")
        .agg(pl.col("step").sum())
    )
    known = np.zeros((n, ages))
    rows, at, step = (steps[name].to_numpy() for name in ("row", "age", "step"))
    known[rows, at] = step
    known = known.cumsum(axis=1)
    seen = np.arange(n)[:, None] + np.arange(ages)[None, :]  # row of the evening looked from
    first_known = cells.group_by("source_id").agg(pl.col("known_at").min())["known_at"].max()
    began = n - 1 - (moment - int(first_known)) // _DAY_US  # type: ignore[arg-type]
    known[(seen > n - 1) | (seen < began)] = np.nan
    return Filling(
        first=last - timedelta(days=n - 1), triangle=Triangle(known=known), moment=from_us(moment)
    )


def _months(first: date, last: date) -> list[int]:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return sorted({month_of(day) for day in days})
