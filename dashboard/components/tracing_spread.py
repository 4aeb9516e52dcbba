"""How the infection passes on in the page's place and period."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from dashboard import formatting, watched
from dashboard.charts import chain as charts
from dashboard.components import command
from dashboard.components.markup import draw, element
from dashboard.components.section import section
from dashboard.components.series import PLOTLY
from dashboard.components.tables import table
from dashboard.components.tracing_cluster import attack_table, percent
from dashboard.components.tracing_clusters import PAGE, count, setting_name
from dashboard.context import Context, look
from data_access.chain.spread import Offspring, Serial, Spread
from data_access.clusters import may_see


@section("tracing_spread")
def spread() -> None:
    """Draw four readings of the chains of the period, each with its numbers and its caveat."""
    seen = look(PAGE)
    if seen.day is None or not may_see(seen.viewer):
        return
    place, start = command.place_of(seen), command.start_of(seen.day)
    found = watched.spread(
        viewer=seen.viewer, start=start, day=seen.day, areas=place.areas, token=seen.token
    )
    title = seen.t("clusters.spread", place=place.name, start=_day(start, seen),
                   end=_day(seen.day, seen))  # fmt: skip
    draw(element("h2", title, class_="td-section"))
    left, right = st.columns(2, gap="medium")
    with left:
        _attack(found, seen)
        _offspring(found.offspring, seen)
    with right:
        _serial(found.serial, seen)
        _generations(found.generations, seen)


def _day(day: date, seen: Context) -> str:
    return formatting.day(day, language=seen.language)


def _number(value: float | None, seen: Context) -> str:
    return "–" if value is None else formatting.number(value, language=seen.language, decimals=1)


def _attack(found: Spread, seen: Context) -> None:
    title = seen.t("clusters.attack")
    draw(element("h3", title, class_="td-part"))
    watched = seen.t("clusters.watched", n=count(found.n_watched, seen))
    if found.attack.is_empty():
        draw(element("p", seen.t("clusters.no_attack"), " ", watched, class_="td-absent"))
        return
    names = {code: setting_name(code, seen) for code in found.attack["setting"]}
    figure = charts.intervals(found.attack, names, language=seen.language)
    st.plotly_chart(figure, key="spread_attack", alt=title, config=PLOTLY)
    draw(element("p", seen.t("clusters.attack_about"), " ", watched, class_="td-when"))
    twin = st.expander(seen.t("chart.table"), key="spread_attack_twin", on_change="rerun")
    if twin.open:
        with twin:
            draw(attack_table(found.attack, seen, caption=title))


def _serial(found: Serial, seen: Context) -> None:
    title = seen.t("clusters.serial")
    draw(element("h3", title, class_="td-part"))
    if not found.n:
        note = seen.t("clusters.no_serial", pairs=count(found.n_pairs, seen))
        draw(element("p", note, class_="td-absent"))
        return
    figure = charts.serial_days(found.days, t=seen.t, language=seen.language)
    st.plotly_chart(figure, key="spread_serial", alt=title, config=PLOTLY)
    note = seen.t(
        "clusters.serial_about",
        mean=_number(found.mean, seen),
        sd=_number(found.sd, seen),
        median=_number(found.median, seen),
        n=count(found.n, seen),
        pairs=count(found.n_pairs, seen),
        negative=count(found.n_negative, seen),
    )
    draw(element("p", note, class_="td-when"))
    heads = (seen.t("clusters.days_apart"), seen.t("clusters.pairs"))
    rows = [(formatting.number(gap, language=seen.language), n) for gap, n in found.days]
    _twin(rows, heads, seen, title=title, key="spread_serial_twin")


def _offspring(found: Offspring, seen: Context) -> None:
    title = seen.t("clusters.offspring")
    draw(element("h3", title, class_="td-part"))
    if found.none_share is None:
        note = seen.t("clusters.no_offspring", young=count(found.n_young, seen))
        draw(element("p", note, class_="td-absent"))
        return
    parts = charts.offspring_classes(found.counts)
    figure = charts.classes(parts, title=seen.t("clusters.infected"), language=seen.language)
    st.plotly_chart(figure, key="spread_offspring", alt=title, config=PLOTLY)
    note = seen.t(
        "clusters.offspring_about",
        n=count(found.n, seen),
        mean=_number(found.mean, seen),
        none=percent(found.none_share, seen),
        top="–" if found.top_share is None else percent(found.top_share, seen),
        infections=count(found.n_infections, seen),
        young=count(found.n_young, seen),
    )
    draw(element("p", note, class_="td-when"))
    heads = (seen.t("clusters.infected"), seen.t("clusters.size"))
    _twin(parts, heads, seen, title=title, key="spread_offspring_twin")


def _generations(found: Sequence[tuple[int | None, int]], seen: Context) -> None:
    title = seen.t("clusters.by_generation")
    draw(element("h3", title, class_="td-part"))
    if not found:
        draw(element("p", seen.t("clusters.no_generations"), class_="td-absent"))
        return
    parts = [
        (charts.generation_name(-1 if level is None else level, seen.t), n) for level, n in found
    ]
    figure = charts.classes(parts, title="", language=seen.language)
    st.plotly_chart(figure, key="spread_generations", alt=title, config=PLOTLY)
    draw(element("p", seen.t("clusters.generations_about"), class_="td-when"))
    heads = (seen.t("clusters.generation_head"), seen.t("clusters.size"))
    _twin(parts, heads, seen, title=title, key="spread_generations_twin")


def _twin(
    parts: Sequence[tuple[str, int]], heads: Sequence[str], seen: Context, *, title: str, key: str
) -> None:
    twin = st.expander(seen.t("chart.table"), key=key, on_change="rerun")
    if twin.open:
        with twin:
            rows = [(name, count(n, seen)) for name, n in parts]
            draw(table(heads, rows, caption=title, numeric=(1,)))
