"""Who is signed in, and the way in and out; what a session that is over has to say."""

from urllib.parse import urlencode

import streamlit as st

from dashboard import access, filters, navigation, resources
from dashboard.components.markup import Markup, draw, element
from dashboard.i18n import Translate
from data_access.accounts.model import OUTSIDE
from data_access.codes import Level, Role
from data_access.errors import DataAccessError
from data_access.reference.areas import Areas


def address_of(key: str) -> str:
    """Return the address of this screen, to come back to."""
    query = urlencode(st.query_params.to_dict())
    return f"/{navigation.page(key).path}" + (f"?{query}" if query else "")


def link(way: str, key: str) -> str:
    """Return the address of a sign-in page that leads back to this screen."""
    return f"/{way}?" + urlencode({"lang": filters.language(), "next": address_of(key)})


def show(key: str) -> None:
    """Draw who is looking, and the way in or out."""
    who = access.identity()
    draw(badge(who, t=filters.t, way=link("logout" if who.is_signed_in else "login", key)))
    if who.account_id.startswith(OUTSIDE) or who.note == access.NO_ROLE:
        st.button(filters.t("signin.leave"), type="tertiary", key="oidc_out", on_click=st.logout)
    elif offers_institution() and not who.is_signed_in:
        way = element(
            "a", filters.t("signin.office"), href=link("login/institution", key), target="_self"
        )
        draw(element("p", way, class_="td-who"))


def badge(who: access.Identity, *, t: Translate, way: str) -> Markup:
    """Return name, role and link of whoever is looking."""
    if not who.is_signed_in:
        return element(
            "p", element("a", t("signin.link"), href=way, target="_self"), class_="td-who"
        )
    from_outside = who.account_id.startswith(OUTSIDE)
    return element(
        "p",
        element("strong", who.name),
        element("span", reach(who.role, who.areas, t=t)),
        None if from_outside else element("a", t("signin.leave"), href=way, target="_self"),
        class_="td-who",
    )


def reach(role: Role, areas: frozenset[str], *, t: Translate) -> str:
    """Return a role in words, with the names of its provinces: `Hà Nội (cấp tỉnh)`."""
    if role is not Role.PROVINCE:
        return t(f"role.{role.value}")
    names = province_names()
    return t("role.province", name=", ".join(names.get(code, code) for code in sorted(areas)))


def province_names() -> dict[str, str]:
    """Return the names of all provinces of all vintages by code, as today's have them first."""
    areas: Areas = resources.shared().areas
    found: dict[str, str] = {}
    for vintage in (one.id for one in areas.country.vintages):
        provinces = areas.at(Level.PROVINCE.value, vintage).select("code", "name")
        found = dict(provinces.iter_rows()) | found
    return found | dict(
        areas.at(Level.PROVINCE.value, areas.default_vintage).select("code", "name").iter_rows()
    )


def offers_institution() -> bool:
    """Return whether the institution's own sign-in is set up here."""
    return resources.institution() is not None


def note(key: str) -> None:
    """Draw what a session that is over, or one that is not ready, has to say; the way back in."""
    try:
        who = access.identity()
    except DataAccessError:
        return  # the page says itself that the database is away
    if who.note:
        draw(sentence(who.note, t=filters.t, key=key, name=who.name))


def sentence(said: str, *, t: Translate, key: str, name: str = "") -> Markup:
    """Return the sentence of a note with its link."""
    if said == access.NO_ROLE:
        text = t("signin.no_role", name=name)
        return element("p", text, class_="td-notice td-warn", role="status")
    if said == access.MUST_CHANGE:
        to = element("a", t("signin.finish"), href=link("password", key), target="_self")
        return element("p", to, class_="td-notice td-warn", role="status")
    way = element("a", t("signin.link"), href=link("login", key), target="_self")
    return element("p", t("signin.expired"), " ", way, class_="td-notice td-warn", role="status")


def invite(key: str) -> None:
    """Say to somebody who is not signed in that this part needs an account."""
    draw(element("div", element("h1", filters.t(f"{key}.title")), class_="td-title"))
    if not access.identity().is_signed_in:
        draw(element("p", filters.t("signin.public"), class_="td-absent"))
    with st.container(horizontal=True, vertical_alignment="center", key="td_controls"):
        show(key)
        filters.language_switch()
