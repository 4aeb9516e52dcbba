"""What an indicator is. Pure.

An indicator is a formula over terms; a term is a sum over one measure. Ratios are sum over sum,
0 to 1, and may exceed 1 where the denominator is wrong: that is a finding, never clipped.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl

from data_access.codes import Clearance
from data_access.cube.where import Where

WINDOW_DAYS = 7
MIN_REPORTED_DAYS = 5
"""A window counts when at least this many of its days were reported."""

POPULATION = "population"
"""Name under which the denominator's persons stand in a formula."""


class Unit(StrEnum):
    """Unit of an indicator's value."""

    COUNT = "count"
    RATIO = "ratio"
    PER_100K = "per_100k"
    DAYS = "days"
    HOURS = "hours"
    PER_DAY = "per_day"
    PER_CASE = "per_case"
    PER_1000 = "per_1000"


class Aggregate(StrEnum):
    """What a window does to the days in it."""

    SUM = "sum"
    MEAN = "mean"
    QUANTILE = "quantile"


@dataclass(frozen=True, kw_only=True)
class Term:
    """A sum over one measure.

    Attributes:
        name: its name in the formula.
        measure: id of the measure.
        where: which codes count; empty: all.
        window_days: days up to and including the date; 1: the date alone.
        aggregate: sum, or mean over the reported days of the window, or a quantile of the delays
            counted in it.
        along: for a quantile: the dimension whose codes are delay bins.
        share: for a quantile: 0.5 for the median.
        cumulative: the running total up to the date, from the flow or from a reported total.
        otherwise: used on days on which no source can answer this one.
        none_is_zero: where all codes named of this dimension add up to the total of the day, the
            codes of `where` that are not named had none; empty: what is not named is not known.
    """

    name: str
    measure: str
    where: Where = ()
    window_days: int = 1
    aggregate: Aggregate = Aggregate.SUM
    along: str = ""
    share: float = 0.5
    cumulative: bool = False
    otherwise: "Term | None" = None
    none_is_zero: str = ""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A line on the scale.

    Attributes:
        value: in the indicator's unit.
        key: what lies at or above it.
        since: first day in force.
        until: last day in force; None: still is.
        source: the document that sets it.
    """

    value: float
    key: str
    since: date
    until: date | None = None
    source: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Indicator:
    """Something that is read off the measures.

    Attributes:
        key: id.
        vi: Vietnamese name.
        en: English name.
        about_vi: one sentence that defines it, in Vietnamese.
        about_en: the same in English.
        unit: unit of the value.
        platform: platform it belongs to.
        terms: the sums it needs.
        formula: value from the terms' names (and `population`).
        numerator: term or expression shown as the figure's numerator; None: none.
        denominator: the same below the line. Zero there: not applicable.
        population: group of the default denominator (`all`, `18+`); empty: none.
        higher_is_bad: direction of good; None: neither.
        thresholds: lines, each with the days it is in force.
        typical_lag_days: days until it is usually complete.
        suppress_below: numerators from 1 below this are not for publication; 0: never.
        clearance: who may see it.
        decimals: places shown (of percent, for a ratio).
        chart: hint how to draw it: "bar", "line", "step".
        horizon: a screen says "more than" this of larger values; None: no end. Data keep them.
        version: raised when the formula changes its numbers.
    """

    key: str
    vi: str
    en: str
    about_vi: str
    about_en: str
    unit: Unit
    platform: str
    terms: tuple[Term, ...]
    formula: pl.Expr
    numerator: pl.Expr | None = None
    denominator: pl.Expr | None = None
    population: str = ""
    higher_is_bad: bool | None = None
    thresholds: tuple[Threshold, ...] = ()
    typical_lag_days: int = 1
    suppress_below: int = 0
    clearance: Clearance = Clearance.OFFICIAL
    decimals: int = 0
    chart: str = "bar"
    horizon: float | None = None
    version: int = 1

    @property
    def measures(self) -> tuple[str, ...]:
        """Ids of the measures it is read off, in order, each once."""
        found: dict[str, None] = {}
        for first in self.terms:
            term: Term | None = first
            while term is not None:
                found[term.measure] = None
                term = term.otherwise
        return tuple(found)
