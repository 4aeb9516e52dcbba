"""From complete values to a level: one function for each kind of rule set. Pure.

Each takes values without a gap; what is missing is dealt with in `assess`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from data_access.rules.model import HIGHEST, LOWEST, Adjustment, Kind, RuleSet, Value

MOST = 2
"""Number of the highest band of a share of units."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A level and the clauses that were considered on the way to it."""

    level: int
    adjustments: tuple[Adjustment, ...] = ()


def outcome(values: Mapping[str, Value], ruleset: RuleSet, *, current: int | None) -> Outcome:
    """Return the level that complete values come to.

    Args:
        values: every required criterion's value.
        ruleset: the rule.
        current: the level in force until now; None: none is known.

    Raises:
        KeyError: if a required value is not there.
    """
    return _BY_KIND[ruleset.kind](values, ruleset, current)


def _band(values: Mapping[str, Value], ruleset: RuleSet, key: str) -> int:
    return ruleset.criterion(key).band(_number(values[key]))


def _number(value: Value) -> float:
    if value is None or isinstance(value, str):
        raise KeyError("a number is missing")
    return float(value)


def _matrix(values: Mapping[str, Value], ruleset: RuleSet, current: int | None) -> Outcome:
    """Decision 4800: incidence by coverage; A1 raises, A2 forbids lowering."""
    row, column = (_band(values, ruleset, key) for key in ("coverage_1", "incidence"))
    base = ruleset.matrix[row][column]
    too_few = _band(values, ruleset, "old_full") == 0 and bool(values["has_cases"])
    raised = min(HIGHEST, base + 1) if too_few else base
    held = raised
    if not values["plans_ready"] and current is not None:
        held = max(raised, current)
    return Outcome(
        level=held,
        adjustments=(
            Adjustment(key="A1", applied=raised != base, before=base, after=raised),
            Adjustment(key="A2", applied=held != raised, before=raised, after=held),
        ),
    )


def _units(values: Mapping[str, Value], ruleset: RuleSet, current: int | None) -> Outcome:
    """Decision 2686: any one condition suffices, tested from the top.

    A share counts the units at that level or above: a unit that gets worse never lowers its area.
    """
    del current
    very_high, high, risk = (
        _band(values, ruleset, key) for key in ("share_very_high", "share_high", "share_risk")
    )
    # Bands: none, some, a third or a half of the units; for "high" below 30 %, to 50 %, above.
    if MOST in (very_high, high) or values["spreads_to_half"]:
        return Outcome(level=HIGHEST)
    near = values["spreads_to_fifth"] or values["zone_beside_source"]
    if very_high or high or risk == MOST or near:
        return Outcome(level=HIGHEST - 1)
    if risk or _band(values, ruleset, "incidence_14d"):
        return Outcome(level=LOWEST + 1)
    return Outcome(level=LOWEST)


def _transmission(values: Mapping[str, Value], ruleset: RuleSet, current: int | None) -> Outcome:
    """Decision 218: the worst of what is known of transmission, raised, against capacity."""
    del current
    base = 1 + max(_band(values, ruleset, key) for key in ("incidence", "oxygen"))
    unmet = not all(_band(values, ruleset, key) for key in ("full_all", "full_high_risk"))
    covered = min(HIGHEST, base + 1) if unmet else base
    deadly = bool(_band(values, ruleset, "deaths"))
    raised = min(HIGHEST, covered + 1) if deadly else covered
    return Outcome(
        level=response_level(raised, str(values["capacity"]), ruleset),
        adjustments=(
            Adjustment(key="C2", applied=covered != base, before=base, after=covered),
            Adjustment(key="deaths", applied=raised != covered, before=covered, after=raised),
        ),
    )


def response_level(transmission: int, capacity: str, ruleset: RuleSet) -> int:
    """Return the level of a degree of transmission (1-4) met with a capacity to respond."""
    row = ruleset.criterion("capacity").grades.index(capacity)
    return ruleset.matrix[row][transmission - 1]


def _situation(values: Mapping[str, Value], ruleset: RuleSet, current: int | None) -> Outcome:
    """WHO: the worst of the criteria that are known."""
    del current
    known = [one.key for one in ruleset.criteria if values.get(one.key) is not None]
    return Outcome(level=1 + max(_band(values, ruleset, key) for key in known))


_BY_KIND: Mapping[Kind, Callable[[Mapping[str, Value], RuleSet, int | None], Outcome]] = {
    Kind.MATRIX: _matrix,
    Kind.UNITS: _units,
    Kind.TRANSMISSION: _transmission,
    Kind.SITUATION: _situation,
}
