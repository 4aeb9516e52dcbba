"""The one place where an exception becomes a sentence on screen.

What is wrong with the request or the database is said in plain words; anything else gets an
incident number, and the log the same number with the kind of error: never a value, a name, a path.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard import access, filters, resources
from dashboard.incidents import record
from data_access.bulletins.model import UnknownBulletin
from data_access.codes import Role
from data_access.errors import (
    BadUse,
    DataAccessError,
    DatabaseUnavailable,
    SchemaMismatch,
    ScopeDenied,
    SettingsError,
    UnknownId,
)

Draw = Callable[..., object]


@contextmanager
def shown(*, part: bool = False) -> Iterator[None]:
    """Show what goes wrong inside as a notice; the rest of the page goes on.

    Args:
        part: whether it is a part of a page that is shown otherwise.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- the last line of defence; logged with a number
        draw, text = explain(error, part=part)
        draw(text)


def explain(error: Exception, *, part: bool = False) -> tuple[Draw, str]:
    """Return how to draw an error and its sentence in the session's language."""
    t = filters.t
    if part and isinstance(error, ScopeDenied | UnknownId) and _refusal() == "not_public":
        return st.caption, t("public.part")
    if isinstance(error, ScopeDenied):
        return st.info, t(f"error.{_refusal()}")
    if isinstance(error, UnknownBulletin):
        return st.info, t("error.no_bulletin")
    if isinstance(error, SchemaMismatch | DatabaseUnavailable):
        away = f"{t('error.away')} {t('error.away_retry')}"
        return st.warning, t("error.schema") if isinstance(error, SchemaMismatch) else away
    if isinstance(error, BadUse) and not isinstance(error, SettingsError):
        return st.info, t("error.unknown")
    return st.error, t("error.incident", number=record(error))


def _refusal() -> str:
    """Return why something is not shown: to the press, that nothing is published, or not this."""
    if filters.current().rehearse is None and access.role() is not Role.PRESS:
        return "denied"
    try:
        viewer = access.present_viewer()
        if resources.shared().published(viewer) is not None:
            return "not_public"
        known = resources.shared().bulletins.list(viewer=viewer)
    except DataAccessError:
        return "unpublished"
    return "withdrawn" if known else "unpublished"


def on_script_error(error: Exception) -> bool:
    """Show an error that nothing else caught; True keeps Streamlit from showing its own."""
    draw, text = explain(error)
    draw(text)
    return True
