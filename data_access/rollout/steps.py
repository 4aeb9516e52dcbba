"""Which step may follow which: deployments, tickets, teams, and who may take it. Pure."""

from datetime import date, datetime

from data_access.actor import Actor
from data_access.codes import Role
from data_access.rollout.model import OWN_SYSTEM, PAUSED, Content, Kind, Refused, Stage

_EVERYTHING = frozenset(Kind)
_OF_A_PROVINCE = frozenset({Kind.DEPLOYMENT, Kind.TEAM, Kind.TICKET})
MAY: dict[Role, frozenset[Kind]] = {
    Role.NATIONAL: _EVERYTHING,
    Role.STEWARD: _EVERYTHING,
    Role.SYSTEM: _EVERYTHING,
    Role.PROVINCE: _OF_A_PROVINCE,
    Role.OPERATOR: frozenset({Kind.TICKET, Kind.SHIFT}),
}
"""Role → what it may write; a province only its own."""


def may_write(actor: Actor, kind: Kind, province: str) -> bool:
    """Return whether somebody may say something of a kind about a province (empty: the nation)."""
    if kind not in MAY.get(actor.role, frozenset()):
        return False
    return actor.role is not Role.PROVINCE or province in actor.areas


def check_step(
    kind: Kind, before: Content | None, after: Content, *, reason: str, today: date
) -> None:
    """Refuse what cannot follow what stands.

    Args:
        kind: of what.
        before: what stands; None: nothing yet.
        after: what is to stand, checked field by field.
        reason: why; may be empty where none is needed.
        today: the local day on which it is said.

    Raises:
        Refused: naming the field and why.
    """
    if kind is Kind.DEPLOYMENT:
        _deployment(before, after, reason=reason, today=today)
    elif kind is Kind.TICKET:
        _ticket(before, after, reason=reason)
    elif kind is Kind.TEAM:
        _team(after, today=today)
    elif kind in (Kind.SHIFT, Kind.ON_SITE):
        _in_order(after, "starts", "ends")


def _deployment(before: Content | None, after: Content, *, reason: str, today: date) -> None:
    held = before or {}
    old = Stage(held.get("stage") or Stage.CHUA_BAT_DAU)
    new, side = Stage(str(after["stage"])), after["side"]
    for name in ("province", "platform"):
        if before and before[name] != after[name]:
            raise Refused(name, "fixed", "cannot change: it is another deployment")
    if (side == OWN_SYSTEM) != (after["integrated"] is not None):
        raise Refused("integrated", "own_system", "is said exactly of a system of its own")
    day = date.fromisoformat(str(after["date"]))
    if day > today:
        raise Refused("date", "future", "a step is not taken in the future")
    if new is not old:
        _moved(old, new, held, after, reason=reason)
    elif side == PAUSED and held.get("side") != PAUSED and not reason:
        raise Refused("reason", "reason_pause", "a pause needs a reason")


def _moved(old: Stage, new: Stage, held: Content, after: Content, *, reason: str) -> None:
    if held.get("side") == PAUSED or (held and after["side"] == PAUSED):
        raise Refused("stage", "paused", "what is paused does not move: resume it first")
    if new.number > 0 and not after["evidence"]:
        raise Refused("evidence", "required", "a step needs evidence: a document or a link")
    if new.number < old.number and not reason:
        raise Refused("reason", "reason_back", "a step back needs a reason")
    if new.number > old.number + 1 and not reason:
        raise Refused("reason", "reason_skip", "leaving out a stage needs a reason")
    last = held.get("date")
    if new.number > old.number and last and str(after["date"]) < last:
        raise Refused("date", "before_last", f"lies before the step that stands ({last})")


def _ticket(before: Content | None, after: Content, *, reason: str) -> None:
    _in_order(after, "opened", "acknowledged")
    _in_order(after, "acknowledged", "resolved")
    if after["resolved"] and not after["acknowledged"]:
        raise Refused("acknowledged", "required", "is needed before it is resolved")
    if before is None:
        return
    for name in ("province", "opened"):
        if before[name] != after[name]:
            raise Refused(name, "fixed", "cannot change")
    undone = any(before[name] and not after[name] for name in ("acknowledged", "resolved"))
    if undone and not reason:
        raise Refused("reason", "reason_reopen", "reopening needs a reason")
    if before["severity"] != after["severity"] and not reason:
        raise Refused("reason", "reason_severity", "another severity needs a reason")


def _team(after: Content, *, today: date) -> None:
    if after["status"] in ("announced", "active") and not after["decision"]:
        raise Refused("decision", "required", "a team that is there has a decision")
    if after["status"] == "active" and not after["head"]:
        raise Refused("head", "required", "an active team has a head")
    if after["date"] and date.fromisoformat(after["date"]) > today:
        raise Refused("date", "future", "a decision is not of the future")


def _in_order(after: Content, first: str, then: str) -> None:
    begins, ends = after[first], after[then]
    if begins and ends and datetime.fromisoformat(ends) < datetime.fromisoformat(begins):
        raise Refused(then, "order", f"lies before {first}")
