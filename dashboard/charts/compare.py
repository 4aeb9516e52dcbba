"""Several areas on shared axes: one chart of lines named at their ends, small ones beside. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf

import plotly.graph_objects as go

from dashboard.catalogue import Entry
from dashboard.charts.cut import COLOURS
from dashboard.charts.once import once
from dashboard.charts.trend import BAND, texts_of
from dashboard.i18n import Translate

HEIGHT, SMALL, DOT = 380, 170, 5
RIGHT = 140  # room for the names at the ends
LABEL_GAP = 0.062  # of the axis: two names nearer than that would cover each other
NAME_LETTERS = 18
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One area.

    Attributes:
        code: of the area.
        name: of the area.
        days: dates, ascending.
        values: of each day; None where there is none.
        place: its number among those chosen: its colour and dash stay while others come and go.
        raw: the values in full where those drawn end at a horizon; None: they are the same.
    """

    code: str
    name: str
    days: Sequence[date]
    values: Sequence[float | None]
    place: int
    raw: Sequence[float | None] | None = None

    @property
    def colour(self) -> str:
        """Its colour."""
        return COLOURS[self.place % len(COLOURS)]

    @property
    def last(self) -> tuple[date, float] | None:
        """Return the newest day with a value, and the value."""
        known = [
            (day, value) for day, value in zip(self.days, self.values, strict=True)
            if value is not None
        ]  # fmt: skip
        return known[-1] if known else None


def highest(curves: Sequence[Curve]) -> float:
    """Return the top of the shared axis."""
    known = [value for curve in curves for value in curve.values if value is not None]
    return (max(known, default=0.0) or 1.0) * 1.06


def spread(
    heights: Sequence[float], *, gap: float, low: float = -inf, high: float = inf
) -> list[float]:
    """Return heights moved apart so that none are nearer than the gap, their order kept.

    Method: from the lowest up, each at least a gap above the one below; a group that was pushed up
        moves down again by half its push, as long as it does not meet what lies under it.

    Args:
        heights: wanted, any order.
        gap: least distance.
        low: none is below it.
        high: none is above it; there is room for all between the two.
    """
    order = sorted(range(len(heights)), key=lambda n: heights[n])
    groups: list[list[int]] = []
    centres: list[float] = []
    for number in order:
        groups.append([number])
        centres.append(heights[number])
        while len(groups) > 1 and _overlap(groups, centres, gap):
            last = groups.pop()
            centres.pop()
            groups[-1] += last
            centres[-1] = sum(heights[n] for n in groups[-1]) / len(groups[-1])
    moved = list(heights)
    for group, centre in zip(groups, centres, strict=True):
        for place, number in enumerate(group):
            moved[number] = centre + (place - (len(group) - 1) / 2) * gap
    floor, ceiling = low, high
    for number in order:
        moved[number] = max(moved[number], floor)
        floor = moved[number] + gap
    for number in reversed(order):
        moved[number] = min(moved[number], ceiling)
        ceiling = moved[number] - gap
    return moved


def _overlap(groups: Sequence[Sequence[int]], centres: Sequence[float], gap: float) -> bool:
    needed = (len(groups[-2]) + len(groups[-1])) / 2 * gap
    return centres[-1] - centres[-2] < needed


@once
def lines(  # noqa: PLR0913 -- the parts of one chart
    curves: Sequence[Curve],
    *,
    entry: Entry,
    t: Translate,
    language: str,
    complete_until: date,
    base: float | None = None,
) -> go.Figure:
    """Return one line an area, its name at its end.

    Args:
        curves: the areas.
        entry: what it is.
        t: texts of the language.
        language: `vi` or `en`.
        complete_until: the last day that is usually complete; later days are shaded.
        base: the line at which an index begins; None: values as they are.
    """
    top = highest(curves)
    figure = go.Figure(layout=_layout(entry, language, height=HEIGHT, index=base is not None))
    for curve in curves:
        _line(figure, curve, entry=entry, language=language, index=base is not None, width=2.2)
    _name_ends(figure, curves, top=top)
    days = [day for curve in curves for day in curve.days]
    if base is not None:
        figure.add_hline(y=base, line={"width": 1, "dash": "dot", "color": COLOURS[7]})
    if days and max(days) > complete_until:
        half = timedelta(hours=12)
        start = max(complete_until, min(days)) + half
        figure.add_vrect(x0=start, x1=max(days) + half, fillcolor=BAND, line_width=0,
                         layer="below")  # fmt: skip
        figure.add_annotation(x=max(days), y=1.0, yref="paper", text=t("chart.delay"),
                              showarrow=False, xanchor="right", yanchor="bottom",
                              font={"size": 10})  # fmt: skip
    figure.update_yaxes(range=[0, top])
    if days:  # to the edge, where the names begin
        figure.update_xaxes(range=[min(days), max(days) + timedelta(hours=12)])
    return figure


