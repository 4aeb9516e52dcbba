"""The revision log: which cell changed from one bulletin to the next, from, to, by which file.

Officials get it by cell. Everybody else gets it by public figure: both figures are already public
then, and a cell that is withheld is in none of them.
"""

from collections.abc import Callable, Sequence
from datetime import date

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.bulletins.compare import Side, moved, public_ids, vintage_of
from data_access.bulletins.model import (
    CELL_NAME,
    FROZEN_CELL,
    PUBLIC_REVISION_SCHEMA,
    REVISION_SCHEMA,
    Kind,
)
from data_access.codes import Level, Status, to_us
from data_access.cube.geography import RANKS
from data_access.cube.query import find, measures_of
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

PUBLIC_LEVELS = (Level.NATIONAL, Level.PROVINCE, Level.DISTRICT)
Endings = Callable[[str, int], pl.DataFrame]
"""(measure, month) → CELL_NAME, known_at, file of the cells that a delivery took back."""
_ENDING: Schema = {
    "day": pl.Int32, "area_code": pl.String, "vintage": pl.String, "dims": pl.String,
    "source": pl.String, "origin": pl.String, "known_at": pl.Int64, "file": pl.String,
}  # fmt: skip
_LABELS = {int(status): status.label for status in Status}


def cell_revisions(new: Side, old: Side, *, endings: Endings) -> pl.DataFrame:
    """Return every cell of an earlier bulletin that a later one gives otherwise.

    Shape: columns of REVISION_SCHEMA, sorted by them. A cell counts where value or status differ,
        where it is gone, or where it was added on a day that the earlier one had already reached.
    """
    cells = Kind.CELLS.value
    keys = {key for key in new.hashes.keys() | old.hashes.keys() if key[0] == cells}
    differing = sorted(key for key in keys if new.hashes.get(key) != old.hashes.get(key))
    frames = [pl.DataFrame(schema=REVISION_SCHEMA)]
    last: dict[str, date | None] = {}
    for _, measure, month in differing:
        if measure not in last:
            last[measure] = _last_day(old, measure)
        frames.append(_of_month(new, old, measure, month, reached=last[measure], endings=endings))
    return pl.concat(frames).sort("measure", "day", "area_code", "vintage", "dims", "source")


def _last_day(side: Side, measure: str) -> date | None:
    months = [m for kind, key, m in side.hashes if (kind, key) == (Kind.CELLS.value, measure)]
    if not months:
        return None
    last = _cells(side, measure, max(months))["day"].max()
    return last if isinstance(last, date) else None


def _cells(side: Side, measure: str, month: int) -> pl.DataFrame:
    if (Kind.CELLS.value, measure, month) not in side.hashes:
        return pl.DataFrame(schema=FROZEN_CELL)
    return side.cube.frozen.cells(measure, [month])[month]


def _of_month(
    new: Side, old: Side, measure: str, month: int, *, reached: date | None, endings: Endings
) -> pl.DataFrame:
    names = list(CELL_NAME)
    was = _cells(old, measure, month).select(
        *names, pl.col("value").alias("was"), pl.col("status").alias("was_status")
    )
    joined = _cells(new, measure, month).join(was, on=names, how="full", coalesce=True)
    is_new, is_old = pl.col("status").is_not_null(), pl.col("was_status").is_not_null()
    same = pl.col("value").eq_missing(pl.col("was")) & pl.col("status").eq_missing(
        pl.col("was_status")
    )
    told = joined.filter(~same).with_columns(
        change=pl.when(is_new & is_old).then(pl.lit("revised"))
        .when(is_new).then(pl.lit("added")).otherwise(pl.lit("removed"))
    )  # fmt: skip
    late = pl.lit(value=False) if reached is None else pl.col("day") <= reached
    told = told.filter((pl.col("change") != "added") | late)
    if (told["change"] == "removed").any():
        ended = endings(measure, month).rename({"known_at": "ended_at"})
        told = told.join(ended, on=names, how="left").with_columns(
            known_at=pl.coalesce("known_at", "ended_at")
        )
    else:
        told = told.with_columns(file=pl.lit(None, dtype=pl.String))
    return _named(told, new, measure)


def _named(told: pl.DataFrame, new: Side, measure: str) -> pl.DataFrame:
    content = new.cube.frozen.content(Kind.BATCHES)
    files = pl.DataFrame(schema={"batch": pl.String, "file_name": pl.String})
    if content is not None:
        files = content.select("batch", "file_name").unique(
            "batch", keep="first", maintain_order=True
        )
    label = {"return_dtype": pl.String, "default": ""}
    return (
        told.join(files, on="batch", how="left")
        .with_columns(
            pl.lit(measure).alias("measure"),
            pl.coalesce("file", "file_name", pl.lit("")).alias("file"),
            pl.col("value").alias("becomes"),
            pl.col("was_status").replace_strict(_LABELS, **label),  # type: ignore[arg-type]
            pl.col("status").replace_strict(_LABELS, **label).alias("becomes_status"),  # type: ignore[arg-type]
            pl.from_epoch("known_at", time_unit="us").dt.replace_time_zone("UTC"),
        )
        .select([pl.col(name).cast(dtype) for name, dtype in REVISION_SCHEMA.items()])
    )


