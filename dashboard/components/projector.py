"""A screen in a briefing room: large type, no controls, pages that turn by themselves."""

import streamlit as st

from dashboard import access, filters, navigation
from dashboard.components.markup import draw, element
from dashboard.script import loading
from dashboard.view import PROJECTOR

SECONDS = 25
"""How long a page stands."""
_TURN = st.components.v2.component("tuyendau_projector", js=loading("projector.js"))


def is_on() -> bool:
    """Return whether this screen is a projector's."""
    return filters.current().mode == PROJECTOR


def show(key: str) -> None:
    """Mark the page for its large type and start the clock that turns it; nothing otherwise."""
    if not is_on():
        return
    draw(element("span", class_="td-projector", hidden=""))
    said = _TURN(key="projector", data={"page": key, "seconds": SECONDS}, on_turn_change=_nothing)
    if said.turn == key:
        following = navigation.next_projected(key, role=access.current_viewer().role)
        st.switch_page(navigation.streamlit_page(following, title=filters.t(f"{following}.title")))


def _nothing() -> None:
    """Say by being there that the clock may speak; the page that runs next listens."""


def switch() -> None:
    """Offer to become a projector's screen, or to stop being one."""
    on = is_on()
    st.button(
        filters.t("header.projector_off" if on else "header.projector"),
        type="tertiary",
        icon=":material/cancel_presentation:" if on else ":material/present_to_all:",
        help=None if on else filters.t("header.projector_help", n=SECONDS),
        key="projector_switch",
        on_click=_change,
        args=(None if on else PROJECTOR,),
    )


def _change(mode: str | None) -> None:
    filters.change(mode=mode)