@once
def small(
    curve: Curve, *, top: float, entry: Entry, language: str, base: float | None = None
) -> go.Figure:
    """Return one area alone, on the axis that all share.

    Args:
        curve: the area.
        top: of the shared axis.
        entry: what it is.
        language: `vi` or `en`.
        base: the line at which an index begins; None: values as they are.
    """
    index = base is not None
    figure = go.Figure(layout=_layout(entry, language, height=SMALL, index=index))
    _line(figure, curve, entry=entry, language=language, index=index, width=2.0)
    if base is not None:
        figure.add_hline(y=base, line={"width": 1, "dash": "dot", "color": COLOURS[7]})
    figure.update_yaxes(range=[0, top], nticks=3)
    figure.update_xaxes(nticks=3, range=[curve.days[0], curve.days[-1]])
    figure.update_layout(margin={"l": 8, "r": 8, "t": 4, "b": 4})
    return figure


def _line(
    figure: go.Figure, curve: Curve, *, entry: Entry, language: str, index: bool, width: float
) -> None:
    ratio = entry.is_ratio and not index
    number = f".{entry.decimals}%" if ratio else f",.{1 if index else entry.decimals}f"
    texts = None if index else texts_of(curve.raw or curve.values, entry, language)
    value = "%{text}" if texts else f"%{{y:{number}}}"
    figure.add_scatter(
        x=list(curve.days), y=list(curve.values), text=texts, name=curve.name, mode="lines+markers",
        line={"color": curve.colour, "width": width, "dash": DASHES[curve.place % len(DASHES)]},
        connectgaps=False, marker={"color": curve.colour, "size": _dots(curve.values)},
        hovertemplate=f"{_plain(curve.name)}: {value}<extra></extra>",
    )  # fmt: skip


def _dots(values: Sequence[float | None]) -> list[int]:
    """Return the size of each day's mark: a day between two gaps would be no line at all."""
    around = [None, *values, None]
    return [
        DOT if value is not None and around[n] is None and around[n + 2] is None else 0
        for n, value in enumerate(values)
    ]


def _plain(name: str) -> str:
    # A name goes into a pattern: braces and tags would be read as its language.
    return "".join(letter for letter in name if letter not in "{}<>%&")


def _name_ends(figure: go.Figure, curves: Sequence[Curve], *, top: float) -> None:
    """Write each name at the end of its line, moved apart where lines end together."""
    ended = [(curve, curve.last) for curve in curves]
    known = [(curve, last) for curve, last in ended if last is not None]
    places = spread([last[1] for _, last in known], gap=top * LABEL_GAP, low=0.0, high=top)
    for (curve, last), height in zip(known, places, strict=True):
        figure.add_annotation(
            x=1.0, xref="paper", xanchor="left", y=height, yanchor="middle",
            # The name in the theme's ink: a line's colour is too faint for text on one ground.
            text=f'<span style="color:{curve.colour}">●</span> {_short(curve.name)}',
            font={"size": 12}, showarrow=False, xshift=4,
        )  # fmt: skip
        figure.add_scatter(
            x=[last[0]], y=[last[1]], mode="markers", marker={"color": curve.colour, "size": 7},
            hoverinfo="skip", showlegend=False, name="", cliponaxis=False,
        )  # fmt: skip


def _short(name: str) -> str:
    name = _plain(name)
    return name if len(name) <= NAME_LETTERS else name[: NAME_LETTERS - 1].rstrip() + "…"


def _layout(entry: Entry, language: str, *, height: int, index: bool) -> Mapping[str, object]:
    plain = index or not entry.is_ratio
    return {
        "template": "none",
        "height": height,
        "margin": {"l": 8, "r": RIGHT, "t": 22, "b": 8},
        "separators": ",." if language == "vi" else ".,",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        # One box a day, its lines in their colours: six boxes would cover each other and the chart.
        "hovermode": "x unified",
        "showlegend": False,
        "xaxis": {
            "showgrid": False,
            "tickformat": "%d/%m<br>%Y" if language == "vi" else "%e %b<br>%Y",
            "hoverformat": "%d/%m/%Y" if language == "vi" else "%e %b %Y",
            "nticks": 5,
            "tickangle": 0,
            "fixedrange": True,
        },
        "yaxis": {
            "tickformat": ",~r" if plain else ".0%",
            "nticks": 5,
            "fixedrange": True,
            "zeroline": False,
            "automargin": True,
        },
    }
