"""How areas add up to other areas: levels, vintages, scope. Pure.

A part is an area that cells are kept for; a target is an area that is asked for. A part of an
older vintage belongs to the target that its province passed into whole; nothing is ever split.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from data_access.codes import Level
from data_access.reference.places import Areas
from data_access.viewer import Viewer

RANKS = {level.value: rank for rank, level in enumerate(Level)}
NATIONAL, PROVINCE = RANKS[Level.NATIONAL], RANKS[Level.PROVINCE]
PART_SCHEMA: dict[str, type[pl.DataType]] = {
    "part_id": pl.Int32,
    "area_id": pl.Int32,
    "part_vintage": pl.String,
}


@dataclass(frozen=True)
class Place:
    """One area as the arithmetic needs it; `province` is a code, empty for the nation."""

    code: str
    vintage: str
    rank: int
    parent: str
    province: str


class Geography:
    """Sums of areas, computed once per country and then looked up."""

    def __init__(self, areas: Areas) -> None:
        self.areas = areas
        columns = ("area_id", "code", "vintage", "level", "parent_code", "province_id")
        rows = areas.frame.select(columns).rows()
        codes = {area_id: code for area_id, code, *_ in rows}
        self.places: dict[int, Place] = {
            area_id: Place(code, vintage, RANKS[level], parent or "", codes.get(province_id, ""))
            for area_id, code, vintage, level, parent, province_id in rows
        }
        self._ids = {(one.code, one.vintage): area_id for area_id, one in self.places.items()}
        self._maps: dict[tuple[int, str], pl.DataFrame] = {}
        self._expected: dict[tuple[int, str], pl.DataFrame] = {}
        self._convertible: dict[tuple[int, str], list[tuple[str, int]]] = {}

    @cached_property
    def index(self) -> pl.DataFrame:
        """area_id Int32, rank Int8, vintage String of every area."""
        rows = [(area_id, one.rank, one.vintage) for area_id, one in self.places.items()]
        schema = {"area_id": pl.Int32, "rank": pl.Int8, "vintage": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")

    @cached_property
    def names(self) -> pl.DataFrame:
        """area_id Int32, area_code and area (its name) of every area."""
        return self.areas.frame.select(
            pl.col("area_id").cast(pl.Int32), area_code="code", area="name"
        )

    def targets(self, rank: int, vintage: str) -> list[int]:
        """Return the numbers of the areas of a level and vintage, in order of code."""
        found = [
            (one.code, area_id)
            for area_id, one in self.places.items()
            if one.rank == rank and one.vintage == vintage
        ]
        return [area_id for _, area_id in sorted(found)]

    def ancestor(self, area_id: int, rank: int) -> int | None:
        """Return the area of a coarser or equal level that holds this one, in its own vintage."""
        place, at = self.places[area_id], area_id
        while place.rank > rank:
            above = self._ids.get((place.parent, place.vintage))
            if above is None:
                return None
            place, at = self.places[above], above
        return at if place.rank == rank else None

    def parts(self, rank: int, vintage: str, *, viewer: Viewer) -> pl.DataFrame:
        """Return which part belongs to which target of a level and vintage.

        Shape: part_id, area_id (Int32), part_vintage; every area that can be summed exactly into
            a target, each once, itself included. For a viewer of some provinces: their parts only,
            and of other vintages only those whose target they may see whole.
        """
        every = self._every_part(rank, vintage)
        if viewer.everywhere:
            return every
        seen = pl.Series(self.visible_ids(viewer), dtype=pl.Int32).implode()
        is_seen = pl.col("part_id").is_in(seen)
        is_own = pl.col("part_vintage") == vintage
        partial = every.filter(~is_seen, ~is_own)["area_id"].implode()
        return every.filter(
            is_seen, pl.col("area_id").is_in(seen), is_own | ~pl.col("area_id").is_in(partial)
        )

    def _every_part(self, rank: int, vintage: str) -> pl.DataFrame:
        key = (rank, vintage)
        if key not in self._maps:
            found = [
                (area_id, target, one.vintage)
                for area_id, one in self.places.items()
                if (target := self._target(area_id, rank, vintage)) is not None
            ]
            self._maps[key] = pl.DataFrame(found, schema=PART_SCHEMA, orient="row")
        return self._maps[key]

    def visible_ids(self, viewer: Viewer) -> list[int]:
        """Return the areas a viewer may see: all, or those inside their provinces."""
        if viewer.is_blind:
            return []
        if viewer.everywhere:
            return list(self.places)
        return [a for a, one in self.places.items() if one.province in viewer.areas]

    def _target(self, area_id: int, rank: int, vintage: str) -> int | None:
        place = self.places[area_id]
        if place.rank < rank:
            return None
        if place.vintage == vintage:
            return self.ancestor(area_id, rank)
        if rank > PROVINCE:
            return None
        at = self.ancestor(area_id, rank)
        seen: set[int] = set()
        while at is not None and self.places[at].vintage != vintage and at not in seen:
            seen.add(at)
            at = self._successors.get(at)
        return at if at is not None and self.places[at].vintage == vintage else None

    @cached_property
    def _successors(self) -> dict[int, int]:
        return self.areas.successors()

    def convertible(self, rank: int, vintage: str) -> list[tuple[str, int]]:
        """Return the (vintage, rank) of parts that can be summed into a level and vintage."""
        key = (rank, vintage)
        if key not in self._convertible:
            ids = self._every_part(rank, vintage)["part_id"]
            found = {(self.places[a].vintage, self.places[a].rank) for a in ids}
            self._convertible[key] = sorted(found)
        return self._convertible[key]

    def expected(self, rank: int, vintage: str) -> pl.DataFrame:
        """Return how many parts of each level and vintage make up each target.

        Shape: area_id Int32, part_vintage String, part_rank Int8, n_expected Int32.
        """
        key = (rank, vintage)
        if key not in self._expected:
            self._expected[key] = (
                self._every_part(rank, vintage)
                .join(self.index.rename({"area_id": "part_id", "rank": "part_rank"}), on="part_id")
                .group_by("area_id", "part_vintage", "part_rank")
                .agg(n_expected=pl.len().cast(pl.Int32))
            )
        return self._expected[key]

    def last_day(self, vintage: str) -> date | None:
        """Return the last day a vintage is in force; None: it still is."""
        return next((v.valid_to for v in self.areas.country.vintages if v.id == vintage), None)
