"""The levels of areas, week by week: inputs from figures and by hand, assessed by date.

A level holds until the next assessment a week later; the one before it is the level in force
where a clause asks for it. Every figure comes from a question that names its viewer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import cast

import polars as pl

from data_access.codes import Level
from data_access.errors import BadUse
from data_access.levels.inputs import case_of, computed, sources_of
from data_access.levels.known import CLUSTERS, Figures, Ground, Known, back, gather, week
from data_access.reference.places import Areas
from data_access.rules.assess import assess
from data_access.rules.catalogue import in_force, rule_set
from data_access.rules.counterfactual import Change, changes
from data_access.rules.local import NOTHING_LOCAL, PER, HandInput, LocalRules, localised, weekly
from data_access.rules.model import Assessment, Inputs, Kind, RuleSet, Value
from data_access.rules.pace import DAYS, Pace, pace
from data_access.rules.under_control import CITY_SHARE, HALF, Course, Verdict, under_control

WEEKS = 12
"""Weeks of history that an assessment looks back over."""
_LEAD = timedelta(days=14)
CITY = "79"
_PARTS = {Level.DISTRICT: Level.WARD, Level.PROVINCE: Level.DISTRICT}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An area's level on a day, and what it was made from.

    Attributes:
        assessment: the level and its criteria.
        inputs: the values, with the level in force until then.
        population: people that incidence is divided by; None: not known.
        sources: names of the sources of each criterion that figures tell, by its key.
        hands: what was set by hand of its criteria, by key; it goes before figures.
    """

    assessment: Assessment
    inputs: Inputs
    population: float | None
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hands: Mapping[str, HandInput] = field(default_factory=dict)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """The smallest changes of one criterion that move the level."""
        return changes(self.assessment, self.inputs.values, current=self.inputs.current)

    def people(self, change: Change) -> float | None:
        """Return a change of incidence in cases a week; None for anything else."""
        if change.key != "incidence" or change.delta is None or self.population is None:
            return None
        return change.delta * self.population / PER


