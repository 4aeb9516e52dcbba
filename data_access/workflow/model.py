"""What a flow is, and what the steps of one item add up to. Pure.

Nothing is written over: where an item stands, its fields and its stays are folded from its steps,
and a history that its flow does not allow is refused, not shown.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from data_access.actor import Actor
from data_access.codes import Role
from data_access.errors import BadUse, DataAccessError
from data_access.workflow.fields import Content, Field

OPEN = "open"
"""The step that begins an item."""


class StepRefused(BadUse):
    """The step may not be taken from here, or not by this account.

    Attributes:
        why: one word for the reason, as in `pending`.
    """

    def __init__(self, message: str, *, why: str) -> None:
        """Keep the reason beside the sentence."""
        super().__init__(message)
        self.why = why


class MovedMeanwhile(BadUse):
    """Somebody else took a step with the same item since it was looked at; nothing was changed."""


class UnknownItem(BadUse):
    """There is no such item, or none in the viewer's sight: in the same words."""


class BrokenHistory(DataAccessError):
    """The steps that are kept are none that the flow allows."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One kind of step.

    Attributes:
        name: as in `tiep_nhan`.
        sources: states it starts from; empty: it begins an item.
        targets: state it leads to; several: the flow decides; none: the item stays where it is.
        roles: who may take it.
        fields: what is filled in.
        shared: whether others may act meanwhile: two evaluators who score at once.
    """

    name: str
    sources: frozenset[str]
    targets: tuple[str, ...]
    roles: frozenset[Role]
    fields: tuple[Field, ...] = ()
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that was done.

    Attributes:
        version: 1 for the first.
        at: when (UTC).
        account: who did it.
        role: in which role.
        action: name of the way.
        state: where the item stands since.
        content: what was filled in.
    """

    version: int
    at: datetime
    account: str
    role: Role
    action: str
    state: str
    content: Content


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A state an item was in, from when until when; `until` None: it still is."""

    state: str
    since: datetime
    until: datetime | None = None

    def days(self, now: datetime) -> float:
        """Return how long it lasted or has lasted, days."""
        return max(((self.until or now) - self.since).total_seconds(), 0.0) / 86_400


