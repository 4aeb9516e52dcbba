"""Who does something, as opposed to `viewer.Viewer`: who looks. Pure."""

from dataclasses import dataclass
from datetime import datetime

from data_access.codes import Role
from data_access.viewer import Viewer, make_viewer


@dataclass(frozen=True, kw_only=True)
class Actor:
    """An account in the role it acts in.

    Attributes:
        account: its id, or login; `oidc:…` for somebody from outside, `cli:…` for a command,
            `demo:…` in a demonstration. Two actors are one person exactly if these are equal.
        role: the role it acts in; `SYSTEM` for whoever may run commands on the server.
        areas: codes of its provinces, for the role `province`.
    """

    account: str
    role: Role
    areas: frozenset[str] = frozenset()


def viewer_of(actor: Actor, *, now: datetime) -> Viewer:
    """Return what an actor sees."""
    return make_viewer(actor.role, now=now, areas=actor.areas)
