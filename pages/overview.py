"""Overview: where do we stand, what changed, what needs a decision."""

import streamlit as st

from dashboard.components import overview, page

page.opened("overview")
overview.headline_section()
left, right = st.columns([6, 6], gap="medium")
with left:
    overview.movements_section()
    overview.freshness_section()
with right:
    overview.map_section()
page.closed("overview", "date")
