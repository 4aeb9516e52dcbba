"""Work on a bulletin: cut, see what is next, approve, publish, rehearse, withdraw."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import access, bulletin_desk, bulletin_steps, filters, resources
from dashboard.bulletin_steps import Stage, Work
from dashboard.components.bulletins_page import PAGE, answered, chosen, when, who
from dashboard.components.markup import Markup, draw, element
from dashboard.components.section import section
from dashboard.context import Context, look
from data_access.actor import Actor
from data_access.bulletins.model import Bulletin, State

SIGNS = {"done": "✓", "now": "▶", "ahead": "○", "stopped": "✕"}
SHORT_HASH = 12
QUARTER = timedelta(minutes=15)


def _is_public() -> bool:
    """Return whether whoever looks sees only what was published, and works on nothing."""
    return access.present_viewer().published_only


@section("bulletins_steps")
def steps_section() -> None:
    """Draw the way of the bulletin looked at: done by whom and when, what is next, who must."""
    seen = look(PAGE)
    head = chosen()
    if head is None or _is_public():
        return
    work = bulletin_desk.work_on(head)
    stages = bulletin_steps.stages(head, work, now=access.present_viewer().now)
    draw(element("h2", seen.t("bulletins.way", n=head.number), class_="td-section"))
    draw(element("ol", *(_stage(one, work, seen) for one in stages), class_="td-steps"))


def _stage(one: Stage, work: Work, seen: Context) -> Markup:
    t = seen.t
    told: list[str] = []
    if one.by:
        told.append(who(one.by, seen))
    if one.at is not None:
        told.append(when(one.at, seen))
    if one.key == bulletin_steps.REVIEW and work.n_open:
        told.append(t("bulletins.left_open", n=work.n_open))
    if one.key == bulletin_steps.SIGN:
        told.append(
            t("bulletins.signed_so_far", n=len(work.signed), m=len(work.signed) + work.n_late)
        )
    if one.state == bulletin_steps.NOW:
        told.append(t(f"bulletins.must_{one.key}"))
    return element(
        "li",
        element("i", SIGNS[one.state], aria_hidden="true"),
        element("b", t(f"bulletins.step_{one.key}")),
        element("span", " · ".join(told)) if told else None,
        class_=f"td-step td-step-{one.state}",
        aria_current="step" if one.state == bulletin_steps.NOW else None,
    )


@section("bulletins_actions")
def actions_section() -> None:
    """Offer the steps; each answers why it may not be taken where it may not."""
    seen = look(PAGE)
    if _is_public():
        return
    head = chosen()
    with st.expander(seen.t("bulletins.step_cut"), icon=":material/content_cut:", key="box_cut"):
        _cut(seen)
    if head is None:
        return
    work = bulletin_desk.work_on(head)
    left, right = st.columns(2, gap="medium")
    # What is behind a bulletin is not offered again; what is ahead answers why it must wait.
    with left:
        if head.state is State.DRAFT:
            _approve(head, work, seen)
        if head.state in {State.DRAFT, State.APPROVED}:
            _publish(head, work, seen)
    # Where nothing is ahead any more, its side is not left empty.
    with right if head.state in {State.DRAFT, State.APPROVED} else left:
        _rehearse(head, seen)
    with right:
        if head.state is not State.WITHDRAWN:
            _withdraw(head, seen)


def _instant(day: date | None, clock: time | None, seen: Context) -> datetime | None:
    if day is None or clock is None:
        return None
    return datetime.combine(day, clock, tzinfo=ZoneInfo(seen.zone)).astimezone(UTC)


def _moment_fields(seen: Context, at: datetime, *, key: str) -> datetime | None:
    """Offer day and time of an instant, in the country's time."""
    local = at.astimezone(ZoneInfo(seen.zone))
    left, right = st.columns(2)
    day = left.date_input(seen.t("bulletins.on_day"), local.date(), format="DD/MM/YYYY",
                          key=f"{key}_day")  # fmt: skip
    clock = right.time_input(seen.t("asof.time"), local.time().replace(second=0, microsecond=0),
                             step=QUARTER, key=f"{key}_time")  # fmt: skip
    return _instant(day, clock, seen)


