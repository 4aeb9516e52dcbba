"""Who does something, as opposed to `viewer.Viewer`: who looks. Pure."""

from dataclasses import dataclass

from data_access.codes import Role


@dataclass(frozen=True, kw_only=True)
class Actor:
    """An account in the role it acts in.

    Attributes:
        account: its login; two actors are one person exactly if their logins are equal.
        role: the role it acts in.
        areas: codes of its provinces, for the role `province`.
    """

    account: str
    role: Role
    areas: frozenset[str] = frozenset()