def scoped(found: pl.DataFrame, side: Side, *, viewer: Viewer) -> pl.DataFrame:
    """Return the revisions that a viewer may see: of their areas, up to their clearance."""
    geography = side.cube.geography
    places = [geography.places[number] for number in geography.visible_ids(viewer)]
    seen = pl.DataFrame(
        [(one.code, one.vintage) for one in places],
        schema={"area_code": pl.String, "vintage": pl.String},
        orient="row",
    )
    measures = side.cube.state(viewer=viewer).catalogue.measures
    allowed = [key for key, one in measures.items() if one.clearance <= viewer.clearance]
    return found.join(seen, on=["area_code", "vintage"], how="semi", maintain_order="left").filter(
        pl.col("measure").is_in(allowed)
    )


def ended_cells(engine: sa.Engine, measure: str, month: int, *, viewer: Viewer) -> pl.DataFrame:
    """Return the cells of a measure and month that were taken back by `viewer.now`, and by what.

    Shape: CELL_NAME, known_at (µs), file.
    """
    of, place, codes = tables.cube_history.c, tables.area.c, tables.breakdown.c
    named, source, batch = tables.measure.c, tables.source.c, tables.batch.c
    query = (
        sa.select(of.day, place.code, place.vintage, codes.dims, source.name, source.origin,
                  of.known_at, batch.file_name)
        .join_from(tables.cube_history, tables.measure, named.measure_id == of.measure_id)
        .join(tables.area, place.area_id == of.area_id)
        .join(tables.breakdown, codes.breakdown_id == of.breakdown_id)
        .join(tables.source, source.source_id == of.source_id)
        .join(tables.batch, batch.batch_id == of.batch_id)
        .where(named.key == measure, of.month == month, of.n == 0,
               of.status == int(Status.VALUE), of.known_at <= to_us(viewer.now))
    )  # fmt: skip
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, _ENDING, viewer=viewer)
    last = found.sort("known_at").unique(CELL_NAME, keep="last", maintain_order=True)
    return last.with_columns(pl.col("day").cast(pl.Date))


# --- for everybody ------------------------------------------------------------------------------


def public_revisions(new: Side, old: Side, cells: pl.DataFrame) -> pl.DataFrame:
    """Return the public figures that were revised: columns of PUBLIC_REVISION_SCHEMA.

    Args:
        new: the later bulletin, as the press sees it.
        old: the earlier one, as the press sees it.
        cells: the log by cell, for the names of files; cells withheld by either are left out.
    """
    catalogue = new.cube.state(viewer=new.viewer).catalogue
    told = _not_withheld(cells, new, old)
    frames = [pl.DataFrame(schema=PUBLIC_REVISION_SCHEMA)]
    for key, level, both in moved(new, old, public_ids(catalogue), PUBLIC_LEVELS):
        keys = measures_of(catalogue, find(catalogue, key, viewer=new.viewer))
        # What is missing on one side may be withheld there: only what both show is told.
        shown = both.filter(pl.col("kind") == "revised")
        files = _files(told, new, keys, level)
        frames.append(
            shown.join(files, on=["date", "area_code"], how="left").select(
                pl.lit(key).alias("id"), pl.lit(level.value).alias("level"), "area_code", "area",
                "date", "was", pl.col("value").alias("becomes"), pl.col("kind").alias("change"),
                "source", "known_at", pl.col("files").fill_null(""),
            )
        )  # fmt: skip
    return pl.concat(frames).sort("id", "level", "area_code", "date")


def _not_withheld(cells: pl.DataFrame, new: Side, old: Side) -> pl.DataFrame:
    for side in (new, old):
        named = side.cube.frozen.withheld.select("measure", "day", "area_code").unique()
        cells = cells.join(named, on=["measure", "day", "area_code"], how="anti")
    return cells


def _files(cells: pl.DataFrame, side: Side, keys: Sequence[str], level: Level) -> pl.DataFrame:
    """Return date, area_code and the names of the files that changed cells inside each area."""
    geography = side.cube.geography
    parts = geography.parts(RANKS[level], vintage_of(side), viewer=side.viewer)
    frame = geography.areas.frame
    part = frame.select(pl.col("area_id").alias("part_id"), pl.col("code").alias("area_code"),
                        "vintage")  # fmt: skip
    target = frame.select("area_id", pl.col("code").alias("target"))
    return (
        cells.filter(pl.col("measure").is_in(list(keys)), pl.col("file") != "")
        .join(part, on=["area_code", "vintage"])
        .join(parts, on="part_id")
        .join(target, on="area_id")
        .group_by(pl.col("day").alias("date"), pl.col("target").alias("area_code"))
        .agg(files=pl.col("file").unique().sort().str.join(" · "))
    )
