"""Tokens of programs on the administration page."""

import streamlit as st

from dashboard import access, administration, formatting
from dashboard.components.admin_accounts import (
    PAGE,
    reach_fields,
    role_name,
    said,
    secret,
)
from dashboard.components.markup import Child, draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from data_access.codes import PLATFORMS
from data_access.errors import BadUse
from data_access.tokens import MAX_DAYS, Grant, Purpose, State, Token

USUAL_DAYS = 365


@section("admin_tokens")
def tokens_section() -> None:
    """List the tokens; make one, revoke one."""
    seen = look(PAGE)
    t = seen.t
    draw(element("h2", t("administration.tokens"), class_="td-section"))
    _create(seen)
    found = administration.every_token(seen.viewer)
    _revoke([one for one in found if administration.state_of(one) == State.ACTIVE.value], seen)
    if not found:
        draw(element("p", t("administration.no_tokens"), class_="td-absent"))
        return
    heads = ("token", "source", "purpose", "opens", "state", "ends", "used")
    draw(
        table(
            [t(f"administration.{head}") for head in heads],
            [_row(one, seen) for one in administration.every_token(seen.viewer)],
            caption=t("administration.tokens"),
            wide=True,
        )
    )


def _row(one: Token, seen: Context) -> tuple[Child, ...]:
    t = seen.t
    opens = [role_name(one.role, t)] if one.role else []
    opens += [t(f"platform.{name}") for name in sorted(one.platforms)]
    ends, used = (
        formatting.moment(at, language=seen.language, zone=seen.zone) if at else "–"
        for at in (one.expires_at, one.last_used_at)
    )
    return (
        element("code", one.token_id),
        one.source,
        t(f"administration.{one.purpose}"),
        ", ".join([*opens, *sorted(one.areas)]),
        t(f"administration.{administration.state_of(one)}"),
        ends,
        used,
    )


def _create(seen: Context) -> None:
    t = seen.t
    with st.expander(t("administration.token_add"), icon=":material/key:"):
        purposes = {one.value: t(f"administration.{one.value}") for one in Purpose}
        purpose = st.segmented_control(
            t("administration.purpose"), list(purposes), format_func=purposes.__getitem__,
            default=Purpose.INGEST.value, required=True, key="token_purpose",
        )  # fmt: skip
        with st.form("token_add", border=False):
            grant = _fields(Purpose(purpose), seen)
            asked = st.form_submit_button(t("administration.token_add"))
        if asked:
            with said(seen):
                _make(grant, seen)


def _fields(purpose: Purpose, seen: Context) -> Grant:
    t = seen.t
    left, right = st.columns(2)
    source = left.text_input(t("administration.source"), max_chars=60)
    days = right.number_input(t("administration.days"), 1, MAX_DAYS, USUAL_DAYS, step=1)
    role, areas = (
        reach_fields(seen, key="token") if purpose is Purpose.API else ("", frozenset[str]())
    )
    names = {name: t(f"platform.{name}") for name in PLATFORMS}
    platforms = (
        st.multiselect(
            t("administration.platforms"), list(names), format_func=names.__getitem__,
            placeholder=t("administration.platforms_hint"),
        )
        if purpose is Purpose.INGEST
        else []
    )  # fmt: skip
    return Grant(
        source=source.strip(), platforms=frozenset(platforms), areas=areas, days=int(days),
        purpose=purpose, role=str(role), created_by=access.identity().name,
    )  # fmt: skip


def _make(grant: Grant, seen: Context) -> None:
    try:
        text = administration.create_token(grant)
    except BadUse:
        # What a form leaves empty: who it is for, or what it is to open.
        st.warning(seen.t("administration.token_incomplete"))
        return
    secret(seen.t("administration.token_added"), text, seen)


def _revoke(active: list[Token], seen: Context) -> None:
    if not active:
        return
    t = seen.t
    labels = {one.token_id: f"{one.source} · {one.token_id}" for one in active}
    with st.expander(t("administration.token_revoke"), icon=":material/key_off:"):
        with st.form("token_revoke", border=False):
            chosen = st.selectbox(
                t("administration.token"), list(labels), format_func=labels.__getitem__
            )
            asked = st.form_submit_button(t("administration.token_revoke"))
        if asked and chosen:
            with said(seen):
                administration.revoke_token(chosen)
                st.success(t("administration.done"))
