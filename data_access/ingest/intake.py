"""The whole gate in two calls, records and tables: for the command line, watch and HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from data_access.clock import Clock
from data_access.contracts.registry import record_kind
from data_access.errors import BadUse, ScopeDenied
from data_access.ingest.cells import read_table
from data_access.ingest.dhis2 import read_dhis2
from data_access.ingest.dhis2_mapping import Dhis2Mapping, load_dhis2_mapping
from data_access.ingest.front import admit_records, load_record_mapping
from data_access.ingest.ledger import Outcome
from data_access.ingest.mapping import load_table_mapping
from data_access.ingest.places import Places
from data_access.ingest.progress import Say, told
from data_access.ingest.pseudonym_keys import mark
from data_access.ingest.readers import FORMATS
from data_access.ingest.records import RecordDelivery, ingest_records
from data_access.ingest.scope import province_numbers
from data_access.ingest.seam import Admitted
from data_access.ingest.tables import TableDelivery, ingest_cells
from data_access.ingest.unbroken import unbroken
from data_access.reference.areas import Areas
from data_access.settings import ROOT

Begin = Callable[[Iterator[Admitted]], Iterator[Admitted]]


def waiting(chunks: Iterator[Admitted]) -> Iterator[Admitted]:
    """Return chunks as they are: each comes about when it is asked for."""
    return chunks


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What the gate needs besides a file.

    Attributes:
        engine: the shared database.
        areas: the country's areas.
        clock: what time it is.
        pseudonym_key: secret that replaces identities; empty where none is set.
        rejects_folder: where files of rejected rows are put.
        progress: told how far a long load of records is; None: nobody asks.
        provinces: codes of the only provinces it takes records of; None: the whole country.
    """

    engine: sa.Engine
    areas: Areas
    clock: Clock
    pseudonym_key: str
    rejects_folder: Path
    progress: Say | None = None
    provinces: frozenset[str] | None = None

    @property
    def zone(self) -> str:
        """Return the time zone whose days count."""
        return self.areas.country.time_zone

    def records(
        self,
        path: Path,
        *,
        platform: str,
        kind: str | None = None,
        source: str,
        fmt: str | None = None,
        mapping: Path | None = None,
        known_at: datetime,
    ) -> Outcome:
        """Take in a file of records: all of it, or nothing.

        Raises:
            BadUse: if platform, kind or format are unknown.
            BadInput: if the file or the mapping cannot be used.
            SettingsError: if the records are about people and there is no pseudonym key.
            DatabaseUnavailable: if the database does not answer.
        """
        return self.begun(
            path, platform=platform, kind=kind, source=source, fmt=fmt, mapping=mapping,
            known_at=known_at,
        )()  # fmt: skip

    def begun(
        self,
        path: Path,
        *,
        platform: str,
        kind: str | None = None,
        source: str,
        fmt: str | None = None,
        mapping: Path | None = None,
        known_at: datetime,
        before: Begin = waiting,
    ) -> Callable[[], Outcome]:
        """Return what takes in a file of records when it is called: all of it, or nothing.

        Arguments and errors are those of `records`; what is wrong with the call is raised here,
        what is wrong with the file when it is taken in. `before` says how the checked chunks come
        about: once they are asked for (`waiting`), or the first from now on, while something else
        is being written (`ahead.starting`).
        """
        declared = record_kind(platform, kind=kind)
        within = None
        if self.provinces is not None:
            within = province_numbers(self.areas, self.provinces)
        chunks = admit_records(
            path,
            declared,
            fmt=_readable(fmt, path),
            record_mapping=None if mapping is None else load_record_mapping(mapping),
            areas=Places(self.areas, within=within),
            known_at=known_at,
            pseudonym_key=self.pseudonym_key,
            zone=self.zone,
        )
        delivery = RecordDelivery(
            path=path,
            platform=platform,
            kind=declared,
            source=source,
            known_at=known_at,
            key_mark=mark(self.pseudonym_key) if declared.has_person else "",
            provinces=within,
        )
        if self.progress is not None:
            chunks = told(chunks, file_name=path.name, say=self.progress)
        return partial(
            ingest_records,
            self.engine,
            delivery,
            chunks=before(chunks),
            clock=self.clock,
            zone=self.zone,
            rejects_folder=self.rejects_folder,
        )

    def table(self, paths: tuple[Path, ...], *, mapping: Path, known_at: datetime) -> Outcome:
        """Take in a table delivery of one or more files: all of it, or nothing.

        Raises:
            BadInput: if a file or the mapping cannot be used.
            DatabaseUnavailable: if the database does not answer.
        """
        self._require_whole_country()
        read_as = load_table_mapping(mapping)
        with unbroken(_named(paths)):
            cells = read_table(paths, read_as, areas=self.areas, known_at=known_at, zone=self.zone)
        delivery = TableDelivery(
            paths=paths,
            source=read_as.source,
            platform=read_as.platform,
            mode=read_as.mode,
            known_at=known_at,
            precedence=read_as.precedence,
            clearance=read_as.clearance,
        )
        return ingest_cells(
            self.engine,
            delivery,
            cells=cells,
            clock=self.clock,
            rejects_folder=self.rejects_folder,
        )

    def dhis2(
        self,
        paths: tuple[Path, ...],
        *,
        source: str,
        mapping: Path | None = None,
        known_at: datetime,
    ) -> Outcome:
        """Take in a delivery of DHIS2 data value sets: all of it, or nothing.

        Raises:
            BadInput: if a file or the mapping cannot be used.
            DatabaseUnavailable: if the database does not answer.
        """
        self._require_whole_country()
        names = Dhis2Mapping() if mapping is None else load_dhis2_mapping(mapping)
        with unbroken(_named(paths)):
            cells, read_as = read_dhis2(
                paths, names, source=source, areas=self.areas, known_at=known_at, zone=self.zone
            )
        delivery = TableDelivery(
            paths=paths,
            source=source,
            platform=read_as.platform,
            mode=read_as.mode,
            known_at=known_at,
            precedence=read_as.precedence,
        )
        return ingest_cells(
            self.engine,
            delivery,
            cells=cells,
            clock=self.clock,
            rejects_folder=self.rejects_folder,
        )

    def _require_whole_country(self) -> None:
        # A snapshot of a table also takes back what it does not name, wherever that lies.
        if self.provinces is not None:
            raise ScopeDenied("tables are taken in for the whole country only")


def _named(paths: tuple[Path, ...]) -> str:
    return ", ".join(path.name for path in paths)


def check_source(source: str) -> str:
    """Return the name of who delivers, trimmed.

    Raises:
        BadUse: if it is empty or holds a mark that separates names in storage.
    """
    if not source.strip():
        raise BadUse("--source must not be empty")
    if any(mark in source for mark in "|=\n\r\t"):
        raise BadUse("--source may not contain | or =")
    return source.strip()


def rejects_folder(engine: sa.Engine) -> Path:
    """Return where files of rejected rows are put: beside a SQLite file, else under var/."""
    url = engine.url
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).resolve().parent / "rejects"
    return ROOT / "var" / "rejects"


def _readable(fmt: str | None, path: Path) -> str | None:
    """Return the format to read by; None leaves it to the file.

    Raises:
        BadUse: if the format is unknown.
    """
    named = (fmt or path.suffix.removeprefix(".")).lower()
    if fmt is not None and named not in FORMATS:
        raise BadUse(f"unknown format {fmt!r}; choose from {', '.join(FORMATS)}")
    return named if fmt is not None else None
