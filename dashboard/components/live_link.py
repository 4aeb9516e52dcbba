"""The screen's ear: the server nudges it, it draws again the sections whose figures moved."""

import streamlit as st

from dashboard import filters, resources
from dashboard.components import section
from dashboard.live import news_of
from dashboard.script import loading

_LISTEN = st.components.v2.component("tuyendau_live", js=loading("live.js"))


def show() -> None:
    """Listen; a nudge draws the sections of this page again, nothing else."""
    _LISTEN(
        key="live",
        data={"token": news_of(resources.beat()), "language": filters.language()},
        on_moved_change=_moved,
        height=1,
    )


def _moved() -> None:
    if resources.beat().token:
        st.rerun(section.listed())

