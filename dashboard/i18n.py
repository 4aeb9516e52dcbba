"""Texts of the screen by key and language.

The language belongs to a session, never to the process.
"""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).resolve().parent / "locales"
LANGUAGES = ("vi", "en")
DEFAULT = "vi"

Translate = Callable[..., str]
"""`t(key, **placeholders)` of one language."""
COUNTED, ONE = ("count", "n", "days"), (1, "1")
"""The placeholders that tell how many, the first of them that is there; and one, also written."""


@cache
def texts(language: str) -> Mapping[str, str]:
    """Return every text of a language by dotted key.

    A page may bring a file of its own in the folder of the language; no key stands in two files.

    Raises:
        ValueError: if one does.
    """
    found: dict[str, str] = {}
    for path in (LOCALES / f"{language}.toml", *sorted((LOCALES / language).glob("*.toml"))):
        own = dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")), prefix=""))
        twice = found.keys() & own.keys()
        if twice:
            raise ValueError(f"{path.name}: {', '.join(sorted(twice))} are in another file too")
        found |= own
    return found


def _flat(section: Mapping[str, object], *, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in section.items():
        if isinstance(value, Mapping):
            found += _flat(value, prefix=f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", str(value)))
    return found


def has(key: str, *, language: str) -> bool:
    """Return whether a language has a text of that key."""
    return key in texts(language)


@cache
def translator(language: str) -> Translate:
    """Return `t` of a language.

    Where what is counted is one, `key_single` is taken if the language has it. Vietnamese has one
    form for all numbers, so only English writes such texts.

    Raises (from `t`):
        KeyError: if the key does not exist or a placeholder is not filled.
    """
    known = texts(language if language in LANGUAGES else DEFAULT)

    def t(key: str, **placeholders: object) -> str:
        is_one = next((placeholders[n] in ONE for n in COUNTED if n in placeholders), False)
        singular = f"{key}_single"
        text = known[singular if is_one and singular in known else key]
        return text.format(**placeholders) if placeholders else text

    return t


def pick(vi: str, en: str, *, language: str) -> str:
    """Return the text of a language from a pair that a declaration carries."""
    return en if language == "en" and en else vi
