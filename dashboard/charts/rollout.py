"""Provinces per stage over time, and the parts of a readiness as a bar. Pure."""

from collections.abc import Sequence

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.once import once
from dashboard.components.markup import Markup, element, picture
from dashboard.i18n import Translate
from data_access.rollout.model import STAGES
from data_access.rollout.readiness import Scored

HEIGHT = 300
FEW = 6
"""Below so many provinces the axis would count in parts of one."""
# From pale to dark in one hue, so that the order is seen without colours too (ColorBrewer-like).
COLOURS = ("#d8dee2", "#cfe3f5", "#a9cdea", "#7fb0dc", "#5694cb", "#2f6fae", "#1c4f85", "#0b2c4a")
REACHED, MISSING, UNKNOWN = "#2c8797", "#c4cfd3", "#8a979d"
WIDE, HIGH, GAP = 220.0, 12.0, 1.5


@once
def trend(daily: pl.DataFrame, *, t: Translate) -> go.Figure:
    """Return how many provinces stood at each stage, day by day, stacked from the last stage up.

    Args:
        daily: date, stage_number, n; one platform.
        t: texts of the language.
    """
    figure = go.Figure(layout=_layout())
    if (daily.group_by("date").agg(pl.col("n").sum())["n"].max() or 0) < FEW:  # type: ignore[operator]
        figure.update_yaxes(dtick=1)
    days = daily["date"].unique().sort().to_list()
    for number in range(len(STAGES) - 1, -1, -1):
        own = dict(daily.filter(pl.col("stage_number") == number).select("date", "n").iter_rows())
        name = f"{number} · {t(f'rollout.stage_{STAGES[number]}')}"
        figure.add_bar(
            x=days, y=[own.get(day, 0) for day in days], name=name,
            marker={"color": COLOURS[number], "line": {"width": 0}},
            hovertemplate=f"%{{x|%d/%m/%Y}} · {name}: %{{y}}<extra></extra>",
        )  # fmt: skip
    return figure


def _layout() -> dict[str, object]:
    return {
        "template": "none", "height": HEIGHT, "barmode": "stack", "bargap": 0.0,
        "margin": {"l": 36, "r": 8, "t": 8, "b": 28},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"traceorder": "normal", "font": {"size": 11}},
        "yaxis": {"gridcolor": "rgba(120,140,150,0.2)", "rangemode": "tozero"},
        "xaxis": {"tickformat": "%d/%m"},
    }  # fmt: skip


def parts_bar(parts: Sequence[Scored], *, alt: str) -> Markup:
    """Return one segment a part, as wide as its weight: filled as far as reached, hatched: unknown.

    A picture cannot follow the theme: its colours are seen on both grounds.
    """
    total = sum(one.part.weight for one in parts)
    shapes, x = [], 0.0
    for one in parts:
        wide = one.part.weight / total * (WIDE - GAP * (len(parts) - 1))
        if one.score is None:
            shapes.append(element("rect", x=f"{x:.1f}", y=1, width=f"{wide:.1f}", height=HIGH - 2,
                                  fill="none", stroke=UNKNOWN, stroke_dasharray="2 2"))  # fmt: skip
        else:
            shapes += [
                element("rect", x=f"{x:.1f}", y=1, width=f"{wide:.1f}", height=HIGH - 2,
                        fill=MISSING, fill_opacity=0.55),
                element("rect", x=f"{x:.1f}", y=1, width=f"{wide * one.score:.1f}",
                        height=HIGH - 2, fill=REACHED),
            ]  # fmt: skip
        x += wide + GAP
    drawn = element("svg", *shapes, xmlns="http://www.w3.org/2000/svg",
                    viewBox=f"0 0 {WIDE:.0f} {HIGH:.0f}")  # fmt: skip
    return picture(drawn, alt=alt, class_="td-parts")
