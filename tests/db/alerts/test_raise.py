"""Alerts are raised once, extended, scoped, quiet when data are late; on both databases."""

import multiprocessing
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access import audit, tables
from data_access.alerts import store
from data_access.alerts.book import Alerts
from data_access.alerts.model import (
    Action,
    AlertMoved,
    Evidence,
    Place,
    Standing,
    State,
    UnknownAlert,
)
from data_access.engine import make_engine
from data_access.errors import BadUse, ScopeDenied
from data_access.viewer import parse_viewer, press_at, system_viewer
from tests.conftest import NOW, Database
from tests.db.alerts.conftest import AN, BINH, CHI, DUNG, LAST, Post


def of(post: Post, key: str) -> list[tuple[str, str]]:
    found = post.alerts.listed(viewer=system_viewer(post.world.now))
    return [(one.area_code, one.state.value) for one in found if one.rule == key]


def test_what_speaks_is_raised_with_its_numbers(post: Post) -> None:
    post.run()
    assert of(post, "many") == [("02", "raised")]
    assert of(post, "jump") == [("02", "raised")]
    viewer = post.world.viewer()
    jump = next(one for one in post.alerts.listed(viewer=viewer) if one.rule == "jump")
    days = post.alerts.evidence(jump.alert_id, viewer=viewer)
    # C2 of the last day by hand: nine to three days before are 10 12 9 11 13 8 10 in some order.
    last = days.row(-1, named=True)
    base = [12.0, 9, 11, 13, 8, 10, 10]
    mean = sum(base) / 7
    sd = (sum((x - mean) ** 2 for x in base) / 6) ** 0.5
    assert last["day"] == LAST
    assert last["baseline"] == pytest.approx(mean)
    assert last["spread"] == pytest.approx(sd)
    assert last["statistic"] == pytest.approx((170 - mean) / sd)
    assert last["n_days"] == 7


def test_running_again_changes_nothing_and_news_extends(post: Post) -> None:
    post.run()
    before = post.alerts.mark(viewer=system_viewer(NOW))
    assert post.run()[0] == 0
    assert post.alerts.mark(viewer=system_viewer(NOW)) == before
    post.world.now += timedelta(days=1)
    post.cases("02", {LAST + timedelta(days=1): 180.0})
    post.run()
    assert of(post, "many") == [("02", "raised")]
    viewer = post.world.viewer()
    many = next(one for one in post.alerts.listed(viewer=viewer) if one.rule == "many")
    assert many.last_day == LAST + timedelta(days=1)
    assert post.alerts.evidence(many.alert_id, viewer=viewer)["value"].to_list() == [170.0, 180.0]


def test_late_data_raise_nothing_and_say_so(post: Post) -> None:
    post.world.now += timedelta(days=3)  # nobody has delivered for three days
    post.run()
    found = post.alerts.watches(viewer=post.world.viewer())
    many = found.filter(rule="many")
    assert set(many["state"]) == {Standing.INSUFFICIENT.value}
    assert many["reason"].is_in(["not_synchronised", "not_reported", "silent", "not_due"]).all()
    # The days before were judged all the same.
    assert of(post, "many") == [("02", "raised")]
    assert many.height == 3


def test_a_late_day_is_judged_when_it_is_there(post: Post) -> None:
    post.world.now += timedelta(days=4)
    post.run()
    post.cases("03", {LAST + timedelta(days=n): 200.0 for n in range(1, 5)})
    post.world.now += timedelta(hours=1)
    post.run()
    assert ("03", "raised") in of(post, "many")


def test_nothing_is_lost_over_a_long_pause(post: Post) -> None:
    post.run()
    post.cases("03", {LAST + timedelta(days=n): 200.0 for n in range(1, 4)})
    quiet = {LAST + timedelta(days=n): 10.0 for n in range(4, 21)}
    post.cases("03", quiet)
    post.world.now += timedelta(days=20)
    post.run()  # the server was off: the days that spoke lie two weeks back
    assert ("03", "raised") in of(post, "many")


def test_after_closing_a_new_one_is_linked(post: Post) -> None:
    post.run()
    viewer = post.world.viewer()
    many = next(one for one in post.alerts.listed(viewer=viewer) if one.rule == "many")
    seen = post.alerts.act(AN, many.alert_id, Action.ACKNOWLEDGE, version=many.version)
    post.alerts.act(AN, many.alert_id, Action.CLOSE, version=seen.version, note="đã xử lý")
    assert post.run()[0] == 0  # the days that are known raise nothing again
    post.world.now += timedelta(days=1)
    post.cases("02", {LAST + timedelta(days=1): 190.0})
    post.run()
    found = [one for one in post.alerts.listed(viewer=post.world.viewer()) if one.rule == "many"]
    assert [one.state for one in found] == [State.CLOSED, State.RAISED]
    assert found[1].previous == many.alert_id


# --- who sees and handles what --------------------------------------------------------------------


def test_a_province_sees_and_handles_its_own(post: Post) -> None:
    post.run()
    own = parse_viewer("province:02", now=NOW)
    other = parse_viewer("province:01", now=NOW)
    held = post.alerts.listed(viewer=own)
    assert {one.area_code for one in held} == {"02"}
    assert post.alerts.listed(viewer=other) == []
    number = held[0].alert_id
    assert post.alerts.evidence(number, viewer=other).is_empty()
    assert post.alerts.steps(number, viewer=other) == []
    assert set(post.alerts.watches(viewer=other)["area_code"]) == {"01"}
    with pytest.raises(UnknownAlert) as there:
        post.alerts.act(CHI, number, Action.ACKNOWLEDGE, version=1)
    with pytest.raises(UnknownAlert) as nowhere:
        post.alerts.show(999, viewer=other)
    assert str(there.value).replace(str(number), "N") == str(nowhere.value).replace("999", "N")
    made = post.alerts.act(DUNG, number, Action.ACKNOWLEDGE, version=1)
    assert made.state is State.ACKNOWLEDGED


