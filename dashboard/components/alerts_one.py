"""One alert opened: why it was raised, its numbers, what was done, and what can be done now."""

from collections.abc import Mapping

import polars as pl
import streamlit as st

from dashboard import access, filters, formatting, loaders, loaders_alerts, resources
from dashboard.catalogue import Entry
from dashboard.charts.alert import alert_chart
from dashboard.components.alerts_page import PAGE, Board, age, badge, board
from dashboard.components.markup import Child, draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context
from data_access.alerts.book import HANDLERS
from data_access.alerts.life import LONGEST_NAME, LONGEST_NOTE, possible
from data_access.alerts.model import Action, Alert, AlertMoved, AlertRefused, Step
from data_access.errors import BadUse, DataAccessError, ScopeDenied

SAID = "alerts_said"


@section("alerts_one")
def alert_section() -> None:
    """Offer the alerts of the list, and draw the one that is opened."""
    one = board()
    t = one.seen.t
    labels: dict[int | None, str] = {None: t("alerts.open_none")}
    labels |= {alert.alert_id: _label(alert, one) for alert in one.shown}
    opened = next((a for a in one.every if a.alert_id == filters.current().alert), None)
    if opened is not None:
        labels.setdefault(opened.alert_id, _label(opened, one))
    draw(element("h2", t("alerts.opened"), class_="td-section"))
    filters.choice(
        "alert", label=t("alerts.open"), options=tuple(labels), format_option=labels.__getitem__
    )
    chosen = next((a for a in one.every if a.alert_id == filters.current().alert), None)
    if chosen is None:
        draw(element("p", t("alerts.open_about"), class_="td-absent"))
    else:
        _opened(chosen, one)
    filters.publish("area", "rule", "state", "alert")


def _label(alert: Alert, one: Board) -> str:
    area = one.area_name(alert.area_code, alert.vintage)
    return f"#{alert.alert_id} · {area} · {one.rule_name(alert.rule)}"


def _opened(alert: Alert, one: Board) -> None:
    seen, t = one.seen, one.seen.t
    evidence = loaders_alerts.evidence(viewer=seen.viewer, alert_id=alert.alert_id, token=one.token)
    entry = loaders.entry(alert.indicator, viewer=seen.viewer)
    draw(element("p", badge(alert.severity, seen), " ", _why(alert, evidence, entry, one),
                 class_="td-lede"))  # fmt: skip
    if alert.previous:
        draw(element("p", t("alerts.previous", n=alert.previous), class_="td-notice"))
    left, right = st.columns([7, 4], gap="medium")
    with left:
        if entry is not None:
            _chart(alert, evidence, entry, one)
        _numbers(evidence, entry, seen)
    with right:
        _history(alert, one)
        _forms(alert, seen)


def _why(alert: Alert, evidence: pl.DataFrame, entry: Entry | None, one: Board) -> str:
    t, language = one.seen.t, one.seen.language
    if evidence.is_empty() or entry is None:
        return one.rule_name(alert.rule)
    last = evidence.row(-1, named=True)
    said: dict[str, object] = {
        "area": one.area_name(alert.area_code, alert.vintage),
        "name": entry.title(language), "day": formatting.day(last["day"], language=language),
        "value": entry.value(last["value"], language=language),
        "bound": _shown(last["bound"], entry, language),
    }  # fmt: skip
    if last["baseline"] is None:
        return t("alerts.why_threshold", **said)
    return t("alerts.why_statistic", baseline=_shown(last["baseline"], entry, language),
             days=last["n_days"], **said)  # fmt: skip


def _shown(value: float | None, entry: Entry | None, language: str) -> str:
    if value is None:
        return "–"
    if entry is None or not entry.is_ratio:
        return formatting.number(value, language=language, decimals=1)
    return formatting.percent(value, language=language, decimals=1)


def _chart(alert: Alert, evidence: pl.DataFrame, entry: Entry, one: Board) -> None:
    end = max(alert.last_day, one.seen.day or alert.last_day)
    curve = loaders_alerts.curve(viewer=one.seen.viewer, one=alert, end=end, token=one.token)
    figure = alert_chart(
        curve, evidence["day"].to_list(), entry=entry, t=one.seen.t, language=one.seen.language
    )
    alt = one.seen.t("alerts.chart_alt", name=entry.title(one.seen.language))
    st.plotly_chart(figure, key="alerts_chart", config={"displayModeBar": False}, alt=alt)


