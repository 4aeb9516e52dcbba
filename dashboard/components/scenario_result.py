"""What came of the scenarios: a sentence, bands side by side, beds that run out, transfers."""

import polars as pl
import streamlit as st

from dashboard import downloads, errors, formatting, loaders
from dashboard.charts import bands as band_chart
from dashboard.components.markup import draw, element
from dashboard.components.scenario_form import PAGE, jobs
from dashboard.components.section import section
from dashboard.components.series import TOPOJSON
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.scenarios import (
    NATION,
    QUANTITIES,
    Job,
    RunState,
    change,
    seen_bands,
    seen_moves,
    seen_runs_out,
)

LIKELY = 0.05


@section("scenario_result")
def result_section() -> None:
    """Draw everything that is done."""
    seen = look(PAGE)
    every = jobs(seen)
    for job in every:
        if job.state is RunState.CANCELLED:
            st.info(seen.t("scenarios.cancelled", name=job.scenario.name))
        elif job.error is not None:
            draw_error, text = errors.explain(job.error)
            draw_error(text)
    done = [job for job in every if job.state is RunState.DONE]
    if not done:
        draw(element("p", seen.t("scenarios.none"), class_="td-absent"))
        return
    _sentences(done, seen)
    _bands(done, seen)
    _beds(done[-1], seen)
    _moves(done[-1], seen)


def _sentences(done: list[Job], seen: Context) -> None:
    for job in done[1:]:
        found = change(job, done[0], "severe", viewer=seen.viewer)
        if found is None:
            continue
        low, middle, high = (formatting.percent(one, language=seen.language, decimals=0)
                             for one in found)  # fmt: skip
        text = seen.t("scenarios.sentence", name=job.scenario.name, low=low, middle=middle,
                      high=high)  # fmt: skip
        draw(element("p", text, class_="td-lede"))


def _bands(done: list[Job], seen: Context) -> None:
    t = seen.t
    quantity = st.selectbox(t("scenarios.quantity"), QUANTITIES, key="scenario_quantity",
                            format_func=lambda one: t(f"scenario_of.{one}"))  # fmt: skip
    tables = [(job.scenario.name, seen_bands(job, viewer=seen.viewer)) for job in done]
    codes = sorted(set(tables[0][1]["area_code"]), key=lambda code: (code != NATION, code))
    area = st.selectbox(t("scenarios.area"), codes, key="scenario_area",
                        format_func=lambda code: loaders.area_name(
                            code, language=seen.language, vintage="63"))  # fmt: skip
    shown = {
        f"{n}. {name}": found.filter(
            pl.col("area_code") == area, pl.col("quantity") == quantity
        ).sort("date")
        for n, (name, found) in enumerate(tables, start=1)
    }
    st.plotly_chart(
        band_chart.chart(shown, t=t, language=seen.language), key="scenario_bands",
        alt=t(f"scenario_of.{quantity}"),
        config={"displayModeBar": False, "topojsonURL": TOPOJSON},
    )  # fmt: skip
    long = pl.concat([f.with_columns(scenario=pl.lit(name)) for name, f in shown.items()])
    st.download_button(t("map.download"), downloads.plain_csv(long), mime="text/csv",
                       file_name=f"scenarios-{quantity}-{area}.csv", key="scenario_csv",
                       icon=":material/download:", on_click="ignore")  # fmt: skip
    _twin(long, seen)


def _twin(long: pl.DataFrame, seen: Context) -> None:
    twin = st.expander(seen.t("chart.table"), key="scenario_twin", on_change="rerun")
    if not twin.open:
        return
    rows = [
        (row["scenario"], formatting.day(row["date"], language=seen.language),
         *(formatting.number(row[name], language=seen.language)
           for name in ("low95", "median", "high95")))
        for row in long.iter_rows(named=True)
    ]  # fmt: skip
    heads = (seen.t("scenarios.name"), seen.t("header.day"), "2,5 %", seen.t("scenarios.median"),
             "97,5 %")  # fmt: skip
    with twin:
        draw(table(heads, rows, caption=seen.t("chart.table"), numeric=range(2, 5), wide=True))


def _beds(job: Job, seen: Context) -> None:
    t, language = seen.t, seen.language
    title = t("scenarios.runs_out", name=job.scenario.name)
    draw(element("h2", title, class_="td-section"))
    found = seen_runs_out(job, viewer=seen.viewer).filter(pl.col("probability") >= LIKELY)
    if found.is_empty():
        draw(element("p", t("scenarios.enough"), class_="td-absent"))
        return
    rows = [
        (t(f"scenario_of.{row['beds']}"), row["area"],
         formatting.number(row["capacity"], language=language),
         formatting.percent(row["probability"], language=language, decimals=0),
         formatting.day(row["median_date"], language=language))
        for row in found.iter_rows(named=True)
    ]  # fmt: skip
    heads = tuple(t(f"scenarios.{one}") for one in ("kind", "area", "capacity", "chance", "day"))
    draw(table(heads, rows, caption=title, numeric=(2, 3)))


def _moves(job: Job, seen: Context) -> None:
    t, language = seen.t, seen.language
    title = t("scenarios.surge", name=job.scenario.name)
    draw(element("h2", title, class_="td-section"))
    moves, unmet = seen_moves(job, viewer=seen.viewer)
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
    heads = tuple(t(f"scenarios.{one}") for one in ("kind", "day", "from", "to", "persons", "km"))
    draw(table(heads, rows, caption=title, numeric=(4, 5), wide=True))


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
