"""Prepares the next piece while the last one is being worked on."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
_NO_MORE = object()


def ahead(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield pieces in their order; the next one is made in a thread of its own meanwhile.

    At most one piece waits, so memory holds two. An error is raised where its piece would have
    come; whoever stops early waits for the piece that is being made, and no more are.
    """
    source = iter(pieces)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="gate-front") as worker:
        coming = worker.submit(next, source, _NO_MORE)
        while (piece := coming.result()) is not _NO_MORE:
            coming = worker.submit(next, source, _NO_MORE)
            yield piece  # type: ignore[misc]
