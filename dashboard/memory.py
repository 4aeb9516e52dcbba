"""What a process remembers of what it worked out: the same question is worked out once.

Keys are compared by value, never by a hash of a sample; what is remembered is handed out as it is,
so it must be something that nobody changes (a frame, a tuple, bytes, a frozen object).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


class _Entry:
    """One thing remembered, or on its way."""

    __slots__ = ("done", "made_at", "value")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.value: Any = None
        self.made_at: float | None = None


class Memory:
    """Remembers by key, a bounded number of things a kind. Safe between threads.

    Who asks for what is being worked out just then waits for it, instead of doing it again. What
    failed is not remembered: each of those who waited tries for itself.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Remember nothing yet."""
        self._clock = clock
        self._lock = threading.Lock()
        self._kinds: dict[str, OrderedDict[Hashable, _Entry]] = {}

    def of(
        self, kind: str, key: Hashable, make: Callable[[], T], *, ttl: float, max_entries: int
    ) -> T:
        """Return what is remembered of a key, made where it is not.

        Args:
            kind: what it is; each kind has its own bound.
            key: everything that it depends on.
            make: makes it.
            ttl: seconds after which it is made anew.
            max_entries: of its kind; the least recently used goes first.
        """
        entry, is_mine = self._entry(kind, key, ttl=ttl, max_entries=max_entries)
        if not is_mine:
            entry.done.wait()
            if entry.made_at is not None:
                return cast("T", entry.value)
            return make()
        try:
            entry.value = make()
            entry.made_at = self._clock()
        finally:
            if entry.made_at is None:
                self._forget(kind, key, entry)
            entry.done.set()
        return cast("T", entry.value)

    def _entry(
        self, kind: str, key: Hashable, *, ttl: float, max_entries: int
    ) -> tuple[_Entry, bool]:
        with self._lock:
            held = self._kinds.setdefault(kind, OrderedDict())
            found = held.get(key)
            if found is not None and not self._is_old(found, ttl):
                held.move_to_end(key)
                return found, False
            held[key] = entry = _Entry()
            held.move_to_end(key)
            while len(held) > max_entries:
                held.popitem(last=False)
            return entry, True

    def _is_old(self, entry: _Entry, ttl: float) -> bool:
        return entry.made_at is not None and self._clock() - entry.made_at > ttl

    def _forget(self, kind: str, key: Hashable, entry: _Entry) -> None:
        with self._lock:
            held = self._kinds.get(kind, OrderedDict())
            if held.get(key) is entry:
                del held[key]


class Remembering:
    """The decorator of functions whose answers are remembered.

    Args:
        memory: gives the process's memory.
    """

    def __init__(self, memory: Callable[[], Memory]) -> None:
        """Take where it is kept."""
        self._memory = memory

    def cache_data(
        self, *, ttl: timedelta, max_entries: int
    ) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """Remember the answers of a function by all its arguments; they are keyword-only."""

        def decorate(function: Callable[P, T]) -> Callable[P, T]:
            kind = f"{function.__module__}.{function.__qualname__}"

            @wraps(function)
            def remembered(*args: P.args, **kwargs: P.kwargs) -> T:
                key = (args, tuple(sorted(kwargs.items(), key=lambda pair: pair[0])))
                return self._memory().of(
                    kind, key, lambda: function(*args, **kwargs),
                    ttl=ttl.total_seconds(), max_entries=max_entries,
                )  # fmt: skip

            return remembered

        return decorate
