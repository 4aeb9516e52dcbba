"""Cards: values, changes, gaps and doubts, by hand."""

from datetime import date, timedelta

import polars as pl
import pytest

from dashboard import command_sentence, headline, sentence
from dashboard.catalogue import Entry, of_indicator
from dashboard.components import cards
from dashboard.components.cards import Words
from dashboard.i18n import translator
from data_access.indicators.registry import INDICATORS

DAY = date(2022, 1, 20)
CASES = of_indicator(INDICATORS["cases"])
COVERAGE = of_indicator(INDICATORS["vaccination_coverage_1"])
BEDS = of_indicator(INDICATORS["quarantine_beds"])


def rows(entry: Entry, values: list[float | None], *, last: date = DAY) -> pl.DataFrame:
    """One row per day, the last value on `last`."""
    n = len(values)
    return pl.DataFrame(
        {
            "date": [last - timedelta(days=n - 1 - i) for i in range(n)],
            "id": [entry.key] * n,
            "value": values,
            "status": ["" if value is not None else "not_reported" for value in values],
            "source": ["bulletin"] * n,
        },
        schema_overrides={"value": pl.Float64},
    )


def card(entry: Entry, values: list[float | None], *, last: date = DAY) -> headline.Card:
    return headline.cards(rows(entry, values, last=last), (entry,), day=DAY)[0]


def test_a_daily_count_compares_two_weeks() -> None:
    change = card(CASES, [10.0] * 7 + [20.0] * 7).change
    assert change is not None
    assert (change.difference, change.relative, change.tone) == (70.0, 1.0, headline.BAD)


def test_days_not_reported_do_not_look_like_a_fall() -> None:
    change = card(CASES, [10.0] * 7 + [10.0, None, 10.0, None, 10.0, 10.0, 10.0]).change
    assert change is not None
    assert (change.difference, change.tone) == (0.0, headline.NEITHER)


def test_too_few_days_are_not_compared() -> None:
    assert card(CASES, [10.0] * 7 + [None] * 3 + [10.0] * 4).change is None
    assert card(CASES, [10.0] * 3).change is None


def test_a_movement_that_is_written_as_zero_is_none() -> None:
    share = of_indicator(INDICATORS["quarantine_occupancy"])
    shown = 0.5 / 10**share.decimals / 100
    still = card(share, [0.5] * 7 + [0.5 + shown * 0.9]).change
    assert still is not None
    assert (still.difference, still.tone) == (0.0, headline.NEITHER)
    moved = card(share, [0.5] * 7 + [0.5 + shown * 1.2]).change
    assert moved is not None
    assert (moved.difference > 0, moved.tone) == (True, headline.BAD)


def test_two_in_a_hundred_is_neither_good_nor_bad() -> None:
    change = card(CASES, [100.0] * 7 + [101.0] * 7).change
    assert change is not None
    assert change.tone == headline.NEITHER


def test_a_level_compares_with_seven_days_ago() -> None:
    change = card(COVERAGE, [0.50] * 7 + [0.55]).change
    assert change is not None
    assert change.difference == pytest.approx(0.05)
    assert (change.relative, change.tone) == (None, headline.GOOD)


def test_a_level_stands_in_for_a_while_a_daily_count_never() -> None:
    recent = DAY - timedelta(days=5)
    assert card(BEDS, [900.0], last=recent).shown == 900.0
    assert card(CASES, [900.0], last=recent).shown is None
    assert card(CASES, [900.0], last=recent).last_day == recent
    long_ago = DAY - timedelta(days=headline.LASTING_DAYS + 1)
    assert card(BEDS, [900.0], last=long_ago).shown is None


def test_no_value_keeps_its_status_and_is_never_zero() -> None:
    found = card(CASES, [5.0, None])
    assert (found.value, found.status, found.shown) == (None, "not_reported", None)
    assert not found.empty


def test_never_a_value_is_empty() -> None:
    assert card(CASES, [None, None]).empty
    assert headline.cards(pl.DataFrame(schema=rows(CASES, [1.0]).schema), (CASES,), day=DAY)[
        0
    ].empty


def test_the_last_value_ever_is_looked_up_for_the_silent() -> None:
    nothing = rows(CASES, [None])
    older = rows(CASES, [71.0], last=date(2021, 10, 21))
    found = headline.cards(nothing, (CASES,), day=DAY, ever=older)[0]
    assert (found.last_value, found.last_day) == (71.0, date(2021, 10, 21))


def test_doubtful_figures_say_so() -> None:
    assert card(COVERAGE, [1.139]).finding == "over"
    assert card(CASES, [16_000.0] * 8 + [0.0]).finding == "sudden_zero"
    assert card(CASES, [2.0] * 8 + [0.0]).finding == ""
    assert card(CASES, [16_000.0] * 8 + [15_000.0]).finding == ""


def test_the_spark_has_a_gap_where_nothing_was_reported() -> None:
    spark = card(CASES, [1.0, None, 3.0]).spark
    assert len(spark) == headline.SPARK_DAYS
    assert spark[-3:] == (1.0, None, 3.0)


