"""Where bodies lie while they are taken in: a folder of this process, readable by it alone.

A body holds people's names until the gate has read it, so nothing may stay: each delivery's folder
goes when it ends, and what a killed process left is swept by the next one. A lock says which
folders still belong to somebody alive; the system lets go of it with the process.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "tuyendau-upload-"
_LOCK = "alive"


class Holding:
    """The folder of one process."""

    def __init__(self, parent: Path | None = None) -> None:
        """Sweep what dead processes left and make a folder of our own (default: below tmp)."""
        parent = parent or Path(tempfile.gettempdir())
        sweep(parent)
        made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=parent))
        self._lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        # It gets the name that a sweep looks for only once it is locked.
        self.folder = made.rename(parent / made.name.removeprefix("."))

    @contextmanager
    def delivery(self) -> Iterator[Path]:
        """Yield an empty folder for one delivery and remove it afterwards."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            yield Path(name)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def sweep(parent: Path) -> None:
    """Remove the folders of processes that are no more."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:
            continue  # another account's
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # somebody is alive
        finally:
            os.close(lock)
