"""What of a bulletin is everybody's: tables of public figures, and their files."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import polars as pl

from data_access.bulletins.compare import public_ids
from data_access.bulletins.life import Bulletins
from data_access.bulletins.model import Bulletin
from data_access.bulletins.revisions import PUBLIC_LEVELS
from data_access.codes import Clearance, Level
from data_access.cube.hot import HotCube
from data_access.cube.query import Ask, figures
from data_access.cube.source import Cube
from data_access.errors import StorageUnavailable
from data_access.indicators.registry import INDICATORS
from data_access.plain_text import csv_of
from data_access.reader import Schema
from data_access.viewer import Viewer

PUBLIC_TABLE: Schema = {
    "date": pl.Date, "area_code": pl.String, "area": pl.String, "id": pl.String,
    "value": pl.Float64, "status": pl.String, "source": pl.String,
    "known_at": pl.Datetime("us", "UTC"),
}  # fmt: skip


class Figures(Protocol):
    """What gives figures: `shared.Shared`."""

    @property
    def bulletins(self) -> Bulletins:
        """Frozen states."""

    @property
    def cube(self) -> HotCube:
        """The live figures."""


def public_tables(shared: Figures, number: int, *, viewer: Viewer) -> Mapping[str, pl.DataFrame]:
    """Return the public figures of a bulletin by day: level → columns of PUBLIC_TABLE.

    Through the same door as a reader's: clearance, scope and what is withheld are decided there.
    Public measures and indicators; of a level, those that have a figure there at all.

    Args:
        shared: the figures.
        number: which bulletin.
        viewer: the press (`viewer.press_at`), or a rehearsal of it.

    Raises:
        UnknownBulletin: if it is not public at the viewer's moment.
    """
    # Past the answers that the server keeps: millions of rows would push the pages' out.
    cube, press = shared.bulletins.book.reading(shared.cube, viewer=viewer.in_bulletin(number))
    ids = public_ids(cube.state(viewer=press).catalogue)
    return {level.value: _table(cube, ids, level, viewer=press) for level in PUBLIC_LEVELS}


def _table(cube: Cube, ids: list[str], level: Level, *, viewer: Viewer) -> pl.DataFrame:
    frames = [pl.DataFrame(schema=PUBLIC_TABLE)]
    for key in ids:
        found = figures(cube, Ask(ids=(key,), level=level), viewer=viewer)
        told = found.filter(pl.col("value").is_not_null() | (pl.col("status") == "suppressed"))
        if told.height:
            frames.append(told.select(list(PUBLIC_TABLE)))
    return pl.concat(frames).sort("id", "area_code", "date")


def export(shared: Figures, number: int, folder: Path, *, viewer: Viewer) -> dict[str, object]:
    """Write the public figures and revisions of a bulletin as CSV and Parquet, and a manifest.

    Returns the manifest, as `manifest.json` holds it: the bulletin, and of each file its SHA-256.

    Raises:
        UnknownBulletin: if it is not public at the viewer's moment.
        StorageUnavailable: if a file cannot be written.
    """
    head = shared.bulletins.show(number, viewer=viewer)
    tables = dict(public_tables(shared, number, viewer=viewer))
    tables["revisions"] = shared.bulletins.public_revisions(number, viewer=viewer)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = [_written(folder, name, table) for name, table in tables.items()]
        manifest = {**about(head), "files": [one for pair in files for one in pair]}
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        (folder / "manifest.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageUnavailable(f"cannot write into {folder.name}: {error.strerror}") from error
    return manifest


def _written(folder: Path, name: str, table: pl.DataFrame) -> list[dict[str, object]]:
    (folder / f"{name}.csv").write_bytes(csv_of(table))
    table.write_parquet(folder / f"{name}.parquet", compression="zstd")
    listed = []
    for ending in ("csv", "parquet"):
        content = (folder / f"{name}.{ending}").read_bytes()
        listed.append({"name": f"{name}.{ending}", "rows": table.height, "bytes": len(content),
                       "sha256": hashlib.sha256(content).hexdigest()})  # fmt: skip
    return listed


def about(head: Bulletin) -> dict[str, object]:
    """Return what everybody may know of a bulletin, as JSON holds it."""
    moments = {
        name: moment.isoformat() if moment else None
        for name, moment in (
            ("cut_off", head.cut_off),
            ("published_at", head.published_at),
            ("public_from", head.public_from),
            ("withdrawn_at", head.withdrawn_at),
        )
    }
    return {
        "number": head.number, "state": head.state.value, **moments,
        "title_vi": head.title_vi, "title_en": head.title_en, "sha256": head.sha256,
        "supersedes": head.supersedes, "revises": head.base,
        "withdrawn_reason": head.withdrawn_reason, "rules": _public_rules(head),
    }  # fmt: skip


def _public_rules(head: Bulletin) -> dict[str, object]:
    """Return the rules, of the indicators the public ones."""
    rules = json.loads(head.rules)
    known = {key for key, one in INDICATORS.items() if one.clearance == Clearance.PUBLIC}
    kept = {key: version for key, version in rules["indicators"].items() if key in known}
    return {**rules, "indicators": kept}
