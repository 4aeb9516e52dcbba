"""What may be read of bulletins: heads, parts, differences, sign-offs and the revision log."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access.bulletins import revisions as log
from data_access.bulletins import store
from data_access.bulletins.book import POLL_SECONDS, Book
from data_access.bulletins.compare import Side, differences
from data_access.bulletins.freeze import Part, make_part
from data_access.bulletins.frozen import content_of
from data_access.bulletins.model import (
    DIFFERENCE_SCHEMA,
    PUBLIC_REVISION_SCHEMA,
    REVISION_SCHEMA,
    Bulletin,
    Kind,
    State,
)
from data_access.bulletins.tolerances import read_tolerances
from data_access.bulletins.verify import verify_content
from data_access.clock import Clock
from data_access.codes import Level
from data_access.errors import ScopeDenied
from data_access.reference.places import Areas
from data_access.viewer import Viewer, press_at, system_viewer

MAX_DIFFERENCES = 8
"""Pairs of bulletins whose differences are kept, each as one reader sees them."""


class Reading:
    """The bulletins of the shared database as they may be read. See `life.Bulletins`.

    Args:
        engine: the shared database.
        clock: what time it is here.
        areas: the live areas.
        tolerances: file of tolerances; None: those that ship with the program.
        poll_seconds: the database is asked for new heads at most this often.
    """

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        *,
        areas: Areas,
        tolerances: Path | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """Hold what is given; read nothing yet."""
        self.book = Book(engine, clock, areas=areas, poll_seconds=poll_seconds)
        self.tolerances = read_tolerances(tolerances)
        self._lock = threading.Lock()
        self._differences: OrderedDict[Hashable, pl.DataFrame] = OrderedDict()
        self._engine = engine
        self._clock = clock
        self._areas = areas

    # --- reading ------------------------------------------------------------------------------

    def list(self, *, viewer: Viewer) -> Sequence[Bulletin]:
        """Return the bulletins that a viewer may name, newest first."""
        return self.book.listed(viewer=viewer)

    def show(self, number: int, *, viewer: Viewer) -> Bulletin:
        """Return a bulletin.

        Raises:
            UnknownBulletin: if there is none, or none that the viewer may name.
        """
        return self.book.require(number, viewer=viewer)

    def coming(self, *, viewer: Viewer) -> Sequence[datetime]:
        """Return when what is published under embargo becomes public, the next first.

        Moments alone, for everybody: no number, no title, no figure.
        """
        now = self.book.moment(viewer)
        since = (one.public_from for one in self.book.heads(viewer=viewer))
        return sorted({moment for moment in since if moment is not None and moment > now})

    def parts(self, number: int, *, viewer: Viewer) -> pl.DataFrame:
        """Return the parts of a bulletin: columns of PART_SCHEMA.

        Of measures that the viewer may know of; the others do not exist for them.

        Raises:
            UnknownBulletin: as `show`.
        """
        self.show(number, viewer=viewer)
        found = store.read_parts(self._engine, number, viewer=system_viewer(viewer.now))
        measures = self.book.frozen(number, viewer=viewer).state.catalogue.measures
        known = [key for key, one in measures.items() if one.clearance <= viewer.clearance]
        return found.filter(pl.col("measure").is_in(["", *known]))

    def verify(self, number: int, *, viewer: Viewer) -> Sequence[str]:
        """Return what of a bulletin is not what was frozen, one line each; empty if all is.

        Raises:
            UnknownBulletin: as `show`.
            ScopeDenied: for whoever sees only what was published: it reads everything there is.
            DatabaseUnavailable: if the database does not answer.
        """
        head = self.show(number, viewer=viewer)
        if viewer.published_only:
            raise ScopeDenied(f"role {viewer.role} may not verify a bulletin")
        return verify_content(self._engine, head, viewer=system_viewer(viewer.now))

    def diff(self, number: int, *, viewer: Viewer) -> pl.DataFrame:
        """Return what moved against the latest published bulletin: columns of DIFFERENCE_SCHEMA.

        Out of tolerance first; with the note of whoever accepted a change. Empty for the first.

        Raises:
            UnknownBulletin: as `show`.
        """
        head = self.show(number, viewer=viewer)
        base = self.base_of(head, viewer=viewer)
        if base is None or viewer.is_blind:
            return pl.DataFrame(schema=DIFFERENCE_SCHEMA)
        found = self._moved(head, base, viewer=viewer)
        system = system_viewer(viewer.now)
        return _with_notes(found, store.read_accepted(self._engine, number, viewer=system))

    def _moved(self, head: Bulletin, base: Bulletin, *, viewer: Viewer) -> pl.DataFrame:
        """Return what moved between two bulletins, worked out once: neither ever changes."""
        key = (head.sha256, base.sha256, viewer.areas, viewer.everywhere, viewer.clearance,
               viewer.published_only)  # fmt: skip
        with self._lock:
            if key not in self._differences:
                new, old = self._side(head, viewer=viewer), self._side(base, viewer=viewer)
                self._differences[key] = differences(new, old, tolerances=self.tolerances)
            self._differences.move_to_end(key)
            while len(self._differences) > MAX_DIFFERENCES:
                self._differences.popitem(last=False)
            return self._differences[key]

    def work_mark(self, number: int, *, viewer: Viewer) -> str:
        """Return a text that differs whenever a bulletin's notes or sign-offs do."""
        self.show(number, viewer=viewer)
        system = system_viewer(viewer.now)
        accepted = store.read_accepted(self._engine, number, viewer=system)
        signed = store.read_signed(self._engine, number, viewer=system)
        told = repr((sorted(accepted.rows()), sorted(signed.rows())))
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def signed(self, number: int, *, viewer: Viewer) -> pl.DataFrame:
        """Return who signed a bulletin: province, sha256, signed_by, signed_at (µs UTC)."""
        self.show(number, viewer=viewer)
        return store.read_signed(self._engine, number, viewer=viewer)

    def unsigned(self, number: int, *, viewer: Viewer) -> Sequence[str]:
        """Return the codes of the provinces that have not signed; approval does not wait."""
        self.show(number, viewer=viewer)
        system = system_viewer(viewer.now)
        signed = set(store.read_signed(self._engine, number, viewer=system)["province"])
        frozen = self.book.frozen(number, viewer=viewer)
        zone = self._areas.country.time_zone
        day = frozen.cut_off.astimezone(ZoneInfo(zone)).date()
        there = frozen.geography.areas
        provinces = there.at(Level.PROVINCE.value, there.vintage_on(day))["code"].to_list()
        return [code for code in provinces if code not in signed and viewer.may_see(code)]

    def revisions(self, number: int, *, viewer: Viewer) -> pl.DataFrame:
        """Return the cells that changed since the bulletin before: columns of REVISION_SCHEMA.

        Nothing for whoever sees only what was published: see `public_revisions`.

        Raises:
            UnknownBulletin: as `show`.
        """
        head = self.show(number, viewer=viewer)
        nothing = pl.DataFrame(schema=REVISION_SCHEMA)
        if viewer.is_blind:
            return nothing
        found = self._written(head, Kind.REVISIONS, viewer=viewer)
        if found is None:
            base = self.base_of(head, viewer=viewer)
            found = nothing if base is None else self._revised(head, base, viewer=viewer)
        return log.scoped(found, self._side(head, viewer=viewer), viewer=viewer)

    def public_revisions(self, number: int, *, viewer: Viewer) -> pl.DataFrame:
        """Return the public figures that changed: columns of PUBLIC_REVISION_SCHEMA.

        Only between two bulletins that are both public at the viewer's moment.

        Raises:
            UnknownBulletin: as `show`.
        """
        head = self.show(number, viewer=viewer)
        found = self._written(head, Kind.PUBLIC_REVISIONS, viewer=viewer)
        if found is None or head.base is None:
            return pl.DataFrame(schema=PUBLIC_REVISION_SCHEMA)
        if viewer.published_only:
            # One that was withdrawn before its embargo never was public: nothing is told of it.
            known = {one.number for one in self.list(viewer=viewer)}
            if head.base not in known:
                return found.clear()
        return found

    # --- sides --------------------------------------------------------------------------------

    def base_of(self, head: Bulletin, *, viewer: Viewer) -> Bulletin | None:
        """Return the bulletin that a bulletin is compared with.

        That noted when it was approved, else the latest published one before it; none for the
        first. One that was withdrawn since is no base for a new one.
        """
        heads = self.book.heads(viewer=viewer)
        if head.state is not State.DRAFT:
            return next((one for one in heads if one.number == head.base), None)
        return self.latest_before(head, viewer=viewer)

    def latest_before(self, head: Bulletin, *, viewer: Viewer) -> Bulletin | None:
        """Return the latest published bulletin that comes before one in the order of cut-offs."""
        before = [
            one
            for one in self.book.heads(viewer=viewer)
            if one.state is State.PUBLISHED
            and (one.cut_off, one.number) < (head.cut_off, head.number)
        ]
        return max(before, key=lambda one: (one.cut_off, one.number), default=None)

    def _side(self, head: Bulletin, *, viewer: Viewer) -> Side:
        """Return a bulletin as a viewer sees it, whoever else may not name it."""
        official, public = self.book.opened(head, viewer=viewer)
        return Side(
            cube=public if viewer.published_only else official,
            viewer=self.book.seen_by(viewer, head),
            hashes=self.book.hashes(head.number, viewer=system_viewer(viewer.now)),
        )

    def _revised(self, head: Bulletin, base: Bulletin, *, viewer: Viewer) -> pl.DataFrame:
        """Return the whole log by cell between two bulletins."""
        at_cut = system_viewer(head.cut_off)

        def endings(measure: str, month: int) -> pl.DataFrame:
            return log.ended_cells(self._engine, measure, month, viewer=at_cut)

        new, old = self._side(head, viewer=viewer), self._side(base, viewer=viewer)
        return log.cell_revisions(new, old, endings=endings)

    def _log_parts(self, head: Bulletin, base: Bulletin, *, viewer: Viewer) -> Sequence[Part]:
        """Return the two logs of a bulletin as parts of it."""
        cells = self._revised(head, base, viewer=viewer)
        press = press_at(viewer.now)
        new, old = self._side(head, viewer=press), self._side(base, viewer=press)
        kept = store.read_kept(self._engine, viewer=viewer)
        public = log.public_revisions(new, old, cells)
        return [
            make_part(cells, kind=Kind.REVISIONS, kept=kept),
            make_part(public, kind=Kind.PUBLIC_REVISIONS, kept=kept),
        ]

    def _written(self, head: Bulletin, kind: Kind, *, viewer: Viewer) -> pl.DataFrame | None:
        """Return a log as it was kept at publication; None if there is none."""
        system = system_viewer(viewer.now)
        sha256 = store.one_of(self.book.hashes(head.number, viewer=system), kind)
        if sha256 is None:
            return None
        payloads = store.read_payloads(self._engine, [sha256], viewer=system)
        return content_of(payloads.get(sha256), sha256)


def _with_notes(found: pl.DataFrame, accepted: pl.DataFrame) -> pl.DataFrame:
    """Return differences with the note of whoever accepted exactly this change."""
    said = accepted.select(
        "id", "area_code", pl.col("day").cast(pl.Date).alias("date"), "was", "becomes",
        pl.col("note").alias("said"), pl.col("accepted_by").alias("by"),
    )  # fmt: skip
    texts = [pl.col(name).map_elements(repr, return_dtype=pl.String, skip_nulls=False)
             .alias(f"{name}_text") for name in ("was", "becomes")]  # fmt: skip
    joined = found.with_columns(texts).join(
        said,
        left_on=["id", "area_code", "date", "was_text", "becomes_text"],
        right_on=["id", "area_code", "date", "was", "becomes"],
        how="left",
        maintain_order="left",
    )
    return joined.with_columns(
        note=pl.col("said").fill_null(""), accepted_by=pl.col("by").fill_null("")
    ).select(list(DIFFERENCE_SCHEMA))
