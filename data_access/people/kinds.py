"""Kinds of identifier behind a pseudonym, and how far each can be trusted. Pure."""

from enum import IntEnum


class Strength(IntEnum):
    """How far a link can be trusted; a path is as strong as its weakest link."""

    UNCHECKED = 0
    NAME = 1
    PHONE = 2
    INSURANCE = 3
    IDENTITY = 4


KINDS = ("given", "other", "name", "phone", "bhyt", "passport", "cmnd", "cccd")
"""Position = number in storage: a number outside every pattern first, the strongest last."""
NUMBERS = {name: number for number, name in enumerate(KINDS)}
STRENGTHS = {
    NUMBERS["given"]: Strength.UNCHECKED,
    NUMBERS["other"]: Strength.UNCHECKED,
    NUMBERS["name"]: Strength.NAME,
    NUMBERS["phone"]: Strength.PHONE,
    NUMBERS["bhyt"]: Strength.INSURANCE,
    NUMBERS["passport"]: Strength.IDENTITY,
    NUMBERS["cmnd"]: Strength.IDENTITY,
    NUMBERS["cccd"]: Strength.IDENTITY,
}
ONE_FOR_LIFE = frozenset({NUMBERS["cccd"], NUMBERS["cmnd"], NUMBERS["bhyt"]})
"""Two of one of these are two people. Passports are renewed under new numbers."""
