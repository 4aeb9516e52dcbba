"""What the proposals add up to: by stage, days in a stage, share accepted. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from data_access.needs.figures import StateFigures, by_state
from data_access.proposals.flow import ACCEPTING, ENDS, PROPOSALS, TU_CHOI
from data_access.workflow.model import Item

DAY_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True)
class ProposalFigures:
    """All proposals in sight.

    Attributes:
        n: how many.
        n_open: not decided and not withdrawn.
        n_accepted: accepted, or integrated into a platform.
        n_decided: accepted, integrated or refused: what was postponed or withdrawn was not judged.
        acceptance: n_accepted ÷ n_decided; None: nothing is decided.
        decision_days: median from reception to the end, days, of those decided.
        oldest: number of the oldest open one.
        oldest_days: its age, days.
        states: by state.
    """

    n: int
    n_open: int
    n_accepted: int
    n_decided: int
    acceptance: float | None
    decision_days: float | None
    oldest: int | None
    oldest_days: float | None
    states: tuple[StateFigures, ...]


def figures(items: Sequence[Item], *, now: datetime) -> ProposalFigures:
    """Return what proposals add up to at a moment."""
    decided = [item for item in items if item.state in (*ACCEPTING, TU_CHOI)]
    accepted = [item for item in decided if item.state in ACCEPTING]
    waiting = [item for item in items if item.state not in ENDS]
    oldest = min(waiting, key=lambda item: (item.opened_at, item.number), default=None)
    lasted = [_days(item.opened_at, item.stays[-1].since) for item in decided]
    return ProposalFigures(
        n=len(items), n_open=len(waiting), n_accepted=len(accepted), n_decided=len(decided),
        acceptance=len(accepted) / len(decided) if decided else None,
        decision_days=median(lasted) if lasted else None,
        oldest=oldest.number if oldest else None,
        oldest_days=_days(oldest.opened_at, now) if oldest else None,
        states=by_state(PROPOSALS, items, now=now),
    )  # fmt: skip


def _days(since: datetime, until: datetime) -> float:
    return max((until - since).total_seconds(), 0.0) / DAY_SECONDS
