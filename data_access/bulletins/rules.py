"""By which rules the cells of a bulletin are to be read: named in it, and part of its hash."""

import hashlib
from functools import cache
from pathlib import Path

from data_access.bulletins.canonical import FORMAT, manifest_hash
from data_access.bulletins.frozen import Hashes
from data_access.bulletins.model import DERIVED
from data_access.indicators.registry import INDICATORS

_ROOT = Path(__file__).resolve().parent.parent
_FIGURES = ("cube", "indicators", "measures", "disclosure", "rules")
"""Packages that decide which number comes out of which cells."""


@cache
def program_version() -> str:
    """Return what differs when figures may come out differently: a digest of what computes them."""
    told = hashlib.sha256()
    for package in _FIGURES:
        for path in sorted((_ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            told.update(f"{path.relative_to(_ROOT).as_posix()}\n{text}\n".encode())
    return told.hexdigest()[:12]


def rules_of(default_vintage: str) -> dict[str, object]:
    """Return the rules in force: versions of all indicators, default vintage, program."""
    return {
        "indicators": {key: one.version for key, one in sorted(INDICATORS.items())},
        "vintage": default_vintage,
        "program": program_version(),
    }


def bulletin_hash(hashes: Hashes, *, cut_off: int, rules: dict[str, object]) -> str:
    """Return the SHA-256 of a bulletin: of its cut-off (µs), its rules and all its parts."""
    derived = {kind.value for kind in DERIVED}
    parts = sorted([*key, sha] for key, sha in hashes.items() if key[0] not in derived)
    return manifest_hash({"format": FORMAT, "cut_off": cut_off, "rules": rules, "parts": parts})
