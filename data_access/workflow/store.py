"""Keeps steps: appended one after the other, each with its audit row, in one transaction.

A step says on which version of the item it was decided. If somebody else took one meanwhile, it is
refused by name and nothing is changed. Readers see what was known at their moment, and of which
province they may see.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import audit, tables
from data_access.actor import Actor, viewer_of
from data_access.codes import Role, from_us, to_us
from data_access.engine import writing
from data_access.errors import BadUse, ScopeDenied
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer
from data_access.workflow import fields
from data_access.workflow.fields import Content, Given
from data_access.workflow.model import (
    OPEN,
    Flow,
    Item,
    MovedMeanwhile,
    Step,
    StepRefused,
    UnknownItem,
    fold,
    require_way,
)

_ROW: Schema = {
    "number": pl.Int64, "version": pl.Int64, "at": pl.Int64, "account": pl.String,
    "role": pl.String, "province": pl.String, "action": pl.String, "state": pl.String,
    "content": pl.String,
}  # fmt: skip


def read(engine: sa.Engine, flow: Flow, *, viewer: Viewer, number: int | None = None) -> list[Item]:
    """Return the items in a viewer's sight as known at their moment, by number.

    Args:
        engine: the shared database.
        flow: which kind.
        viewer: who looks; the press sees none.
        number: only this one.

    Raises:
        DatabaseUnavailable: if the database does not answer.
        BrokenHistory: if what is kept cannot have been.
    """
    with snapshot(engine, viewer=viewer) as connection:
        return _read(connection, flow, viewer=viewer, number=number, until=to_us(viewer.now))


def _read(
    connection: sa.Connection, flow: Flow, *, viewer: Viewer, number: int | None, until: int | None
) -> list[Item]:
    held = tables.work_step.c
    query = (
        sa.select(*[held[name] for name in _ROW])
        .where(held.kind == flow.kind, visible(flow, viewer))
        .order_by(held.number, held.version)
    )
    if number is not None:
        query = query.where(held.number == number)
    if until is not None:
        query = query.where(held.at <= until)
    rows = read_frame(connection, query, _ROW, viewer=viewer).iter_rows(named=True)
    return [_item(flow, one, of) for one, of in groupby(rows, key=lambda row: int(row["number"]))]


def visible(flow: Flow, viewer: Viewer) -> sa.ColumnElement[bool]:
    """Return the condition of steps that a viewer may see: none for the press."""
    if viewer.is_blind or viewer.role is Role.PRESS:
        return sa.false()
    if viewer.everywhere:
        return sa.true()
    nation = [""] if flow.provinces_see else []
    return tables.work_step.c.province.in_([*nation, *sorted(viewer.areas)])


def _item(flow: Flow, number: int, rows: Iterable[dict[str, object]]) -> Item:
    listed = list(rows)
    return fold(flow, number, str(listed[0]["province"]), [_step(row) for row in listed])


def _step(row: dict[str, object]) -> Step:
    said = json.loads(str(row["content"]))
    content = {
        name: value if isinstance(value, str) else tuple(value) for name, value in said.items()
    }
    return Step(
        version=int(str(row["version"])), at=from_us(int(str(row["at"]))),
        account=str(row["account"]), role=Role(str(row["role"])), action=str(row["action"]),
        state=str(row["state"]), content=MappingProxyType(content),
    )  # fmt: skip


def open_item(  # noqa: PLR0913 -- what is kept of a step
    engine: sa.Engine, flow: Flow, actor: Actor, given: Given, *, at: datetime, zone: str
) -> Item:
    """Begin an item and return it; a province's belongs to that province.

    Args:
        engine: the shared database.
        flow: which kind.
        actor: who begins it.
        given: what was filled in.
        at: when.
        zone: the country's time zone.

    Raises:
        ScopeDenied: if the actor's role may not.
        FieldsRefused: if something filled in cannot be used.
        DatabaseUnavailable: if the database does not answer.
    """
    way = flow.ways[OPEN]
    if actor.role not in way.roles or not actor.account.strip():
        raise ScopeDenied(f"role {actor.role} may not begin a {flow.kind}")
    content = fields.read(way.fields, given, today=at.astimezone(ZoneInfo(zone)).date())
    held = tables.work_step.c
    with writing(engine) as connection:
        last = sa.select(sa.func.max(held.number)).where(held.kind == flow.kind)
        number = int(connection.scalar(last) or 0) + 1
        step = _made(actor, OPEN, way.targets[0], content, version=1, at=at)
        _append(connection, flow, number, _owner(actor), step, before="")
    return fold(flow, number, _owner(actor), [step])


def _owner(actor: Actor) -> str:
    if actor.role is not Role.PROVINCE:
        return ""
    if len(actor.areas) != 1:
        raise BadUse("who acts for several provinces cannot say whose it is")
    return next(iter(actor.areas))


def take(  # noqa: PLR0913 -- what a step is made of
    engine: sa.Engine,
    flow: Flow,
    actor: Actor,
    number: int,
    *,
    way: str,
    given: Given,
    expected: int | None,
    at: datetime,
    zone: str,
) -> Item:
    """Take a step with an item and return the item as it stands then.

    Args:
        engine: the shared database.
        flow: which kind.
        actor: who takes it.
        number: of the item.
        way: name of the step.
        given: what was filled in.
        expected: version that it was decided on; None: whatever it is (the command line).
        at: when; never before the step before it.
        zone: the country's time zone.

    Raises:
        UnknownItem: if there is none in the actor's sight.
        MovedMeanwhile: if the item has another version by now.
        StepRefused: if the step may not be taken from here or by this account.
        FieldsRefused: if something filled in cannot be used.
        DatabaseUnavailable: if the database does not answer.
    """
    if way not in flow.ways or way == OPEN:
        raise StepRefused(f"a {flow.kind} knows no step {way[:20]!r}", why="state")
    chosen, today = flow.ways[way], at.astimezone(ZoneInfo(zone)).date()
    with writing(engine) as connection:
        item = _current(connection, flow, number, actor=actor, at=at)
        if expected is not None and expected != item.version and not chosen.shared:
            code = flow.code(number)
            raise MovedMeanwhile(f"{code} was moved meanwhile: it is at version {item.version}")
        require_way(flow, item, chosen, actor)
        flow.guard(item, chosen, actor, {})
        content = fields.read(flow.fields_of(item, chosen), given, today=today)
        flow.guard(item, chosen, actor, content)
        state = flow.target_of(item, chosen)
        moment = max(at, item.steps[-1].at)
        step = _made(actor, way, state, content, version=item.version + 1, at=moment)
        _append(connection, flow, number, item.province, step, before=item.state)
    return fold(flow, number, item.province, [*item.steps, step])


def _current(
    connection: sa.Connection, flow: Flow, number: int, *, actor: Actor, at: datetime
) -> Item:
    # Another machine's clock may be ahead of this one's: what is kept counts, whatever its moment.
    viewer = viewer_of(actor, now=at)
    found = _read(connection, flow, viewer=viewer, number=number, until=None)
    if not found:
        raise UnknownItem(f"there is no {flow.kind} {flow.code(number)}")
    return found[0]


def _made(
    actor: Actor, action: str, state: str, content: Content, *, version: int, at: datetime
) -> Step:
    return Step(version=version, at=from_us(to_us(at)), account=actor.account.strip(),
                role=actor.role, action=action, state=state,
                content=MappingProxyType(dict(content)))  # fmt: skip


def _append(
    connection: sa.Connection, flow: Flow, number: int, province: str, step: Step, *, before: str
) -> None:
    said = json.dumps(dict(step.content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    row = {
        "kind": flow.kind, "number": number, "version": step.version, "at": to_us(step.at),
        "account": step.account, "role": step.role.value, "province": province,
        "action": step.action, "state": step.state, "content": said,
    }  # fmt: skip
    connection.execute(sa.insert(tables.work_step), [row])
    # The texts stay out of the log: it says who did what, the steps say in which words.
    detail = {"was": before, "becomes": step.state, "version": str(step.version)}
    audit.record(
        connection, at=step.at, account=step.account, role=step.role.value,
        action=f"{flow.kind}.{step.action}", object=f"{flow.kind}/{flow.code(number)}",
        detail=detail,
    )  # fmt: skip


def is_begun(engine: sa.Engine) -> bool:
    """Return whether any step is kept.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    with writing(engine) as connection:
        return bool(connection.scalar(sa.select(sa.exists(sa.select(tables.work_step.c.kind)))))
