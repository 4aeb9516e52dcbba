"""Takes the cube as known at a moment apart into parts: cells by measure and month, and names.

Everything is read in one snapshot. Parts speak of areas, sources and breakdowns by name, never by
number: the same data in another database gives the same hash.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.bulletins.canonical import content_hash, in_order, pack
from data_access.bulletins.model import (
    FROZEN_BATCH,
    FROZEN_BREAKDOWN,
    FROZEN_CELL,
    FROZEN_MEASURE,
    FROZEN_SOURCE,
    Kind,
)
from data_access.codes import Level, Status, to_us
from data_access.cube.hot import cells_of
from data_access.cube.partition import in_force
from data_access.cube.view import CELL_SCHEMA
from data_access.reader import FrameReader, Schema, frame_snapshot
from data_access.reference.areas import COUNTRY_KEY
from data_access.viewer import Viewer

BATCH_LETTERS = 16
"""Letters of a file's SHA-256 that name it in a cell."""
_READ_SCHEMA: Schema = {
    "month": pl.Int32,
    **CELL_SCHEMA,
    "day": pl.Int32,
    "batch_id": pl.Int64,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """One part of a bulletin.

    Attributes:
        kind: what it holds.
        measure: id, for cells; else empty.
        month: `yyyymm`, for cells; else 0.
        sha256: of its content.
        n_rows: rows of its content.
        payload: its content as kept; None: the same content is kept already.
    """

    kind: Kind
    measure: str = ""
    month: int = 0
    sha256: str
    n_rows: int
    payload: bytes | None

    @property
    def key(self) -> tuple[str, str, int]:
        """Its name within the bulletin."""
        return self.kind.value, self.measure, self.month


def make_part(
    content: pl.DataFrame, *, kind: Kind, measure: str = "", month: int = 0, kept: Set[str]
) -> Part:
    """Return a part of some content, in canonical order.

    Args:
        content: rows in any order.
        kind: what it holds.
        measure: id, for cells.
        month: `yyyymm`, for cells.
        kept: hashes of the contents that are kept already.
    """
    ordered = in_order(content)
    sha256 = content_hash(ordered)
    return Part(
        kind=kind,
        measure=measure,
        month=month,
        sha256=sha256,
        n_rows=ordered.height,
        payload=None if sha256 in kept else pack(ordered),
    )


def freeze(engine: sa.Engine, *, kept: Set[str], viewer: Viewer) -> list[Part]:
    """Return the parts of everything known at `viewer.now`, in one state of the database.

    Args:
        engine: the shared database.
        kept: hashes of the contents that are kept already; they are not packed again.
        viewer: the system at the cut-off.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    with frame_snapshot(engine, viewer=viewer) as reader:
        return list(_Freezer(reader, kept, viewer).parts())


class _Freezer:
    def __init__(self, reader: FrameReader, kept: Set[str], viewer: Viewer) -> None:
        self._reader = reader
        self._kept = kept
        self._viewer = viewer
        self._moment = to_us(viewer.now)
        self._breakdowns: set[int] = set()
        self._sources: set[int] = set()

    def _read(self, query: sa.Select[tuple[object, ...]], schema: Schema) -> pl.DataFrame:
        return self._reader.read(query, schema, viewer=self._viewer)

    def _made(self, content: pl.DataFrame, kind: Kind, measure: str = "", month: int = 0) -> Part:
        return make_part(content, kind=kind, measure=measure, month=month, kept=self._kept)

    def parts(self) -> Iterator[Part]:
        """Yield every part: reference data, cells, then the names that the cells use."""
        areas = self._areas()
        yield self._made(areas.drop("area_id"), Kind.AREAS)
        yield from self._reference(areas.select("area_id", pl.col("code", "vintage")))
        every = self._batches()
        self._sources |= set(every["source_id"].to_list())
        measures = self._measures()
        names = self._names(areas, every)
        for number, key in measures.select("measure_id", "key").sort("key").iter_rows():
            for month, cells in self._cells(number):
                yield self._made(_named(cells, names), Kind.CELLS, key, month)
        yield self._made(measures.drop("measure_id"), Kind.MEASURES)
        yield from self._used(every)

    # --- cells --------------------------------------------------------------------------------

    def _cells(self, number: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield month and cells of a measure; months without a cell are left out."""
        changed = self._changed(number)
        current, past = tables.cube_current, tables.cube_history
        query = _with_batch(current).where(current.c.measure_id == number)
        if changed:
            query = query.where(current.c.month.not_in(changed))
        found = [self._read(query, _READ_SCHEMA)]
        if changed:
            known = _with_batch(past).where(
                past.c.measure_id == number,
                past.c.month.in_(changed),
                past.c.known_at <= self._moment,
            )
            found.append(in_force(self._read(known, _READ_SCHEMA)))
        every = pl.concat(found)
        self._breakdowns |= set(every["breakdown_id"].unique().to_list())
        self._sources |= set(every["source_id"].unique().to_list())
        split = every.partition_by("month", as_dict=True)
        for (month,), cells in sorted(split.items()):
            yield int(str(month)), cells

    def _changed(self, number: int) -> list[int]:
        """Return the months of a measure in which something became known after the moment."""
        if self._newest() <= self._moment:
            return []
        of = tables.cube_history.c
        later = (
            sa.select(of.month)
            .where(of.measure_id == number, of.known_at > self._moment)
            .group_by(of.month)
        )
        return sorted(self._read(later, {"month": pl.Int32})["month"].to_list())

    def _newest(self) -> int:
        newest = sa.select(sa.func.coalesce(sa.func.max(tables.batch.c.known_at), 0))
        return int(self._read(newest, {"newest": pl.Int64})["newest"][0])

    # --- names --------------------------------------------------------------------------------

    def _areas(self) -> pl.DataFrame:
        """Return the areas that figures are kept of; wards are none."""
        of = tables.area.c
        schema: Schema = {
            "area_id": pl.Int32, "code": pl.String, "vintage": pl.String, "level": pl.String,
            "parent_code": pl.String, "name": pl.String, "name_en": pl.String,
            "aliases": pl.String, "region": pl.String, "kind": pl.String, "valid_from": pl.Date,
            "valid_to": pl.Date, "lon": pl.Float64, "lat": pl.Float64,
        }  # fmt: skip
        query = sa.select(*[of[name] for name in schema])
        found = self._read(query, _as_numbers(schema))
        return found.cast(schema).filter(pl.col("level") != Level.WARD.value)  # type: ignore[arg-type]

    def _reference(self, areas: pl.DataFrame) -> Iterator[Part]:
        people, past, beside = tables.population.c, tables.succession.c, tables.neighbour.c
        persons = self._read(
            sa.select(people.area_id, people.grp, people.source, people.population,
                      people.as_of, people.confidence),
            {"area_id": pl.Int32, "group": pl.String, "source": pl.String,
             "population": pl.Int64, "as_of": pl.Int32, "confidence": pl.String},
        )  # fmt: skip
        located = persons.join(areas, on="area_id").drop("area_id")
        yield self._made(located.with_columns(pl.col("as_of").cast(pl.Date)), Kind.POPULATION)
        passed = self._read(
            sa.select(past.old_code, past.old_vintage, past.new_code, past.new_vintage,
                      past.from_day),
            {"old_code": pl.String, "old_vintage": pl.String, "new_code": pl.String,
             "new_vintage": pl.String, "from": pl.Int32},
        )  # fmt: skip
        yield self._made(passed.with_columns(pl.col("from").cast(pl.Date)), Kind.SUCCESSION)
        borders = self._read(
            sa.select(beside.area_a, beside.area_b, beside.border_km),
            {"area_a": pl.Int32, "area_b": pl.Int32, "border_km": pl.Float64},
        )
        for side in ("area_a", "area_b"):
            ends = areas.select(pl.col("area_id").alias(side), pl.col("code").alias(f"{side}_code"),
                                pl.col("vintage").alias(f"{side}_vintage"))  # fmt: skip
            borders = borders.join(ends, on=side).drop(side)
        yield self._made(borders, Kind.BORDERS)
        meta = tables.meta.c
        # Only whole numbers may be bound: the one row is picked here.
        texts = self._read(sa.select(meta.key, meta.value), {"key": pl.String, "value": pl.String})
        yield self._made(texts.filter(pl.col("key") == COUNTRY_KEY), Kind.COUNTRY)

    def _measures(self) -> pl.DataFrame:
        of = tables.measure.c
        schema: Schema = {"measure_id": pl.Int32, **FROZEN_MEASURE}
        return self._read(sa.select(*[of[name] for name in schema]), schema)

    def _batches(self) -> pl.DataFrame:
        of, source = tables.batch.c, tables.source.c
        schema: Schema = {"batch_id": pl.Int64, "source_id": pl.Int32, **FROZEN_BATCH}
        query = (
            sa.select(of.batch_id, of.source_id, of.sha256.label("begin"), source.name,
                      source.origin, of.platform, of.file_name, of.sha256, of.known_at)
            .join_from(tables.batch, tables.source)
            .where(of.known_at <= self._moment)
        )  # fmt: skip
        return self._read(query, schema).with_columns(pl.col("batch").str.head(BATCH_LETTERS))

    def _names(self, areas: pl.DataFrame, batches: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """Return what the numbers of cells stand for."""
        return {
            "area_id": areas.select("area_id", pl.col("code").alias("area_code"), "vintage"),
            "breakdown_id": self._every_breakdown().select("breakdown_id", "dims"),
            "source_id": self._every_source().select("source_id", "source", "origin"),
            "batch_id": batches.select("batch_id", "batch"),
        }

    def _every_source(self) -> pl.DataFrame:
        of = tables.source.c
        schema: Schema = {"source_id": pl.Int32, "source": pl.String, "origin": pl.String,
                          "precedence": pl.Int32, "clearance": pl.Int16}  # fmt: skip
        columns = (of.source_id, of.name, of.origin, of.precedence, of.clearance)
        return self._read(sa.select(*columns), schema)

    def _every_breakdown(self) -> pl.DataFrame:
        of = tables.breakdown.c
        schema: Schema = {"breakdown_id": pl.Int32, **FROZEN_BREAKDOWN}
        return self._read(sa.select(of.breakdown_id, of.dims, of.cut), schema)

    def _used(self, batches: pl.DataFrame) -> Iterator[Part]:
        """Yield the names in use at the moment; what came later is not told."""
        used = pl.col("source_id").is_in(sorted(self._sources))
        sources = self._every_source().filter(used).sort("source_id")
        placed = sources.with_columns(place=pl.int_range(pl.len(), dtype=pl.Int32))
        yield self._made(placed.select(list(FROZEN_SOURCE)), Kind.SOURCES)
        seen = pl.col("breakdown_id").is_in(sorted(self._breakdowns))
        breakdowns = self._every_breakdown().filter(seen).select(list(FROZEN_BREAKDOWN))
        yield self._made(breakdowns, Kind.BREAKDOWNS)
        yield self._made(batches.select(list(FROZEN_BATCH)).unique(), Kind.BATCHES)


def _with_batch(table: sa.Table) -> sa.Select[tuple[object, ...]]:
    return cells_of(table).add_columns(table.c.batch_id)


def _as_numbers(schema: Schema) -> Schema:
    # Days are stored as whole numbers.
    return {name: pl.Int32 if dtype is pl.Date else dtype for name, dtype in schema.items()}


def _named(cells: pl.DataFrame, names: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return cells by name: columns of FROZEN_CELL."""
    told = cells
    for number, table in names.items():
        how = "left" if number == "batch_id" else "inner"
        told = told.join(table, on=number, how=how)  # type: ignore[arg-type]
    return told.with_columns(
        pl.col("day").cast(pl.Date),
        pl.col("batch").fill_null(""),
        value=pl.when(pl.col("status") == Status.VALUE).then(pl.col("value")),
    ).select([pl.col(name).cast(dtype) for name, dtype in FROZEN_CELL.items()])
