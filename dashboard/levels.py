"""Levels in words: names, values, changes, what is missing. Pure."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from itertools import product
from math import ceil

import polars as pl

from dashboard import formatting
from dashboard.i18n import Translate
from data_access.codes import Level
from data_access.levels.asked import FORMS, REFUSALS, keys_for
from data_access.levels.book import Standing
from data_access.rules.assess import BY_HAND
from data_access.rules.catalogue import in_force, rule_sets
from data_access.rules.counterfactual import Change
from data_access.rules.model import HIGHEST, LOWEST, Criterion, Value
from data_access.rules.permits import WORDS, Directive, activities, directives
from data_access.rules.under_control import Verdict


def said_of(one: Directive) -> tuple[str, ...]:
    """Return what a directive says of events, gatherings, services and transport."""
    return one.events, one.gatherings, one.services, one.transport


HORIZON_DAYS = 365
"""A pace of today says nothing of what is farther away."""
ASKED = keys_for(Level.PROVINCE)
"""What no platform tells."""
RANKED = ("incidence", "coverage_1", "old_full", "deaths", "positivity", "incidence_14d")
"""Criteria that stand in the ranking, those of the rule shown."""
_SCHEMES = dict.fromkeys(one.scheme for one in rule_sets().values())
NAMES = frozenset(
    {
        *(f"{scheme}_{n}" for scheme, n in product(_SCHEMES, range(LOWEST, HIGHEST + 1))),
        *(f"c_{one.key}" for rule in rule_sets().values() for one in rule.criteria),
        *(f"s_{key}" for key in RANKED),
        *(f"unit_{one.unit}" for rule in rule_sets().values() for one in rule.criteria),
        *(f"grade_{one}" for r in rule_sets().values() for c in r.criteria for one in c.grades),
        *(f"permit_{one}" for one in WORDS),
        *(f"do_{one.key}" for one in activities("resolution_128")),
        *(f"dir_{one}" for d in directives() for one in said_of(d)),
        *(f"adjust_{key}" for key in ("A1", "A2", "C2", "deaths", BY_HAND)),
        *(f"if_{way}" for way in ("at_least", "at_most", "above", "below", "set")),
        *(f"t_{test}" for test in (*(one.name for one in fields(Verdict)), "strict", "fitted")),
        *(f"c_{key}" for key in FORMS),
        *(f"input_{code}" for code in REFUSALS),
        *("note_days_missing", "note_old_estimated", f"c_{BY_HAND}"),
    }
)  # fmt: skip
"""Names of texts that are put together from what the rule sets declare."""


def level_name(level: int, scheme: str, *, t: Translate) -> str:
    """Return a level with its name: `Cấp 2 · nguy cơ trung bình`."""
    return t(f"levels.{scheme}_{level}")


def shown_rule(asked: str | None, found: Mapping[str, list[Standing]], *, day: date) -> str | None:
    """Return the rule to show: the one asked for; else that of the day, where it tells anything.

    Where the rule in force determines no area, the reading for reference takes its place: None
    stands for "by date", an id for that rule.
    """
    if asked in rule_sets():
        return asked
    official = in_force(day)
    told = any(rows[-1].assessment.level is not None for rows in found.values())
    return None if told or official.fallback else "who_situation"


def value_text(value: Value, criterion: Criterion, *, t: Translate, language: str) -> str:
    """Return a criterion's value as it is read."""
    if value is None:
        return t("levels.unknown")
    if isinstance(value, bool):
        return t("levels.yes") if value else t("levels.no")
    if isinstance(value, str):
        return t(f"levels.grade_{value}")
    if criterion.unit == "ratio":
        return formatting.percent(value, language=language)
    return formatting.number(value, language=language, decimals=0 if value == round(value) else 1)


