"""The areas, populations and borders of the country in memory. Pure.

Reference data is public: it is the same for every viewer. `reference.areas` reads it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType

import polars as pl

from data_access.codes import Level
from data_access.errors import BadUse, UnknownId
from data_access.reference.definition import Country, country_of
from data_access.reference.model import AREA_SCHEMA, LEVEL_RANK, Pack
from data_access.reference.search import AreaIndex

AREA_ID = pl.Int32
PEOPLE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "area_id": AREA_ID,
    "group": pl.String,
    "source": pl.String,
    "population": pl.Int64,
    "as_of": pl.Date,
    "confidence": pl.String,
}
BORDER_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "area_a": AREA_ID,
    "area_b": AREA_ID,
    "border_km": pl.Float64,
}
FRAME_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "area_id": AREA_ID,
    **AREA_SCHEMA,
    "province_id": AREA_ID,
}
_IS_WARD = pl.col("level") == Level.WARD.value


def _no_wards() -> pl.DataFrame:
    return pl.DataFrame(schema=FRAME_SCHEMA)


@dataclass(frozen=True, kw_only=True, eq=False)
class Areas:
    """Everything known about the places of one country.

    Wards are kept apart: no figure is held for them, only the gate asks, and they are many.

    Attributes:
        country: names, time zone, vintages, regions, denominators.
        frame: one row per (code, vintage), wards left out: area_id, code, vintage, level,
            parent_code, name, name_en, aliases, valid_from, valid_to, lon, lat, region, kind,
            province_id (the province it lies in, itself for a province, null for the nation).
        populations: area_id, group, source, population (persons), as_of, confidence.
        successions: old_code, old_vintage, new_code, new_vintage, from.
        borders: area_a, area_b, border_km; each pair both ways round.
        ward_source: called once, when wards are first asked for.
    """

    country: Country
    frame: pl.DataFrame
    populations: pl.DataFrame
    successions: pl.DataFrame
    borders: pl.DataFrame
    ward_source: Callable[[], pl.DataFrame] = field(default=_no_wards, repr=False)

    @classmethod
    def from_pack(cls, pack: Pack) -> "Areas":
        """Return the areas of a pack, numbered as an empty database would number them."""
        numbered = numbered_areas(pack, known={})
        frame = with_province(numbered.filter(~_IS_WARD))
        return cls(
            country=country_of(pack),
            frame=frame,
            populations=population_rows(pack, numbered),
            successions=pack.succession,
            borders=border_rows(pack, numbered),
            ward_source=lambda: wards_below(frame, numbered.filter(_IS_WARD)),
        )

    @cached_property
    def wards(self) -> pl.DataFrame:
        """Return the wards of every vintage, in the columns of `frame`; empty if there are none."""
        return self.ward_source()

    def ward_index(self, vintage: str) -> AreaIndex:
        """Return the index of the names of a vintage's wards."""
        if vintage not in self._ward_indexes:
            self._ward_indexes[vintage] = AreaIndex(self.wards.filter(pl.col("vintage") == vintage))
        return self._ward_indexes[vintage]

    @property
    def default_vintage(self) -> str:
        """Return the vintage shown when none is asked for."""
        return self.country.default_vintage

    def id_of(self, code: str, vintage: str) -> int:
        """Return the number of an area; the vintage may be an alias.

        Raises:
            UnknownId: if there is no such area.
        """
        known = self._id_by_key.get((code, self.resolve_vintage(vintage)))
        if known is None:
            raise UnknownId(f"no area {code!r} in vintage {vintage!r}")
        return known

    def nation_id(self, vintage: str) -> int:
        """Return the number of the nation in a vintage."""
        nations = self.at(Level.NATIONAL.value, vintage)
        return int(nations["area_id"][0])

    def at(self, level: str, vintage: str) -> pl.DataFrame:
        """Return the areas of a level and vintage, in order of code; empty if it has none."""
        key = (level, self.resolve_vintage(vintage))
        if key not in self._at:
            own = pl.col("level") == level, pl.col("vintage") == key[1]
            self._at[key] = self.frame.filter(*own).sort("code")
        return self._at[key]

    def names(self, vintage: str, *, english: bool = False) -> Mapping[str, str]:
        """Return the names of all areas of a vintage by code."""
        key = (vintage, english)
        if key not in self._names:
            own = self.frame.filter(pl.col("vintage") == vintage)
            column = "name_en" if english else "name"
            self._names[key] = MappingProxyType(dict(own.select("code", column).iter_rows()))
        return self._names[key]

    def children(self, area_id: int, *, level: str | None = None) -> pl.DataFrame:
        """Return the areas whose parent is this one, or all of a level that lie below it."""
        row = self.row(area_id)
        below = self.frame.filter(pl.col("vintage") == row["vintage"])
        if level is None or row["level"] != Level.NATIONAL.value:
            below = below.filter(pl.col("parent_code") == row["code"])
        return (below if level is None else below.filter(pl.col("level") == level)).sort("code")

    def row(self, area_id: int) -> Mapping[str, object]:
        """Return one area's fields.

        Raises:
            UnknownId: if there is no such area.
        """
        number = self._row_by_id.get(area_id)
        if number is None:
            raise UnknownId(f"no area has number {area_id}")
        return self.frame.row(number, named=True)

    def province_of(self, area_id: int) -> int | None:
        """Return the province an area lies in; None for the nation."""
        found = self.row(area_id)["province_id"]
        return found if isinstance(found, int) else None

    def successors(self) -> dict[int, int]:
        """Return old area to new area, for areas that passed whole into one; nations included."""
        pairs = self.successions.filter(
            pl.len().over("old_code", "old_vintage", "new_vintage") == 1
        )
        ids = self._id_by_key
        found = {
            ids[old, old_vintage]: ids[new, new_vintage]
            for old, old_vintage, new, new_vintage, _ in pairs.iter_rows()
        }
        steps = self.successions.select("old_vintage", "new_vintage").unique()
        for old_vintage, new_vintage in steps.iter_rows():
            found[self.nation_id(old_vintage)] = self.nation_id(new_vintage)
        return found

    def vintage_on(self, day: date) -> str:
        """Return the vintage in force on a day; before the first: the first, else the default."""
        for one in self.country.vintages:
            if one.holds_on(day):
                return one.id
        since = {one.id: one.valid_from for one in self.country.vintages if one.valid_from}
        first = min(since, key=lambda name: since[name], default=self.default_vintage)
        return first if first in since and day < since[first] else self.default_vintage

    def resolve_vintage(self, name: str | None) -> str:
        """Return the vintage of a name or alias; the default for None or an empty text.

        Raises:
            BadUse: if there is none.
        """
        if not name:
            return self.default_vintage
        for one in self.country.vintages:
            if name.lower() in (one.id.lower(), *(alias.lower() for alias in one.aliases)):
                return one.id
        choices = ", ".join(one.id for one in self.country.vintages)
        raise BadUse(f"unknown vintage {name!r}; choose from {choices}")

    def population(self, which: str, vintage: str) -> pl.DataFrame:
        """Return one population of every area that has it.

        Shape: area_id, population (persons), source, as_of; one row per area.

        Args:
            which: a denominator's id, or a group (`all`, `18+`): then its default source, or the
                first declared one with figures of that vintage.
            vintage: name or alias.

        Raises:
            UnknownId: if it is neither.
        """
        ids = self.frame.filter(pl.col("vintage") == self.resolve_vintage(vintage))["area_id"]
        there = self.populations.filter(pl.col("area_id").is_in(ids.implode()))
        for group, source in self._choices(which):
            found = there.filter(pl.col("group") == group, pl.col("source") == source)
            if found.height:
                return found.select("area_id", "population", "source", "as_of").sort("area_id")
        return there.clear().select("area_id", "population", "source", "as_of")

    def _choices(self, which: str) -> list[tuple[str, str]]:
        declared = self.country.denominators
        named = [(one.group, one.source) for one in declared if one.id == which]
        if named:
            return named
        order = sorted(declared, key=lambda one: not one.default)
        grouped = [(one.group, one.source) for one in order if one.group == which]
        if not grouped:
            known = ", ".join(dict.fromkeys([one.id for one in declared]))
            raise UnknownId(f"no population {which!r}; choose from {known or 'none'}")
        return grouped

    def neighbours(self, area_id: int) -> pl.DataFrame:
        """Return area_id and border_km of the areas beside this one, the longest border first."""
        beside = self.borders.filter(pl.col("area_a") == area_id)
        order = beside.sort(["border_km", "area_b"], descending=[True, False], nulls_last=True)
        return order.select(pl.col("area_b").alias("area_id"), "border_km")

    @cached_property
    def index(self) -> AreaIndex:
        """Return the index of names; its matches carry area_id."""
        return AreaIndex(self.frame)

    @cached_property
    def _ward_indexes(self) -> dict[str, AreaIndex]:
        return {}

    @cached_property
    def _at(self) -> dict[tuple[str, str], pl.DataFrame]:
        return {}

    @cached_property
    def _names(self) -> dict[tuple[str, bool], Mapping[str, str]]:
        return {}

    @cached_property
    def _id_by_key(self) -> dict[tuple[str, str], int]:
        rows = self.frame.select("code", "vintage", "area_id").iter_rows()
        return {(code, vintage): area_id for code, vintage, area_id in rows}

    @cached_property
    def _row_by_id(self) -> dict[int, int]:
        return {area_id: number for number, area_id in enumerate(self.frame["area_id"])}


