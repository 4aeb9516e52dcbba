"""Writes the file of refused rows for the people who delivered them. Holds no identity.

The file is written before the transaction commits; if that fails it is a harmless left-over of a
delivery that never happened, and the next attempt writes its own.
"""

import csv
import os
import re
from datetime import datetime
from itertools import islice
from pathlib import Path

import polars as pl

from data_access.errors import StorageUnavailable
from data_access.ingest.seam import REJECTED

_RISKY = ("=", "+", "-", "@", "\t", "\r")
_NAME = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 80


def write_rejects(
    rejected: pl.DataFrame, *, folder: Path, file_name: str, received_at: datetime
) -> Path | None:
    """Write refused rows as CSV that opens in a spreadsheet; None if there are none.

    UTF-8 with byte-order mark; columns row, field, value, reason, vi, en, sorted by row. A value
    that a spreadsheet would run gets an apostrophe in front.

    Args:
        rejected: columns of REJECTED, values masked already.
        folder: made if it is not there.
        file_name: name of the delivered file.
        received_at: moment of the delivery, part of the name.

    Raises:
        StorageUnavailable: if the folder cannot be written to.
    """
    if rejected.is_empty():
        return None
    rows = rejected.select(list(REJECTED)).sort("row_no", "field", "reason", maintain_order=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = _free_path(folder, file_name=file_name, received_at=received_at)
        partial = path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", *list(REJECTED)[1:]])
            for row_no, *texts in rows.iter_rows():
                writer.writerow([row_no, *[_safe(text or "") for text in texts]])
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError as error:
        raise StorageUnavailable(f"the reject file cannot be written ({error.strerror})") from error
    return path


def first_rejects(path: Path, *, most: int) -> list[dict[str, str]]:
    """Return the first rows of a file that `write_rejects` wrote, as it shows them.

    Raises:
        StorageUnavailable: if the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(islice(csv.DictReader(file), most))
    except OSError as error:
        raise StorageUnavailable(f"the reject file cannot be read ({error.strerror})") from error


def _free_path(folder: Path, *, file_name: str, received_at: datetime) -> Path:
    stem = _NAME.sub("_", Path(file_name).name)[:_LONGEST_NAME]
    stamp = f"{received_at:%Y%m%dT%H%M%S}"
    path = folder / f"{stamp}-{stem}-rejects.csv"
    number = 2
    while path.exists():
        path = folder / f"{stamp}-{stem}-rejects-{number}.csv"
        number += 1
    return path


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_RISKY) else text
