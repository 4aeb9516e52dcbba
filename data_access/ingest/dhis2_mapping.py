"""The TOML that says what the elements, units and categories of a DHIS2 server mean here.

`[org_units]` theirs = area, `[data_elements]` theirs = measure (with a breakdown where they have
one element for each), `[category_option_combos]` theirs = breakdown. All of it may be left out:
an element may bear the id of a measure, a unit the code or name of an area.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_access.errors import BadInput
from data_access.ingest.mapping import DELIVERERS, MeasureRule, breakdown_codes, measure_rule
from data_access.ingest.record_mapping import check_keys, read_toml
from data_access.measures.registry import MEASURES

_KEYS = (
    "platform", "register_unknown", "duplicates", "precedence", "missing", "vintage",
    "org_units", "data_elements", "category_option_combos", "attribute_option_combos",
)  # fmt: skip
DEFAULT_COMBO = ("", "default", "HllvX50cXC0")
"""The combination of a figure that is not broken down; the same on every DHIS2 server."""
DEFAULT_PLATFORM = "surveillance"


@dataclass(frozen=True, kw_only=True)
class Dhis2Mapping:
    """What a DHIS2 server's names mean.

    Attributes:
        platform: platform under which the delivery is kept; empty to follow from its measures.
        register_unknown: whether elements and combinations that nobody mapped are kept as they
            are (`dhis2_<uid>`), or refused.
        duplicates: "reject" a figure that repeats a cell with another value, or "sum" them.
        precedence: rank among the sources of a measure; None for the default.
        missing: texts that mean "not reported".
        vintage: vintage of the areas; empty for the one in force.
        org_units: theirs → code or name of an area.
        elements: theirs → measure, with its breakdown.
        combos: theirs → dimension → code.
        name: file name, for messages.
    """

    platform: str = ""
    register_unknown: bool = False
    duplicates: str = "reject"
    precedence: int | None = None
    missing: tuple[str, ...] = ()
    vintage: str = ""
    org_units: Mapping[str, str] = field(default_factory=dict)
    elements: Mapping[str, MeasureRule] = field(default_factory=dict)
    combos: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    name: str = ""

    def element(self, theirs: str) -> MeasureRule | None:
        """Return the measure of an element: mapped, of the same id, or to be registered."""
        if theirs in self.elements:
            return self.elements[theirs]
        if theirs.lower() in MEASURES:
            return measure_rule({"id": theirs.lower(), "column": "value"}, where=self.name)
        if not self.register_unknown:
            return None
        return MeasureRule(
            id=f"dhis2_{_plain(theirs)}", column="value", kind="flow", unit="value", is_new=True
        )

    def combo(self, theirs: str, *, dimension: str) -> Mapping[str, str] | None:
        """Return the breakdown of a combination; None if it is not known."""
        if theirs in self.combos:
            return self.combos[theirs]
        if theirs in DEFAULT_COMBO:
            return {}
        return {dimension: _plain(theirs)} if self.register_unknown else None


def _plain(theirs: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in theirs)[:50]


def load_dhis2_mapping(path: Path) -> Dhis2Mapping:
    """Return the mapping in a TOML file.

    Raises:
        BadInput: one line that names the file, the key and what is wrong with it.
    """
    content = read_toml(path)
    where = path.name
    check_keys(content, known=_KEYS, where=where)
    tables = {key: _table(content, key, where) for key in _KEYS if not _is_plain(key)}
    combos = {**tables["category_option_combos"], **tables["attribute_option_combos"]}
    return Dhis2Mapping(
        platform=_one_of(content, "platform", ("", *DELIVERERS), where),
        register_unknown=_typed(content, "register_unknown", bool, default=False, where=where),
        duplicates=_one_of(content, "duplicates", ("reject", "sum"), where),
        precedence=_typed(content, "precedence", int, default=None, where=where),
        missing=tuple(map(str, _typed(content, "missing", list, default=[], where=where))),
        vintage=str(content.get("vintage", "")),
        org_units={theirs.strip(): str(ours) for theirs, ours in tables["org_units"].items()},
        elements={
            theirs.strip(): _element(ours, where=f"{where} [data_elements] {theirs}")
            for theirs, ours in tables["data_elements"].items()
        },
        combos={
            theirs.strip(): _constants(ours, where=f"{where} [category_option_combos] {theirs}")
            for theirs, ours in combos.items()
        },
        name=where,
    )


def _is_plain(key: str) -> bool:
    return not key.endswith(("_units", "_elements", "_combos"))


def _table(content: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    value = content.get(key, {})
    if not isinstance(value, dict):
        raise BadInput(f"{where}: [{key}] must be a table of theirs = ours")
    return value


def _one_of(content: Mapping[str, Any], key: str, choices: tuple[str, ...], where: str) -> str:
    value = content.get(key, choices[0])
    if value not in choices:
        listed = ", ".join(choice for choice in choices if choice)
        raise BadInput(f"{where}: {key} cannot be {value!r}; choose from {listed}")
    return str(value)


def _typed(
    content: Mapping[str, Any],
    key: str,
    kind: type,
    *,
    default: Any,  # noqa: ANN401 -- TOML holds anything
    where: str,
) -> Any:  # noqa: ANN401
    value = content.get(key, default)
    if value is not default and type(value) is not kind:
        words = {bool: "true or false", int: "a whole number", list: "a list of texts"}
        raise BadInput(f"{where}: {key} must be {words[kind]}")
    return value


def _element(value: Any, *, where: str) -> MeasureRule:  # noqa: ANN401
    given = value if isinstance(value, dict) else {"id": value}
    if "column" in given or "value" in given or "where" in given:
        raise BadInput(f"{where}: needs an id and, if any, its breakdown")
    rule = measure_rule({**given, "column": "value"}, where=where)
    if rule.columns:
        raise BadInput(f"{where}: a breakdown here is a code; categories have their own table")
    return rule


def _constants(value: Any, *, where: str) -> Mapping[str, str]:  # noqa: ANN401
    constants, columns = breakdown_codes(value, where=where)
    if columns:
        raise BadInput(f'{where}: write the code itself, as in {{ age = "0-4" }}')
    return constants
