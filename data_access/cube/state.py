"""What the shared database holds right now, small enough to read at every change.

Change numbers of the cube's partitions, and the catalogue: measures, sources, breakdowns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Clearance, to_us
from data_access.errors import UnknownId
from data_access.measures.model import Measure, MeasureKind
from data_access.measures.registry import MEASURES
from data_access.reader import Schema, read_frame
from data_access.viewer import Viewer

_CHANGES: Schema = {"measure_id": pl.Int32, "month": pl.Int32, "change_no": pl.Int64}
_SOURCES: Schema = {
    "source_id": pl.Int32,
    "source": pl.String,
    "origin": pl.String,
    "precedence": pl.Int32,
}
_BREAKDOWNS: Schema = {"breakdown_id": pl.Int32, "dims": pl.String, "cut": pl.String}
_MEASURES: Schema = {
    "measure_id": pl.Int32,
    "key": pl.String,
    "kind": pl.String,
    "unit": pl.String,
    "platform": pl.String,
    "clearance": pl.Int16,
    "vi": pl.String,
    "en": pl.String,
}
_DELIVERED: Schema = {"source_id": pl.Int32, "platform": pl.String, "delivered": pl.Int64}


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """The interned names of one state.

    Attributes:
        measures: id → declaration; those of the registry, and those a mapping registered.
        numbers: id → number in the database; ids without figures are absent.
        sources: source_id, source, origin, precedence.
        breakdowns: breakdown_id, dims, cut.
    """

    measures: Mapping[str, Measure]
    numbers: Mapping[str, int]
    sources: pl.DataFrame
    breakdowns: pl.DataFrame

    def measure(self, key: str, *, viewer: Viewer) -> Measure:
        """Return the measure of an id.

        Raises:
            UnknownId: if there is none, or none that this viewer may know of.
        """
        found = self.measures.get(key)
        if found is None or found.clearance > viewer.clearance:
            raise UnknownId(f"no measure has the id {key!r}{near(key, list(self.measures))}")
        return found

    @cached_property
    def codes(self) -> Mapping[int, Mapping[str, str]]:
        """breakdown_id → dimension → code."""
        pairs = self.breakdowns.select("breakdown_id", "dims").iter_rows()
        return {number: parse_dims(dims) for number, dims in pairs}

    @cached_property
    def cut_of(self) -> Mapping[int, str]:
        """breakdown_id → cut."""
        return dict(self.breakdowns.select("breakdown_id", "cut").iter_rows())


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """One state of the database.

    Attributes:
        token: differs whenever anything was committed.
        changes: (measure number, month yyyymm) → change number.
        newest: newest moment (µs) of any delivery; None: no delivery is on record.
        catalogue: the names.
    """

    token: str
    changes: Mapping[tuple[int, int], int] = field(default_factory=dict)
    newest: int | None
    catalogue: Catalogue

    def months(self, key: str) -> list[int]:
        """Return the months a measure has partitions of, in order."""
        number = self.catalogue.numbers.get(key)
        return sorted(month for of, month in self.changes if of == number)


def parse_dims(dims: str) -> dict[str, str]:
    """Return dimension → code of a canonical breakdown text."""
    return dict(pair.split("=", 1) for pair in dims.split("|")) if dims else {}


def near(key: str, known: list[str]) -> str:
    """Return a hint that names the ids most like a wrong one, as `; did you mean cases?`."""
    close = get_close_matches(key, known, n=3, cutoff=0.6)
    return f"; did you mean {', '.join(close)}?" if close else ""


def read_token(connection: sa.Connection, *, viewer: Viewer) -> str:
    """Return a text that differs whenever anything was committed; cheap."""
    change, batch = tables.partition_change.c, tables.batch.c
    query = sa.select(
        sa.cast(sa.func.coalesce(sa.func.sum(change.change_no), 0), sa.BigInteger),
        sa.func.count(),
        sa.select(sa.func.coalesce(sa.func.max(batch.batch_id), 0)).scalar_subquery(),
    ).select_from(tables.partition_change)
    schema: Schema = {"total": pl.Int64, "n": pl.Int64, "batch": pl.Int64}
    found = read_frame(connection, query, schema, viewer=viewer)
    return "-".join(str(value) for value in found.row(0)) if found.height else "blind"


def read_state(connection: sa.Connection, token: str, *, viewer: Viewer) -> State:
    """Return the state that a connection sees."""
    change = tables.partition_change.c
    query = sa.select(change.measure_id, change.month, change.change_no)
    changes = read_frame(connection, query, _CHANGES, viewer=viewer)
    newest = read_frame(
        connection,
        sa.select(sa.func.max(tables.batch.c.known_at)),
        {"newest": pl.Int64},
        viewer=viewer,
    )
    return State(
        token=token,
        changes={(of, month): number for of, month, number in changes.iter_rows()},
        newest=newest["newest"].max() if newest.height else None,  # type: ignore[arg-type]
        catalogue=_read_catalogue(connection, viewer=viewer),
    )


def _read_catalogue(connection: sa.Connection, *, viewer: Viewer) -> Catalogue:
    of = tables.measure.c
    rows = read_frame(connection, sa.select(*[of[name] for name in _MEASURES]), _MEASURES,
                      viewer=viewer)  # fmt: skip
    source, breakdown = tables.source.c, tables.breakdown.c
    return Catalogue(
        measures=_declared(rows),
        numbers=dict(rows.select("key", "measure_id").iter_rows()),
        sources=read_frame(
            connection,
            sa.select(source.source_id, source.name, source.origin, source.precedence),
            _SOURCES,
            viewer=viewer,
        ),
        breakdowns=read_frame(
            connection,
            sa.select(breakdown.breakdown_id, breakdown.dims, breakdown.cut),
            _BREAKDOWNS,
            viewer=viewer,
        ),
    )


def _declared(rows: pl.DataFrame) -> dict[str, Measure]:
    found = dict(MEASURES)
    for row in rows.iter_rows(named=True):
        if row["key"] not in found:
            found[row["key"]] = Measure(
                key=row["key"],
                kind=MeasureKind(row["kind"]),
                unit=row["unit"],
                platform=row["platform"],
                vi=row["vi"],
                en=row["en"],
                clearance=Clearance(row["clearance"]),
            )
    return found


def with_dimensions(measure: Measure, cuts: list[str]) -> Measure:
    """Return the measure with the dimensions that its figures are really kept by, too."""
    seen = {name for cut in cuts for name in cut.split(",") if name}
    return replace(measure, dimensions=tuple(sorted(seen | set(measure.dimensions))))


def read_delivered(connection: sa.Connection, *, viewer: Viewer) -> pl.DataFrame:
    """Return the last moment each source delivered, as far as the viewer's moment.

    Shape: source_id, platform, delivered (µs UTC).
    """
    batch = tables.batch.c
    query = (
        sa.select(batch.source_id, batch.platform, sa.func.max(batch.known_at))
        .where(batch.known_at <= to_us(viewer.now))
        .group_by(batch.source_id, batch.platform)
    )
    return read_frame(connection, query, _DELIVERED, viewer=viewer)
