"""The rule sets there are, read once from their files, and the one in force on a day."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from data_access.errors import UnknownId
from data_access.rules.model import AgeSpell, Criterion, Kind, RuleSet

SETS = Path(__file__).resolve().parent / "sets"
FALLBACK = "who_situation"
_PLAIN = (
    "id", "number", "vi", "en", "issuer_vi", "issuer_en", "framework", "issued", "valid_from",
    "valid_until", "confidence", "incomplete", "fallback", "notice_hours", "scheme", "numerator",
    "note_vi", "note_en",
)  # fmt: skip


@cache
def rule_sets() -> Mapping[str, RuleSet]:
    """Return every rule set by id, the oldest first."""
    read = [parse(tomllib.loads(path.read_text(encoding="utf-8"))) for path in SETS.glob("*.toml")]
    read.sort(key=lambda one: (one.fallback, one.valid_from))
    return MappingProxyType({one.id: one for one in read})


def parse(found: Mapping[str, Any]) -> RuleSet:
    """Return the rule set of a file's content.

    Raises:
        KeyError: if something that every rule set has is not there.
        ValueError: if its kind is none that can be evaluated.
    """
    return RuleSet(
        **{name: found[name] for name in _PLAIN if name in found},
        kind=Kind(found["kind"]),
        levels=tuple(found["levels"]),
        criteria=tuple(_criterion(one) for one in found["criteria"]),
        matrix=tuple(tuple(row) for row in found.get("matrix", {}).get("rows", ())),
        ages=tuple(
            AgeSpell(group=one["group"], since=one.get("from"), until=one.get("until"))
            for one in found.get("ages", ())
        ),
        sources=tuple(found["sources"]),
    )


def _criterion(found: Mapping[str, Any]) -> Criterion:
    lists = {name: tuple(found[name]) for name in ("edges", "strict", "grades") if name in found}
    return Criterion(**{**found, **lists})


def rule_set(key: str) -> RuleSet:
    """Return the rule set of that id.

    Raises:
        UnknownId: if there is none.
    """
    known = rule_sets()
    if key not in known:
        raise UnknownId(f"no rule set {key!r}; there are {', '.join(known)}")
    return known[key]


def in_force(day: date) -> RuleSet:
    """Return the official rule set of a day; where none held, the one for reference."""
    official = [one for one in rule_sets().values() if not one.fallback and one.is_in_force(day)]
    return official[-1] if official else fallback()


def fallback() -> RuleSet:
    """Return the reading for reference, for days and areas without an official level."""
    return rule_set(FALLBACK)
