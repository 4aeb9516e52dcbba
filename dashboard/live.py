"""Knows whether something was committed, and tells open screens at once.

Holds no figures: only the database's change token and when it moved.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from data_access.clock import Clock
from data_access.errors import DataAccessError

POLL_SECONDS = 0.25
AGAIN_SECONDS = 0.3
SETTLED_SECONDS = 45.0
"""How long a page whose figures take seconds to work out stays with a state of the database: one
that commits every few seconds would otherwise never let it finish."""
PREPARE_SECONDS = 60.0
"""How much longer it stays while what comes next is being worked out."""
AT_ONCE, APART_SECONDS = 20, 0.05
"""So many screens are told at once; each further one a little later, about as long as a page takes.
All at once, hundreds of pages would be drawn side by side, and whoever asks for something meanwhile
would wait for all of them."""
AWAY = "|away"
"""The nudge of a database that has not answered yet."""
# "Not due yet" and "silent" depend on the hour, also when nothing is committed.
REFRESH = timedelta(minutes=10)


class HasToken(Protocol):
    """What is watched: the shared database."""

    clock: Clock

    def token(self) -> str:
        """Return a text that changes with every commit."""
        ...

    def public_token(self) -> str:
        """Return a text that changes with what everybody may know."""
        ...


@dataclass(frozen=True, kw_only=True)
class Beat:
    """What is known about the database right now.

    Attributes:
        token: changes with every commit; empty before the first answer.
        moment: from when the figures of this token are looked at; a part of every cache key.
        alive: whether the database answered last time.
        since: since when `alive` has been what it is.
        public: changes with what everybody may know, never with a delivery.
    """

    token: str
    moment: datetime
    alive: bool
    since: datetime
    public: str = ""


class Pulse:
    """The last beat of the shared database; one for the process, safe between threads."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lock = threading.Lock()
        self._beat: Beat | None = None
        self._asked = float("-inf")
        self._settled: Beat | None = None
        self._settled_at = float("-inf")
        self._preparing = False

    def beat(self, shared: HasToken) -> Beat:
        """Return the newest beat, asking the database at most every `AGAIN_SECONDS`.

        A database that does not answer leaves token and moment as they were: pages go on showing
        the last good figures, and recover with the next answer.
        """
        # The product's clock may stand still for a rehearsal; this one never does.
        ticks = time.monotonic()
        with self._lock:
            if self._beat is not None and ticks - self._asked < AGAIN_SECONDS:
                return self._beat
            self._asked = ticks
        wall = shared.clock()
        try:
            token: str | None = str(shared.token())
            public = str(shared.public_token())
        except DataAccessError:
            token, public = None, ""
        with self._lock:
            beat = _next(self._beat, token, now=wall)
            self._beat = replace(beat, public=public) if token is not None else beat
            return self._beat

    def settled(self, shared: HasToken, *, prepare: Callable[[Beat], None] | None = None) -> Beat:
        """Return a beat that stays for `SETTLED_SECONDS`; whether the database answers is new.

        Args:
            shared: what is watched.
            prepare: works out what pages of a new beat need. It runs beside the pages, which stay
                with the beat before until it is done, but not for longer than `PREPARE_SECONDS`.
        """
        newest, ticks = self.beat(shared), time.monotonic()
        with self._lock:
            held, age = self._settled, ticks - self._settled_at
            due = held is None or (newest.alive and age >= SETTLED_SECONDS)
            patient = prepare is not None and age < SETTLED_SECONDS + PREPARE_SECONDS
            if due and held is not None and prepare is not None and patient:
                self._prepare(newest, prepare)
            elif due or held is None:
                held, self._settled_at = newest, ticks
            self._settled = replace(held, alive=newest.alive, since=newest.since)
            return self._settled

    def _prepare(self, newest: Beat, prepare: Callable[[Beat], None]) -> None:
        """Prepare a beat in a thread, once at a time; it is the settled one afterwards."""
        if self._preparing:
            return
        self._preparing = True

        def work() -> None:
            try:
                prepare(newest)
            finally:
                with self._lock:
                    self._preparing = False
                    self._settled, self._settled_at = newest, time.monotonic()

        threading.Thread(target=work, name="settle", daemon=True).start()

    @property
    def last(self) -> Beat | None:
        """Return the last beat without asking."""
        return self._beat


def _next(last: Beat | None, token: str | None, *, now: datetime) -> Beat:
    if token is None:
        if last is None:
            return Beat(token="", moment=now, alive=False, since=now)
        return last if not last.alive else replace(last, alive=False, since=now)
    if last is None or not last.alive:
        return Beat(token=token, moment=now, alive=True, since=now)
    if token != last.token or abs(now - last.moment) >= REFRESH:
        return replace(last, token=token, moment=now)
    return last


class Listeners:
    """Screens waiting for a nudge. Lives in the server's event loop.

    Args:
        at_once: how many screens are told without waiting.
        apart: seconds between the others.
    """

    def __init__(self, *, at_once: int = AT_ONCE, apart: float = APART_SECONDS) -> None:
        """Start with nobody listening."""
        self._queues: set[asyncio.Queue[str]] = set()
        self._latest = ""
        self._at_once, self._apart = at_once, apart
        self._last_turn = float("-inf")

    def __len__(self) -> int:
        return len(self._queues)

    def tell(self, news: str) -> None:
        """Nudge every screen if the news is new."""
        if news == self._latest:
            return
        self._latest = news
        for queue in self._queues:
            queue.put_nowait(news)

    async def serve(self, socket: WebSocket) -> None:
        """Keep one screen informed until it leaves; what it sends is ignored."""
        await socket.accept()
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._queues.add(queue)
        leaving = asyncio.create_task(_until_gone(socket))
        try:
            await socket.send_text(self._latest)
            while not leaving.done():
                arriving = asyncio.create_task(queue.get())
                done, _ = await asyncio.wait(
                    {arriving, leaving}, return_when=asyncio.FIRST_COMPLETED
                )
                if arriving not in done:
                    arriving.cancel()
                    break
                await socket.send_text(await self._in_turn(queue, arriving.result()))
        except (WebSocketDisconnect, RuntimeError):
            pass  # the screen was closed while we wrote to it
        finally:
            leaving.cancel()
            self._queues.discard(queue)

    async def _in_turn(self, queue: asyncio.Queue[str], news: str) -> str:
        """Wait until it is this screen's turn; return the newest there is to tell by then."""
        now = time.monotonic()
        turn = max(self._last_turn, now - self._at_once * self._apart) + self._apart
        self._last_turn = turn
        if turn > now:
            await asyncio.sleep(turn - now)
        while not queue.empty():
            news = queue.get_nowait()
        return news


async def _until_gone(socket: WebSocket) -> None:
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, RuntimeError, KeyError):
        return


def public_news_of(beat: Beat) -> str:
    """Return the nudge of a beat for everybody: when data arrive is not theirs to know."""
    return f"{beat.public}|{'up' if beat.alive else 'away'}"


def news_of(beat: Beat) -> str:
    """Return the nudge of a beat: differs when figures moved or the database came or went."""
    return f"{beat.token}|{'up' if beat.alive else 'away'}"
