"""Takes in the files that arrive in a folder, each once, whatever is killed in between.

Layout, below the watched folder:

    <platform>/<record kind>/<source>/FILE     records (kind `default`: the platform's main kind)
    tables/<name>.toml                         a table mapping
    tables/<name>/FILE                         deliveries read by it

A file is taken in when its size and time stood still between two looks; names that begin with a
dot or end with `.part`, `.tmp` or `.partial` are being written and are left alone. Afterwards it
is moved below `processed/` or `failed/` under the same path.

Before a file is taken in, a claim is noted in `.taking/`: which file, and how far the ledger had
come. After a crash the claim tells a file that was taken in but not moved (its batch came after
the claim: it is only moved) from one that was not. A file delivered again on purpose, be it the
same to the byte, has no claim and is taken in.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Origin
from data_access.contracts.registry import record_kind
from data_access.errors import DataAccessError, DatabaseUnavailable, StorageUnavailable
from data_access.ingest import ledger
from data_access.ingest.intake import Intake
from data_access.ingest.mapping import load_table_mapping
from data_access.reader import read_frame, snapshot
from data_access.viewer import Viewer, system_viewer

PROCESSED, FAILED, TABLES = "processed", "failed", "tables"
MAIN_KIND = "default"
_TAKING = ".taking"
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
            StorageUnavailable: if a file of ours cannot be written; they stay, too.
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
        claim = Claim(self.folder, place, stamp=self._seen[path])
        try:
            told = self._ingest(path, place.parts, claim)
        except (DatabaseUnavailable, StorageUnavailable):
            raise
        except DataAccessError as error:
            if not path.exists():  # taken back by whoever put it there
                claim.drop()
                return
            self._move(path, place, into=FAILED)
            claim.drop()
            self._tell(place, status="failed", error=" ".join(str(error).split()))
            return
        self._move(path, place, into=PROCESSED)
        claim.drop()
        self._tell(place, **told)

    def _ingest(self, path: Path, place: tuple[str, ...], claim: "Claim") -> dict[str, object]:
        now = self.intake.clock()
        if place[0] == TABLES:
            mapping = self.folder / TABLES / f"{place[1]}.toml"
            read_as = load_table_mapping(mapping)
            named = Named(Origin.TABLE, read_as.source, read_as.platform, kind="")
            if batch := self._claimed(path, named, claim):
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
        declared = record_kind(platform, kind=None if kind == MAIN_KIND else kind)
        named = Named(Origin.RECORDS, source, platform, kind=declared.name)
        if batch := self._claimed(path, named, claim):
            return {"status": "known", "batch": batch}
        told = self.intake.records(
            path,
            platform=platform,
            kind=declared.name,
            source=source,
            known_at=ledger.stream_moment(now),
        )
        return {"status": "done", **told.as_json()}

    def _claimed(self, path: Path, named: "Named", claim: "Claim") -> int:
        """Return the batch that took a claimed file in before a crash, or 0 with the claim made."""
        viewer = system_viewer(self.intake.clock())
        after = claim.after()
        if after is None:
            claim.make(last_batch(self.intake.engine, sa.true(), viewer=viewer))
            return 0
        sha256, _ = ledger.fingerprint((path,))
        batch, source = tables.batch.c, tables.source.c
        taken = sa.and_(
            batch.batch_id > after,
            batch.sha256 == sha256,
            batch.file_name == path.name,
            batch.platform == named.platform,
            batch.record_kind == named.kind,
            source.name == named.source,
            source.origin == named.origin.value,
        )
        return last_batch(self.intake.engine, taken, viewer=viewer)

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


@dataclass(frozen=True)
class Named:
    """What the ledger calls a delivery."""

    origin: Origin
    source: str
    platform: str
    kind: str


class Claim:
    """A note that a file is being taken in; it outlives the process."""

    def __init__(self, folder: Path, place: Path, *, stamp: _Stamp) -> None:
        """Name the file by its place, size and time: a later file there is another one."""
        name = hashlib.sha256(place.as_posix().encode()).hexdigest()
        self._path = folder / _TAKING / f"{name}.json"
        self._stamp = list(stamp)

    def after(self) -> int | None:
        """Return the ledger's last batch when the claim was made; None if there is no claim."""
        try:
            noted = json.loads(self._path.read_text(encoding="utf-8"))
            return int(noted["after"]) if noted["stamp"] == self._stamp else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def make(self, after: int) -> None:
        """Note the claim, and have it on the disk before anything else happens.

        Raises:
            StorageUnavailable: if the folder cannot be written to.
        """
        partial = self._path.with_suffix(".partial")
        try:
            self._path.parent.mkdir(exist_ok=True)
            with partial.open("w", encoding="utf-8") as file:
                json.dump({"after": after, "stamp": self._stamp}, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as error:
            message = f"the watched folder cannot be written to ({error.strerror})"
            raise StorageUnavailable(message) from error

    def drop(self) -> None:
        """Take the claim back: the file is where it belongs."""
        self._path.unlink(missing_ok=True)


def last_batch(engine: sa.Engine, which: sa.ColumnElement[bool], *, viewer: Viewer) -> int:
    """Return the newest batch of those that a condition names, or 0.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    batch, source = tables.batch.c, tables.source.c
    query = (
        sa.select(sa.func.coalesce(sa.func.max(batch.batch_id), 0))
        .join_from(tables.batch, tables.source, source.source_id == batch.source_id)
        .where(which)
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
