"""Who is looking: an account, somebody from the institution's sign-in, a demonstration's choice.

In that order; nobody of these is the press, which needs no account. Nothing in an address makes
a role outside a demonstration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard import claims, filters, resources
from dashboard.navigation import page
from dashboard.signin import cookies
from data_access.actor import Actor
from data_access.audit import Entry
from data_access.bulletins.checks import DECIDERS
from data_access.clock import machine_clock
from data_access.codes import Role
from data_access.errors import DataAccessError, ScopeDenied
from data_access.viewer import Viewer, make_viewer, parse_viewer

DEFAULT_ROLE = Role.NATIONAL.value
PROVINCE_PREFIX = f"{Role.PROVINCE.value}:"
EXPIRED, MUST_CHANGE, NO_ROLE = "expired", "finish", "no_role"
NOBODY = "nobody"
LOOK_SECONDS, REFUSAL_SECONDS = 300.0, 60.0
"""So long the same look, or the same refusal, of one account is one audit row."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who is looking.

    Attributes:
        role: the role they look in.
        areas: codes of the provinces they see.
        account_id: id of whoever is signed in; empty for nobody.
        name: their name; empty for nobody.
        chooses: whether they choose a role on screen, as in a demonstration.
        note: `expired` if their session is over, `finish` if their password must be changed first,
            `no_role` if the institution's own sign-in knows them, but no role follows.
    """

    role: Role
    areas: frozenset[str] = frozenset()
    account_id: str = ""
    name: str = ""
    chooses: bool = False
    note: str = ""

    @property
    def is_signed_in(self) -> bool:
        """Whether they are known by name."""
        return bool(self.account_id)

    @property
    def actor(self) -> Actor:
        """Who acts when they do.

        Raises:
            ScopeDenied: if nobody is signed in.
        """
        if not self.is_signed_in:
            raise ScopeDenied("whoever changes anything signs in first")
        return Actor(account=self.account_id, role=self.role, areas=self.areas)

    @property
    def player(self) -> Actor:
        """Who acts, a demonstration's chosen role included.

        Raises:
            ScopeDenied: if nobody is signed in, and this is no demonstration.
        """
        if not self.chooses:
            return self.actor
        name = ":".join((self.role.value, *sorted(self.areas)))
        return Actor(account=f"demo:{name}", role=self.role, areas=self.areas)


def identity() -> Identity:
    """Return who is looking at this moment.

    Raises:
        DatabaseUnavailable: if a session has to be looked up and the database does not answer.
        BadUse: if the address of a demonstration names a role that does not exist.
    """
    name, secret = cookies.session_of(_cookies())
    found = resources.office().find(name, secret) if secret else None
    if found is not None and not found.account.must_change:
        account = found.account
        return Identity(
            role=account.role, areas=account.areas, account_id=account.account_id,
            name=account.name,
        )  # fmt: skip
    if found is not None:
        return Identity(role=Role.PRESS, name=found.account.name, note=MUST_CHANGE)
    outside = _outsider()
    if outside is not None:
        return outside
    note = EXPIRED if secret else ""
    if not resources.settings().demo:
        return Identity(role=Role.PRESS, note=note)
    chosen = parse_viewer(filters.current().role or DEFAULT_ROLE, now=resources.beat().moment)
    return Identity(role=chosen.role, areas=chosen.areas, chooses=True, note=note)


def _cookies() -> Mapping[str, str]:
    return st.context.cookies


def _claims() -> Mapping[str, Any]:
    """Return what the institution's sign-in says; empty where it is not set up."""
    return st.user.to_dict()


def _outside() -> claims.Outsider | None:
    """Return whom the institution's own sign-in names; None where it is not set up."""
    found = resources.institution() if resources.settings().claims else None
    said = _claims() if found else {}
    if found is None or not said.get("is_logged_in"):
        return None
    return claims.outsider(
        said, found.chart, resources.trust(found), now=resources.office().clock()
    )


def _outsider() -> Identity | None:
    known = _outside()
    if known is None:
        return None
    if not known.is_known:
        return Identity(role=Role.PRESS, name=known.name, note=NO_ROLE)
    # The cookie alone opens nothing: its session may have ended here, or in another tab.
    stay = resources.office().find_stay(cookies.INSTITUTION, known.stamp)
    if known.is_over or stay is None or stay.account_id != known.account_id:
        return Identity(role=Role.PRESS, note=EXPIRED)
    return Identity(
        role=known.role, areas=known.areas, account_id=known.account_id, name=known.name
    )


