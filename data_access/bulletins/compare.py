"""Two bulletins side by side: what moved between their figures. Pure Polars over two cubes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from data_access.bulletins.frozen import FrozenCube, Hashes
from data_access.bulletins.model import DIFFERENCE_SCHEMA, Kind
from data_access.bulletins.tolerances import Tolerance, Tolerances
from data_access.codes import Clearance, Level
from data_access.cube.catalogue import Catalogue
from data_access.cube.query import Ask, figures, find, measures_of
from data_access.errors import UnknownId
from data_access.indicators.model import Indicator
from data_access.indicators.registry import INDICATORS
from data_access.measures.model import Measure
from data_access.reader import Schema
from data_access.viewer import Viewer

WEEK = 7
_SMALLEST = 1e-9
_SIDE: Schema = {"date": pl.Date, "area_code": pl.String, "area": pl.String, "value": pl.Float64}
_ABOUT: Schema = {"source": pl.String, "known_at": pl.Datetime("us", "UTC")}
_WEEK: Schema = {"area_code": pl.String, "date": pl.Date, "before": pl.Float64}


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """A bulletin as one reader sees it.

    Attributes:
        cube: its cells.
        viewer: the reader, as the cube must be asked.
        hashes: its parts.
    """

    cube: FrozenCube
    viewer: Viewer
    hashes: Hashes


def public_ids(catalogue: Catalogue, watch: Sequence[str] = ()) -> list[str]:
    """Return every measure with figures and every indicator that is public, and some more."""
    measures = [
        key for key in catalogue.numbers if catalogue.measures[key].clearance == Clearance.PUBLIC
    ]
    indicators = [key for key, one in INDICATORS.items() if one.clearance == Clearance.PUBLIC]
    return sorted({*measures, *indicators, *watch})


def vintage_of(side: Side) -> str:
    """Return the edition of the map that was in force at a bulletin's cut-off."""
    areas = side.cube.geography.areas
    zone = ZoneInfo(areas.country.time_zone)
    day = side.cube.frozen.cut_off.astimezone(zone).date()
    default = next(one for one in areas.country.vintages if one.id == areas.default_vintage)
    return default.id if default.holds_on(day) else areas.vintage_on(day)


