"""Which codes of a breakdown count. Pure."""

from collections.abc import Mapping

Where = tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]
"""Alternatives; each is a tuple of (dimension, codes), all of which must hold. `!x` bars x."""


def holds(where: Where, codes: Mapping[str, str]) -> bool:
    """Return whether a cell of these codes (dimension → code) counts."""
    return not where or any(_option_holds(option, codes) for option in where)


def _option_holds(
    option: tuple[tuple[str, tuple[str, ...]], ...], codes: Mapping[str, str]
) -> bool:
    for name, listed in option:
        barred = {code[1:] for code in listed if code.startswith("!")}
        wanted = {code for code in listed if not code.startswith("!")}
        if codes[name] in barred or (wanted and codes[name] not in wanted):
            return False
    return True


def dimensions(where: Where) -> frozenset[str]:
    """Return the dimensions that must be known to decide."""
    return frozenset(name for option in where for name, _ in option)
