"""What the testing page alone has: the way of samples, who waits, laboratories, pools."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
import streamlit as st

from dashboard import formatting, loaders, testing_tables
from dashboard.charts import cut as charts
from dashboard.code_names import code_name
from dashboard.components import closed, command
from dashboard.components.markup import Child, Markup, draw, element
from dashboard.components.section import section
from dashboard.components.series import PLOTLY
from dashboard.components.tables import table
from dashboard.context import Context, look
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.estimates.proportions import Interval
from data_access.estimates.turnaround import Collected
from data_access.indicators.forms import form_of

PAGE = "testing"
WEEK, FORTNIGHT = timedelta(days=6), timedelta(days=13)
LISTED = 20
METHODS = {"test_positivity_pcr": "RT_PCR", "test_positivity_antigen": "AG_RAPID"}


def _asked(
    seen: Context, day: date, *ids: str, by: str = "", back: timedelta = WEEK
) -> pl.DataFrame:
    ask = Ask(ids=ids, areas=command.place_of(seen).areas, start=day - back, end=day, by=by)
    return loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token)


@section("testing_flow")
def flow_section() -> None:
    """Draw how many samples are at each step, and how long those that wait have waited."""
    seen = look(PAGE)
    if seen.day is None:
        return
    draw(element("h2", seen.t("testing_page.flow"), class_="td-section"))
    left, right = st.columns(2, gap="medium")
    with left:
        _steps(seen, seen.day)
    with right:
        _waiting(seen, seen.day)


def _steps(seen: Context, day: date) -> None:
    draw(element("h3", seen.t("testing_page.steps"), class_="td-part"))
    found = _asked(seen, day, *testing_tables.STEPS)
    steps = testing_tables.steps(found)
    entry = loaders.entry("samples_collected", viewer=seen.viewer)
    if not any(one.value for one in steps) or entry is None:
        draw(element("p", seen.t("error.no_figures"), class_="td-absent"))
        return
    names = {one.code: seen.t(f"testing_page.{one.code}") for one in steps}
    figure = charts.bars(steps, names, entry=entry, language=seen.language)
    alt = seen.t("testing_page.steps")
    st.plotly_chart(figure, key="testing_steps", alt=alt, config=PLOTLY)
    draw(element("p", seen.t("testing_page.steps_note"), class_="td-when"))


def _waiting(seen: Context, day: date) -> None:
    draw(element("h3", seen.t("testing_page.waiting"), class_="td-part"))
    samples = _samples(seen, day)
    parts = testing_tables.waiting_by_age(samples)
    entry = loaders.entry("samples_pending", viewer=seen.viewer)
    if not samples or entry is None:
        draw(element("p", seen.t("error.no_figures"), class_="td-absent"))
        return
    names = {part.code: seen.t("testing_page.days_ago", n=part.code) for part in parts}
    figure = charts.columns(parts, names, entry=entry, language=seen.language)
    alt = seen.t("testing_page.waiting")
    st.plotly_chart(figure, key="testing_waiting", alt=alt, config=PLOTLY)
    draw(element("p", seen.t("testing_page.waiting_note"), class_="td-when"))


def _samples(seen: Context, day: date) -> list[Collected]:
    collected = _asked(seen, day, "samples_collected", back=FORTNIGHT)
    returned = _asked(seen, day, "turnaround_hours", by="bin", back=FORTNIGHT)
    return testing_tables.samples(collected, returned, day=day)


@section("testing_speed")
def speed_section() -> None:
    """Draw how fast results come, those awaited left out and counted in."""
    seen = look(PAGE)
    if seen.day is None:
        return
    title = seen.t("testing_page.speed")
    draw(element("h2", title, class_="td-section"))
    found = testing_tables.speed(_samples(seen, seen.day))
    if found is None:
        draw(element("p", seen.t("error.no_figures"), class_="td-absent"))
        return
    rows = [
        (
            seen.t(f"testing_page.{row.name}"),
            _hours(row.median, seen),
            _hours(row.ninety, seen),
            _percent(row.in_24, seen),
            _percent(row.in_48, seen),
        )
        for row in found.rows
    ]
    heads = ("what", "median", "ninety", "in_24", "in_48")
    titles = tuple(seen.t(f"testing_page.{head}") for head in heads)
    draw(table(titles, rows, caption=title, numeric=(1, 2, 3, 4)))
    counts = {
        "n": formatting.number(found.counted, language=seen.language),
        "waiting": formatting.number(found.waiting, language=seen.language),
    }
    draw(element("p", seen.t("testing_page.speed_note", **counts), class_="td-when"))


def _hours(value: float | None, seen: Context) -> str:
    if value is None:
        return seen.t("testing_page.not_reached")
    return formatting.number(value, language=seen.language, decimals=1) + " " + seen.t("unit.hours")


def _percent(value: float | None, seen: Context) -> str:
    return "–" if value is None else formatting.percent(value, language=seen.language)


@section("testing_laboratories")
def laboratories_section() -> None:
    """Draw the load of each laboratory against the capacity it declared."""
    seen = look(PAGE)
    if seen.day is None:
        return
    title = seen.t("testing_page.laboratories")
    draw(element("h2", title, class_="td-section"))
    if closed.instead(seen, "laboratories"):
        return
    place = command.place_of(seen)
    ask = Ask(ids=("samples_resulted",), level=Level.PROVINCE, areas=place.areas,
              start=seen.day - WEEK, end=seen.day, by="lab")  # fmt: skip
    resulted = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token)
    register = loaders.laboratories(viewer=seen.viewer, day=seen.day, token=seen.token)
    if place.code:
        register = register.filter(pl.col("area_code") == place.code)
    rows = testing_tables.laboratory_loads(register, resulted)
    if not rows:
        draw(element("p", seen.t("testing_page.no_laboratory"), class_="td-absent"))
        return
    names = loaders.names(loaders.vintage_for(seen.day, None), language=seen.language)
    cells = [_laboratory(row, names, seen) for row in rows[:LISTED]]
    heads = ("laboratory", "province", "kind", "per_day", "capacity", "load")
    titles = tuple(seen.t(f"testing_page.{head}") for head in heads)
    draw(table(titles, cells, caption=title, numeric=(3, 4, 5), wide=True))
    rest = len(rows) - LISTED
    if rest > 0:
        draw(element("p", seen.t("testing_page.more_laboratories", n=rest), class_="td-when"))


def _laboratory(row: testing_tables.Load, names: dict[str, str], seen: Context) -> Sequence[Child]:
    kind = code_name(row.kind, platform=PAGE, by="kind", t=seen.t, language=seen.language)
    per_day = formatting.number(row.per_day, language=seen.language, decimals=1)
    capacity = (
        formatting.number(row.capacity, language=seen.language)
        if row.capacity
        else seen.t("testing_page.no_capacity")
    )
    over = "td-bad" if row.load is not None and row.load >= 1 else None
    load = element("span", _percent(row.load, seen), class_=over)
    name = row.name or row.code
    return (name, names.get(row.area_code, row.area_code), kind, per_day, capacity, load)


@section("testing_positivity")
def positivity_section() -> None:
    """Draw positivity by method and reason with intervals, and what pools say of prevalence."""
    seen = look(PAGE)
    if seen.day is None:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _positivity(seen, seen.day)
    with right:
        _pools(seen, seen.day)


def _positivity(seen: Context, day: date) -> None:
    title = seen.t("testing_page.positivity")
    draw(element("h2", title, class_="td-section"))
    cells = []
    for key, method in METHODS.items():
        found = _asked(seen, day, form_of(key, week=True), by="reason", back=timedelta())
        for row in testing_tables.positivity(found, by="reason"):
            words = {"platform": PAGE, "t": seen.t, "language": seen.language}
            cells.append(
                (
                    code_name(method, by="method", **words),  # type: ignore[arg-type]
                    code_name(row.code, by="reason", **words),  # type: ignore[arg-type]
                    f"{formatting.number(row.positive, language=seen.language)} / "
                    f"{formatting.number(row.tested, language=seen.language)}",
                    _share(row.interval, seen),
                )
            )
    if not cells:
        draw(element("p", seen.t("error.no_figures"), class_="td-absent"))
        return
    heads = ("method", "reason", "positive_of", "interval")
    titles = tuple(seen.t(f"testing_page.{head}") for head in heads)
    draw(table(titles, cells, caption=title, numeric=(2, 3)))
    draw(element("p", seen.t("testing_page.positivity_note"), class_="td-when"))


def _share(found: Interval, seen: Context) -> str:
    low, high = (
        formatting.percent(end, language=seen.language, decimals=2)
        for end in (found.low, found.high)
    )
    if found.estimate is None:
        return seen.t("testing_page.at_least", low=low)
    share = formatting.percent(found.estimate, language=seen.language, decimals=2)
    return f"{share} ({low} – {high})"


def _pools(seen: Context, day: date) -> None:
    title = seen.t("testing_page.pools")
    draw(element("h2", title, class_="td-section"))
    found = _asked(seen, day, "pools_resulted", "pools_positive", by="size")
    told = testing_tables.pools(found)
    if told is None:
        draw(element("p", seen.t("testing_page.no_pools"), class_="td-absent"))
        return
    draw(_pooled(told, seen))
    rows = [
        (
            str(one.size),
            formatting.number(one.tested, language=seen.language),
            formatting.number(one.positive, language=seen.language),
            _percent(one.positive / one.tested, seen),
        )
        for one in told.pools
    ]
    heads = ("size", "pools_tested", "pools_positive", "pools_share")
    titles = tuple(seen.t(f"testing_page.{head}") for head in heads)
    draw(table(titles, rows, caption=title, numeric=(0, 1, 2, 3)))
    draw(element("p", seen.t("testing_page.pools_note"), class_="td-when"))


def _pooled(told: testing_tables.Pooled, seen: Context) -> Markup:
    people = formatting.number(told.people, language=seen.language)
    saved = formatting.number(told.people_per_sample, language=seen.language, decimals=1)
    share = _share(told.interval, seen)
    return element(
        "p", seen.t("testing_page.pooled", people=people, saved=saved, share=share), class_="td-say"
    )
