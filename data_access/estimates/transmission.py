"""How fast an infection spreads in one place: Rt, growth and the nowcast of its cases. Pure.

Put together from `reproduction`, `growth` and `nowcast`; what must not be shown is absent here,
with its reason, so that no page can show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data_access.estimates import nowcast as nowcasting
from data_access.estimates.growth import WEEK_DAYS, Growth, growth
from data_access.estimates.nowcast import Nowcast, Triangle
from data_access.estimates.reproduction import (
    WINDOW_DAYS,
    Daily,
    Hidden,
    Incidence,
    Posterior,
    reproduction,
)
from data_access.estimates.serial_interval import Period, SerialInterval, prevailing

ENOUGH = 0.95
"""Share of a day that must be known for it to count in Rt and growth."""
SAME = 0.05
"""By how much the history and the figures on screen may differ and still be one series."""
SETTLED_AGE = 7


@dataclass(frozen=True, kw_only=True)
class Rt:
    """Rt of the window that ends on a day.

    Attributes:
        day: last day of the window.
        r: the estimate; None: it must not be shown.
        hidden: why not.
        cases: domestic cases of the window; None: not all are known.
    """

    day: date
    r: Posterior | None
    hidden: Hidden | None
    cases: float | None


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a day that is still being reported will come to.

    Attributes:
        day: the day.
        reported: its figure on screen.
        share: share of a day that is usually known by then.
        estimate: what it will come to.
        bands: 80 and 95 %.
    """

    day: date
    reported: float
    share: float
    estimate: float
    bands: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Transmission:
    """How fast an infection spreads in one place.

    Attributes:
        period: the serial interval used, and why.
        rt: every window, oldest first.
        sensitivity: (mean serial interval, Rt) of the newest window shown, a day shorter, longer.
        growth: of the newest two complete weeks; None: too few cases, or days missing.
        complete_until: last day that counts as complete.
        is_measured: whether that was learnt from how the days filled up, not assumed.
        imported_apart: whether cases from abroad are known apart.
        expected: days still being reported, oldest first; empty: not shown.
        not_expected: why none is; None: it is, or every day is complete.
    """

    period: Period
    rt: tuple[Rt, ...]
    sensitivity: tuple[tuple[float, Posterior], ...]
    growth: Growth | None
    complete_until: date
    is_measured: bool
    imported_apart: bool
    expected: tuple[Expected, ...]
    not_expected: nowcasting.Hidden | None

    @property
    def newest(self) -> Rt | None:
        """The newest window that may be shown; None: none may."""
        return next((one for one in reversed(self.rt) if one.r is not None), None)

    @property
    def hidden(self) -> Hidden | None:
        """Why the newest complete window is not shown; None: it is, or there is no window."""
        late = [one for one in self.rt if one.hidden is not Hidden.RECENT]
        if late:
            return late[-1].hidden
        return Hidden.RECENT if self.rt else Hidden.TOO_EARLY


def transmission(
    first: date,
    total: Daily,
    *,
    imported: Daily = (),
    triangle: tuple[date, Triangle] | None = None,
    usually_complete_until: date,
) -> Transmission:
    """Return how fast an infection spreads, as seen on the last of some days.

    Method: days count as complete from the age at which 95 % of a day is known, learnt from the
        triangle; without one, until the day that is usually complete.

    Args:
        first: the first day.
        total: all cases of every day; None: not reported.
        imported: those infected abroad, same days; empty: not known apart.
        triangle: its first day, and how the days filled up; None: not known.
        usually_complete_until: the last day that is usually complete.
    """
    last = first + timedelta(days=len(total) - 1)
    found = _nowcasts(triangle, first, total) if triangle else ()
    measured = _complete_until(found, last) if triangle and found is not None else None
    until = min(measured or usually_complete_until, last)
    incidence = _incidence(total, imported)
    period = prevailing(last)
    rt = _rt(incidence, period.interval, first=first, recent=(last - until).days)
    shown = [number for number, one in enumerate(rt) if one.r is not None]
    return Transmission(
        period=period,
        rt=rt,
        sensitivity=_sensitivity(incidence, period.interval, shown[-1]) if shown else (),
        growth=_growth(total, (last - until).days),
        complete_until=until,
        is_measured=measured is not None,
        imported_apart=bool(imported),
        expected=_expected(found or (), last),
        not_expected=_why_none(found, triangle),
    )


