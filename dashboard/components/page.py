"""Opening and closing of every page: guard first, then header; footer last."""

import streamlit as st

from dashboard import access, errors, filters, resources
from dashboard.components import footer, header, section
from dashboard.components.markup import draw, element
from dashboard.context import look
from dashboard.metrics import RUNS


def opened(key: str) -> None:
    """Let in who may open the page and draw its header; anybody else gets a sentence."""
    section.forget()
    RUNS.labels(page=key).inc()
    if not _allowed(key):
        st.stop()
    header.show(key)
    if not _has_figures(key):
        st.stop()


def _allowed(key: str) -> bool:
    if not resources.settings().demo:
        draw(element("h1", filters.t("error.no_accounts")))
    with errors.shown():
        access.require_page(key)
        return True
    return False


def _has_figures(key: str) -> bool:
    """Whether there is anything to show; if not, a section that waits for it says why."""
    ready = False
    viewer = access.require_page(key)
    with errors.shown(viewer=viewer):
        seen = look(key)
        ready = seen.newest is not None
        if not ready:
            st.info(seen.t("error.empty"))
    return ready


def closed(key: str, *names: str) -> None:
    """Draw the footer and write the view to the address.

    Args:
        key: the page.
        names: parameters of the address that this page uses.
    """
    footer.show(key)
    with errors.shown():
        filters.publish(*names, day=look(key).day)


