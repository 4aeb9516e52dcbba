"""Cutting days into ticks: every state once, in order, none early."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.feeds.model import LAST, SENT, FeedDay
from simulations.live.ticks import cut, midnight, regular

ZONE = "Asia/Ho_Chi_Minh"
FIRST = date(2021, 8, 30)
START = midnight(FIRST, zone=ZONE)
KEY = ("testing", "sample")
# (day on which the state came about, minutes until it reaches the gate)
STATES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4 * 24 * 60)), max_size=40)


def days_of(states: list[tuple[int, int]]) -> list[FeedDay]:
    """The states as three days, numbered in the order given."""
    rows = [
        (number, day, START + timedelta(days=day, minutes=late))
        for number, (day, late) in enumerate(states)
    ]
    made = []
    for day in range(3):
        own = [(number, sent, True) for number, on, sent in rows if on == day]
        frame = pl.DataFrame(
            own, orient="row",
            schema={"sample_id": pl.Int64, SENT: pl.Datetime("us", "UTC"), LAST: pl.Boolean},
        )  # fmt: skip
        made.append(FeedDay(day=FIRST + timedelta(days=day), records={KEY: frame}))
    return made


@settings(max_examples=40)
@given(states=STATES, minutes=st.sampled_from([240, 1440, 7 * 60 + 1]))
def test_every_state_is_sent_once_in_its_tick_and_in_order(
    states: list[tuple[int, int]], minutes: int
) -> None:
    edges = list(regular(START, step=timedelta(minutes=minutes), end=START + timedelta(days=8)))
    sent: list[tuple[int, datetime]] = []
    before = START - timedelta(microseconds=1)
    for tick in cut(days_of(states), edges=edges, zone=ZONE):
        rows = tick.records.get(KEY)
        if rows is not None:
            told = rows.select("sample_id", SENT).rows()
            assert all(before < at <= tick.until for _, at in told)
            assert [at for _, at in told] == sorted(at for _, at in told)
            sent += told
        before = tick.until
    expected = {(n, START + timedelta(days=d, minutes=m)) for n, (d, m) in enumerate(states)}
    assert len(sent) == len(states)
    assert set(sent) == expected


def test_what_is_sent_after_the_last_edge_is_left() -> None:
    edges = [START + timedelta(hours=1)]
    (tick,) = cut(days_of([(0, 60), (0, 61)]), edges=edges, zone=ZONE)
    assert tick.records[KEY]["sample_id"].to_list() == [0]


def test_days_are_made_only_when_needed() -> None:
    asked: list[date] = []

    def days() -> object:
        for made in days_of([(0, 1), (1, 1), (2, 1)]):
            asked.append(made.day)
            yield made

    ticks = cut(days(), edges=[START + timedelta(hours=1), START + timedelta(hours=30)], zone=ZONE)  # type: ignore[arg-type]
    next(ticks)
    assert asked == [FIRST]
    next(ticks)
    assert asked == [FIRST, FIRST + timedelta(days=1)]


def test_a_day_begins_at_local_midnight() -> None:
    assert datetime(2021, 8, 29, 17, tzinfo=UTC) == START
