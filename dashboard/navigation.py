"""Every page once: where it is, what it is called, who may open it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from data_access.codes import Role

ROOT = Path(__file__).resolve().parent.parent
EVERYONE = frozenset(set(Role) - {Role.SYSTEM})
WITHOUT_PRESS = EVERYONE - {Role.PRESS}


@dataclass(frozen=True, kw_only=True)
class PageEntry:
    """One page.

    Attributes:
        key: name in code; its title is the text `<key>.title`.
        path: address; empty for the first page.
        icon: Material symbol.
        roles: who may open it.
        settled: its figures take seconds to work out: it moves less often than commits do.
    """

    key: str
    path: str
    icon: str
    roles: frozenset[Role] = EVERYONE
    settled: bool = False

    @property
    def file(self) -> Path:
        """Return the page's file."""
        return ROOT / "pages" / f"{self.key}.py"


PAGES = (
    PageEntry(key="overview", path="", icon=":material/monitoring:"),
    PageEntry(key="map", path="map", icon=":material/map:"),
    PageEntry(key="quarantine", path="quarantine", icon=":material/bed:", roles=WITHOUT_PRESS),
    PageEntry(key="testing", path="testing", icon=":material/science:", roles=WITHOUT_PRESS),
    PageEntry(
        key="vaccination", path="vaccination", icon=":material/vaccines:", roles=WITHOUT_PRESS
    ),
    PageEntry(key="tracing", path="tracing", icon=":material/hub:", roles=WITHOUT_PRESS),
    PageEntry(
        key="declarations", path="declarations", icon=":material/assignment:", roles=WITHOUT_PRESS
    ),
    PageEntry(
        key="checkpoints",
        path="checkpoints",
        icon=":material/qr_code_scanner:",
        roles=WITHOUT_PRESS,
    ),
    PageEntry(key="response", path="response", icon=":material/timeline:", roles=WITHOUT_PRESS),
    PageEntry(
        key="province", path="province", icon=":material/location_city:", roles=WITHOUT_PRESS
    ),
    PageEntry(key="compare", path="compare", icon=":material/compare_arrows:", roles=WITHOUT_PRESS),
    PageEntry(
        key="data_sync",
        path="data_sync",
        icon=":material/sync_problem:",
        roles=WITHOUT_PRESS,
        settled=True,
    ),
    PageEntry(
        key="scenarios", path="scenarios", icon=":material/query_stats:", roles=WITHOUT_PRESS
    ),
)


def page(key: str) -> PageEntry:
    """Return the page of that key.

    Raises:
        KeyError: if there is none.
    """
    return {entry.key: entry for entry in PAGES}[key]


def streamlit_page(key: str, *, title: str) -> StreamlitPage:
    """Return a page as Streamlit's navigation takes it."""
    entry = page(key)
    return st.Page(
        entry.file,
        title=title,
        icon=entry.icon,
        url_path=entry.path or None,
        default=not entry.path,
    )


def menu(t: Callable[..., str]) -> list[StreamlitPage]:
    """Return every page with its title in the session's language.

    Roles are asked for by the page itself: a link to a page that one may not open says so.
    """
    return [streamlit_page(entry.key, title=t(f"{entry.key}.title")) for entry in PAGES]