def test_the_press_sees_none_and_others_only_look(post: Post) -> None:
    post.run()
    with pytest.raises(ScopeDenied):
        post.alerts.listed(viewer=press_at(NOW))
    steward = parse_viewer("steward", now=NOW)
    number = post.alerts.listed(viewer=steward)[0].alert_id
    for role in ("steward", "operator", "press"):
        actor = replace(AN, role=parse_viewer(role, now=NOW).role)
        with pytest.raises(ScopeDenied):
            post.alerts.act(actor, number, Action.ACKNOWLEDGE, version=1)
    with pytest.raises(BadUse):
        post.alerts.act(replace(AN, account=" "), number, Action.ACKNOWLEDGE, version=1)


def test_the_second_of_two_officers_is_told(post: Post) -> None:
    post.run()
    number = post.alerts.listed(viewer=post.world.viewer())[0].alert_id
    post.alerts.act(AN, number, Action.ACKNOWLEDGE, version=1)
    with pytest.raises(AlertMoved):
        post.alerts.act(BINH, number, Action.ASSIGN, version=1, assignee="binh")
    steps = post.alerts.steps(number, viewer=post.world.viewer())
    assert [(one.action, one.account) for one in steps] == [
        (Action.RAISE, "system"), (Action.ACKNOWLEDGE, "an"),
    ]  # fmt: skip
    found = audit.read(post.world.engine, viewer=system_viewer(NOW), action="alert")
    assert found.filter(account="an")["action"].to_list() == ["alert.acknowledge"]
    assert audit.verify(post.world.engine, viewer=system_viewer(NOW)).broken is None


def test_many_officers_at_once_one_wins(post: Post) -> None:
    post.run()
    number = post.alerts.listed(viewer=post.world.viewer())[0].alert_id
    told: list[str] = []

    def act(name: str) -> None:
        try:
            post.alerts.act(replace(AN, account=name), number, Action.ACKNOWLEDGE, version=1)
            told.append("done")
        except AlertMoved:
            told.append("moved")

    together([threading.Thread(target=act, args=(f"o{n}",)) for n in range(6)])
    assert sorted(told) == ["done", *["moved"] * 5]
    assert len(post.alerts.steps(number, viewer=post.world.viewer())) == 2


# --- several servers, some of them killed ---------------------------------------------------------


def together(workers: list[threading.Thread]) -> None:
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)
        assert not one.is_alive()


def test_servers_at_once_raise_each_alert_once(post: Post) -> None:
    wrong: list[BaseException] = []

    def serve() -> None:
        try:
            post.run()
        except BaseException as error:  # noqa: BLE001 -- told by the test's own thread
            wrong.append(error)

    together([threading.Thread(target=serve) for _ in range(4)])
    assert wrong == []
    assert of(post, "many") == [("02", "raised")]
    assert of(post, "jump") == [("02", "raised")]


SPOKEN = [Evidence(day=LAST - timedelta(days=n), value=20.0, baseline=5.0, spread=2.0, bound=11.0,
                   statistic=7.5, n_days=7, rule_version=1) for n in range(8)]  # fmt: skip


def enter_until_killed(url: str, pack: str, number: int) -> None:
    """Enter one day after the other, as a server does that is killed somewhere on the way."""
    engine = make_engine(url)
    rule = next(iter(Alerts(engine, lambda: NOW, areas=None, pack=pack).rules.values()))  # type: ignore[arg-type]
    order = SPOKEN[number:] + SPOKEN[:number]
    for one in order:
        for area in ("01", "02", "03"):
            place = Place(code=area, vintage="old", province=area)
            store.enter(engine, rule, place, [one], at=NOW, clearance=0, post=lambda *_: [])
    engine.dispose()


def test_processes_that_are_killed_lose_and_double_nothing(
    post: Post, database: Database, tmp_path: Path
) -> None:
    spawning = multiprocessing.get_context("spawn")
    given = (database.url, str(tmp_path / "pack"))
    workers = [spawning.Process(target=enter_until_killed, args=(*given, n)) for n in range(3)]
    for one in workers:
        one.start()
    workers[0].join(4)
    workers[0].kill()
    workers[1].join(0.1)
    workers[1].kill()
    for one in workers:
        one.join(90)
    assert workers[2].exitcode == 0
    enter_until_killed(*given, 0)  # what the killed ones left is made good by the next run
    with database.engine.connect() as connection:
        alert, evidence, step = store.ALERT, store.EVIDENCE, store.STEP
        n_alerts = connection.scalar(sa.select(sa.func.count()).select_from(alert))
        per_area = connection.execute(
            sa.select(evidence.c.area_code, sa.func.count(), sa.func.count(
                evidence.c.alert_id.distinct())).group_by(evidence.c.area_code)
        ).all()  # fmt: skip
        n_steps = connection.scalar(sa.select(sa.func.count()).select_from(step))
        n_audit = connection.scalar(sa.select(sa.func.count()).select_from(tables.audit))
    assert n_alerts == 3
    assert sorted(map(tuple, per_area)) == [(area, 8, 1) for area in ("01", "02", "03")]
    assert n_steps == n_audit == 3
    assert post.world.areas is not None
