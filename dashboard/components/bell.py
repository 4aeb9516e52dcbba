"""The bell: how many alerts are open, on every page of whoever may see them."""

import streamlit as st

from dashboard import formatting, loaders_alerts, navigation
from dashboard.context import Context
from data_access.errors import DatabaseUnavailable

PAGE = "alerts"


def show(seen: Context) -> None:
    """Draw the bell beside the line under the title; none while nobody knows the number.

    That the database is away stands in the same part of the page, and is not kept from it by us.
    """
    if seen.viewer.role not in navigation.page(PAGE).roles:
        return
    try:
        token = loaders_alerts.mark(seen.token, viewer=seen.viewer)
        n_open, n_serious = loaders_alerts.counts(viewer=seen.viewer, token=token)
    except DatabaseUnavailable:
        return
    number = formatting.number(n_open, language=seen.language)
    with st.container(width="content", key="td_bell_serious" if n_serious else "td_bell"):
        st.page_link(
            navigation.streamlit_page(PAGE, title=seen.t("alerts.title")),
            label=seen.t("alerts.bell", n=number) if n_open else seen.t("alerts.bell_none"),
            icon=":material/notifications_active:" if n_open else ":material/notifications:",
            help=seen.t("alerts.bell_help", n=formatting.number(n_serious, language=seen.language)),
        )
