"""Reads what a country pack says of levels: `levels.toml` and `level_inputs.csv`, both optional.

`levels.toml`: `[shares]` (part of all people in a group of age) and `[[local]]` (how an area
counts under a rule set). `level_inputs.csv`: area,from,until,key,value,source, one input set by
hand a row.
"""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from data_access.errors import PackError
from data_access.reference.tables_in import problem, read_text_table, refuse_where
from data_access.rules.catalogue import rule_sets
from data_access.rules.local import ALL, COMMUNITY, HAND_KEYS, HandInput, Local, LocalRules
from data_access.rules.model import Value

RULES, INPUTS = "levels.toml", "level_inputs.csv"
COLUMNS = ("area", "from", "until", "key", "value", "source")
WORDS: Mapping[str, Value] = {"yes": True, "no": False}
GRADES = ("low", "medium", "high")
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_FIELDS = {"numerator", "weeks", "decimals", "denominator", "source"}


def load_local_rules(folder: Path, *, areas: Iterable[str]) -> LocalRules:
    """Return what a pack says of levels; nothing where it has no such files.

    Args:
        folder: the pack.
        areas: codes there are, of any vintage and level.

    Raises:
        PackError: naming file, row or table, and reason of the first fault.
    """
    found = _toml(folder)
    return LocalRules(
        by_area=dict(_local(one) for one in found.get("local", ())),
        by_hand=_by_hand(folder, sorted(set(areas))),
        old_shares={key: float(one["share"]) for key, one in found.get("shares", {}).items()},
    )


def _toml(folder: Path) -> Mapping[str, Any]:
    path = folder / RULES
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PackError(f"{RULES}: is not TOML: {error}") from error


def _local(found: Mapping[str, Any]) -> tuple[tuple[str, str], Local]:
    named = f"{RULES}, local of area {found.get('area')}"
    if found.get("rule_set") not in rule_sets():
        raise PackError(f"{named}: rule_set is none of {', '.join(rule_sets())}")
    if found.get("numerator", COMMUNITY) not in (COMMUNITY, ALL):
        raise PackError(f"{named}: numerator is neither {COMMUNITY} nor {ALL}")
    if found.get("weeks", 1) not in (1, 2):
        raise PackError(f"{named}: weeks is neither 1 nor 2")
    return (found["rule_set"], str(found.get("area"))), Local(
        **{name: found[name] for name in _FIELDS if name in found},
        edges=_edges(found, named),
    )


def _edges(found: Mapping[str, Any], named: str) -> dict[str, tuple[float, ...]]:
    """Return a place's own edges: as many as the rule set has, ascending."""
    declared = {one.key: one.edges for one in rule_sets()[found["rule_set"]].criteria}
    edges = {key: tuple(map(float, some)) for key, some in found.get("edges", {}).items()}
    for key, own in edges.items():
        if len(own) != len(declared.get(key, ())) or list(own) != sorted(set(own)):
            raise PackError(f"{named}: edges of {key} are not as many as the rule set's, ascending")
    return edges


def _by_hand(folder: Path, areas: list[str]) -> tuple[HandInput, ...]:
    path = folder / INPUTS
    if not path.is_file():
        return ()
    table = read_text_table(path, required=COLUMNS)
    is_day = pl.col("until").str.contains(_DAY) | (pl.col("until") == "")
    for field, wrong, reason in (
        ("area", ~pl.col("area").is_in(areas), "is not the code of an area"),
        ("from", ~pl.col("from").str.contains(_DAY), "is not a day (YYYY-MM-DD)"),
        ("until", ~is_day, "is not a day (YYYY-MM-DD)"),
        ("key", ~pl.col("key").is_in(HAND_KEYS), f"is none of {', '.join(HAND_KEYS)}"),
        ("source", pl.col("source") == "", "must not be empty"),
    ):
        refuse_where(table, wrong, file=INPUTS, field=field, reason=reason)
    return tuple(_hand(row) for row in table.iter_rows(named=True))


def _hand(row: Mapping[str, Any]) -> HandInput:
    try:
        since = date.fromisoformat(row["from"])
        until = date.fromisoformat(row["until"]) if row["until"] else None
        value = _value(row["value"])
    except ValueError as error:
        raise problem(INPUTS, str(error), row=row["_row"]) from error
    return HandInput(
        area=row["area"], key=row["key"], since=since, until=until, value=value,
        source=row["source"],
    )  # fmt: skip


def _value(text: str) -> Value:
    if text in WORDS:
        return WORDS[text]
    return text if text in GRADES else float(text)