class Book:
    """Levels of the areas of a ground, as one viewer may see them."""

    def __init__(
        self, ask: Figures, ground: Ground, *, areas: Areas, local: LocalRules = NOTHING_LOCAL
    ) -> None:
        """Keep what to ask; ask nothing yet."""
        self._ask, self._areas, self._local = ask, areas, local
        self.ground = ground
        self._codes: dict[str, str] = {}

    def history(
        self, day: date, *, weeks: int = WEEKS, rule: str | None = None
    ) -> dict[str, list[Standing]]:
        """Return the standing of every area in view, week by week, the day asked for last.

        Args:
            day: the last day assessed.
            weeks: how many assessments.
            rule: id of the rule set to assess by; None: the one in force on each day.

        Raises:
            UnknownId: if there is no such rule set.
            ScopeDenied, BadUse, DatabaseUnavailable: as the question.
        """
        days = back(day, weeks=weeks)
        known = self._gathered(days[0] - _LEAD, day)
        found: dict[str, list[Standing]] = {}
        for area in self.areas_of(known):
            before: Standing | None = None
            for one in days:
                asked = rule_set(rule) if rule else in_force(one)
                before = self._standing(area, one, asked, known=known, before=before)
                found.setdefault(area, []).append(before)
        return found

    def pace(self, area: str, day: date, *, rule: str | None = None) -> Pace | None:
        """Return how soon an area's incidence crosses an edge; None where none is assessed."""
        known = self._gathered(day - timedelta(days=DAYS) - _LEAD, day)
        ruleset = self._own(rule_set(rule) if rule else in_force(day), area)
        keys = [one.key for one in ruleset.criteria]
        if "incidence" not in keys:
            return None
        recent = [
            self._values(area, day - timedelta(days=n), ruleset, known=known)[0].get("incidence")
            for n in range(DAYS - 1, -1, -1)
        ]
        numbers = [float(one) if isinstance(one, int | float) else None for one in recent]
        return pace(numbers, ruleset.criterion("incidence"))

    def control(self, area: str, day: date, *, weeks: int = 26) -> Verdict:
        """Return how an area stands against the test of Decision 3979."""
        known = self._gathered(day - timedelta(weeks=weeks), day)
        sums = [weekly(known.until("cases_community", area, one, days=7))
                for one in back(day, weeks=weeks)]  # fmt: skip
        positive, tested = (
            known.until(name, area, day, days=14) for name in ("positive", "tested")
        )
        rates = [part / whole if part is not None and whole else None
                 for part, whole in zip(positive, tested, strict=True)]  # fmt: skip
        clusters = known.until(CLUSTERS, area, day, days=7)
        return under_control(
            Course(
                weekly=sums,
                positivity=rates,
                new_clusters=None if None in clusters else week(clusters),
                unit_fall=CITY_SHARE if self.province_of(area) == CITY else HALF,
            )
        )

    # --- one area -------------------------------------------------------------------------------

    def _standing(
        self, area: str, day: date, ruleset: RuleSet, *, known: Known, before: Standing | None
    ) -> Standing:
        own = self._own(ruleset, area)
        values, notes = self._values(area, day, own, known=known)
        hand = self._local.hand(area, day)
        current = hand.get("level_in_force")
        if current is None and before and before.assessment.ruleset.id == ruleset.id:
            current = before.assessment.level
        inputs = Inputs(
            values=values,
            current=_level(current),
            by_hand=_level(hand.get("level_by_hand")),
            notes=notes,
        )
        made = assess(area, day, inputs, own, level=self.ground.level)
        case = case_of(area, day, own, province=self.province_of(area), known=known,
                       local=self._local)  # fmt: skip
        hands = self._local.hands(area, day)
        return Standing(
            assessment=made, inputs=inputs, population=case.people, sources=sources_of(case),
            hands=hands,
        )  # fmt: skip

    def _values(
        self, area: str, day: date, ruleset: RuleSet, *, known: Known
    ) -> tuple[dict[str, Value], tuple[str, ...]]:
        case = case_of(area, day, ruleset, province=self.province_of(area), known=known,
                       local=self._local)  # fmt: skip
        values, notes = computed(case)
        if ruleset.kind is Kind.UNITS:
            values |= self._shares(area, day)
        keys = {one.key for one in ruleset.criteria}
        by_hand = {k: v for k, v in self._local.hand(area, day).items() if k in keys}
        return {**values, **by_hand}, notes

    def _own(self, ruleset: RuleSet, area: str) -> RuleSet:
        return localised(ruleset, self._local.of(ruleset, self.province_of(area)))

    def _shares(self, area: str, day: date) -> dict[str, Value]:
        """Return which part of an area's units stands at each level of risk or above.

        Nothing unless the level of every one of them was set.
        """
        marked = self._marked(day)
        parts = self._parts_of(area) if marked else []
        levels = [marked[part] for part in parts if part in marked]
        if not parts or len(levels) < len(parts):
            return {}
        names = {"share_very_high": 4, "share_high": 3, "share_risk": 2}
        return {name: sum(one >= at for one in levels) / len(parts) for name, at in names.items()}

    def _marked(self, day: date) -> Mapping[str, int]:
        areas = self._local.marked_areas
        found = {area: _level(self._local.hand(area, day).get("level_by_hand")) for area in areas}
        return {area: level for area, level in found.items() if level is not None}

    def _parts_of(self, area: str) -> list[str]:
        below = _PARTS.get(self.ground.level)
        if below is None:
            return []
        frame = self._areas.wards if below is Level.WARD else self._areas.frame
        found = frame.filter(
            pl.col("vintage") == self.ground.vintage,
            pl.col("level") == below.value,
            pl.col("parent_code") == area,
        )
        return cast("list[str]", found["code"].to_list())

    # --- what is asked --------------------------------------------------------------------------

    def _gathered(self, first: date, last: date) -> Known:
        if self.ground.level is Level.WARD:
            # No figure is held of a commune: it is assessed from what was set by hand.
            return Known(first=first, n_days=0, series={}, people={})
        return gather(self._ask, self.ground, areas=self._areas, first=first, last=last)

    def areas_of(self, known: Known) -> list[str]:
        """Return the codes of the areas in view, sorted."""
        if self.ground.level is Level.WARD:
            return [self.ground.inside] if self.ground.inside else []
        return sorted({area for _, area in known.series})

    def province_of(self, area: str) -> str:
        """Return the code of the province an area lies in."""
        if area not in self._codes:
            self._codes[area] = province_of(self._areas, area, self.ground)
        return self._codes[area]


def province_of(areas: Areas, area: str, ground: Ground) -> str:
    """Return the code of the province an area lies in, its own where it is one.

    Raises:
        BadUse: if the map has no such area.
    """
    if ground.level is Level.PROVINCE:
        return area
    frame = areas.wards if ground.level is Level.WARD else areas.frame
    found = frame.filter(pl.col("code") == area, pl.col("vintage") == ground.vintage)
    if not found.height:
        raise BadUse(f"no {ground.level.value} {area!r} in vintage {ground.vintage}")
    return str(areas.row(found["province_id"][0])["code"])


def _level(value: Value) -> int | None:
    return int(value) if isinstance(value, int | float) else None
