"""Accounts and sessions on the administration page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard import administration, errors, formatting
from dashboard.components.identity import province_names, reach
from dashboard.components.markup import Child, draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.i18n import Translate
from data_access.accounts.model import ROLES, Account, Refused
from data_access.accounts.passwords import LONGEST, SHORTEST
from data_access.codes import Role

PAGE = "administration"
ROLE_CHOICES = [role.value for role in ROLES]


@section("admin_accounts")
def accounts_section() -> None:
    """List the accounts; add one, change one."""
    seen = look(PAGE)
    draw(element("h2", seen.t("administration.accounts"), class_="td-section"))
    _add(seen)
    found = administration.accounts(seen.viewer)
    if not found:
        draw(element("p", seen.t("administration.no_accounts"), class_="td-absent"))
        return
    _change(found, seen)
    heads = ("account", "shown_name", "role", "state", "factor", "signed_in")
    draw(
        table(
            [seen.t(f"administration.{head}") for head in heads],
            [_row(one, seen) for one in administration.accounts(seen.viewer)],
            caption=seen.t("administration.accounts"),
            wide=True,
        )
    )


def _row(one: Account, seen: Context) -> tuple[Child, ...]:
    t = seen.t
    state = "is_off" if one.disabled_at else "is_first" if one.must_change else "is_on"
    moment = (
        formatting.moment(one.signed_in_at, language=seen.language, zone=seen.zone)
        if one.signed_in_at
        else t("administration.never")
    )
    return (
        one.login,
        one.name,
        reach(one.role, one.areas, t=t),
        t(f"administration.{state}") + (f" · {t('administration.demo')}" if one.is_demo else ""),
        t("administration.factor_on" if one.has_totp else "administration.factor_off"),
        moment,
    )


def _add(seen: Context) -> None:
    t = seen.t
    with st.expander(t("administration.add"), icon=":material/person_add:"):
        with st.form("account_add", border=False):
            left, right = st.columns(2)
            login = left.text_input(t("administration.account"), max_chars=64)
            name = right.text_input(t("administration.shown_name"), max_chars=120)
            role, areas = reach_fields(seen, key="account_add")
            asked = st.form_submit_button(t("administration.add"))
        if asked:
            with said(seen):
                password = administration.add(login, name, role, areas)
                secret(t("administration.added", login=login.strip().lower()), password, seen)


def role_name(role: str, t: Translate) -> str:
    """Return a role in words, whichever provinces go with it."""
    return t("administration.a_province") if role == Role.PROVINCE.value else t(f"role.{role}")


def reach_fields(seen: Context, *, key: str, role: str = Role.PROVINCE.value,
                 areas: frozenset[str] = frozenset()) -> tuple[Role, frozenset[str]]:  # fmt: skip
    """Offer a role and provinces; return what is chosen."""
    t, names = seen.t, province_names()
    left, right = st.columns(2)
    labels = {one: role_name(one, t) for one in ROLE_CHOICES}
    chosen = left.selectbox(
        t("administration.role"), ROLE_CHOICES, index=ROLE_CHOICES.index(role),
        format_func=labels.__getitem__, key=f"{key}_role",
    )  # fmt: skip
    listed = right.multiselect(
        t("administration.areas"), sorted(names, key=names.__getitem__),
        default=sorted(areas & names.keys()), format_func=names.__getitem__, key=f"{key}_areas",
        placeholder=t("administration.areas_hint"),
    )  # fmt: skip
    return Role(chosen), frozenset(listed)


def _change(found: list[Account], seen: Context) -> None:
    t = seen.t
    labels = {one.login: f"{one.login} · {one.name}" for one in found}
    with st.expander(t("administration.change"), icon=":material/manage_accounts:"):
        draw(element("p", t("administration.ends_sessions"), class_="td-absent"))
        login = st.selectbox(
            t("administration.account"), list(labels), format_func=labels.__getitem__,
            key="account_chosen",
        )  # fmt: skip
        one = next(account for account in found if account.login == login)
        with st.form("account_role", border=False):
            role, areas = reach_fields(
                seen, key=f"account_{login}", role=one.role.value, areas=one.areas
            )
            if st.form_submit_button(t("administration.save_role")):
                _done(lambda: administration.set_role(login, role, areas), seen)
        with st.container(horizontal=True):
            _buttons(one, seen)


def _buttons(one: Account, seen: Context) -> None:
    t, login = seen.t, one.login
    if st.button(t("administration.reset"), key="account_reset", icon=":material/password:"):
        with said(seen):
            secret(
                t("administration.was_reset", login=login),
                administration.reset_password(login),
                seen,
            )
    if one.disabled_at is None:
        if st.button(t("administration.disable"), key="account_off", icon=":material/block:"):
            _done(lambda: administration.disable(login), seen)
    elif st.button(t("administration.enable"), key="account_on", icon=":material/lock_open:"):
        _done(lambda: administration.enable(login), seen)
    if st.button(t("administration.end"), key="account_end", icon=":material/logout:"):
        _done(lambda: administration.end_sessions(one.account_id), seen)
    if one.has_totp and st.button(t("administration.drop_totp"), key="account_totp"):
        _done(lambda: administration.drop_totp(login), seen)


@contextmanager
def said(seen: Context) -> Iterator[None]:
    """Show a rule that forbids something in the reader's words; other errors as everywhere."""
    with errors.shown():
        try:
            yield
        except Refused as refused:
            lengths = {"shortest": SHORTEST, "longest": LONGEST}
            st.warning(seen.t(f"refused.{refused.rule}", **lengths))


def _done(change: Callable[[], object], seen: Context) -> None:
    with said(seen):
        change()
        st.success(seen.t("administration.done"))


def secret(sentence: str, text: str, seen: Context) -> None:
    """Show what cannot be had again."""
    st.success(f"{sentence} {seen.t('administration.once')}")
    st.code(text, language=None)


@section("admin_sessions")
def sessions_section() -> None:
    """List the open sessions."""
    seen = look(PAGE)
    t = seen.t
    draw(element("h2", t("administration.sessions"), class_="td-section"))
    found = administration.open_sessions(seen.viewer)
    if not found:
        draw(element("p", t("administration.no_sessions"), class_="td-absent"))
        return
    rows = [
        (
            one.login,
            *(
                formatting.moment(at, language=seen.language, zone=seen.zone)
                for at in (one.created_at, one.seen_at, one.expires_at)
            ),
        )
        for one in found
    ]
    heads = ("account", "began", "seen", "ends")
    draw(
        table(
            [t(f"administration.{head}") for head in heads],
            rows,
            caption=t("administration.sessions"),
        )
    )
