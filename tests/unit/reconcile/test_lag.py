"""A pair is not compared while the later side may still come: the day's hold-back, to its end."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.codes import Role, to_us
from data_access.engine import make_engine
from data_access.migrations import upgrade
from data_access.reconcile.engine import findings
from data_access.reconcile.rules import RULES, Relation
from data_access.viewer import make_viewer
from tests.cube_world import Cell
from tests.memory_cube import MemoryCube

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = date(2021, 8, 10)
MOMENT = timedelta(microseconds=1)
EARLY = datetime(2021, 8, 10, 3, tzinfo=UTC)
"""When both sides were known: on the day itself."""


class Told(NamedTuple):
    """What is delivered of a pair that stands apart, and who delivers it."""

    a: str
    b: str
    dims_a: str = ""
    dims_b: str = ""
    source_b: str = "s"
    origin_a: str = "table"


PAIRS = {
    "positives_and_cases": Told("persons_positive", "cases", dims_a="method=RT_PCR"),
    "isolation_and_intake": Told("cases_isolated", "quarantine_admissions", dims_b="class=F0"),
    "contacts_and_intake": Told("contacts_quarantined", "quarantine_admissions",
                                dims_a="class=F1", dims_b="class=F1"),
    "doses_and_stock": Told("doses", "doses_used"),
    "doses_and_identity": Told("doses", "doses_verified"),
    "occupied_and_beds": Told("quarantine_occupied", "quarantine_beds"),
    "positives_and_tested": Told("persons_positive", "persons_tested"),
    "dose_2_and_dose_1": Told("doses_cumulative", "doses_cumulative", dims_a="dose=2",
                              dims_b="dose=1"),
    "flagged_and_declared": Told("declarations_flagged", "declarations"),
    "deaths_and_cases": Told("deaths_cumulative", "cases_cumulative"),
    "platform_and_report": Told("recovered", "recovered", origin_a="records", source_b="r"),
    "sources_differ": Told("recovered", "recovered", source_b="t"),
    "breakdown_sum": Told("doses", "doses", dims_a="dose=1"),
}  # fmt: skip
"""One pair for each rule that lays two figures of one day and place side by side."""
SEVERAL = {"areas_sum", "cumulative_falls", "stock_and_flow"}
"""These take figures of several places or days; their lag is proven by the arithmetic below."""
BESIDE_PEOPLE = {"first_doses_and_people", "population_stated"}
"""These lay a figure beside the country pack's population: tests of what is planted try them."""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    """A database without records."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('lag') / 'empty.sqlite'}")
    upgrade(engine)
    return engine


@pytest.fixture(scope="module")
def ask(empty: sa.Engine) -> Callable[..., pl.DataFrame]:
    """Ask for the findings of cells, as of a moment."""

    def asked(cells: list[Cell], now: datetime, *, day: date = DAY) -> pl.DataFrame:
        viewer = make_viewer(Role.NATIONAL, now=now)
        span = {"start": day - timedelta(days=3), "end": day + timedelta(days=30)}
        return findings(MemoryCube(cells), empty, viewer=viewer, **span)  # type: ignore[arg-type]

    return asked


def cells_of(rule: str, *, known_b: datetime = EARLY, day: date = DAY) -> list[Cell]:
    one = PAIRS[rule]
    return [
        Cell(measure=one.a, dims=one.dims_a, value=90.0, day=day, origin=one.origin_a, known=EARLY),
        Cell(measure=one.b, dims=one.dims_b, value=20.0, day=day, source=one.source_b,
             known=known_b),
    ]  # fmt: skip


def begins(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZONE)


def test_every_rule_over_figures_is_tried() -> None:
    over_figures = {key for key, rule in RULES.items() if rule.relation is not Relation.RECORDS}
    assert over_figures == PAIRS.keys() | SEVERAL | BESIDE_PEOPLE
    assert {rule.lag_days for rule in RULES.values()} == {0, 1, 2}


def test_records_are_told_at_once() -> None:
    """What is wrong with a record does not get better by waiting; a lag would not be looked at."""
    of_records = [rule for rule in RULES.values() if rule.relation is Relation.RECORDS]
    assert [rule.key for rule in of_records if rule.lag_days] == []


@pytest.mark.parametrize("rule", sorted(PAIRS))
def test_a_day_is_held_back_to_the_last_moment_of_its_lag(
    rule: str, ask: Callable[..., pl.DataFrame]
) -> None:
    cells, lag = cells_of(rule), RULES[rule].lag_days
    first = begins(DAY + timedelta(days=lag + 1))
    for held in (begins(DAY) + timedelta(hours=11), first - MOMENT):
        assert rule not in ask(cells, held)["rule"]
    for told in (first, first + timedelta(days=20)):
        found = ask(cells, told).filter(pl.col("rule") == rule)
        assert found.select("date", "value_a", "value_b", "known_at").rows() == [
            (DAY, 90.0, 20.0, first.astimezone(UTC))
        ]


