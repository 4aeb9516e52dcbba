"""What was worked out from one state of the cube, kept for the next question. Pure.

Which source answers a day, which parts make up an area and how a stock adds up from its flows do
not depend on the question's days; they are worked out once per state, not once per question.
"""

import threading
from collections.abc import Callable, Hashable

import polars as pl

MAX_BYTES = 128 * 1024 * 1024


class Kept:
    """Frames by what they were worked out from. Safe between threads; bounded in memory.

    Two threads that miss the same frame both work it out; the frames are equal.

    Args:
        max_bytes: beyond this much all is let go and begun anew.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Keep nothing yet."""
        self._max_bytes = max_bytes
        self._frames: dict[Hashable, pl.DataFrame] = {}
        self._n_bytes = 0
        self._lock = threading.Lock()

    def of(self, what: Hashable, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """Return the frame of a description, worked out by `make` where it is not held.

        Args:
            what: everything that the frame depends on besides the state.
            make: works it out.
        """
        found = self._frames.get(what)
        if found is not None:
            return found
        made = make()
        size = int(made.estimated_size())
        with self._lock:
            if self._n_bytes + size > self._max_bytes:
                self._frames, self._n_bytes = {}, 0
            if what not in self._frames and size <= self._max_bytes:
                self._frames[what] = made
                self._n_bytes += size
        return made

    @property
    def size(self) -> tuple[int, int]:
        """Frames held, and the bytes they take."""
        return len(self._frames), self._n_bytes
