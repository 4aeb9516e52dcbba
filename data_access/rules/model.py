"""What a rule set, its inputs and an assessment are. Pure.

A rule set is data (`data_access/rules/sets/*.toml`); how its kind is evaluated is code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

Value = float | bool | str | None
"""A criterion's value; None: not known, which is never the same as zero or no."""
LOWEST, HIGHEST = 1, 4


class Kind(StrEnum):
    """How a rule set comes to a level."""

    MATRIX = "matrix"
    UNITS = "units"
    TRANSMISSION = "transmission"
    SITUATION = "situation"


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One thing that a rule set looks at.

    Attributes:
        key: its name in inputs and texts.
        unit: `per_100k_week`, `per_100k_fortnight`, `per_100k`, `ratio`, `yes_no`, `grade`.
        edges: values at which the band changes, ascending; reaching one enters the next band.
        strict: those of the edges that must be exceeded instead.
        grades: words it may take, worst first (unit `grade`).
        higher_is_better: whether a larger value never raises the level.
        required: whether the level is undetermined without it.
        shown: whether the screen lists it.
        confidence: how sure its edges are (0-1).
        source: the document that says so.
    """

    key: str
    unit: str
    edges: tuple[float, ...] = ()
    strict: tuple[float, ...] = ()
    grades: tuple[str, ...] = ()
    higher_is_better: bool = False
    required: bool = True
    shown: bool = True
    confidence: float
    source: str

    def band(self, value: float) -> int:
        """Return how many edges a value has passed: 0 for the first band."""
        return sum(value > edge if edge in self.strict else value >= edge for edge in self.edges)


@dataclass(frozen=True, kw_only=True)
class AgeSpell:
    """From when to when a group of old people is the one that counts."""

    group: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """An official rule, as it stood.

    Attributes:
        id: its name in code and addresses.
        kind: how it comes to a level.
        number: number of the document.
        vi: name in Vietnamese.
        en: name in English.
        issuer_vi: who issued it.
        issuer_en: the same in English.
        framework: document whose levels it defines; empty for its own.
        issued: day it was signed.
        valid_from: first day in force.
        valid_until: last day; None: no later rule is known here.
        levels: levels of areas that it assesses, each by itself.
        criteria: what it looks at.
        matrix: levels by row and column, for the kinds that have one.
        ages: whose full course counts, by date.
        confidence: how sure the whole is (0-1).
        incomplete: whether parts of the document are not known.
        fallback: whether it is a reading for reference, no official level.
        notice_hours: hours between announcing a raise and its effect; 0: none known.
        scheme: names of its levels.
        numerator: `community` or `all`: the cases that count by default.
        sources: documents it was taken from.
        note_vi: what to know when reading its result.
        note_en: the same in English.
    """

    id: str
    kind: Kind
    number: str
    vi: str
    en: str
    issuer_vi: str
    issuer_en: str
    framework: str = ""
    issued: date
    valid_from: date
    valid_until: date | None = None
    levels: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    matrix: tuple[tuple[int, ...], ...] = ()
    ages: tuple[AgeSpell, ...] = ()
    confidence: float
    incomplete: bool
    fallback: bool = False
    notice_hours: int = 0
    scheme: str
    numerator: str
    sources: tuple[str, ...]
    note_vi: str = ""
    note_en: str = ""

    def is_in_force(self, day: date) -> bool:
        """Return whether it holds on a day, its first and last included."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def criterion(self, key: str) -> Criterion:
        """Return the criterion of that key.

        Raises:
            KeyError: if the rule set does not look at it.
        """
        return {one.key: one for one in self.criteria}[key]

    def old_group(self, day: date) -> str | None:
        """Return the group of old people that counts on a day; None where none does."""
        for spell in self.ages:
            if (spell.since or date.min) <= day <= (spell.until or date.max):
                return spell.group
        return None

    def name(self, language: str) -> str:
        """Return its name in a language."""
        return self.en if language == "en" else self.vi


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What is known of an area on a day.

    Attributes:
        values: by the key of the criterion; absent or None: not known.
        current: the level in force until now; None: none is known.
        by_hand: the level that an epidemiologist set (rules that leave the commune to judgement).
        notes: keys of texts on how the values were made (`days_missing`, `old_estimated`).
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    current: int | None = None
    by_hand: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A criterion's value, and how near it is to the edges.

    Attributes:
        criterion: what was looked at.
        value: None: not known.
        band: number of the band it lies in, 1 for the first; None where there are no bands.
        below: distance down to the edge under it; None: there is none.
        above: distance up to the edge over it; None: there is none.
    """

    criterion: Criterion
    value: Value
    band: int | None
    below: float | None
    above: float | None


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """A clause that may move the level after the bands.

    Attributes:
        key: `A1` (too few of the old fully vaccinated), `A2` (plans not ready: no lowering),
            `C2` (coverage not met), `deaths` (too many deaths), `by_hand`.
        applied: whether it moved the level.
        before: level before it.
        after: level after it.
    """

    key: str
    applied: bool
    before: int
    after: int


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """The level of an area on a day, with everything that made it.

    Attributes:
        area: its code.
        day: the day.
        ruleset: the rule it was made by.
        level: 1-4; None: undetermined.
        possible: lowest and highest level that what is missing leaves open.
        per_criterion: every criterion with its band and its distance to the edges.
        adjustments: clauses considered; empty while undetermined.
        missing: criteria that are required and not known.
        confidence: of the rule set, lowered for values that were estimated (0-1).
        notes: how the values were made.
    """

    area: str
    day: date
    ruleset: RuleSet
    level: int | None
    possible: tuple[int, int]
    per_criterion: tuple[Reading, ...]
    adjustments: tuple[Adjustment, ...]
    missing: tuple[str, ...]
    confidence: float
    notes: tuple[str, ...] = ()
