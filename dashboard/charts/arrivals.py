"""How long feeds take to arrive against their own past, as a Plotly figure. Pure."""

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.once import once
from dashboard.charts.trend import INK
from dashboard.i18n import Translate

ARRIVALS_SCHEMA = {
    "platform": pl.String,
    "source": pl.String,
    "usual": pl.Float64,
    "usual_90": pl.Float64,
    "now": pl.Float64,
    "now_90": pl.Float64,
    "due": pl.Float64,
    "n_slow": pl.UInt32,
    "n": pl.UInt32,
}
PAST, DUE = "rgba(140,140,140,0.55)", "#A3204A"
ROW, FRAME = 34, 92
LONGEST = 28


def arrivals(reported: pl.DataFrame) -> pl.DataFrame:
    """Return each feed's median and 90th percentile now and in its past: ARRIVALS_SCHEMA.

    Args:
        reported: rows as `data_access.sync.reporting.reporting` gives them.

    Hours count from the end of the day. The past is the median of the provinces' own figures;
    `n_slow` of `n` province-days took longer than the past's 90th percentile.
    """
    due = (pl.col("due_at") - pl.col("first_known_at")).dt.total_seconds() / 3600
    return (
        reported.filter(pl.col("source") != "", pl.col("hours").is_not_null())
        .group_by("platform", "source")
        .agg(
            usual=pl.col("usual_hours").median(),
            usual_90=pl.col("p90_hours").median(),
            now=pl.col("hours").median(),
            now_90=pl.col("hours").quantile(0.9, "linear"),
            due=(pl.col("hours") + due).median(),
            n_slow=(pl.col("hours") > pl.col("p90_hours")).sum(),
            n=pl.len(),
        )
        .sort("platform", "source")
        .select([pl.col(name).cast(dtype) for name, dtype in ARRIVALS_SCHEMA.items()])
    )


def height(feeds: pl.DataFrame) -> int:
    """Return the chart's height in pixels: a line a feed."""
    return FRAME + ROW * feeds["usual"].count()


@once
def chart(feeds: pl.DataFrame, *, t: Translate, language: str) -> go.Figure:
    """Return one line a feed: the past's median to p90 as a bar, this period's as dots.

    A feed without a past is left to the table: what it brought first is mostly a backlog.

    Args:
        feeds: as `arrivals` gives them.
        t: texts of the language.
        language: `vi` or `en`.
    """
    feeds = feeds.drop_nulls("usual")
    names = [
        f"{t(f'platform.{platform}')} · {source[:LONGEST]}"
        for platform, source in feeds.select("platform", "source").rows()
    ][::-1]
    of = {name: feeds[name].to_list()[::-1] for name in ("usual", "usual_90", "now", "now_90")}
    wide = [
        None if start is None or end is None else end - start
        for start, end in zip(of["usual"], of["usual_90"], strict=True)
    ]
    hover = "%{y}: %{x:.1f}<extra></extra>"
    figure = go.Figure(layout=_layout(feeds, t=t, language=language))
    figure.add_bar(
        y=names, x=wide, base=of["usual"], orientation="h", width=0.5, marker_color=PAST,
        name=t("data_sync.past_band"), hoverinfo="skip",
    )  # fmt: skip
    for name, values, symbol in (
        ("now_median", of["now"], "circle"),
        ("now_p90", of["now_90"], "circle-open"),
    ):
        figure.add_scatter(
            y=names, x=values, mode="markers", name=t(f"data_sync.{name}"), hovertemplate=hover,
            marker={"size": 10, "color": INK, "symbol": symbol, "line": {"width": 2}},
        )  # fmt: skip
    figure.add_scatter(
        y=names, x=feeds["due"].to_list()[::-1], mode="markers", name=t("data_sync.due"),
        hovertemplate=hover, marker={"size": 16, "color": DUE, "symbol": "line-ns-open",
                                     "line": {"width": 2}},
    )  # fmt: skip
    return figure


def _layout(feeds: pl.DataFrame, *, t: Translate, language: str) -> dict[str, object]:
    return {
        "template": "none",
        "height": height(feeds),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "separators": ",." if language == "vi" else ".,",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "font": {"size": 11}},
        "xaxis": {
            "title": {"text": t("data_sync.hours_after"), "font": {"size": 11}},
            "rangemode": "tozero", "fixedrange": True, "zeroline": False,
            "nticks": 5, "tickangle": 0,
        },
        "yaxis": {"fixedrange": True, "automargin": True, "showgrid": False},
    }  # fmt: skip
