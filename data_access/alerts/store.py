"""The tables of alerts: what is read from them, and the few ways in which they are written.

All writers queue on a lock of their own (PostgreSQL) or on the database's (SQLite), and decide on
what the tables say inside the same transaction: nothing is lost or doubled, whoever writes when.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from data_access import audit, tables
from data_access.actor import Actor
from data_access.alerts.model import (
    Action,
    Alert,
    AlertMoved,
    Evidence,
    Place,
    Rule,
    Severity,
    State,
    Step,
    UnknownAlert,
    Watch,
)
from data_access.codes import Role, from_day, from_us, to_day, to_us
from data_access.engine import writing
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

ALERT_LOCK = 0x7475_616C  # "tual": who writes alerts queues here; not the writers' lock
ALERT = tables.metadata.tables["alert"]
EVIDENCE = tables.metadata.tables["alert_evidence"]
STEP = tables.metadata.tables["alert_step"]
WATCH = tables.metadata.tables["alert_watch"]
OUTBOX = tables.metadata.tables["alert_outbox"]
PROGRAM = Actor(account="system", role=Role.SYSTEM)
"""Who raises."""
_NUMBERS = ("alert_id", "rule_version", "version", "raised_at", "first_day", "last_day",
            "closed_at", "previous")  # fmt: skip
_ALERT: Schema = {
    name: pl.Int64 if name in _NUMBERS else pl.String for name in Alert.__dataclass_fields__
}
EVIDENCE_SCHEMA: Schema = {
    "day": pl.Date, "value": pl.Float64, "baseline": pl.Float64, "spread": pl.Float64,
    "bound": pl.Float64, "statistic": pl.Float64, "n_days": pl.Int64, "rule_version": pl.Int64,
    "seen_at": pl.Int64,
}  # fmt: skip
WATCH_SCHEMA: Schema = {
    "rule": pl.String, "area_code": pl.String, "vintage": pl.String, "province": pl.String,
    "day": pl.Date, "state": pl.String, "reason": pl.String, "since": pl.Int64,
}  # fmt: skip
_STEP: Schema = {
    name: pl.Int64 if name in ("seq", "at") else pl.String for name in Step.__dataclass_fields__
}
Post = Callable[[Alert, Step, Evidence | None], Sequence[Mapping[str, object]]]
"""Returns the messages of a step: rows of the outbox."""


# --- reading ------------------------------------------------------------------------------------


def _in_scope(table: sa.Table, viewer: Viewer) -> tuple[sa.ColumnElement[bool], ...]:
    """Return what keeps a viewer to the alerts that are theirs."""
    known = table.c.clearance <= int(viewer.clearance)
    if viewer.is_blind:
        return known, sa.false()
    if viewer.everywhere:
        return (known,)
    return known, table.c.province.in_(sorted(viewer.areas))


def read_alerts(
    engine: sa.Engine, *, viewer: Viewer, alert_id: int | None = None, is_open: bool | None = None
) -> list[Alert]:
    """Return alerts in the viewer's sight, in order of number."""
    query = sa.select(*[ALERT.c[name] for name in _ALERT]).where(*_in_scope(ALERT, viewer))
    if alert_id is not None:
        query = query.where(ALERT.c.alert_id == alert_id)
    if is_open is not None:
        query = query.where((ALERT.c.state != State.CLOSED.value) == is_open)
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query.order_by(ALERT.c.alert_id), _ALERT, viewer=viewer)
    return [_alert(row) for row in found.iter_rows(named=True)]


def _alert(row: Mapping[str, Any]) -> Alert:
    closed = row["closed_at"]
    return Alert(
        **{
            **row,
            "severity": Severity(row["severity"]),
            "state": State(row["state"]),
            "raised_at": from_us(row["raised_at"]),
            "closed_at": None if closed is None else from_us(closed),
            "first_day": from_day(row["first_day"]),
            "last_day": from_day(row["last_day"]),
        }
    )


