"""Overview: where do we stand, what changed, what needs a decision."""

import streamlit as st

from dashboard.components import overview, page, press_news

page.opened("overview")
press_news.home_section()
overview.sentence_section()
figures, country = st.columns([7, 5], gap="medium")
with figures:
    overview.cards_section()
with country:
    overview.map_section()
    overview.movements_section()
overview.transmission_section()
overview.freshness_section()
page.closed("overview", "date")
