"""What came of the scenarios: a sentence, bands side by side, what was reported over them."""

from datetime import date
from functools import partial

import polars as pl
import streamlit as st

from dashboard import downloads, errors, formatting, loaders
from dashboard.charts import bands as band_chart
from dashboard.components import download, scenario_beds, scenario_scores
from dashboard.components.markup import draw, element
from dashboard.components.scenario_session import (
    PAGE,
    Shown,
    base_among,
    jobs,
    literal,
    shown,
)
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
)

VINTAGE = "63"


@section("scenario_result")
def result_section() -> None:
    """Draw everything that is done or opened."""
    seen = look(PAGE)
    every = jobs(seen)
    for job in every:
        if job.state is RunState.CANCELLED:
            st.info(seen.t("scenarios.cancelled", name=literal(job.scenario.name)))
        elif job.error is not None:
            draw_error, text = errors.explain(job.error)
            draw_error(text)
    done = [job for job in every if job.state is RunState.DONE]
    _sentences(done, seen)
    with errors.shown():
        _compared(seen)
    if done:
        scenario_beds.draw_beds(done, seen)


def _sentences(done: list[Job], seen: Context) -> None:
    for job in done:
        base = base_among(job, done, seen)
        found = change(job, base, "severe", viewer=seen.viewer) if base else None
        if found is None:
            continue
        low, middle, high = (formatting.percent(one, language=seen.language, decimals=0)
                             for one in found)  # fmt: skip
        text = seen.t("scenarios.sentence", name=job.scenario.name, low=low, middle=middle,
                      high=high)  # fmt: skip
        draw(element("p", text, class_="td-lede"))


def _compared(seen: Context) -> None:
    every = shown(seen)
    if not every:
        draw(element("p", seen.t("scenarios.none"), class_="td-absent"))
        return
    area = _bands(every, seen)
    scenario_scores.draw_scores([one.saved for one in every if one.saved], area=area, seen=seen)


def _bands(every: list[Shown], seen: Context) -> str:
    """Draw the bands of a quantity and an area, and return the area."""
    t = seen.t
    left, right = st.columns(2)
    quantity = left.selectbox(t("scenarios.quantity"), QUANTITIES, key="scenario_quantity",
                              format_func=lambda one: t(f"scenario_of.{one}"))  # fmt: skip
    # A province's own scenario holds that province alone: an area counts that any of them has.
    known = set().union(*(one.bands["area_code"] for one in every))
    codes = sorted(known, key=lambda code: (code != NATION, code))
    area: str = right.selectbox(t("scenarios.area"), codes, key="scenario_area",
                                format_func=lambda code: loaders.area_name(
                                    code, language=seen.language, vintage=VINTAGE))  # fmt: skip
    drawn = {
        f"{n}. {one.name}": one.bands.filter(
            pl.col("area_code") == area, pl.col("quantity") == quantity
        ).sort("date")
        for n, one in enumerate(every, start=1)
    }
    for name in [name for name, found in drawn.items() if found.is_empty()]:
        draw(element("p", t("scenarios.not_of_area", name=name), class_="td-absent"))
        del drawn[name]
    long = pl.concat([f.with_columns(scenario=pl.lit(name)) for name, f in drawn.items()])
    came = _came(long, quantity, area, seen)
    st.plotly_chart(
        band_chart.chart(drawn, came=came, t=t, language=seen.language), key="scenario_bands",
        alt=t(f"scenario_of.{quantity}"),
        config={"displayModeBar": False, "topojsonURL": TOPOJSON},
    )  # fmt: skip
    times = scenario_scores.scale()
    if came.height and times > 1:
        draw(element("p", t("scenarios.observed_scaled", scale=times), class_="td-absent"))
    download.offer(t("map.download"), partial(downloads.plain_csv, long),
                   file_name=f"scenarios-{quantity}-{area}.csv", key="scenario_csv")  # fmt: skip
    _twin(long.join(came, on="date", how="left"), seen)
    return area


def _came(long: pl.DataFrame, quantity: str, area: str, seen: Context) -> pl.DataFrame:
    """Return `date, value` of the days on the chart that most of the country has reported."""
    first: date = long["date"].min()  # type: ignore[assignment]
    last: date = long["date"].max()  # type: ignore[assignment]
    return scenario_scores.came(area, span=(first, last), seen=seen).filter(
        quantity=quantity
    ).select("date", "value")  # fmt: skip


def _twin(long: pl.DataFrame, seen: Context) -> None:
    twin = st.expander(seen.t("chart.table"), key="scenario_twin", on_change="rerun")
    if not twin.open:
        return
    rows = [
        (row["scenario"], formatting.day(row["date"], language=seen.language),
         *(formatting.number(row[name], language=seen.language)
           for name in ("low95", "median", "high95")),
         "–" if row["value"] is None else formatting.number(row["value"], language=seen.language))
        for row in long.iter_rows(named=True)
    ]  # fmt: skip
    low, high = (formatting.percent(end, language=seen.language) for end in (0.025, 0.975))
    heads = (seen.t("scenarios.name"), seen.t("header.day"), low, seen.t("scenarios.median"), high,
             seen.t("scenarios.observed"))  # fmt: skip
    with twin:
        draw(table(heads, rows, caption=seen.t("chart.table"), numeric=range(2, 6), wide=True))
