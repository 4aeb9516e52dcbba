"""A cluster's curve, its chain of infection, and how infections spread, as Plotly figures. Pure."""

from collections.abc import Mapping, Sequence
from math import ceil, sqrt

import plotly.graph_objects as go
import polars as pl

from dashboard.chain_layout import ABROAD, ELSEWHERE, INSIDE, UNKNOWN, Node
from dashboard.charts.cut import COLOURS, FRAME, ROW, TALL, layout
from dashboard.charts.once import once
from dashboard.charts.trend import INK, SOFT
from dashboard.i18n import Translate

SYMBOLS = {INSIDE: "circle", UNKNOWN: "diamond", ELSEWHERE: "triangle-left", ABROAD: "square"}
EDGE, MAYBE = "rgba(128,140,146,0.75)", "rgba(128,140,146,0.45)"
LABELLED = 60  # with more cases the numbers would cover each other
LOWEST, BUBBLE = 220, 34
# Rows up to which a row is so many pixels high.
HEIGHTS = ((24, 22), (60, 16), (160, 11))
LEAST_HEIGHT = 8
COUNTED = 10  # how many infected are told apart; the rest is one class


@once
def curve(daily: pl.DataFrame, *, t: Translate, language: str) -> go.Figure:
    """Return cases by day of onset; those without one by the day they count on, in another colour.

    Args:
        daily: day, n_onset, n_report.
        t: texts of the language.
        language: `vi` or `en`.
    """
    figure = go.Figure(layout=layout(language, height=TALL))
    parts = (("n_onset", INK, "clusters.by_onset"), ("n_report", "#C77D20", "clusters.by_report"))
    for column, colour, key in parts:
        figure.add_bar(
            x=daily["day"].to_list(), y=daily[column].to_list(), name=t(key), marker_color=colour,
            hovertemplate=f"%{{x|{_day(language)}}}: %{{y}}<extra>{t(key)}</extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.1, showlegend=True)
    _days(figure, language)
    figure.update_yaxes(nticks=4, tickformat=",d", rangemode="tozero")
    return figure


@once
def timeline(nodes: Sequence[Node], *, t: Translate, language: str) -> go.Figure:
    """Return the chain: across the day, down the tree, coloured by generation.

    Args:
        nodes: `chain_layout.laid_out`; each has a number and no other name.
        t: texts of the language.
        language: `vi` or `en`.
    """
    n_rows = max((node.row for node in nodes), default=0) + 1
    figure = go.Figure(layout=layout(language, height=height_of(n_rows)))
    place = {node.no: node for node in nodes}
    _edges(figure, [(place[n.parent], n) for n in nodes if n.parent is not None], EDGE, "solid")
    maybe = [(place[other], node) for node in nodes for other in node.others]
    _edges(figure, maybe, MAYBE, "dot")
    levels = sorted({-1 if node.generation is None else node.generation for node in nodes})
    for level in (*(one for one in levels if one >= 0), *(one for one in levels if one < 0)):
        own = [n for n in nodes if (-1 if n.generation is None else n.generation) == level]
        figure.add_scatter(
            x=[n.day for n in own], y=[n.row for n in own], name=generation_name(level, t),
            mode="markers+text" if len(nodes) <= LABELLED else "markers",
            text=[str(n.no) for n in own], textposition="middle right",
            textfont={"size": 10}, cliponaxis=False,
            marker={"size": 10 if n_rows <= HEIGHTS[1][0] else 7, "color": _colour(level),
                    "symbol": [SYMBOLS[n.source] for n in own]},
            customdata=[_told(n, t) for n in own],
            hovertemplate=f"%{{customdata}}<br>%{{x|{_day(language)}}}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(showlegend=True, hovermode="closest")
    _days(figure, language)
    figure.update_xaxes(showgrid=True, gridcolor="rgba(128,140,146,0.18)", side="top")
    figure.update_yaxes(visible=False, range=[n_rows - 0.4, -0.6])
    figure.update_layout(legend={"y": 1 + 34 / height_of(n_rows)}, margin={"t": 64})
    return figure


def height_of(n_rows: int) -> int:
    """Return the height of a chain of so many rows, in pixels."""
    each = next((high for most, high in HEIGHTS if n_rows <= most), LEAST_HEIGHT)
    return max(LOWEST, n_rows * each + 90)


def generation_name(level: int, t: Translate) -> str:
    """Return a generation in words; below zero: only circles lead there."""
    return t("clusters.circle") if level < 0 else t("clusters.generation", n=level)


def _told(node: Node, t: Translate) -> str:
    source = t("clusters.case", n=node.parent) if node.parent else t(f"clusters.{node.source}")
    level = generation_name(-1 if node.generation is None else node.generation, t)
    return t("clusters.node", n=node.no, level=level.lower(), source=source, infected=node.infected)


def _edges(figure: go.Figure, pairs: Sequence[tuple[Node, Node]], colour: str, dash: str) -> None:
    """Draw lines that go down at the infector's day and then across."""
    x: list[object] = []
    y: list[int | None] = []
    for above, node in pairs:
        x += [above.day, above.day, node.day, None]
        y += [above.row, node.row, node.row, None]
    if pairs:
        figure.add_scatter(
            x=x, y=y, mode="lines", line={"color": colour, "width": 1, "dash": dash},
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip


def _colour(level: int) -> str:
    return COLOURS[level % (len(COLOURS) - 1)] if level >= 0 else COLOURS[-1]


@once
def aggregate(counted: pl.DataFrame, *, t: Translate, language: str) -> go.Figure:
    """Return a chain too long to draw each case: circles as large as the cases of a day.

    Args:
        counted: generation, day, n.
        t: texts of the language.
        language: `vi` or `en`.
    """
    levels = [
        -1 if one is None else one for one in counted["generation"].unique(maintain_order=True)
    ]
    figure = go.Figure(layout=layout(language, height=max(LOWEST, len(levels) * 40 + 60)))
    most = counted["n"].max() or 1
    for level in levels:
        own = counted.filter(
            pl.col("generation").is_null() if level < 0 else pl.col("generation") == level
        )
        figure.add_scatter(
            x=own["day"].to_list(), y=[generation_name(level, t)] * own.height, mode="markers",
            marker={"size": [max(4.0, BUBBLE * sqrt(n / most)) for n in own["n"]],
                    "color": _colour(level), "opacity": 0.8, "line": {"width": 0}},
            customdata=own["n"].to_list(), name=generation_name(level, t),
            hovertemplate=f"%{{y}}, %{{x|{_day(language)}}}: %{{customdata}}<extra></extra>",
        )  # fmt: skip
    _days(figure, language)
    figure.update_yaxes(autorange="reversed", automargin=True, type="category")
    return figure


# --- how it spread --------------------------------------------------------------------------------


@once
def intervals(found: pl.DataFrame, names: Mapping[str, str], *, language: str) -> go.Figure:
    """Return a share with its interval for each setting.

    Args:
        found: `chain.spread.ATTACK`.
        names: of the settings.
        language: `vi` or `en`.
    """
    figure = go.Figure(layout=layout(language, height=FRAME + 24 + ROW * max(found.height, 1)))
    rate = found["rate"]
    figure.add_scatter(
        x=rate.to_list(), y=[names[code] for code in found["setting"]], mode="markers",
        marker={"color": INK, "size": 9},
        error_x={"type": "data", "symmetric": False, "thickness": 2, "color": SOFT,
                 "array": (found["high"] - rate).to_list(),
                 "arrayminus": (rate - found["low"]).to_list()},
        customdata=found.select("n_secondary", "n_contacts", "low", "high").rows(),
        hovertemplate="%{y}: %{x:.1%} (%{customdata[2]:.1%} \u2013 %{customdata[3]:.1%}), "
                      "%{customdata[0]}/%{customdata[1]}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", automargin=True, type="category")
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", nticks=6)
    return figure


@once
def serial_days(days: Sequence[tuple[int, int]], *, t: Translate, language: str) -> go.Figure:
    """Return how many pairs fell ill how many days apart; negative ones in another colour."""
    figure = go.Figure(layout=layout(language, height=TALL))
    for negative, colour in ((True, "#B5495B"), (False, INK)):
        own = [(gap, n) for gap, n in days if (gap < 0) is negative]
        if own:
            figure.add_bar(
                x=[gap for gap, _ in own], y=[n for _, n in own], marker_color=colour,
                name=t("clusters.negative" if negative else "clusters.not_negative"),
                hovertemplate="%{x}: %{y}<extra></extra>",
            )  # fmt: skip
    figure.update_layout(bargap=0.08, showlegend=any(gap < 0 for gap, _ in days))
    figure.update_xaxes(title=t("clusters.days_apart"), showgrid=False, tickformat="d", nticks=10)
    figure.update_yaxes(nticks=4, tickformat=",d", rangemode="tozero")
    return figure


@once
def classes(parts: Sequence[tuple[str, int]], *, title: str, language: str) -> go.Figure:
    """Return one column a class, in the order given."""
    figure = go.Figure(layout=layout(language, height=TALL))
    figure.add_bar(
        x=[name for name, _ in parts], y=[n for _, n in parts], marker_color=INK,
        text=[n for _, n in parts], texttemplate="%{text:,d}", textposition="outside",
        cliponaxis=False, hovertemplate="%{x}: %{y:,d}<extra></extra>",
    )  # fmt: skip
    highest = max((n for _, n in parts), default=1) or 1
    figure.update_xaxes(title=title, showgrid=False, type="category", automargin=True)
    figure.update_yaxes(nticks=4, tickformat=",d", range=[0, ceil(highest * 1.15)])
    return figure


def offspring_classes(counts: Sequence[tuple[int, int]]) -> tuple[tuple[str, int], ...]:
    """Return (infected, cases) with every class up to COUNTED and one for the rest."""
    held = dict(counts)
    most = max(held, default=0)
    parts = [(str(n), held.get(n, 0)) for n in range(min(most, COUNTED - 1) + 1)]
    if most >= COUNTED:
        parts.append((f"{COUNTED}+", sum(m for n, m in counts if n >= COUNTED)))
    return tuple(parts)


def _day(language: str) -> str:
    return "%d/%m/%Y" if language == "vi" else "%e %b %Y"


def _days(figure: go.Figure, language: str) -> None:
    figure.update_xaxes(
        showgrid=False, nticks=6, tickformat="%d/%m" if language == "vi" else "%e %b"
    )
