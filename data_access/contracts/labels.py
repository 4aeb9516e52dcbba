"""The names of codes, as the contracts declare them. Pure."""

from collections.abc import Mapping
from functools import cache

from data_access.contracts.registry import CONTRACTS


def label_of(platform: str, dimension: str, code: str) -> tuple[str, str] | None:
    """Return the Vietnamese and English name of a code of a measure's dimension; None: it has none.

    Method: the platform's field of the dimension's name, else its first field that knows the code.
    """
    fields = _labels(platform)
    named = fields.get(dimension, {}).get(code)
    return named or next((known[code] for known in fields.values() if code in known), None)


@cache
def _labels(platform: str) -> Mapping[str, Mapping[str, tuple[str, str]]]:
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for kind in (kind for one in CONTRACTS if one.platform == platform for kind in one.kinds):
        for field in kind.all_fields():
            found.setdefault(field.name, {}).update(field.labels)
    return found