def read_evidence(engine: sa.Engine, alert_id: int, *, viewer: Viewer) -> pl.DataFrame:
    """Return the days that made an alert, oldest first; the alert must be in the viewer's sight."""
    query = (
        sa.select(*[EVIDENCE.c[name] for name in EVIDENCE_SCHEMA])
        .join_from(EVIDENCE, ALERT, EVIDENCE.c.alert_id == ALERT.c.alert_id)
        .where(ALERT.c.alert_id == alert_id, *_in_scope(ALERT, viewer))
        .order_by(EVIDENCE.c.day)
    )
    stored = {**EVIDENCE_SCHEMA, "day": pl.Int32}
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, stored, viewer=viewer)
    return found.with_columns(pl.col("day").cast(pl.Date))


def read_steps(engine: sa.Engine, alert_id: int, *, viewer: Viewer) -> list[Step]:
    """Return what was done with an alert, oldest first."""
    query = (
        sa.select(*[STEP.c[name] for name in _STEP])
        .join_from(STEP, ALERT, STEP.c.alert_id == ALERT.c.alert_id)
        .where(ALERT.c.alert_id == alert_id, *_in_scope(ALERT, viewer))
        .order_by(STEP.c.seq)
    )
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, _STEP, viewer=viewer)
    return [
        Step(**{**row, "at": from_us(row["at"]), "action": Action(row["action"]),
                "state": State(row["state"])})
        for row in found.iter_rows(named=True)
    ]  # fmt: skip


def read_watches(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    """Return what came of the newest day of every rule and area: WATCH_SCHEMA."""
    query = sa.select(*[WATCH.c[name] for name in WATCH_SCHEMA]).where(*_in_scope(WATCH, viewer))
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, {**WATCH_SCHEMA, "day": pl.Int32}, viewer=viewer)
    return found.with_columns(pl.col("day").cast(pl.Date)).sort("rule", "area_code", "vintage")


def read_known(engine: sa.Engine, rule: str, *, viewer: Viewer) -> set[tuple[str, str, date]]:
    """Return (area, vintage, day) of the evidence that a rule has."""
    columns = (EVIDENCE.c.area_code, EVIDENCE.c.vintage, EVIDENCE.c.day)
    schema: Schema = {"area_code": pl.String, "vintage": pl.String, "day": pl.Int32}
    query = sa.select(*columns).where(EVIDENCE.c.rule == rule)
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, schema, viewer=viewer)
    return {(code, vintage, from_day(day)) for code, vintage, day in found.iter_rows()}


def read_mark(engine: sa.Engine, *, viewer: Viewer) -> int:
    """Return a number that grows with every change to any alert."""
    query = sa.select(sa.func.coalesce(sa.func.max(ALERT.c.moved), 0))
    with snapshot(engine, viewer=viewer) as connection:
        return int(read_frame(connection, query, {"mark": pl.Int64}, viewer=viewer)["mark"].sum())


# --- raising ------------------------------------------------------------------------------------


def enter(
    engine: sa.Engine,
    rule: Rule,
    place: Place,
    found: Sequence[Evidence],
    *,
    at: datetime,
    clearance: int,
    post: Post,
) -> int | None:
    """Enter the days that speak: into the open alert of the rule and area, else into a new one.

    Days that are known are left as they are. All in one transaction.

    Returns:
        The number of the alert that was raised or extended; None: nothing was new.
    """
    with writing(engine, lock=ALERT_LOCK) as connection:
        new = _unknown(connection, rule, place, found)
        if not new:
            return None
        key = f"{rule.key}|{place.code}|{place.vintage}"
        held = connection.execute(
            sa.select(ALERT.c.alert_id, ALERT.c.first_day, ALERT.c.last_day).where(
                ALERT.c.open_key == key
            )
        ).first()
        days = [to_day(one.day) for one in new]
        if held is not None:
            _evidence(connection, held.alert_id, rule, place, new, at=at)
            span = {"first_day": min(held.first_day, *days), "last_day": max(held.last_day, *days)}
            _change(connection, held.alert_id, span)
            return int(held.alert_id)
        number = _add(connection, rule, place, days, key=key, at=at, clearance=clearance)
        _evidence(connection, number, rule, place, new, at=at)
        _told(connection, number, Action.RAISE, PROGRAM, at=at,
              post=post, newest=max(new, key=lambda one: one.day))  # fmt: skip
        return number


