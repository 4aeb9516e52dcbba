"""The interned names of one state of the database, and its change numbers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property

import polars as pl

from data_access.errors import UnknownId
from data_access.measures.model import Measure
from data_access.viewer import Viewer


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """The interned names of one state.

    Attributes:
        measures: id → declaration; those of the registry, and those a mapping registered.
        numbers: id → number in the database; ids without figures are absent.
        sources: source_id, source, origin, precedence, clearance.
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

    def hidden(self, *, viewer: Viewer) -> tuple[int, ...]:
        """Return the sources that do not exist for a viewer: declared less public than they see.

        Sources of which nothing is said (a frozen state of before) are as public as the measure.
        """
        above = (of for of, least in self._least_public if least > viewer.clearance)
        return tuple(sorted(above))

    @cached_property
    def _least_public(self) -> tuple[tuple[int, int], ...]:
        """The sources of which a clearance is known, each with its own."""
        if "clearance" not in self.sources.columns:
            return ()
        known = self.sources.select("source_id", "clearance").drop_nulls()
        return tuple(known.iter_rows())

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

    def version(self, *keys: str) -> tuple[tuple[int, int], ...]:
        """Return what differs whenever a cell of one of these measures was written.

        Per measure the sum of its change numbers, which only grow, and how many months it has.
        """
        numbers = (self.catalogue.numbers.get(key, -1) for key in keys)
        return tuple(self._versions.get(number, (0, 0)) for number in numbers)

    @cached_property
    def _versions(self) -> Mapping[int, tuple[int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for (number, _), change_no in self.changes.items():
            total, n_months = found.get(number, (0, 0))
            found[number] = (total + change_no, n_months + 1)
        return found

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


def with_dimensions(measure: Measure, cuts: list[str]) -> Measure:
    """Return the measure with the dimensions that its figures are really kept by, too."""
    seen = {name for cut in cuts for name in cut.split(",") if name}
    return replace(measure, dimensions=tuple(sorted(seen | set(measure.dimensions))))
