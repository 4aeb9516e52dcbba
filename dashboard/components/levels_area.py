"""One area opened on the levels page: criteria, what would change it, history, permits."""

from datetime import timedelta

import streamlit as st

from dashboard import formatting, levels, loaders_levels
from dashboard.charts import levels as charts
from dashboard.components.levels_page import Board, badge, board
from dashboard.components.markup import Child, Markup, draw, element
from dashboard.components.section import section
from dashboard.components.series import PLOTLY
from dashboard.components.tables import table
from data_access.levels.book import Standing
from data_access.rules.model import Adjustment, Reading
from data_access.rules.notice import earliest_effect
from data_access.rules.permits import Activity, activities, directives, directives_end
from data_access.rules.under_control import NUMBER

CONTROL = ("weeks_falling", "half_of_peak", "positivity_strict", "positivity_slope",
           "no_new_cluster", "units_fallen")  # fmt: skip


def _opened() -> tuple[Board, Standing] | None:
    one = board()
    if one is None or one.area is None:
        return None
    return one, one.found[one.area][-1]


@section("levels_area")
def area_section() -> None:
    """Draw the area opened: its level, each criterion on its scale, what would change it."""
    found = _opened()
    if found is None:
        one = board()
        if one is not None:
            draw(element("p", one.seen.t("levels.choose"), class_="td-absent"))
        return
    one, standing = found
    made, seen = standing.assessment, one.seen
    name = one.names.get(made.area, made.area)
    rule = made.ruleset.name(seen.language)
    head = element("span", seen.t("levels.by_rule", rule=rule), class_="td-when")
    draw(element("h2", name, class_="td-section"))
    draw(element("p", badge(made.level, made.possible, seen), " ", _named(standing, one), head,
                 class_="td-levels-head"))  # fmt: skip
    for reading in made.per_criterion:
        draw(_criterion(reading, one, standing))
    left, right = st.columns(2, gap="medium")
    with left:
        _clauses(one, standing)
    with right:
        _what_if(one, standing)


def _named(standing: Standing, one: Board) -> Child:
    made = standing.assessment
    if made.level is None:
        return None
    return element("b", levels.level_name(made.level, made.ruleset.scheme, t=one.seen.t))


def _criterion(reading: Reading, one: Board, standing: Standing) -> Markup:
    t, language = one.seen.t, one.seen.language
    criterion, value = reading.criterion, reading.value
    shown = levels.value_text(value, criterion, t=t, language=language)
    title, unit = t(f"levels.c_{criterion.key}"), t(f"levels.unit_{criterion.unit}")
    bar: Child = None
    if criterion.edges:
        labels = [levels.value_text(edge, criterion, t=t, language=language)
                  for edge in criterion.edges]  # fmt: skip
        number = None if value is None else float(value)
        alt = f"{title}: {shown}; {t('levels.edges')}: {', '.join(labels)}"
        bar = charts.gauge(criterion, number, alt=alt, labels=labels)
    said = levels.origin_text(standing, criterion.key, t=t, language=language)
    parts = [unit, _gaps(reading, one), said]
    return element(
        "div",
        element("b", title),
        bar or element("span", ""),
        element("strong", shown),
        element("small", " · ".join(part for part in parts if part)),
        class_="td-gauge",
    )


def _gaps(reading: Reading, one: Board) -> str:
    t = one.seen.t
    said = [
        t(key, gap=levels.value_text(gap, reading.criterion, t=t, language=one.seen.language))
        for key, gap in (("levels.to_below", reading.below), ("levels.to_above", reading.above))
        if gap is not None
    ]
    return "; ".join(said)


