"""Judges the days of one rule in one area. Pure: figures in, evidence and standing out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from data_access.alerts.model import Doubt, Evidence, Kind, Rule, Standing, Watch
from data_access.estimates.aberration import LIMITS, Method, reading

DAY = timedelta(days=1)
PAST_DAYS = {Kind.THRESHOLD: 0, Kind.C1: 7, Kind.C2: 9, Kind.C3: 11, Kind.FARRINGTON: 57}
"""Days before the one judged that a kind of rule looks at."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Consecutive days of one area.

    Attributes:
        first: the first of them.
        values: of each day; None where there is none.
        doubts: why a day cannot be relied on; None where it can.
    """

    first: date
    values: Sequence[float | None]
    doubts: Sequence[Doubt | None]

    def at(self, day: date) -> int:
        """Return the place of a day; beyond the ends where it is not there."""
        return (day - self.first).days

    @property
    def reliable(self) -> list[float | None]:
        """Return the values, without those that cannot be relied on."""
        pairs = zip(self.values, self.doubts, strict=True)
        return [None if doubt else value for value, doubt in pairs]


def past_days(rule: Rule) -> int:
    """Return how many days before the first one judged a rule needs."""
    return PAST_DAYS[rule.kind] + rule.days - 1


def judged(rule: Rule, series: Series, *, start: date, end: date) -> tuple[list[Evidence], Watch]:
    """Return the days that speak, and what came of the newest.

    A day that cannot be relied on is never judged, and is no part of a baseline either: half a day
    beside whole ones would make whole days look like an outbreak.

    Args:
        rule: which.
        series: the area's days, those before `start` included.
        start: first day judged.
        end: last day judged.
    """
    values = series.reliable
    found, last = [], Watch(day=end, state=Standing.INSUFFICIENT, reason=Doubt.NOT_REPORTED)
    for number in range((end - start).days + 1):
        day = start + number * DAY
        if not rule.is_in_force(day):
            continue
        made, spoke = _of_day(rule, series, values, day)
        last = Watch(day=day, state=_standing(made, spoke=spoke), reason=_reason(made))
        if isinstance(made, Evidence) and spoke:
            found.append(made)
    return found, last


def _standing(made: Evidence | Doubt, *, spoke: bool) -> Standing:
    if isinstance(made, Doubt):
        return Standing.INSUFFICIENT
    return Standing.ALARM if spoke else Standing.CLEAR


def _reason(made: Evidence | Doubt) -> str:
    return made.value if isinstance(made, Doubt) else ""


def _of_day(
    rule: Rule, series: Series, values: Sequence[float | None], day: date
) -> tuple[Evidence | Doubt, bool]:
    """Return the numbers of a day and whether it speaks, or why it cannot be judged."""
    newest: Evidence | None = None
    for back in range(rule.days):
        made = numbers(rule, series, values, day - back * DAY)
        if isinstance(made, Doubt):
            return made, False
        newest = newest or made
        if not _speaks(rule, made):
            # One quiet day settles it, whatever the ones before were.
            return newest, False
    return newest or Doubt.NOT_REPORTED, newest is not None


def numbers(
    rule: Rule, series: Series, values: Sequence[float | None], day: date
) -> Evidence | Doubt:
    """Return the numbers of one day, or why it has none.

    Args:
        rule: which.
        series: the area's days.
        values: those of them that can be relied on.
        day: which day.
    """
    place = series.at(day)
    if not 0 <= place < len(values):
        return Doubt.NOT_REPORTED
    value = values[place]
    if value is None:
        return series.doubts[place] or Doubt.NOT_REPORTED
    if rule.kind is Kind.THRESHOLD:
        return Evidence(
            day=day, value=value, baseline=None, spread=None, bound=rule.limit, statistic=value,
            n_days=rule.days, rule_version=rule.version,
        )  # fmt: skip
    made = reading(values, place, method=Method(rule.kind.value), alpha=rule.alpha)
    if made is None:
        return Doubt.NO_BASELINE
    return Evidence(
        day=day, value=value, baseline=made.baseline, spread=made.spread,
        bound=max(made.bound, rule.least), statistic=made.statistic, n_days=made.n_days,
        rule_version=rule.version,
    )  # fmt: skip


def _speaks(rule: Rule, made: Evidence) -> bool:
    if rule.kind is Kind.THRESHOLD:
        return rule.comparison.holds(made.value, rule.limit)
    return made.statistic > LIMITS[rule.kind.value] and made.value >= rule.least