# --- numbering, shared with load.py -------------------------------------------------------------


def numbered_areas(pack: Pack, *, known: Mapping[tuple[str, str], int]) -> pl.DataFrame:
    """Return the areas of a pack with area_id; known (code, vintage) pairs keep their number.

    New ones are numbered on, by vintage in the pack's order, level and code; wards last.
    """
    vintages = [one.id for one in pack.vintages]
    order = pack.areas.sort(
        _IS_WARD,
        pl.col("vintage").replace_strict(vintages, range(len(vintages)), return_dtype=pl.Int64),
        pl.col("level").replace_strict(LEVEL_RANK, return_dtype=pl.Int64),
        "code",
    )
    following = max(known.values(), default=0)
    ids = []
    for key in order.select("code", "vintage").iter_rows():
        if key not in known:
            following += 1
        ids.append(known.get(key, following))
    numbers = pl.Series("area_id", ids, dtype=AREA_ID)
    return order.select(numbers, *AREA_SCHEMA)


def population_rows(pack: Pack, numbered: pl.DataFrame) -> pl.DataFrame:
    """Return the populations of a pack by area_id."""
    ids = numbered.select("area_id", "code", "vintage")
    return pack.population.join(ids, on=["code", "vintage"], how="inner").select(
        list(PEOPLE_SCHEMA)
    )