def _clauses(one: Board, standing: Standing) -> None:
    """Say which clauses moved the level, what is missing, how the values were made, the notice."""
    made, t, language = standing.assessment, one.seen.t, one.seen.language
    draw(element("h3", t("levels.clauses"), class_="td-part"))
    said: list[Child] = [_clause(part, one) for part in made.adjustments]
    if made.missing:
        names = ", ".join(t(f"levels.c_{key}") for key in made.missing)
        said.append(t("levels.missing_said", names=names))
    said += [t(f"levels.note_{note}") for note in made.notes]
    sure = formatting.percent(made.confidence, language=language, decimals=0)
    said.append(t("levels.confidence", n=sure))
    said.append(_notice(one, standing))
    draw(element("ul", *(element("li", part) for part in said if part), class_="td-plain"))


def _clause(part: Adjustment, one: Board) -> str:
    t = one.seen.t
    moved = t("levels.moved", before=part.before, after=part.after)
    return f"{t(f'levels.adjust_{part.key}')}: {moved if part.applied else t('levels.not_moved')}"


def _notice(one: Board, standing: Standing) -> str | None:
    """Return the earliest hour at which a raise takes effect, if it is announced now."""
    rows, t = one.found[standing.assessment.area], one.seen.t
    before = standing.inputs.current
    if before is None and len(rows) > 1:
        before = rows[-2].assessment.level
    now = one.seen.moment
    effect = earliest_effect(
        now, standing.assessment.ruleset, before=before, after=standing.assessment.level
    )
    if effect is None:
        return None
    said = {
        name: formatting.moment(value, language=one.seen.language, zone=one.seen.zone)
        for name, value in (("now", now), ("then", effect))
    }
    return t("levels.notice", hours=standing.assessment.ruleset.notice_hours, **said)


def _what_if(one: Board, standing: Standing) -> None:
    """Say the smallest changes that move the level, and how soon the pace does."""
    t, language, made = one.seen.t, one.seen.language, standing.assessment
    draw(element("h3", t("levels.what_if"), class_="td-part"))
    rows: list[tuple[Child, ...]] = [
        (badge(change.to_level, made.possible, one.seen),
         levels.change_text(change, standing, t=t, language=language))
        for change in sorted(standing.changes, key=lambda change: change.to_level)
    ]  # fmt: skip
    if rows:
        heads = (t("levels.to_level"), t("levels.condition"))
        draw(table(heads, rows, caption=t("levels.what_if")))
    else:
        nothing = "levels.no_change" if made.level else "levels.no_change_undetermined"
        draw(element("p", t(nothing), class_="td-absent"))
    _pace(one)


def _pace(one: Board) -> None:
    t = one.seen.t
    found = loaders_levels.pace(
        viewer=one.seen.viewer, spot=one.spot, area=one.area or "", day=one.day, rule=one.rule,
        is_live=one.is_live, token=one.token,
    )  # fmt: skip
    if found is None or found.per_day is None:
        draw(element("p", t("levels.no_pace"), class_="td-when"))
        return
    edge = t("levels.no_edge")
    if found.edge is not None:
        number = formatting.number(found.edge, language=one.seen.language)
        edge = t("levels.pace_edge", n=number)
    linear, exponential = (levels.days_text(n, t=t) for n in (found.linear, found.exponential))
    text = t("levels.pace", edge=edge, linear=linear, exponential=exponential)
    draw(element("p", text, class_="td-when"))


@section("levels_history")
def history_section() -> None:
    """Draw the level of every week with the rule in force, and the same as a table."""
    found = _opened()
    if found is None:
        return
    one, standing = found
    t, language = one.seen.t, one.seen.language
    rows = one.found[standing.assessment.area]
    title = t("levels.history", name=one.names.get(standing.assessment.area, ""))
    draw(element("h2", title, class_="td-section"))
    st.plotly_chart(charts.history(rows, t=t, language=language), key="levels_history_chart",
                    alt=title, config=PLOTLY)  # fmt: skip
    with st.expander(t("levels.as_table"), key="levels_history_table"):
        cells = [
            (
                formatting.day(row.assessment.day, language=language),
                badge(row.assessment.level, row.assessment.possible, one.seen),
                row.assessment.ruleset.number,
                ", ".join(t(f"levels.c_{key}") for key in row.assessment.missing),
            )
            for row in reversed(rows)
        ]
        heads = tuple(t(f"levels.{key}") for key in ("week", "title_level", "rule", "missing"))
        draw(table(heads, cells, caption=title))


