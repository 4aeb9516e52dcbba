"""The watch on the database: tells a commit, outlives an outage, recovers."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dashboard import live
from data_access.errors import DatabaseUnavailable

START = datetime(2022, 1, 20, 12, tzinfo=UTC)


class Base:
    """A database whose token and clock the test sets."""

    def __init__(self) -> None:
        self.now = START
        self.says: str | None = "a"
        self.public = "p"

    def clock(self) -> datetime:
        return self.now

    def token(self) -> str:
        if self.says is None:
            raise DatabaseUnavailable("gone")
        return self.says

    def public_token(self) -> str:
        return self.public


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Base:
    monkeypatch.setattr(live, "AGAIN_SECONDS", 0.0)
    return Base()


def test_nothing_moves_between_commits(base: Base) -> None:
    pulse = live.Pulse()
    first = pulse.beat(base)
    base.now += timedelta(minutes=5)
    assert pulse.beat(base) == first


def test_a_commit_moves_token_and_moment(base: Base) -> None:
    pulse = live.Pulse()
    pulse.beat(base)
    base.now, base.says = START + timedelta(seconds=5), "b"
    moved = pulse.beat(base)
    assert (moved.token, moved.moment) == ("b", base.now)


def test_a_settled_beat_stays_a_while_but_knows_of_an_outage(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = [100.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: ticks[0])
    pulse = live.Pulse()
    assert pulse.settled(base).token == "a"
    base.says = "b"
    ticks[0] += live.SETTLED_SECONDS - 1
    assert pulse.beat(base).token == "b"
    assert pulse.settled(base).token == "a"
    base.says = None
    held = pulse.settled(base)
    assert (held.token, held.alive) == ("a", False)
    ticks[0] += 2
    assert pulse.settled(base).token == "a"
    base.says = "c"
    held = pulse.settled(base)
    assert (held.token, held.alive) == ("c", True)


def test_time_moves_on_without_a_commit(base: Base) -> None:
    pulse = live.Pulse()
    pulse.beat(base)
    base.now = START + live.REFRESH
    assert pulse.beat(base).moment == base.now


def test_an_outage_keeps_the_last_token_and_says_since_when(base: Base) -> None:
    pulse = live.Pulse()
    good = pulse.beat(base)
    base.now, base.says = START + timedelta(hours=3), None
    away = pulse.beat(base)
    assert (away.token, away.moment) == (good.token, good.moment)
    assert (away.alive, away.since) == (False, base.now)
    base.now += timedelta(minutes=1)
    assert pulse.beat(base).since == away.since
    base.says = "a"
    back = pulse.beat(base)
    assert back.alive
    assert back.moment == base.now


def test_a_database_that_never_answered_is_away(base: Base) -> None:
    base.says = None
    beat = live.Pulse().beat(base)
    assert (beat.token, beat.alive) == ("", False)


def test_the_database_is_not_asked_too_often(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "AGAIN_SECONDS", 60.0)
    pulse = live.Pulse()
    pulse.beat(base)
    base.says = "b"
    assert pulse.beat(base).token == "a"


def test_news_differ_when_figures_move_and_when_the_database_goes(base: Base) -> None:
    pulse = live.Pulse()
    news = [live.news_of(pulse.beat(base))]
    for says in ("b", None, "b"):
        base.says = says
        news.append(live.news_of(pulse.beat(base)))
    assert len(set(news)) == 3
    assert news[1] == news[3]


def test_a_screen_hears_the_newest_at_once_and_then_each_news() -> None:
    listeners = live.Listeners()

    async def tell(scope: dict, receive: object, send: object) -> None:  # noqa: ARG001
        listeners.tell(scope["path"])

    app = Starlette(routes=[WebSocketRoute("/live", listeners.serve)])
    listeners.tell("one")
    with TestClient(app) as client, client.websocket_connect("/live") as screen:
        assert screen.receive_text() == "one"
        assert len(listeners) == 1
        client.portal.call(listeners.tell, "two")  # type: ignore[union-attr]
        assert screen.receive_text() == "two"
        client.portal.call(listeners.tell, "two")  # type: ignore[union-attr]
        client.portal.call(listeners.tell, "three")  # type: ignore[union-attr]
        assert screen.receive_text() == "three"
    assert len(listeners) == 0


class Screen:
    """A screen's socket: notes what it is told, and when."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []
        self.gone = asyncio.Event()

    async def accept(self) -> None:
        pass

    async def send_text(self, text: str) -> None:
        self.told.append((time.monotonic(), text))

    async def receive_text(self) -> str:
        await self.gone.wait()
        raise WebSocketDisconnect


