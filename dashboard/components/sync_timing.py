"""The sync desk on receipt times: a chart of each feed against its past, and its table."""

import polars as pl
import streamlit as st

from dashboard import formatting
from dashboard.charts import arrivals
from dashboard.components.markup import Markup, draw, element
from dashboard.components.section import section
from dashboard.components.series import TOPOJSON
from dashboard.components.sync_page import PAGE, window
from dashboard.components.tables import table
from dashboard.context import Context, look


@section("sync_timing")
def timing_section() -> None:
    """Draw how long each feed takes now, against its own past."""
    seen = look(PAGE)
    feeds = arrivals.arrivals(window(seen).found)
    draw(element("h2", seen.t("data_sync.timing"), class_="td-section"))
    if feeds.is_empty():
        draw(element("p", seen.t("data_sync.no_reports"), class_="td-absent"))
        return
    st.plotly_chart(
        arrivals.chart(feeds, t=seen.t, language=seen.language),
        key="sync_arrivals",
        alt=seen.t("data_sync.timing"),
        config={"displayModeBar": False, "topojsonURL": TOPOJSON},
    )
    twin = st.expander(seen.t("chart.table"), key="sync_timing_twin", on_change="rerun")
    if twin.open:
        with twin:
            draw(_table(feeds, seen))


def _table(feeds: pl.DataFrame, seen: Context) -> Markup:
    rows = [
        (seen.t(f"platform.{one['platform']}"), one["source"],
         *(_hours(one[name], seen) for name in ("usual", "now", "usual_90", "now_90", "due")),
         f"{one['n_slow']}/{one['n']}")
        for one in feeds.iter_rows(named=True)
    ]  # fmt: skip
    names = ("platform", "source", "usual_median", "now_median", "usual_p90", "now_p90", "due",
             "slower")  # fmt: skip
    heads = tuple(seen.t(f"data_sync.{name}") for name in names)
    return table(heads, rows, caption=seen.t("data_sync.timing"), numeric=range(2, 8))


def _hours(value: float | None, seen: Context) -> str:
    return "–" if value is None else formatting.number(value, language=seen.language, decimals=1)