@section("levels_permits")
def permits_section() -> None:
    """Draw what the level permits; before Resolution 128 what the directives say."""
    found = _opened()
    if found is None:
        return
    one, standing = found
    t, level = one.seen.t, standing.assessment.level
    if one.day <= directives_end() and not (one.rule and one.ruleset.notice_hours):
        _directives(one)
        return
    rows = activities(standing.assessment.ruleset.scheme)
    draw(element("h2", t("levels.permits"), class_="td-section"))
    cells: list[tuple[Child, ...]] = [
        (
            t(f"levels.do_{row.key}"),
            *(_permitted(row, n, one) for n in range(4)),
            t("levels.verified") if row.verified else t("levels.recalled"),
        )
        for row in rows
    ]
    heads = (t("levels.activity"), *(t("levels.level", n=n) for n in range(1, 5)),
             t("levels.evidence"))  # fmt: skip
    draw(table(heads, cells, caption=t("levels.permits"), wide=True))
    if level is not None:
        draw(element("p", t("levels.permits_note", n=level), class_="td-when"))


def _permitted(row: Activity, number: int, one: Board) -> Markup:
    words = [
        element("span", one.seen.t(f"levels.permit_{word}"), class_=f"td-permit-{word}")
        for word in row.levels[number]
    ]
    return words[0] if len(words) == 1 else element("span", words[0], " / ", words[1])


def _directives(one: Board) -> None:
    t, language = one.seen.t, one.seen.language
    draw(element("h2", t("levels.directives"), class_="td-section"))
    rows = [
        (
            f"{row.number} ({formatting.day(row.issued, language=language)})",
            *(t(f"levels.dir_{said}") for said in levels.said_of(row)),
            f"{row.distance_m} m",
        )
        for row in directives()
    ]
    parts = ("directive", "events", "gatherings", "services", "transport", "distance")
    heads = tuple(t(f"levels.{key}") for key in parts)
    draw(table(heads, rows, caption=t("levels.directives"), wide=True))
    until = formatting.day(directives_end() + timedelta(days=1), language=language)
    draw(element("p", t("levels.directives_note", until=until), class_="td-when"))


@section("levels_control")
def control_section() -> None:
    """Draw the test of Decision 3979, both readings beside each other."""
    found = _opened()
    if found is None:
        return
    one, standing = found
    t, name = one.seen.t, one.names.get(standing.assessment.area, "")
    box = st.expander(t("levels.control", number=NUMBER, name=name), key="levels_control_box",
                      on_change="rerun")  # fmt: skip
    if not box.open:
        return
    with box:
        verdict = loaders_levels.control(
            viewer=one.seen.viewer, spot=one.spot, area=standing.assessment.area, day=one.day,
            is_live=one.is_live, token=one.token,
        )  # fmt: skip
        rows = [(t(f"levels.t_{key}"), _verdict(getattr(verdict, key), one)) for key in CONTROL]
        rows += [(t("levels.t_strict"), _verdict(verdict.strict, one)),
                 (t("levels.t_fitted"), _verdict(verdict.fitted, one))]  # fmt: skip
        draw(table((t("levels.condition"), t("levels.result")), rows,
                   caption=t("levels.control", number=NUMBER, name=name)))  # fmt: skip
        draw(element("p", t("levels.control_note"), class_="td-when"))


def _verdict(met: bool | None, one: Board) -> str:
    if met is None:
        return one.seen.t("levels.unknown")
    return one.seen.t("levels.met") if met else one.seen.t("levels.not_met")
