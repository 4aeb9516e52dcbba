"""Needs and proposals of the simulated country, told step by step from `proceedings.toml`.

Every step goes through the same door as a person's: what the flows refuse cannot be simulated.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data_access.actor import Actor
from data_access.codes import Role
from data_access.needs.flow import NEEDS
from data_access.proposals.criteria import stages
from data_access.proposals.flow import PROPOSALS
from data_access.proposals.scoring import SCORE, SCORED, WHY
from data_access.workflow import store
from data_access.workflow.fields import Given
from data_access.workflow.model import Flow, Item

FILE = Path(__file__).resolve().with_suffix(".toml")
_PEOPLE = ("chair", "technical", "medical", "security")
_DAYS = ("due", "until")
_NO_FIELDS = frozenset({"who", "day", "way", "steps", "points", "why"})


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One step of somebody: `number` within its flow, `way` empty for the one that begins."""

    flow: Flow
    number: int
    day: int
    actor: Actor
    way: str
    said: Mapping[str, Any]


def deeds() -> list[Deed]:
    """Return every step in order of time."""
    script = tomllib.loads(FILE.read_text(encoding="utf-8"))
    people = {name: _actor(said) for name, said in script["who"].items()}
    found = [*_of(NEEDS, script["need"], people), *_of(PROPOSALS, script["proposal"], people)]
    return sorted(found, key=lambda deed: deed.day)


def _actor(said: Mapping[str, str]) -> Actor:
    areas = frozenset({said["area"]}) if "area" in said else frozenset[str]()
    return Actor(account=said["account"], role=Role(said["role"]), areas=areas)


def _of(flow: Flow, told: list[dict[str, Any]], people: Mapping[str, Actor]) -> Iterator[Deed]:
    in_order = sorted(told, key=lambda item: item["day"])
    for number, item in enumerate(in_order, start=1):
        for step in (item, *item["steps"]):
            said = {
                name: _people(value, people) if name in _PEOPLE else value
                for name, value in step.items()
            }
            yield Deed(flow=flow, number=number, day=step["day"], actor=people[step["who"]],
                       way=step.get("way", ""), said=said)  # fmt: skip


def _people(said: str | list[str], people: Mapping[str, Actor]) -> str | list[str]:
    if isinstance(said, str):
        return people[said].account
    return [people[name].account for name in said]


def tell(engine: Any, *, opening: datetime, zone: str) -> int:  # noqa: ANN401 -- an engine, which is no word of this layer
    """Take every step in a database that has none yet; return how many were taken.

    Args:
        engine: the simulated country's database.
        opening: moment from which the days count.
        zone: the country's time zone.

    Raises:
        BadUse: if a step is none that the flows allow (a fault of the product).
        DatabaseUnavailable: if the database does not answer.
    """
    told = deeds()
    if store.is_begun(engine):
        return 0
    items: dict[tuple[str, int], Item] = {}
    for place, deed in enumerate(told):
        at = opening + timedelta(days=deed.day, minutes=place) - timedelta(hours=10)
        given = _given(deed, items.get((deed.flow.kind, deed.number)), opening, zone)
        if deed.way:
            made = store.take(engine, deed.flow, deed.actor, deed.number, way=deed.way,
                              given=given, expected=None, at=at, zone=zone)  # fmt: skip
        else:
            made = store.open_item(engine, deed.flow, deed.actor, given, at=at, zone=zone)
        items[deed.flow.kind, deed.number] = made
    return len(told)


def _given(deed: Deed, item: Item | None, opening: datetime, zone: str) -> Given:
    first = opening.astimezone(ZoneInfo(zone)).date()
    given = {
        name: (first + timedelta(days=value)).isoformat() if name in _DAYS else value
        for name, value in deed.said.items()
        if name not in _NO_FIELDS
    }
    if deed.way == SCORE and item is not None:
        criteria = stages()[item.state].criteria
        for key, points in zip(criteria, deed.said["points"], strict=True):
            given |= {f"{SCORED}{key}": str(points), f"{WHY}{key}": deed.said["why"]}
    return given
