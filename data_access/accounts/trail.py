"""Where the accounts say what was done by whom: one function, so that the log has one way in."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from data_access import audit
from data_access.actor import Actor

NOBODY = "nobody"


def note(
    connection: sa.Connection,
    *,
    at: datetime,
    actor: Actor,
    action: str,
    subject: str,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Take down one act, inside the transaction that does it.

    Every change to accounts, sessions and tokens, and every sign-in that failed or succeeded,
    comes through here.

    Args:
        connection: the transaction of the act.
        at: when, by the machine's clock.
        actor: who.
        action: what, as in `account.disable`.
        subject: id of what it was done to.
        detail: what else there is to know; never a password, a code or an address.
    """
    audit.record(
        connection, at=at, account=actor.account or NOBODY, role=actor.role.value, action=action,
        object=f"{action.partition('.')[0]}/{subject or NOBODY}", detail=detail or {},
    )  # fmt: skip