def _unknown(
    connection: sa.Connection, rule: Rule, place: Place, found: Sequence[Evidence]
) -> list[Evidence]:
    held = EVIDENCE.c
    query = sa.select(held.day).where(
        held.rule == rule.key, held.area_code == place.code, held.vintage == place.vintage,
        held.day.in_([to_day(one.day) for one in found]),
    )  # fmt: skip
    known = set(connection.execute(query).scalars())
    return [one for one in found if to_day(one.day) not in known]


def _add(
    connection: sa.Connection,
    rule: Rule,
    place: Place,
    days: Sequence[int],
    *,
    key: str,
    at: datetime,
    clearance: int,
) -> int:
    c = ALERT.c
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(c.alert_id), 0)))
    number = int(last.scalar_one()) + 1
    since = to_us(at) - rule.again_days * 86_400_000_000
    previous = connection.execute(
        sa.select(sa.func.max(c.alert_id)).where(
            c.rule == rule.key, c.area_code == place.code, c.vintage == place.vintage,
            c.closed_at >= since,
        )
    ).scalar()  # fmt: skip
    row = {
        "alert_id": number, "rule": rule.key, "rule_version": rule.version,
        "indicator": rule.indicator, "clearance": clearance, "severity": rule.severity.value,
        "area_code": place.code, "vintage": place.vintage, "province": place.province,
        "state": State.RAISED.value, "version": 1, "raised_at": to_us(at),
        "first_day": min(days), "last_day": max(days), "previous": previous, "open_key": key,
        "moved": _next_move(connection),
    }  # fmt: skip
    connection.execute(sa.insert(ALERT), [row])
    return number


def _evidence(
    connection: sa.Connection,
    number: int,
    rule: Rule,
    place: Place,
    new: Sequence[Evidence],
    *,
    at: datetime,
) -> None:
    rows = [
        {**vars(one), "day": to_day(one.day), "rule": rule.key, "area_code": place.code,
         "vintage": place.vintage, "alert_id": number, "seen_at": to_us(at)}
        for one in new
    ]  # fmt: skip
    connection.execute(sa.insert(EVIDENCE), rows)


# --- steps --------------------------------------------------------------------------------------


def step(  # noqa: PLR0913 -- the parts of one step
    engine: sa.Engine,
    alert_id: int,
    decide: Callable[[Alert], State],
    *,
    action: Action,
    actor: Actor,
    version: int,
    at: datetime,
    note: str,
    assignee: str,
    post: Post,
) -> None:
    """Take a step, decided on what the alert says inside the transaction.

    Args:
        engine: the shared database.
        alert_id: which.
        decide: returns where it stands afterwards; raises if it may not be taken.
        action: what is done.
        actor: who does it.
        version: that of the alert they saw.
        at: when.
        note: what they write.
        assignee: to whom it is given; empty: to nobody.
        post: messages that go with it.

    Raises:
        UnknownAlert: if there is none of that number.
        AlertMoved: if the alert has changed since it was read.
    """
    with writing(engine, lock=ALERT_LOCK) as connection:
        held = _locked(connection, alert_id)
        if held.version != version:
            raise AlertMoved(f"alert {alert_id} was changed by somebody else meanwhile")
        state = decide(held)
        changes: dict[str, object] = {"state": state.value, "version": version + 1}
        if assignee:
            changes["assignee"] = assignee
        if state is State.CLOSED and held.is_open:
            changes |= {"closed_at": to_us(at), "open_key": None}
        _change(connection, alert_id, changes)
        _told(connection, alert_id, action, actor, at=at, post=post, note=note, assignee=assignee)


