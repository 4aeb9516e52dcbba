"""The form for what no platform tells of a level: who says it, from when, on what ground.

It remembers which version stood when it was opened. If somebody else said it meanwhile, it tells
what they said and keeps every entry; pressing again puts the entry on top.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import access, formatting, loaders_levels, resources
from dashboard.components.levels_page import Board, board
from dashboard.components.markup import draw, element
from dashboard.components.section import section
from data_access.actor import Actor
from data_access.codes import Level
from data_access.errors import ScopeDenied
from data_access.levels.asked import (
    FORMS,
    GRADES,
    LONGEST_SOURCE,
    NO,
    YES,
    Form,
    InputRefused,
    Said,
    keys_for,
)
from data_access.levels.hand import SaidMeanwhile, may_say
from data_access.rules.model import HIGHEST, LOWEST

SAVED = "levels_input_saved"


@section("levels_form")
def form_section() -> None:
    """Offer the form to whoever may say something of the area opened; never from the past."""
    one = board()
    if one is None or one.area is None:
        return
    actor, t = access.actor(), one.seen.t
    province = loaders_levels.parent(one.area, one.spot[1]) if one.spot[2] else one.area
    if not may_say(actor, province or ""):
        return
    name = one.names.get(one.area, one.area)
    box = st.expander(t("levels.enter", name=name), key="levels_input_box", on_change="rerun")
    if not box.open:
        return
    with box:
        if not one.is_live:
            draw(element("p", t("levels.not_from_the_past"), class_="td-absent"))
            return
        if st.session_state.pop(SAVED, None) == one.area:
            draw(element("p", t("levels.input_saved"), class_="td-notice", role="status"))
        draw(element("p", t("levels.enter_about"), class_="td-when"))
        _form(one, one.area, actor)


def _form(one: Board, area: str, actor: Actor) -> None:
    t, level = one.seen.t, Level(one.spot[0])
    key = st.selectbox(t("levels.input_key"), keys_for(level), key="levels_input_key",
                       format_func=lambda asked: t(f"levels.c_{asked}"))  # fmt: skip
    mark = f"levels_input_{area}_{key}"
    begun = st.session_state.setdefault(
        f"{mark}_base", loaders_levels.versions(area, viewer=one.seen.viewer).get(key, 0)
    )
    slots: dict[str, Any] = {}
    with st.form(mark):
        left, right = st.columns(2)
        with left:
            value = _value(key, mark, one)
            slots["value"] = st.empty()
            source = st.text_input(t("levels.input_source") + " *", max_chars=LONGEST_SOURCE,
                                   key=f"{mark}_source")  # fmt: skip
            slots["source"] = st.empty()
        with right:
            since = st.date_input(t("levels.input_since") + " *", value=one.day,
                                  format="DD/MM/YYYY", key=f"{mark}_since")  # fmt: skip
            slots["since"] = st.empty()
            until = st.date_input(t("levels.input_until"), value=None, format="DD/MM/YYYY",
                                  key=f"{mark}_until")  # fmt: skip
            slots["until"] = st.empty()
        slots[""] = st.empty()
        sent = st.form_submit_button(t("levels.input_save"), icon=":material/save:")
    if sent:
        said = Said(
            area=area, key=key, value=value, since=since or one.day, until=until, source=source,
            base=begun,
        )  # fmt: skip
        _send(said, mark, slots, one, actor)


def _value(key: str, mark: str, one: Board) -> str:
    """Return what was chosen or typed, as it is kept; empty: not known any more."""
    t, form, label = one.seen.t, FORMS[key], one.seen.t("levels.input_value")
    choices: Mapping[Form, dict[str, str]] = {
        Form.YES_NO: {YES: t("levels.yes"), NO: t("levels.no")},
        Form.GRADE: {grade: t(f"levels.grade_{grade}") for grade in GRADES},
        Form.LEVEL: {str(n): t("levels.level", n=n) for n in range(LOWEST, HIGHEST + 1)},
    }
    if form in choices:
        words = {**choices[form], "": t("levels.input_unknown")}
        return str(st.selectbox(label, tuple(words), format_func=words.__getitem__,
                                key=f"{mark}_value"))  # fmt: skip
    if form is Form.SHARE:
        number = st.number_input(label, min_value=0.0, max_value=100.0, value=None, step=0.1,
                                 key=f"{mark}_value", help=t("levels.input_percent"))  # fmt: skip
        return "" if number is None else repr(round(number / 100, 6))
    number = st.number_input(label, min_value=0.0, value=None, step=0.1, key=f"{mark}_value",
                             help=t("levels.input_rate"))  # fmt: skip
    return "" if number is None else repr(number)


def _send(said: Said, mark: str, slots: Mapping[str, Any], one: Board, actor: Actor) -> None:
    t = one.seen.t
    try:
        loaders_levels.hand_book().put(said, actor=actor, at=resources.shared().clock())
    except InputRefused as error:
        with slots.get(error.field, slots[""]):
            draw(element("p", t(f"levels.input_{error.code}"), class_="td-error", role="alert"))
    except ScopeDenied:
        with slots[""]:
            draw(element("p", t("levels.input_denied"), class_="td-error", role="alert"))
    except SaidMeanwhile as error:
        day = formatting.day(error.since, language=one.seen.language)
        at = formatting.moment(error.at, language=one.seen.language, zone=one.seen.zone)
        told = t("levels.input_meanwhile", name=error.account, at=at, day=day,
                 value=error.value or t("levels.input_unknown"))  # fmt: skip
        with slots[""]:
            draw(element("p", told, class_="td-notice td-warn", role="alert"))
        st.session_state[f"{mark}_base"] = error.version
    else:
        st.session_state.pop(f"{mark}_base", None)
        st.session_state[SAVED] = said.area
        st.rerun()
