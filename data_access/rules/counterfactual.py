"""What would have to change for the level to move: the smallest change of one criterion. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf, nextafter

from data_access.rules.model import Assessment, Criterion, Value
from data_access.rules.outcome import outcome


@dataclass(frozen=True, kw_only=True)
class Change:
    """The smallest change of one criterion, all else the same, that moves the level.

    Attributes:
        key: the criterion.
        to_level: the level it then has.
        edge: the value to be reached; a truth value or a grade where it has no edges.
        reached: whether the edge itself is enough; else it must be passed (fallen below when the
            change goes down, exceeded when it goes up).
        delta: how far the edge is from the value, signed; None where there are no numbers.
    """

    key: str
    to_level: int
    edge: Value
    reached: bool
    delta: float | None


def changes(
    assessment: Assessment, values: Mapping[str, Value], *, current: int | None
) -> tuple[Change, ...]:
    """Return, for every criterion, the smallest changes that lower and that raise the level.

    Method: a level is a step function of each criterion that steps at its edges only, so the
    first edge on either side behind which the level differs is the smallest change; none needs to
    be searched for. Empty while the level is undetermined.

    Args:
        assessment: what is to be moved.
        values: the values it was made from, without a gap.
        current: the level in force until now.
    """
    level = assessment.level
    if level is None:
        return ()
    found: list[Change] = []
    for criterion in assessment.ruleset.criteria:
        value = values.get(criterion.key)
        if not criterion.shown or value is None:
            continue
        for steps in _walks(criterion, value):
            for edge, reached, tried in steps:
                new = outcome(
                    {**values, criterion.key: tried}, assessment.ruleset, current=current
                ).level
                if new != level:
                    found.append(
                        Change(
                            key=criterion.key,
                            to_level=new,
                            edge=edge,
                            reached=reached,
                            delta=_delta(value, edge),
                        )  # fmt: skip
                    )
                    break
    return tuple(found)


def _delta(value: Value, edge: Value) -> float | None:
    if isinstance(value, bool | str) or isinstance(edge, bool | str):
        return None
    return None if value is None or edge is None else float(edge) - float(value)


_Step = tuple[Value, bool, Value]


def _walks(criterion: Criterion, value: Value) -> tuple[Iterator[_Step], ...]:
    """Return the values to try, nearest first: downwards, then upwards."""
    if isinstance(value, bool):
        return (iter([(not value, True, not value)]),)
    if isinstance(value, str):
        place = criterion.grades.index(value)
        lower, higher = criterion.grades[:place][::-1], criterion.grades[place + 1 :]
        return tuple(iter([(one, True, one) for one in side]) for side in (lower, higher))
    number = float(value) if value is not None else 0.0
    band = criterion.band(number)
    down = ((edge, edge in criterion.strict, _under(criterion, edge))
            for edge in criterion.edges[:band][::-1])  # fmt: skip
    up = ((edge, edge not in criterion.strict, _over(criterion, edge))
          for edge in criterion.edges[band:])  # fmt: skip
    return down, up


def _under(criterion: Criterion, edge: float) -> float:
    """Return the largest value in the band below an edge."""
    return edge if edge in criterion.strict else nextafter(edge, -inf)


def _over(criterion: Criterion, edge: float) -> float:
    """Return the smallest value in the band above an edge."""
    return nextafter(edge, inf) if edge in criterion.strict else edge
