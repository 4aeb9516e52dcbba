"""Which state of the figures a screen is at: live, a bulletin, a moment; the choice and its ribbon.

A page that is at a bulletin says so in a ribbon on top, in a briefing room too, and in the names
of its downloads.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import access, filters, formatting, loaders_bulletins, resources
from dashboard.components.markup import Markup, draw, element
from dashboard.context import Context
from dashboard.i18n import Translate, pick
from data_access.bulletins.model import Bulletin, State
from data_access.errors import DataAccessError, ScopeDenied
from data_access.viewer import Viewer

MOST = 60
"""Bulletins offered in the header; older ones are on the page of bulletins."""


def choice() -> None:
    """Offer live figures, the bulletins that the viewer may name, and a moment."""
    try:
        viewer = access.present_viewer()
        token = resources.beat().token
        heads = loaders_bulletins.listed(viewer=viewer, token=token)
    except (DataAccessError, ScopeDenied):
        return  # the page says itself what is wrong
    t, view = filters.t, filters.current()
    by_number = {one.number: one for one in heads}
    with st.container(width="content", key="choose_asof"):
        box = st.popover(_label(viewer), icon=_icon(), help=t("asof.help"), key="asof")
    with box:
        if viewer.rehearsal:
            draw(element("p", t("asof.rehearsing_about"), class_="td-absent"))
            st.button(t("asof.end"), icon=":material/logout:", key="rehearse_end",
                      on_click=_end_rehearsal)  # fmt: skip
        _bulletins(by_number, viewer)
        if not viewer.published_only:
            _moment(view.as_of, viewer)


def _end_rehearsal() -> None:
    filters.change(rehearse=None)


def _icon() -> str:
    view = filters.current()
    return ":material/keep:" if view.bulletin or view.as_of else ":material/schedule:"


def _zone() -> str:
    return resources.shared().areas.country.time_zone


def _label(viewer: Viewer) -> str:
    """Return where the screen is, short."""
    t, view = filters.t, filters.current()
    if view.bulletin:
        return t("asof.number", n=view.bulletin)
    if viewer.published_only:
        newest = resources.shared().published(viewer)
        return t("asof.newest_of", n=newest) if newest else t("asof.none_yet")
    if view.as_of:
        return formatting.moment(view.as_of, language=view.language, zone=_zone())
    return t("asof.live")


def _bulletins(by_number: dict[int, Bulletin], viewer: Viewer) -> None:
    t, view = filters.t, filters.current()
    free = t("asof.follow") if viewer.published_only else t("asof.live_long")
    offered = [*by_number][:MOST]
    if view.bulletin and view.bulletin not in offered:
        offered.append(view.bulletin)
    labels = {None: free} | {
        number: named_in_list(by_number[number], t=t, language=view.language, zone=_zone())
        if number in by_number
        else t("asof.number", n=number)
        for number in offered
    }
    key = "asof_bulletin"
    st.session_state[key] = view.bulletin

    def chosen() -> None:
        if key in st.session_state:
            filters.pin_bulletin(st.session_state[key])

    st.selectbox(
        t("asof.choose"), list(labels), format_func=labels.__getitem__, key=key, on_change=chosen,
        placeholder=free, width=360,
    )  # fmt: skip
    if not by_number:
        draw(element("p", t("asof.no_bulletins"), class_="td-absent"))


def named_in_list(one: Bulletin, *, t: Translate, language: str, zone: str) -> str:
    """Return a bulletin in a list: number, cut-off, what is to be known of it."""
    moment = formatting.moment(one.cut_off, language=language, zone=zone)
    text = f"{t('asof.number', n=one.number)} · {moment}"
    return (
        text
        if one.state is State.PUBLISHED
        else f"{text} · {t(f'bulletin_state.{one.state.value}')}"
    )


def _moment(at: datetime | None, viewer: Viewer) -> None:
    """Offer the figures as known at a moment."""
    t, zone = filters.t, ZoneInfo(_zone())
    shown = (at or viewer.now).astimezone(zone)
    with st.form("asof_moment", border=False):
        left, right = st.columns(2)
        day = left.date_input(t("asof.day"), shown.date(), format="DD/MM/YYYY",
                              max_value=viewer.now.astimezone(zone).date())  # fmt: skip
        clock = right.time_input(t("asof.time"), shown.time().replace(second=0, microsecond=0),
                                 step=timedelta(minutes=15))  # fmt: skip
        if st.form_submit_button(t("asof.pin"), help=t("header.pin_help")) and day and clock:
            moment = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
            filters.pin(min(moment, viewer.now))
            st.rerun()
    if at is not None and st.button(t("header.unpin"), key="asof_unpin", type="tertiary"):
        filters.pin(None)
        st.rerun()


# --- ribbon -------------------------------------------------------------------------------------


def ribbon(seen: Context) -> Markup | None:
    """Return the line that says which frozen state a page shows; None where it is live."""
    view, t = filters.current(), seen.t
    parts: list[Markup | str] = []
    tone = ""
    if seen.viewer.rehearsal:
        moment = _said(seen.viewer.now, seen)
        parts.append(element("b", t("asof.rehearsal", moment=moment)))
    if seen.head is not None:
        parts += _of_bulletin(seen.head, seen)
        tone = " td-withdrawn" if seen.head.state is State.WITHDRAWN else ""
    elif view.as_of:
        parts.append(element("b", t("asof.moment")))
        parts.append(t("header.pinned", moment=_said(view.as_of, seen)))
    if not parts:
        return None
    spaced = [one for part in parts for one in (part, " ")]
    return element("p", *spaced, class_=f"td-ribbon td-frozen{tone}", role="note")


def _said(moment: datetime, seen: Context) -> str:
    return formatting.moment(moment, language=seen.language, zone=seen.zone)


def _of_bulletin(head: Bulletin, seen: Context) -> list[Markup | str]:
    t = seen.t
    said: list[Markup | str] = [element("b", t("asof.number", n=head.number))]
    said.append(f"· {_said(head.cut_off, seen)} · {t('asof.frozen')}")
    title = pick(head.title_vi, head.title_en, language=seen.language)
    if title:
        said.append(f"· {title}")
    if head.state is State.WITHDRAWN and head.withdrawn_at:
        told = t("asof.withdrawn", moment=_said(head.withdrawn_at, seen))
        said.append(element("strong", f"{told} {head.withdrawn_reason}"))
    elif head.state is not State.PUBLISHED:
        said.append(element("strong", t("asof.unpublished")))
    elif not head.is_public(seen.viewer.now) and head.public_from:
        said.append(element("strong", t("asof.embargo", moment=_said(head.public_from, seen))))
    newest = resources.shared().published(seen.viewer)
    if filters.current().bulletin and newest and newest != head.number:
        said.append(t("asof.not_newest", n=newest))
    return said


def named(file_name: str) -> str:
    """Return the name of a download: one of a frozen state says which."""
    viewer, view = access.current_viewer(), filters.current()
    state = ""
    if viewer.bulletin is not None:
        state = filters.t("asof.file_bulletin", n=viewer.bulletin)
    elif view.as_of:
        state = f"{filters.t('asof.file_moment')}-{view.as_of.astimezone(UTC):%Y%m%dT%H%MZ}"
    if viewer.rehearsal:
        state = f"{filters.t('asof.file_rehearsal')}-{state}"
    return f"{state}-{file_name}" if state else file_name
