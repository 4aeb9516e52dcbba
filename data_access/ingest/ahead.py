"""Prepares the next piece while the last one is being worked on, or before anybody works."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
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


@contextmanager
def starting() -> Iterator[Callable[[Iterator[Piece]], Iterator[Piece]]]:
    """Yield what has the first of some pieces made at once, in a thread; the others when asked for.

    One thread makes first pieces in the order they were begun. An error is raised where its piece
    would have come. Whoever leaves the block early waits for the piece that is being made.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="gate-first") as worker:

        def started(pieces: Iterator[Piece]) -> Iterator[Piece]:
            return _after(worker.submit(next, pieces, _NO_MORE), pieces)

        yield started


def _after(coming: Future[object], pieces: Iterator[Piece]) -> Iterator[Piece]:
    first = coming.result()
    if first is not _NO_MORE:
        yield first  # type: ignore[misc]
        yield from pieces
