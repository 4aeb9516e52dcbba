"""Weights of readiness, targets of the desk, and the mandates that ship: files of this folder."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of readiness.

    Attributes:
        key: its name.
        weight: its weight; its share of the sum of all counts.
        none: the value at which nothing of it is reached.
        full: the value at which all of it is.
    """

    key: str
    weight: float
    none: float
    full: float

    def score(self, value: float) -> float:
        """Return how far a value is from `none` to `full`, 0 to 1."""
        return min(1.0, max(0.0, (value - self.none) / (self.full - self.none)))


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the desk promises for a severity."""

    acknowledge: timedelta
    resolve: timedelta


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the rollout is judged by; see `rules.toml`."""

    stale: timedelta
    repeat_days: int
    capture_days: int
    desk_days: int
    fewest_known: float
    parts: tuple[Part, ...]
    desk: Mapping[str, Target]


@dataclass(frozen=True, kw_only=True)
class Mandate:
    """A document that mandates platforms.

    Attributes:
        id: its name in code.
        document: its number; empty where not known.
        name: language → what it is called.
        issuer: language → who issued it.
        day: its date.
        day_note: language → how sure the date is.
        platforms: what it mandates.
        provinces: codes, `*` for all.
        agencies: language → who belongs into a province's team.
        source: where this is from.
    """

    id: str
    document: str
    name: Mapping[str, str]
    issuer: Mapping[str, str]
    day: date
    day_note: Mapping[str, str]
    platforms: tuple[str, ...]
    provinces: tuple[str, ...]
    agencies: Mapping[str, tuple[str, ...]]
    source: str


@cache
def rules() -> Rules:
    """Return what ships.

    Raises:
        ValueError: if the file is no good (a fault of the product).
    """
    held = tomllib.loads((FOLDER / "rules.toml").read_text(encoding="utf-8"))
    return Rules(
        stale=timedelta(hours=held["stale_hours"]),
        repeat_days=held["repeat_days"],
        capture_days=held["capture_days"],
        desk_days=held["desk_days"],
        fewest_known=held["fewest_known"],
        parts=tuple(Part(key=key, **part) for key, part in held["parts"].items()),
        desk={
            key: Target(
                acknowledge=timedelta(minutes=one["acknowledge_minutes"]),
                resolve=timedelta(hours=one["resolve_hours"]),
            )
            for key, one in held["desk"].items()
        },
    )


@cache
def mandates() -> tuple[Mandate, ...]:
    """Return the mandates that ship, the oldest first."""
    held = tomllib.loads((FOLDER / "mandates.toml").read_text(encoding="utf-8"))["mandate"]
    found = (
        Mandate(
            id=one["id"],
            document=one["document"],
            name=_both(one, "name"),
            issuer=_both(one, "issuer"),
            day=date.fromisoformat(one["date"]),
            day_note=_both(one, "date_note"),
            platforms=tuple(one["platforms"]),
            provinces=tuple(one["provinces"]),
            agencies={"vi": tuple(one["agencies_vi"]), "en": tuple(one["agencies_en"])},
            source=one["source"],
        )
        for one in held
    )
    return tuple(sorted(found, key=lambda one: one.day))


def _both(one: Mapping[str, str], name: str) -> dict[str, str]:
    return {"vi": one[f"{name}_vi"], "en": one[f"{name}_en"]}
