"""Forms: exactly the steps that whoever looks may take now, with what is wrong beside each field.

A form remembers the version it was drawn for. If somebody else moved the item meanwhile, the step
is refused, said so, and what was typed stays.
"""

from collections.abc import Callable, Mapping
from datetime import date

import streamlit as st

from dashboard import filters, loaders_needs, resources, session
from dashboard.components.markup import draw, element
from dashboard.components.needs_page import Board, board
from dashboard.components.section import section
from dashboard.work import Words
from data_access.actor import Actor
from data_access.errors import DataAccessError
from data_access.needs.desk import Needs
from data_access.proposals.desk import Proposals
from data_access.workflow.fields import LONGEST_LINE, LONGEST_TEXT, Field, FieldsRefused, Takes
from data_access.workflow.model import (
    OPEN,
    Item,
    MovedMeanwhile,
    StepRefused,
    UnknownItem,
    Way,
    open_ways,
)

NEW = "new"
WAY = "work_way"
Desk = Needs | Proposals


@section("needs_step")
def step_section() -> None:
    """Draw the steps that may be taken with the opened item, or why there is none."""
    one = board()
    item = one.opened
    if item is None:
        return
    draw(element("h3", one.seen.t("needs.next_step"), class_="td-part"))
    _told()
    if loaders_needs.is_pinned(one.seen.viewer):
        draw(element("p", one.seen.t("needs.not_from_the_past"), class_="td-absent"))
        return
    actor = loaders_needs.acting(one.seen.viewer)
    ways = {way.name: way for way in open_ways(one.flow, item, actor)}
    if not ways:
        draw(element("p", one.seen.t("needs.no_step"), class_="td-absent"))
        return
    code = one.flow.code(item.number)
    # Named by what is offered: a choice of others is another choice, with none of them picked yet.
    key = f"{WAY}_{code}_{'.'.join(ways)}"
    names = {name: one.words.way(way) for name, way in ways.items()}
    name = st.radio(
        one.seen.t("needs.which_step"), list(ways), key=key, horizontal=True,
        format_func=names.__getitem__,
    )  # fmt: skip
    _form(one, ways[str(name)], actor, item=item)


@section("needs_begin")
def begin_section() -> None:
    """Offer to raise a need, or to register a proposal, to whoever may."""
    one = board()
    actor, way = loaders_needs.acting(one.seen.viewer), one.flow.ways[OPEN]
    if actor.role not in way.roles or loaders_needs.is_pinned(one.seen.viewer):
        return
    box = st.expander(one.seen.t(f"needs.begin_{one.key}"), key=f"work_begin_{one.key}",
                      on_change="rerun")  # fmt: skip
    if box.open:
        with box:
            if one.opened is None:
                _told()
            _form(one, way, actor, item=None)


def _form(one: Board, way: Way, actor: Actor, *, item: Item | None) -> None:
    code = one.flow.code(item.number) if item else f"{NEW}_{one.key}"
    form = f"work_{code}_{way.name}"
    asked = one.flow.fields_of(item, way)
    faults: Mapping[str, str] = st.session_state.get(session.WORK_FAULTS, {}).get(form, {})
    with st.form(form, enter_to_submit=False):
        for field in asked:
            _prefill(field, f"{form}_{field.name}", item)
            _input(field, f"{form}_{field.name}", one.words)
            if field.name in faults:
                text = one.seen.t(f"needs.fault_{faults[field.name]}")
                draw(element("p", text, class_="tdw-fault", role="alert"))
        label = one.seen.t("needs.take") if item else one.seen.t("needs.send")
        # The version drawn now goes with the button: what is decided is decided on what was seen.
        st.form_submit_button(
            label, icon=":material/check:", on_click=_submit(one, way, actor, item, form),
        )  # fmt: skip


def _prefill(field: Field, key: str, item: Item | None) -> None:
    """Begin with what the item says, where a step changes it."""
    if key in st.session_state or item is None or not field.kept or field.name not in item.fields:
        return
    value = item.fields[field.name]
    if field.takes is Takes.DAY:
        st.session_state[key] = date.fromisoformat(str(value))
    elif isinstance(value, tuple):
        st.session_state[key] = (", " if field.takes is Takes.ACCOUNTS else "\n").join(value)
    else:
        st.session_state[key] = value


def _input(field: Field, key: str, words: Words) -> None:
    label = words.field(field.name)
    label = label if field.required else words.t("needs.may_be_empty", name=label)
    match field.takes:
        case Takes.DAY:
            st.session_state.setdefault(key, None)
            st.date_input(label, key=key, format="DD/MM/YYYY", min_value=date(2020, 1, 1),
                          max_value=date(2100, 12, 31), value=None)  # fmt: skip
        case Takes.CHOICE:
            labels = {value: words.code(value) for value in field.choices}
            st.selectbox(
                label, list(field.choices), index=None, key=key,
                format_func=labels.__getitem__, placeholder=words.t("needs.choose"),
            )  # fmt: skip
        case Takes.TEXT:
            st.text_area(label, key=key, max_chars=LONGEST_TEXT, height=80)
        case Takes.LINKS:
            st.text_area(label, key=key, height=68, help=words.t("needs.links_help"))
        case Takes.ACCOUNTS:
            st.text_input(label, key=key, help=words.t("needs.accounts_help"))
        case Takes.LINE:
            st.text_input(label, key=key, max_chars=LONGEST_LINE)


def _submit(one: Board, way: Way, actor: Actor, item: Item | None, form: str) -> Callable[[], None]:
    """Return what the button does, bound to the item and the version on screen."""
    shared = resources.shared()
    desk: Desk = shared.needs if one.flow is Needs.flow else shared.proposals
    names = [field.name for field in one.flow.fields_of(item, way)]
    flow = one.flow

    def submit() -> None:
        keys = {name: f"{form}_{name}" for name in names}
        given = {name: _text(st.session_state.get(key)) for name, key in keys.items()}
        told = _attempt(desk, way, actor, item, given, form)
        if told is None:
            return
        for key in keys.values():
            st.session_state.pop(key, None)
        filters.change(item=flow.code(told.number))
        _tell("kept", form)
        st.session_state[session.WORK_CHANGED] = True

    return submit


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _attempt(
    desk: Desk, way: Way, actor: Actor, item: Item | None, given: Mapping[str, str], form: str
) -> Item | None:
    try:
        if item is None:
            return desk.add(actor, given)
        return desk.take(actor, item.number, way=way.name, given=given, expected=item.version)
    except FieldsRefused as refused:
        _tell("faults", form, faults=refused.faults)
    except (MovedMeanwhile, UnknownItem):
        _tell("moved", form)
    except StepRefused as refused:
        _tell(f"why_{refused.why}", form)
    except DataAccessError:
        _tell("not_kept", form)
    return None


def _tell(what: str, form: str, *, faults: Mapping[str, str] | None = None) -> None:
    st.session_state[session.WORK_TOLD] = what
    st.session_state[session.WORK_FAULTS] = {form: dict(faults or {})}


def _told() -> None:
    """Say what came of the last attempt; once a step is kept, the whole page is drawn again."""
    if st.session_state.pop(session.WORK_CHANGED, False):
        st.rerun()
    what = st.session_state.pop(session.WORK_TOLD, None)
    if what is None:
        return
    is_kept = what == "kept"
    draw(element("p", filters.t(f"needs.{what}"),
                 class_="td-notice" if is_kept else "td-notice td-warn",
                 role="status" if is_kept else "alert"))  # fmt: skip