def _numbers(evidence: pl.DataFrame, entry: Entry | None, seen: Context) -> None:
    t, language = seen.t, seen.language
    heads = ("day", "value", "baseline", "spread", "bound", "statistic", "n_days", "version",
             "seen_at")  # fmt: skip
    rows = [
        (formatting.day(row["day"], language=language),
         *(_shown(row[name], entry, language) for name in ("value", "baseline", "spread", "bound")),
         formatting.number(row["statistic"], language=language, decimals=2), str(row["n_days"]),
         str(row["rule_version"]), _moment(row["seen_at"], seen))
        for row in evidence.iter_rows(named=True)
    ]  # fmt: skip
    draw(table(tuple(t(f"alerts.{head}") for head in heads), rows, caption=t("alerts.numbers"),
               numeric=(1, 2, 3, 4, 5, 6, 7), wide=True))  # fmt: skip


def _moment(microseconds: int, seen: Context) -> str:
    moment = pl.Series([microseconds]).cast(pl.Datetime("us", "UTC"))[0]
    return formatting.moment(moment, language=seen.language, zone=seen.zone)


def _history(alert: Alert, one: Board) -> None:
    seen, t = one.seen, one.seen.t
    found = loaders_alerts.steps(viewer=seen.viewer, alert_id=alert.alert_id, token=one.token)
    draw(element("h3", t("alerts.history"), class_="td-section"))
    draw(element("ol", *(element("li", *_step(step, seen)) for step in found), class_="td-acts"))


def _step(step: Step, seen: Context) -> tuple[Child, ...]:
    t = seen.t
    moment = formatting.moment(step.at, language=seen.language, zone=seen.zone)
    who = t("alerts.program") if step.action is Action.RAISE else step.account
    text = t(f"alerts.did_{step.action.value}", who=who, to=step.assignee)
    note = element("q", step.note) if step.note else None
    return element("time", moment), " ", text, " ", note


# --- forms ----------------------------------------------------------------------------------------


def _forms(alert: Alert, seen: Context) -> None:
    t = seen.t
    said: Mapping[str, str] = st.session_state.pop(SAID, {})
    if said:
        show = st.success if said["kind"] == "done" else st.warning
        show(said["text"])
    view = filters.current()
    if seen.viewer.role not in HANDLERS:
        draw(element("p", t("alerts.look_only"), class_="td-absent"))
        return
    if view.as_of or view.bulletin:
        draw(element("p", t("alerts.live_only"), class_="td-absent"))
        return
    draw(element("h3", t("alerts.act"), class_="td-section"))
    draw(element("p", t("alerts.stands", state=t(f"alerts.state_{alert.state.value}"),
                        age=age(alert.raised_at, seen)), class_="td-when"))  # fmt: skip
    actions = possible(alert.state)
    with st.form(f"alert_form_{alert.alert_id}"):
        if Action.ASSIGN in actions:
            st.text_input(t("alerts.assign_to"), key=_key("to", alert.alert_id),
                          max_chars=LONGEST_NAME)  # fmt: skip
        st.text_area(t("alerts.note"), key=_key("note", alert.alert_id), max_chars=LONGEST_NOTE,
                     help=t("alerts.note_help"), height=90)  # fmt: skip
        with st.container(horizontal=True, key="td_alert_actions"):
            for number, action in enumerate(actions):
                st.form_submit_button(
                    t(f"alerts.do_{action.value}"), key=f"alert_do_{action.value}",
                    type="secondary" if number else "primary", on_click=_act,
                    # The version on this screen: what somebody else does meanwhile has another.
                    args=(alert.alert_id, alert.version, action),
                )  # fmt: skip


def _key(field: str, alert_id: int) -> str:
    return f"alert_{field}_{alert_id}"


def _act(alert_id: int, version: int, action: Action) -> None:
    """Take a step; what comes of it is said where the form stands."""
    t = filters.t
    note = str(st.session_state.get(_key("note", alert_id), ""))
    to = str(st.session_state.get(_key("to", alert_id), "")) if action is Action.ASSIGN else ""
    try:
        access.require_page(PAGE)
        who = access.actor()
        resources.shared().alerts.act(
            who, alert_id, action, version=version, note=note, assignee=to
        )
    except DataAccessError as error:
        st.session_state[SAID] = {"kind": "refused", "text": t(f"alerts.{_refused(error)}")}
        return
    for field in ("note", "to"):
        st.session_state[_key(field, alert_id)] = ""
    st.session_state[SAID] = {"kind": "done", "text": t("alerts.done")}


def _refused(error: DataAccessError) -> str:
    """Return the name of the text that says why a step was not taken."""
    kinds = {AlertMoved: "moved", AlertRefused: "not_from_here", ScopeDenied: "not_yours",
             BadUse: "needs_words"}  # fmt: skip
    return next((name for kind, name in kinds.items() if isinstance(error, kind)), "not_now")
