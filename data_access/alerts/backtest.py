"""What a rule would have raised on days of the past, and how that compares with the truth. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from data_access.alerts.judge import Series, judged
from data_access.alerts.model import Rule

QUIET_DAYS = 7
"""Days without an alarm after which the next one is another alert: the first has been closed."""
WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Outbreak:
    """Days on which an outbreak is known to have run, both included."""

    start: date
    end: date


@dataclass(frozen=True, kw_only=True)
class Score:
    """How a rule did.

    Attributes:
        n_areas: areas judged.
        n_days: days judged, of all areas together.
        n_alarms: alerts that would have been raised.
        n_false: those of them that no outbreak stands behind.
        n_outbreaks: outbreaks there were.
        n_found: those of them that a day of theirs spoke for.
        delays: days from the first day of each outbreak found to the first day that spoke.
    """

    n_areas: int
    n_days: int
    n_alarms: int
    n_false: int
    n_outbreaks: int
    n_found: int
    delays: tuple[int, ...]

    @property
    def per_area_week(self) -> float:
        """Alerts per area and week."""
        return self.n_alarms * WEEK / self.n_days if self.n_days else 0.0

    @property
    def false_per_area_week(self) -> float:
        """Alerts per area and week that no outbreak stands behind."""
        return self.n_false * WEEK / self.n_days if self.n_days else 0.0

    @property
    def sensitivity(self) -> float | None:
        """Share of the outbreaks that were found; None: there were none."""
        return self.n_found / self.n_outbreaks if self.n_outbreaks else None

    @property
    def delay(self) -> float | None:
        """Median days to detection; None: none was found."""
        return float(median(self.delays)) if self.delays else None


def alarm_days(rule: Rule, series: Series, *, start: date, end: date) -> list[date]:
    """Return the days that speak."""
    return [one.day for one in judged(rule, series, start=start, end=end)[0]]


def episodes(days: Sequence[date]) -> list[tuple[date, date]]:
    """Return runs of alarm days, first and last: one alert each."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day - found[-1][1] <= timedelta(days=QUIET_DAYS):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def score(
    rule: Rule,
    areas: Iterable[tuple[Series, Sequence[Outbreak]]],
    *,
    start: date,
    end: date,
) -> Score:
    """Return how a rule did on the days from start to end of some areas.

    Method: an alert is false if no day of it lies within an outbreak, or in the week after one;
        an outbreak is found if a day of its own speaks.
    """
    n_areas = n_alarms = n_false = n_outbreaks = 0
    delays: list[int] = []
    for series, outbreaks in areas:
        n_areas += 1
        days = alarm_days(rule, series, start=start, end=end)
        runs = episodes(days)
        n_alarms += len(runs)
        n_false += sum(not any(_meets(run, one) for one in outbreaks) for run in runs)
        n_outbreaks += len(outbreaks)
        first = (next((d for d in days if one.start <= d <= one.end), None) for one in outbreaks)
        delays += [(day - one.start).days for day, one in zip(first, outbreaks, strict=True)
                   if day is not None]  # fmt: skip
    return Score(
        n_areas=n_areas, n_days=n_areas * ((end - start).days + 1), n_alarms=n_alarms,
        n_false=n_false, n_outbreaks=n_outbreaks, n_found=len(delays), delays=tuple(delays),
    )  # fmt: skip


def _meets(run: tuple[date, date], one: Outbreak) -> bool:
    return run[0] <= one.end + timedelta(days=WEEK) and run[1] >= one.start
