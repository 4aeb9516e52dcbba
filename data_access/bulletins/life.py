"""The life of a bulletin: cut, compared, signed off, approved, published, withdrawn.

Every step is refused by name where it may not be taken, decided on what the bulletin says inside
the transaction that takes it, and written down. Nobody approves or publishes what they cut.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

import polars as pl

from data_access.actor import Actor, viewer_of
from data_access.bulletins import store
from data_access.bulletins.canonical import canonical_json
from data_access.bulletins.checks import (
    ACCEPTERS,
    CUTTERS,
    DECIDERS,
    audited,
    require_accepted,
    require_role,
    require_second,
    require_state,
    text,
)
from data_access.bulletins.freeze import Part, freeze, make_part
from data_access.bulletins.frozen import FrozenCube
from data_access.bulletins.masking import withheld_cells
from data_access.bulletins.model import Bulletin, BulletinRefused, Kind, State
from data_access.bulletins.reading import Reading
from data_access.bulletins.rules import bulletin_hash, rules_of
from data_access.bulletins.verify import verify_content
from data_access.codes import Role, to_day, to_us
from data_access.errors import BadUse, ScopeDenied
from data_access.viewer import Viewer, press_at, system_viewer


class Bulletins(Reading):
    """The bulletins of the shared database and what is done with them. Get it from `Shared`.

    Attributes:
        pack: makes the file of what was published or withdrawn.
    """

    pack: Callable[[Bulletin], None] = staticmethod(lambda _head: None)

    def preview(self, actor: Actor, at: datetime) -> Viewer:
        """Return the press as it will look at a future moment: a rehearsal.

        What is published with an embargo until then is public to this viewer, nothing else.

        Raises:
            ScopeDenied: if the actor may not rehearse.
        """
        require_role(actor, DECIDERS, "rehearse")
        return replace(press_at(at), rehearsal=True)

    # --- the steps ----------------------------------------------------------------------------

    def cut(
        self,
        actor: Actor,
        cut_off: datetime,
        *,
        title_vi: str = "",
        title_en: str = "",
        supersedes: int | None = None,
    ) -> Bulletin:
        """Freeze everything known at a moment as a new draft, and return it.

        Args:
            actor: who cuts; may neither approve nor publish it.
            cut_off: instant as of which; not ahead of the clock.
            title_vi: its Vietnamese title.
            title_en: its English title.
            supersedes: the withdrawn bulletin that it stands for.

        Raises:
            ScopeDenied: if the actor may not cut.
            BadUse: if the moment lies ahead.
            BulletinRefused: if what it stands for has not been withdrawn.
            DatabaseUnavailable: if the database does not answer.
        """
        require_role(actor, CUTTERS, "cut a bulletin")
        now = self._clock()
        if cut_off > now:
            raise BadUse("the cut-off lies ahead: a bulletin freezes what is known")
        system = system_viewer(cut_off)
        if supersedes is not None:
            self._require_withdrawn(supersedes, viewer=system)
        parts = freeze(self._engine, kept=store.read_kept(self._engine, viewer=system),
                       viewer=system)  # fmt: skip
        parts.append(self._mask(parts, cut_off, viewer=system))
        rules = rules_of(self._areas.default_vintage)
        hashes = {part.key: part.sha256 for part in parts}
        sha256 = bulletin_hash(hashes, cut_off=to_us(cut_off), rules=rules)
        head = {
            "state": State.DRAFT.value, "cut_off": to_us(cut_off), "cut_at": to_us(now),
            "cut_by": actor.account, "title_vi": text(title_vi), "title_en": text(title_en),
            "sha256": sha256, "supersedes": supersedes, "rules": canonical_json(rules),
        }  # fmt: skip
        note = partial(audited, actor=actor, what="cut", at=now, sha256=sha256)
        number = store.add(self._engine, head, parts, note=note)
        return self._stands(number)

    def accept(
        self,
        actor: Actor,
        number: int,
        *,
        note: str,
        id: str | None = None,  # noqa: A002 -- the name of the column
        area_code: str | None = None,
        day: date | None = None,
        up_to: float | None = None,
    ) -> int:
        """Accept out-of-tolerance changes of a draft with a note; return how many.

        Args:
            actor: who accepts; a province its own lines.
            number: which bulletin.
            note: why the change is right.
            id: only of this measure or indicator.
            area_code: only of this area.
            day: only of this day.
            up_to: only those without a note that moved at most so many times their tolerance.

        Raises:
            ScopeDenied: if the actor may not accept.
            BadUse: if the note is empty, or no such line is out of tolerance.
            BulletinRefused: if it is no draft any more, or the province has signed its part.
        """
        require_role(actor, ACCEPTERS, "accept a change")
        if not note.strip():
            raise BadUse("an accepted change needs a note that says why it is right")
        now = self._clock()
        lines = self.diff(number, viewer=viewer_of(actor, now=now)).filter("out_of_tolerance")
        for name, wanted in (("id", id), ("area_code", area_code), ("date", day)):
            lines = lines if wanted is None else lines.filter(pl.col(name) == wanted)
        if up_to is not None:
            lines = lines.filter(pl.col("score") <= up_to, pl.col("note") == "")
        if lines.is_empty():
            raise BadUse(f"bulletin {number} has no such change out of tolerance")
        rows = [
            {"id": row["id"], "area_code": row["area_code"], "day": to_day(row["date"]),
             "was": repr(row["was"]), "becomes": repr(row["becomes"]), "note": text(note),
             "accepted_by": actor.account, "accepted_at": to_us(now)}
            for row in lines.iter_rows(named=True)
        ]  # fmt: skip
        system = system_viewer(now)
        owners = self._provinces_of(lines["area_code"].to_list(), number, viewer=system)

        def require(head: Bulletin, signed: frozenset[str]) -> None:
            require_state(head, State.DRAFT, "accept a change of")
            if locked := sorted(owners & signed):
                raise BulletinRefused(f"the province has signed its part: {', '.join(locked)}")

        told = partial(audited, actor=actor, what="accept", at=now, n_lines=len(rows))
        store.accept(self._engine, number, rows, require=require, note=told)
        return len(rows)

    def sign_off(self, actor: Actor, number: int) -> None:
        """Sign a province's own part of a draft; from then on nobody changes what is said of it.

        Raises:
            ScopeDenied: if the actor is no province.
            BulletinRefused: if it is no draft any more, was signed before, or a change of the
                province's own is out of tolerance and not accepted.
        """
        require_role(actor, frozenset({Role.PROVINCE}), "sign off a part")
        if not actor.areas:
            raise ScopeDenied("a province signs off: the account names none")
        now = self._clock()
        own = self.diff(number, viewer=viewer_of(actor, now=now))
        require_accepted(own, number)
        provinces = sorted(actor.areas)

        def require(head: Bulletin, signed: frozenset[str]) -> None:
            require_state(head, State.DRAFT, "sign off a part of")
            if again := sorted(signed & set(provinces)):
                raise BulletinRefused(f"signed off before: {', '.join(again)}")

        note = partial(audited, actor=actor, what="sign_off", at=now, provinces=provinces)
        store.sign(self._engine, number, provinces, by=actor.account, at=now, require=require,
                   note=note)  # fmt: skip

    def approve(self, actor: Actor, number: int, sha256: str) -> Bulletin:
        """Approve a draft, naming its content; return it.

        Raises:
            ScopeDenied: if the actor may not approve.
            BulletinRefused: if the actor cut it, it is no draft, its content is another than the
                one named, or a change out of tolerance has not been accepted.
        """
        require_role(actor, DECIDERS, "approve a bulletin")
        now = self._clock()
        system = system_viewer(now)
        head = self.show(number, viewer=system)
        require_second(head, actor, "approve")
        require_state(head, State.DRAFT, "approve")
        if sha256 != head.sha256:
            raise BulletinRefused(f"bulletin {number} has another content than the one approved")
        if wrong := verify_content(self._engine, head, viewer=system):
            raise BulletinRefused(f"bulletin {number} is not what was cut: {wrong[0]}")
        base = self.base_of(head, viewer=system)
        self._require_mask(head, viewer=system)
        require_accepted(self.diff(number, viewer=system), number)

        def decide(stands: Bulletin) -> dict[str, object]:
            require_state(stands, State.DRAFT, "approve")
            return {"state": State.APPROVED.value, "approved_by": actor.account,
                    "approved_at": to_us(now), "base": base.number if base else None}  # fmt: skip

        note = partial(audited, actor=actor, what="approve", at=now, sha256=sha256)
        store.step(self._engine, number, decide, note=note)
        return self._stands(number)

    def publish(self, actor: Actor, number: int, embargo: datetime | None = None) -> Bulletin:
        """Publish an approved bulletin; it is public from the embargo on, by itself. Return it.

        The revision log is worked out here and kept.

        Args:
            actor: who publishes; not who cut it.
            number: which bulletin.
            embargo: instant from which it is public; None or past: at once.

        Raises:
            ScopeDenied: if the actor may not publish.
            BulletinRefused: if it is not approved, the actor cut it, or another was published
                since its approval, so that it was compared with the wrong one, or since its
                cut, so that it would tell what that one withholds.
        """
        require_role(actor, DECIDERS, "publish a bulletin")
        now = self._clock()
        system = system_viewer(now)
        head = self.show(number, viewer=system)
        require_second(head, actor, "publish")
        require_state(head, State.APPROVED, "publish")
        public_from = max(now, embargo or now)
        base = self._same_base(head, viewer=system)
        if base is not None and (base.public_from or public_from) > public_from:
            raise BulletinRefused(
                f"bulletin {base.number}, which it revises, is under embargo for longer"
            )
        last = self._require_mask(head, viewer=system)
        parts = [] if base is None else self._log_parts(head, base, viewer=system)

        def decide(stands: Bulletin) -> dict[str, object]:
            require_state(stands, State.APPROVED, "publish")
            if stands.sha256 != head.sha256:
                raise BulletinRefused(f"bulletin {number} has changed since")
            self._same_base(stands, viewer=system)
            if self._told_last(viewer=system) != last:
                raise BulletinRefused("another bulletin came out at this moment: publish it again")
            return {"state": State.PUBLISHED.value, "published_by": actor.account,
                    "published_at": to_us(now), "embargo_until": to_us(public_from)}  # fmt: skip

        note = partial(audited, actor=actor, what="publish", at=now, public_from=public_from)
        store.step(self._engine, number, decide, note=note, parts=parts)
        return self._packed(number)

    def withdraw(self, actor: Actor, number: int, reason: str) -> Bulletin:
        """Withdraw a bulletin; if it was public it stays readable, marked. Return it.

        Raises:
            ScopeDenied: if the actor may not withdraw.
            BadUse: if no reason is given.
            BulletinRefused: if it was withdrawn before.
        """
        require_role(actor, DECIDERS, "withdraw a bulletin")
        if not reason.strip():
            raise BadUse("a withdrawal needs its reason")
        now = self._clock()

        def decide(stands: Bulletin) -> dict[str, object]:
            if stands.state is State.WITHDRAWN:
                raise BulletinRefused(f"bulletin {number} was withdrawn before")
            return {"state": State.WITHDRAWN.value, "withdrawn_by": actor.account,
                    "withdrawn_at": to_us(now), "withdrawn_reason": text(reason)}  # fmt: skip

        note = partial(audited, actor=actor, what="withdraw", at=now)
        store.step(self._engine, number, decide, note=note)
        return self._packed(number)

    # --- parts of steps -----------------------------------------------------------------------

    def _packed(self, number: int) -> Bulletin:
        head = self._stands(number)
        self.pack(head)
        return head

    def _stands(self, number: int) -> Bulletin:
        self.book.refresh()
        return self.show(number, viewer=system_viewer(self._clock()))

    def _mask(self, parts: Sequence[Part], cut_off: datetime, *, viewer: Viewer) -> Part:
        """Return the part of the cells that are not for publication: decided once, here."""
        hashes = {part.key: part.sha256 for part in parts}
        unwritten = {part.sha256: part.payload for part in parts if part.payload is not None}
        # Named by its content: what one draft left in memory is no other draft's.
        name = (0, bulletin_hash(hashes, cut_off=to_us(cut_off), rules={}))
        draft, _ = self.book.cubes(name, cut_off, hashes, unwritten=unwritten)
        return self._mask_part(draft, self._told_last(viewer=viewer), viewer=viewer)

    def _mask_part(self, cube: FrozenCube, last: Bulletin | None, *, viewer: Viewer) -> Part:
        before = self.book.opened(last, viewer=viewer)[0].frozen if last else None
        mask = withheld_cells(cube, before, viewer=viewer)
        return make_part(mask, kind=Kind.MASK, kept=store.read_kept(self._engine, viewer=viewer))

    def _told_last(self, *, viewer: Viewer) -> Bulletin | None:
        """Return the bulletin that was published last, withdrawn ones included."""
        # The cut-off may lie before the clock: what was told since is known to whoever reads.
        self.book.refresh()
        told = [one for one in self.book.heads(viewer=viewer) if one.published_at is not None]
        return max(told, key=lambda one: (one.published_at, one.number), default=None)

    def _require_mask(self, head: Bulletin, *, viewer: Viewer) -> Bulletin | None:
        """Return the bulletin published last; the mask must be the one that follows from it.

        Raises:
            BulletinRefused: if another was published since the cut and this one would tell what
                that one withholds.
        """
        last = self._told_last(viewer=viewer)
        if last is None or last.published_at is None or last.published_at < head.cut_at:
            return last  # the mask was decided knowing it
        cube, _ = self.book.opened(head, viewer=viewer)
        part = self._mask_part(cube, last, viewer=system_viewer(head.cut_off))
        if part.sha256 != store.one_of(self.book.hashes(head.number, viewer=viewer), Kind.MASK):
            raise BulletinRefused(
                f"bulletin {head.number} was cut before {last.number} came out, and what the one"
                " withholds could be read off the other: cut it anew"
            )
        return last

    def _require_withdrawn(self, number: int, *, viewer: Viewer) -> None:
        if self.show(number, viewer=viewer).state is not State.WITHDRAWN:
            raise BulletinRefused(f"bulletin {number} has not been withdrawn: nothing replaces it")

    def _same_base(self, head: Bulletin, *, viewer: Viewer) -> Bulletin | None:
        """Return what an approved bulletin was compared with, if it still is what comes before.

        Raises:
            BulletinRefused: if another was published, or that one withdrawn, since.
        """
        self.book.refresh()
        base = self.latest_before(head, viewer=viewer)
        if (base.number if base else None) != head.base:
            raise BulletinRefused(
                f"bulletin {head.number} was compared with another than the last one: cut it anew"
            )
        return base

    def _provinces_of(self, codes: Collection[str], number: int, *, viewer: Viewer) -> set[str]:
        """Return the provinces whose own lines some areas are; the nation is nobody's."""
        geography = self.book.frozen(number, viewer=viewer).geography
        provinces = {one.code for one in geography.places.values() if one.province == one.code}
        return provinces & set(codes)
