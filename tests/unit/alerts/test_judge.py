"""Days are judged when they can be relied on, and never otherwise."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from data_access.alerts.backtest import Outbreak, episodes, score
from data_access.alerts.judge import Series, judged, past_days
from data_access.alerts.model import Comparison, Doubt, Kind, Rule, Severity, Standing
from data_access.codes import Level

FIRST = date(2021, 6, 1)
RULE = Rule(
    key="r", version=4, kind=Kind.THRESHOLD, indicator="cases", level=Level.PROVINCE,
    severity=Severity.INFO, since=date(2020, 1, 1), vi="v", en="e", why_vi="v", why_en="e",
    limit=10.0, days=2,
)  # fmt: skip
VALUES = st.lists(st.one_of(st.none(), st.integers(0, 20)), min_size=5, max_size=40)


def series(values: list[float | None], doubts: dict[int, Doubt] | None = None) -> Series:
    found = [(doubts or {}).get(n) or (Doubt.NOT_REPORTED if value is None else None)
             for n, value in enumerate(values)]  # fmt: skip
    return Series(first=FIRST, values=values, doubts=found)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@given(values=VALUES, n=st.integers(1, 4), side=st.sampled_from(list(Comparison)))
def test_a_threshold_speaks_after_so_many_days_running(
    values: list[float | None], n: int, side: Comparison
) -> None:
    rule = replace(RULE, days=n, comparison=side)
    start = past_days(rule)
    if start >= len(values):
        return
    found, _ = judged(rule, series(values), start=day(start), end=day(len(values) - 1))
    expected = []
    for place in range(start, len(values)):
        run = values[place - n + 1 : place + 1]
        spoke = {">=": lambda x: x >= 10, ">": lambda x: x > 10, "<=": lambda x: x <= 10,
                 "<": lambda x: x < 10}[side.value]  # fmt: skip
        if all(one is not None and spoke(one) for one in run):
            expected.append(day(place))
    assert [one.day for one in found] == expected
    assert all(one.rule_version == 4 for one in found)


@given(values=VALUES, doubted=st.integers(0, 39), doubt=st.sampled_from(list(Doubt)))
def test_a_doubted_day_never_speaks(values: list[float | None], doubted: int, doubt: Doubt) -> None:
    if doubted >= len(values):
        return
    rule = replace(RULE, days=1)
    last = day(len(values) - 1)
    found, watch = judged(rule, series(values, {doubted: doubt}), start=FIRST, end=last)
    assert day(doubted) not in [one.day for one in found]
    if doubted == len(values) - 1:
        assert watch.state is Standing.INSUFFICIENT
        assert watch.reason == doubt.value


def test_half_a_day_is_no_baseline() -> None:
    """One half-reported day among whole ones must not lower what is expected."""
    rule = replace(RULE, kind=Kind.C1, days=1, limit=0.0)
    whole: list[float | None] = [100, 104, 98, 101, 99, 103, 100, 102]
    halves: list[float | None] = [5, 5, 98, 101, 99, 103, 100, 150]
    end = day(7)
    assert judged(rule, series(whole), start=end, end=end)[1].state is Standing.CLEAR
    found, _ = judged(
        rule, series(halves, {0: Doubt.PARTIAL, 1: Doubt.PARTIAL}), start=end, end=end
    )
    assert found[0].n_days == 5
    assert found[0].baseline == (98 + 101 + 99 + 103 + 100) / 5


def test_few_cases_after_none_are_no_outbreak() -> None:
    rule = replace(RULE, kind=Kind.C2, days=1, least=5.0)
    quiet: list[float | None] = [0.0] * 12
    for count, state in ((4.0, Standing.CLEAR), (5.0, Standing.ALARM)):
        _, watch = judged(rule, series([*quiet, count]), start=day(12), end=day(12))
        assert watch.state is state


def test_too_short_a_past_says_so() -> None:
    rule = replace(RULE, kind=Kind.FARRINGTON, days=1)
    _, watch = judged(rule, series([1.0] * 10), start=day(9), end=day(9))
    assert (watch.state, watch.reason) == (Standing.INSUFFICIENT, "no_baseline")


def test_days_out_of_force_are_not_judged() -> None:
    rule = replace(RULE, days=1, since=day(3), until=day(4))
    found, watch = judged(rule, series([50.0] * 8), start=FIRST, end=day(7))
    assert [one.day for one in found] == [day(3), day(4)]
    assert watch.day == day(4)


# --- back-test ------------------------------------------------------------------------------------


def test_runs_of_alarm_days_are_one_alert() -> None:
    days = [day(n) for n in (1, 2, 9, 17, 30)]
    assert episodes(days) == [(day(1), day(9)), (day(17), day(17)), (day(30), day(30))]


def test_a_score_counts_what_was_found_when_and_what_was_false() -> None:
    values: list[float | None] = [0.0] * 60
    for place in (5, 22, 23, 50):
        values[place] = 50.0
    outbreaks = [Outbreak(start=day(20), end=day(30)), Outbreak(start=day(35), end=day(40))]
    made = score(replace(RULE, days=1), [(series(values), outbreaks)], start=FIRST, end=day(59))
    assert (made.n_alarms, made.n_false) == (3, 2)
    assert (made.n_outbreaks, made.n_found, made.delays) == (2, 1, (2,))
    assert made.sensitivity == 0.5
    assert made.delay == 2.0
    assert made.per_area_week == 3 * 7 / 60