def _locked(connection: sa.Connection, alert_id: int) -> Alert:
    query = sa.select(*[ALERT.c[name] for name in _ALERT]).where(ALERT.c.alert_id == alert_id)
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        raise UnknownAlert(f"there is no alert {alert_id}")
    return _alert(dict(found))


def _change(connection: sa.Connection, alert_id: int, changes: Mapping[str, object]) -> None:
    here = sa.update(ALERT).where(ALERT.c.alert_id == alert_id)
    connection.execute(here.values(**changes, moved=_next_move(connection)))


def _next_move(connection: sa.Connection) -> int:
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(ALERT.c.moved), 0)))
    return int(last.scalar_one()) + 1


def _told(  # noqa: PLR0913 -- the columns of a step
    connection: sa.Connection,
    alert_id: int,
    action: Action,
    actor: Actor,
    *,
    at: datetime,
    post: Post,
    note: str = "",
    assignee: str = "",
    newest: Evidence | None = None,
) -> None:
    """Write a step down: among the alert's own, in the outbox, in the audit log."""
    stands = _locked(connection, alert_id)
    last = sa.select(sa.func.coalesce(sa.func.max(STEP.c.seq), 0)).where(
        STEP.c.alert_id == alert_id
    )
    made = Step(
        seq=int(connection.execute(last).scalar_one()) + 1, at=at, action=action,
        state=stands.state, account=actor.account, role=actor.role.value, assignee=assignee,
        note=note,
    )  # fmt: skip
    row = {**vars(made), "at": to_us(at), "action": action.value, "state": made.state.value}
    connection.execute(sa.insert(STEP), [{"alert_id": alert_id, **row}])
    messages = post(stands, made, newest)
    if messages:
        connection.execute(sa.insert(OUTBOX), list(messages))
    detail = {"rule": stands.rule, "area": stands.area_code, "state": stands.state.value}
    audit.record(
        connection, at=at, account=actor.account, role=actor.role.value,
        action=f"alert.{action.value}", object=f"alert/{alert_id}", detail=detail,
    )  # fmt: skip


# --- what could be judged -----------------------------------------------------------------------


def note_watches(
    engine: sa.Engine,
    rule: Rule,
    found: Mapping[Place, Watch],
    *,
    at: datetime,
    clearance: int,
    held: Mapping[tuple[str, str], Watch],
) -> None:
    """Write what came of the newest day of a rule, where that is news.

    Args:
        engine: the shared database.
        rule: which.
        found: what came of each area.
        at: when.
        clearance: of the indicator.
        held: what the table said, by area and vintage.
    """
    news = {place: one for place, one in found.items()
            if held.get((place.code, place.vintage)) != one}  # fmt: skip
    if not news:
        return
    with writing(engine, lock=ALERT_LOCK) as connection:
        for place, one in news.items():
            before = held.get((place.code, place.vintage))
            values = {"day": to_day(one.day), "state": one.state.value, "reason": one.reason}
            if before is None or (before.state, before.reason) != (one.state, one.reason):
                values["since"] = to_us(at)
            key = (WATCH.c.rule == rule.key, WATCH.c.area_code == place.code,
                   WATCH.c.vintage == place.vintage)  # fmt: skip
            if not connection.execute(sa.update(WATCH).where(*key).values(**values)).rowcount:
                row = {"rule": rule.key, "area_code": place.code, "vintage": place.vintage,
                       "province": place.province, "clearance": clearance, "since": to_us(at),
                       **values}  # fmt: skip
                connection.execute(sa.insert(WATCH), [row])


def forget_watches(engine: sa.Engine, rules: Collection[str]) -> None:
    """Take away what was noted of rules that there are no more."""
    with writing(engine, lock=ALERT_LOCK) as connection:
        connection.execute(sa.delete(WATCH).where(WATCH.c.rule.not_in(sorted(rules))))