async def nudged(n_screens: int, *news: str) -> list[Screen]:
    """Return screens that were told something once all of them were listening."""
    listeners = live.Listeners(at_once=5, apart=0.02)
    screens = [Screen() for _ in range(n_screens)]
    served = [asyncio.create_task(listeners.serve(one)) for one in screens]  # type: ignore[arg-type]
    while not all(one.told for one in screens):
        await asyncio.sleep(0)
    for one in news:
        listeners.tell(one)
        await asyncio.sleep(0.01)
    while not all(one.told[-1][1] == news[-1] for one in screens):
        await asyncio.sleep(0.005)
    for one in screens:
        one.gone.set()
    await asyncio.gather(*served)
    assert len(listeners) == 0
    return screens


def test_many_screens_are_told_one_after_the_other_and_none_is_left_out() -> None:
    screens = asyncio.run(nudged(25, "one"))
    assert all([text for _, text in one.told] == ["", "one"] for one in screens)
    moments = sorted(one.told[-1][0] for one in screens)
    for number, moment in enumerate(moments[5:], 1):
        # Never earlier than its turn; the machine may be slow, so nothing is said of later.
        assert moment - moments[0] >= number * 0.02 - 0.005


def test_a_screen_that_waited_hears_only_the_newest() -> None:
    screens = asyncio.run(nudged(25, "one", "two", "three"))
    assert all(one.told[-1][1] == "three" for one in screens)
    n_told = [len(one.told) for one in screens]
    assert min(n_told) == 2
    assert sum(n_told) < 25 * 4


def test_a_settled_beat_moves_on_once_the_next_is_prepared(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = [100.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: ticks[0])
    go_on, done, prepared = threading.Event(), threading.Event(), []

    def prepare(beat: live.Beat) -> None:
        prepared.append(beat.token)
        go_on.wait(10)

    pulse = live.Pulse()
    assert pulse.settled(base, prepare=prepare).token == "a"
    base.says = "b"
    ticks[0] += live.SETTLED_SECONDS + 1
    assert [pulse.settled(base, prepare=prepare).token for _ in range(3)] == ["a"] * 3
    go_on.set()
    for _ in range(200):
        if pulse.settled(base, prepare=prepare).token == "b":
            done.set()
            break
        done.wait(0.01)
    assert done.is_set()
    assert prepared == ["b"]


def test_a_settled_beat_does_not_wait_for_ever(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = [100.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: ticks[0])
    ended = threading.Event()
    pulse = live.Pulse()
    pulse.settled(base, prepare=lambda _: None)
    base.says = "b"
    ticks[0] += live.SETTLED_SECONDS + live.PREPARE_SECONDS + 1
    assert pulse.settled(base, prepare=lambda _: ended.set()).token == "b"
    assert not ended.is_set()


def test_the_news_of_everybody_moves_with_publications_alone(base: Base) -> None:
    pulse, told = live.Pulse(), []
    for says, public in (("a", "p"), ("b", "p"), ("c", "p"), ("c", "q")):
        base.says, base.public = says, public
        beat = pulse.beat(base)
        told.append((live.news_of(beat), live.public_news_of(beat)))
    assert [public for _, public in told] == ["p|up", "p|up", "p|up", "q|up"]
    assert len({news for news, _ in told}) == 3
    base.says = None
    assert live.public_news_of(pulse.beat(base)) == "q|away"
