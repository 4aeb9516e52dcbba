"""What a place decides or knows by itself: thresholds, how it counts, inputs set by hand. Pure.

A province may change only the numbers of a band and the rate of coverage, never the criteria;
how it counts cases, over how many weeks and to how many decimals differed in practice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from types import MappingProxyType

from data_access.rules.model import RuleSet, Value

COMMUNITY, ALL = "community", "all"
WEEK_DAYS = 7
MIN_DAYS = 5
PER = 100_000
HAND_KEYS = (
    "plans_ready", "level_in_force", "level_by_hand", "spreads_to_half", "spreads_to_fifth",
    "zone_beside_source", "old_full", "full_high_risk", "oxygen", "hospitalised", "capacity",
    "coverage_1", "incidence", "population",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Local:
    """How one area counts, under one rule set.

    Attributes:
        numerator: `community` or `all` cases; empty: as the rule set says.
        weeks: weeks that are averaged, 1 or 2.
        decimals: places that incidence is rounded to before banding; None: not rounded.
        edges: edges of a criterion by key, in place of the rule set's.
        denominator: population that incidence is divided by; empty: the default.
        source: where this is known from.
    """

    numerator: str = ""
    weeks: int = 1
    decimals: int | None = None
    edges: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    denominator: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class HandInput:
    """One value set by hand for an area, from a day on.

    Attributes:
        area: its code.
        key: one of `HAND_KEYS`.
        since: its first day.
        until: its last day; None: until the next one.
        value: what was set; None: from that day on it is not known.
        source: who or which document says so.
        account: who entered it; empty: the country pack.
    """

    area: str
    key: str
    since: date
    until: date | None
    value: Value
    source: str
    account: str = ""


@dataclass(frozen=True, kw_only=True)
class LocalRules:
    """Everything that a country pack says beside the rule sets.

    Attributes:
        by_area: how an area counts, by (rule set, code of a province); its districts follow it.
        by_hand: inputs set by hand.
        old_shares: share of all people that are of a group of age, where none is counted.
    """

    by_area: Mapping[tuple[str, str], Local] = field(default_factory=dict)
    by_hand: tuple[HandInput, ...] = ()
    old_shares: Mapping[str, float] = field(default_factory=dict)

    def of(self, ruleset: RuleSet, province: str) -> Local:
        """Return how a province counts under a rule set."""
        return self.by_area.get((ruleset.id, province), Local())

    def hand(self, area: str, day: date) -> Mapping[str, Value]:
        """Return what was set by hand for an area and holds on a day; the newest wins."""
        return {key: one.value for key, one in self.hands(area, day).items()}

    def hands(self, area: str, day: date) -> Mapping[str, HandInput]:
        """Return the inputs set by hand that hold for an area on a day, by key.

        The one that began last wins; of those that began on the same day, the one said last.
        """
        holding = [
            one
            for one in self._of_area.get(area, ())
            if one.since <= day and (one.until is None or day <= one.until)
        ]
        found = {one.key: one for one in sorted(holding, key=lambda one: one.since)}
        return {key: one for key, one in found.items() if one.value is not None}

    @cached_property
    def _of_area(self) -> Mapping[str, list[HandInput]]:
        found: dict[str, list[HandInput]] = {}
        for one in self.by_hand:
            found.setdefault(one.area, []).append(one)
        return found

    @cached_property
    def marked_areas(self) -> frozenset[str]:
        """Areas of which somebody ever set a level by hand."""
        return frozenset(one.area for one in self.by_hand if one.key == "level_by_hand")

    def with_said(self, said: Sequence[HandInput]) -> "LocalRules":
        """Return the same with what was said in the app, which goes before the country pack."""
        return replace(self, by_hand=(*self.by_hand, *said))


NOTHING_LOCAL = LocalRules(by_area=MappingProxyType({}), old_shares=MappingProxyType({}))


def localised(ruleset: RuleSet, local: Local) -> RuleSet:
    """Return a rule set with a place's own edges; the criteria stay as they are."""
    if not local.edges:
        return ruleset
    criteria = tuple(
        replace(one, edges=local.edges[one.key]) if one.key in local.edges else one
        for one in ruleset.criteria
    )
    return replace(ruleset, criteria=criteria)


def incidence(
    daily: Sequence[float | None], population: float | None, local: Local
) -> float | None:
    """Return weekly cases per 100,000 as a place computes it; None where it cannot be told.

    Method: the mean of the reported days times seven, of one week or of two, over the population;
    a week with fewer than five reported days is not known. Rounded half up where the place rounds.

    Args:
        daily: cases of consecutive days, the day assessed last; at least as many as are averaged.
        population: people.
        local: how the place counts.
    """
    weeks = [
        weekly(daily[len(daily) - WEEK_DAYS * (n + 1) : len(daily) - WEEK_DAYS * n])
        for n in range(local.weeks)
    ]
    known = [week for week in weeks if week is not None]
    if not population or len(known) < local.weeks:
        return None
    return rounded(sum(known) / local.weeks / population * PER, local.decimals)


def weekly(days: Sequence[float | None]) -> float | None:
    """Return the cases of a week from its reported days; None below five of them."""
    known = [one for one in days if one is not None]
    return sum(known) / len(known) * WEEK_DAYS if len(known) >= MIN_DAYS else None


def rounded(value: float, decimals: int | None) -> float:
    """Return a value rounded half up, as people do; as it is without decimals."""
    if decimals is None:
        return value
    step = Decimal(1).scaleb(-decimals)
    return float(Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP))
