"""Scenarios as text: TOML for people, canonical JSON for the database and for hashes. Pure."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from simulations.scenario.model import Measure, Scenario

LABELS = ("name", "author")
"""Fields that change no number."""


def from_toml(text: str) -> Scenario:
    """Return the scenario that a text describes.

    Raises:
        ValueError: naming the line or the field that is wrong.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from error
    return from_values(values)


def from_values(values: Mapping[str, Any]) -> Scenario:
    """Return the scenario of named values.

    Raises:
        ValueError: naming the field that is unknown, missing or out of bounds.
    """
    _check_names(values, Scenario, "")
    if missing := {"name", "first_day"} - values.keys():
        raise ValueError(f"missing: {', '.join(sorted(missing))}")
    measures = values.get("distancing", ())
    if not isinstance(measures, (list, tuple)):
        raise ValueError("distancing is a list of tables [[distancing]]")  # noqa: TRY004 - a bad file
    return Scenario(
        **{name: _plain(one) for name, one in values.items() if name != "distancing"},
        distancing=tuple(_measure(one) for one in measures),
    )


def _measure(values: Mapping[str, Any]) -> Measure:
    if not isinstance(values, Mapping) or "level" not in values:
        raise ValueError("distancing.level is missing")
    _check_names(values, Measure, "distancing.")
    return Measure(**{name: _plain(one) for name, one in values.items()})


def _check_names(values: Mapping[str, Any], kind: type, where: str) -> None:
    if unknown := set(values) - {one.name for one in fields(kind)}:
        raise ValueError(f"unknown: {', '.join(where + name for name in sorted(unknown))}")


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever TOML and JSON hold
    if isinstance(value, list):
        return tuple(value)
    return value


def to_toml(scenario: Scenario) -> str:
    """Return the scenario as text that `from_toml` reads back; what is as planned is left out."""
    lines = [
        f"{one.name} = {_written(getattr(scenario, one.name))}"
        for one in fields(scenario)
        if one.name != "distancing" and getattr(scenario, one.name) is not None
    ]
    for measure in scenario.distancing:
        lines += ["", "[[distancing]]"]
        lines += [
            f"{name} = {_written(value)}"
            for name, value in asdict(measure).items()
            if value is not None and value != ()
        ]
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    # JSON writes DEL bare, which TOML refuses.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def to_json(scenario: Scenario) -> str:
    """Return the levers as canonical JSON: sorted, without spaces, days as ISO 8601."""
    return json.dumps(asdict(scenario), default=str, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False)  # fmt: skip


def from_json(text: str) -> Scenario:
    """Return the scenario of `to_json`."""
    values = json.loads(text)
    values["first_day"] = date.fromisoformat(values["first_day"])
    for measure in values["distancing"]:
        for name in ("since", "until"):
            measure[name] = date.fromisoformat(measure[name]) if measure[name] else None
    return from_values(values)


def digest(scenario: Scenario) -> str:
    """Return 16 hex digits that say which numbers a scenario gives: its labels left out."""
    values = {name: one for name, one in json.loads(to_json(scenario)).items()
              if name not in LABELS}  # fmt: skip
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
