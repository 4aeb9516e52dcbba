"""Who is looking.

Until there are accounts a demonstration chooses its role on screen; without a demonstration
nobody gets in: fail closed.
"""

import streamlit as st

from dashboard import filters, resources
from dashboard.navigation import page
from data_access.codes import Role
from data_access.errors import ScopeDenied
from data_access.viewer import Viewer, parse_viewer

DEFAULT_ROLE = Role.NATIONAL.value
PROVINCE_PREFIX = f"{Role.PROVINCE.value}:"


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


def require_page(key: str) -> Viewer:
    """Return the viewer of a page.

    Raises:
        ScopeDenied: if their role may not open it.
    """
    entry = page(key)
    viewer = current_viewer(settled=entry.settled)
    if viewer.role not in entry.roles:
        raise ScopeDenied(f"role {viewer.role} may not open the page {key}")
    return viewer


def home(viewer: Viewer) -> str | None:
    """Return the province a viewer is bound to, None for the nation."""
    return None if viewer.everywhere else min(viewer.areas, default=None)


def demo_roles(provinces: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles a demonstration offers."""
    return (DEFAULT_ROLE, *(PROVINCE_PREFIX + code for code in provinces), Role.PRESS.value)


def stop() -> None:
    """End this run of the page."""
    st.stop()
