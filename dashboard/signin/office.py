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
from typing import Generic, TypeVar

from data_access.accounts import outside, sessions, signin
from data_access.accounts.keys import Keys
from data_access.accounts.outside import Stay
from data_access.accounts.sessions import SignedIn
from data_access.actor import Actor
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


Found = TypeVar("Found", SignedIn, Stay)


@dataclass
class _Held(Generic[Found]):
    asked: float
    found: Found | None


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
        self._accounts: OrderedDict[str, _Held[SignedIn]] = OrderedDict()
        self._stays: OrderedDict[str, _Held[Stay]] = OrderedDict()

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

        def ask(now: datetime) -> SignedIn | None:
            return sessions.find(
                self._engine, secret, cookie=cookie, now=now, viewer=system_viewer(now),
                demo=self._settings.demo,
            )  # fmt: skip

        return self._asked(self._accounts, sessions.hash_of(secret, cookie=cookie), ask)

    def find_stay(self, cookie: str, secret: str) -> Stay | None:
        """Return the session of somebody from outside; None if it is over or never was.

        Raises:
            DatabaseUnavailable: as `find`.
        """

        def ask(now: datetime) -> Stay | None:
            return outside.find(
                self._engine, secret, cookie=cookie, now=now, viewer=system_viewer(now)
            )

        return self._asked(self._stays, sessions.hash_of(secret, cookie=cookie), ask)

    def _asked(
        self, held: "OrderedDict[str, _Held[Found]]", key: str,
        ask: Callable[[datetime], Found | None],
    ) -> Found | None:  # fmt: skip
        """Return what the database says, or said a moment ago."""
        ticks = time.monotonic()
        with self._lock:
            known = held.get(key)
        if known is not None and ticks - known.asked < FRESH_SECONDS:
            return self._unexpired(known.found)
        try:
            found = ask(self.clock())
        except DatabaseUnavailable:
            if known is None or ticks - known.asked > KEPT_SECONDS:
                raise
            return self._unexpired(known.found)
        with self._lock:
            held[key] = _Held(ticks, found)
            while len(held) > MOST:
                held.popitem(last=False)
        return found

    def _unexpired(self, found: Found | None) -> Found | None:
        return found if found is not None and self.clock() < found.expires_at else None

    def touch(self, cookie: str, secret: str, signed: SignedIn | Stay) -> None:
        """Note that a session is in use; a database that is away is met by the figures."""
        with suppress(DatabaseUnavailable):
            sessions.touch(
                self._engine, secret, cookie=cookie, seen=signed.seen_at, now=self.clock()
            )

    def end(self, cookie: str, secret: str, *, actor: Actor | None = None) -> None:
        """End a session, here at once.

        Args:
            cookie: name of its cookie.
            secret: what stands for it.
            actor: whose it is, for somebody from outside.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        sessions.end(self._engine, secret, cookie=cookie, now=self.clock(), actor=actor)
        self.forget()

    def admit(self, cookie: str, secret: str, actor: Actor) -> bool:
        """Let somebody from outside in; False if this very sign-in was brought before.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        done = outside.begin(self._engine, secret, cookie=cookie, actor=actor, now=self.clock())
        self.forget()
        return done

    def refuse(self, actor: Actor, *, reason: str) -> None:
        """Put on record that somebody from outside was not let in.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        outside.refuse(self._engine, actor, reason=reason, now=self.clock())

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
            self._accounts.clear()
            self._stays.clear()

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
