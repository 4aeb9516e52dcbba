"""Who holds a session: asked of the database at most every two seconds. Safe between threads."""

import asyncio
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from data_access.accounts import sessions, signin
from data_access.accounts.keys import Keys
from data_access.accounts.sessions import SignedIn
from data_access.clock import Clock, machine_clock
from data_access.errors import DatabaseUnavailable
from data_access.settings import Settings
from data_access.shared import Shared
from data_access.viewer import system_viewer

FRESH_SECONDS = 2.0
"""How long an answer holds: a shut account is out no later than this."""
KEPT_SECONDS = 300.0
"""How long an answer holds while the database is away and nothing can be asked."""
MOST = 4_096
AT_ONCE = 2
"""Hashes computed at once: each takes 64 MiB and a tenth of a second of four cores."""
MOST_WAITING, MOST_OF_ONE = 32, 8
"""So many wait for their turn at once, and so many from one address; others come again."""


class Busy(Exception):
    """As many passwords as are waited for are being checked."""


@dataclass
class _Held:
    asked: float
    found: SignedIn | None


class Office:
    """Sessions of this server process."""

    def __init__(self, shared: Shared, settings: Settings, *, clock: Clock = machine_clock) -> None:
        """Hold what is given; ask nothing yet. Sessions live in real time."""
        self._engine = shared.engine
        self._settings = settings
        self.clock = clock
        # Threads of their own: whoever guesses must not hold those that others need.
        self._hashing = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sign-in")
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()

    @property
    def is_open(self) -> bool:
        """Whether anybody can sign in here."""
        return bool(self._settings.session_key)

    @property
    def keys(self) -> Keys:
        """The keys of this installation.

        Raises:
            SettingsError: if there is no session key.
        """
        return Keys(self._settings.session_key)

    def door(self, cookie: str) -> signin.Door:
        """Return where one signs in."""
        return signin.Door(
            engine=self._engine, keys=self.keys, cookie=cookie, demo=self._settings.demo
        )

    def find(self, cookie: str, secret: str) -> SignedIn | None:
        """Return who a session stands for; None if it is over or never was.

        Raises:
            DatabaseUnavailable: if the database does not answer and nothing recent is known.
        """
        if not secret:
            return None
        key, ticks = (cookie, sessions.hash_of(secret, cookie=cookie)), time.monotonic()
        with self._lock:
            held = self._held.get(key)
        if held is not None and ticks - held.asked < FRESH_SECONDS:
            return self._unexpired(held.found)
        now = self.clock()
        try:
            found = sessions.find(
                self._engine, secret, cookie=cookie, now=now, viewer=system_viewer(now),
                demo=self._settings.demo,
            )  # fmt: skip
        except DatabaseUnavailable:
            if held is None or ticks - held.asked > KEPT_SECONDS:
                raise
            return self._unexpired(held.found)
        with self._lock:
            self._held[key] = _Held(ticks, found)
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return found

    def _unexpired(self, found: SignedIn | None) -> SignedIn | None:
        return found if found is not None and self.clock() < found.expires_at else None

    def touch(self, cookie: str, secret: str, signed: SignedIn) -> None:
        """Note that a session is in use; a database that is away is met by the figures."""
        with suppress(DatabaseUnavailable):
            sessions.touch(
                self._engine, secret, cookie=cookie, seen=signed.seen_at, now=self.clock()
            )

    def end(self, cookie: str, secret: str) -> None:
        """End a session, here at once.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        sessions.end(self._engine, secret, cookie=cookie, now=self.clock())
        self.forget()

    def end_everywhere(self, signed: SignedIn) -> None:
        """End every session of an account, here at once.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        account = signed.account
        sessions.end_everywhere(
            self._engine, account.account_id, actor=account.actor, now=self.clock()
        )
        self.forget()

    def forget(self) -> None:
        """Ask anew for everybody: something changed."""
        with self._lock:
            self._held.clear()

    async def within_turn(
        self, work: Callable[[datetime], str | None], *, whence: str
    ) -> str | None:
        """Return what some work with a password returns; few at once, and few wait.

        Args:
            work: takes the present moment.
            whence: the address that asks.

        Raises:
            Busy: if too many wait already.
        """
        with self.place(whence):
            loop = asyncio.get_running_loop()
            done = await loop.run_in_executor(self._hashing, lambda: work(self.clock()))
        self.forget()
        return done

    @property
    def waiting(self) -> int:
        """How many wait for their turn, or have it."""
        with self._lock:
            return self._waiting.total()

    @contextmanager
    def place(self, whence: str) -> Iterator[None]:
        """Hold a place in the line.

        Raises:
            Busy: if it is too long, or one address holds too much of it.
        """
        with self._lock:
            if self._waiting.total() >= MOST_WAITING or self._waiting[whence] >= MOST_OF_ONE:
                raise Busy
            self._waiting[whence] += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting[whence] -= 1
                self._waiting += Counter()  # forget who waits no more
