"""The bridge from the administration page to accounts, sessions and tokens. Draws nothing.

Whoever asks is asked for their role again below, in the transaction that changes something.
"""

from collections.abc import Callable
from datetime import datetime

from dashboard import access, resources
from data_access import tokens
from data_access.accounts import manage, rows, sessions
from data_access.accounts.keys import Keys
from data_access.accounts.model import Account, Session
from data_access.codes import Role
from data_access.errors import ScopeDenied
from data_access.viewer import Viewer

Change = Callable[[], object]


def accounts(viewer: Viewer) -> list[Account]:
    """Return every account, by login."""
    return rows.list_accounts(resources.shared().engine, viewer=viewer)


def open_sessions(viewer: Viewer) -> list[Session]:
    """Return the sessions that are open, the newest first."""
    return sessions.listed(resources.shared().engine, now=_now(), viewer=viewer)


def every_token(viewer: Viewer) -> list[tokens.Token]:
    """Return every token, the newest first."""
    return tokens.list_tokens(resources.shared().engine, viewer=viewer)


def state_of(token: tokens.Token) -> str:
    """Return whether a token opens anything now."""
    return token.state(_now()).value


def add(login: str, name: str, role: Role, reach: frozenset[str]) -> str:
    """Make an account; return its first password, which cannot be had again."""
    held = resources.shared()
    new = manage.NewAccount(login=login, name=name, role=role, areas=reach)
    _, password = manage.add_account(
        held.engine, new, areas=held.areas, actor=access.identity().actor, now=_now()
    )
    return password


def set_role(login: str, role: Role, reach: frozenset[str]) -> None:
    """Give an account another role or other provinces."""
    held, actor = resources.shared(), access.identity().actor
    manage.set_role(
        held.engine, login, role, reach=reach, areas=held.areas, actor=actor, now=_now()
    )
    resources.office().forget()


def reset_password(login: str) -> str:
    """Give an account a new first password and return it; it cannot be had again."""
    password = manage.reset_password(
        resources.shared().engine, login, keys=_keys(), actor=access.identity().actor, now=_now()
    )
    resources.office().forget()
    return password


def disable(login: str) -> None:
    """Shut an account."""
    manage.disable(resources.shared().engine, login, actor=access.identity().actor, now=_now())
    resources.office().forget()


def enable(login: str) -> None:
    """Open an account again and forget failed attempts."""
    manage.enable(
        resources.shared().engine, login, keys=_keys(), actor=access.identity().actor, now=_now()
    )


def drop_totp(login: str) -> None:
    """Take the second factor from an account whose owner has lost it."""
    manage.drop_totp(resources.shared().engine, login, actor=access.identity().actor, now=_now())
    resources.office().forget()


def end_sessions(account_id: str) -> None:
    """End every session of an account."""
    sessions.end_everywhere(
        resources.shared().engine, account_id, actor=access.identity().actor, now=_now()
    )
    resources.office().forget()


def create_token(grant: tokens.Grant) -> str:
    """Make a token and return its text, which cannot be had again."""
    held = resources.shared()
    _, text = tokens.create_token(
        held.engine, grant, areas=held.areas, now=_now(), actor=access.identity().actor
    )
    return text


def revoke_token(token_id: str) -> None:
    """End a token for good."""
    tokens.revoke_token(
        resources.shared().engine, token_id, now=_now(), actor=access.identity().actor
    )


def require_administrator(viewer: Viewer) -> None:
    """Refuse whoever is no administrator.

    Raises:
        ScopeDenied: if they are none.
    """
    if viewer.role is not Role.ADMIN:
        raise ScopeDenied(f"role {viewer.role} may not administer")


def _now() -> datetime:
    # Sessions and tokens live in real time, whatever moment a rehearsal stands at.
    return resources.office().clock()


def _keys() -> Keys | None:
    office = resources.office()
    return office.keys if office.is_open else None
