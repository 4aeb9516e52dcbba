"""The session's view and the controls that change it. The address bar always holds the result.

An address is read once, when a session starts; after that the controls are the truth.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import streamlit as st

from dashboard import session
from dashboard.i18n import LANGUAGES, Translate, translator
from dashboard.view import View, parse_view, write_view


def current() -> View:
    """Return the session's view; the first call reads it from the address."""
    if session.VIEW not in st.session_state:
        st.session_state[session.VIEW] = parse_view(st.query_params.to_dict())
    view: View = st.session_state[session.VIEW]
    return view


def change(**fields: Any) -> View:  # noqa: ANN401 -- fields of View
    """Change the session's view and return it."""
    st.session_state[session.VIEW] = replace(current(), **fields)
    return current()


def publish(*names: str, day: date | None = None, bulletin: int | None = None) -> None:
    """Write the view to the address.

    Args:
        names: the parameters this page uses.
        day: the day on screen, written even when the view follows the newest.
        bulletin: the bulletin on screen, written even when the view follows the newest.
    """
    view = replace(current(), day=day) if day else current()
    view = replace(view, bulletin=bulletin or view.bulletin)
    wanted = write_view(view, names=names)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def language() -> str:
    """Return the session's language."""
    return current().language


def t(key: str, **placeholders: object) -> str:
    """Return a text in the session's language."""
    return translate()(key, **placeholders)


def translate() -> Translate:
    """Return `t` of the session's language."""
    return translator(language())


def language_switch() -> None:
    """Offer the languages."""
    _choice(
        "language",
        label=t("header.language"),
        options=LANGUAGES,
        format_option=str.upper,
        draw=st.segmented_control,
        required=True,
    )


def role_switch(options: Sequence[str], *, format_option: Callable[[str], str]) -> None:
    """Offer the demonstration's roles."""
    if current().role not in options:
        change(role=options[0])
    _choice(
        "role",
        label=t("header.role"),
        options=options,
        format_option=format_option,
        draw=st.selectbox,
        width=230,
    )


def indicator_choice(options: Sequence[str], *, format_option: Callable[[str], str]) -> str:
    """Offer the indicators and return the chosen id."""
    if current().indicator not in options:
        change(indicator=options[0])
    _choice(
        "indicator",
        label=t("map.indicator"),
        options=options,
        format_option=format_option,
        draw=st.selectbox,
        label_visibility="visible",
    )
    return str(current().indicator)


def choice(
    field: str, *, label: str, options: Sequence[Any], format_option: Callable[[Any], str]
) -> None:
    """Offer one field of the view as a select box; None among the options stands for all."""
    if getattr(current(), field) not in options:
        change(**{field: options[0]})
    # Streamlit takes None for "nothing chosen yet" and shows a text of its own.
    everything = {"placeholder": format_option(None)} if None in options else {}
    _choice(
        field,
        label=label,
        options=options,
        format_option=format_option,
        draw=st.selectbox,
        label_visibility="visible",
        **everything,
    )


def several(
    field: str, *, label: str, options: Sequence[str], format_option: Callable[[str], str],
    most: int, prompt: str,
) -> None:  # fmt: skip
    """Offer one field of the view as a choice of several, in the order in which they are picked."""
    key = _key(field)
    st.session_state[key] = [one for one in getattr(current(), field) if one in options]

    def chosen() -> None:
        if key in st.session_state:
            change(**{field: tuple(st.session_state[key])})

    labels = {option: format_option(option) for option in options}
    st.multiselect(
        label, list(options), format_func=labels.__getitem__, key=key, on_change=chosen,
        max_selections=most, placeholder=prompt,
    )  # fmt: skip


def switch(field: str, *, label: str, on: str, possible: bool) -> None:
    """Offer a field of the view that is either `on` or nothing; greyed where it makes no sense."""
    key = _key(field)
    st.session_state[key] = possible and getattr(current(), field) == on

    def chosen() -> None:
        if key in st.session_state:
            change(**{field: on if st.session_state[key] else None})

    st.toggle(label, key=key, on_change=chosen, disabled=not possible)


def day_choice(*, shown: date, first: date, last: date) -> None:
    """Offer a day; choosing the newest follows again whatever comes."""
    key = _key("day")
    st.session_state[key] = min(max(shown, first), last)

    def chosen() -> None:
        picked = st.session_state[key]
        change(day=None if picked == last else picked)

    st.date_input(
        t("header.day"),
        min_value=first,
        max_value=last,
        key=key,
        format="DD/MM/YYYY",
        label_visibility="collapsed",
        width=140,
        on_change=chosen,
    )


def second_day(*, label: str, first: date, last: date) -> None:
    """Offer a day of the second map; empty for the first one's."""
    key, chosen_day = _key("day2"), current().day2
    st.session_state[key] = min(max(chosen_day, first), last) if chosen_day else None

    def chosen() -> None:
        if key in st.session_state:
            change(day2=st.session_state[key])

    st.date_input(
        label, value=None, min_value=first, max_value=last, key=key, format="DD/MM/YYYY",
        width=180, on_change=chosen,
    )  # fmt: skip


def pin(moment: datetime | None) -> None:
    """Hold the figures as known at a moment, or let go."""
    change(as_of=moment, bulletin=None)


def pin_bulletin(number: int | None) -> None:
    """Hold the figures of a bulletin, or let go; its own newest day is shown."""
    change(bulletin=number, as_of=None, day=None)


def _choice(
    field: str,
    *,
    label: str,
    options: Sequence[Any],
    format_option: Callable[[Any], str],
    draw: Callable[..., Any],
    **look: Any,  # noqa: ANN401 -- handed on to Streamlit
) -> None:
    key = _key(field)
    # The view is the truth: a widget that was away (another page) comes back with it.
    st.session_state[key] = getattr(current(), field)
    look.setdefault("label_visibility", "collapsed")

    def chosen() -> None:
        # A choice may arrive when another page has already been opened: it is of no screen then.
        if key in st.session_state:
            change(**{field: st.session_state[key]})

    # Written now, in this session's language; Streamlit may ask again outside of it.
    labels = {option: format_option(option) for option in options}
    draw(label, list(options), format_func=labels.__getitem__, key=key, on_change=chosen, **look)


def _key(field: str) -> str:
    return f"choose_{field}"
