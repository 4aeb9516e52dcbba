"""Readiness of a province: a weighted sum with its parts, where unknown is not zero. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data_access.rollout.rules import Part


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One part of one province.

    Attributes:
        part: which.
        value: what was measured or said; None: not known.
        score: 0 to 1; None: not known.
    """

    part: Part
    value: float | None
    score: float | None


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """How ready a province is.

    Attributes:
        parts: every part, known or not.
        known: share of the weights that is known, 0 to 1.
        score: weighted mean of what is known; None where nothing is.
        low: the sum if all that is not known were zero.
        high: the sum if all that is not known were full.
        is_ranked: whether enough is known for a rank.
    """

    parts: tuple[Scored, ...]
    known: float
    score: float | None
    low: float
    high: float
    is_ranked: bool


def readiness(
    values: Mapping[str, float | None], *, parts: Sequence[Part], fewest_known: float
) -> Readiness:
    """Return the readiness that follows from values of parts.

    Args:
        values: part → value; what is absent or None is not known.
        parts: with their weights.
        fewest_known: share of the weights that must be known for a rank.
    """
    scored = tuple(
        Scored(part=part, value=value, score=None if value is None else part.score(value))
        for part in parts
        for value in [values.get(part.key)]
    )
    total = sum(part.weight for part in parts)
    weight = sum(one.part.weight for one in scored if one.score is not None)
    reached = sum(one.part.weight * one.score for one in scored if one.score is not None)
    known = weight / total
    return Readiness(
        parts=scored,
        known=known,
        score=reached / weight if weight else None,
        low=reached / total,
        high=(reached + total - weight) / total,
        is_ranked=known >= fewest_known,
    )


def ranked(found: Mapping[str, Readiness]) -> list[str]:
    """Return provinces, the readiest first; those without a rank last, by code."""
    return sorted(
        found,
        key=lambda code: (not found[code].is_ranked, -(found[code].score or 0.0), code),
    )
