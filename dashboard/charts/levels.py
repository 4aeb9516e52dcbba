"""An area's level week by week, and a criterion on its scale. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

import plotly.graph_objects as go

from dashboard.charts.once import once
from dashboard.components.markup import Markup, element, picture
from dashboard.i18n import Translate
from data_access.levels.book import Standing
from data_access.rules.model import HIGHEST, Criterion

HEIGHT = 230
COLOURS = ("#8ccb98", "#f5dd6b", "#f0a24f", "#e5786f")
EDGE, GROUND = "rgba(60,70,75,0.55)", ("rgba(120,140,150,0.10)", "rgba(120,140,150,0.22)")
INK = "#7b8a92"  # read on both grounds
WIDE, HIGH, TOP, BAR = 400.0, 34.0, 9.0, 11.0
ROOM = 1.25
"""The scale ends this many times the last edge, or at the value."""


@once
def history(rows: Sequence[Standing], *, t: Translate, language: str) -> go.Figure:
    """Return the level of each week as a column; what is undetermined as the span left open.

    Args:
        rows: one a week, oldest first.
        t: texts of the language.
        language: `vi` or `en`.
    """
    figure = go.Figure(layout=_layout(language))
    half = timedelta(days=3.5)
    for number, (_, spell) in enumerate(groupby(rows, key=lambda one: one.assessment.ruleset.id)):
        mine = [one.assessment for one in spell]
        figure.add_vrect(
            x0=mine[0].day - half, x1=mine[-1].day + half, layer="below", line_width=0,
            fillcolor=GROUND[number % 2],
            annotation={"text": mine[0].ruleset.number, "font": {"size": 10}},
            annotation_position="top left",
        )  # fmt: skip
    known = [one.assessment for one in rows if one.assessment.level is not None]
    figure.add_bar(
        x=[one.day for one in known],
        y=[one.level for one in known],
        marker={"color": [COLOURS[(one.level or 1) - 1] for one in known],
                "line": {"color": EDGE, "width": 1}},
        text=[str(one.level) for one in known],
        textposition="inside",
        textfont={"color": "#10181c"},
        name=t("levels.title_level"),
        hovertemplate=f"%{{x|%d/%m/%Y}}: {t('levels.title_level')} %{{y}}<extra></extra>",
    )  # fmt: skip
    gaps = [one.assessment for one in rows if one.assessment.level is None]
    figure.add_bar(
        x=[one.day for one in gaps],
        y=[one.possible[1] - one.possible[0] + 0.5 for one in gaps],
        base=[one.possible[0] - 0.25 for one in gaps],
        marker={"color": "rgba(0,0,0,0)", "line": {"color": EDGE, "width": 1},
                "pattern": {"shape": "/", "fgcolor": INK, "size": 6}},
        name=t("levels.undetermined"),
        hovertemplate=f"%{{x|%d/%m/%Y}}: {t('levels.undetermined')}<extra></extra>",
    )  # fmt: skip
    return figure


def _layout(language: str) -> dict[str, object]:
    return {
        "template": "none",
        "height": HEIGHT,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "barmode": "overlay",
        "bargap": 0.25,
        "showlegend": False,
        "xaxis": {"showgrid": False, "fixedrange": True, "nticks": 6,
                  "tickformat": "%d/%m<br>%Y" if language == "vi" else "%e %b<br>%Y"},
        "yaxis": {"range": [0, HIGHEST + 0.6], "tickvals": [1, 2, 3, 4], "fixedrange": True,
                  "zeroline": False},
    }  # fmt: skip


def gauge(criterion: Criterion, value: float | None, *, alt: str, labels: Sequence[str]) -> Markup:
    """Return a criterion's bands as a bar with its edges and where the value stands.

    Args:
        criterion: the edges.
        value: None: no mark is set.
        alt: what the picture says.
        labels: the edges in words, in their order.
    """
    edges = criterion.edges
    end = 1.0 if criterion.unit == "ratio" and edges[-1] > 0.5 else edges[-1] * ROOM  # noqa: PLR2004
    end = max(end, (value or 0.0) * 1.05)
    stops = [0.0, *edges, end]
    colours = _colours(len(edges) + 1)
    colours = colours[::-1] if criterion.higher_is_better else colours
    bands = [
        element("rect", x=f"{_x(low, end):.1f}", y=TOP, width=f"{_x(high, end) - _x(low, end):.1f}",
                height=BAR, fill=colour)
        for low, high, colour in zip(stops, stops[1:], colours, strict=False)
    ]  # fmt: skip
    words = [
        element("text", text, x=f"{_x(edge, end):.1f}", y=HIGH - 2, font_size=10, fill=INK,
                text_anchor="middle", font_family="sans-serif")
        for edge, text in zip(edges, labels, strict=True)
        if edge > 0
    ]  # fmt: skip
    at = _x(value or 0.0, end)
    mark = element("path", d=f"M{at:.1f} {TOP + BAR + 1}L{at - 5:.1f} 0L{at + 5:.1f} 0Z",
                   fill="#10181c", stroke="#ffffff", stroke_width=1)  # fmt: skip
    drawn = element(
        "svg", *bands, *words, mark if value is not None else None,
        xmlns="http://www.w3.org/2000/svg", viewBox=f"-6 0 {WIDE + 24:.0f} {HIGH:.0f}",
    )  # fmt: skip
    return picture(drawn, alt=alt)


def _x(value: float, end: float) -> float:
    return min(value / end, 1.0) * WIDE


def _colours(n: int) -> list[str]:
    """Return one colour a band, the mildest first."""
    picks = {2: (0, 3), 3: (0, 1, 3)}.get(n, tuple(range(n)))
    return [COLOURS[min(pick, len(COLOURS) - 1)] for pick in picks]