def border_rows(pack: Pack, numbered: pl.DataFrame) -> pl.DataFrame:
    """Return the borders of a pack by area_id, each pair both ways round."""
    ids = numbered.select("area_id", "code", "vintage")
    once = (
        pack.neighbours.join(ids, left_on=["code_a", "vintage"], right_on=["code", "vintage"])
        .rename({"area_id": "area_a"})
        .join(ids, left_on=["code_b", "vintage"], right_on=["code", "vintage"])
        .rename({"area_id": "area_b"})
        .select(list(BORDER_SCHEMA))
    )
    swapped = once.select(pl.col("area_b").alias("area_a"), pl.col("area_a").alias("area_b"),
                          "border_km")  # fmt: skip
    return pl.concat([once, swapped])


def with_province(numbered: pl.DataFrame) -> pl.DataFrame:
    """Add province_id: the province an area lies in, itself for a province, null for the nation."""
    rows = {
        (row["code"], row["vintage"]): row
        for row in numbered.select("area_id", "code", "vintage", "level", "parent_code").iter_rows(
            named=True
        )
    }

    def climb(key: tuple[str, str]) -> int | None:
        row = rows.get(key)
        if row is None or row["level"] == Level.NATIONAL.value:
            return None
        if row["level"] == Level.PROVINCE.value:
            return int(row["area_id"])
        return climb((row["parent_code"], row["vintage"]))

    found = [climb(key) for key in numbered.select("code", "vintage").iter_rows()]
    return numbered.with_columns(pl.Series("province_id", found, dtype=AREA_ID))


def wards_below(frame: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    """Return numbered wards with province_id, that of the district or province they lie in."""
    above = frame.select("vintage", "province_id", parent_code="code")
    found = numbered.join(above, on=["vintage", "parent_code"], how="left", maintain_order="left")
    return found.select(list(FRAME_SCHEMA))
