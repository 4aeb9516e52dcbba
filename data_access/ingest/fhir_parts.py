"""What several kinds of record take from FHIR alike: the person, the place, a code. Pure."""

import re
from collections.abc import Iterator, Mapping

from data_access.contracts.model import AREA_FIELDS, Field
from data_access.ingest.fhir_bundle import (
    Bundle,
    Resource,
    every,
    extensions,
    first,
    last_part,
)
from data_access.ingest.values import code_table

Cells = dict[str, str | None]
_ID_TYPES = ("NI", "NN", "PPN", "CZ", "SS")
_ID_WORDS = ("cccd", "cmnd", "passport", "national", "identity", "can-cuoc", "ssn")
_INSURANCE_TYPES = ("HC", "MB", "SN")
_INSURANCE_WORDS = ("bhyt", "insurance", "bao-hiem")
_BARE_ID = re.compile(r"\d{9}|\d{12}")
_LONGEST_CHAIN = 4


def person(bundle: Bundle, reference: object, *, within: Resource) -> Cells:
    """Return the identity fields of the person that a reference points to."""
    patient = bundle.found(reference, within=within)
    if patient.get("resourceType") != "Patient":
        return {}
    gender = first(patient, "gender")
    return {
        "full_name": _name(patient),
        "birth_date": first(patient, "birthDate"),
        "id_no": _identifier(patient, types=_ID_TYPES, words=_ID_WORDS) or _bare_id(patient),
        "insurance_no": _identifier(patient, types=_INSURANCE_TYPES, words=_INSURANCE_WORDS),
        "phone": _phone(patient),
        "sex": None if gender == "unknown" else gender,
    }


def _name(patient: Resource) -> str | None:
    names = sorted(every(patient, "name"), key=lambda name: name.get("use") != "official")
    for name in names:
        parts = [first(name, "family"), *every(name, "given")]
        written = first(name, "text") or " ".join(part for part in parts if part)
        if written:
            return written
    return None


def _identifier(patient: Resource, *, types: tuple[str, ...], words: tuple[str, ...]) -> str | None:
    for each in every(patient, "identifier"):
        codes = [str(code) for code in every(each, "type.coding.code")]
        told = " ".join([str(each.get("system") or ""), *map(str, every(each, "type.text"))])
        is_meant = any(code.startswith(types) for code in codes)
        if is_meant or any(word in told.casefold() for word in words):
            return first(each, "value")
    return None


def _bare_id(patient: Resource) -> str | None:
    """Return a number without a type that has the form of an identity number."""
    for each in every(patient, "identifier"):
        number = first(each, "value")
        if number and "type" not in each and _BARE_ID.fullmatch(number):
            return number
    return None


def _phone(patient: Resource) -> str | None:
    listed = [t for t in every(patient, "telecom") if t.get("system") in {"phone", "sms"}]
    listed.sort(key=lambda telecom: telecom.get("use") != "mobile")
    return next((number for number in (first(t, "value") for t in listed) if number), None)


def place(bundle: Bundle, references: list[object], *, within: Resource) -> Cells:
    """Return the area fields of the first of several resources that says where it is."""
    for reference in references:
        for each in _chain(bundle, reference, within=within):
            fields = area_of(each)
            if fields:
                return fields
    return {}


def _chain(bundle: Bundle, reference: object, *, within: Resource) -> Iterator[Resource]:
    """Yield a place and the places it is part of."""
    for _ in range(_LONGEST_CHAIN):
        found = bundle.found(reference, within=within)
        if not found:
            return
        yield found
        reference, within = found.get("partOf"), found


def area_of(resource: Resource) -> Cells:
    """Return the area fields that identifiers, extensions or the address of a resource give."""
    fields: Cells = {}
    for each in every(resource, "identifier"):
        fields.setdefault(last_part(each.get("system")), first(each, "value"))
    addresses = every(resource, "address")
    for element in [resource, *addresses]:
        for name, value in extensions(element):
            fields.setdefault(name, value)
    fields = {name: fields[name] for name in AREA_FIELDS if fields.get(name)}
    for address in [] if fields else addresses:
        state, city = first(address, "state"), first(address, "city")
        if state or city:
            return {"province_code": state or city, "district_code": first(address, "district")}
    return fields


def code_of(resource: Resource) -> str | None:
    """Return what a place or an organisation is known by: its identifier, else its id."""
    return first(resource, "identifier.value", "id")


def coded(concepts: list[object], *, of: Field, known: Mapping[str, str]) -> str | None:
    """Return our code of the first concept that has one.

    Args:
        concepts: elements of type CodeableConcept or Coding.
        of: the field, whose codes, names and aliases are recognised.
        known: code of a terminology → ours.
    """
    table = code_table(of)
    for concept in concepts:
        for path in ("coding.code", "code", "coding.display", "display", "text"):
            for word in every(concept, path):
                ours = known.get(str(word)) or table.get(str(word).strip().casefold())
                if ours:
                    return ours
    return None
