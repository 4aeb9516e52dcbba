"""Indicators and measures as the screen names them: one kind of entry for both. Pure."""

from dataclasses import dataclass
from datetime import date

from dashboard import formatting
from dashboard.i18n import Translate, pick
from data_access.indicators.model import Indicator, Threshold, Unit
from data_access.measures.model import Measure, MeasureKind
from data_access.measures.registry import MEASURES


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that can be shown.

    Attributes:
        key: id.
        vi: Vietnamese name.
        en: English name.
        about_vi: one sentence that defines it; empty for a bare measure.
        about_en: the same in English.
        unit: a `Unit` value, or for a measure what one of it is ("case", "bed").
        decimals: places shown (of percent, for a ratio).
        higher_is_bad: direction of good; None: neither.
        adds: whether days add up (a daily count), so that a week may be summed.
        platform: platform it belongs to.
        thresholds: lines with the days they are in force.
        horizon: larger values are shown as more than this; None: no end.
    """

    key: str
    vi: str
    en: str
    about_vi: str
    about_en: str
    unit: str
    decimals: int
    higher_is_bad: bool | None
    adds: bool
    platform: str
    thresholds: tuple[Threshold, ...] = ()
    horizon: float | None = None

    @property
    def is_ratio(self) -> bool:
        """Whether values are 0-1 and shown as percent."""
        return self.unit == Unit.RATIO.value

    def title(self, language: str) -> str:
        """Return the name in a language."""
        return pick(self.vi, self.en, language=language)

    def about(self, language: str) -> str:
        """Return the definition in a language."""
        return pick(self.about_vi, self.about_en, language=language)

    def value(self, number: float, *, language: str) -> str:
        """Return a value as it is shown, percent sign included, other units not.

        What lies beyond the horizon is said to: `> 60`. Thousands of days are no forecast.
        """
        if self.is_beyond(number):
            return f"> {formatting.number(self.horizon or 0.0, language=language)}"
        if self.is_ratio:
            return formatting.percent(number, language=language, decimals=self.decimals)
        return formatting.number(number, language=language, decimals=self.decimals)

    def is_beyond(self, number: float | None) -> bool:
        """Return whether a value lies beyond what is shown as a number."""
        return number is not None and self.horizon is not None and number > self.horizon

    def within(self, number: float) -> float:
        """Return a value, one beyond the horizon as the horizon."""
        return number if self.horizon is None else min(number, self.horizon)

    def change(self, number: float, *, language: str) -> str:
        """Return a difference with its sign, ratios in percentage points."""
        if self.is_ratio:
            return formatting.points(number, language=language, decimals=self.decimals)
        return formatting.signed(number, language=language, decimals=self.decimals)

    def unit_text(self, t: Translate) -> str:
        """Return the unit in words; empty where the value says it all."""
        return t(f"unit.{self.unit.replace('-', '_')}")

    def unit_beside(self, t: Translate, *, language: str) -> str:
        """Return the unit for where the title stands too; empty where the title names it.

        A single word is said all the same: `100 days` cannot be misread.
        """
        unit = self.unit_text(t)
        is_named = " " in unit and unit.casefold() in self.title(language).casefold()
        return "" if is_named else unit

    @property
    def ramp(self) -> str:
        """Which colours the map takes: a burden, a good, or neither."""
        return {True: "burden", False: "good", None: "plain"}[self.higher_is_bad]

    def lines_on(self, day: date) -> tuple[Threshold, ...]:
        """Return the thresholds in force on a day."""
        return tuple(
            line
            for line in self.thresholds
            if line.since <= day and (line.until is None or day <= line.until)
        )


def of_indicator(indicator: Indicator) -> Entry:
    """Return the entry of an indicator; a daily count of a flow adds up, nothing else does."""
    first, *more = indicator.terms
    daily = not more and first.window_days == 1 and not first.cumulative
    flow = first.measure in MEASURES and MEASURES[first.measure].kind == MeasureKind.FLOW
    adds = indicator.unit == Unit.COUNT and daily and flow
    return Entry(
        key=indicator.key,
        vi=indicator.vi,
        en=indicator.en,
        about_vi=indicator.about_vi,
        about_en=indicator.about_en,
        unit=indicator.unit.value,
        decimals=indicator.decimals,
        higher_is_bad=indicator.higher_is_bad,
        adds=adds,
        platform=indicator.platform,
        thresholds=indicator.thresholds,
        horizon=indicator.horizon,
    )


def of_measure(measure: Measure) -> Entry:
    """Return the entry of a measure."""
    return Entry(
        key=measure.key,
        vi=measure.vi,
        en=measure.en,
        about_vi="",
        about_en="",
        unit="count",
        decimals=0,
        higher_is_bad=measure.higher_is_bad,
        adds=measure.kind == MeasureKind.FLOW,
        platform=measure.platform,
    )
