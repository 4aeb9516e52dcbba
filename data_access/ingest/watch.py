"""Takes in the files that arrive in a folder, each once, whatever is killed in between.

Layout, below the watched folder:

    <platform>/<record kind>/<source>/FILE     records (kind `default`: the platform's main kind)
    tables/<name>.toml                         a table mapping
    tables/<name>/FILE                         deliveries read by it

A file is taken in when its size and time stood still between two looks; names that begin with a
dot or end with `.part`, `.tmp` or `.partial` are being written and are left alone. Afterwards it
is moved below `processed/` or `failed/` under the same path. What was taken in but not moved
before a crash is known by its hash in the ledger and only moved.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Origin
from data_access.errors import DataAccessError, DatabaseUnavailable
from data_access.ingest import ledger
from data_access.ingest.intake import Intake
from data_access.ingest.mapping import load_table_mapping
from data_access.reader import read_frame, snapshot
from data_access.viewer import Viewer, system_viewer

PROCESSED, FAILED, TABLES = "processed", "failed", "tables"
MAIN_KIND = "default"
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload")
_PLACES_OF_RECORDS = 4
_PLACES_OF_TABLES = 3

Say = Callable[[str], None]
_Stamp = tuple[int, int]  # size in bytes, time of change in nanoseconds


@dataclass(kw_only=True)
class Watch:
    """A watched folder.

    Attributes:
        folder: where files arrive.
        intake: the gate.
        say: takes one JSON line per file.
    """

    folder: Path
    intake: Intake
    say: Say
    _seen: dict[Path, _Stamp] = field(default_factory=dict)

    def look(self) -> int:
        """Take in every file that stood still since the last look; return how many were moved.

        Raises:
            DatabaseUnavailable: if the database does not answer; the files stay where they are.
        """
        found = {path: _stamp(path) for path in self._arrivals()}
        ready = [path for path, stamp in found.items() if stamp and self._seen.get(path) == stamp]
        self._seen = {path: stamp for path, stamp in found.items() if stamp}
        for path in sorted(ready, key=lambda one: (self._seen[one][1], str(one))):
            self._take(path)
        return len(ready)

    def _arrivals(self) -> Iterator[Path]:
        for path in self.folder.rglob("*"):
            place = path.relative_to(self.folder).parts
            if place[0] in {PROCESSED, FAILED} or any(part.startswith(".") for part in place):
                continue
            if path.suffix.lower() in _UNFINISHED or not path.is_file():
                continue
            if place[0] == TABLES and len(place) < _PLACES_OF_TABLES:
                continue  # the mappings themselves
            yield path

    def _take(self, path: Path) -> None:
        place = path.relative_to(self.folder)
        try:
            told = self._ingest(path, place.parts)
        except DatabaseUnavailable:
            raise
        except DataAccessError as error:
            self._move(path, place, into=FAILED)
            self._tell(place, status="failed", error=" ".join(str(error).split()))
            return
        self._move(path, place, into=PROCESSED)
        self._tell(place, **told)

    def _ingest(self, path: Path, place: tuple[str, ...]) -> dict[str, object]:
        now = self.intake.clock()
        if place[0] == TABLES:
            mapping = self.folder / TABLES / f"{place[1]}.toml"
            source = load_table_mapping(mapping).source
            if batch := self._known(path, origin=Origin.TABLE, source=source):
                return {"status": "known", "batch": batch}
            # A table speaks of the moment it was written, not of the tick.
            told = self.intake.table((path,), mapping=mapping, known_at=now)
            return {"status": "done", **told.as_json()}
        if len(place) != _PLACES_OF_RECORDS:
            raise DataAccessError(
                "a file of records belongs in <platform>/<record kind>/<source>/, "
                "one of a table in tables/<mapping>/"
            )
        platform, kind, source = place[:3]
        if batch := self._known(path, origin=Origin.RECORDS, source=source):
            return {"status": "known", "batch": batch}
        told = self.intake.records(
            path,
            platform=platform,
            kind=None if kind == MAIN_KIND else kind,
            source=source,
            known_at=ledger.stream_moment(now),
        )
        return {"status": "done", **told.as_json()}

    def _known(self, path: Path, *, origin: Origin, source: str) -> int:
        """Return the batch that took in this very file already (name and hash), or 0."""
        sha256, _ = ledger.fingerprint((path,))
        return known_batch(
            self.intake.engine,
            sha256=sha256,
            file_name=path.name,
            source=(source, origin),
            viewer=system_viewer(self.intake.clock()),
        )

    def _move(self, path: Path, place: Path, *, into: str) -> None:
        target = self.folder / into / place
        target.parent.mkdir(parents=True, exist_ok=True)
        number = 2
        while target.exists():
            target = target.with_name(f"{place.stem}-{number}{place.suffix}")
            number += 1
        path.rename(target)
        self._seen.pop(path, None)

    def _tell(self, place: Path, **told: object) -> None:
        self.say(json.dumps({**told, "file": place.as_posix()}, ensure_ascii=False))


def known_batch(
    engine: sa.Engine, *, sha256: str, file_name: str, source: tuple[str, Origin], viewer: Viewer
) -> int:
    """Return the newest batch of a file with this name and hash from a source, or 0.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    batch, named = tables.batch.c, tables.source.c
    query = (
        sa.select(sa.func.coalesce(sa.func.max(batch.batch_id), 0))
        .join_from(tables.batch, tables.source, named.source_id == batch.source_id)
        .where(
            batch.sha256 == sha256,
            batch.file_name == file_name,
            named.name == source[0],
            named.origin == source[1].value,
        )
    )
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, {"batch_id": pl.Int64}, viewer=viewer)
    return int(found["batch_id"][0])


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None  # moved away between the look and the question
    return found.st_size, found.st_mtime_ns
