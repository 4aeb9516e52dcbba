"""Two daily counts of one place over the same days, as lines. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go

from dashboard.charts.cut import COLOURS
from dashboard.charts.once import once

HEIGHT = 240
DASHES = ("solid", "dash")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line.

    Attributes:
        name: what it is.
        values: one a day; None where nothing was reported: the line breaks.
    """

    name: str
    values: Sequence[float | None]


@once
def flows(days: Sequence[date], lines: Sequence[Line], *, language: str) -> go.Figure:
    """Return the lines over their days, told apart by dash as well as colour.

    Args:
        days: oldest first.
        lines: at most two, each with a value a day.
        language: `vi` or `en`.
    """
    told = "%d/%m/%Y" if language == "vi" else "%e %b %Y"
    figure = go.Figure(
        layout={
            "template": "none",
            "height": HEIGHT,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "separators": ",." if language == "vi" else ".,",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hovermode": "x",
            "showlegend": True,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "xaxis": {
                "showgrid": False,
                "fixedrange": True,
                "nticks": 6,
                "tickformat": "%d/%m" if language == "vi" else "%e %b",
            },
            "yaxis": {
                "rangemode": "tozero",
                "nticks": 4,
                "tickformat": ",~r",
                "fixedrange": True,
                "zeroline": False,
                "automargin": True,
            },
        }
    )
    for line, colour, dash in zip(lines, COLOURS, DASHES, strict=False):
        figure.add_scatter(
            x=list(days), y=list(line.values), name=line.name, mode="lines", connectgaps=False,
            line={"color": colour, "width": 2.2, "dash": dash},
            hovertemplate=f"%{{x|{told}}}, {line.name}: %{{y:,.0f}}<extra></extra>",
        )  # fmt: skip
    return figure
