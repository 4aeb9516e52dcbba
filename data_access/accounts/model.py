"""What an account is, who acts, and why something is refused. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from data_access.actor import Actor
from data_access.codes import Role
from data_access.errors import BadUse

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{2,63}")
LONGEST_NAME = 120
ROLES = tuple(role for role in Role if role is not Role.SYSTEM)
"""Roles that an account may have."""
OUTSIDE = "oidc:"
"""How the id of somebody begins whom the institution's own sign-in let in."""


RULES = (
    "login_shape", "login_taken", "name_shape", "role_unknown", "areas_missing", "areas_extra",
    "password_short", "password_long", "password_common", "password_login", "password_same",
    "yourself", "last_admin",
)  # fmt: skip
"""Why something may be refused; screens have a sentence for each."""


class Refused(BadUse):
    """A change that a rule forbids.

    Attributes:
        rule: its name, under which screens keep their own words.
    """

    def __init__(self, rule: str, message: str) -> None:
        """Keep the rule beside the message.

        Raises:
            ValueError: if there is no such rule.
        """
        super().__init__(message)
        if rule not in RULES:
            raise ValueError(f"no rule {rule}")
        self.rule = rule


def console(user: str) -> Actor:
    """Return the actor of a command on the server, where whoever may run it may do all."""
    return Actor(account=f"cli:{user}", role=Role.SYSTEM)


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account as lists show it: neither password nor second factor is in it.

    Attributes:
        account_id: its id, which never changes.
        login: name to sign in with, in small letters.
        name: name on screen.
        role: what it may do.
        areas: codes of the provinces it sees; only for the role of a province.
        must_change: whether the password has to be changed before anything else.
        has_totp: whether a second factor is asked for.
        is_demo: whether it exists for a demonstration only.
        created_at: when it was made (aware).
        signed_in_at: when it last signed in (aware); None: never.
        disabled_at: since when it is shut (aware); None: it is not.
    """

    account_id: str
    login: str
    name: str
    role: Role
    areas: frozenset[str]
    must_change: bool
    has_totp: bool
    is_demo: bool
    created_at: datetime
    signed_in_at: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """Return who acts when this account does."""
        return Actor(account=self.account_id, role=self.role, areas=self.areas)

    def as_json(self) -> dict[str, object]:
        """Return the object that lists print."""
        return {
            "id": self.account_id,
            "login": self.login,
            "name": self.name,
            "role": self.role.value,
            "areas": sorted(self.areas),
            "state": "disabled" if self.disabled_at else "active",
            "must_change": self.must_change,
            "totp": self.has_totp,
            "demo": self.is_demo,
            "created_at": self.created_at.isoformat(),
            "signed_in_at": self.signed_in_at.isoformat() if self.signed_in_at else None,
        }


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session as lists show it; nothing in it opens anything.

    Attributes:
        session_id: first letters of its hash.
        account_id: whose it is.
        login: their login.
        created_at: when it began (aware).
        seen_at: when it was last used (aware), to a few minutes.
        expires_at: when it ends at the latest (aware).
    """

    session_id: str
    account_id: str
    login: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def tidy_login(text: str) -> str:
    """Return a login as it is kept.

    Raises:
        Refused: if it cannot be one.
    """
    login = text.strip().lower()
    if not LOGIN.fullmatch(login):
        raise Refused(
            "login_shape", "a login has 3 to 64 letters a-z, digits and . _ @ -, a letter first"
        )
    return login


def tidy_name(text: str) -> str:
    """Return a name as it is kept.

    Raises:
        Refused: if it cannot be one.
    """
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refused("name_shape", f"a name is one line of 1 to {LONGEST_NAME} characters")
    return name


def check_reach(role: Role, areas: frozenset[str]) -> None:
    """Refuse a role whose provinces do not go with it.

    Raises:
        Refused: naming the rule.
    """
    if role not in ROLES:
        raise Refused("role_unknown", f"no account may have the role {role}")
    if role is Role.PROVINCE and not areas:
        raise Refused("areas_missing", "the role province needs at least one province")
    if role is not Role.PROVINCE and areas:
        raise Refused("areas_extra", f"the role {role} takes no provinces")