def _taken(step: str, head: Bulletin | None, do: Callable[[Actor], object], seen: Context,
           work: Work | None = None) -> None:  # fmt: skip
    """Take a step and draw the page anew, or say why not."""
    with answered(seen):
        bulletin_desk.take(step, head, do, work=work)
        st.toast(seen.t(f"bulletins.taken_{step}"), icon=":material/check:")
        st.rerun()


def _cut(seen: Context) -> None:
    t, now = seen.t, access.present_viewer().now
    gone = [one.number for one in bulletin_desk.listed() if one.state is State.WITHDRAWN]
    with st.form("bulletin_cut", border=False):
        draw(element("p", t("bulletins.cut_about"), class_="td-absent"))
        at = _moment_fields(seen, now, key="cut")
        vi = st.text_input(t("bulletins.title_vi"), max_chars=200, key="cut_vi")
        en = st.text_input(t("bulletins.title_en"), max_chars=200, key="cut_en")
        instead = st.selectbox(
            t("bulletins.instead"), [None, *gone], key="cut_instead",
            format_func=lambda n: t("asof.number", n=n) if n else t("bulletins.nothing"),
            placeholder=t("bulletins.nothing"),
        ) if gone else None  # fmt: skip
        asked = st.form_submit_button(t("bulletins.do_cut"), type="primary")
    if asked and at:

        def cut(actor: Actor) -> None:
            made = resources.shared().bulletins.cut(
                actor, min(at, now), title_vi=vi, title_en=en, supersedes=instead
            )
            filters.change(issue=made.number)

        with st.spinner(t("bulletins.cutting")):
            _taken(bulletin_steps.CUT, None, cut, seen)


def _approve(head: Bulletin, work: Work, seen: Context) -> None:
    t = seen.t
    draw(element("h3", t("bulletins.step_approve"), class_="td-part"))
    draw(element("p", t("bulletins.hash", sha=head.sha256[:SHORT_HASH]), class_="td-when"))
    if st.button(t("bulletins.do_approve", n=head.number), key="do_approve"):
        book = resources.shared().bulletins
        with st.spinner(t("bulletins.hashing")):
            _taken(
                bulletin_steps.APPROVE, head,
                lambda by: book.approve(by, head.number, head.sha256), seen, work,
            )  # fmt: skip


def _publish(head: Bulletin, work: Work, seen: Context) -> None:
    t, now = seen.t, access.present_viewer().now
    draw(element("h3", t("bulletins.step_publish"), class_="td-part"))
    with st.form("bulletin_publish", border=False):
        at_once = st.checkbox(t("bulletins.at_once"), key="publish_now")
        at = _moment_fields(seen, now + timedelta(hours=1), key="publish")
        asked = st.form_submit_button(t("bulletins.do_publish", n=head.number))
    if asked:
        embargo = None if at_once else at
        book = resources.shared().bulletins
        _taken(bulletin_steps.PUBLISH, head,
               lambda actor: book.publish(actor, head.number, embargo), seen, work)  # fmt: skip


def _rehearse(head: Bulletin, seen: Context) -> None:
    t, now = seen.t, access.present_viewer().now
    draw(element("h3", t("bulletins.step_rehearse"), class_="td-part"))
    draw(element("p", t("bulletins.rehearse_about"), class_="td-when"))
    with st.form("bulletin_rehearse", border=False):
        at = _moment_fields(seen, max(head.public_from or now, now), key="rehearse")
        asked = st.form_submit_button(t("bulletins.do_rehearse"))
    if asked and at:
        _taken(
            bulletin_steps.REHEARSE, head,
            lambda _by: filters.change(rehearse=at, bulletin=None, as_of=None), seen,
        )  # fmt: skip


def _withdraw(head: Bulletin, seen: Context) -> None:
    t = seen.t
    draw(element("h3", t("bulletins.step_withdraw"), class_="td-part"))
    draw(element("p", t("bulletins.withdraw_about"), class_="td-when"))
    with st.form("bulletin_withdraw", border=False):
        reason = st.text_input(t("bulletins.reason"), max_chars=500, key="withdraw_reason")
        asked = st.form_submit_button(t("bulletins.do_withdraw", n=head.number))
    if asked:
        book = resources.shared().bulletins
        _taken(bulletin_steps.WITHDRAW, head,
               lambda actor: book.withdraw(actor, head.number, reason), seen)  # fmt: skip
