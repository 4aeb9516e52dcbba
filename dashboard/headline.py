"""The headline of the overview: one card per indicator, read off a frame of figures. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from dashboard.catalogue import Entry
from data_access.cube.doubt import USUAL_DAYS, is_sudden_zero

HEADLINE = (
    "cases",
    "cases_community",
    "incidence_7d_per_100k",
    "deaths",
    "doses",
    "vaccination_coverage_1",
    "vaccination_coverage_full",
    "quarantine_beds",
    "quarantine_occupied",
    "quarantine_occupancy",
    "test_positivity",
    "hospital_beds",
)
LEAD = "cases"
WINDOW_DAYS = 7
MIN_DAYS = 5
STEADY = 0.02
SPARK_DAYS = 28
LASTING_DAYS = 30
GOOD, BAD, NEITHER = "good", "bad", "neither"


@dataclass(frozen=True, kw_only=True)
class Change:
    """How a figure moved against the period before.

    Attributes:
        difference: now less before, in the figure's unit.
        relative: difference over before; None where before is 0 or the figure is a ratio.
        days: length of each period; 1 compares two days.
        days_apart: days between the two periods' ends.
        tone: whether that is good, bad or neither.
        until: the day that the comparison ends with, where later ones are still being reported;
            None: it is the day on screen.
    """

    difference: float
    relative: float | None
    days: int
    days_apart: int
    tone: str
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """One headline figure.

    Attributes:
        entry: what it is.
        value: the figure; None if there is none for the day.
        day: the day it is about.
        status: why there is none, in the data layer's word; empty for a value.
        change: movement; None where there are too few days to compare.
        spark: the last days, oldest first; None where nothing was reported.
        last_day: the newest day that has a value, if the asked one has none.
        last_value: its value.
        facts: source, known_at, numerator, denominator, n_missing, n_expected of the figure.
    """

    entry: Entry
    value: float | None
    day: date
    status: str
    change: Change | None
    spark: tuple[float | None, ...]
    last_day: date | None
    last_value: float | None
    facts: Mapping[str, object]

    @property
    def shown(self) -> float | None:
        """The value to show: the day's, or for a level a recent earlier one."""
        return self.last_value if self.value is None and self.stands_in else self.value

    @property
    def stands_in(self) -> bool:
        """Whether an earlier value stands for the day: levels last a while, daily counts never."""
        if self.value is not None or self.last_day is None or self.entry.adds:
            return False
        return (self.day - self.last_day).days <= LASTING_DAYS

    @property
    def finding(self) -> str:
        """What makes the figure doubtful; empty for nothing.

        `over`: a share above the whole, so the denominator is wrong (shown, never clipped);
        `sudden_zero`: nothing after days of many.
        """
        if self.entry.is_ratio and self.shown is not None and self.shown > 1:
            return "over"
        before = self.spark[-WINDOW_DAYS - 1 : -1]
        if self.entry.adds and is_sudden_zero(self.value, before):
            return "sudden_zero"
        return ""

    @property
    def empty(self) -> bool:
        """Whether there has never been a value up to this day."""
        return self.value is None and self.last_value is None


def cards(
    figures: pl.DataFrame,
    entries: Sequence[Entry],
    *,
    day: date,
    ever: pl.DataFrame | None = None,
    complete: Mapping[str, date] | None = None,
) -> tuple[Card, ...]:
    """Return one card per entry, in their order.

    Args:
        figures: one area; date, id, value, status and the columns of provenance.
        entries: what to show.
        day: the day on screen.
        ever: the same columns for ids without a value in `figures`: all days up to `day`.
        complete: last complete day by id, of those whose later days are still being reported.
    """
    ends = complete or {}
    return tuple(
        _card(
            _of(figures, entry.key, day),
            _of(ever, entry.key, day),
            entry=entry,
            day=day,
            until=ends.get(entry.key),
        )
        for entry in entries
    )


def _of(figures: pl.DataFrame | None, key: str, day: date) -> pl.DataFrame:
    if figures is None:
        return pl.DataFrame(schema={"date": pl.Date, "value": pl.Float64, "status": pl.String})
    return figures.filter(pl.col("id") == key, pl.col("date") <= day).sort("date")


def _card(
    rows: pl.DataFrame, older: pl.DataFrame, *, entry: Entry, day: date, until: date | None
) -> Card:
    today = rows.filter(pl.col("date") == day)
    value = today["value"][0] if today.height else None
    known = rows.filter(pl.col("value").is_not_null())
    known = known if known.height else older.filter(pl.col("value").is_not_null())
    last = known.tail(1)
    source_row = today if value is not None else last
    return Card(
        entry=entry,
        value=value,
        day=day,
        status="" if value is not None else _status(today, last, day=day),
        change=_change_to(rows, until, entry=entry, day=day) if value is not None else None,
        spark=_spark(rows, day, entry=entry),
        last_day=last["date"][0] if last.height else None,
        last_value=last["value"][0] if last.height else None,
        facts=source_row.row(0, named=True) if source_row.height else {},
    )