def role() -> Role:
    """Return the role of whoever is looking; the press if that cannot be found out."""
    try:
        return identity().role
    except DataAccessError:
        return Role.PRESS


def opened() -> None:
    """Note that whoever is signed in opened a page: their session is in use.

    A nudge that draws sections again is no use of it.
    """
    name, secret = cookies.session_of(_cookies())
    office, outside = resources.office(), None if secret else _outside()
    found = office.find(name, secret) if secret else None
    if found is not None:
        office.touch(name, secret, found)
    stay = office.find_stay(cookies.INSTITUTION, outside.stamp) if outside else None
    if outside is not None and stay is not None:
        office.touch(cookies.INSTITUTION, outside.stamp, stay)


def current_viewer(*, settled: bool = False) -> Viewer:
    """Return who is looking and from which moment.

    `now` stands still between commits, so that a viewer is a good cache key.

    Args:
        settled: look from the moment of pages that move less often.

    Raises:
        DatabaseUnavailable: if a session has to be looked up and the database does not answer.
        BadUse: if the address of a demonstration names a role that does not exist.
    """
    viewer, view = present_viewer(settled=settled), filters.current()
    if view.bulletin:
        viewer = viewer.in_bulletin(view.bulletin)
    elif view.as_of:
        viewer = viewer.at(view.as_of)
    return resources.shared().pinned(viewer)


def present_viewer(*, settled: bool = False) -> Viewer:
    """Return who is looking, whatever bulletin or moment their screen is at.

    In a rehearsal it is the press at the moment rehearsed.

    Raises:
        As `current_viewer`.
    """
    who, view = identity(), filters.current()
    if view.role and not who.chooses:
        view = filters.change(role=None)
    if view.rehearse and who.role not in DECIDERS:
        view = filters.change(rehearse=None)
    if view.rehearse:
        return resources.shared().bulletins.preview(who.player, view.rehearse)
    return make_viewer(who.role, areas=who.areas, now=resources.beat(settled=settled).moment)


def actor() -> Actor:
    """Return who acts in this session, for the audit log: nobody is somebody here."""
    who = identity()
    if who.chooses or who.is_signed_in:
        return who.player
    return Actor(account=NOBODY, role=who.role)


def note(action: str, about: str, *, every: float = LOOK_SECONDS, **detail: str) -> None:
    """Put on record that whoever looks did something; the same again soon is the same row.

    By account, not by session: loading a page anew is a new session. Network addresses play no
    part: whoever sends requests can write any into them.

    Raises:
        DatabaseUnavailable: if nothing more can be recorded; nothing is to be shown then.
    """
    book, who = resources.notebook(), actor()
    if book.is_due((who, action, about, *detail.items()), every=every):
        book.note(entry_of(action, about, who=who, **detail))


def entry_of(action: str, about: str, *, who: Actor, **detail: str) -> Entry:
    """Return an audit row, now: real time, whatever moment a rehearsal is at."""
    return Entry(
        at=machine_clock(), account=who.account, role=who.role.value, action=action, object=about,
        detail=detail,
    )  # fmt: skip


def require_page(key: str) -> Viewer:
    """Return the viewer of a page; who is refused is put on record.

    Raises:
        ScopeDenied: if their role may not open it.
    """
    entry = page(key)
    viewer = current_viewer(settled=entry.settled)
    if viewer.role not in entry.roles:
        note("page.refused", key, every=REFUSAL_SECONDS)
        raise ScopeDenied(f"role {viewer.role} may not open the page {key}")
    return viewer


def home(viewer: Viewer) -> str | None:
    """Return the province a viewer is bound to, None for the nation."""
    return None if viewer.everywhere else min(viewer.areas, default=None)


def demo_roles(provinces: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles a demonstration offers."""
    others = (Role.STEWARD, Role.OPERATOR, Role.ADMIN, Role.PRESS)
    return (DEFAULT_ROLE, *(PROVINCE_PREFIX + code for code in provinces), *others)


def stop() -> None:
    """End this run of the page."""
    st.stop()
