"""Who is looking, and when. Every read takes a Viewer; there is no read without one."""

from dataclasses import dataclass, replace
from datetime import datetime

from data_access.codes import Clearance, Role
from data_access.errors import BadUse, ScopeDenied

CLEARANCES = {
    Role.NATIONAL: Clearance.SENSITIVE,
    Role.PROVINCE: Clearance.OFFICIAL,
    Role.STEWARD: Clearance.OFFICIAL,
    Role.OPERATOR: Clearance.OFFICIAL,
    Role.PRESS: Clearance.PUBLIC,
    Role.ADMIN: Clearance.SENSITIVE,
    Role.SYSTEM: Clearance.SENSITIVE,
}
EVERYWHERE_ROLES = frozenset(CLEARANCES) - {Role.PROVINCE, Role.PRESS}


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """One person's view: what they may see, and the moment they look from.

    Attributes:
        role: the role they act in.
        areas: codes of the provinces they may see; ignored when `everywhere`.
        everywhere: whether they may see the whole nation and every area of it.
        clearance: figures above this level do not exist for them.
        now: aware instant; nothing that became known later is visible to them.
        published_only: sees bulletins only (the press); without one, nothing.
        bulletin: number of the frozen state looked at; None: the shared database as it is.
        rehearsal: whether `now` may lie ahead of the clock: a preview of what will be published.
    """

    role: Role
    areas: frozenset[str]
    everywhere: bool
    clearance: Clearance
    now: datetime
    published_only: bool = False
    bulletin: int | None = None
    rehearsal: bool = False

    @property
    def is_blind(self) -> bool:
        """Whether nothing of the live tables is in view: no area, or only what was published.

        A published state is not read from these tables but from what was frozen with it.
        """
        return self.published_only or not (self.everywhere or self.areas)

    def at(self, moment: datetime) -> "Viewer":
        """Return the same person looking from another moment, never a later one than now."""
        return replace(self, now=min(moment, self.now))

    def in_bulletin(self, number: int) -> "Viewer":
        """Return the same person looking at a frozen state; the press sees all areas of it."""
        return replace(self, bulletin=number, everywhere=self.everywhere or self.published_only)

    def may_see(self, province: str | None) -> bool:
        """Return whether a province (None: the nation as a whole) is in view."""
        if self.published_only:
            return self.bulletin is not None
        return self.everywhere or (province is not None and province in self.areas)

    def require(self, province: str | None) -> None:
        """Raise ScopeDenied unless a province (None: the nation) is in view."""
        if not self.may_see(province):
            place = "the whole nation" if province is None else f"area {province}"
            raise ScopeDenied(f"role {self.role} may not see {place}")


def make_viewer(role: Role, *, now: datetime, areas: frozenset[str] = frozenset()) -> Viewer:
    """Return the viewer of a role; a province role sees only `areas`, none if empty."""
    return Viewer(
        role=role,
        areas=areas if role is Role.PROVINCE else frozenset(),
        everywhere=role in EVERYWHERE_ROLES,
        clearance=CLEARANCES[role],
        now=now,
        published_only=role is Role.PRESS,
    )


def parse_viewer(text: str, *, now: datetime) -> Viewer:
    """Return the viewer of `ROLE[:AREA[,AREA]]`, as in `province:79`.

    Raises:
        BadUse: if the role is unknown, or a province role names no area.
    """
    name, _, listed = text.partition(":")
    choices = [role.value for role in Role if role is not Role.SYSTEM]
    if name not in choices:
        raise BadUse(f"unknown role {name!r}; choose from {', '.join(choices)}")
    areas = frozenset(code.strip() for code in listed.split(",") if code.strip())
    if name == Role.PROVINCE and not areas:
        raise BadUse("role province needs an area, as in province:79")
    return make_viewer(Role(name), now=now, areas=areas)


def system_viewer(now: datetime) -> Viewer:
    """Return the viewer of the program itself (the gate, verify, the hot cube's refresh)."""
    return make_viewer(Role.SYSTEM, now=now)


def press_at(now: datetime) -> Viewer:
    """Return whoever looks at what was published, without an account."""
    return make_viewer(Role.PRESS, now=now)