def changed_since(new: Hashes, old: Hashes, keys: Sequence[str]) -> date | None:
    """Return the first day of the first month in which cells of some measures differ."""
    differing = [
        month
        for kind, measure, month in new.keys() | old.keys()
        if kind == Kind.CELLS.value
        and measure in keys
        and new.get((kind, measure, month)) != old.get((kind, measure, month))
    ]
    return date(min(differing) // 100, min(differing) % 100, 1) if differing else None


def moved(
    new: Side, old: Side, ids: Sequence[str], levels: Sequence[Level]
) -> Iterator[tuple[str, Level, pl.DataFrame]]:
    """Yield id, level and both figures of every area and day whose value moved.

    Shape: date, area_code, area, value, source, known_at, was (null: none), kind (revised,
        removed, added, new), before (the largest of the week before, in the newer bulletin).
    """
    for key in ids:
        item = _find(new, key)
        if item is None:
            continue
        start = changed_since(new.hashes, old.hashes, measures_of(_catalogue(new), item))
        if start is None:
            continue
        for level in levels:
            ask = Ask(ids=(key,), level=level, start=start, vintage=vintage_of(new))
            yield key, level, _both(_figures(new, ask), _figures(old, ask))


def _catalogue(side: Side) -> Catalogue:
    return side.cube.state(viewer=side.viewer).catalogue


def _find(side: Side, key: str) -> Measure | Indicator | None:
    try:
        return find(_catalogue(side), key, viewer=side.viewer)
    except UnknownId:
        return None


def _figures(side: Side, ask: Ask) -> pl.DataFrame:
    """Return the figures of a side that have a value."""
    columns = [*_SIDE, *_ABOUT]
    if _find(side, ask.ids[0]) is None:
        return pl.DataFrame(schema={**_SIDE, **_ABOUT})
    found = figures(side.cube, ask, viewer=side.viewer)
    return found.filter(pl.col("value").is_not_null()).select(columns)


def _both(new: pl.DataFrame, old: pl.DataFrame) -> pl.DataFrame:
    last = old["date"].max()
    week = _week_before(new)
    was = old.select("date", "area_code", pl.col("area").alias("area_then"),
                     pl.col("value").alias("was"))  # fmt: skip
    joined = new.join(was, on=["date", "area_code"], how="full", coalesce=True).join(
        week, on=["date", "area_code"], how="left"
    )
    value, before = pl.col("value"), pl.col("was")
    after_last = pl.lit(value=True) if last is None else pl.col("date") > last
    kind = (
        pl.when(value.is_null()).then(pl.lit("removed"))
        .when(before.is_not_null()).then(pl.lit("revised"))
        .when(after_last).then(pl.lit("new"))
        .otherwise(pl.lit("added"))
    )  # fmt: skip
    same = (value - before).abs() <= _SMALLEST
    return joined.with_columns(pl.coalesce("area", "area_then").alias("area"), kind=kind).filter(
        ~same.fill_null(value=False)
    )


def _week_before(new: pl.DataFrame) -> pl.DataFrame:
    """Return area_code, date, before: the largest figure of the seven days before each."""
    if new.is_empty():
        return pl.DataFrame(schema=_WEEK)
    days = new.sort("area_code", "date").rolling(
        index_column="date", period=f"{WEEK}d", offset=f"-{WEEK + 1}d", group_by="area_code"
    )
    return days.agg(before=pl.col("value").max())


def differences(new: Side, old: Side, *, tolerances: Tolerances) -> pl.DataFrame:
    """Return what moved between two bulletins by id, area and day: columns of DIFFERENCE_SCHEMA.

    Nation and provinces; what is public, and what the tolerances watch. Out of tolerance first,
    then by how many times its tolerance a figure moved. `note` and `accepted_by` are empty.
    """
    levels = [Level.PROVINCE]
    if new.viewer.everywhere:
        levels.insert(0, Level.NATIONAL)
    frames = [pl.DataFrame(schema=DIFFERENCE_SCHEMA)]
    for key, _, both in moved(new, old, public_ids(_catalogue(new), tolerances.watch), levels):
        item = _find(new, key)
        unit = item.unit.value if isinstance(item, Indicator) else "count"
        frames.append(_judged(both, key, tolerances.of(key, unit)))
    order = ["out_of_tolerance", "score", "id", "area_code", "date"]
    return pl.concat(frames).sort(order, descending=[True, True, False, False, True])


def _judged(both: pl.DataFrame, key: str, limits: Tolerance) -> pl.DataFrame:
    value, was = pl.col("value"), pl.col("was")
    change = value.fill_null(0.0) - was.fill_null(0.0)
    is_new = pl.col("kind") == "new"
    of_last = was.abs().fill_null(0.0) * limits.relative
    of_week = pl.col("before").fill_null(0.0) * limits.jump + limits.absolute
    revised = pl.max_horizontal(pl.lit(limits.absolute), of_last)
    allowed = pl.when(is_new).then(of_week).otherwise(revised)
    # The first days of a series follow nothing that they could be measured by.
    is_first = is_new & pl.col("before").is_null()
    score = pl.when(is_first).then(0.0).otherwise(change.abs() / allowed)
    return both.select(
        pl.lit(key).alias("id"), "area_code", "area", "date", "kind", "was",
        value.alias("becomes"), change.alias("change"),
        pl.when(was != 0).then(change / was).alias("relative"),
        ((score > 1) | (pl.col("kind") == "removed")).alias("out_of_tolerance"),
        score.alias("score"),
        pl.lit("").alias("note"), pl.lit("").alias("accepted_by"),
    ).select([pl.col(name).cast(dtype) for name, dtype in DIFFERENCE_SCHEMA.items()])  # fmt: skip
