"""The level of an area on a day by a rule set. Pure.

What is required and not known makes the level *undetermined*, never level 1; which levels it
leaves open is said beside it.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import product
from math import inf, nextafter

from data_access.codes import Level
from data_access.rules.model import (
    HIGHEST,
    LOWEST,
    Adjustment,
    Assessment,
    Criterion,
    Inputs,
    Kind,
    Reading,
    RuleSet,
    Value,
)
from data_access.rules.outcome import outcome

ESTIMATED = 0.1
"""Confidence that each estimate among the values takes away."""
BY_HAND = "by_hand"


def assess(
    area: str, day: date, inputs: Inputs, ruleset: RuleSet, *, level: Level = Level.PROVINCE
) -> Assessment:
    """Return the level of an area on a day, with everything that made it.

    Args:
        area: its code.
        day: the day assessed.
        inputs: what is known.
        ruleset: the rule to assess by (`catalogue.in_force(day)` for the official one).
        level: kind of area; Decision 2686 leaves the commune's level to judgement.
    """
    if ruleset.kind is Kind.UNITS and level is Level.WARD:
        return _judged(area, day, inputs, ruleset)
    values = {one.key: inputs.values.get(one.key) for one in ruleset.criteria}
    missing = tuple(one.key for one in ruleset.criteria if one.required and values[one.key] is None)
    open_levels = [
        outcome(one, ruleset, current=inputs.current) for one in _completed(values, ruleset)
    ]
    levels = [one.level for one in open_levels]
    known = None if missing else open_levels[0]
    return Assessment(
        area=area,
        day=day,
        ruleset=ruleset,
        level=known.level if known else None,
        possible=(min(levels), max(levels)),
        per_criterion=tuple(reading(one, values[one.key]) for one in ruleset.criteria if one.shown),
        adjustments=known.adjustments if known else (),
        missing=missing,
        confidence=_confidence(ruleset, inputs),
        notes=inputs.notes,
    )


def _judged(area: str, day: date, inputs: Inputs, ruleset: RuleSet) -> Assessment:
    chosen = inputs.by_hand
    clause = () if chosen is None else (
        Adjustment(key=BY_HAND, applied=True, before=chosen, after=chosen),
    )  # fmt: skip
    return Assessment(
        area=area,
        day=day,
        ruleset=ruleset,
        level=chosen,
        possible=(LOWEST, HIGHEST) if chosen is None else (chosen, chosen),
        per_criterion=(),
        adjustments=clause,
        missing=(BY_HAND,) if chosen is None else (),
        confidence=_confidence(ruleset, inputs),
        notes=inputs.notes,
    )


def _confidence(ruleset: RuleSet, inputs: Inputs) -> float:
    return round(max(ruleset.confidence - ESTIMATED * len(inputs.notes), 0.0), 2)


def reading(criterion: Criterion, value: Value) -> Reading:
    """Return a value with its band and its distances to the edges beside it."""
    if not criterion.edges or value is None or isinstance(value, str):
        return Reading(criterion=criterion, value=value, band=None, below=None, above=None)
    number, band = float(value), criterion.band(float(value))
    edges = criterion.edges
    return Reading(
        criterion=criterion,
        value=value,
        band=band + 1,
        below=number - edges[band - 1] if band else None,
        above=edges[band] - number if band < len(edges) else None,
    )


# --- what a missing value leaves open -----------------------------------------------------------


def _completed(values: Mapping[str, Value], ruleset: RuleSet) -> Iterator[dict[str, Value]]:
    """Return the values with every gap filled by one value of each band, all combinations."""
    choices = [
        candidates(one) if one.required and values[one.key] is None else (values[one.key],)
        for one in ruleset.criteria
    ]
    keys = [one.key for one in ruleset.criteria]
    return (dict(zip(keys, one, strict=True)) for one in product(*choices))


def candidates(criterion: Criterion) -> tuple[Value, ...]:
    """Return one value of each band of a criterion."""
    if criterion.grades:
        return criterion.grades
    if not criterion.edges:
        return (False, True)
    inside = [
        nextafter(edge, inf) if edge in criterion.strict else edge for edge in criterion.edges
    ]
    return (0.0, *inside)
