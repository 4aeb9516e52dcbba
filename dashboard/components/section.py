"""A part of a page that can be drawn again alone, when figures moved."""

from collections.abc import Callable
from functools import wraps

import streamlit as st

from dashboard import errors, session


def section(key: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Make a function a section: a fragment of its own, its errors shown in its own place.

    It takes no argument: a section drawn again later must look at the present, not at what was
    true when the page was opened.
    """

    def decorate(draw: Callable[[], None]) -> Callable[[], None]:
        @st.fragment(key=key)
        def drawn() -> None:
            with errors.shown(part=True):
                draw()

        @wraps(draw)
        def listed() -> None:
            st.session_state.setdefault(session.SECTIONS, []).append(key)
            drawn()

        return listed

    return decorate


def forget() -> None:
    """Start a new page: no section yet."""
    st.session_state[session.SECTIONS] = []
    st.session_state[session.WHOLE] = False


def complete() -> None:
    """Note that every section of the page has been drawn."""
    st.session_state[session.WHOLE] = True


def listed() -> list[str]:
    """Return the sections of the page on screen; none as long as some are still to be drawn.

    To draw only those again that stand already would end the run that draws the others.
    """
    whole = st.session_state.get(session.WHOLE, False)
    return list(st.session_state.get(session.SECTIONS, [])) if whole else []
