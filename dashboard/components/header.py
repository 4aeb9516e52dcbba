"""Top of a page: what it answers, until when figures reach, whether it is live, controls."""

import streamlit as st

from dashboard import access, assets, filters, formatting, loaders, resources
from dashboard.components import as_of, bell, identity, projector
from dashboard.components.markup import Markup, draw, element
from dashboard.components.section import section
from dashboard.context import Context, look
from dashboard.i18n import Translate
from data_access.codes import Level
from data_access.simulated import Simulated


def show(page: str) -> None:
    """Draw the header of a page: titles left, controls right."""
    simulated = resources.simulated()
    if simulated is not None:
        draw(simulation_ribbon(simulated, t=filters.t))
    elif resources.settings().demo:
        draw(_ribbon())
    with st.container(horizontal=True, vertical_alignment="center", key="td_head"):
        draw(
            element(
                "div",
                element("h1", filters.t(f"{page}.title")),
                element("p", filters.t(f"{page}.question")),
                class_="td-title",
            )
        )
        with st.container(
            horizontal=True, vertical_alignment="center", width="content", key="td_controls"
        ):
            _controls(page)


def _ribbon() -> Markup:
    return element(
        "p",
        element("b", filters.t("app.demo")),
        " ",
        filters.t("app.demo_about"),
        class_="td-ribbon",
        role="note",
    )


def simulation_ribbon(state: Simulated, *, t: Translate) -> Markup:
    """Return the ribbon of a simulation: its scale, and whether it runs."""
    pace = t("simulation.running", speed=f"{state.speed:g}") if state.speed else t(
        "simulation.paused"
    )  # fmt: skip
    return element(
        "p",
        element("b", t("simulation.name")),
        " ",
        t("simulation.scale", scale=state.scale),
        " ",
        element("span", pace, class_="td-pace"),
        class_="td-ribbon",
        role="note",
    )


def _controls(page: str) -> None:
    if access.identity().chooses:
        areas = resources.shared().areas
        provinces = areas.at(Level.PROVINCE.value, areas.default_vintage)
        names = dict(provinces.select("code", "name").iter_rows())
        roles = access.demo_roles(tuple(names))
        filters.role_switch(roles, format_option=lambda role: role_name(role, names))
    as_of.choice()
    identity.show(page)
    filters.language_switch()
    projector.switch()


def role_name(role: str, names: dict[str, str]) -> str:
    """Return a role in words: `Hà Nội (cấp tỉnh)`."""
    kind, _, code = role.partition(":")
    return (
        filters.t(f"role.{kind}", name=names.get(code, code)) if code else filters.t(f"role.{kind}")
    )


def status(page: str) -> None:
    """Draw the line under the title as a section of its own."""

    @section("status")
    def drawn() -> None:
        _status(look(page))

    drawn()


def _status(seen: Context) -> None:
    ribbon = as_of.ribbon(seen)
    if ribbon:
        draw(ribbon)
    with st.container(horizontal=True, vertical_alignment="center", key="td_status"):
        draw(status_line(seen))
        if seen.day and seen.newest:
            _pinning(seen)
        bell.show(seen)
    notice = away_notice(seen) or older_notice(seen)
    if notice:
        draw(notice)


def status_line(seen: Context) -> Markup:
    """Return the line under the title: until when figures reach, and whether they are live."""
    t, language = seen.t, seen.language
    until = (
        t("header.until", day=formatting.day(seen.day, language=language))
        if seen.day
        else t("header.no_day")
    )
    held = seen.head is not None or filters.current().as_of is not None
    alive = "away" if not seen.beat.alive else "held" if held else "live"
    commit = None if held else loaders.last_commit(viewer=seen.viewer, token=seen.token)
    commit = min(commit, seen.viewer.now) if commit else None  # a rehearsal's clock may be earlier
    moment = formatting.moment(commit, language=language, zone=seen.zone) if commit else None
    return element(
        "p",
        element("strong", until),
        element(
            "span",
            element("i", class_="td-dot", aria_hidden="true"),
            t(f"header.{alive}"),
            class_=f"td-live td-{alive}",
        ),
        element("span", t("header.last_commit", moment=moment)) if moment else None,
        class_="td-status-line",
        role="status",
    )


def away_notice(seen: Context) -> Markup | None:
    """Return the notice that the database is away while earlier figures are shown."""
    if seen.beat.alive:
        return None
    since, moment = (
        formatting.moment(one, language=seen.language, zone=seen.zone)
        for one in (seen.beat.since, seen.beat.moment)
    )
    text = seen.t("error.away_kept", since=since, moment=moment)
    return element("p", text, class_="td-notice td-warn", role="alert")


def older_notice(seen: Context) -> Markup | None:
    """Return the notice that an earlier day or an earlier knowledge is shown."""
    lines = []
    if seen.day and seen.newest and seen.day < seen.newest:
        day, newest = (
            formatting.day(one, language=seen.language) for one in (seen.day, seen.newest)
        )
        lines.append(seen.t("header.older", day=day, newest=newest))
    return element("p", " ".join(lines), class_="td-notice") if lines else None


def _pinning(seen: Context) -> None:
    pinned = filters.current().as_of
    label = "header.unpin" if pinned else "header.pin"
    with st.container(horizontal=True, width="content", key="td_pin"):
        if seen.day != seen.newest:
            st.button(seen.t("header.newest"), type="tertiary", key="go_newest", on_click=_follow)
        if seen.head is not None:
            return
        st.button(
            seen.t(label),
            type="tertiary",
            icon=":material/keep_off:" if pinned else ":material/keep:",
            help=seen.t("header.pin_help"),
            key="pin",
            on_click=filters.pin,
            args=(None if pinned else seen.viewer.now,),
        )


def _follow() -> None:
    filters.change(day=None)


def logo() -> None:
    """Put the product's mark beside the menu."""
    st.logo(assets.STATIC / "mark.svg", size="medium")
