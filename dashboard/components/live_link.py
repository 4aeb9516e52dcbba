"""The screen's ear: the server nudges it, it draws again the sections whose figures moved."""

import streamlit as st

from dashboard import access, filters, resources
from dashboard.components import section
from dashboard.live import AWAY, news_of, public_news_of
from dashboard.script import loading
from data_access.codes import Role
from data_access.errors import DataAccessError

_LISTEN = st.components.v2.component("tuyendau_live", js=loading("live.js"))


def show() -> None:
    """Listen; a nudge draws the sections of this page again, nothing else.

    When data arrive is for officials: the screens of the press hear of publications alone.
    """
    is_official = access.role() is not Role.PRESS
    _LISTEN(
        key="live",
        data={
            "token": _news(is_official=is_official),
            "key": resources.ear() if is_official else "",
            "language": filters.language(),
        },
        on_moved_change=_moved,
        height=1,
    )


def _news(*, is_official: bool) -> str:
    try:
        return (news_of if is_official else public_news_of)(resources.beat())
    except DataAccessError:
        return AWAY


def _moved() -> None:
    """Draw again what is on screen; a page that could show nothing yet runs as a whole."""
    if section.listed():
        st.rerun(section.listed())
