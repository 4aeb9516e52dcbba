"""What stands between a file and a reader that breaks on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from polars.exceptions import PanicException

from data_access.errors import BadInput

BROKE = "the reader broke on a value in it; nothing of it was taken in"


@contextmanager
def unbroken(name: str) -> Iterator[None]:
    """Turn a panic of Polars into an error about the file that was being read.

    A panic is no `Exception`: it would pass every place that stops one, and a watched folder would
    be stopped by the same file again and again.

    Raises:
        BadInput: naming the file.
    """
    try:
        yield
    except PanicException as panic:
        raise BadInput(f"{name}: {BROKE}") from panic
