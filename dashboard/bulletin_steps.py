"""The steps of a bulletin's life, as a screen tells them: what is next, who must, why not. Pure."""

from dataclasses import dataclass
from datetime import datetime

from data_access.actor import Actor
from data_access.bulletins.checks import ACCEPTERS, CUTTERS, DECIDERS
from data_access.bulletins.model import Bulletin, State
from data_access.codes import Role

CUT, REVIEW, SIGN, APPROVE, PUBLISH, WITHDRAW, REHEARSE = (
    "cut", "review", "sign", "approve", "publish", "withdraw", "rehearse",
)  # fmt: skip
ALLOWED = {
    CUT: CUTTERS, REVIEW: ACCEPTERS, SIGN: frozenset({Role.PROVINCE}), APPROVE: DECIDERS,
    PUBLISH: DECIDERS, WITHDRAW: DECIDERS, REHEARSE: DECIDERS,
}  # fmt: skip
DONE, NOW, AHEAD, STOPPED = "done", "now", "ahead", "stopped"


@dataclass(frozen=True, kw_only=True)
class Work:
    """How far the work on a bulletin has come.

    Attributes:
        n_open: changes out of tolerance without a note, in view.
        signed: codes of the provinces that signed.
        n_late: provinces that have not.
    """

    n_open: int = 0
    signed: frozenset[str] = frozenset()
    n_late: int = 0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step on the way.

    Attributes:
        key: which.
        state: done, now, ahead or stopped.
        by: account that took it; empty: nobody yet, or many.
        at: when; None: not yet.
    """

    key: str
    state: str
    by: str = ""
    at: datetime | None = None


def stages(head: Bulletin, work: Work, *, now: datetime) -> tuple[Stage, ...]:
    """Return the way of a bulletin: what is done, what is next."""
    draft, gone = head.state is State.DRAFT, head.state is State.WITHDRAWN
    reviewed = not draft or not work.n_open
    steps = [
        (CUT, True, head.cut_by, head.cut_at),
        (REVIEW, reviewed, "", None),
        # Approval does not wait for provinces that are late; afterwards they sign no more.
        (SIGN, not work.n_late, "", None),
        (APPROVE, head.approved_at is not None, head.approved_by, head.approved_at),
        (PUBLISH, head.published_at is not None, head.published_by, head.published_at),
        ("public", head.is_public(now), "", head.public_from),
    ]
    found, seen_next = [], False
    for key, is_done, by, at in steps:
        is_over = gone or (key == SIGN and not draft)
        state = DONE if is_done else STOPPED if is_over else AHEAD if seen_next else NOW
        # Sign-offs go on beside the approval: both are next.
        seen_next = seen_next or (not is_done and key != SIGN)
        found.append(Stage(key=key, state=state, by=by if is_done else "", at=at))
    if gone:
        found.append(Stage(key=WITHDRAW, state=STOPPED, by=head.withdrawn_by,
                           at=head.withdrawn_at))  # fmt: skip
    return tuple(found)


def why_not(step: str, head: Bulletin | None, actor: Actor, *, work: Work | None = None) -> str:
    """Return why somebody may not take a step; empty if they may.

    One of `role_<step>`, `second`, `not_draft`, `not_approved`, `open`, `signed`, `gone`. The data
    layer decides again, in the transaction that takes the step.
    """
    if actor.role not in ALLOWED[step]:
        return f"role_{step}"
    if head is None or step in (CUT, REHEARSE):
        return ""
    if step == WITHDRAW:
        return "gone" if head.state is State.WITHDRAWN else ""
    if step in (APPROVE, PUBLISH) and _same(actor.account, head.cut_by):
        return "second"
    return _not_yet(step, head, actor, work or Work())


def _not_yet(step: str, head: Bulletin, actor: Actor, held: Work) -> str:
    """Return what must be done before a step, or was done already; empty for neither."""
    wanted = State.APPROVED if step == PUBLISH else State.DRAFT
    if head.state is not wanted:
        return "not_approved" if step == PUBLISH and head.state is State.DRAFT else "not_draft"
    if step == SIGN and held.signed & actor.areas:
        return "signed"
    return "open" if step in (SIGN, APPROVE) and held.n_open else ""


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
