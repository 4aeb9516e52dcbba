"""Opening and closing of every page: guard first, then header; footer last."""

import streamlit as st

from dashboard import access, errors, filters, resources
from dashboard.components import footer, header, live_link, projector, section
from dashboard.components.markup import draw, element
from dashboard.context import look


def opened(key: str) -> None:
    """Let in who may open the page and draw its header; otherwise say why not and stop.

    The screen listens in any case: what could not be shown comes by itself once it can.
    """
    section.forget()
    live_link.show()
    if not resources.settings().demo:
        draw(element("h1", filters.t("error.no_accounts")))
    ready = False
    with errors.shown():
        access.require_page(key)
        header.show(key)
        seen = look(key)
        ready = seen.newest is not None
        if not ready:
            st.info(seen.t("error.empty"))
    if not ready:
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
        filters.publish(*names, day=look(key).day)
        projector.show(key)
    section.complete()
