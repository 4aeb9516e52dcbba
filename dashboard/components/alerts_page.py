"""The alerts page: the sentence, the choices, the list, what could not be judged, the rules."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import streamlit as st

from dashboard import downloads, filters, formatting, loaders, loaders_alerts, resources
from dashboard.components import download
from dashboard.components.markup import Child, Markup, draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from data_access.alerts.backtested import backtested
from data_access.alerts.model import OPEN, Alert, Kind, Rule, Severity, Standing, State
from data_access.codes import Level

PAGE = "alerts"
ADDRESS = ("area", "rule", "state", "alert")
EVERYTHING = "all"
HOURS_OF_DAY = 24
SEVERITIES = tuple(Severity)


@dataclass(frozen=True, kw_only=True)
class Board:
    """What the page shows.

    Attributes:
        seen: who looks, at which moment.
        token: moves with figures and alerts.
        rules: every rule by key.
        every: all alerts in sight.
    """

    seen: Context
    token: str
    rules: Mapping[str, Rule]
    every: list[Alert]

    @property
    def shown(self) -> list[Alert]:
        """The alerts of the list: those chosen, the most severe first, of these the oldest."""
        view = filters.current()
        state = view.state
        kept = [
            one
            for one in self.every
            if (one.state in OPEN if state is None else state in (EVERYTHING, one.state.value))
            and view.area in (None, one.area_code)
            and view.rule in (None, one.rule)
        ]
        return sorted(kept, key=lambda one: (SEVERITIES.index(one.severity), one.raised_at,
                                             one.alert_id))  # fmt: skip

    def rule_name(self, key: str) -> str:
        """Return the name of a rule; its key where the rule is no more."""
        rule = self.rules.get(key)
        return rule.name(self.seen.language) if rule else key

    def area_name(self, code: str, vintage: str | None = None) -> str:
        """Return the name of an area."""
        return loaders.area_name(code, language=self.seen.language, vintage=vintage)


def board() -> Board:
    """Return what the page shows at this moment."""
    seen = look(PAGE)
    token = loaders_alerts.mark(seen.token, viewer=seen.viewer)
    return Board(
        seen=seen, token=token, rules=resources.shared().alerts.rules,
        every=loaders_alerts.listed(viewer=seen.viewer, token=token),
    )  # fmt: skip


# --- on top ---------------------------------------------------------------------------------------


@section("alerts_sentence")
def sentence_section() -> None:
    """Draw the sentence: how many are open, how bad, how many nobody has, the oldest of these."""
    one = board()
    t = one.seen.t
    held = [alert for alert in one.every if alert.is_open]
    if not held:
        draw(element("p", t("alerts.none_open"), class_="td-lede"))
        return
    counts = Counter(alert.severity for alert in held)
    said = [t(f"alerts.n_{key.value}", n=counts[key]) for key in SEVERITIES if counts[key]]
    text = t("alerts.sentence", n=len(held), said=", ".join(said))
    waiting = [alert for alert in held if alert.state is State.RAISED]
    rest = ""
    if waiting:
        oldest = min(waiting, key=lambda alert: alert.raised_at)
        rest = t("alerts.waiting", n=len(waiting), age=age(oldest.raised_at, one.seen),
                 area=one.area_name(oldest.area_code, oldest.vintage))  # fmt: skip
    draw(element("p", text, " ", element("strong", rest) if rest else None, class_="td-lede"))


def age(since: datetime, seen: Context) -> str:
    """Return how long ago a moment was, in hours below two days, else in days."""
    hours = max(int((seen.viewer.now - since).total_seconds() // 3600), 0)
    if not hours:
        return seen.t("alerts.under_an_hour")
    if hours < 2 * HOURS_OF_DAY:
        return seen.t("alerts.hours", n=hours)
    return seen.t("alerts.days", n=hours // HOURS_OF_DAY)


def controls() -> None:
    """Offer state, area and rule; each is in the address."""
    one = board()
    t = one.seen.t
    states: dict[str | None, str] = {None: t("alerts.all_open")}
    states |= {state.value: t(f"alerts.state_{state.value}") for state in State}
    states[EVERYTHING] = t("alerts.all_states")
    codes = sorted({alert.area_code for alert in one.every}, key=one.area_name)
    areas: dict[str | None, str] = {None: t("alerts.all_areas")}
    areas |= {code: one.area_name(code) for code in codes}
    rules: dict[str | None, str] = {None: t("alerts.all_rules")}
    rules |= {key: one.rule_name(key) for key in one.rules}
    with st.container(horizontal=True, vertical_alignment="bottom", key="td_filters"):
        for field, names in (("state", states), ("area", areas), ("rule", rules)):
            filters.choice(
                field,
                label=t(f"alerts.{field}"),
                options=tuple(names),
                format_option=names.__getitem__,
            )


# --- the list -------------------------------------------------------------------------------------


@section("alerts_list")
def list_section() -> None:
    """Draw the alerts by severity and age, and offer to open one."""
    one = board()
    t, shown = one.seen.t, one.shown
    draw(element("h2", t("alerts.list"), class_="td-section"))
    if not shown:
        draw(element("p", t("alerts.none_shown"), class_="td-absent"))
    else:
        heads = ("number", "severity", "area", "rule", "age", "state", "assignee", "now")
        numbers = [alert.alert_id for alert in shown]
        opened = filters.current().alert
        current = _standings(one)
        draw(table(
            tuple(t(f"alerts.{head}") for head in heads),
            [_row(alert, one, current) for alert in shown], caption=t("alerts.list"), numeric=(0,),
            chosen=numbers.index(opened) if opened in numbers else None, wide=True,
        ))  # fmt: skip
        download.offer(
            t("map.download"), lambda: downloads.plain_csv(_table_of(shown, one)),
            file_name=resources.file_name("alert-list.csv", t=t), key="alerts_csv",
        )  # fmt: skip
    filters.publish(*ADDRESS)


def badge(severity: Severity, seen: Context) -> Markup:
    """Return a severity as a sign and a word: colour is never alone."""
    return element("span", seen.t(f"alerts.severity_{severity.value}"),
                   class_=f"td-severity td-severity-{severity.value}")  # fmt: skip


def _standings(one: Board) -> dict[tuple[str, str, str], str]:
    found = loaders_alerts.watches(viewer=one.seen.viewer, token=one.token)
    rows = found.select("rule", "area_code", "vintage", "state").iter_rows()
    return {(rule, area, vintage): state for rule, area, vintage, state in rows}


def _row(
    alert: Alert, one: Board, current: Mapping[tuple[str, str, str], str]
) -> tuple[Child, ...]:
    t = one.seen.t
    state = current.get((alert.rule, alert.area_code, alert.vintage))
    return (
        str(alert.alert_id),
        badge(alert.severity, one.seen),
        one.area_name(alert.area_code, alert.vintage),
        element("span", one.rule_name(alert.rule), class_="td-long"),
        age(alert.raised_at, one.seen),
        t(f"alerts.state_{alert.state.value}"),
        alert.assignee or "–",
        t(f"alerts.now_{state}") if state else "–",
    )


def _table_of(shown: list[Alert], one: Board) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"alert": alert.alert_id, "rule": alert.rule, "rule_version": alert.rule_version,
             "severity": alert.severity.value, "area_code": alert.area_code,
             "area": one.area_name(alert.area_code, alert.vintage), "state": alert.state.value,
             "raised_at": alert.raised_at, "first_day": alert.first_day,
             "last_day": alert.last_day, "closed_at": alert.closed_at}
            for alert in shown
        ],
        schema_overrides={"closed_at": pl.Datetime("us", "UTC")},
    )  # fmt: skip


# --- what could not be judged ---------------------------------------------------------------------


@section("alerts_quiet")
def quiet_section() -> None:
    """Draw the rules that are quiet because the data are late or incomplete, and where."""
    one = board()
    t = one.seen.t
    found = loaders_alerts.watches(viewer=one.seen.viewer, token=one.token)
    quiet = found.filter(pl.col("state") == Standing.INSUFFICIENT.value)
    draw(element("h2", t("alerts.quiet"), class_="td-section"))
    if found.is_empty():
        draw(element("p", t("alerts.not_judged_yet"), class_="td-absent"))
        return
    if quiet.is_empty():
        draw(element("p", t("alerts.all_judged"), class_="td-absent"))
        return
    draw(element("p", t("alerts.quiet_about", n=quiet.height), class_="td-notice td-warn"))
    rows = [_quiet_row(key, part, one) for (key,), part in
            sorted(quiet.group_by("rule"), key=lambda pair: -pair[1].height)]  # fmt: skip
    heads = tuple(t(f"alerts.{name}") for name in ("rule", "n_areas", "why_not", "areas", "day"))
    draw(table(heads, rows, caption=t("alerts.quiet"), numeric=(1,), wide=True))


def _quiet_row(key: object, part: pl.DataFrame, one: Board) -> tuple[Child, ...]:
    t, language = one.seen.t, one.seen.language
    reasons = Counter(part["reason"].to_list()).most_common()
    names = [one.area_name(code) for code in part["area_code"].head(NAMED)]
    more = part.height - len(names)
    newest = part["day"].max()
    return (
        one.rule_name(str(key)),
        formatting.number(part.height, language=language),
        "; ".join(f"{t(f'alerts.doubt_{reason}')} ({n})" for reason, n in reasons),
        ", ".join(names) + (f" +{more}" if more else ""),
        formatting.day(newest, language=language) if newest else "–",  # type: ignore[arg-type]
    )


NAMED = 4


# --- the rules ------------------------------------------------------------------------------------


@section("alerts_rules")
def rules_section() -> None:
    """Draw every rule with what it rests on and what its back-test came to."""
    one = board()
    t = one.seen.t
    draw(element("h2", t("alerts.rules"), class_="td-section"))
    rows = [_rule_row(rule, one) for rule in one.rules.values()]
    heads = tuple(t(f"alerts.{name}") for name in
                  ("rule", "severity", "level", "per_week", "false", "found", "delay"))  # fmt: skip
    draw(table(heads, rows, caption=t("alerts.rules"), numeric=(3, 4, 5, 6), wide=True))
    draw(element("p", t("alerts.backtest_about"), class_="td-when"))
    box = st.expander(t("alerts.rules_why"), key="alerts_rules_box", on_change="rerun")
    if box.open:
        with box:
            draw(element("dl", *(_rule_words(rule, one) for rule in one.rules.values()),
                         class_="td-definitions"))  # fmt: skip


def _rule_row(rule: Rule, one: Board) -> tuple[Child, ...]:
    t, language = one.seen.t, one.seen.language
    made = backtested().get((rule.key, rule.version))
    level = t("alerts.level_national") if rule.level is Level.NATIONAL else t(
        f"alerts.level_{rule.level.value}"
    )  # fmt: skip
    figures = ("–",) * 4
    if made is not None:
        figures = (
            formatting.number(made.per_area_week, language=language, decimals=3),
            formatting.number(made.false_per_area_week, language=language, decimals=3),
            formatting.percent(made.sensitivity, language=language, decimals=0),
            t("alerts.days_short", n=formatting.number(made.delay, language=language, decimals=0)),
        )
    name = element("span", rule.name(language), class_="td-long")
    return name, badge(rule.severity, one.seen), level, *figures


def _rule_words(rule: Rule, one: Board) -> Markup:
    t, language = one.seen.t, one.seen.language
    limit = t("alerts.rule_days", n=rule.days) if rule.kind is Kind.THRESHOLD else t(
        "alerts.rule_least", n=formatting.number(rule.least, language=language)
    )  # fmt: skip
    small = t("alerts.rule_since", version=rule.version,
              since=formatting.day(rule.since, language=language))  # fmt: skip
    return element(
        "div",
        element("dt", rule.name(language)),
        element("dd", rule.why(language), " ", limit, " ", element("small", small)),
    )
