"""What a refresh reads, when it is done anew, and what happens beside it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.chain import gather, refresh, steps, store
from data_access.chain.follow import Follower
from data_access.chain.refresh import Refreshed
from data_access.clock import machine_clock
from data_access.codes import to_us
from data_access.cube.verify import verify
from data_access.engine import writing
from data_access.errors import DatabaseUnavailable
from data_access.ingest.pseudonym_keys import META_KEY, mark, rekey
from data_access.viewer import system_viewer
from tests.chain_world import (
    ZONE,
    Batch,
    Version,
    cells,
    deliver,
    flows,
    hours,
    items,
    stored,
)
from tests.conftest import Database

pytestmark = pytest.mark.db
DAY = date(2021, 8, 1)
LAST = 9


def told(kind: str, record: str, **fields: object) -> Version:
    return Version(kind, record, fields)


def contact(record: str, person: str | None, **fields: object) -> Version:
    of = {"index_case_id": "A", "class": "F1", "identified_ts": hours(1), "person_ref": person}
    return told("contact", record, **of, **fields)


def stay(record: str, person: str, *, since: float) -> Version:
    return told("stay", record, person_ref=person, start_ts=hours(since), **{"class": "F1"})


def sample(record: str, **fields: object) -> Version:
    of = {"result": "duong_tinh", "collected_at": hours(2), "n_members": 1}
    return told("sample", record, **{**of, **fields})


FIRST = (
    Batch(0, "case", (told("case", "A", case_day=DAY, person_ref="p0"),)),
    Batch(1, "contact", (contact("k1", "p1"), contact("k2", None), contact("k3", "p3"))),
    Batch(1, "sample", (sample("s1", person_ref="p0"), sample("s2"), sample("s3", n_members=3))),
    Batch(1, "stay", (stay("b1", "p1", since=5),)),
    Batch(1, "sample_person", (told("sample_person", "l5", sample_id="s5", person_ref="p5",
                                    collected_at=hours(2)),)),
)  # fmt: skip
# Each of them changes items of records that are not delivered with it.
LATER = (
    Batch(2, "stay", (stay("b2", "p3", since=6),)),
    Batch(3, "sample_person", (told("sample_person", "l1", sample_id="s2", person_ref="p3",
                                    collected_at=hours(2)),)),
    Batch(4, "contact", (replace(contact("k2", "p1"), version=1),)),
    Batch(5, "sample", (replace(sample("s1", person_ref="p9"), version=1),)),
    Batch(5, "case", (told("case", "B", case_day=DAY, person_ref="p9"),)),
    Batch(6, "stay", (replace(stay("b1", "p1", since=5), deleted=True, version=1),)),
    Batch(2, "sample", (sample("s4", member_refs="p1|p3", n_members=2, collected_at=hours(9)),)),
    Batch(7, "contact", (replace(contact("k3", "p3", index_reported_at=hours(-9)), version=1),)),
    # The line names somebody else: the sample's own word stands.
    Batch(7, "sample", (sample("s5", member_refs="p4"),)),
    Batch(8, "case", (replace(FIRST[0].rows[0], deleted=True, version=1),)),
)  # fmt: skip
Deliver = Callable[[Batch], None]


@pytest.fixture
def take(database: Database, tmp_path: Path) -> Deliver:
    return lambda batch: deliver(database.engine, batch, tmp_path)


@pytest.fixture
def filled(database: Database, take: Deliver) -> sa.Engine:
    """The first records, and the chain that has followed them."""
    for batch in FIRST:
        take(batch)
    assert run(database.engine).is_whole
    return database.engine


def run(engine: sa.Engine, **how: object) -> Refreshed:
    return refresh.refresh(engine, clock=lambda: hours(10_000), zone=ZONE, **how)  # type: ignore[arg-type]


def assert_told(engine: sa.Engine, batches: tuple[Batch, ...]) -> None:
    for moment in range(LAST + 1):
        assert flows(stored(engine, at=moment)) == cells(items(batches, at=moment)), moment


def differences(engine: sa.Engine) -> list[tuple[object, ...]]:
    found = verify(engine, viewer=system_viewer(hours(10_000)), zone=ZONE).differences
    return found.select("table", "dims", "expected", "found").rows()


def test_each_later_delivery_is_followed_by_what_it_changes_alone(
    filled: sa.Engine, take: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "AT_ONCE", 2)
    for number, batch in enumerate(LATER, start=1):
        take(batch)
        done = run(filled)
        assert not done.is_whole
        assert done.n_written > 0, batch
        assert_told(filled, FIRST + LATER[:number])
    assert differences(filled) == []
    whole = run(filled, anew=True)
    assert (whole.is_whole, whole.n_written) == (True, 0)


def test_records_told_again_cost_nothing(filled: sa.Engine, take: Deliver) -> None:
    take(replace(FIRST[1], moment=4))
    assert run(filled) == Refreshed()


def test_a_delivery_during_a_run_neither_waits_nor_is_lost(
    filled: sa.Engine, take: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, waiting = gather.versions_for, [*LATER[1:3]]

    def meanwhile(*given: object) -> gather.Versions:
        while waiting:
            take(waiting.pop(0))
        return plain(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(gather, "versions_for", meanwhile)
    take(LATER[0])
    run(filled)
    # What came meanwhile belongs to the next run, at all moments.
    assert_told(filled, FIRST + LATER[:1])
    assert differences(filled) == []
    run(filled)
    assert_told(filled, FIRST + LATER[:3])


def test_two_runs_at_once_do_not_count_twice(
    filled: sa.Engine, take: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, others = gather.versions_for, ["one"]

    def meanwhile(*given: object) -> gather.Versions:
        if others:
            others.clear()
            take(LATER[1])
            run(filled)
        return plain(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(gather, "versions_for", meanwhile)
    take(LATER[0])
    assert run(filled).batch is None  # the other one has done it all
    assert_told(filled, FIRST + LATER[:2])
    assert differences(filled) == []


def test_a_whole_run_that_dies_halfway_is_done_again(
    filled: sa.Engine, take: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_ROWS_AT_ONCE", 8)
    plain, left = refresh._replaced, [3]

    def dying(*given: object, **named: object) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError("the disk is gone")
        return plain(*given, **named)  # type: ignore[arg-type]

    for batch in LATER:
        take(batch)
    monkeypatch.setattr(refresh, "_replaced", dying)
    with pytest.raises(OSError, match="disk"):
        run(filled, anew=True)
    monkeypatch.setattr(refresh, "_replaced", plain)
    assert run(filled).is_whole
    assert_told(filled, FIRST + LATER)
    assert differences(filled) == []
    assert run(filled) == Refreshed()


def test_a_whole_run_of_another_process_is_left_alone_until_it_is_given_up(
    filled: sa.Engine, take: Deliver
) -> None:
    take(LATER[0])
    with writing(filled) as connection:
        held = store.state(connection)
        assert held is not None
        now = to_us(machine_clock())
        store.put_state(connection, replace(held, run=99, seen_at=now))
    assert run(filled) == Refreshed(is_put_off=True)
    with writing(filled) as connection:
        gone = now - refresh.GIVEN_UP_US - 1
        store.put_state(connection, replace(held, run=99, seen_at=gone))
    assert run(filled).is_whole
    assert_told(filled, FIRST + LATER[:1])


@pytest.mark.parametrize("anew", [False, True])
def test_a_run_that_is_not_wanted_any_more_leaves_all_as_it_was(
    filled: sa.Engine, take: Deliver, anew: bool
) -> None:
    take(LATER[0])
    done = run(filled, anew=anew, wanted_still=lambda: False)
    assert done == Refreshed(is_put_off=True)
    assert_told(filled, FIRST)
    run(filled)
    assert_told(filled, FIRST + LATER[:1])


def test_other_rules_work_everything_out_anew(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "marked", lambda zone: f"other rules in {zone}")
    assert run(filled).is_whole
    assert run(filled) == Refreshed()


def test_a_new_key_leaves_no_link_and_works_everything_out_anew(filled: sa.Engine) -> None:
    before, after = "b" * 32, "a" * 32
    with filled.begin() as connection:
        marked = {"key": META_KEY, "value": mark(before)}
        connection.execute(sa.insert(tables.meta), marked)
    assert rekey(filled, before=(before,), key=after)
    with filled.connect() as connection:
        assert connection.execute(sa.select(tables.chain_link)).all() == []
    assert run(filled).is_whole
    assert_told(filled, FIRST)


# --- what verify finds --------------------------------------------------------------------------


def test_a_cell_that_was_changed_is_found_by_both_checks(filled: sa.Engine) -> None:
    assert differences(filled) == []
    cube = tables.cube_current
    with filled.begin() as connection:
        key = sa.select(tables.measure.c.measure_id).where(tables.measure.c.key == "chain_started")
        change = sa.update(cube).where(cube.c.measure_id == key.scalar_subquery())
        connection.execute(change.values(value=cube.c.value + 1))
    found = differences(filled)
    assert {row[0] for row in found} == {"current", "plain counts"}
    assert ("plain counts", "step=case_to_listed", "1", "2") in found


@pytest.mark.parametrize(
    ("function", "step"),
    [("_persons", "positive_to_case"), ("_index_cases", "case_to_listed"),
     ("_close_contacts", "listed_to_reached")],
)  # fmt: skip
def test_a_fault_in_a_step_is_found_though_verify_shares_it(
    filled: sa.Engine, take: Deliver, monkeypatch: pytest.MonkeyPatch, function: str, step: str
) -> None:
    plain = getattr(steps, function)

    def a_day_late(*given: object, **named: object) -> object:
        found = plain(*given, **named)
        late = steps.pl.col("started") + 24 * 3_600_000_000
        if isinstance(found, list):
            return [each.with_columns(started=late) for each in found]
        return found.with_columns(started=late)

    monkeypatch.setattr(steps, function, a_day_late)
    take(LATER[1])
    run(filled, anew=True)
    found = differences(filled)
    # The recomputation has the same fault and agrees; the plain counts do not.
    assert {row[:2] for row in found} == {("plain counts", f"step={step}")}


def test_plain_counts_stand_where_the_chain_stands(filled: sa.Engine, take: Deliver) -> None:
    for batch in LATER:
        take(batch)
    assert differences(filled) == []


# --- when it is done ----------------------------------------------------------------------------


def test_a_follower_follows_once_a_tick(filled: sa.Engine, take: Deliver) -> None:
    now = [hours(100)]
    follower = Follower(engine=filled, clock=lambda: now[0], zone=ZONE)
    assert follower.follow() == Refreshed()  # what came before it began: nothing is left
    assert follower.follow() is None
    take(LATER[0])
    follower.note()
    first = follower.follow()
    assert first is not None
    assert first.batch is not None
    take(LATER[1])
    follower.note()
    assert follower.follow() is None
    now[0] += timedelta(minutes=15)
    assert follower.follow() is not None
    assert_told(filled, FIRST + LATER[:2])


def test_a_follower_tries_again_after_the_database_was_away(
    filled: sa.Engine, take: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = Follower(engine=filled, clock=lambda: hours(100), zone=ZONE)
    take(LATER[0])

    def away(*_given: object, **_named: object) -> Refreshed:
        raise DatabaseUnavailable("the shared database does not answer")

    with monkeypatch.context() as broken:
        broken.setattr("data_access.chain.follow.refresh", away)
        with pytest.raises(DatabaseUnavailable):
            follower.follow()
    done = follower.follow()
    assert done is not None
    assert done.batch is not None
