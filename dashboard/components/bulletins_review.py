"""What a bulletin changes against the one before, and who stands behind which part of it."""

from datetime import UTC, datetime

import polars as pl
import streamlit as st

from dashboard import (
    access,
    bulletin_desk,
    bulletin_steps,
    formatting,
    loaders,
    loaders_bulletins,
    resources,
)
from dashboard.components.bulletins_page import PAGE, answered, chosen, when, who
from dashboard.components.identity import province_names
from dashboard.components.markup import Child, draw, element
from dashboard.components.section import section
from dashboard.components.series import value_text
from dashboard.components.tables import table
from dashboard.context import Context, look
from data_access.actor import Actor
from data_access.bulletins.model import Bulletin, State
from data_access.codes import Role

SHOWN = 40
SMALL = 3.0
"""Changes of at most so many times their tolerance may be accepted together."""
ALL = ""


@section("bulletins_differences")
def differences_section() -> None:
    """Draw what moved, out of tolerance and largest first; accept with a note."""
    seen, t = look(PAGE), look(PAGE).t
    head = chosen()
    if head is None or access.present_viewer().published_only:
        return
    draw(element("h2", t("bulletins.differences", n=head.number), class_="td-section"))
    if head.state is State.DRAFT:
        _differences(head, seen)
        return
    # Of a finished one they are looked up now and then, and take seconds to work out.
    box = st.expander(t("bulletins.differences_of"), key="diff_box", on_change="rerun")
    if box.open:
        with box:
            _differences(head, seen)


def _differences(head: Bulletin, seen: Context) -> None:
    t = seen.t
    found = bulletin_desk.differences(head)
    if found.is_empty():
        draw(element("p", t("bulletins.no_differences"), class_="td-absent"))
        return
    out = found.filter("out_of_tolerance")
    left = out.filter(pl.col("note") == "").height
    counts = {"n": _number(found.height, seen), "out": _number(out.height, seen),
              "left": _number(left, seen)}  # fmt: skip
    draw(element("p", t("bulletins.differences_said", **counts), class_="td-say"))
    shown, area, key = _filtered(found, seen)
    _table(shown.head(SHOWN), seen)
    if shown.height > SHOWN:
        draw(element("p", t("bulletins.more", n=shown.height - SHOWN), class_="td-when"))
    if out.height:
        _accept(head, seen, area=area, key=key)


def _number(value: int, seen: Context) -> str:
    return formatting.number(value, language=seen.language)


def _filtered(found: pl.DataFrame, seen: Context) -> tuple[pl.DataFrame, str, str]:
    """Offer province and indicator; return the lines, and what was chosen."""
    t = seen.t
    out = found.filter("out_of_tolerance")
    areas = dict(out.select("area_code", "area").unique().sort("area").iter_rows())
    titles = {
        key: entry.title(seen.language)
        for key in out["id"].unique().sort()
        if (entry := loaders.entry(key, viewer=access.present_viewer()))
    }
    left, right = st.columns(2)
    area = left.selectbox(
        t("bulletins.area"), [ALL, *areas], key="diff_area",
        format_func=lambda one: areas.get(one) or t("map.all_areas"),
    )  # fmt: skip
    key = right.selectbox(
        t("bulletins.what"), [ALL, *titles], key="diff_id",
        format_func=lambda one: titles.get(one) or t("bulletins.every"),
    )  # fmt: skip
    shown = found.filter(pl.col("area_code") == area) if area else found
    shown = shown.filter(pl.col("id") == key) if key else shown
    return shown, area, key


def _table(shown: pl.DataFrame, seen: Context) -> None:
    t = seen.t
    rows: list[tuple[Child, ...]] = []
    for row in shown.iter_rows(named=True):
        entry = loaders.entry(row["id"], viewer=access.present_viewer())
        if entry is None:
            continue
        state: Child = t("bulletins.within")
        if row["out_of_tolerance"]:
            size = formatting.number(row["score"], language=seen.language, decimals=1)
            state = element("b", t("bulletins.out", times=size), class_="td-bad")
        note = f"{row['note']} ({who(row['accepted_by'], seen)})" if row["note"] else "–"
        rows.append((
            entry.title(seen.language), row["area"],
            formatting.day(row["date"], language=seen.language), t(f"bulletins.kind_{row['kind']}"),
            value_text(row["was"], entry, seen), value_text(row["becomes"], entry, seen),
            entry.change(row["change"], language=seen.language), state, note,
        ))  # fmt: skip
    heads = ("what", "area", "day", "kind", "was", "becomes", "change", "tolerance", "note")
    titles, caption = [t(f"bulletins.{one}") for one in heads], t("bulletins.differences_of")
    draw(table(titles, rows, caption=caption, numeric=(4, 5, 6), wide=True))


def _accept(head: Bulletin, seen: Context, *, area: str, key: str) -> None:
    t = seen.t
    if head.state is not State.DRAFT:
        return
    with st.form("bulletin_accept", border=False):
        note = st.text_input(t("bulletins.note"), max_chars=500, key="accept_note")
        small = st.checkbox(
            t("bulletins.only_small", times=formatting.number(SMALL, language=seen.language)),
            key="accept_small",
        )  # fmt: skip
        asked = st.form_submit_button(t("bulletins.do_accept"))
    if not asked:
        return
    told: list[int] = []

    def accept(actor: Actor) -> None:
        told.append(resources.shared().bulletins.accept(
            actor, head.number, note=note, id=key or None, area_code=area or None,
            up_to=SMALL if small else None,
        ))  # fmt: skip

    with answered(seen):
        bulletin_desk.take(bulletin_steps.REVIEW, head, accept)
        st.toast(t("bulletins.taken_review", n=told[0]), icon=":material/check:")
        st.rerun()


@section("bulletins_signoffs")
def signoffs_section() -> None:
    """Draw which provinces stand behind their part and which are late, by name; sign one's own."""
    seen, t = look(PAGE), look(PAGE).t
    head = chosen()
    if head is None or access.present_viewer().published_only:
        return
    viewer, token = access.present_viewer(), bulletin_desk.mark(head)
    signed = loaders_bulletins.signed(viewer=viewer, number=head.number, token=token)
    late = loaders_bulletins.unsigned(viewer=viewer, number=head.number, token=token)
    names = province_names()
    draw(element("h2", t("bulletins.signoffs", n=head.number), class_="td-section"))
    for row in signed.iter_rows(named=True):
        at = datetime.fromtimestamp(row["signed_at"] / 1e6, UTC)
        words = {
            "name": names.get(row["province"], row["province"]),
            "who": who(row["signed_by"], seen),
            "moment": when(at, seen),
        }
        draw(element("p", t("bulletins.signed_by", **words), class_="td-signed"))
    if late:
        listed = ", ".join(names.get(code, code) for code in late)
        draw(element("p", t("bulletins.late", n=len(late), names=listed), class_="td-absent"))
    if viewer.role is Role.PROVINCE and st.button(t("bulletins.do_sign"), key="do_sign"):
        book = resources.shared().bulletins
        work = bulletin_desk.work_on(head)
        with answered(seen):
            bulletin_desk.take(
                bulletin_steps.SIGN, head, lambda by: book.sign_off(by, head.number), work=work
            )
            st.toast(t("bulletins.taken_sign"), icon=":material/check:")
            st.rerun()
