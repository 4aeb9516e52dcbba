"""A spell moves or takes what its province sends of its platform on its days, and nothing else."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data_access.contracts.registry import CONTRACTS
from data_access.sync.rules import STATES
from simulations.faults.model import PLANTED_SCHEMA
from simulations.faults.spells import LEAST_DAYS, TIME_FAULTS, Spell, Spells, usual_spells
from simulations.feeds.model import LAST, SENT, FeedDay

FIRST, N_DAYS = date(2021, 8, 1), 12
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
START = datetime(2021, 8, 1, tzinfo=ZONE)
OF, OTHER = ("testing", "sample"), ("vaccination", "dose")
MOMENT = pl.Datetime("us", "UTC")
SCHEMA = {"sample_id": pl.String, "province_code": pl.String, "collected_at": MOMENT,
          "state": pl.Int64, SENT: MOMENT, LAST: pl.Boolean}  # fmt: skip
Row = tuple[str, str, datetime, int, datetime, bool]


def rows_of(minutes: list[tuple[int, int, str]]) -> list[Row]:
    """Return samples in two states, from minutes after the start and minutes until the second."""
    rows: list[Row] = []
    for number, (at, then, province) in enumerate(minutes):
        moment = (START + timedelta(minutes=at)).astimezone(UTC)
        later = moment + timedelta(minutes=then)
        rows += [(f"S{number}", province, moment, 0, moment, False),
                 (f"S{number}", province, moment, 1, later, True)]  # fmt: skip
    return rows


def local_day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def days_of(rows: list[Row]) -> list[FeedDay]:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    local = pl.col(SENT).dt.convert_time_zone(ZONE.key).dt.date()
    found = [FIRST + timedelta(days=n) for n in range(N_DAYS + 4)]
    return [FeedDay(day=day, records={OF: frame.filter(local == day), OTHER: frame.head(1)})
            for day in found]  # fmt: skip


def laid(days: list[FeedDay], spells: Spells) -> list[Row]:
    """Return the rows that are left."""
    left: list[Row] = []
    for day in days:
        kept = day.records[OF].clone()
        after = spells.lay(day)
        assert_frame_equal(day.records[OF], kept)
        assert_frame_equal(after.records[OTHER], day.records[OTHER])
        left += after.records[OF].select(list(SCHEMA)).rows()
    return left


MINUTES = st.lists(
    st.tuples(st.integers(0, N_DAYS * 1440 - 1), st.integers(0, 4 * 1440),
              st.sampled_from(["01", "79"])),
    max_size=40,
)  # fmt: skip


def arrival(row: Row, spell: Spell) -> datetime | None:
    """Return when a state arrives, row by row; None: never."""
    _, province, about, _, sent, _ = row
    begins = datetime.combine(spell.first_day, time(), ZONE)
    midnight = begins + timedelta(days=spell.n_days)
    evening = midnight + timedelta(hours=20)
    if province != spell.province:
        return sent
    if spell.fault == "silent":
        if begins <= about < midnight:
            return None
        return midnight if begins <= sent < midnight else sent
    if not begins <= sent < evening:
        return sent
    if spell.fault == "backlog":
        return evening
    next_evening = datetime.combine(local_day(sent) + timedelta(days=1), time(20), ZONE)
    return min(next_evening, evening)


@settings(max_examples=50)
@given(MINUTES, st.sampled_from(["silent", "backlog", "late_daily"]),
       st.integers(0, N_DAYS - 3), st.integers(1, 5))  # fmt: skip
def test_what_a_spell_does(
    minutes: list[tuple[int, int, str]], key: str, start: int, n_days: int
) -> None:
    spell = Spell(fault=key, platform="testing", province="79", n_days=n_days,
                  first_day=FIRST + timedelta(days=start))  # fmt: skip
    before = rows_of(minutes)
    spells = Spells(spells=[spell], seed=1)
    after = laid(days_of(before), spells)
    meant = {row[:4]: arrival(row, spell) for row in before}
    assert {row[:4]: row[4] for row in after} == {
        name: moment for name, moment in meant.items() if moment is not None
    }
    assert_in_order(after)
    told: Counter[tuple[date, str | None]] = Counter()
    for row in before:
        day = local_day(row[2] if key == "silent" else row[4])
        moment = meant[row[:4]]
        if spell.first_day <= day < spell.end and moment != row[4] and row[1] == "79":
            if key == "silent" and moment is not None:
                continue
            text = None if moment is None else moment.astimezone(UTC).isoformat()
            told[day, text] += 1
    planted = spells.planted
    assert dict(planted.schema) == PLANTED_SCHEMA
    rows = planted.select("day", "after", "n_records").iter_rows()
    assert {(day, moment): n for day, moment, n in rows} == told


def assert_in_order(rows: list[Row]) -> None:
    """No state overtakes another of its record."""
    states: dict[str, list[tuple[datetime, int]]] = {}
    for row in rows:
        states.setdefault(row[0], []).append((row[4], row[3]))
    for of_one in states.values():
        assert [state for _, state in sorted(of_one)] == [0, 1]


def test_of_a_partial_feed_about_the_share_is_kept() -> None:
    minutes = [(number % 1440, 0, "79") for number in range(4000)]
    spell = Spell(fault="partial", platform="testing", province="79", first_day=FIRST, n_days=1)
    left = {row[0] for row in laid(days_of(rows_of(minutes)), Spells(spells=[spell], seed=1))}
    # Four deviations of a share of 15 % of 4,000.
    assert abs(len(left) / 4000 - 0.15) < 4 * (0.15 * 0.85 / 4000) ** 0.5
    again = {row[0] for row in laid(days_of(rows_of(minutes)), Spells(spells=[spell], seed=1))}
    other = {row[0] for row in laid(days_of(rows_of(minutes)), Spells(spells=[spell], seed=2))}
    assert left == again != other


def test_what_cannot_be_laid() -> None:
    with pytest.raises(ValueError, match="no such fault of time: rain"):
        Spell(fault="rain", platform="testing", province="79", first_day=FIRST, n_days=1)
    with pytest.raises(ValueError, match="0 days"):
        Spell(fault="silent", platform="testing", province="79", first_day=FIRST, n_days=0)
    one = Spell(fault="silent", platform="testing", province="79", first_day=FIRST, n_days=3)
    for gap, meets in ((3, True), (4, False)):
        other = Spell(fault="backlog", platform="testing", province="79", n_days=1,
                      first_day=FIRST + timedelta(days=gap))  # fmt: skip
        if meets:
            with pytest.raises(ValueError, match="two spells meet"):
                Spells(spells=[other, one], seed=1)
        else:
            assert Spells(spells=[other, one], seed=1).planted.is_empty()


@pytest.mark.parametrize("n_days", [LEAST_DAYS, 20, 60])
@pytest.mark.parametrize("seed", range(5))
def test_usual_spells_are_one_of_each_and_end_within_the_feed(n_days: int, seed: int) -> None:
    found = usual_spells(first_day=FIRST, n_days=n_days, provinces=["79"], seed=seed)
    assert sorted(one.fault for one in found) == sorted(TIME_FAULTS)
    assert Spells(spells=found, seed=1).planted.is_empty()
    for one in found:
        assert one.first_day >= FIRST + timedelta(days=n_days // 2)
        assert one.end < FIRST + timedelta(days=n_days)
    assert not usual_spells(first_day=FIRST, n_days=LEAST_DAYS - 1, provinces=["79"], seed=seed)


def test_what_is_expected_is_a_state_of_the_desk() -> None:
    for fault in TIME_FAULTS.values():
        whose, _, state = fault.expected.partition(":")
        assert (whose, state in STATES) == ("desk", True)
    assert {one.platform for one in CONTRACTS} >= {
        spell.platform
        for spell in usual_spells(first_day=FIRST, n_days=60, provinces=["79"], seed=1)
    }
