"""Beds of a run: where and when they run out, on a map and in a table, and who moves where."""

import polars as pl
import streamlit as st

from dashboard import formatting, loaders
from dashboard.catalogue import Entry
from dashboard.components.markup import draw, element
from dashboard.components.tables import table
from dashboard.context import Context
from dashboard.i18n import translator
from dashboard.maps import component, payload
from dashboard.scenarios import BEDS, Job, Rules, digest, seen_moves, seen_runs_out
from data_access.codes import Level

LIKELY = 0.05
VINTAGE = "63"
MAP = "scenario_map"


def draw_beds(done: list[Job], seen: Context) -> None:
    """Draw the beds and the transfers of one of the runs, the newest unless another is chosen."""
    jobs = {digest(job.scenario): job for job in reversed(done)}
    names = {number: job.scenario.name for number, job in jobs.items()}
    job = next(iter(jobs.values()))
    if len(jobs) > 1:
        # By its number: two runs may bear one name.
        job = jobs[st.selectbox(seen.t("scenarios.beds_of"), list(jobs),
                                format_func=names.__getitem__, key="scenario_beds_of")]  # fmt: skip
    _runs_out(job, seen)
    _moves(job, seen)


def _runs_out(job: Job, seen: Context) -> None:
    t = seen.t
    title = t("scenarios.runs_out", name=job.scenario.name)
    draw(element("h2", title, class_="td-section"))
    every = seen_runs_out(job, viewer=seen.viewer)
    found = every.filter(pl.col("probability") >= LIKELY)
    if found.is_empty():
        draw(element("p", t("scenarios.enough"), class_="td-absent"))
        return
    if not seen.viewer.everywhere:
        _table(found, title, seen)
        return
    left, right = st.columns([2, 3])
    with left:
        kind = st.selectbox(t("scenarios.kind"), BEDS, key="scenario_beds",
                            format_func=lambda one: t(f"scenario_of.{one}"))  # fmt: skip
        component.paint(_map(every.filter(beds=kind), job, seen), key=MAP)
    with right:
        _table(found, title, seen)


def _table(found: pl.DataFrame, title: str, seen: Context) -> None:
    t, language = seen.t, seen.language
    rows = [
        (t(f"scenario_of.{row['beds']}"), row["area"],
         formatting.number(row["capacity"], language=language),
         formatting.percent(row["probability"], language=language, decimals=0),
         formatting.day(row["median_date"], language=language),
         formatting.number(row["days_short"], language=language))
        for row in found.iter_rows(named=True)
    ]  # fmt: skip
    heads = tuple(t(f"scenarios.{one}") for one in
                  ("kind", "area", "capacity", "chance", "day", "days_short"))  # fmt: skip
    draw(table(heads, rows, caption=title, numeric=(2, 3, 5), wide=True))


def _map(found: pl.DataFrame, job: Job, seen: Context) -> bytes:
    """Return the message of a map of days without beds, one kind of them.

    Every province has a figure: the states of missing ones are in no legend.
    """
    ground = (Level.PROVINCE.value, VINTAGE, None)
    day = job.scenario.first_day
    days = pl.col("days_short").cast(pl.Float64)
    figures = found.select("area_code", date=pl.lit(day), value=days, status=pl.lit(""))
    vi, en = (translator(language)("scenarios.days_short") for language in ("vi", "en"))
    content = payload.message(
        payload.Slides(
            areas=loaders.areas_of(ground, viewer=seen.viewer, language=seen.language),
            figures=figures, start=day, end=day,
        ),
        loaders.canvas_of(ground, language=seen.language),
        entry=Entry(key=MAP, vi=vi, en=en, about_vi="", about_en="", unit="days", decimals=0,
                    higher_is_bad=True, adds=False, platform=""),
        t=seen.t, language=seen.language, day=day, selected=None, compact=True,
    )  # fmt: skip
    legend: list[dict[str, object]] = content["legend"]  # type: ignore[assignment]
    content["legend"] = [row for row in legend if "rare" not in row]
    return payload.pack_message(content)


def _moves(job: Job, seen: Context) -> None:
    t, language = seen.t, seen.language
    title = t("scenarios.surge", name=job.scenario.name)
    draw(element("h2", title, class_="td-section"))
    moves, unmet = seen_moves(job, viewer=seen.viewer, rules=_rules(seen))
    _unmet(unmet.filter(pl.col("unmet") > 0), title, seen)
    rows = [
        (t(f"scenario_of.{row['beds']}"), formatting.day(row["date"], language=language),
         row["from"], row["to"], formatting.number(row["persons"], language=language),
         formatting.number(row["km"], language=language))
        for row in moves.iter_rows(named=True)
    ]  # fmt: skip
    if not rows:
        draw(element("p", t("scenarios.no_moves"), class_="td-absent"))
        return
    heads = (t("scenarios.kind"), t("header.day"),
             *(t(f"scenarios.{one}") for one in ("from", "to", "persons", "km")))  # fmt: skip
    draw(table(heads, rows, caption=title, numeric=(4, 5), wide=True))


def _rules(seen: Context) -> Rules:
    """Offer what a transfer may do; the board is worked out anew, the run is not."""
    t, usual = seen.t, Rules()
    with st.expander(t("scenarios.rules")):
        left, right = st.columns(2)
        fill = left.slider(t("scenarios.fill"), 50, 100, round(usual.fill * 100), 5)
        reserve = right.slider(t("scenarios.reserve"), 0, 50, round(usual.reserve * 100), 5)
        farthest = left.slider(t("scenarios.farthest"), 0, 2000, round(usual.farthest_km), 50)
        most = right.number_input(t("scenarios.most_out"), 0, usual.most_out, None, 10,
                                  placeholder=t("scenarios.no_limit"))  # fmt: skip
    return Rules(fill=fill / 100, reserve=reserve / 100, farthest_km=float(farthest),
                 most_out=usual.most_out if most is None else most)  # fmt: skip


def _unmet(unmet: pl.DataFrame, title: str, seen: Context) -> None:
    """Say of each kind of bed how many are missing, and where."""
    t, language = seen.t, seen.language
    if unmet.is_empty():
        return
    for beds, n, places in unmet.group_by("beds", maintain_order=True).agg(
        pl.col("unmet").sum(), pl.len()
    ).iter_rows():  # fmt: skip
        text = t("scenarios.unmet", beds=t(f"scenario_of.{beds}"), places=places,
                 n=formatting.number(n, language=language))  # fmt: skip
        draw(element("p", text, class_="td-change td-bad"))
    rows = [
        (t(f"scenario_of.{row['beds']}"), row["area"],
         *(formatting.number(row[name], language=language) for name in ("above", "moved", "unmet")))
        for row in unmet.iter_rows(named=True)
    ]  # fmt: skip
    heads = tuple(t(f"scenarios.{one}") for one in ("kind", "area", "above", "moved", "missing"))
    draw(table(heads, rows, caption=title, numeric=(2, 3, 4), wide=True))