@pytest.mark.parametrize(
    ("difference", "higher_is_bad", "tone"),
    [(1, True, "bad"), (-1, True, "good"), (1, False, "good"), (-1, False, "bad"),
     (1, None, "neither"), (0, True, "neither")],
)  # fmt: skip
def test_direction_knows_good_from_bad(
    difference: float, higher_is_bad: bool | None, tone: str
) -> None:
    assert headline.tone_of(difference, higher_is_bad) == tone


def test_only_flows_add_up() -> None:
    assert CASES.adds
    assert not BEDS.adds
    assert not of_indicator(INDICATORS["quarantine_occupied"]).adds
    assert not of_indicator(INDICATORS["incidence_7d_per_100k"]).adds


@pytest.mark.parametrize(("days_ago", "status"), [(3, "not_due"), (30, "not_reported")])
def test_long_silence_is_not_called_waiting(days_ago: int, status: str) -> None:
    last = rows(CASES, [5.0], last=DAY - timedelta(days=days_ago))
    waiting = rows(CASES, [None]).with_columns(status=pl.lit("not_due"))
    found = headline.cards(pl.concat([last, waiting]), (CASES,), day=DAY)[0]
    assert (found.status, found.last_value) == (status, 5.0)


def of_areas(*by_day: list[float | None]) -> pl.DataFrame:
    """One list per day, one value per area; the last day is DAY."""
    return pl.DataFrame(
        [
            (DAY - timedelta(days=len(by_day) - 1 - n), f"{area:02}", value)
            for n, values in enumerate(by_day)
            for area, value in enumerate(values)
        ],
        schema={"date": pl.Date, "area_code": pl.String, "value": pl.Float64},
        orient="row",
    )


def test_opens_with_the_newest_day_that_half_of_the_areas_have_reported() -> None:
    whole, part = [5.0, 6.0, 7.0, 8.0], [5.0, None, None, None]
    assert headline.opening_day(of_areas(whole, whole, part)) == DAY - timedelta(days=1)
    assert headline.opening_day(of_areas(whole, [5.0, 6.0, None, None])) == DAY
    assert headline.opening_day(of_areas(part, part)) is None


def test_does_not_open_with_a_day_of_nothing_after_days_of_many() -> None:
    many, nothing, few = [10.0, 20.0], [0.0, 0.0], [1.0, 0.0]
    assert headline.opening_day(of_areas(many, many, nothing)) == DAY - timedelta(days=1)
    assert headline.opening_day(of_areas(few, few, nothing)) == DAY


# --- days that are still being reported -----------------------------------------------------------


def until(entry: Entry, values: list[float | None], *, complete: date) -> headline.Change | None:
    found = headline.cards(rows(entry, values), (entry,), day=DAY, complete={entry.key: complete})
    return found[0].change


def test_a_half_told_day_is_no_fall() -> None:
    """Two steady weeks, then three days of which half is not reported yet."""
    values = [10.0] * 18 + [8.0, 5.0, 2.0]
    naive = card(CASES, values).change
    assert naive is not None
    assert naive.tone == headline.GOOD
    change = until(CASES, values, complete=DAY - timedelta(days=3))
    assert change is not None
    assert (change.difference, change.tone) == (0.0, headline.NEITHER)
    assert change.until == DAY - timedelta(days=3)


def test_a_level_of_cases_is_compared_at_its_last_complete_day() -> None:
    incidence = of_indicator(INDICATORS["incidence_7d_per_100k"])
    values = [float(n) for n in range(12)] + [3.0, 1.0]
    change = until(incidence, values, complete=DAY - timedelta(days=2))
    assert change is not None
    assert change.difference == pytest.approx(values[11] - values[4])


def test_nothing_is_said_of_an_end_where_the_day_is_complete() -> None:
    for complete in (DAY, DAY + timedelta(days=1)):
        change = until(CASES, [10.0] * 14, complete=complete)
        assert change is not None
        assert change.until is None
    assert card(CASES, [10.0] * 14).change == until(CASES, [10.0] * 14, complete=DAY)


def test_the_sentences_say_until_which_day_they_compare() -> None:
    values = [10.0] * 11 + [20.0] * 7 + [8.0, 5.0, 2.0]
    given = {CASES.key: DAY - timedelta(days=3)}
    [one] = headline.cards(rows(CASES, values), (CASES,), day=DAY, complete=given)
    for language, end in (("vi", "so sánh đến 17/01"), ("en", "compared up to 17 Jan only")):
        words = {"day": DAY, "place": None, "t": translator(language), "language": language}
        first = sentence.sentence({"cases": one}, movement=None, **words)  # type: ignore[arg-type]
        other = command_sentence.sentence({"cases": one}, lead="cases", said=(), **words)  # type: ignore[arg-type]
        assert end in first
        assert end in other
        assert end in str(cards.one(one, Words(t=words["t"], language=language, zone="UTC")))  # type: ignore[arg-type]
