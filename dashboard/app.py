"""Entry script of every session: texts, menu, page. Served by `dashboard/server.py`."""

import streamlit as st

from dashboard import access, assets, dress, errors, filters, navigation
from dashboard.components import header
from dashboard.metrics import timed_run

st.set_page_config(
    page_title=f"{filters.t('app.name')} · {filters.t('app.tagline')}",
    # An address: a file becomes one of the session, and may be gone when the browser asks for it.
    # Without any, the page's symbol of the menu is taken, and looked for far outside.
    page_icon=assets.ui_url(dress.ICON),
    layout="wide",
    initial_sidebar_state="collapsed",
)
header.logo()
with errors.shown():
    chosen = st.navigation(navigation.menu(filters.translate(), role=access.role()), position="top")
    with timed_run(chosen.url_path or navigation.PAGES[0].key):
        chosen.run()
