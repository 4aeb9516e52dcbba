"""Who may take which step, and what a step requires. Refusals name what is wrong."""

from collections.abc import Set
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from data_access import audit
from data_access.actor import Actor
from data_access.bulletins.model import Bulletin, BulletinRefused, State
from data_access.codes import Role
from data_access.errors import BadUse, ScopeDenied

CUTTERS = frozenset({Role.NATIONAL, Role.STEWARD, Role.ADMIN})
DECIDERS = frozenset({Role.NATIONAL, Role.ADMIN})
ACCEPTERS = CUTTERS | {Role.PROVINCE}
LONGEST_TEXT = 2000


def audited(
    connection: sa.Connection,
    number: int,
    *,
    actor: Actor,
    what: str,
    at: datetime,
    **detail: object,
) -> None:
    """Write a step down, in the transaction that takes it."""
    audit.record(
        connection,
        at=at,
        account=actor.account,
        role=actor.role,
        action=f"bulletin.{what}",
        object=f"bulletin/{number}",
        detail={name: str(value) for name, value in detail.items() if value is not None},
    )


def require_role(actor: Actor, allowed: Set[Role], step: str) -> None:
    """Raise ScopeDenied unless the actor's role may take a step, and the actor has a name."""
    if actor.role not in allowed:
        raise ScopeDenied(f"role {actor.role} may not {step}")
    if not actor.account.strip():
        raise BadUse(f"to {step}, an account must be named")


def require_state(head: Bulletin, wanted: State, step: str) -> None:
    """Raise BulletinRefused unless a bulletin stands where a step begins."""
    if head.state is not wanted:
        raise BulletinRefused(
            f"cannot {step} bulletin {head.number}: it is {head.state.value}, not {wanted.value}"
        )


def require_second(head: Bulletin, actor: Actor, step: str) -> None:
    """Raise BulletinRefused if the actor cut the bulletin: a second person takes this step."""
    if actor.account.strip().casefold() == head.cut_by.strip().casefold():
        raise BulletinRefused(
            f"cannot {step} bulletin {head.number}: {actor.account} cut it, another person must"
        )


def require_accepted(differences: pl.DataFrame, number: int) -> None:
    """Raise BulletinRefused if a change out of tolerance has no note."""
    left = differences.filter("out_of_tolerance", pl.col("note") == "")
    if left.height:
        first = left.row(0, named=True)
        raise BulletinRefused(
            f"bulletin {number} has {left.height} changes out of tolerance without a note,"
            f" the largest {first['id']} of {first['area_code']} on {first['date']}"
        )


def text(given: str) -> str:
    """Return a text as it is kept.

    Raises:
        BadUse: if it is too long.
    """
    if len(given) > LONGEST_TEXT:
        raise BadUse(f"the text is longer than {LONGEST_TEXT} letters")
    return given.strip()
