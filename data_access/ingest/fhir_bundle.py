"""The resources of a FHIR delivery and the way from one to another. Knows no platform.

Each resource that matters is validated by the FHIR models (R4B, which reads R4); only then is it
looked into, so that the shape of what is found can be relied on.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from pydantic import ValidationError

Resource = Mapping[str, Any]
MODELS = (
    "Immunization", "Specimen", "Observation", "DiagnosticReport", "Encounter", "Location",
    "QuestionnaireResponse", "Patient", "Organization", "Group",
)  # fmt: skip
"""Types of resource that are looked into; any other is passed over unread."""
_LAST_PART = re.compile(r"[^/#:|]+$")


@dataclass(kw_only=True)
class Entry:
    """One entry of a bundle, or one line of a bulk export.

    Attributes:
        row_no: its number, from 1.
        kind: type of the resource, empty where it is none.
        resource: the resource, empty for a deletion or where it is none.
        full_url: its address in the bundle.
        deleted_id: id of the resource that the entry deletes.
        fault: path of the first element that FHIR does not allow.
        used: whether the record of another resource was read with its help.
    """

    row_no: int
    kind: str = ""
    resource: Resource = field(default_factory=dict)
    full_url: str = ""
    deleted_id: str = ""
    fault: str = ""
    used: bool = False


class Bundle:
    """All resources of a delivery, found by reference."""

    def __init__(self, listed: list[Any], *, is_bundle: bool) -> None:
        """Take the entries of a bundle, or bare resources.

        Args:
            listed: what JSON gave.
            is_bundle: whether these are entries rather than resources.
        """
        self.entries = [
            _entry(each, row_no=n, is_bundle=is_bundle) for n, each in enumerate(listed, 1)
        ]
        self._index: dict[str, Entry] = {}
        for entry in self.entries:
            for name in _names(entry):
                self._index.setdefault(name, entry)

    def of_kind(self, kind: str) -> Iterator[Entry]:
        """Yield the valid resources of a type."""
        return (e for e in self.entries if e.kind == kind and e.resource and not e.fault)

    def found(self, reference: object, *, within: Resource) -> Resource:
        """Return what a Reference points to; an empty mapping where that is not delivered.

        Args:
            reference: an element of type Reference, or nothing.
            within: the resource it stands in, for references to what it contains.
        """
        target = reference.get("reference") if isinstance(reference, Mapping) else None
        if not isinstance(target, str):
            return {}
        if target.startswith("#"):
            inner = within.get("contained") or []
            return next((each for each in inner if each.get("id") == target[1:]), {})
        entry = self._index.get(target) or self._index.get(_short(target))
        if entry is None or entry.fault:
            return {}
        entry.used = True
        return entry.resource


def _entry(each: object, *, row_no: int, is_bundle: bool) -> Entry:
    if not isinstance(each, Mapping):
        return Entry(row_no=row_no)
    entry = Entry(row_no=row_no)
    resource: object = each
    if is_bundle:
        resource = each.get("resource")
        entry.full_url = str(each.get("fullUrl") or "")
        request = each.get("request")
        if isinstance(request, Mapping) and request.get("method") == "DELETE":
            kind, _, deleted_id = str(request.get("url") or "").rpartition("/")
            entry.kind, entry.deleted_id = kind.rpartition("/")[2], deleted_id
            return entry
    if isinstance(resource, Mapping) and isinstance(resource.get("resourceType"), str):
        entry.kind, entry.resource = resource["resourceType"], resource
        entry.fault = fault_in(resource) if entry.kind in MODELS else ""
    return entry


def _names(entry: Entry) -> Iterator[str]:
    if entry.full_url:
        yield entry.full_url
    identity = entry.resource.get("id")
    if isinstance(identity, str):
        yield f"{entry.kind}/{identity}"
        yield f"urn:uuid:{identity}"


def _short(reference: str) -> str:
    """Return `Type/id` of an address, without server and version."""
    parts = reference.partition("/_history")[0].split("/")
    return "/".join(parts[-2:])


@lru_cache
def _model(kind: str) -> Any:  # noqa: ANN401 -- the class of a resource
    # Half a second for all models: only those are loaded that a delivery needs.
    return getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)


@cache
def _types() -> frozenset[str]:
    """Return all that FHIR calls a type, in small letters."""
    package = importlib.import_module("fhir.resources.R4B")
    return frozenset(module.name for module in pkgutil.iter_modules(package.__path__))


def type_named(kind: str) -> str:
    """Return a type of resource if FHIR has it; else the element that should name one."""
    return kind if kind.lower() in _types() else "resourceType"


def fault_in(resource: Resource) -> str:
    """Return the path of the first element that FHIR does not allow; empty if all is well.

    Of an element that FHIR does not know, the path of where it stands.
    """
    kind = str(resource.get("resourceType"))
    try:
        _model(kind).model_validate(dict(resource))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        # An element that FHIR does not know may be called anything, even by somebody's name.
        path = found["loc"][:-1] if found["type"] == "extra_forbidden" else found["loc"]
        return ".".join(str(part) for part in path)[:60] or kind
    except (RecursionError, ValueError, TypeError, AttributeError, KeyError, ArithmeticError):
        # What its validators stumble over is no resource either.
        return kind
    return ""


# --- looking into a resource ----------------------------------------------------------------


def every(node: object, path: str) -> list[Any]:
    """Return all values at a path such as `code.coding.code`, lists laid out flat."""
    nodes: list[Any] = [node]
    for part in path.split("."):
        inner = [each[part] for each in nodes if isinstance(each, Mapping) and part in each]
        nodes = [leaf for each in inner for leaf in (each if isinstance(each, list) else [each])]
    return [each for each in nodes if each is not None]


def first(node: object, *paths: str) -> str | None:
    """Return the first scalar at the first path that has one, as text."""
    for path in paths:
        for each in every(node, path):
            text = scalar(each)
            if text is not None:
                return text
    return None


def scalar(value: object) -> str | None:
    """Return a JSON scalar as text; None for anything else and for an empty text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def value_of(element: Resource) -> str | None:
    """Return the `value[x]` of an element as text: a code before its display."""
    for name, value in element.items():
        if not name.startswith("value"):
            continue
        if isinstance(value, Mapping):
            return first(value, "code", "coding.code", "value", "coding.display", "text", "display")
        return scalar(value)
    return None


def last_part(address: object) -> str:
    """Return the last word of an address, as in `province_code` of `https://x/province-code`."""
    found = _LAST_PART.search(address) if isinstance(address, str) else None
    return found.group().replace("-", "_").casefold() if found else ""


def extensions(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield (last word of the address, value) of the extensions of a resource or element."""
    for each in every(resource, "extension"):
        value = value_of(each) if isinstance(each, Mapping) else None
        if value is not None:
            yield last_part(each.get("url")), value
