"""From what is known of an area to the inputs of a rule set. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from data_access.levels.known import AGES, COVERAGE, EVERYBODY, FULL, Known, week
from data_access.rules.local import (
    COMMUNITY,
    MIN_DAYS,
    PER,
    WEEK_DAYS,
    Local,
    LocalRules,
    incidence,
    weekly,
)
from data_access.rules.model import RuleSet, Value

FORTNIGHT_DAYS = 14
DAYS_MISSING, OLD_ESTIMATED = "days_missing", "old_estimated"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One area on one day under one rule set, with what is known of it.

    Attributes:
        area: its code.
        province: code of the province it lies in.
        day: the day assessed.
        ruleset: the rule, with the province's own edges.
        local: how the province counts.
        known: the figures.
        shares: part of all people in a group of age, where none is counted.
    """

    area: str
    province: str
    day: date
    ruleset: RuleSet
    local: Local
    known: Known
    shares: Mapping[str, float]

    @property
    def numerator(self) -> str:
        """Name of the series of cases that count."""
        kind = self.local.numerator or self.ruleset.numerator
        return "cases_community" if kind == COMMUNITY else "cases"

    @property
    def people(self) -> float | None:
        """People that incidence is divided by."""
        return self.known.people.get((self.local.denominator or EVERYBODY, self.area))

    def days(self, name: str, *, n: int) -> list[float | None]:
        """Return a series of the days that end with the one assessed."""
        return self.known.until(name, self.area, self.day, days=n)


def case_of(
    area: str, day: date, ruleset: RuleSet, *, province: str, known: Known, local: LocalRules
) -> Case:
    """Return one area on one day under one rule set; the rule set is the province's own."""
    return Case(
        area=area, province=province, day=day, ruleset=ruleset,
        local=local.of(ruleset, province), known=known, shares=local.old_shares,
    )  # fmt: skip


def computed(case: Case) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return the criteria's values that figures tell, and notes on how they were made."""
    values: dict[str, Value] = {
        one.key: _PRODUCERS[one.key](case) for one in case.ruleset.criteria if one.key in _PRODUCERS
    }
    notes = []
    window = case.days(case.numerator, n=WEEK_DAYS * case.local.weeks)
    if values.get("incidence") is not None and None in window:
        notes.append(DAYS_MISSING)
    if values.get("old_full") is not None and not _counted_old(case):
        notes.append(OLD_ESTIMATED)
    return values, tuple(notes)


def sources_of(case: Case) -> dict[str, tuple[str, ...]]:
    """Return the names of the sources that each criterion's value comes from."""
    cases = (case.numerator, "cases") if case.numerator != "cases" else ("cases",)
    series = {**_SERIES, "incidence": cases, "has_cases": cases}
    found = {
        one.key: tuple(sorted(frozenset().union(*(
            case.known.sources.get((name, case.area), frozenset())
            for name in series.get(one.key, ())
        ))))
        for one in case.ruleset.criteria
    }  # fmt: skip
    return {key: names for key, names in found.items() if names}


_SERIES: Mapping[str, tuple[str, ...]] = {
    "incidence_14d": ("cases",),
    "coverage_1": (COVERAGE,),
    "old_full": (FULL,),
    "full_all": (FULL,),
    "deaths": ("deaths",),
    "positivity": ("positive",),
}
"""What a criterion is made of, by the names under which sources are noted."""


def _incidence(case: Case) -> float | None:
    daily = case.days(case.numerator, n=WEEK_DAYS * case.local.weeks)
    return incidence(daily, case.people, case.local)


def _incidence_14d(case: Case) -> float | None:
    daily = case.days("cases", n=FORTNIGHT_DAYS)
    weeks = [weekly(daily[:WEEK_DAYS]), weekly(daily[WEEK_DAYS:])]
    if not case.people or weeks[0] is None or weeks[1] is None:
        return None
    return (weeks[0] + weeks[1]) / case.people * PER


def _has_cases(case: Case) -> bool | None:
    found = [week(case.days(name, n=WEEK_DAYS)) for name in ("cases", case.numerator)]
    known = [one for one in found if one is not None]
    return max(known) > 0 if known else None


def _deaths(case: Case) -> float | None:
    counted = weekly(case.days("deaths", n=WEEK_DAYS))
    return None if counted is None or not case.people else counted / case.people * PER


def _positivity(case: Case) -> float | None:
    positive, tested = (case.days(name, n=WEEK_DAYS) for name in ("positive", "tested"))
    both = [
        (part, whole)
        for part, whole in zip(positive, tested, strict=True)
        if part is not None and whole is not None
    ]
    whole = sum(n for _, n in both)
    return sum(n for n, _ in both) / whole if len(both) >= MIN_DAYS and whole else None


def _coverage(case: Case) -> float | None:
    return case.known.on(COVERAGE, case.area, case.day)


def _counted_old(case: Case) -> float | None:
    return case.known.people.get((case.ruleset.old_group(case.day) or "", case.area))


def _old_full(case: Case) -> float | None:
    """Full courses of the group of old people that counts that day, over their number."""
    group = case.ruleset.old_group(case.day)
    share, people = case.shares.get(group or ""), case.known.people.get((EVERYBODY, case.area))
    estimated = share * people if share and people else None
    old = _counted_old(case) or estimated
    full = _full(case, AGES.get(group or "", ()))
    return full / old if full is not None and old else None


def _full_all(case: Case) -> float | None:
    bands = [name.removeprefix("full.") for name, area in case.known.series
             if area == case.area and name.startswith("full.")]  # fmt: skip
    full, people = _full(case, bands), case.known.people.get((EVERYBODY, case.area))
    return full / people if full is not None and people else None


def _full(case: Case, bands: tuple[str, ...] | list[str]) -> float | None:
    return week([case.known.on(f"full.{band}", case.area, case.day) for band in bands])


_PRODUCERS: Mapping[str, Callable[[Case], Value]] = {
    "incidence": _incidence,
    "incidence_14d": _incidence_14d,
    "coverage_1": _coverage,
    "old_full": _old_full,
    "has_cases": _has_cases,
    "deaths": _deaths,
    "positivity": _positivity,
    "full_all": _full_all,
}
