"""When a server process works alerts out: after figures have moved, and as days fall due."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from data_access.ingest.ledger import stream_moment
from data_access.shared import Shared
from data_access.viewer import system_viewer

AGAIN_SECONDS = 60.0
"""Figures that move all the time are judged once a minute: a day's alarm does not hang on it."""


@dataclass(kw_only=False)
class Watchman:
    """Judges what has come in. One for the process; several processes do not mind each other.

    Attributes:
        shared: the shared database.
    """

    shared: Shared
    _seen: tuple[object, ...] | None = None
    _at: float = float("-inf")
    _turn: Lock = field(default_factory=Lock)

    def follow(self, *, wanted_still: Callable[[], bool] = lambda: True) -> bool:
        """Judge if figures have moved or a quarter of an hour has passed; send what is due.

        Returns:
            Whether anything was judged.

        Raises:
            DatabaseUnavailable: if the database does not answer; it is tried again next time.
        """
        with self._turn:
            is_judged = self._judge(wanted_still)
            self.shared.alerts.send()
            return is_judged

    def _judge(self, wanted_still: Callable[[], bool]) -> bool:
        now = self.shared.clock()
        state = self.shared.cube.state(viewer=system_viewer(now))
        seen = (state.token, stream_moment(now))
        if seen == self._seen or time.monotonic() - self._at < AGAIN_SECONDS:
            return False
        self._at = time.monotonic()
        self.shared.alerts.run(self.shared, wanted_still=wanted_still)
        # What came in during the run has another token, and is for the next time.
        self._seen = seen
        return True
