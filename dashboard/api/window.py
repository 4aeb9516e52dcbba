"""The window at which everybody reads: threads of its own, a bound on how many and how often.

Neither the event loop nor a page ever waits for whoever reads here.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from dashboard.api.problem import too_many
from dashboard.memory import Memory

THREADS = 4
MOST_WAITING = 1024
BURST, PER_SECOND = 1200, 20.0
MOST_ADDRESSES = 8192
Result = TypeVar("Result")


class Pace:
    """How often an address may ask: so many at once, then so many a second. Safe between threads.

    The address is that of the connection; whatever a request says of itself plays no part.
    """

    def __init__(
        self,
        *,
        burst: int = BURST,
        per_second: float = PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Know nobody yet."""
        self._burst, self._per_second, self._clock = burst, per_second, clock
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count one request.

        Raises:
            Problem: 429 with Retry-After, if the address asked too often.
        """
        now = self._clock()
        with self._lock:
            left, since = self._left.pop(address, (float(self._burst), now))
            left = min(float(self._burst), left + (now - since) * self._per_second)
            allowed = left >= 1.0
            self._left[address] = (left - 1.0 if allowed else left, now)
            while len(self._left) > MOST_ADDRESSES:
                self._left.popitem(last=False)
        if not allowed:
            raise too_many("too many requests from this address; come again in a second", seconds=1)


class Window:
    """One process's window. Safe between threads."""

    def __init__(
        self, *, pace: Pace | None = None, threads: int = THREADS, most: int = MOST_WAITING
    ) -> None:
        """Open it."""
        self.pace = pace or Pace()
        self.memory = Memory()
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="api-public")
        self._most, self._n = most, 0

    async def work(self, call: Callable[[], Result]) -> Result:
        """Return what a call returns, made in a thread of the window.

        Raises:
            Problem: 429, if as many as the window takes are waiting.
        """
        if self._n >= self._most:  # counted on the event loop alone
            raise too_many("as many requests as this server takes are waiting; come again")
        self._n += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._workers, call)
        finally:
            self._n -= 1

    def close(self) -> None:
        """Let the threads end."""
        self._workers.shutdown(wait=True)
