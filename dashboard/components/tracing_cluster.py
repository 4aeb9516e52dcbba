"""One cluster: what it is, its curve, its chain of infection, and what was done with its contacts.

Cases are numbered 1, 2, ... within the cluster; no id and no person is on the screen.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl
import streamlit as st

from dashboard import chain_layout, filters, formatting, watched
from dashboard.chain_layout import Node
from dashboard.charts import chain as charts
from dashboard.components.markup import Markup, draw, element
from dashboard.components.section import section
from dashboard.components.series import PLOTLY
from dashboard.components.tables import table
from dashboard.components.tracing_clusters import (
    CHAIN,
    PAGE,
    UNTOLD,
    count,
    growth,
    place_name,
    setting_name,
    share,
    state_name,
)
from dashboard.context import Context, look
from data_access.chain.followed import CLOSE, LIMITS, STEPS, follow_up
from data_access.chain.spread import attack_rates, mature
from data_access.clusters import may_see

TALLEST = 620
"""Pixels of a chain that is shown without scrolling in a box of its own."""


def _picked(seen: Context) -> Mapping[str, object] | None:
    """Return the register's row of the cluster picked; None: none is, or it is not there."""
    code = filters.current().cluster
    if seen.day is None or code is None or not may_see(seen.viewer):
        return None
    every = watched.clusters(viewer=seen.viewer, day=seen.day, areas=(), token=seen.token)
    return next(every.filter(pl.col("code") == code).iter_rows(named=True), None)


@section("tracing_cluster")
def one() -> None:
    """Draw what the picked cluster is, its epidemic curve and its contacts; nothing without one."""
    seen = look(PAGE)
    row, code = _picked(seen), filters.current().cluster
    if code is None or seen.day is None or not may_see(seen.viewer):
        return
    if row is None:
        draw(element("p", seen.t("clusters.not_there", code=code), class_="td-notice"))
        return
    title = seen.t("clusters.one", name=str(row["name"] or row["code"]))
    draw(element("h2", title, class_="td-section"))
    draw(_facts(row, seen, day=seen.day))
    if row["size"] is None:
        draw(element("p", seen.t("clusters.no_cases"), class_="td-absent"))
        return
    left, right = st.columns(2, gap="medium")
    code, day = str(row["code"]), seen.day
    contacts = watched.cluster_contacts(viewer=seen.viewer, code=code, day=day, token=seen.token)
    with left:
        _curve(code, seen, day=day)
        _attack(contacts, seen, day=day)
    with right:
        _contacts(contacts, seen, n_cases=int(row["size"]))  # type: ignore[call-overload]


def _facts(row: Mapping[str, object], seen: Context, *, day: date) -> Markup:
    state = CHAIN if row["is_chain"] else str(row["status"] or UNTOLD)
    facts = (
        ("code", str(row["code"])),
        ("setting", setting_name(str(row["setting"] or UNTOLD), seen)),
        ("place", place_name(row, seen, day=day)),
        ("state", state_name(state, seen)),
        ("first", _day(row["first_day"], seen)),
        ("last", _day(row["last_day"], seen)),
        ("size", count(row["size"], seen)),
        ("n_7d", f"{count(row['n_7d'], seen)} / {count(row['n_7d_before'], seen)}"),
        ("growth", growth(row["growth"], seen)),
        ("quiet", count(row["days_quiet"], seen)),
        ("generations", count(row["generations"], seen)),
        ("wards", count(row["wards"], seen)),
        ("unlinked", _unlinked(row, seen)),
    )
    parts = [
        element(
            "div",
            element("dt", seen.t("clusters.weeks" if name == "n_7d" else f"clusters.{name}")),
            element("dd", value),
        )
        for name, value in facts
    ]
    return element("dl", *parts, class_="td-facts")


def _unlinked(row: Mapping[str, object], seen: Context) -> str:
    ratio, n = row["unlinked_share"], row["n_domestic"]
    if ratio is None or n is None:
        return "–"
    unlinked = round(float(ratio) * int(n))  # type: ignore[arg-type, call-overload]
    return f"{share(ratio, seen)} ({count(unlinked, seen)}/{count(n, seen)})"


def _day(day: object, seen: Context) -> str:
    return formatting.day(day, language=seen.language) if isinstance(day, date) else "–"


def _curve(code: str, seen: Context, *, day: date) -> None:
    cases = watched.cluster_cases(viewer=seen.viewer, code=code, day=day, token=seen.token)
    daily, title = chain_layout.curve(cases), seen.t("clusters.curve")
    draw(element("h3", title, class_="td-part"))
    figure = charts.curve(daily, t=seen.t, language=seen.language)
    st.plotly_chart(figure, key="cluster_curve", alt=title, config=PLOTLY)
    twin = st.expander(seen.t("chart.table"), key="cluster_curve_twin", on_change="rerun")
    if twin.open:
        rows = [
            (_day(on, seen), count(onset, seen), count(report, seen))
            for on, onset, report in daily.sort("day", descending=True).iter_rows()
        ]
        heads = [seen.t(f"clusters.{name}") for name in ("day", "by_onset", "by_report")]
        with twin:
            draw(table(heads, rows, caption=title, numeric=(1, 2)))


def _contacts(contacts: pl.DataFrame, seen: Context, *, n_cases: int) -> None:
    draw(element("h3", seen.t("clusters.contacts"), class_="td-part"))
    if contacts.is_empty():
        draw(element("p", seen.t("clusters.no_contacts"), class_="td-absent"))
        return
    for told in follow_up(contacts).iter_rows(named=True):
        draw(_follow_up(told, seen))
    per_case = contacts.filter(pl.col("class") == CLOSE).height / n_cases
    words = formatting.number(per_case, language=seen.language, decimals=1)
    draw(element("p", seen.t("clusters.per_case", n=words), " ", seen.t("clusters.timed"),
                 class_="td-when"))  # fmt: skip


