"""One figure of an area among others, as bars whose colour says who they are. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.catalogue import Entry
from dashboard.charts.cut import COLOURS
from dashboard.charts.once import once

ROW, FRAME = 26, 60
COLOUR_OF = {"own": COLOURS[1], "nation": COLOURS[7], "neighbour": COLOURS[0], "peer": COLOURS[2]}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One area.

    Attributes:
        name: of the area.
        group: `own`, `nation`, `neighbour` or `peer`.
        value: None if there is none.
    """

    name: str
    group: str
    value: float | None


@once
def bars(
    shown: Sequence[Bar], groups: Mapping[str, str], *, entry: Entry, language: str
) -> go.Figure:
    """Return one bar an area with a figure, in the order given, its figure written beside it.

    Args:
        shown: the areas.
        groups: name of each group; a group is named in words beside the colour.
        entry: what it is.
        language: `vi` or `en`.
    """
    known = [bar for bar in shown if bar.value is not None]
    figure = go.Figure(
        layout={
            "template": "none",
            "height": FRAME + ROW * max(len(known), 1),
            "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0,
                       "font": {"size": 11}},
            "bargap": 0.25,
            "showlegend": True,
        }
    )  # fmt: skip
    for group, words in groups.items():
        own = [bar for bar in known if bar.group == group]
        if own:
            figure.add_bar(
                x=[bar.value for bar in own], y=[bar.name for bar in own], orientation="h",
                name=words, marker_color=COLOUR_OF[group], textposition="outside",
                text=[entry.value(bar.value or 0.0, language=language) for bar in own],
                cliponaxis=False, hovertemplate="%{y}: %{text}<extra></extra>",
            )  # fmt: skip
    figure.update_yaxes(
        categoryorder="array", categoryarray=[bar.name for bar in known], autorange="reversed",
        automargin=True, showgrid=False, fixedrange=True,
    )  # fmt: skip
    highest = max((bar.value or 0.0 for bar in known), default=1.0) or 1.0
    figure.update_xaxes(visible=False, range=[0, highest * 1.2], fixedrange=True)
    return figure
