"""How much of each province's day is there: volume and parts, from the cube in memory."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from data_access.codes import Origin
from data_access.cube.catalogue import Catalogue
from data_access.cube.hot import HotCube
from data_access.cube.view import CubeView
from data_access.measures.model import MeasureKind
from data_access.sync.receipts import provinces
from data_access.viewer import Viewer

VOLUME_SCHEMA = {
    "platform": pl.String,
    "source_id": pl.Int32,
    "province": pl.String,
    "day": pl.Date,
    "volume": pl.Float64,
    "n_there": pl.Int32,
}
_PLACE = ["source_id", "province", "day"]


def volumes(
    cube: HotCube, keys: Sequence[str], *, start: date, end: date, viewer: Viewer
) -> pl.DataFrame:
    """Return volume and number of parts by platform, source, province and day.

    Shape: VOLUME_SCHEMA. Volume is, of records, their number; of tables, the sum of the flows
        reported (stocks say nothing of a day's completeness). Parts are the (measure, area)
        pairs with a figure, at the grain that has most of them.
    """
    view = cube.view(dict.fromkeys(keys, (start, end)), viewer=viewer)
    places = provinces(cube, viewer=viewer)
    records = _record_sources(view.catalogue)
    frames = []
    for key in keys:
        measure = view.catalogue.measures[key]
        found = _of_measure(view, key, days=(start, end), places=places)
        if found is not None:
            flow = measure.kind is MeasureKind.FLOW
            value = pl.col("value") if flow else pl.lit(0.0)
            is_records = pl.col("source_id").is_in(records)
            volume = pl.when(is_records).then(pl.col("n").cast(pl.Float64)).otherwise(value)
            frames.append(found.with_columns(volume=volume, platform=pl.lit(measure.platform)))
    if not frames:
        return pl.DataFrame(schema=VOLUME_SCHEMA)
    return (
        pl.concat(frames)
        .filter(pl.col("day").is_between(start, end))
        .group_by("platform", *_PLACE)
        .agg(pl.col("volume").sum(), n_there=pl.col("n_areas").sum().cast(pl.Int32))
        .select(list(VOLUME_SCHEMA))
    )


def _of_measure(
    view: CubeView, key: str, *, days: tuple[date, date], places: pl.DataFrame
) -> pl.DataFrame | None:
    """Return source, province, day, n, value, n_areas of one measure: its fullest grain."""
    grains = {grain for one in view.partitions.get(key, ()) for grain in one.cells}
    frames = [
        view.cells(key, grain, days=days)
        .join(places, on="area_id")
        .group_by(_PLACE)
        .agg(
            pl.col("n").sum(),
            pl.col("value").sum(),
            n_areas=pl.col("area_id").n_unique().cast(pl.Int32),
        )
        for grain in sorted(grains)
    ]
    if not frames:
        return None
    # Each grain adds up to the same total: the one with most is the complete one.
    return pl.concat(frames).group_by(_PLACE).agg(pl.all().max())


def _record_sources(catalogue: Catalogue) -> list[int]:
    return catalogue.sources.filter(pl.col("origin") == Origin.RECORDS)["source_id"].to_list()
