"""The support desk: tickets by severity against what is promised, what is open, who is on duty."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from dashboard import formatting
from dashboard.components.markup import Child, Markup, draw, element
from dashboard.components.rollout_page import PAGE, board, names, share
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.rollout import Rollout
from data_access.codes import PLATFORMS
from data_access.rollout import standing

LISTED = 15


@section("rollout_desk")
def desk_section() -> None:
    """Draw the desk's figures, the open tickets and the shift."""
    seen = look(PAGE)
    one, t = board(seen), seen.t
    draw(element("h2", t("rollout.desk"), class_="td-section"))
    draw(element("p", _on_duty(one, seen), class_="td-when"))
    if one.tickets.is_empty():
        draw(element("p", t("rollout.no_tickets"), class_="td-absent"))
        return
    heads = tuple(t(f"rollout.{name}") for name in
                  ("f_severity", "n_open", "n_opened", "ack_median", "ack_target",
                   "resolve_median", "resolve_target", "n_breached"))  # fmt: skip
    rows = [_severity(row, one, seen) for row in one.desk.iter_rows(named=True)]
    title = t("rollout.desk_table", days=one.rules.desk_days)
    draw(table(heads, rows, caption=title, numeric=range(1, 8), wide=True))
    still = one.tickets.filter("is_open").sort("severity", "opened")
    draw(element("h3", t("rollout.open_tickets", n=still.height), class_="td-section"))
    if still.height:
        draw(listed(still.head(LISTED), seen))
    if still.height > LISTED:
        draw(element("p", t("rollout.first_only", n=LISTED, all=still.height), class_="td-absent"))


@section("rollout_integrations")
def integrations_section() -> None:
    """Draw how far systems are connected with each other."""
    seen = look(PAGE)
    t, found = seen.t, standing.integrations(board(seen).found)
    if found.is_empty():
        return
    title = t("rollout.integrations")
    draw(element("h2", title, class_="td-section"))
    rows = [
        (_system(row["source"], seen), _system(row["target"], seen),
         t(f"rollout.state_{row['state']}"), _rate(row["error_rate"], seen),
         share(row["reconciled"], seen), _moment(row["last_sync"], seen))
        for row in found.iter_rows(named=True)
    ]  # fmt: skip
    heads = tuple(t(f"rollout.{name}") for name in
                  ("from_system", "to_system", "f_state", "f_error_rate", "f_reconciled",
                   "f_last_sync"))  # fmt: skip
    draw(table(heads, rows, caption=title, numeric=(3, 4), wide=True))


def _system(name: str, seen: Context) -> str:
    return seen.t(f"platform.{name}") if name in PLATFORMS else name


def _rate(value: float | None, seen: Context) -> str:
    return "–" if value is None else formatting.percent(value, language=seen.language)


def _severity(row: Mapping[str, object], one: Rollout, seen: Context) -> tuple[Child, ...]:
    target = one.rules.desk[str(row["severity"])]
    n, breached = int(str(row["n_opened"])), int(str(row["n_breached"]))
    told = f"{breached} ({share(breached / n, seen)})" if n else "–"
    return (
        element("span", seen.t(f"rollout.severity_{row['severity']}"), class_="td-two"),
        str(row["n_open"]), str(n),
        _number(row["ack_p50_minutes"], seen), _number(target.acknowledge / _MINUTE, seen),
        _number(row["resolve_p50_hours"], seen), _number(target.resolve / _HOUR, seen), told,
    )  # fmt: skip


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


def _number(value: object, seen: Context) -> str:
    if not isinstance(value, int | float):
        return "–"
    decimals = 0 if value == round(value) else 1
    return formatting.number(value, language=seen.language, decimals=decimals)


def listed(tickets: pl.DataFrame, seen: Context) -> Markup:
    """Return tickets as a table."""
    t, called = seen.t, names(seen)
    rows = [_ticket(row, called, seen) for row in tickets.iter_rows(named=True)]
    heads = tuple(t(f"rollout.{name}") for name in
                  ("ticket", "f_severity", "f_province", "f_platform", "summary", "f_opened",
                   "f_acknowledged", "f_resolved"))  # fmt: skip
    return table(heads, rows, caption=t("rollout.tickets"), wide=True)


def _ticket(
    row: Mapping[str, object], called: Mapping[str, str], seen: Context
) -> tuple[Child, ...]:
    province = str(row["province"])
    return (
        str(row["item"]),
        str(row["severity"]),
        called.get(province, province),
        seen.t(f"platform.{row['platform']}"),
        str(row["summary"]),
        _moment(row["opened"], seen),
        _reached(row["acknowledged"], bool(row["ack_breach"]), seen),
        _reached(row["resolved"], bool(row["resolve_breach"]), seen),
    )


def _reached(value: object, is_late: bool, seen: Context) -> Child:  # noqa: FBT001 -- of one row
    text = _moment(value, seen)
    if not is_late:
        return text
    return element("span", text, " ", seen.t("rollout.late"), class_="td-bad")


def _moment(value: object, seen: Context) -> str:
    if not isinstance(value, datetime):
        return "–"
    return formatting.moment(value, language=seen.language, zone=seen.zone)


def _on_duty(one: Rollout, seen: Context) -> str:
    found = standing.shifts(one.found, now=one.now)
    if found.is_empty():
        return seen.t("rollout.nobody_on_duty")
    people = int(found["people"].sum())
    ends = _moment(found["ends"].max(), seen)
    return seen.t("rollout.on_duty", n=people, lead=", ".join(found["lead"]), ends=ends)