def test_the_day_changes_at_the_countrys_midnight(ask: Callable[..., pl.DataFrame]) -> None:
    cells = cells_of("deaths_and_cases")
    assert ask(cells, datetime(2021, 8, 11, 16, 59, 59, 999_999, tzinfo=UTC)).is_empty()
    assert ask(cells, datetime(2021, 8, 11, 17, tzinfo=UTC))["rule"].to_list() == [
        "deaths_and_cases"
    ]


@pytest.mark.parametrize(("at_sites", "told"), [(60.0, []), (101.0, [(101.0, 100.0)])])
def test_people_at_home_take_no_bed(
    ask: Callable[..., pl.DataFrame], at_sites: float, told: list[tuple[float, float]]
) -> None:
    cells = [
        Cell(measure="quarantine_occupied", dims="kind=nha_o", value=70.0, day=DAY, known=EARLY),
        Cell(measure="quarantine_occupied", dims="kind=tap_trung", value=at_sites, day=DAY,
             known=EARLY),
        Cell(measure="quarantine_beds", value=100.0, day=DAY, known=EARLY),
    ]  # fmt: skip
    found = ask(cells, begins(DAY + timedelta(days=20)))
    over = found.filter(pl.col("rule") == "occupied_and_beds")
    assert over.select("value_a", "value_b").rows() == told


def test_where_homes_are_not_told_apart_everybody_counts(ask: Callable[..., pl.DataFrame]) -> None:
    """A second source that does keep them apart is not mixed in."""
    cells = [
        Cell(measure="quarantine_occupied", value=130.0, day=DAY, known=EARLY),
        Cell(measure="quarantine_occupied", dims="kind=tap_trung", value=60.0, day=DAY,
             source="z", precedence=200, known=EARLY),
        Cell(measure="quarantine_beds", value=100.0, day=DAY, known=EARLY),
    ]  # fmt: skip
    found = ask(cells, begins(DAY + timedelta(days=20)))
    over = found.filter(pl.col("rule") == "occupied_and_beds")
    assert over.select("value_a", "value_b").rows() == [(130.0, 100.0)]


def test_a_side_that_comes_after_the_lag_shows_when_it_comes(
    ask: Callable[..., pl.DataFrame],
) -> None:
    late = begins(DAY + timedelta(days=9)) + timedelta(hours=7)
    cells = cells_of("sources_differ", known_b=late)
    assert ask(cells, late - MOMENT).is_empty()
    for now in (late, late + timedelta(days=3)):
        assert ask(cells, now)["known_at"].to_list() == [late.astimezone(UTC)]


def test_a_moment_of_the_past_holds_back_what_was_held_back_then(
    ask: Callable[..., pl.DataFrame],
) -> None:
    """A correction that agrees came on the last day of the lag: nothing was ever to be said."""
    agreed = begins(DAY + timedelta(days=2)) + timedelta(hours=20)
    cells = cells_of("doses_and_stock")
    corrected = Cell(measure="doses_used", value=90.0, day=DAY, known=agreed)
    for hours in (0, 19, 38, 67, 80, 110):
        assert (
            "doses_and_stock"
            not in ask([*cells, corrected], EARLY + timedelta(hours=hours))["rule"]
        )
    # Without it, the same moments say it from the third midnight on.
    assert "doses_and_stock" not in ask(cells, agreed)["rule"]
    assert "doses_and_stock" in ask(cells, begins(DAY + timedelta(days=3)))["rule"]


figures = st.one_of(st.integers(0, 60), st.just(20))


@settings(max_examples=25)
@given(
    rule=st.sampled_from(["doses_and_stock", "deaths_and_cases", "sources_differ"]),
    a=figures, b=figures,
    days=st.integers(-1, 5),
    off=st.integers(-2, 2),
    known=st.tuples(st.integers(0, 150), st.integers(0, 150)),
)  # fmt: skip
def test_what_is_said_and_when_agrees_with_plain_arithmetic(
    ask: Callable[..., pl.DataFrame], rule: str, a: int, b: int, days: int, off: int,
    known: tuple[int, int],
) -> None:  # fmt: skip
    one, of = PAIRS[rule], RULES[rule]
    hours = [EARLY + timedelta(hours=n) for n in known]
    cells = [
        Cell(measure=one.a, value=float(a), day=DAY, known=hours[0]),
        Cell(measure=one.b, value=float(b), day=DAY, known=hours[1], source=one.source_b),
    ]
    now = begins(DAY + timedelta(days=days)) + off * MOMENT
    local = now.astimezone(ZONE).date()
    allowed = max(of.absolute, of.relative * max(a, b))
    gap = a - b if of.relation is Relation.AT_MOST else abs(a - b)
    is_due = (local - DAY).days > of.lag_days
    both_known = max(hours) <= now
    found = ask(cells, now).filter(pl.col("rule") == rule, pl.col("value_a").is_not_null(),
                                   pl.col("value_b").is_not_null())  # fmt: skip
    assert found.height == int(is_due and both_known and gap > allowed)
    if found.height:
        shows = max(*hours, begins(DAY + timedelta(days=of.lag_days + 1)))
        assert to_us(found["known_at"][0]) == to_us(shows)
