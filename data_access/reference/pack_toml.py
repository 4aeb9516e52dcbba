"""Reads `pack.toml`: who the country is, and its vintages, regions and denominators."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data_access.errors import PackError
from data_access.reference.model import Denominator, Region, Vintage
from data_access.reference.tables_in import problem

FILE = "pack.toml"
_NAMES = {
    "code": ("code", "country_code", "iso", "country"),
    "name": ("name", "name_vi", "name_en", "country_name", "title", "country"),
    "name_en": ("name_en", "name"),
    "time_zone": ("time_zone", "timezone", "tz"),
    "default_vintage": ("default_vintage", "vintage"),
}


def read_toml(folder: Path) -> dict[str, Any]:
    """Return pack.toml, with the keys of a `[pack]` or `[country]` table lifted to the top.

    Raises:
        PackError: if the file is absent or is not TOML.
    """
    if not folder.is_dir():
        raise PackError(f"country pack {folder.name or folder}: no such folder")
    try:
        found = tomllib.loads((folder / FILE).read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise problem(FILE, f"is missing in {folder.name or folder}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise problem(FILE, f"is not TOML: {error}") from error
    except OSError as error:
        raise problem(FILE, "cannot be read") from error
    for name in ("pack", "country"):
        if isinstance(found.get(name), dict):
            found = found.pop(name) | found
    vintages = found.get("vintages")
    if isinstance(vintages, dict) and isinstance(vintages.get("default"), str | int):
        found["default_vintage"] = vintages.pop("default")
    return found


def text_of(found: Mapping[str, Any], field: str, *, default: str | None = None) -> str:
    """Return a text setting under any of its names.

    Raises:
        PackError: if it is absent and has no default.
    """
    for name in _NAMES[field]:
        value = found.get(name)
        if isinstance(value, str | int) and str(value).strip():
            return str(value).strip()
    if default is None:
        raise problem(FILE, "is missing", field=field)
    return default


def time_zone_of(found: Mapping[str, Any]) -> str:
    """Return the time zone, checked to exist.

    Raises:
        PackError: if it is absent or unknown.
    """
    name = text_of(found, "time_zone")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise problem(FILE, f"{name!r} is not a time zone", field="time_zone") from error
    return name


def languages_of(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the languages, English if none is named."""
    value = found.get("languages", ["en"])
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise problem(FILE, "is not a list of texts", field="languages")
    return tuple(listed) or ("en",)


def lines_of(found: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return a text or a list of texts as lines."""
    value = found.get(field, [])
    return tuple(str(line) for line in ([value] if isinstance(value, str) else value))


def texts_of(value: object, *, default: str) -> dict[str, str]:
    """Return a text by language from a table or a single text."""
    if isinstance(value, dict):
        return {str(key): str(text) for key, text in value.items() if isinstance(text, str)}
    return {"en": str(value) if isinstance(value, str) else default}


def vintages_of(found: Mapping[str, Any]) -> tuple[Vintage, ...]:
    """Return the declared vintages, in the order of the file.

    Raises:
        PackError: if an entry is not a table or a date is not one.
    """
    return tuple(
        Vintage(
            id=name,
            aliases=lines_of(entry, "aliases"),
            valid_from=_day(entry, "valid_from", vintage=name),
            valid_to=_day(entry, "valid_to", vintage=name),
            label=texts_of(entry.get("label"), default=name),
        )
        for name, entry in _entries(found, "vintages").items()
    )


def _entries(found: Mapping[str, Any], field: str) -> dict[str, dict[str, Any]]:
    table = found.get(field, {})
    if isinstance(table, list):  # names alone
        table = {str(name): {} for name in table}
    if not isinstance(table, dict):
        raise problem(FILE, "is not a table", field=field)
    return {
        str(name): entry if isinstance(entry, dict) else {"en": str(entry)}
        for name, entry in table.items()
    }


def _day(entry: Mapping[str, Any], field: str, *, vintage: str) -> date | None:
    value = entry.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        place = f"vintages.{vintage}.{field}"
        raise problem(FILE, f"{str(value)[:60]!r} is not a date", field=place) from error


def regions_of(found: Mapping[str, Any]) -> tuple[Region, ...]:
    """Return the declared regions, in the order of the file."""
    return tuple(
        Region(id=name, names=texts_of(entry, default=name))
        for name, entry in _entries(found, "regions").items()
    )


def denominators_of(found: Mapping[str, Any]) -> tuple[Denominator, ...]:
    """Return the declared denominators, in the order of the file.

    Raises:
        PackError: if one lacks its id, group or source, or an id appears twice.
    """
    declared = found.get("denominators", [])
    if not isinstance(declared, list):
        raise problem(FILE, "is not a list of tables", field="denominators")
    made = tuple(_denominator(entry, number) for number, entry in enumerate(declared, start=1))
    if len({one.id for one in made}) < len(made):
        raise problem(FILE, "an id appears twice", field="denominators.id")
    return made


def _denominator(entry: object, number: int) -> Denominator:
    if not isinstance(entry, dict):
        raise problem(FILE, f"entry {number} is not a table", field="denominators")
    for field in ("id", "group", "source"):
        if not entry.get(field):
            raise problem(FILE, f"entry {number} has none", field=f"denominators.{field}")
    return Denominator(
        id=str(entry["id"]),
        group=str(entry["group"]),
        source=str(entry["source"]),
        label=texts_of(entry.get("label"), default=str(entry["id"])),
        default=entry.get("default") is True,
    )
