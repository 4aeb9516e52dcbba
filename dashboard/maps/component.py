"""The map as a Streamlit component: paints, plays, and says what was clicked."""

import streamlit as st

from dashboard.script import loading

_MAP = st.components.v2.component("tuyendau_map", js=loading("map.js"), isolate_styles=False)


def paint(packed: bytes, *, key: str) -> None:
    """Draw a map from its packed message; what it says is read with `said`."""
    _MAP(
        key=key,
        data=packed,
        on_selected_change=_nothing,
        on_day_change=_nothing,
        on_ready_change=_nothing,
    )


def said(key: str, name: str) -> str | None:
    """Return what the map last said: `selected` (a code), `day` (ISO), `ready`; None: nothing."""
    state = st.session_state.get(key) or {}
    value = state.get(name)
    return value if isinstance(value, str) else None


def _nothing() -> None:
    """Say by being there that this value may be set; the page reads it when it runs."""