def _incidence(total: Daily, imported: Daily) -> Incidence:
    if not imported:
        return Incidence(local=total)
    local = [
        None if one is None or abroad is None else one - abroad
        for one, abroad in zip(total, imported, strict=True)
    ]
    return Incidence(local=local, imported=imported)


def _rt(
    incidence: Incidence, interval: SerialInterval, *, first: date, recent: int
) -> tuple[Rt, ...]:
    return tuple(
        Rt(day=first + timedelta(days=one.t_end - 1), r=one.r, hidden=one.hidden, cases=one.cases)
        for one in reproduction(incidence, interval, recent_days=recent)
    )


def _sensitivity(
    incidence: Incidence, interval: SerialInterval, number: int
) -> tuple[tuple[float, Posterior], ...]:
    # Only the days up to the window's end: later ones play no part in it.
    days = number + WINDOW_DAYS + 1
    until = Incidence(local=incidence.local[:days], imported=incidence.imported[:days])
    found = [(other.mean, reproduction(until, other)[-1].r) for other in interval.around()]
    return tuple((mean, r) for mean, r in found if r is not None)


def _growth(total: Daily, recent: int) -> Growth | None:
    whole = list(total[: len(total) - recent])
    weeks = whole[-WEEK_DAYS:], whole[-2 * WEEK_DAYS : -WEEK_DAYS]
    return growth(*(_sum(week) for week in weeks))


def _sum(week: Sequence[float | None]) -> float | None:
    known = [one for one in week if one is not None and one >= 0]
    return sum(known) if len(known) == WEEK_DAYS else None


# --- days still being reported ------------------------------------------------------------------


def _nowcasts(
    triangle: tuple[date, Triangle], first: date, total: Daily
) -> tuple[tuple[date, Nowcast], ...] | None:
    """Return the days being reported; None: the history is not that of the figures on screen."""
    start, history = triangle
    shown = {first + timedelta(days=n): value for n, value in enumerate(total)}
    if not _is_same(start, history, shown):
        return None
    known = history.known.copy()
    n = len(known)
    for age in range(min(known.shape[1], n)):
        # What is on screen, not what it was at the full hour.
        value = shown.get(start + timedelta(days=n - 1 - age))
        known[n - 1 - age, age] = np.nan if value is None else value
    current = Triangle(known=known)
    found = nowcasting.nowcast(current, backlog=nowcasting.backlog_days(history))
    return tuple((start + timedelta(days=one.day), one) for one in found)


def _is_same(start: date, history: Triangle, shown: dict[date, float | None]) -> bool:
    known, n = history.known, len(history.known)
    pairs = []
    for age in range(SETTLED_AGE, min(known.shape[1], n)):
        value = shown.get(start + timedelta(days=n - 1 - age))
        if value is not None and not np.isnan(known[n - 1 - age, age]):
            pairs.append((value, known[n - 1 - age, age]))
    screen, past = sum(one for one, _ in pairs), sum(one for _, one in pairs)
    return bool(pairs) and abs(screen - past) <= SAME * max(screen, past)


def _complete_until(found: tuple[tuple[date, Nowcast], ...], last: date) -> date | None:
    """Return the last day of which enough is known; None: no age tells."""
    if any(one.share is None for _, one in found):
        return None
    open_days = [day for day, one in found if one.share is not None and one.share < ENOUGH]
    return min(open_days) - timedelta(days=1) if open_days else last


def _expected(found: tuple[tuple[date, Nowcast], ...], last: date) -> tuple[Expected, ...]:
    return tuple(
        Expected(
            day=day, reported=one.reported, share=one.share, estimate=one.estimate, bands=one.bands
        )
        for day, one in found
        if day <= last
        and one.reported is not None
        and one.share is not None
        and one.estimate is not None
        and one.bands is not None
    )


def _why_none(
    found: tuple[tuple[date, Nowcast], ...] | None, triangle: object
) -> nowcasting.Hidden | None:
    if not triangle or found is None:
        return nowcasting.Hidden.NO_DELAYS
    if any(one.bands is not None for _, one in found):
        return None
    reasons = [one.hidden for _, one in found]
    return reasons[0] if reasons else None
