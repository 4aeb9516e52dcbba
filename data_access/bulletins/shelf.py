"""The file of each bulletin, made once and kept: who asks for it waits for no table.

Made at publication; where that could not be, by whoever asks first. The same bytes ever after,
whichever version of the program serves them.
"""

import hashlib
import threading
from dataclasses import dataclass, replace

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.bulletins.frozen import BulletinDamaged
from data_access.bulletins.model import Bulletin
from data_access.bulletins.package import package
from data_access.bulletins.public import Figures
from data_access.engine import writing
from data_access.errors import DataAccessError
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer, press_at, system_viewer

_MAKING = threading.Lock()
PACKAGE = tables.metadata.tables["bulletin_package"]


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A file: its bytes and their SHA-256."""

    sha256: str
    content: bytes


def name_of(engine: sa.Engine, head: Bulletin, *, viewer: Viewer) -> str | None:
    """Return the SHA-256 of a bulletin's file; None: it has not been made yet.

    Args:
        engine: the shared database.
        head: the bulletin as the viewer sees it.
        viewer: who asks.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    query = sa.select(PACKAGE.c.sha256).where(*_which(head))
    found = _read(engine, query, {"sha256": pl.String}, viewer=viewer)
    return str(found["sha256"][0]) if found.height else None


def file_of(shared: Figures, number: int, *, viewer: Viewer) -> Packed:
    """Return the file of a bulletin, made and kept if it was not.

    Args:
        shared: the figures.
        number: which bulletin.
        viewer: the press, or a rehearsal of it.

    Raises:
        UnknownBulletin: if it is not public at the viewer's moment.
        BulletinDamaged: if it is not what was kept.
        DatabaseUnavailable: if the database does not answer.
    """
    head = shared.bulletins.show(number, viewer=viewer)
    engine = shared.bulletins.book.engine
    kept = _kept(engine, head, viewer=viewer)
    if kept is not None:
        return kept
    with _MAKING:
        # Whoever waited finds it made.
        return _kept(engine, head, viewer=viewer) or _made(shared, head, viewer=viewer)


def _made(shared: Figures, head: Bulletin, *, viewer: Viewer) -> Packed:
    """Make a file, and keep it unless another process was faster."""
    engine, number = shared.bulletins.book.engine, head.number
    content = package(shared, number, viewer=viewer)
    made = Packed(sha256=hashlib.sha256(content).hexdigest(), content=content)
    with writing(engine) as connection:
        there = connection.execute(sa.select(PACKAGE.c.sha256).where(*_which(head))).first()
        if there is None:
            row = {"number": number, "state": head.state.value, "sha256": made.sha256,
                   "n_bytes": len(content), "content": content}  # fmt: skip
            connection.execute(sa.insert(PACKAGE).values(**row))
            return made
    return _kept(engine, head, viewer=viewer) or made


def pack(shared: Figures, head: Bulletin) -> None:
    """Make the file of what was just published or withdrawn; whoever asks first makes it if not.

    Not while the bulletin that it revises is under embargo: were that one withdrawn before it is
    public, nothing might be told of it.
    """
    public, now = head.public_from, shared.bulletins.book.clock()
    if public is None or (head.withdrawn_at is not None and head.withdrawn_at < public):
        return
    press = replace(press_at(max(public, now)), rehearsal=True)
    base = next((one for one in shared.bulletins.list(viewer=system_viewer(now))
                 if one.number == head.base), None)  # fmt: skip
    if base is not None and not base.is_public(now):
        return
    try:
        file_of(shared, head.number, viewer=press)
    except DataAccessError:
        return  # the bulletin is published all the same


def _kept(engine: sa.Engine, head: Bulletin, *, viewer: Viewer) -> Packed | None:
    query = sa.select(PACKAGE.c.sha256, PACKAGE.c.content).where(*_which(head))
    found = _read(engine, query, {"sha256": pl.String, "content": pl.Binary}, viewer=viewer)
    if not found.height:
        return None
    sha256, content = found.row(0)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BulletinDamaged(f"the file of bulletin {head.number} is not what was kept")
    return Packed(sha256=sha256, content=content)


def _which(head: Bulletin) -> tuple[sa.ColumnElement[bool], ...]:
    return PACKAGE.c.number == head.number, PACKAGE.c.state == head.state.value


def _read(
    engine: sa.Engine, query: sa.Select[tuple[object, ...]], schema: Schema, *, viewer: Viewer
) -> pl.DataFrame:
    # Whether the viewer may have it was decided by its head.
    system = system_viewer(viewer.now)
    with snapshot(engine, viewer=system) as connection:
        return read_frame(connection, query, schema, viewer=system)
