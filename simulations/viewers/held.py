"""What a browser keeps of the messages it was sent, so that they need not be sent again.

A message above a size the server sets is kept by its hash; each question names the hashes kept, and
the server answers with the hash alone where nothing else changed. Source: the forward-message cache
of Streamlit's own client (1.67).
"""

from collections.abc import Collection
from dataclasses import dataclass

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


@dataclass(kw_only=True)
class _Kept:
    message: ForwardMsg
    run: int


class Held:
    """The messages of one session, by hash."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: dict[str, _Kept] = {}
        self._run = 0

    @property
    def hashes(self) -> Collection[str]:
        """The hashes a question names."""
        return self._kept.keys()

    def whole(self, message: ForwardMsg) -> ForwardMsg:
        """Return a message as it is to be shown: itself, or the kept one that it refers to.

        Raises:
            KeyError: if it refers to a message that is not kept.
        """
        if message.WhichOneof("type") == "ref_hash":
            held = self._kept[message.ref_hash]
            held.run = self._run
            return held.message
        if message.metadata.cacheable and message.hash:
            self._kept[message.hash] = _Kept(message=message, run=self._run)
        return message

    def ended(self, fragments: Collection[str], *, most_runs: int) -> None:
        """Note that a run has ended; let go of what was not shown again for some runs.

        Args:
            fragments: the fragments it was about; empty for a whole page.
            most_runs: a message is kept for so many runs; the server says how many.
        """
        self._run += 1
        self._kept = {
            name: one
            for name, one in self._kept.items()
            if self._run - one.run <= most_runs
            or (fragments and one.message.delta.fragment_id not in fragments)
        }
