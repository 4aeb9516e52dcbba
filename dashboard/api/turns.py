"""How many deliveries are taken in at once: few, and none waits in line unseen."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from dashboard.api.refusal import later

PER_TOKEN = 2
AGAIN_S = 5


class Turns:
    """The turns of one process. Safe between threads."""

    def __init__(self, at_once: int, *, per_token: int = PER_TOKEN) -> None:
        """Take how many there are, and how many one token may hold."""
        self._at_once = at_once
        self._per_token = per_token
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def take(self, token_id: str) -> Iterator[None]:
        """Hold a turn.

        Raises:
            Refusal: 429 with Retry-After, if there is none.
        """
        with self._lock:
            if self._held[token_id] >= self._per_token:
                message = f"this token has {self._per_token} deliveries under way; come again"
                raise later(429, "busy", message, seconds=AGAIN_S)
            if self._held.total() >= self._at_once:
                message = "as many deliveries as this server takes are under way; come again"
                raise later(429, "busy", message, seconds=AGAIN_S)
            self._held[token_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._held[token_id] -= 1
                self._held += Counter()  # forget who holds none
