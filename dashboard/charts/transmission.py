"""Rt over time with its band, as a Plotly figure. Pure."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.charts.once import once
from dashboard.charts.trend import INK
from dashboard.i18n import Translate
from data_access.estimates.transmission import Rt

HEIGHT = 230
BAND = "rgba(44,135,151,0.24)"
ONE = "#8A6D3B"
LEAST_TOP = 2.0


@once
def rt_figure(found: Sequence[Rt], *, t: Translate, language: str) -> go.Figure:
    """Return the mean of Rt and its 95 % band; days on which it is not shown stay empty.

    Args:
        found: the windows, oldest first.
        t: texts of the language.
        language: `vi` or `en`.
    """
    days = [one.day for one in found]
    mean = [one.r.mean if one.r else None for one in found]
    low = [one.r.q025 if one.r else None for one in found]
    high = [one.r.q975 if one.r else None for one in found]
    figure = go.Figure()
    for part in _runs(found):
        figure.add_scatter(
            x=days[part] + days[part][::-1], y=high[part] + low[part][::-1], fill="toself",
            fillcolor=BAND, line={"width": 0}, mode="lines", hoverinfo="skip", name="",
            showlegend=False,
        )  # fmt: skip
    figure.add_scatter(
        x=days, y=mean, mode="lines", line={"color": INK, "width": 2.4}, connectgaps=False,
        name=t("transmission.rt"), customdata=list(zip(low, high, strict=True)),
        hovertemplate="%{x|%d/%m}: %{y:.2f} (%{customdata[0]:.2f}–%{customdata[1]:.2f})"
                      "<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=1.0, line={"color": ONE, "width": 1.4, "dash": "dash"})
    top = max([one for one in high if one is not None], default=LEAST_TOP)
    figure.update_layout(
        template="none", height=HEIGHT, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False,
        separators=",." if language == "vi" else ".,", paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", hovermode="x",
    )  # fmt: skip
    form = "%d/%m<br>%Y" if language == "vi" else "%e %b<br>%Y"
    figure.update_xaxes(showgrid=False, tickformat=form, nticks=6, fixedrange=True)
    figure.update_yaxes(range=[0, max(top * 1.05, LEAST_TOP)], tickformat=".1f", nticks=5,
                        fixedrange=True, zeroline=False, automargin=True)  # fmt: skip
    return figure


def _runs(found: Sequence[Rt]) -> list[slice]:
    """Return the stretches of days without a gap: a band must not bridge one."""
    runs, start = [], None
    for number, one in enumerate([*found, None]):
        shown = one is not None and one.r is not None
        if shown and start is None:
            start = number
        if not shown and start is not None:
            runs.append(slice(start, number))
            start = None
    return runs
