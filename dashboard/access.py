"""Who is looking.

Until there are accounts a demonstration chooses its role on screen; without a demonstration
nobody gets in: fail closed.
"""

from dataclasses import dataclass

import streamlit as st

from dashboard import filters, resources
from dashboard.navigation import page
from data_access.audit import Entry
from data_access.clock import machine_clock
from data_access.codes import Role
from data_access.errors import ScopeDenied
from data_access.viewer import Viewer, parse_viewer

DEFAULT_ROLE = Role.NATIONAL.value
PROVINCE_PREFIX = f"{Role.PROVINCE.value}:"

LOOK_SECONDS, REFUSAL_SECONDS = 300.0, 60.0
"""So long the same look, or the same refusal, of one account is one audit row."""


class NoAccounts(ScopeDenied):
    """There are no accounts yet and this is no demonstration."""


def current_viewer(*, settled: bool = False) -> Viewer:
    """Return who is looking and from which moment.

    `now` stands still between commits, so that a viewer is a good cache key.

    Args:
        settled: look from the moment of pages that move less often.

    Raises:
        NoAccounts: outside a demonstration.
        BadUse: if the address names a role that does not exist.
    """
    if not resources.settings().demo:
        raise NoAccounts("there are no accounts yet: start with TUYENDAU_DEMO=1")
    view = filters.current()
    viewer = parse_viewer(view.role or DEFAULT_ROLE, now=resources.beat(settled=settled).moment)
    return viewer.at(view.as_of) if view.as_of else viewer


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts, for the audit log.

    Attributes:
        account: id of the account, `demo:<role>` in a demonstration, `nobody` without either.
        role: the role they act in.
    """

    account: str
    role: str


def actor() -> Actor:
    """Return who acts in this session. The one place that decides it."""
    if not resources.settings().demo:
        return Actor(account="nobody", role=Role.PRESS.value)
    role = filters.current().role or DEFAULT_ROLE
    return Actor(account=f"demo:{role}", role=role.partition(":")[0])


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
        at=machine_clock(), account=who.account, role=who.role, action=action, object=about,
        detail=detail,
    )  # fmt: skip


def require_page(key: str) -> Viewer:
    """Return the viewer of a page; who is refused is put on record.

    Raises:
        ScopeDenied: if their role may not open it.
    """
    entry = page(key)
    try:
        viewer = current_viewer(settled=entry.settled)
    except NoAccounts:
        note("page.refused", key, every=REFUSAL_SECONDS)
        raise
    if viewer.role not in entry.roles:
        note("page.refused", key, every=REFUSAL_SECONDS)
        raise ScopeDenied(f"role {viewer.role} may not open the page {key}")
    return viewer


def home(viewer: Viewer) -> str | None:
    """Return the province a viewer is bound to, None for the nation."""
    return None if viewer.everywhere else min(viewer.areas, default=None)


def demo_roles(provinces: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles a demonstration offers."""
    offices = (DEFAULT_ROLE, Role.OPERATOR.value)
    return (*offices, *(PROVINCE_PREFIX + code for code in provinces), Role.PRESS.value)


def stop() -> None:
    """End this run of the page."""
    st.stop()
