"""Which bulletins there are, who may name which at what moment, and the cube of each.

The heads are read at most every so often and kept while the database is away, like the live cube's
state. Contents never change, so that an opened bulletin stays open.
"""

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from data_access.bulletins import store
from data_access.bulletins.frozen import BulletinDamaged, Frozen, FrozenCube, Hashes, Memory
from data_access.bulletins.model import Bulletin, State, UnknownBulletin
from data_access.bulletins.rules import bulletin_hash
from data_access.clock import Clock
from data_access.codes import Role, to_us
from data_access.cube.source import Cube
from data_access.errors import DatabaseUnavailable
from data_access.reference.places import Areas
from data_access.viewer import Viewer, system_viewer

POLL_SECONDS = 0.5
MAX_OPEN = 8
DRAFT_READERS = frozenset({Role.NATIONAL, Role.STEWARD, Role.ADMIN, Role.PROVINCE, Role.SYSTEM})
"""Roles that may read a bulletin before it is published; a province sees its own part of it."""


class Book:
    """The bulletins of the shared database. Safe between threads.

    Args:
        engine: the shared database.
        clock: what time it is here.
        areas: the live areas.
        poll_seconds: the database is asked for new heads at most this often.
    """

    def __init__(
        self, engine: sa.Engine, clock: Clock, *, areas: Areas, poll_seconds: float = POLL_SECONDS
    ) -> None:
        """Hold what is given; read nothing yet."""
        self.engine = engine
        self.clock = clock
        self.areas = areas
        self.memory = Memory()
        self._poll_seconds = poll_seconds
        self._lock = threading.RLock()
        self._heads: tuple[Bulletin, ...] | None = None
        self._work = ""
        self._polled = float("-inf")
        self._open: OrderedDict[tuple[int, str], tuple[FrozenCube, FrozenCube]] = OrderedDict()

    # --- heads --------------------------------------------------------------------------------

    def heads(self, *, viewer: Viewer) -> tuple[Bulletin, ...]:
        """Return every bulletin in order of number, at most `poll_seconds` old.

        Raises:
            DatabaseUnavailable: if the database does not answer and never did.
        """
        del viewer  # who may name which is decided in `listed`
        with self._lock:
            if self._heads is None or time.monotonic() - self._polled >= self._poll_seconds:
                try:
                    system = system_viewer(self.clock())
                    self._heads = tuple(store.read_heads(self.engine, viewer=system))
                    self._work = store.read_work(self.engine, viewer=system)
                except DatabaseUnavailable:
                    if self._heads is None:
                        raise
                self._polled = time.monotonic()
            return self._heads

    def refresh(self) -> None:
        """Ask the database at the next look, whenever the last one was."""
        with self._lock:
            self._polled = float("-inf")

    def moment(self, viewer: Viewer) -> datetime:
        """Return the moment that decides what is public: ahead of the clock only in rehearsal."""
        return viewer.now if viewer.rehearsal else min(viewer.now, self.clock())

    def published(self, *, viewer: Viewer) -> int | None:
        """Return the latest bulletin that is public and not withdrawn at the viewer's moment.

        The latest is the one of the latest cut-off; of one cut-off, the one cut last.
        """
        now = self.moment(viewer)
        there = [one for one in self.heads(viewer=viewer) if one.is_in_force(now)]
        return max(there, key=lambda one: (one.cut_off, one.number)).number if there else None

    def listed(self, *, viewer: Viewer) -> list[Bulletin]:
        """Return the bulletins that a viewer may name, newest first, as they may see them."""
        shown = (self._shown(one, viewer) for one in reversed(self.heads(viewer=viewer)))
        return [one for one in shown if one is not None]

    def require(self, number: int, *, viewer: Viewer) -> Bulletin:
        """Return a bulletin as a viewer may see it.

        Raises:
            UnknownBulletin: if there is none, or none that they may name: in the same words.
        """
        for one in self.heads(viewer=viewer):
            if one.number == number and (shown := self._shown(one, viewer)) is not None:
                return shown
        raise UnknownBulletin(f"there is no bulletin {number}")

    def _shown(self, one: Bulletin, viewer: Viewer) -> Bulletin | None:
        if not viewer.published_only:
            may = viewer.role in DRAFT_READERS or one.published_at is not None
            return one if may else None
        now = self.moment(viewer)
        if not one.is_public(now):
            return None
        nobody = dict.fromkeys(("cut_by", "approved_by", "published_by", "withdrawn_by"), "")
        shown = replace(one, **nobody)  # type: ignore[arg-type]
        if one.is_in_force(now):
            # From an earlier moment, a later withdrawal has not happened.
            return replace(shown, state=State.PUBLISHED, withdrawn_at=None, withdrawn_reason="")
        return shown

    def mark(self, *, viewer: Viewer) -> str:
        """Return a text that differs whenever a bulletin changed or one became public.

        Also when a change was accepted or a province signed: officers work on it together.
        """
        heads = self.heads(viewer=viewer)
        told = repr([(one.number, one.state, one.public_from, one.withdrawn_at) for one in heads])
        told += self._work
        short = hashlib.sha256(told.encode()).hexdigest()[:8] if heads else "0"
        return f"{self.published(viewer=viewer) or 0}.{short}"

    def public_mark(self, *, viewer: Viewer) -> str:
        """Return a text that differs when what everybody may know of bulletins does, and only then.

        Args:
            viewer: the press.
        """
        now = self.moment(viewer)
        shown = [(one.number, one.state, one.withdrawn_at) for one in self.listed(viewer=viewer)]
        ahead = sorted({one.public_from for one in self.heads(viewer=viewer)
                        if one.public_from is not None and one.public_from > now})  # fmt: skip
        return hashlib.sha256(repr((shown, ahead)).encode()).hexdigest()[:12]

    # --- contents -----------------------------------------------------------------------------

    def reading(self, live: Cube, *, viewer: Viewer) -> tuple[Cube, Viewer]:
        """Return the cube that answers a viewer, and the viewer as it must be asked.

        The live one for whoever names no bulletin; for whoever sees only what was published and
        names none, the latest that is public. Where nothing is, the live cube, which says so.

        Raises:
            UnknownBulletin: if the viewer names one that does not exist for them.
            BulletinDamaged: if it is not what was frozen.
            DatabaseUnavailable: if it must be read and the database does not answer.
        """
        number = viewer.bulletin
        if number is None and viewer.published_only:
            number = self.published(viewer=viewer)
        if number is None:
            return live, viewer
        head = self.require(number, viewer=viewer)
        official, public = self.opened(head, viewer=viewer)
        return (public if viewer.published_only else official), self.seen_by(viewer, head)

    def seen_by(self, viewer: Viewer, head: Bulletin) -> Viewer:
        """Return the viewer as a bulletin's cube must be asked: at its cut-off.

        Never to be given to what reads live tables: what was published shows itself to everybody.
        """
        pinned = viewer.in_bulletin(head.number)
        return replace(pinned, now=head.cut_off, published_only=False, rehearsal=False)

    def frozen(self, number: int, *, viewer: Viewer) -> Frozen:
        """Return what a bulletin holds.

        Raises:
            As `reading`.
        """
        return self.opened(self.require(number, viewer=viewer), viewer=viewer)[0].frozen

    def opened(self, head: Bulletin, *, viewer: Viewer) -> tuple[FrozenCube, FrozenCube]:
        """Return the cube for officials and the one for whoever sees only what was published.

        Raises:
            BulletinDamaged: if it is not what was frozen.
            DatabaseUnavailable: if it must be read and the database does not answer.
        """
        key = (head.number, head.sha256)
        with self._lock:
            if key not in self._open:
                self._open[key] = self._read(head, viewer=system_viewer(viewer.now))
            self._open.move_to_end(key)
            while len(self._open) > MAX_OPEN:
                self._open.popitem(last=False)
            return self._open[key]

    def _read(self, head: Bulletin, *, viewer: Viewer) -> tuple[FrozenCube, FrozenCube]:
        hashes = self.hashes(head.number, viewer=viewer)
        rules = json.loads(head.rules)
        if bulletin_hash(hashes, cut_off=to_us(head.cut_off), rules=rules) != head.sha256:
            raise BulletinDamaged(f"bulletin {head.number} is not what was frozen: run verify")
        return self.cubes((head.number, head.sha256), head.cut_off, hashes)

    def hashes(self, number: int, *, viewer: Viewer) -> Hashes:
        """Return the parts of a bulletin by (kind, measure, month)."""
        return store.cell_hashes(store.read_parts(self.engine, number, viewer=viewer))

    def cubes(
        self,
        name: tuple[int, str],
        cut_off: datetime,
        hashes: Hashes,
        *,
        unwritten: Mapping[str, bytes] | None = None,
    ) -> tuple[FrozenCube, FrozenCube]:
        """Return the cube for officials and the one for whoever sees only what was published.

        Args:
            name: number and hash.
            cut_off: as of when.
            hashes: its parts.
            unwritten: payloads that are not in the database yet.
        """
        system = system_viewer(cut_off)
        given = unwritten or {}

        def fetch(wanted: Iterable[str]) -> Mapping[str, bytes]:
            asked = set(wanted)
            held = {sha: given[sha] for sha in asked & given.keys()}
            return held | store.read_payloads(self.engine, asked - held.keys(), viewer=system)

        frozen = Frozen(
            name, cut_off=cut_off, hashes=hashes, fetch=fetch, known=self.areas, memory=self.memory
        )
        return FrozenCube(frozen, withheld=None), FrozenCube(frozen, withheld=frozen.mask)
