"""Scores of one proposal: who declared what, who scored what, and who may see it yet. Pure.

A declared conflict of interest bars its evaluator: no score of theirs counts, whenever it was
given. Scores are seen by whoever gave them, and by everybody once all are in or the chair has
opened them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import fsum
from statistics import mean
from types import MappingProxyType

from data_access.proposals.criteria import stages
from data_access.workflow.fields import Content
from data_access.workflow.model import Item, Step, same_account

ASSIGN, DECLARE, SCORE, OPEN_SCORES = "giao_nhom", "declare", "score", "open_scores"
REASSIGN, DECIDE, CONFIRM, OBJECT = "reassign", "decide", "confirm", "object"
YES, NO = "yes", "no"
SCORED, WHY = "score_", "why_"


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A decision that waits for a second person."""

    outcome: str
    reason: str
    account: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Score:
    """What one evaluator gave in one stage: criterion → points (0 to 10), and why."""

    account: str
    points: Mapping[str, float]
    why: Mapping[str, str]

    def total(self, weights: Mapping[str, float]) -> float:
        """Return the weighted mean, 0 to 10."""
        told = [(weight, self.points[key]) for key, weight in weights.items() if key in self.points]
        return fsum(w * p for w, p in told) / fsum(w for w, _ in told) if told else 0.0


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The scores of one stage.

    Attributes:
        state: which.
        evaluators: those assigned.
        barred: those of them with a conflict of interest.
        done: those who scored and are not barred.
        scores: theirs; only one's own where the sheet is not open to whoever looks.
        is_opened: whether the chair opened it before all were in.
    """

    state: str
    evaluators: tuple[str, ...]
    barred: tuple[str, ...]
    done: tuple[str, ...]
    scores: tuple[Score, ...]
    is_opened: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """Evaluators who may score and have not."""
        out = (*self.done, *self.barred)
        return tuple(account for account in self.evaluators if not _has(out, account))

    @property
    def is_open(self) -> bool:
        """Whether everybody may see the scores."""
        return bool(self.done) and (self.is_opened or not self.missing)

    def seen_by(self, account: str) -> "Sheet":
        """Return the sheet with those scores alone that an account may see."""
        if self.is_open:
            return self
        own = (one for one in self.scores if same_account(one.account, account))
        return replace(self, scores=tuple(own))

    def total(self) -> float | None:
        """Return the mean over evaluators, 0 to 10; None as long as it is not open."""
        if not self.is_open:
            return None
        weights = stages()[self.state].criteria
        return mean(score.total(weights) for score in self.scores)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Everything about the evaluation of one proposal.

    Attributes:
        chair: opens scores before all are in.
        declared: account (lower case) → whether it declared a conflict of interest.
        sheets: state → its scores.
        pending: the decision that waits for a second person.
    """

    chair: str
    declared: Mapping[str, bool]
    sheets: Mapping[str, Sheet]
    pending: Pending | None

    def has_declared(self, account: str) -> bool:
        """Return whether somebody said whether they have a conflict of interest."""
        return _folded(account) in self.declared

    def is_barred(self, account: str) -> bool:
        """Return whether somebody declared a conflict of interest."""
        return self.declared.get(_folded(account), False)

    def seen_by(self, account: str) -> "Evaluation":
        """Return the evaluation without scores that an account may not see yet."""
        seen = {state: sheet.seen_by(account) for state, sheet in self.sheets.items()}
        return replace(self, sheets=MappingProxyType(seen))

    def total(self) -> float | None:
        """Return the weighted mean over the stages that are open, 0 to 10; None: none is."""
        told = [(stages()[state].weight, total) for state, sheet in self.sheets.items()
                if (total := sheet.total()) is not None]  # fmt: skip
        return fsum(w * n for w, n in told) / fsum(w for w, _ in told) if told else None


def evaluation(item: Item) -> Evaluation:
    """Return the evaluation that the steps of a proposal add up to."""
    declared: dict[str, bool] = {}
    for step in item.steps:
        if step.action == DECLARE:
            # What was declared once stays declared: a conflict is not taken back.
            account = _folded(step.account)
            declared[account] = declared.get(account, False) or step.content["conflict"] == YES
    return Evaluation(
        chair=item.text("chair"),
        declared=MappingProxyType(declared),
        sheets=MappingProxyType({state: _sheet(item, state, declared) for state in stages()}),
        pending=_pending(item),
    )


def _sheet(item: Item, state: str, declared: Mapping[str, bool]) -> Sheet:
    assigned = item.fields.get(stages()[state].field, ())
    evaluators = (assigned,) if isinstance(assigned, str) else assigned
    given = {_folded(step.account): step for step in item.steps
             if step.action == SCORE and step.state == state}  # fmt: skip
    counted = [_score(step) for account, step in given.items()
               if not declared.get(account, True) and _has(evaluators, step.account)]  # fmt: skip
    return Sheet(
        state=state, evaluators=evaluators,
        barred=tuple(one for one in evaluators if declared.get(_folded(one), False)),
        done=tuple(score.account for score in counted),
        scores=tuple(counted),
        is_opened=any(step.action == OPEN_SCORES and step.state == state for step in item.steps),
    )  # fmt: skip


def _score(step: Step) -> Score:
    said = {name: str(value) for name, value in step.content.items()}
    return Score(
        account=step.account,
        points={name.removeprefix(SCORED): float(value) for name, value in said.items()
                if name.startswith(SCORED)},
        why={name.removeprefix(WHY): value for name, value in said.items()
             if name.startswith(WHY)},
    )  # fmt: skip


def _pending(item: Item) -> Pending | None:
    last = next((step for step in reversed(item.steps)
                 if step.action in (DECIDE, CONFIRM, OBJECT)), None)  # fmt: skip
    if last is None or last.action != DECIDE:
        return None
    return Pending(outcome=str(last.content["outcome"]), reason=str(last.content["reason"]),
                   account=last.account, at=last.at)  # fmt: skip


def without_hidden(item: Item, *, account: str) -> Item:
    """Return a proposal whose steps hold no score that an account may not see yet."""
    found = evaluation(item)
    return replace(item, steps=tuple(_seen(step, found, account) for step in item.steps))


def _seen(step: Step, found: Evaluation, account: str) -> Step:
    if step.action != SCORE or same_account(step.account, account):
        return step
    if found.sheets[step.state].is_open:
        return step
    nothing: Content = MappingProxyType({})
    return replace(step, content=nothing)


def _has(accounts: tuple[str, ...], account: str) -> bool:
    return any(same_account(one, account) for one in accounts)


def _folded(account: str) -> str:
    return account.strip().casefold()
