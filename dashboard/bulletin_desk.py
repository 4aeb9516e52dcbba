"""The bridge from the page of bulletins to what is done with them. Draws nothing.

Who acts is asked again below, in the transaction that takes a step; a refusal is put on record.
"""

from collections.abc import Callable

import polars as pl

from dashboard import access, bulletin_steps, loaders_bulletins, resources
from dashboard.bulletin_steps import Work
from data_access.actor import Actor
from data_access.bulletins.model import Bulletin, BulletinRefused, State
from data_access.errors import BadUse, ScopeDenied


class NotNow(Exception):
    """A step that may not be taken, and why, as the texts `step_refused.<reason>` have it."""

    def __init__(self, reason: str) -> None:
        """Hold the reason."""
        super().__init__(reason)
        self.reason = reason


def player() -> Actor:
    """Return who acts on this screen; nobody's role may take no step."""
    who = access.identity()
    return who.player if who.chooses or who.is_signed_in else Actor(account="", role=who.role)


def listed() -> tuple[Bulletin, ...]:
    """Return the bulletins that the viewer may name, newest first, as they stand now."""
    return tuple(resources.shared().bulletins.list(viewer=access.present_viewer()))


def mark(head: Bulletin) -> str:
    """Return what differs whenever the work on a bulletin moved: for keys."""
    shared, viewer = resources.shared(), access.present_viewer()
    work = shared.bulletins.work_mark(head.number, viewer=viewer)
    return f"{shared.bulletins.book.mark(viewer=viewer)}|{head.state.value}|{work}"


def differences(head: Bulletin) -> pl.DataFrame:
    """Return what moved against the bulletin before: DIFFERENCE_SCHEMA, worst first."""
    return loaders_bulletins.differences(
        viewer=access.present_viewer(), number=head.number, token=mark(head)
    )


def work_on(head: Bulletin) -> Work:
    """Return how far the work on a bulletin has come, as far as it is in view."""
    viewer, token = access.present_viewer(), mark(head)
    if viewer.published_only:
        return Work()
    n_open = 0
    if head.state is State.DRAFT:
        found = differences(head)
        n_open = found.filter("out_of_tolerance", pl.col("note") == "").height
    signed = loaders_bulletins.signed(viewer=viewer, number=head.number, token=token)
    late = loaders_bulletins.unsigned(viewer=viewer, number=head.number, token=token)
    return Work(
        n_open=n_open,
        signed=frozenset(signed["province"]),
        n_late=len(late),
    )


def take(
    step: str, head: Bulletin | None, do: Callable[[Actor], object], *, work: Work | None = None
) -> None:
    """Take a step, or say why not.

    Args:
        step: which, as in `bulletin_steps`.
        head: the bulletin; None for a new one.
        do: takes it, given who acts.
        work: how far the work on it has come.

    Raises:
        NotNow: if it may not be taken; that is on record then.
    """
    actor = player()
    reason = bulletin_steps.why_not(step, head, actor, work=work)
    try:
        if not reason:
            do(actor)
    except ScopeDenied:
        reason = f"role_{step}"
    except BulletinRefused:
        # Somebody was quicker, or another bulletin came out meanwhile.
        reason = "moved"
    except BadUse:
        reason = "incomplete"
    if reason:
        about = f"bulletin/{head.number}" if head else "bulletin"
        access.note("bulletin.refused", about, every=1.0, step=step, reason=reason)
        raise NotNow(reason)
