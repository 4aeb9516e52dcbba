"""A breakdown as a Plotly figure: codes ranked, in their order, or over time. Pure."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import polars as pl

from dashboard.breakdown import Part
from dashboard.catalogue import Entry
from dashboard.charts.once import once
from dashboard.charts.trend import INK

ROW, FRAME, TALL = 30, 46, 240
# Told apart by those who see no red or green (Okabe and Ito, darkened for both grounds).
COLOURS = ("#2C8797", "#C77D20", "#7A6BB0", "#B5495B", "#5B8C3E", "#8A6D3B", "#4A6FA5", "#8C8C8C")


@once
def bars(
    parts: Sequence[Part], names: Mapping[str, str], *, entry: Entry, language: str
) -> go.Figure:
    """Return one bar a code, the first on top, its figure written beside it."""
    shown = [part for part in parts if part.value is not None]
    texts = [_text(part, entry, language) for part in shown]
    figure = go.Figure(layout=layout(language, height=FRAME + ROW * max(len(shown), 1)))
    figure.add_bar(
        x=[part.value for part in shown],
        y=[names[part.code] for part in shown],
        orientation="h", marker_color=INK, text=texts, textposition="outside", cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", automargin=True, showgrid=False)
    highest = max((part.value or 0.0 for part in shown), default=1.0) or 1.0
    # Room beside the longest bar for what is written there, on a phone too.
    room = 1.25 + 0.04 * max(map(len, texts), default=0)
    figure.update_xaxes(visible=False, range=[0, highest * room])
    return figure


def _text(part: Part, entry: Entry, language: str) -> str:
    if part.value is None:
        return ""
    value = entry.value(part.value, language=language)
    if part.share is None or entry.is_ratio:
        return value
    return f"{value} ({part.share:.0%})".replace("%)", " %)" if language == "vi" else "%)")


@once
def columns(
    parts: Sequence[Part], names: Mapping[str, str], *, entry: Entry, language: str
) -> go.Figure:
    """Return one column a class, in their own order."""
    figure = go.Figure(layout=layout(language, height=TALL))
    figure.add_bar(
        x=[names[part.code] for part in parts], y=[part.value for part in parts],
        marker_color=INK, text=[_text(part, entry, language) for part in parts],
        hovertemplate="%{x}: %{text}<extra></extra>", textposition="none",
    )  # fmt: skip
    figure.update_xaxes(showgrid=False, type="category", automargin=True)
    figure.update_yaxes(nticks=4, tickformat=",~r", rangemode="tozero")
    return figure


@once
def stack(
    daily: pl.DataFrame, codes: Sequence[str], names: Mapping[str, str], *, by: str, language: str
) -> go.Figure:
    """Return a day's codes one on the other, over time.

    Args:
        daily: date, the dimension, value; one area.
        codes: those drawn, from the bottom.
        names: of the codes.
        by: the dimension.
        language: `vi` or `en`.
    """
    figure = go.Figure(layout=layout(language, height=TALL))
    day = "%d/%m/%Y" if language == "vi" else "%e %b %Y"
    for number, code in enumerate(codes):
        own = daily.filter(pl.col(by) == code).sort("date")
        figure.add_bar(
            x=own["date"].to_list(), y=own["value"].to_list(), name=names[code],
            marker={"color": COLOURS[number % len(COLOURS)], "line": {"width": 0}},
            hovertemplate=f"%{{x|{day}}}, {names[code]}: %{{y:,.0f}}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.05, showlegend=True)
    figure.update_xaxes(
        showgrid=False, nticks=6, tickformat="%d/%m" if language == "vi" else "%e %b"
    )
    figure.update_yaxes(nticks=4, tickformat=",~r", rangemode="tozero")
    return figure


def layout(language: str, *, height: int) -> dict[str, object]:
    """Return the layout of a chart of a breakdown, for those that stand beside one too."""
    return {
        "template": "none",
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "separators": ",." if language == "vi" else ".,",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "legend": {
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "font": {"size": 11},
        },
        "xaxis": {"fixedrange": True, "zeroline": False},
        "yaxis": {"fixedrange": True, "zeroline": False},
    }
