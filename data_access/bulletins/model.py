"""What a bulletin is, its states, and the columns of its parts. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import polars as pl

from data_access.errors import BadUse, DataAccessError
from data_access.reader import Schema


class State(StrEnum):
    """Where a bulletin stands in its life."""

    DRAFT = "draft"
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    """What a part holds."""

    CELLS = "cells"
    AREAS = "areas"
    POPULATION = "population"
    SUCCESSION = "succession"
    BORDERS = "borders"
    COUNTRY = "country"
    MEASURES = "measures"
    SOURCES = "sources"
    BREAKDOWNS = "breakdowns"
    BATCHES = "batches"
    MASK = "mask"
    REVISIONS = "revisions"
    PUBLIC_REVISIONS = "public_revisions"


DERIVED = (Kind.REVISIONS, Kind.PUBLIC_REVISIONS)
"""Worked out at publication from two bulletins: kept beside them, not part of their hash."""

FROZEN_CELL: Schema = {
    "day": pl.Date, "area_code": pl.String, "vintage": pl.String, "dims": pl.String,
    "source": pl.String, "origin": pl.String, "value": pl.Float64, "n": pl.Int64,
    "status": pl.Int8, "known_at": pl.Int64, "batch": pl.String,
}  # fmt: skip
"""`batch`: begin of the SHA-256 of the file that brought the cell, as in FROZEN_BATCH."""
CELL_NAME = ("day", "area_code", "vintage", "dims", "source", "origin")
FROZEN_BATCH: Schema = {
    "batch": pl.String, "source": pl.String, "origin": pl.String, "platform": pl.String,
    "file_name": pl.String, "sha256": pl.String, "known_at": pl.Int64,
}  # fmt: skip
FROZEN_SOURCE: Schema = {
    "place": pl.Int32, "source": pl.String, "origin": pl.String, "precedence": pl.Int32,
    "clearance": pl.Int16,
}  # fmt: skip
"""`place`: the order in which sources became known, which decides between equals."""
FROZEN_BREAKDOWN: Schema = {"dims": pl.String, "cut": pl.String}
FROZEN_MEASURE: Schema = {
    "key": pl.String, "kind": pl.String, "unit": pl.String, "platform": pl.String,
    "clearance": pl.Int16, "vi": pl.String, "en": pl.String,
}  # fmt: skip
MASK_SCHEMA: Schema = {
    "measure": pl.String, "day": pl.Date, "area_code": pl.String, "vintage": pl.String,
    "dimension": pl.String, "code": pl.String, "reason": pl.String,
}  # fmt: skip
PART_SCHEMA: Schema = {
    "kind": pl.String, "measure": pl.String, "month": pl.Int32, "sha256": pl.String,
    "n_rows": pl.Int64, "n_bytes": pl.Int64,
}  # fmt: skip
REVISION_SCHEMA: Schema = {
    "measure": pl.String, "day": pl.Date, "area_code": pl.String, "vintage": pl.String,
    "dims": pl.String, "source": pl.String, "origin": pl.String,
    "was": pl.Float64, "was_status": pl.String, "becomes": pl.Float64, "becomes_status": pl.String,
    "change": pl.String, "known_at": pl.Datetime("us", "UTC"), "file": pl.String,
}  # fmt: skip
"""`change`: revised, removed, added (a day that the earlier bulletin already reached)."""
PUBLIC_REVISION_SCHEMA: Schema = {
    "id": pl.String, "level": pl.String, "area_code": pl.String, "area": pl.String,
    "date": pl.Date, "was": pl.Float64, "becomes": pl.Float64, "change": pl.String,
    "source": pl.String, "known_at": pl.Datetime("us", "UTC"), "files": pl.String,
}  # fmt: skip
DIFFERENCE_SCHEMA: Schema = {
    "id": pl.String, "area_code": pl.String, "area": pl.String, "date": pl.Date,
    "kind": pl.String, "was": pl.Float64, "becomes": pl.Float64, "change": pl.Float64,
    "relative": pl.Float64, "out_of_tolerance": pl.Boolean, "score": pl.Float64,
    "note": pl.String, "accepted_by": pl.String,
}  # fmt: skip
"""`kind`: revised, removed, added, or new (a day after the last of the earlier bulletin)."""


@dataclass(frozen=True, kw_only=True)
class Bulletin:
    """A frozen state of the cube.

    Attributes:
        number: 1, 2, 3, ... in the order in which they were cut.
        state: where it stands; a withdrawn one stays readable if it was public before.
        cut_off: instant as of which everything in it was known.
        cut_at: when it was cut.
        cut_by: account that cut it; it may not approve or publish it.
        sha256: of its whole content, in hexadecimal.
        rules: canonical JSON: rule sets with versions, default vintage, version of the program.
        embargo_until: instant from which it is public; None: not published yet.
        supersedes: number of the withdrawn bulletin that it stands for.
        base: number of the bulletin that its revisions are told against.
    """

    number: int
    state: State
    cut_off: datetime
    cut_at: datetime
    cut_by: str
    approved_at: datetime | None
    approved_by: str
    published_at: datetime | None
    published_by: str
    embargo_until: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawn_reason: str
    title_vi: str
    title_en: str
    sha256: str
    supersedes: int | None
    base: int | None
    rules: str

    @property
    def public_from(self) -> datetime | None:
        """When everybody may read it: after publication and embargo; None: no such instant.

        A bulletin that was withdrawn before that instant never becomes public.
        """
        if self.published_at is None or self.embargo_until is None:
            return None
        since = max(self.published_at, self.embargo_until)
        if self.withdrawn_at is not None and self.withdrawn_at <= since:
            return None
        return since

    def is_public(self, now: datetime) -> bool:
        """Return whether everybody may read it at a moment, also if it was withdrawn since."""
        return self.public_from is not None and self.public_from <= now

    def is_in_force(self, now: datetime) -> bool:
        """Return whether it is public at a moment and not withdrawn by then."""
        gone = self.withdrawn_at is not None and self.withdrawn_at <= now
        return self.is_public(now) and not gone


class UnknownBulletin(BadUse):
    """No bulletin of this number exists for the viewer."""


class BulletinRefused(DataAccessError):
    """A step in a bulletin's life that may not be taken; nothing was changed."""