def _status(today: pl.DataFrame, last: pl.DataFrame, *, day: date) -> str:
    status = str(today["status"][0]) if today.height else "not_reported"
    # Whoever has said nothing for a week is not merely waiting for tonight's deadline.
    silent = last.height > 0 and (day - last["date"][0]).days > WINDOW_DAYS
    return "not_reported" if status == "not_due" and silent else status


def _spark(rows: pl.DataFrame, day: date, *, entry: Entry) -> tuple[float | None, ...]:
    known = dict(rows.select("date", "value").iter_rows())
    days = [day - timedelta(days=back) for back in range(SPARK_DAYS - 1, -1, -1)]
    return tuple(None if (one := known.get(day)) is None else entry.within(one) for day in days)


def _change_to(rows: pl.DataFrame, until: date | None, *, entry: Entry, day: date) -> Change | None:
    """Return how a figure moved up to its last complete day: a half-told day is no fall."""
    if until is None or until >= day:
        return change_of(rows, entry=entry, day=day)
    found = change_of(rows, entry=entry, day=until)
    return None if found is None else replace(found, until=until)


def change_of(rows: pl.DataFrame, *, entry: Entry, day: date) -> Change | None:
    """Return how a figure moved up to a day.

    Method: daily counts compare the last seven days with the seven before, each with at least
        five reported days, by their daily means; everything else compares with seven days ago.

    Args:
        rows: date, value of one area and id.
        entry: what the figure is.
        day: the last day.
    """
    known = dict(rows.select("date", "value").iter_rows())
    if entry.adds:
        return _between_weeks(known, entry=entry, day=day)
    before, now = known.get(day - timedelta(days=WINDOW_DAYS)), known.get(day)
    if before is None or now is None:
        return None
    # Of two values beyond the horizon neither is told; of one, only how far it came inside.
    is_told = not (entry.is_ratio or entry.is_beyond(now) or entry.is_beyond(before))
    relative = _relative(now, before) if is_told else None
    difference, relative = _as_shown(entry.within(now) - entry.within(before), relative, entry)
    return Change(
        difference=difference,
        relative=relative,
        days=1,
        days_apart=WINDOW_DAYS,
        tone=_tone(difference, relative, entry),
    )


def _tone(difference: float, relative: float | None, entry: Entry) -> str:
    # Two in a hundred more is neither better nor worse: it is about the same.
    if relative is not None and abs(relative) < STEADY:
        return NEITHER
    return tone_of(difference, entry.higher_is_bad)


def _between_weeks(known: Mapping[date, float | None], *, entry: Entry, day: date) -> Change | None:
    weeks = [
        [known.get(day - timedelta(days=back)) for back in range(first, first + WINDOW_DAYS)]
        for first in (0, WINDOW_DAYS)
    ]
    now, before = ([value for value in week if value is not None] for week in weeks)
    if min(len(now), len(before)) < MIN_DAYS:
        return None
    # Means, so that a day that was not reported does not look like a fall.
    means = (sum(now) / len(now), sum(before) / len(before))
    difference, relative = _as_shown((means[0] - means[1]) * WINDOW_DAYS, _relative(*means), entry)
    return Change(
        difference=difference,
        relative=relative,
        days=WINDOW_DAYS,
        days_apart=WINDOW_DAYS,
        tone=_tone(difference, relative, entry),
    )


def _as_shown(
    difference: float, relative: float | None, entry: Entry
) -> tuple[float, float | None]:
    """Return a movement; none at all where what is written of it would be zero.

    An arrow beside `0.0` says that something rose, and that it did not.
    """
    if relative is not None:
        is_nothing = round(relative, 3) == 0
    elif entry.is_ratio:
        is_nothing = round(difference * 100, entry.decimals) == 0
    else:
        is_nothing = round(difference, entry.decimals) == 0
    return (0.0, 0.0 if relative is not None else None) if is_nothing else (difference, relative)


def _relative(now: float, before: float) -> float | None:
    return (now - before) / before if before else None


def tone_of(difference: float, higher_is_bad: bool | None) -> str:  # noqa: FBT001 -- a property
    """Return whether a movement is good, bad or neither."""
    if difference == 0 or higher_is_bad is None:
        return NEITHER
    return BAD if (difference > 0) == higher_is_bad else GOOD


def opening_day(daily: pl.DataFrame) -> date | None:
    """Return the newest day that shows the country; None if no day does.

    Shape: date, area_code, value of a daily count, one row per day and area.
    Method: half of the areas have a value, and their sum is no sudden zero (`cube.doubt`).
    """
    half = daily["area_code"].n_unique() / 2
    known = daily.drop_nulls("value").group_by("date").agg(pl.len(), pl.col("value").sum())
    sums = dict(known.select("date", "value").iter_rows())
    for day in sorted(known.filter(pl.col("len") >= half)["date"], reverse=True):
        before = [sums.get(day - timedelta(days=back)) for back in range(1, USUAL_DAYS + 1)]
        if not is_sudden_zero(sums[day], before):
            return day  # type: ignore[no-any-return]
    return None
