"""What a country pack holds, in memory. Pure: no file and no database is touched here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from data_access.codes import Level
from data_access.reference.contacts import Contact
from data_access.reference.events import Event

LEVELS = tuple(level.value for level in Level)
LEVEL_RANK = {level: rank for rank, level in enumerate(LEVELS)}

# `aliases` holds alternatives separated by "|"; `valid_to` is the last day in force.
AREA_SCHEMA: dict[str, type[pl.DataType]] = {
    "code": pl.String,
    "vintage": pl.String,
    "level": pl.String,
    "parent_code": pl.String,
    "name": pl.String,
    "name_en": pl.String,
    "aliases": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "region": pl.String,
    "kind": pl.String,
}
# `population` in persons; key (code, vintage, group, source).
POPULATION_SCHEMA: dict[str, type[pl.DataType]] = {
    "code": pl.String,
    "vintage": pl.String,
    "group": pl.String,
    "population": pl.Int64,
    "as_of": pl.Date,
    "source": pl.String,
    "confidence": pl.String,
}
SUCCESSION_SCHEMA: dict[str, type[pl.DataType]] = {
    "old_code": pl.String,
    "old_vintage": pl.String,
    "new_code": pl.String,
    "new_vintage": pl.String,
    "from": pl.Date,
}
# Each pair once, code_a < code_b.
NEIGHBOUR_SCHEMA: dict[str, type[pl.DataType]] = {
    "vintage": pl.String,
    "code_a": pl.String,
    "code_b": pl.String,
    "border_km": pl.Float64,
}


@dataclass(frozen=True, kw_only=True)
class Vintage:
    """One edition of a country's map.

    Attributes:
        id: its name in every table, as in `63`.
        aliases: other words for it, as in `vn63` or `2021`.
        valid_from: first day in force; None: since ever.
        valid_to: last day in force; None: still in force.
        label: its title by language.
    """

    id: str
    aliases: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    label: Mapping[str, str]

    def holds_on(self, day: date) -> bool:
        """Return whether the vintage is in force on a day."""
        since = self.valid_from is None or self.valid_from <= day
        return since and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, kw_only=True)
class Region:
    """A grouping of provinces: its id in areas.csv and its name by language."""

    id: str
    names: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Denominator:
    """A named population: a group counted by one source."""

    id: str
    group: str
    source: str
    label: Mapping[str, str]
    default: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Pack:
    """A country, checked.

    Attributes:
        code: national area code, as in `VN`.
        areas, population, succession, neighbours: frames of the schemas above; population is
            completed (`reference.population`).
        boundaries: GeoJSON file by (level, vintage, size); size is empty for the smallest.
        always_drawn: GeoJSON drawn on every map (islands far out, label points), if any.
        attribution: lines to print under a map.
        notice: sentence to print under a map, by language.
        contacts: whom to call about a platform's data in a province.
        events: rules, holidays and turns to mark on a curve, oldest first.
    """

    folder: Path
    code: str
    name: str
    name_en: str
    time_zone: str
    languages: tuple[str, ...]
    default_vintage: str
    vintages: tuple[Vintage, ...]
    regions: tuple[Region, ...]
    denominators: tuple[Denominator, ...]
    attribution: tuple[str, ...]
    notice: Mapping[str, str]
    areas: pl.DataFrame
    population: pl.DataFrame
    succession: pl.DataFrame
    neighbours: pl.DataFrame
    boundaries: Mapping[tuple[str, str, str], Path]
    always_drawn: Path | None
    contacts: tuple[Contact, ...]
    events: tuple[Event, ...] = ()

    def boundary(self, level: str, vintage: str, *, size: str = "") -> Path | None:
        """Return the map of a level and vintage; the smallest where that size is absent."""
        found = self.boundaries.get((level, vintage, size))
        return found or self.boundaries.get((level, vintage, ""))
