"""What one viewer sees of some measures: frames in memory, cut to their scope. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from data_access.codes import month_of
from data_access.cube.catalogue import Catalogue, State
from data_access.cube.geography import Geography
from data_access.cube.kept import Kept
from data_access.measures.model import Measure
from data_access.viewer import Viewer

CELL_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "area_id": pl.Int32,
    "day": pl.Date,
    "breakdown_id": pl.Int32,
    "source_id": pl.Int32,
    "value": pl.Float64,
    "n": pl.Int64,
    "status": pl.Int8,
    "known_at": pl.Int64,
}
PRESENCE_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "day": pl.Date,
    "source_id": pl.Int32,
    "rank": pl.Int8,
    "vintage": pl.String,
    "cut": pl.String,
}
HOLDING_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "source_id": pl.Int32,
    "rank": pl.Int8,
    "vintage": pl.String,
    "area_id": pl.Int32,
}
Grain = tuple[int, str]
LAST_MONTH = 999912


@dataclass(frozen=True, kw_only=True, eq=False)
class Partition:
    """One month of one measure, as known over a stretch of moments.

    Attributes:
        month: `yyyymm`.
        change_no: change number it was read at.
        since: first moment (µs) for which it is the truth.
        until: first moment (µs) for which it is not.
        cells: (rank of the area level, cut) → cells of that grain, columns of CELL_SCHEMA.
        presence: which (day, source, level, vintage, cut) have cells: columns of PRESENCE_SCHEMA.
        holdings: which areas a source has cells of: columns of HOLDING_SCHEMA.
        n_bytes: memory it takes.
    """

    month: int
    change_no: int
    since: int
    until: int
    cells: Mapping[Grain, pl.DataFrame]
    presence: pl.DataFrame
    holdings: pl.DataFrame
    n_bytes: int


@dataclass(frozen=True, kw_only=True, eq=False)
class CubeView:
    """What one viewer sees of some measures, all in one state. Immutable.

    Attributes:
        state: the state it was taken from.
        viewer: whose view it is.
        partitions: measure id → its partitions in order of month.
        delivered: source_id, platform, delivered (µs): last delivery of each source.
        visible: areas whose cells the viewer may see; None: all.
        kept: what was already worked out, by whoever did.
        withheld: cells that are not for publication (measure, day, area_code, dimension, code,
            reason); None: nothing is withheld from this viewer.
    """

    state: State
    geography: Geography
    viewer: Viewer
    partitions: Mapping[str, tuple[Partition, ...]]
    delivered: pl.DataFrame
    visible: pl.Series | None
    kept: Kept = field(default_factory=Kept)
    withheld: pl.DataFrame | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The names of this state."""
        return self.state.catalogue

    def presence(self, key: str) -> pl.DataFrame:
        """Return where a measure has cells, of any viewer: columns of PRESENCE_SCHEMA.

        It holds no figure. Everyone's source and grain are chosen from it, so that a province sees
        its own figure from the same source as the nation does.
        """
        place = ("presence", self.state.version(key), key)
        return self.kept.of(place, lambda: self._presence(key))

    def _presence(self, key: str) -> pl.DataFrame:
        frames = [one.presence for one in self.partitions.get(key, ())]
        return pl.concat(frames) if frames else pl.DataFrame(schema=PRESENCE_SCHEMA)

    def holdings(self, key: str) -> pl.DataFrame:
        """Return which areas each source has cells of, of any viewer: columns of HOLDING_SCHEMA.

        It holds no figure either: families of sources are formed from it.
        """
        place = ("holdings", self.state.version(key), key)
        return self.kept.of(place, lambda: self._holdings(key))

    def _holdings(self, key: str) -> pl.DataFrame:
        frames = [one.holdings for one in self.partitions.get(key, ())]
        return pl.concat(frames).unique() if frames else pl.DataFrame(schema=HOLDING_SCHEMA)

    def version(self, measure: Measure) -> tuple[tuple[int, int], ...]:
        """Return what differs whenever a measure, or a flow it is summed from, was written."""
        return self.state.version(measure.key, measure.inflow, measure.outflow)

    @property
    def scope(self) -> tuple[str, ...] | None:
        """Whose figures these are, for what is kept: the provinces in view; None: all."""
        return None if self.visible is None else tuple(sorted(self.viewer.areas))

    def cells(self, key: str, grain: Grain, *, days: tuple[date, date] | None) -> pl.DataFrame:
        """Return the visible cells of one grain: columns of CELL_SCHEMA.

        Of the months that hold `days` (first and last); None: of all.
        """
        first, last = (0, LAST_MONTH) if days is None else map(month_of, days)
        held = (one for one in self.partitions.get(key, ()) if first <= one.month <= last)
        return self._scoped([one.cells[grain] for one in held if grain in one.cells])

    def all_cells(self, key: str) -> pl.DataFrame:
        """Return the visible cells of every grain: columns of CELL_SCHEMA."""
        frames = [f for one in self.partitions.get(key, ()) for f in one.cells.values()]
        return self._scoped(frames)

    def _scoped(self, frames: list[pl.DataFrame]) -> pl.DataFrame:
        if self.viewer.is_blind or not frames:
            return pl.DataFrame(schema=CELL_SCHEMA)
        every = pl.concat(frames) if len(frames) > 1 else frames[0]
        if self.visible is None:
            return every
        return every.filter(pl.col("area_id").is_in(self.visible.implode()))

    def span(self, key: str, *, sources: Iterable[int] | None) -> tuple[date, date] | None:
        """Return the first and last day with a visible cell of some sources (None: of any)."""
        wanted = None if sources is None else pl.Series(list(sources), dtype=pl.Int32)
        ends: list[date] = []
        for order in (1, -1):
            for one in self.partitions.get(key, ())[::order]:
                days = self._days(one, wanted)
                if days:
                    ends.append(min(days) if order == 1 else max(days))
                    break
        return (ends[0], ends[1]) if ends else None

    def _days(self, one: Partition, wanted: pl.Series | None) -> list[date]:
        every = self.visible is None
        shown = one.presence if every else self._scoped(list(one.cells.values()))
        if wanted is not None:
            shown = shown.filter(pl.col("source_id").is_in(wanted.implode()))
        return shown["day"].unique().to_list()