def _follow_up(told: Mapping[str, object], seen: Context) -> Markup:
    listed = int(told["n_listed"])  # type: ignore[call-overload]
    caption = seen.t("clusters.listed_of", cls=told["class"], n=count(listed, seen))
    heads = ["", *(seen.t("clusters.within", n=n) for n in LIMITS), seen.t("clusters.at_all")]
    rows = []
    for step in STEPS:
        done = [told[f"n_{step}_{n}h"] for n in LIMITS] + [told[f"n_{step}"]]
        shares = [f"{count(n, seen)} ({share(int(n) / listed, seen)})" for n in done]  # type: ignore[call-overload]
        rows.append((seen.t(f"clusters.{step}"), *shares))
    made = table(heads, rows, caption=caption, numeric=(1, 2, 3))
    return element("div", element("p", caption, class_="td-when"), made)


def _attack(contacts: pl.DataFrame, seen: Context, *, day: date) -> None:
    if contacts.is_empty():
        return
    found = attack_rates(mature(contacts, start=date.min, day=day))
    title = seen.t("clusters.attack")
    draw(element("h3", title, class_="td-part"))
    if found.is_empty():
        draw(element("p", seen.t("clusters.no_attack"), class_="td-absent"))
        return
    draw(attack_table(found, seen, caption=title))


def attack_table(found: pl.DataFrame, seen: Context, *, caption: str) -> Markup:
    """Return attack rates by setting with numerator, denominator and interval."""
    rows = [
        (
            setting_name(row["setting"], seen),
            f"{count(row['n_secondary'], seen)}/{count(row['n_contacts'], seen)}",
            f"{percent(row['rate'], seen)} ({percent(row['low'], seen)} – "
            f"{percent(row['high'], seen)})",
        )
        for row in found.iter_rows(named=True)
    ]
    heads = [seen.t(f"clusters.{name}") for name in ("setting", "ill_of", "rate")]
    return table(heads, rows, caption=caption, numeric=(1, 2))


def percent(value: float, seen: Context) -> str:
    """Return a share with one decimal."""
    return formatting.percent(value, language=seen.language, decimals=1)


@section("tracing_chain")
def chain() -> None:
    """Draw who infected whom in the picked cluster; beyond what can be read, counts."""
    seen = look(PAGE)
    row = _picked(seen)
    if row is None or row["size"] is None or seen.day is None:
        return
    cases = watched.cluster_cases(
        viewer=seen.viewer, code=str(row["code"]), day=seen.day, token=seen.token
    )
    title = seen.t("clusters.chain")
    draw(element("h3", title, class_="td-part"))
    if cases.height > chain_layout.READABLE:
        _aggregated(cases, seen, title=title)
        return
    nodes = chain_layout.laid_out(cases)
    figure = charts.timeline(nodes, t=seen.t, language=seen.language)
    high = charts.height_of(max(node.row for node in nodes) + 1)
    # A box of its own: the page goes on below however long the chain is.
    with st.container(height=TALLEST if high > TALLEST else "content", border=False):
        st.plotly_chart(figure, key="cluster_chain", alt=title, config=PLOTLY)
    draw(element("p", seen.t("clusters.signs"), class_="td-when"))
    twin = st.expander(seen.t("chart.table"), key="cluster_chain_twin", on_change="rerun")
    if twin.open:
        with twin:
            draw(_chain_table(nodes, seen, caption=title))


def _chain_table(nodes: tuple[Node, ...], seen: Context, *, caption: str) -> Markup:
    rows = [
        (
            seen.t("clusters.case", n=node.no),
            _day(node.day, seen),
            charts.generation_name(-1 if node.generation is None else node.generation, seen.t),
            _sources(node, seen),
            count(node.infected, seen),
        )
        for node in sorted(nodes, key=lambda node: node.no)
    ]
    names = ("case_head", "day", "generation_head", "source", "infected")
    heads = [seen.t(f"clusters.{name}") for name in names]
    return table(heads, rows, caption=caption, numeric=(4,))


def _sources(node: Node, seen: Context) -> str:
    if node.source != chain_layout.INSIDE:
        return seen.t(f"clusters.{node.source}")
    named = (*((node.parent,) if node.parent else ()), *node.others)
    return ", ".join(seen.t("clusters.case", n=no) for no in named)


def _aggregated(cases: pl.DataFrame, seen: Context, *, title: str) -> None:
    counted = chain_layout.by_generation(cases)
    figure = charts.aggregate(counted, t=seen.t, language=seen.language)
    st.plotly_chart(figure, key="cluster_chain", alt=title, config=PLOTLY)
    note = seen.t("clusters.too_many", n=count(cases.height, seen), most=chain_layout.READABLE)
    draw(element("p", note, class_="td-when"))
    twin = st.expander(seen.t("chart.table"), key="cluster_chain_twin", on_change="rerun")
    if twin.open:
        rows = [
            (charts.generation_name(-1 if level is None else level, seen.t), _day(on, seen),
             count(n, seen))
            for level, on, n in counted.iter_rows()
        ]  # fmt: skip
        heads = [seen.t(f"clusters.{name}") for name in ("generation_head", "day", "size")]
        with twin:
            draw(table(heads, rows, caption=title, numeric=(2,)))
