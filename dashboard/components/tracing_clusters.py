"""The register of clusters: filters, what is listed, and which one is picked."""

from collections.abc import Mapping
from datetime import date
from functools import partial

import polars as pl
import streamlit as st

from dashboard import downloads, errors, filters, formatting, loaders, resources, watched
from dashboard.code_names import code_name
from dashboard.components import closed, download
from dashboard.components.command import Place, place_of
from dashboard.components.markup import Child, draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from data_access.clusters import may_see
from data_access.contracts.tracing import CLUSTER_STATUS, SETTING

PAGE = "tracing"
ADDRESS = ("cluster", "setting", "state")
LISTED, OFFERED = 20, 400
CHAIN, UNTOLD = "chain", "unknown"
"""Among the states: chains that nobody declared. Among settings and states: not told."""
FAST, ENOUGH = 0.1, 5
"""Growth per day from which a cluster doubles within a week, told from so many new cases on."""
COLUMNS = ("code", "setting", "place", "state", "size", "n_7d", "growth", "quiet", "generations",
           "wards", "unlinked")  # fmt: skip
NUMBERS = (4, 5, 6, 7, 8, 9, 10)


def found_at(seen: Context, place: Place, *, day: date) -> pl.DataFrame:
    """Return the register of a place, as filtered."""
    every = watched.clusters(viewer=seen.viewer, day=day, areas=place.areas, token=seen.token)
    return filtered(every, setting=filters.current().setting, state=filters.current().state)


def filtered(every: pl.DataFrame, *, setting: str | None, state: str | None) -> pl.DataFrame:
    """Return the clusters of a setting and a state; None: of all."""
    found = every
    if setting:
        found = found.filter(pl.col("setting").fill_null(UNTOLD) == setting)
    if state:
        found = found.filter(state_of() == state)
    return found


def state_of() -> pl.Expr:
    """Return a cluster's state as it is filtered by: CHAIN for what nobody declared."""
    return (
        pl.when("is_chain").then(pl.lit(CHAIN)).otherwise(pl.col("status").fill_null(UNTOLD))
    )  # fmt: skip


def controls() -> None:
    """Offer setting, state and cluster; each is in the address."""
    with errors.shown():
        seen = look(PAGE)
        if closed.instead(seen, "clusters") or seen.day is None or not may_see(seen.viewer):
            return
        place = place_of(seen)
        title = seen.t("clusters.title", place=place.name, day=_day(seen.day, seen))
        draw(element("h2", title, class_="td-section"))
        with st.container(horizontal=True, vertical_alignment="bottom", key="td_clusters"):
            filters.choice(
                "setting",
                label=seen.t("clusters.setting"),
                options=(None, *SETTING, UNTOLD),
                format_option=lambda code: setting_name(code, seen),
            )
            filters.choice(
                "state",
                label=seen.t("clusters.state"),
                options=(None, *CLUSTER_STATUS, CHAIN, UNTOLD),
                format_option=lambda code: state_name(code, seen),
            )
            _pick(seen, place, day=seen.day)


def _pick(seen: Context, place: Place, *, day: date) -> None:
    offered = found_at(seen, place, day=day).head(OFFERED)
    names = {row["code"]: title_of(row, seen) for row in offered.iter_rows(named=True)}
    chosen = filters.current().cluster
    if chosen is not None and chosen not in names:
        # A link shows its cluster whatever the filters; one that is not there says so below.
        names = {chosen: chosen, **names}
    filters.choice(
        "cluster",
        label=seen.t("clusters.pick"),
        options=(None, *names),
        format_option=lambda code: names.get(code) or seen.t("clusters.none_picked"),
    )


def setting_name(code: str | None, seen: Context) -> str:
    """Return a setting in words; None: all of them."""
    if code is None:
        return seen.t("clusters.any_setting")
    return code_name(code, platform=PAGE, by="setting", t=seen.t, language=seen.language)


def state_name(code: str | None, seen: Context) -> str:
    """Return a state in words; None: all of them."""
    if code is None:
        return seen.t("clusters.any_state")
    if code == CHAIN:
        return seen.t("clusters.undeclared")
    return code_name(code, platform=PAGE, by="status", t=seen.t, language=seen.language)


def title_of(row: Mapping[str, object], seen: Context) -> str:
    """Return what a cluster is called: its name, else its code, with its size."""
    name = str(row["name"] or row["code"])
    if row["size"] is None:
        return name
    return seen.t("clusters.named", name=name, n=count(row["size"], seen))


