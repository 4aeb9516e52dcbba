"""The one way in which a file leaves a page: made when it is asked for, and put on record first."""

from collections.abc import Callable

import streamlit as st

from dashboard import access, resources
from dashboard.components import as_of

ICON = ":material/download:"


def offer(
    label: str,
    make: Callable[[], bytes],
    *,
    file_name: str,
    key: str,
    icon: str = ICON,
    help: str | None = None,  # noqa: A002 -- Streamlit's word
) -> None:
    """Draw a button that hands a CSV over.

    Its file does not exist before somebody asks for it, and is not handed over unless that could
    be put on record. Streamlit gives every file an address that anyone may open who knows it:
    what was never asked for has none.

    Args:
        label: on the button.
        make: returns the content; called in a thread of its own, so it may not ask the session.
        file_name: as it is saved; the audit row names it.
        key: of the button.
        icon: beside the label.
        help: what it holds.
    """
    book, file_name = resources.notebook(), as_of.named(file_name)
    who = access.actor()

    def handed_over() -> bytes:
        book.write_now(access.entry_of("file.download", file_name, who=who, button=key))
        return make()

    st.download_button(
        label, handed_over, file_name=file_name, mime="text/csv", icon=icon, help=help,
        on_click="ignore", key=key,
    )  # fmt: skip
