"""What rules judge: the days of every area of a rule, and which of them can be relied on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from data_access.alerts.judge import DAY, Series, past_days
from data_access.alerts.model import Doubt, Place, Rule
from data_access.codes import PLATFORMS, Level
from data_access.cube.query import Ask
from data_access.errors import BadUse
from data_access.indicators.forms import indicator_of
from data_access.indicators.model import Indicator
from data_access.reference.places import Areas
from data_access.sync.reporting import by_platform
from data_access.sync.rules import NEVER, NOT_DUE, PARTIAL, SILENT, deadline_hour

DOUBTED_DAYS = 28
"""Days back to which reports are asked for: before, a figure that is there is relied on."""
MOST_MISSING = 0.1
"""Share of an area's parts that may be missing from a figure."""
_STATES = {SILENT: Doubt.SILENT, PARTIAL: Doubt.PARTIAL, NEVER: Doubt.SILENT,
           NOT_DUE: Doubt.NOT_DUE}  # fmt: skip
_STATUSES = {"not_reported": Doubt.NOT_REPORTED, "not_due": Doubt.NOT_DUE,
             "not_synchronised": Doubt.NOT_SYNCHRONISED}  # fmt: skip

Figures = Callable[[Ask], pl.DataFrame]
Reporting = Callable[[date, date], pl.DataFrame]
Doubts = Mapping[tuple[str, str, date], str]
"""(platform, province, day) → how it was reported."""


def watched(rule: Rule) -> Indicator:
    """Return what a rule watches.

    Raises:
        BadUse: if there is no such indicator.
    """
    found = indicator_of(rule.indicator)
    if found is None:
        raise BadUse(f"rule {rule.key}: there is no indicator {rule.indicator}")
    return found


def newest_day(indicator: Indicator, *, now: datetime, zone: ZoneInfo) -> date:
    """Return the newest day of which everything should be there: due, and its hour has passed."""
    local = now.astimezone(zone)
    is_due = local.hour >= deadline_hour(indicator.platform)
    return local.date() - DAY * (indicator.typical_lag_days + (not is_due))


def doubts_of(reporting: Reporting, *, end: date) -> Doubts:
    """Return how the last days were reported, by the best feed of each platform and province."""
    found = by_platform(reporting(end - DAY * (DOUBTED_DAYS - 1), end))
    rows = found.select("platform", "area_code", "date", "state").iter_rows()
    return {(platform, area, day): state for platform, area, day, state in rows}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads the days of rules.

    Attributes:
        figures: answers a question with what its figures were made of, for the program itself.
        areas: the places of the country.
        doubts: how the last days were reported.
        vintage: edition of the map; None: the one in force on the last day.
    """

    figures: Figures
    areas: Areas
    doubts: Doubts
    vintage: str | None = None

    def series(self, rule: Rule, *, start: date, end: date) -> dict[Place, Series]:
        """Return the days of every area of a rule, as many before `start` as it needs."""
        vintage = self.vintage or self.areas.vintage_on(end)
        first = start - DAY * past_days(rule)
        provinces = self._provinces(rule, vintage)
        found = self.figures(
            Ask(ids=(rule.indicator,), level=rule.level, start=first, end=end, vintage=vintage)
        )
        n_days = (end - first) // timedelta(days=1) + 1
        held: dict[str, tuple[list[float | None], list[Doubt | None]]] = {
            code: ([None] * n_days, [Doubt.NOT_REPORTED] * n_days) for code in provinces
        }
        platform = watched(rule).platform
        columns = ("area_code", "date", "value", "status", "n_missing", "n_expected")
        for code, day, value, status, n_missing, n_expected in found.select(columns).iter_rows():
            if code not in held:
                continue
            place = (day - first).days
            held[code][0][place] = value
            doubt = _doubt_of(value, status, n_missing, n_expected)
            held[code][1][place] = doubt or self._reported(platform, provinces[code], day)
        return {
            Place(code=code, vintage=vintage, province=provinces[code]): Series(
                first=first, values=values, doubts=doubts
            )
            for code, (values, doubts) in held.items()
        }

    def _provinces(self, rule: Rule, vintage: str) -> dict[str, str]:
        """Return area → the province it lies in, of the areas that a rule names."""
        found = self.areas.at(rule.level.value, vintage).select("code", "parent_code").iter_rows()
        inside = {
            code: "" if rule.level is Level.NATIONAL
            else code if rule.level is Level.PROVINCE else parent or ""
            for code, parent in found
        }  # fmt: skip
        return {code: one for code, one in inside.items() if not rule.areas or code in rule.areas}

    def _reported(self, platform: str, province: str, day: date) -> Doubt | None:
        if platform not in PLATFORMS or not province:
            return None
        return _STATES.get(self.doubts.get((platform, province, day), ""))


def _doubt_of(
    value: float | None, status: str, n_missing: int | None, n_expected: int | None
) -> Doubt | None:
    if value is None:
        return _STATUSES.get(status, Doubt.NOT_REPORTED)
    if n_expected and (n_missing or 0) / n_expected > MOST_MISSING:
        return Doubt.INCOMPLETE
    return None
