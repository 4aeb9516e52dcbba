"""Puts on record who looked at what, without a page having to wait for the database.

What a person takes away is written before it is handed over; what is looked at goes to a queue
that a thread empties, so that a page does not stand still while the gate writes. A queue that
cannot be emptied fills up, and then nothing more is shown: what cannot be recorded is not read.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from data_access.audit import Entry, canonical_detail
from data_access.errors import DatabaseUnavailable

LOG = logging.getLogger("tuyendau.audit")
MOST_WAITING, MOST_KNOWN = 10_000, 20_000
GATHER_SECONDS, AGAIN_SECONDS, LAST_SECONDS = 0.2, 1.0, 5.0
Write = Callable[..., None]


class Notebook:
    """What one process puts on record. Safe between threads."""

    def __init__(self, write: Write, *, ticks: Callable[[], float] = time.monotonic) -> None:
        """Hold what is given; nothing is written yet.

        Args:
            write: appends entries to the log, all or none.
            ticks: seconds that never stand still.
        """
        self._write, self._ticks = write, ticks
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._waiting: list[Entry] = []
        self._known: OrderedDict[Hashable, float] = OrderedDict()
        self._wake, self._ended = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def is_due(self, what: Hashable, *, every: float) -> bool:
        """Return whether something was not noted within the last `every` seconds, and note so."""
        now = self._ticks()
        with self._lock:
            last = self._known.get(what)
            if last is not None and now - last < every:
                return False
            self._known[what] = now
            self._known.move_to_end(what)
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return True

    def note(self, entry: Entry) -> None:
        """Have an entry written soon.

        Raises:
            BadUse: if its detail may not be written.
            DatabaseUnavailable: if too many wait already.
        """
        canonical_detail(entry.detail)  # told to whoever wrote the call, not to a thread
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                raise DatabaseUnavailable("the audit log cannot be written")
            self._waiting.append(entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="audit", daemon=True)
                self._thread.start()
        self._wake.set()

    def write_now(self, entry: Entry) -> None:
        """Write an entry before returning.

        Raises:
            DatabaseUnavailable: if it cannot be written; what it stands for is not to be done then.
        """
        self._write(entry)

    def _work(self) -> None:
        while not self._ended.is_set():
            self._wake.wait()
            self._wake.clear()
            self._ended.wait(GATHER_SECONDS)
            while not self.flush() and not self._ended.is_set():
                self._ended.wait(AGAIN_SECONDS)

    def flush(self) -> bool:
        """Write what waits; return whether it went, or nothing waited."""
        with self._turn:  # two at once would write the same rows twice
            with self._lock:
                going = list(self._waiting)
            try:
                if going:
                    self._write(*going)
            except DatabaseUnavailable:
                return False
            except Exception:
                # Not tried again: what is wrong with it stays wrong, and others wait behind it.
                LOG.exception("%d audit rows could not be written", len(going))
            with self._lock:
                del self._waiting[: len(going)]
            return True

    def close(self) -> None:
        """Write what waits, and end."""
        self._ended.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(LAST_SECONDS)
            self.flush()
