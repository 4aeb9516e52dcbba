"""The files of refused rows, to send back to those who delivered: masked as they were written."""

from datetime import date
from pathlib import Path

import polars as pl

from data_access.cube.hot import HotCube
from data_access.errors import BadUse
from data_access.settings import ROOT
from data_access.sync.ledger import Owners, deliveries
from data_access.viewer import Viewer

BEGINNING, END = date(1970, 1, 1), date(2999, 1, 1)


def rejects_folder(cube: HotCube) -> Path:
    """Return where the gate puts files of refused rows: beside a SQLite file, else under var/."""
    url = cube.engine.url
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).resolve().parent / "rejects"
    return ROOT / "var" / "rejects"


def reject_file(
    cube: HotCube, owners: Owners, batch_id: int, *, viewer: Viewer
) -> tuple[str, bytes] | None:
    """Return name and content of a batch's refused rows; None if this machine has no such file.

    Raises:
        BadUse: if there is no such batch in the viewer's scope.
    """
    found = deliveries(cube, owners, viewer=viewer, start=BEGINNING, end=END)
    own = found.filter(pl.col("batch_id") == batch_id)
    if own.is_empty():
        raise BadUse(f"there is no delivery {batch_id} in view")
    # The ledger keeps a name without folder; anything else is no file of the gate.
    name = Path(own["rejects_file"][0]).name
    path = rejects_folder(cube) / name
    return (name, path.read_bytes()) if name and path.is_file() else None
