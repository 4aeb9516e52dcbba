"""Bands of one quantity, one scenario under the other on shared axes. Pure."""

from collections.abc import Mapping
from html import escape

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from dashboard.charts.once import once
from dashboard.charts.trend import INK
from dashboard.i18n import Translate

ROW, FRAME = 150, 100
LEGEND = 64
"""Below the rows, where it has room to break into lines on a phone."""
SHADES = (("95", "rgba(44,135,151,0.16)"), ("80", "rgba(44,135,151,0.26)"),
          ("50", "rgba(44,135,151,0.42)"))  # fmt: skip
OBSERVED = "#c2410c"


def height(count: int) -> int:
    """Return the chart's height in pixels."""
    return FRAME + ROW * count


@once
def chart(
    found: Mapping[str, pl.DataFrame], *, came: pl.DataFrame, t: Translate, language: str
) -> go.Figure:
    """Return a row a scenario: the 95, 80 and 50 % bands, the median, and what came.

    Args:
        found: name → date and the seven quantiles, sorted; one area, one quantity.
        came: date and value of the days that came; none: there is no such day or figure.
        t: texts of the language.
        language: `vi` or `en`.
    """
    figure = make_subplots(
        rows=len(found), cols=1, shared_xaxes=True, subplot_titles=[escape(name) for name in found],
        vertical_spacing=0.35 / max(len(found), 2),
    )  # fmt: skip
    for row, frame in enumerate(found.values(), start=1):
        _bands(figure, frame, row=row, t=t)
        _observed(figure, came.filter(pl.col("date").is_in(frame["date"].implode())).sort("date"),
                  row=row, t=t)  # fmt: skip
    figure.update_layout(
        template="none", height=height(len(found)), margin={"l": 8, "r": 8, "t": 24, "b": LEGEND},
        separators=",." if language == "vi" else ".,", paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", hovermode="x",
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0,
                "xanchor": "left"},
    )  # fmt: skip
    figure.update_annotations(font_size=12, x=0, xanchor="left")
    day = "%d/%m" if language == "vi" else "%e %b"
    figure.update_xaxes(showgrid=False, fixedrange=True, tickformat=day, nticks=6)
    figure.update_yaxes(matches="y", rangemode="tozero", fixedrange=True, nticks=4,
                        tickformat=",~r", automargin=True, zeroline=False)  # fmt: skip
    return figure


def _bands(figure: go.Figure, frame: pl.DataFrame, *, row: int, t: Translate) -> None:
    days = frame["date"].to_list()
    for band, colour in SHADES:
        ends = frame[f"high{band}"].to_list() + frame[f"low{band}"].to_list()[::-1]
        figure.add_scatter(
            x=days + days[::-1], y=ends, fill="toself", fillcolor=colour, line={"width": 0},
            mode="lines", hoverinfo="skip", name=t("scenarios.band", n=band),
            legendgroup=band, showlegend=row == 1, row=row, col=1,
        )  # fmt: skip
    figure.add_scatter(
        x=days, y=frame["median"].to_list(), mode="lines", line={"color": INK, "width": 2.2},
        name=t("scenarios.median"), legendgroup="median", showlegend=row == 1,
        hovertemplate="%{x|%d/%m}: %{y:,.0f}<extra></extra>", row=row, col=1,
    )  # fmt: skip


def _observed(figure: go.Figure, came: pl.DataFrame, *, row: int, t: Translate) -> None:
    if came.is_empty():
        return
    figure.add_scatter(
        x=came["date"].to_list(), y=came["value"].to_list(), mode="lines+markers",
        line={"color": OBSERVED, "width": 1.4}, marker={"size": 4, "color": OBSERVED},
        name=t("scenarios.observed"), legendgroup="observed", showlegend=row == 1,
        hovertemplate="%{x|%d/%m}: %{y:,.0f}<extra></extra>", row=row, col=1,
    )  # fmt: skip
