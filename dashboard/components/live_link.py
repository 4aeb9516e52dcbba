"""The screen's ear: the server nudges it, it draws again the sections whose figures moved."""

import streamlit as st

from dashboard import filters, resources
from dashboard.components import section
from dashboard.live import AWAY, news_of
from dashboard.script import loading
from data_access.errors import DataAccessError

_LISTEN = st.components.v2.component("tuyendau_live", js=loading("live.js"))


def show() -> None:
    """Listen; a nudge draws the sections of this page again, nothing else."""
    _LISTEN(
        key="live",
        data={"token": _news(), "language": filters.language()},
        on_moved_change=_moved,
        height=1,
    )


def _news() -> str:
    try:
        return news_of(resources.beat())
    except DataAccessError:
        return AWAY


def _moved() -> None:
    """Draw again what is on screen; a page that could show nothing yet runs as a whole."""
    if section.listed():
        st.rerun(section.listed())
