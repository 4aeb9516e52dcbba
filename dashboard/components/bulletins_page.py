"""The page of bulletins: which there are, which one is looked at, what it revised."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import polars as pl
import streamlit as st

from dashboard import (
    access,
    bulletin_desk,
    downloads,
    errors,
    filters,
    formatting,
    loaders,
    loaders_bulletins,
    resources,
)
from dashboard.components import download
from dashboard.components.as_of import named_in_list
from dashboard.components.header import role_name
from dashboard.components.identity import province_names
from dashboard.components.markup import Child, draw, element
from dashboard.components.section import section
from dashboard.components.series import value_text
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.i18n import pick
from data_access.bulletins.model import Bulletin, State

PAGE = "bulletins"
ADDRESS = ("issue",)
DEMO = "demo:"
LISTED, REVISIONS = 30, 60


def chosen() -> Bulletin | None:
    """Return the bulletin looked at: the one chosen, else the newest in view."""
    heads = bulletin_desk.listed()
    wanted = filters.current().issue
    return next((one for one in heads if one.number == wanted), heads[0] if heads else None)


def when(moment: object, seen: Context) -> str:
    """Return an instant in words; a dash for none."""
    if moment is None:
        return "–"
    return formatting.moment(moment, language=seen.language, zone=seen.zone)  # type: ignore[arg-type]


def who(account: str, seen: Context) -> str:
    """Return whose account it is: a name, a demonstration's role, else the account itself."""
    if account.startswith(DEMO):
        return role_name(account.removeprefix(DEMO), province_names())
    names = loaders_bulletins.people(viewer=access.present_viewer(), token=seen.token)
    return names.get(account, account)


@contextmanager
def answered(seen: Context) -> Iterator[None]:
    """Show a step that may not be taken in the reader's words; other errors as everywhere."""
    with errors.shown(part=True):
        try:
            yield
        except bulletin_desk.NotNow as refused:
            st.warning(seen.t(f"step_refused.{refused.reason}"), icon=":material/block:")


@section("bulletins_list")
def list_section() -> None:
    """Draw the bulletins in view, newest first, and offer to look at one."""
    seen = look(PAGE)
    t = seen.t
    heads = bulletin_desk.listed()
    if not heads:
        public = access.present_viewer().published_only
        draw(element("p", t("bulletins.none_public" if public else "bulletins.none"),
                     class_="td-notice"))  # fmt: skip
        return
    public = access.present_viewer().published_only
    names = ("number", "cut_off", "name", "state", "published") + (() if public else ("by",))
    rows = [_row(one, seen, public=public) for one in heads[:LISTED]]
    caption = t("bulletins.list")
    draw(element("h2", caption, class_="td-section"))
    draw(table([t(f"bulletins.{name}") for name in names], rows, caption=caption, wide=True))


def _row(one: Bulletin, seen: Context, *, public: bool) -> tuple[Child, ...]:
    t = seen.t
    state: Child = t(f"bulletin_state.{one.state.value}")
    if one.state is State.WITHDRAWN:
        reason = t("bulletins.because", reason=one.withdrawn_reason)
        state = element("span", element("b", state, class_="td-bad"), " ", reason)
    title = pick(one.title_vi, one.title_en, language=seen.language) or "–"
    if one.supersedes:
        title = f"{title} · {t('bulletins.instead_of', n=one.supersedes)}"
    cells: tuple[Child, ...] = (str(one.number), when(one.cut_off, seen), title, state,
                                when(one.public_from, seen))  # fmt: skip
    return cells if public else (*cells, _hands(one, seen))


def _hands(one: Bulletin, seen: Context) -> str:
    t = seen.t
    told = [("cut", one.cut_by), ("approve", one.approved_by), ("publish", one.published_by),
            ("withdraw", one.withdrawn_by)]  # fmt: skip
    return " · ".join(
        f"{t(f'bulletins.did_{step}')} {who(account, seen)}" for step, account in told if account
    )


def controls() -> None:
    """Offer which bulletin is looked at, and to see all pages as it has them."""
    seen = look(PAGE)
    heads = bulletin_desk.listed()
    head = chosen()
    if head is None:
        return
    labels = {
        one.number: named_in_list(one, t=seen.t, language=seen.language, zone=seen.zone)
        for one in heads
    }
    if filters.current().issue not in labels:
        filters.change(issue=None)
    with st.container(horizontal=True, vertical_alignment="bottom", key="td_filters"):
        filters.choice(
            "issue", label=seen.t("bulletins.choose"), options=(None, *labels),
            format_option=lambda n: labels.get(n) or seen.t("bulletins.newest"),
        )  # fmt: skip
        st.button(
            seen.t("bulletins.see_pages", n=head.number), icon=":material/keep:", key="see_pages",
            on_click=filters.pin_bulletin, args=(head.number,),
        )  # fmt: skip


@section("bulletins_revisions")
def revisions_section() -> None:
    """Draw which public figures the bulletin revised, from what to what, by which file."""
    seen, t = look(PAGE), filters.t
    head = chosen()
    if head is None:
        return
    title = t("bulletins.revised", n=head.number)
    draw(element("h2", title, class_="td-section"))
    if head.state is State.WITHDRAWN:
        words = {"moment": when(head.withdrawn_at, seen), "reason": head.withdrawn_reason}
        draw(element("p", t("bulletins.was_withdrawn", **words), class_="td-notice td-warn"))
    found = loaders_bulletins.public_revisions(
        viewer=access.present_viewer(), number=head.number, token=bulletin_desk.mark(head)
    )
    if found.is_empty():
        key = "no_base" if head.base is None else "no_revisions"
        draw(element("p", t(f"bulletins.{key}"), class_="td-absent"))
        return
    names = {"base": head.base, "count": found.height,
             "n": formatting.number(found.height, language=seen.language)}  # fmt: skip
    draw(element("p", t("bulletins.revised_said", **names), class_="td-say"))
    _revisions(found, seen, title=title)
    download.offer(
        t("bulletins.download"), partial(downloads.plain_csv, found),
        file_name=resources.file_name(f"revisions-{head.number}.csv", t=t), key="revisions_csv",
    )  # fmt: skip


def _revisions(found: pl.DataFrame, seen: Context, *, title: str) -> None:
    order = (pl.col("becomes") - pl.col("was")).abs()
    top = found.sort(order, descending=True).head(REVISIONS)
    rows = []
    for row in top.iter_rows(named=True):
        entry = loaders.entry(row["id"], viewer=access.present_viewer())
        if entry is None:
            continue
        rows.append((
            entry.title(seen.language), row["area"],
            formatting.day(row["date"], language=seen.language),
            value_text(row["was"], entry, seen), value_text(row["becomes"], entry, seen),
            entry.change(row["becomes"] - row["was"], language=seen.language),
            row["files"] or row["source"] or "–",
        ))  # fmt: skip
    heads = ("what", "area", "day", "was", "becomes", "change", "file")
    draw(table([seen.t(f"bulletins.{one}") for one in heads], rows, caption=title,
               numeric=(3, 4, 5), wide=True))  # fmt: skip
    if found.height > len(rows):
        draw(element("p", seen.t("bulletins.more", n=found.height - len(rows)), class_="td-when"))
