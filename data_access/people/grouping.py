"""Groups pseudonyms that share identifiers into persons. Pure, and the same in any order.

From the strongest kind of identifier to the weakest, what shares one becomes one component. A
component that would then hold two of an identifier that a person has only one of is left as it
was before that kind: a family's telephone joins nobody.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data_access.people.kinds import NUMBERS, ONE_FOR_LIFE, STRENGTHS, Strength

Link = tuple[str, str, int]
"""(person_ref, token, kind): a person of this pseudonym was delivered with this identifier."""
_LEVELS = (Strength.INSURANCE, Strength.PHONE, Strength.NAME)


@dataclass(frozen=True, kw_only=True)
class Member:
    """Where a pseudonym belongs.

    Attributes:
        person_id: pseudonym that stands for the person: its strongest, then the smallest.
        strength: weakest link on the way to it; alone, that of its own identifier.
        is_ambiguous: whether it shares an identifier that was refused as a contradiction.
    """

    person_id: str
    strength: Strength
    is_ambiguous: bool


def group(links: Iterable[Link]) -> Mapping[str, Member]:
    """Return where each pseudonym belongs. The order of the links does not matter."""
    held, own = _by_ref(links)
    parts = {ref: frozenset({ref}) for ref in held}
    joined: dict[str, list[tuple[Strength, frozenset[str]]]] = defaultdict(list)
    ambiguous: set[str] = set()
    for level in _LEVELS:
        exclusive = ONE_FOR_LIFE | ({NUMBERS["name"]} if level is Strength.PHONE else set())
        for cluster in _clusters(held, parts, level=level):
            whole = frozenset[str]().union(*cluster)
            if _contradicts(whole, held, exclusive=exclusive):
                ambiguous |= _sharers(whole, held, level=level)
                continue
            for ref in whole:
                parts[ref] = whole
                joined[ref].append((level, whole))
    heads = {part: min(part, key=lambda ref: (-own[ref], ref)) for part in set(parts.values())}
    return {
        ref: Member(
            person_id=heads[part],
            strength=_strength(ref, heads[part], own=own, joined=joined[ref]),
            is_ambiguous=ref in ambiguous,
        )
        for ref, part in parts.items()
    }


def _by_ref(links: Iterable[Link]) -> tuple[dict[str, set[tuple[int, str]]], dict[str, int]]:
    """Return each pseudonym's identifiers, and the kind of its own."""
    held: dict[str, set[tuple[int, str]]] = defaultdict(set)
    own: dict[str, int] = {}
    for ref, token, kind in links:
        held[ref].add((kind, token))
        if ref == token:
            own[ref] = max(kind, own.get(ref, kind))
    return held, {ref: own.get(ref, 0) for ref in held}


def _clusters(
    held: Mapping[str, set[tuple[int, str]]],
    parts: Mapping[str, frozenset[str]],
    *,
    level: Strength,
) -> list[list[frozenset[str]]]:
    """Return the parts that identifiers of one level connect, where they are more than one."""
    parent: dict[object, object] = {}

    def root(node: object) -> object:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    touched: set[frozenset[str]] = set()
    for ref, identifiers in held.items():
        for kind, token in identifiers:
            if STRENGTHS[kind] is level:
                touched.add(parts[ref])
                parent[root(parts[ref])] = root((kind, token))
    found: dict[object, list[frozenset[str]]] = defaultdict(list)
    for part in touched:
        found[root(part)].append(part)
    return [cluster for cluster in found.values() if len(cluster) > 1]


def _contradicts(
    whole: Iterable[str],
    held: Mapping[str, set[tuple[int, str]]],
    *,
    exclusive: Iterable[int],
) -> bool:
    distinct = {each for ref in whole for each in held[ref]}
    return any(sum(kind == one for kind, _ in distinct) > 1 for one in exclusive)


def _sharers(
    whole: Iterable[str], held: Mapping[str, set[tuple[int, str]]], *, level: Strength
) -> set[str]:
    return {ref for ref in whole if any(STRENGTHS[kind] is level for kind, _ in held[ref])}


def _strength(
    ref: str,
    head: str,
    *,
    own: Mapping[str, int],
    joined: Iterable[tuple[Strength, frozenset[str]]],
) -> Strength:
    """Return the weakest link on the best way from a pseudonym to the one that stands for it."""
    ends = min(STRENGTHS[own[ref]], STRENGTHS[own[head]])
    way = next((level for level, whole in joined if head in whole), ends)
    return ends if ref == head else min(ends, way)
