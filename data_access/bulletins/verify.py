"""Whether a bulletin is what was frozen: everything hashed again from what is kept."""

import json
from collections.abc import Iterator

import polars as pl
import sqlalchemy as sa

from data_access.bulletins import store
from data_access.bulletins.frozen import BulletinDamaged, content_of
from data_access.bulletins.model import Bulletin
from data_access.bulletins.rules import bulletin_hash
from data_access.codes import to_us
from data_access.viewer import Viewer

_AT_ONCE = 64


def verify_content(engine: sa.Engine, head: Bulletin, *, viewer: Viewer) -> list[str]:
    """Return what of a bulletin is not what was frozen, one line each; empty if all is.

    Args:
        engine: the shared database.
        head: the bulletin.
        viewer: the system.
    """
    parts = store.read_parts(engine, head.number, viewer=viewer)
    hashes = store.cell_hashes(parts)
    wrong = []
    computed = bulletin_hash(hashes, cut_off=to_us(head.cut_off), rules=json.loads(head.rules))
    if computed != head.sha256:
        wrong.append(f"the list of parts hashes to {computed}, not to {head.sha256}")
    return wrong + list(_damaged(engine, parts, viewer=viewer))


def _damaged(engine: sa.Engine, parts: pl.DataFrame, *, viewer: Viewer) -> Iterator[str]:
    for some in parts.iter_slices(_AT_ONCE):
        payloads = store.read_payloads(engine, some["sha256"], viewer=viewer)
        for kind, measure, month, sha256 in some.select(
            "kind", "measure", "month", "sha256"
        ).iter_rows():
            try:
                content_of(payloads.get(sha256), sha256)
            except BulletinDamaged as error:
                yield f"{kind} {measure} {month or ''}: {error}".replace("  ", " ")