def origin_text(standing: Standing, key: str, *, t: Translate, language: str) -> str:
    """Return where a criterion's value is from; of one that is not known, who could say it."""
    said = standing.hands.get(key)
    if said is not None:
        since = formatting.day(said.since, language=language)
        if said.account:
            return t("levels.from_hand", source=said.source, name=said.account, day=since)
        return t("levels.from_pack", source=said.source, day=since)
    sources = standing.sources.get(key, ())
    if standing.inputs.values.get(key) is not None and sources:
        return t("levels.from_sources", names=", ".join(sources))
    return t("levels.ask_by_hand" if key in ASKED else "levels.no_figure")


def near_sign(standing: Standing, key: str, *, t: Translate, language: str) -> str:
    """Return how far a criterion is from the nearest edge: `↑ 67,7`, `↓ 2`; empty for none."""
    readings = {one.criterion.key: one for one in standing.assessment.per_criterion}
    one = readings.get(key)
    gaps = [gap for gap in (one.below, one.above) if gap is not None] if one else []
    if one is None or not gaps:
        return ""
    least = min(gaps)
    arrow = "↑" if one.above is not None and least == one.above else "↓"
    shown = value_text(float(least), one.criterion, t=t, language=language)
    return f"{arrow}{formatting.NARROW}{shown}"


def change_text(change: Change, standing: Standing, *, t: Translate, language: str) -> str:
    """Return what would have to change for another level, as a sentence."""
    rule = standing.assessment.ruleset
    criterion = rule.criterion(change.key)
    edge = value_text(_number(change.edge), criterion, t=t, language=language)
    way = "set" if change.delta is None else _way(change)
    said = t(f"levels.if_{way}", what=t(f"levels.c_{change.key}"), edge=edge)
    cases = standing.people(change)
    if cases is not None:
        people = formatting.signed(ceil(abs(cases)) * (1 if cases > 0 else -1), language=language)
        said += " " + t("levels.in_cases", n=people)
    return said


def _way(change: Change) -> str:
    rises = (change.delta or 0) > 0
    if change.reached:
        return "at_least" if rises else "at_most"
    return "above" if rises else "below"


def _number(value: Value) -> Value:
    return value if isinstance(value, bool | str) or value is None else float(value)


def days_text(days: float | None, *, t: Translate) -> str:
    """Return days until an edge is crossed, whole days; in words where that is never or too far."""
    if days is None:
        return t("levels.never")
    if days > HORIZON_DAYS:
        return t("levels.far", n=HORIZON_DAYS)
    return t("levels.days", n=max(ceil(days), 0))


def table_of(
    found: Mapping[str, list[Standing]], names: Mapping[str, str], *, t: Translate
) -> pl.DataFrame:
    """Return the areas of a day as a table for download: one row an area, criteria as columns."""
    rows = []
    for area, history in sorted(found.items()):
        made = history[-1].assessment
        row: dict[str, object] = {
            "date": made.day,
            "area_code": area,
            "area": names.get(area, area),
            "level": made.level,
            "possible_low": made.possible[0],
            "possible_high": made.possible[1],
            "level_before": history[-2].assessment.level if len(history) > 1 else None,
            "rule_set": made.ruleset.number,
            "missing": " ".join(made.missing),
            "confidence": made.confidence,
        }
        for one in made.per_criterion:
            value = one.value
            row[one.criterion.key] = None if value is None else str(value)
        rows.append(row)
    if not rows:
        return pl.DataFrame({t("levels.area"): []})
    return pl.from_dicts(rows, infer_schema_length=None)


def ordered(found: Mapping[str, list[Standing]]) -> list[str]:
    """Return the areas to rank: highest level first, then incidence, the undetermined last."""

    def key(area: str) -> tuple[bool, int, float, str]:
        made = found[area][-1].assessment
        values = found[area][-1].inputs.values
        rate = values.get("incidence") or values.get("incidence_14d") or 0.0
        number = float(rate) if isinstance(rate, int | float) else 0.0
        return made.level is None, -(made.level or made.possible[1]), -number, area

    return sorted(found, key=key)
