"""The part of a country pack that is not a table, as one JSON text for the `meta` table. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from data_access.reference.model import Denominator, Pack, Region, Vintage


@dataclass(frozen=True, kw_only=True, eq=False)
class Country:
    """Who the country is; field meanings as in `model.Pack`."""

    code: str
    name: str
    name_en: str
    time_zone: str
    languages: tuple[str, ...]
    default_vintage: str
    vintages: tuple[Vintage, ...]
    regions: tuple[Region, ...]
    denominators: tuple[Denominator, ...]
    attribution: tuple[str, ...]
    notice: Mapping[str, str]


_TEXTS = ("code", "name", "name_en", "time_zone", "default_vintage")


def country_of(pack: Pack) -> Country:
    """Return the country of a pack."""
    return Country(**{name: getattr(pack, name) for name in Country.__dataclass_fields__})


def to_json(country: Country) -> str:
    """Return the country as JSON; the same country gives the same text."""
    return json.dumps(asdict(country), ensure_ascii=False, sort_keys=True, default=str)


def from_json(text: str) -> Country:
    """Return the country that `to_json` wrote.

    Raises:
        ValueError, KeyError: if the text is something else.
    """
    found: dict[str, Any] = json.loads(text)
    return Country(
        **{name: found[name] for name in _TEXTS},
        languages=tuple(found["languages"]),
        attribution=tuple(found["attribution"]),
        vintages=tuple(_vintage(entry) for entry in found["vintages"]),
        regions=tuple(Region(**entry) for entry in found["regions"]),
        denominators=tuple(Denominator(**entry) for entry in found["denominators"]),
        notice=found["notice"],
    )


def _vintage(entry: dict[str, Any]) -> Vintage:
    days = {
        name: date.fromisoformat(entry[name]) if entry[name] else None
        for name in ("valid_from", "valid_to")
    }
    return Vintage(**entry | days | {"aliases": tuple(entry["aliases"])})
