"""Gathers the rejected rows of one delivery and has them written before its transaction ends."""

from datetime import datetime
from pathlib import Path

import polars as pl

from data_access.ingest.rejects import write_rejects
from data_access.ingest.seam import REJECTED


class RejectLog:
    """Rejected rows of one delivery. Nothing is written for a delivery without any."""

    def __init__(self, folder: Path, *, file_name: str, received_at: datetime) -> None:
        """Take the folder of reject files and what names this delivery."""
        self._folder = folder
        self._file_name = file_name
        self._received_at = received_at
        self._held: list[pl.DataFrame] = []
        self._written: Path | None = None

    def add(self, rejected: pl.DataFrame) -> None:
        """Take the rejected rows of a chunk (columns of REJECTED)."""
        if rejected.height:
            self._held.append(rejected.select(list(REJECTED)))

    def finish(self) -> str:
        """Write what was gathered and return the path; empty if there was nothing.

        Raises:
            StorageUnavailable: if the folder cannot be written to.
        """
        if self._held:
            self._written = write_rejects(
                pl.concat(self._held),
                folder=self._folder,
                file_name=self._file_name,
                received_at=self._received_at,
            )
        return "" if self._written is None else str(self._written)

    def discard(self) -> None:
        """Remove the file of a delivery whose transaction was rolled back."""
        if self._written is not None:
            self._written.unlink(missing_ok=True)
