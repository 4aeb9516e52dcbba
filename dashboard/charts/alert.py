"""The days around an alert with what was to be expected, as a Plotly figure. Pure."""

from collections.abc import Sequence
from datetime import date

import plotly.graph_objects as go
import polars as pl

from dashboard.catalogue import Entry
from dashboard.charts.once import once
from dashboard.charts.trend import INK, OPEN, SOFT, layout
from dashboard.i18n import Translate

HEIGHT = 300
BAND = "rgba(140,140,140,0.22)"


@once
def alert_chart(
    curve: pl.DataFrame, marked: Sequence[date], *, entry: Entry, t: Translate, language: str
) -> go.Figure:
    """Return bars of the days, the expected level and its bound as a band, alarm days marked.

    Args:
        curve: day, value, baseline, bound; one row a day, sorted.
        marked: days that spoke.
        entry: what is counted.
        t: texts of the language.
        language: `vi` or `en`.
    """
    days, values = curve["day"].to_list(), curve["value"].to_list()
    spoke = set(marked)
    figure = go.Figure(layout=layout(entry, language) | {"height": HEIGHT, "showlegend": True})
    figure.add_bar(
        x=days, y=values, name=entry.title(language), hovertemplate=_hover(entry),
        marker={"color": [OPEN if day in spoke else SOFT for day in days],
                "pattern": {"shape": ["/" if day in spoke else "" for day in days]}},
    )  # fmt: skip
    lower = curve["baseline"].to_list()
    if any(one is not None for one in lower):
        figure.add_scatter(
            x=days, y=lower, name=t("alerts.baseline"), mode="lines", hoverinfo="skip",
            line={"color": INK, "width": 2},
        )  # fmt: skip
    figure.add_scatter(
        x=days, y=curve["bound"].to_list(), name=t("alerts.bound"), mode="lines",
        hoverinfo="skip", line={"color": OPEN, "width": 1.6, "dash": "dash"},
        fill="tonexty" if any(one is not None for one in lower) else None, fillcolor=BAND,
    )  # fmt: skip
    return figure


def _hover(entry: Entry) -> str:
    number = f".{max(entry.decimals, 1)}%" if entry.is_ratio else f",.{entry.decimals}f"
    return f"%{{x|%d/%m/%Y}}: %{{y:{number}}}<extra></extra>"
