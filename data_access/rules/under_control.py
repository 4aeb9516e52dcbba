"""Whether an area has its epidemic under control: Decisions 3979 and 3989/QĐ-BYT. Pure.

"Falling continuously over 14 days" is noisy: the strict test is told beside the sign of a fitted
slope. Source: Decision 3979/QĐ-BYT of August 2021, as printed by a ward's health office
(pktaimuihongbshong.vn).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from data_access.rules.pace import slope

NUMBER = "3979/QĐ-BYT"
HALF = 0.5
CITY_SHARE = 0.3
"""Fall in units at risk asked of Ho Chi Minh City (Decision 3989); 50 % elsewhere."""
POSITIVITY_DAYS = 14
WEEKS = 3
UNIT_LEVELS = (4, 3, 2)


@dataclass(frozen=True, kw_only=True)
class Course:
    """How an area's epidemic went; what is not known is None.

    Attributes:
        weekly: new community cases of consecutive weeks, the one that ends on the day last.
        highest_week: most community cases in a week of this wave; None: the largest of `weekly`.
        positivity: community RT-PCR positivity of consecutive days, the day last.
        new_clusters: clusters and chains opened in the last 7 days.
        units_now: number of units (communes, districts) at a level of risk, by level 2-4.
        units_peak: the same at the height of the wave.
        unit_fall: share by which they must have fallen.
    """

    weekly: Sequence[float | None] = ()
    highest_week: float | None = None
    positivity: Sequence[float | None] = ()
    new_clusters: float | None = None
    units_now: Mapping[int, int] = field(default_factory=dict)
    units_peak: Mapping[int, int] = field(default_factory=dict)
    unit_fall: float = HALF


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The test's result: True met, False not met, None not known.

    Attributes:
        weeks_falling: weekly cases fell in each of the last two weeks.
        half_of_peak: the last week is at most half of the highest.
        positivity_strict: positivity fell on every one of 14 days.
        positivity_slope: the line fitted through 14 days falls.
        no_new_cluster: no cluster opened in 7 days.
        units_fallen: units at each level of risk have fallen as far as asked.
    """

    weeks_falling: bool | None
    half_of_peak: bool | None
    positivity_strict: bool | None
    positivity_slope: bool | None
    no_new_cluster: bool | None
    units_fallen: bool | None

    @property
    def strict(self) -> bool | None:
        """Whether all hold, positivity falling day by day."""
        return _all((*self._others, self.positivity_strict))

    @property
    def fitted(self) -> bool | None:
        """Whether all hold, positivity falling by its fitted slope."""
        return _all((*self._others, self.positivity_slope))

    @property
    def _others(self) -> tuple[bool | None, ...]:
        return self.weeks_falling, self.half_of_peak, self.no_new_cluster, self.units_fallen


def _all(parts: Sequence[bool | None]) -> bool | None:
    """Return False if one is, None if one is not known, else True."""
    if any(one is False for one in parts):
        return False
    return None if any(one is None for one in parts) else True


def under_control(course: Course) -> Verdict:
    """Return how an area stands against the conditions of the decision."""
    return Verdict(
        weeks_falling=_falling(course.weekly[-WEEKS:], n=WEEKS),
        half_of_peak=_halved(course),
        positivity_strict=_falling(course.positivity[-POSITIVITY_DAYS:], n=POSITIVITY_DAYS),
        positivity_slope=_sloping(course.positivity[-POSITIVITY_DAYS:]),
        no_new_cluster=None if course.new_clusters is None else course.new_clusters == 0,
        units_fallen=_fallen(course),
    )


def _falling(values: Sequence[float | None], *, n: int) -> bool | None:
    known = [one for one in values if one is not None]
    if len(known) < n:
        return None
    return all(after < before for before, after in pairwise(known))


def _halved(course: Course) -> bool | None:
    known = [one for one in course.weekly if one is not None]
    if not known or course.weekly[-1] is None:
        return None
    highest = max(known) if course.highest_week is None else course.highest_week
    # Nothing is no half of nothing: an area that never had a case has no wave to have halved.
    return known[-1] <= HALF * highest if highest > 0 else None


def _sloping(values: Sequence[float | None]) -> bool | None:
    if len(values) < POSITIVITY_DAYS:
        return None
    fitted = slope(values)
    return None if fitted is None else fitted < 0


def _fallen(course: Course) -> bool | None:
    if not course.units_peak or not course.units_now:
        return None
    return all(
        course.units_now.get(level, 0) <= (1 - course.unit_fall) * course.units_peak.get(level, 0)
        for level in UNIT_LEVELS
    )
