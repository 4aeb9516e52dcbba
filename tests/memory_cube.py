"""A cube made of a list of cells, without a database: for tests of the arithmetic alone."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from data_access.codes import Clearance, Status, month_of, to_us
from data_access.cube.catalogue import Catalogue, State
from data_access.cube.geography import Geography
from data_access.cube.hot import FOREVER
from data_access.cube.view import (
    CELL_SCHEMA,
    HOLDING_SCHEMA,
    PRESENCE_SCHEMA,
    CubeView,
    Partition,
)
from data_access.measures.model import Measure, MeasureKind
from data_access.measures.registry import MEASURES
from data_access.reference.areas import Areas
from data_access.reference.pack import load_pack
from data_access.viewer import Viewer
from tests.cube_world import Cell, write_country


@cache
def country() -> Geography:
    """The small country of `tests.cube_world`."""
    with TemporaryDirectory() as folder:
        return Geography(Areas.from_pack(load_pack(write_country(Path(folder)))))


class MemoryCube:
    """Answers like `HotCube`, from a list of cells.

    Args:
        cells: every version of every cell.
        extra: measures of mappings: id → kind.
        clearances: of sources that are less public than their measures.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        *,
        extra: Mapping[str, str] | None = None,
        clearances: Mapping[str, Clearance] | None = None,
    ) -> None:
        self.cells = list(cells)
        self.geography = country()
        self._extra = extra or {}
        self._clearances = clearances or {}

    def state(self, *, viewer: Viewer) -> State:
        del viewer
        keys = sorted({cell.measure for cell in self.cells})
        sources = sorted({(cell.source, cell.origin, cell.precedence) for cell in self.cells})
        dims = sorted({cell.dims for cell in self.cells})
        catalogue = Catalogue(
            measures={**MEASURES, **self._registered()},
            numbers={key: number for number, key in enumerate(keys, start=1)},
            sources=pl.DataFrame(
                [
                    (number, *row, int(self._clearances.get(row[0], Clearance.PUBLIC)))
                    for number, row in enumerate(sources, start=1)
                ],
                schema={
                    "source_id": pl.Int32,
                    "source": pl.String,
                    "origin": pl.String,
                    "precedence": pl.Int32,
                    "clearance": pl.Int8,
                },
                orient="row",
            ),
            breakdowns=pl.DataFrame(
                [(number, text, cut_of(text)) for number, text in enumerate(dims, start=1)],
                schema={"breakdown_id": pl.Int32, "dims": pl.String, "cut": pl.String},
                orient="row",
            ),
        )
        months = {(catalogue.numbers[c.measure], month_of(c.day)) for c in self.cells}
        newest = max((to_us(cell.known) for cell in self.cells), default=None)
        return State(
            token="t", changes=dict.fromkeys(months, 1), newest=newest, catalogue=catalogue
        )

    def _registered(self) -> dict[str, Measure]:
        return {
            key: Measure(
                key=key, kind=MeasureKind(kind), unit="thing", platform="testing", vi=key, en=key
            )
            for key, kind in self._extra.items()
        }

    def view(self, needs: Mapping[str, tuple[date, date] | None], *, viewer: Viewer) -> CubeView:
        state = self.state(viewer=viewer)
        ids = (
            None
            if viewer.everywhere
            else pl.Series(self.geography.visible_ids(viewer), dtype=pl.Int32)
        )
        return CubeView(
            state=state,
            geography=self.geography,
            viewer=viewer,
            partitions={key: self._partitions(key, state, viewer) for key in needs},
            delivered=self._delivered(state, viewer),
            visible=ids,
        )

    def _partitions(self, key: str, state: State, viewer: Viewer) -> tuple[Partition, ...]:
        held: dict[tuple[object, ...], Cell] = {}
        for cell in sorted(self.cells, key=lambda one: one.known):
            if cell.measure == key and cell.known <= viewer.now:
                held[cell.day, cell.area, cell.vintage, cell.dims, cell.source, cell.origin] = cell
        there = [cell for cell in held.values() if cell.n or cell.status]
        months = sorted({month_of(cell.day) for cell in there})
        return tuple(
            self._partition([c for c in there if month_of(c.day) == month], state)
            for month in months
        )

    def _partition(self, cells: list[Cell], state: State) -> Partition:
        numbers = {
            (row["source"], row["origin"]): row["source_id"]
            for row in state.catalogue.sources.iter_rows(named=True)
        }
        breakdowns = {
            row["dims"]: row["breakdown_id"]
            for row in state.catalogue.breakdowns.iter_rows(named=True)
        }
        grains: dict[tuple[int, str], list[tuple[object, ...]]] = {}
        presence = set()
        holdings = set()
        for cell in cells:
            area_id = self.geography.areas.id_of(cell.area, cell.vintage)
            source_id = numbers[cell.source, cell.origin]
            place = self.geography.places[area_id]
            grain = (place.rank, cut_of(cell.dims))
            value = cell.value if cell.status == Status.VALUE else None
            grains.setdefault(grain, []).append(
                (area_id, cell.day, breakdowns[cell.dims], source_id, value, cell.n,
                 int(cell.status), to_us(cell.known))
            )  # fmt: skip
            holdings.add((source_id, place.rank, place.vintage, area_id))
            presence.add((cell.day, source_id, place.rank, place.vintage, grain[1]))
        return Partition(
            month=month_of(cells[0].day),
            change_no=1,
            since=0,
            until=FOREVER,
            cells={
                grain: pl.DataFrame(rows, schema=dict(CELL_SCHEMA), orient="row")
                for grain, rows in grains.items()
            },
            presence=pl.DataFrame(sorted(presence), schema=dict(PRESENCE_SCHEMA), orient="row"),
            holdings=pl.DataFrame(sorted(holdings), schema=dict(HOLDING_SCHEMA), orient="row"),
            n_bytes=0,
        )

    def _delivered(self, state: State, viewer: Viewer) -> pl.DataFrame:
        numbers = {
            (row["source"], row["origin"]): row["source_id"]
            for row in state.catalogue.sources.iter_rows(named=True)
        }
        last: dict[tuple[int, str], int] = {}
        for cell in self.cells:
            if cell.known > viewer.now:
                continue
            known = MEASURES.get(cell.measure)
            place = (numbers[cell.source, cell.origin], known.platform if known else "testing")
            last[place] = max(last.get(place, 0), to_us(cell.known))
        rows = [(*place, moment) for place, moment in sorted(last.items())]
        schema = {"source_id": pl.Int32, "platform": pl.String, "delivered": pl.Int64}
        return pl.DataFrame(rows, schema=schema, orient="row")


def cut_of(dims: str) -> str:
    """Return the dimensions of a canonical breakdown text."""
    return ",".join(sorted(pair.split("=")[0] for pair in dims.split("|"))) if dims else ""
