"""What each level permits, and the directives before there were levels. Pure but for two files."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent / "permitted"
WORDS = ("yes", "limited", "no")


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What is permitted of an activity at each level.

    Attributes:
        key: its name in texts.
        verified: whether it was read in a source; else recalled, to be confirmed.
        levels: for levels 1 to 4, one word of `WORDS`, or two where sources differ.
    """

    key: str
    verified: bool
    levels: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Directive:
    """One of the Prime Minister's directives of 2020, applied again in 2021.

    Attributes:
        key: its name in texts.
        number: its number.
        issued: day it was signed.
        events, gatherings, services, transport: what it says of them, as names of texts.
        distance_m: metres to be kept.
        verified: whether it was read in a source.
    """

    key: str
    number: str
    issued: date
    events: str
    gatherings: str
    distance_m: int
    services: str
    transport: str
    verified: bool


@cache
def activities(scheme: str) -> tuple[Activity, ...]:
    """Return what the levels of a scheme permit; empty where none is known."""
    path = _FOLDER / f"{scheme}.toml"
    if not path.is_file():
        return ()
    found = tomllib.loads(path.read_text(encoding="utf-8"))["activities"]
    return tuple(
        Activity(
            key=one["key"],
            verified=one["verified"],
            levels=tuple(tuple(words.split("/")) for words in one["levels"]),
        )
        for one in found
    )


@cache
def directives() -> tuple[Directive, ...]:
    """Return the directives, the mildest first."""
    found = tomllib.loads((_FOLDER / "directives.toml").read_text(encoding="utf-8"))
    return tuple(Directive(**one) for one in found["directives"])


@cache
def directives_end() -> date:
    """Return the last day before Resolution 128/NQ-CP took their place."""
    found = tomllib.loads((_FOLDER / "directives.toml").read_text(encoding="utf-8"))
    until: date = found["valid_until"]
    return until