def place_name(row: Mapping[str, object], seen: Context, *, day: date) -> str:
    """Return where a cluster is: its province, and how many more it touches."""
    code = row["province_code"]
    vintage = loaders.vintage_for(day, None)
    name = (
        loaders.area_name(str(code), language=seen.language, vintage=vintage)
        if code
        else seen.t("command.unstated")
    )
    more = len(row["provinces"] or []) - 1  # type: ignore[arg-type]
    return seen.t("clusters.and_provinces", name=name, n=more) if more > 0 else name


@section("tracing_register")
def register() -> None:
    """Draw the clusters that grow most, as a table with what was left out."""
    seen = look(PAGE)
    if seen.day is None or seen.viewer.published_only:
        return
    place = place_of(seen)
    found = found_at(seen, place, day=seen.day)
    if found.is_empty():
        draw(element("p", seen.t("clusters.none"), class_="td-absent"))
        return
    draw(element("p", said(found, seen), class_="td-absent"))
    shown = found.head(LISTED)
    rows = [_row(row, seen, day=seen.day) for row in shown.iter_rows(named=True)]
    codes = shown["code"].to_list()
    chosen = filters.current().cluster
    caption = seen.t("clusters.listed", shown=len(rows), n=count(found.height, seen))
    heads = [seen.t(f"clusters.{name}") for name in COLUMNS]
    mark = codes.index(chosen) if chosen in codes else None
    draw(table(heads, rows, caption=caption, numeric=NUMBERS, wide=True, chosen=mark))
    note = seen.t("clusters.own_only") if seen.home else seen.t("clusters.whole")
    draw(element("p", caption, " ", note, " ", seen.t("clusters.about"), class_="td-when"))
    _download(found, seen, day=seen.day)


def said(found: pl.DataFrame, seen: Context) -> str:
    """Return the register in a sentence."""
    growing = found.filter(pl.col("n_7d") > 0)
    return seen.t(
        "clusters.said",
        n=count(found.height, seen),
        recent=count(found.filter(pl.col("n_14d") > 0).height, seen),
        growing=count(growing.filter(pl.col("growth") > 0).height, seen),
        fast=count(growing.filter(pl.col("growth") >= FAST, pl.col("n_7d") >= ENOUGH).height, seen),
        cases=count(int(found["n_7d"].sum()), seen),
    )


def _row(row: Mapping[str, object], seen: Context, *, day: date) -> tuple[Child, ...]:
    state = CHAIN if row["is_chain"] else str(row["status"] or UNTOLD)
    name = str(row["name"] or "")
    code = str(row["code"])
    below = code if name and code not in name else ""
    return (
        element("span", name or code, element("small", below), class_="td-two"),
        setting_name(str(row["setting"] or UNTOLD), seen),
        place_name(row, seen, day=day),
        state_name(state, seen),
        count(row["size"], seen),
        count(row["n_7d"], seen),
        growth(row["growth"], seen),
        count(row["days_quiet"], seen),
        count(row["generations"], seen),
        count(row["wards"], seen),
        share(row["unlinked_share"], seen),
    )


def count(value: object, seen: Context) -> str:
    """Return a whole number; a dash where there is none."""
    return "–" if value is None else formatting.number(float(value), language=seen.language)  # type: ignore[arg-type]


def share(value: object, seen: Context) -> str:
    """Return a share as a percent; a dash where there is none."""
    return (
        "–"
        if value is None
        else formatting.percent(float(value), language=seen.language, decimals=0)  # type: ignore[arg-type]
    )


def growth(value: object, seen: Context) -> str:
    """Return a growth rate per day, signed; a dash where there is none."""
    return (
        "–"
        if value is None
        else formatting.signed(float(value), language=seen.language, decimals=2)  # type: ignore[arg-type]
    )


def _day(day: date, seen: Context) -> str:
    return formatting.day(day, language=seen.language)


def _download(found: pl.DataFrame, seen: Context, *, day: date) -> None:
    flat = found.with_columns(pl.col("provinces").list.join("|"))
    download.offer(
        seen.t("map.download"),
        partial(downloads.plain_csv, flat),
        file_name=resources.file_name(f"clusters-{day.isoformat()}.csv", t=seen.t),
        key="clusters_csv",
    )
