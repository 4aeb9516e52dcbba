"""Every page once: where it is, what it is called, who may open it."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from data_access.codes import Role

ROOT = Path(__file__).resolve().parent.parent
EVERYONE = frozenset(set(Role) - {Role.SYSTEM})
WITHOUT_PRESS = EVERYONE - {Role.PRESS}
ADMINISTRATORS = frozenset({Role.ADMIN})


@dataclass(frozen=True, kw_only=True)
class PageEntry:
    """One page.

    Attributes:
        key: name in code; its title is the text `<key>.title`.
        path: address; empty for the first page.
        icon: Material symbol.
        roles: who may open it.
        settled: its figures take seconds to work out: it moves less often than commits do.
        group: heading it stands under in the menu, as in `menu.<group>`; empty: it stands alone.
        projected: whether a projector turns to it by itself.
    """

    key: str
    path: str
    icon: str
    roles: frozenset[Role] = EVERYONE
    settled: bool = False
    group: str = ""
    projected: bool = False

    @property
    def file(self) -> Path:
        """Return the page's file."""
        return ROOT / "pages" / f"{self.key}.py"


COMMAND, PLACES, DATA = "command", "places", "data"
PAGES = (
    PageEntry(key="overview", path="", icon=":material/monitoring:", projected=True),
    PageEntry(key="map", path="map", icon=":material/map:"),
    *(
        PageEntry(
            key=key, path=key, icon=f":material/{icon}:", group=COMMAND, projected=True,
        )
        for key, icon in (
            ("quarantine", "bed"),
            ("testing", "science"),
            ("vaccination", "vaccines"),
            ("tracing", "hub"),
            ("declarations", "assignment"),
            ("checkpoints", "qr_code_scanner"),
            ("response", "timeline"),
        )
    ),
    PageEntry(
        key="levels", path="levels", icon=":material/signal_cellular_alt:", roles=WITHOUT_PRESS,
        group=COMMAND, projected=True,
    ),
    PageEntry(
        key="alerts", path="alerts", icon=":material/notifications:", roles=WITHOUT_PRESS,
        group=COMMAND,
    ),
    PageEntry(
        key="province", path="province", icon=":material/location_city:", group=PLACES,
    ),
    PageEntry(key="open_data", path="open_data", icon=":material/dataset:", group=DATA),
    PageEntry(
        key="compare", path="compare", icon=":material/compare_arrows:", group=PLACES,
    ),
    PageEntry(key="bulletins", path="bulletins", icon=":material/newspaper:", group=DATA),
    PageEntry(
        key="data_sync", path="data_sync", icon=":material/sync_problem:", roles=WITHOUT_PRESS,
        settled=True, group=DATA,
    ),
    PageEntry(
        key="rollout", path="rollout", icon=":material/rocket_launch:", roles=WITHOUT_PRESS,
        settled=True, group=DATA,
    ),
    PageEntry(
        key="needs", path="needs", icon=":material/view_kanban:", roles=WITHOUT_PRESS,
        group=DATA,
    ),
    PageEntry(
        key="scenarios", path="scenarios", icon=":material/query_stats:", roles=WITHOUT_PRESS,
        group=DATA,
    ),
    PageEntry(
        key="administration", path="administration", icon=":material/admin_panel_settings:",
        roles=ADMINISTRATORS, group=DATA,
    ),
)  # fmt: skip


def page(key: str) -> PageEntry:
    """Return the page of that key.

    Raises:
        KeyError: if there is none.
    """
    return {entry.key: entry for entry in PAGES}[key]


def streamlit_page(key: str, *, title: str, listed: bool = True) -> StreamlitPage:
    """Return a page as Streamlit's navigation takes it, a new one for each run.

    One that is not listed has its address all the same.
    """
    # To make one looks its file up on the disk; a copy of one that was never run is the same.
    return copy(_made(key, title, listed=listed))


@cache
def _made(key: str, title: str, *, listed: bool) -> StreamlitPage:
    entry = page(key)
    return st.Page(
        entry.file,
        title=title,
        icon=entry.icon,
        url_path=entry.path or None,
        default=not entry.path,
        visibility="visible" if listed else "hidden",
    )


def menu(t: Callable[..., str], *, role: Role) -> dict[str, list[StreamlitPage]]:
    """Return every page by its heading, with its title in the session's language.

    A page that the role may not open is not listed. It keeps its address: a link to it says so,
    and the page itself asks for the role.
    """
    found: dict[str, list[StreamlitPage]] = {}
    for entry in PAGES:
        heading = t(f"menu.{entry.group}") if entry.group else ""
        found.setdefault(heading, []).append(
            streamlit_page(
                entry.key,
                title=t(f"{entry.key}.title"),
                listed=role in entry.roles,
            )
        )
    return found


def next_projected(key: str, *, role: Role) -> str:
    """Return the page a projector turns to after one, of those the role may open."""
    open_to = [entry.key for entry in PAGES if entry.projected and role in entry.roles]
    place = open_to.index(key) if key in open_to else -1
    return open_to[(place + 1) % len(open_to)] if open_to else key
