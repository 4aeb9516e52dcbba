"""Opening and closing of every page: guard first, then header; footer last."""

import streamlit as st

from dashboard import access, errors, filters
from dashboard.components import footer, header, identity, live_link, projector, section
from dashboard.context import look


def opened(key: str, *, needs_figures: bool = True) -> None:
    """Let in who may open the page and draw its header; otherwise say why not and stop.

    The screen listens in any case: what could not be shown comes by itself once it can.

    Args:
        key: the page.
        needs_figures: whether there is nothing to see as long as no figures have come in.
    """
    section.forget()
    live_link.show()
    ready = headed = False
    with errors.shown():
        access.opened()
        identity.note(key)
        access.require_page(key)
        header.show(key)
        headed = True
        seen = look(key)
        ready = seen.newest is not None or not needs_figures
        if not ready:
            st.info(seen.t("error.empty"))
    if not headed:
        with errors.shown():
            identity.invite(key)
    if not ready:
        with errors.shown():
            footer.show(key)
        st.stop()
    header.status(key)


def closed(key: str, *names: str) -> None:
    """Draw the footer and write the view to the address.

    Args:
        key: the page.
        names: parameters of the address that this page uses.
    """
    with errors.shown():
        footer.show(key)
        seen = look(key)
        filters.publish(*names, day=seen.day, bulletin=seen.viewer.bulletin)
        projector.show(key)
    section.complete()