@dataclass(frozen=True, kw_only=True)
class Item:
    """A need or a proposal as its steps say.

    Attributes:
        kind: name of its flow.
        number: its number there.
        province: code of the province it belongs to; empty: the nation's.
        steps: all of them, in order.
        state: where it stands.
        fields: the newest value of everything that is kept.
        stays: the states it passed, the last one is the present.
    """

    kind: str
    number: int
    province: str
    steps: tuple[Step, ...]
    state: str
    fields: Content
    stays: tuple[Stay, ...]

    @property
    def version(self) -> int:
        """Number of its last step."""
        return self.steps[-1].version

    @property
    def opened_at(self) -> datetime:
        """When it was begun."""
        return self.steps[0].at

    def text(self, name: str) -> str:
        """Return a kept field as text; empty if it was never filled in."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ", ".join(value)

    def entered(self, state: str) -> datetime | None:
        """Return when it first came to a state."""
        return next((stay.since for stay in self.stays if stay.state == state), None)

    def times(self, state: str) -> int:
        """Return how many times it came to a state."""
        return sum(stay.state == state for stay in self.stays)


def _no_guard(_item: Item, _way: Way, _actor: Actor, _content: Content) -> None:
    return None


def _own_fields(_item: Item | None, way: Way) -> tuple[Field, ...]:
    return way.fields


def _only_target(item: Item, way: Way) -> str:
    return way.targets[0] if way.targets else item.state


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The life of a kind of item.

    Attributes:
        kind: `need` or `proposal`.
        letter: begins the codes of items, as in `N-3`.
        states: in the order of work, the ends last.
        ends: states that nothing leads out of.
        ways: every kind of step by name; `open` begins an item.
        provinces_see: whether provinces see the nation's items (their own they always see, if
            they may have any).
        guard: raises where a step needs more than its way says.
        fields_of: what a step asks for, where that depends on the item.
        target_of: where a step leads, where that depends on the item.
    """

    kind: str
    letter: str
    states: tuple[str, ...]
    ends: frozenset[str]
    ways: Mapping[str, Way]
    provinces_see: bool
    guard: Callable[[Item, Way, Actor, Content], None] = _no_guard
    fields_of: Callable[[Item | None, Way], tuple[Field, ...]] = _own_fields
    target_of: Callable[[Item, Way], str] = _only_target

    def code(self, number: int) -> str:
        """Return the name of an item for people."""
        return f"{self.letter}-{number}"

    def number(self, code: str) -> int:
        """Return the number of an item's name, with or without its letter.

        Raises:
            UnknownItem: if it is none.
        """
        digits = code.strip().upper().removeprefix(f"{self.letter}-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):  # noqa: PLR2004 -- an INTEGER
            raise UnknownItem(f"there is no {self.kind} {code[:20]!r}")
        return int(digits)


def ways_by_name(*ways: Way) -> Mapping[str, Way]:
    """Return ways by their name."""
    return MappingProxyType({way.name: way for way in ways})


@dataclass
class _Folding:
    state: str = ""
    fields: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    stays: list[Stay] = field(default_factory=list)


def fold(flow: Flow, number: int, province: str, steps: Iterable[Step]) -> Item:
    """Return what the steps of one item add up to.

    Raises:
        BrokenHistory: if the flow does not allow one of them.
    """
    listed, so_far = tuple(steps), _Folding()
    for place, step in enumerate(listed, start=1):
        _require_allowed(flow, step, so_far.state, version=place)
        if step.state != so_far.state:
            if so_far.stays:
                last = so_far.stays.pop()
                so_far.stays.append(Stay(state=last.state, since=last.since, until=step.at))
            so_far.stays.append(Stay(state=step.state, since=step.at))
            so_far.state = step.state
        kept = {one.name for one in flow.ways[step.action].fields if one.kept}
        so_far.fields |= {name: said for name, said in step.content.items() if name in kept}
    if not listed:
        raise BrokenHistory(f"{flow.kind} {number} has no step")
    return Item(
        kind=flow.kind, number=number, province=province, steps=listed, state=so_far.state,
        fields=MappingProxyType(so_far.fields), stays=tuple(so_far.stays),
    )  # fmt: skip


def _require_allowed(flow: Flow, step: Step, before: str, *, version: int) -> None:
    way = flow.ways.get(step.action)
    allowed = (
        way is not None
        and step.version == version
        and (before in way.sources if before else way.name == OPEN)
        and step.state in (way.targets or (before,))
    )
    if not allowed:
        raise BrokenHistory(f"{flow.kind}: step {version} ({step.action[:20]}) cannot have been")


def require_way(flow: Flow, item: Item, way: Way, actor: Actor) -> None:
    """Raise unless an actor may take a way with an item, whatever they fill in.

    Raises:
        StepRefused: naming the reason.
    """
    if not actor.account.strip():
        raise StepRefused("a step names the account that takes it", why="nobody")
    if actor.role not in way.roles:
        raise StepRefused(f"role {actor.role} may not take the step {way.name}", why="role")
    if actor.role is Role.PROVINCE and item.province not in actor.areas:
        raise StepRefused("a province acts on what it raised itself", why="role")
    if item.state not in way.sources:
        code = flow.code(item.number)
        raise StepRefused(f"{code} stands at {item.state}: no {way.name} from there", why="state")


def open_ways(flow: Flow, item: Item, actor: Actor) -> list[Way]:
    """Return the steps that an actor may take with an item at this moment, in order."""
    found = []
    for way in flow.ways.values():
        try:
            require_way(flow, item, way, actor)
            flow.guard(item, way, actor, {})
        except StepRefused:
            continue
        found.append(way)
    return found


def same_account(one: str, other: str) -> bool:
    """Return whether two logins are one person's."""
    return one.strip().casefold() == other.strip().casefold()
