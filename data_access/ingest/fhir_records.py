"""Which FHIR resource is which record, and where its fields are. Touches no file.

An extension of a resource whose address ends in the name of one of our fields gives that field:
`.../priority-group`, `.../class`, `.../planned_end`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from data_access.contracts.model import DELETED, VERSION, Field, RecordKind
from data_access.ingest.fhir_bundle import (
    Bundle,
    Entry,
    Resource,
    every,
    extensions,
    first,
    last_part,
    value_of,
)
from data_access.ingest.fhir_parts import Cells, area_of, code_of, coded, person, place

CVX = {
    "207": "MD", "221": "MD", "208": "PF", "217": "PF", "218": "PF", "219": "PF", "210": "AZ",
    "212": "JJ", "510": "VC", "505": "SV",
}  # fmt: skip
LOINC_METHOD = {
    **dict.fromkeys(("94500-6", "94309-2", "94559-2", "94845-5", "94759-8", "94565-9"), "RT_PCR"),
    **dict.fromkeys(("94558-4", "97097-0", "95209-3"), "AG_RAPID"),
}
RESULTS = {
    **dict.fromkeys(("260373001", "10828004", "LA11882-0", "LA6576-8", "POS"), "duong_tinh"),
    **dict.fromkeys(("260415000", "260385009", "LA11883-8", "LA6577-6", "NEG"), "am_tinh"),
    **dict.fromkeys(("419984006", "82334004", "LA9663-1", "IND"), "nghi_ngo"),
    **dict.fromkeys(("125154007", "455371000124106", "LA15841-2"), "khong_hop_le"),
}
SPECIMENS = {"258500001": "ty_hau", "258529004": "hong", "119342007": "nuoc_bot"}
_FINAL = ("final", "amended", "corrected")
_HOME = {"ho": "nha_o"}


class NotARecord(Exception):  # noqa: N818 -- an answer, not a fault
    """The resource is of the right type and yet no record; carries the reason's key."""


@dataclass(frozen=True, kw_only=True)
class Translator:
    """How the records of a kind are found.

    Attributes:
        types: types of resource of which each is a record, or part of one.
        records: gives (entry, cells) of each record of a bundle.
    """

    types: tuple[str, ...]
    records: Callable[[Bundle, RecordKind], Iterator[tuple[Entry, Cells | NotARecord]]]


def _each(
    kind_of_resource: str, cells: Callable[[Resource, Bundle, RecordKind], Cells]
) -> Translator:
    """Return the translator of a kind whose records are the resources of one type."""

    def records(bundle: Bundle, kind: RecordKind) -> Iterator[tuple[Entry, Cells | NotARecord]]:
        for entry in bundle.of_kind(kind_of_resource):
            yield entry, _whole(entry, bundle=bundle, kind=kind, cells=cells)

    return Translator(types=(kind_of_resource,), records=records)


def _whole(
    entry: Entry,
    *,
    bundle: Bundle,
    kind: RecordKind,
    cells: Callable[[Resource, Bundle, RecordKind], Cells],
) -> Cells | NotARecord:
    resource = entry.resource
    common = _common(resource, full_url=entry.full_url, key=kind.key)
    if common[DELETED]:
        return common
    try:
        found = {**common, **cells(resource, bundle, kind)}
    except NotARecord as reason:
        return reason
    for name, value in extensions(resource):
        if not found.get(name):
            found[name] = value
    return found


def _common(resource: Resource, *, full_url: str, key: str) -> Cells:
    number = first(resource, "meta.versionId")
    version = number if number and number.isdecimal() else None
    deleted = "true" if resource.get("status") == "entered-in-error" else None
    name = first(resource, "id", "identifier.value") or last_part(full_url)
    return {key: name or None, VERSION: version, DELETED: deleted}


def _field(kind: RecordKind, name: str) -> Field:
    found = kind.field_named(name)
    if found is None:
        raise LookupError(name)
    return found


# --- vaccination ----------------------------------------------------------------------------


def _dose(resource: Resource, bundle: Bundle, kind: RecordKind) -> Cells:
    if resource.get("status") == "not-done":
        raise NotARecord("not_done")
    site, patient = resource.get("location"), resource.get("patient")
    vaccine = coded([resource.get("vaccineCode")], of=_field(kind, "vaccine_code"), known=CVX)
    givers = every(resource, "performer.actor")
    where = place(bundle, [site, *givers, patient], within=resource)
    return {
        "dose_no": _dose_no(resource, vaccine),
        "vaccine_code": vaccine or first(resource, "vaccineCode.coding.code", "vaccineCode.text"),
        "lot_no": first(resource, "lotNumber"),
        "expiry": first(resource, "expirationDate"),
        "site_code": code_of(bundle.found(site, within=resource)),
        "vaccinated_at": first(resource, "occurrenceDateTime", "occurrenceString"),
        "recorded_at": first(resource, "recorded"),
        **where,
        **person(bundle, patient, within=resource),
    }


def _dose_no(resource: Resource, vaccine: str | None) -> str | None:
    """Return the code of a dose: beyond the doses of the course it is a booster."""
    number = first(
        resource, "protocolApplied.doseNumberPositiveInt", "protocolApplied.doseNumberString"
    )
    course = first(resource, "protocolApplied.seriesDosesPositiveInt")
    series = (first(resource, "protocolApplied.series") or "").casefold()
    if number is None or not number.isdecimal():
        return number
    usual = {"JJ": 1, "AB": 3}.get(vaccine or "", 2)
    is_booster = "boost" in series or "nhắc" in series
    given, planned = int(number), int(course) if course and course.isdecimal() else usual
    if given > planned and (is_booster or course):
        return f"nhac_{given - planned}"
    return number


# --- testing --------------------------------------------------------------------------------


def _samples(bundle: Bundle, kind: RecordKind) -> Iterator[tuple[Entry, Cells | NotARecord]]:
    """Yield a record for each specimen, and for each observation that has none."""
    told = _told_of_specimens(bundle)
    for entry in bundle.of_kind("Specimen"):
        observed, reports = told.get(id(entry.resource), ([], []))

        def cells(
            resource: Resource,
            bundle: Bundle,
            kind: RecordKind,
            observed: list[Resource] = observed,
            reports: list[Resource] = reports,
        ) -> Cells:
            return _sample(resource, bundle, kind, observed=observed, reports=reports)

        yield entry, _whole(entry, bundle=bundle, kind=kind, cells=cells)
    for entry in bundle.of_kind("Observation"):
        if not entry.used and _is_test(entry.resource):
            yield entry, _whole(entry, bundle=bundle, kind=kind, cells=_lone_observation)


def _told_of_specimens(bundle: Bundle) -> dict[int, tuple[list[Resource], list[Resource]]]:
    """Return the observations and reports of each specimen, by the identity of its resource."""
    told: dict[int, tuple[list[Resource], list[Resource]]] = {}
    for report in bundle.of_kind("DiagnosticReport"):
        for reference in every(report.resource, "specimen"):
            specimen = bundle.found(reference, within=report.resource)
            observed, reports = told.setdefault(id(specimen), ([], []))
            reports.append(report.resource)
            results = every(report.resource, "result")
            found = (bundle.found(each, within=report.resource) for each in results)
            observed.extend(each for each in found if each and each not in observed)
            report.used = report.used or bool(specimen)
    for entry in bundle.of_kind("Observation"):
        specimen = bundle.found(entry.resource.get("specimen"), within=entry.resource)
        if specimen:
            observed, _ = told.setdefault(id(specimen), ([], []))
            entry.used = True
            if entry.resource not in observed:
                observed.append(entry.resource)
    return told


def _is_test(observation: Resource) -> bool:
    words = every(observation, "code.coding.code")
    texts = [*every(observation, "code.text"), *every(observation, "code.coding.display")]
    named = any(word in str(text).casefold() for text in texts for word in ("sars-cov", "covid"))
    return named or any(word in LOINC_METHOD for word in words)


def _sample(
    resource: Resource,
    bundle: Bundle,
    kind: RecordKind,
    *,
    observed: list[Resource],
    reports: list[Resource],
) -> Cells:
    subject = resource.get("subject")
    group = bundle.found(subject, within=resource)
    parent = bundle.found(next(iter(every(resource, "parent")), None), within=resource)
    result = _result(observed, kind)
    if result["result"] is None and resource.get("status") == "unsatisfactory":
        result["result"] = "khong_hop_le"
    labs = [ref for each in (*reports, *observed) for ref in every(each, "performer")]
    return {
        **result,
        "pool_size": first(group, "quantity") if group.get("resourceType") == "Group" else None,
        "specimen": coded([resource.get("type")], of=_field(kind, "specimen"), known=SPECIMENS),
        "collected_at": first(
            resource, "collection.collectedDateTime", "collection.collectedPeriod.start"
        ),
        "received_lab_at": first(resource, "receivedTime"),
        "returned_at": max((t for t in (first(r, "issued") for r in reports) if t), default=None),
        "lab_code": _laboratory(labs, bundle, within=resource),
        "deconvolution_of": first(parent, "id", "identifier.value"),
        **place(bundle, [*every(resource, "collection.collector"), subject], within=resource),
        **person(bundle, subject, within=resource),
    }


def _laboratory(performers: list[object], bundle: Bundle, *, within: Resource) -> str | None:
    found = (bundle.found(each, within=within) for each in performers)
    return next((code_of(each) for each in found if each.get("resourceType") == "Organization"),
                None)  # fmt: skip


def _lone_observation(resource: Resource, bundle: Bundle, kind: RecordKind) -> Cells:
    subject = resource.get("subject")
    return {
        **_result([resource], kind),
        "collected_at": first(resource, "effectiveDateTime", "effectivePeriod.start"),
        "lab_code": _laboratory(every(resource, "performer"), bundle, within=resource),
        **place(bundle, [subject], within=resource),
        **person(bundle, subject, within=resource),
    }


def _result(observed: list[Resource], kind: RecordKind) -> Cells:
    """Return method, result and its moment from the last observation that is a finished test."""
    tests = [each for each in observed if _is_test(each)] or observed
    methods = [concept for each in tests for concept in (each.get("method"), each.get("code"))]
    finished = [each for each in tests if each.get("status") in _FINAL]
    finished.sort(key=lambda each: first(each, "issued", "effectiveDateTime") or "")
    last: Resource = finished[-1] if finished else {}
    concepts = [last.get("valueCodeableConcept"), {"text": last.get("valueString")},
                *every(last, "interpretation")]  # fmt: skip
    return {
        "method": coded(methods, of=_field(kind, "method"), known=LOINC_METHOD),
        "result": coded(concepts, of=_field(kind, "result"), known=RESULTS),
        "resulted_at": first(last, "issued", "effectiveDateTime"),
    }


# --- quarantine -----------------------------------------------------------------------------


def _stay(resource: Resource, bundle: Bundle, kind: RecordKind) -> Cells:
    if resource.get("status") in {"planned", "cancelled"}:
        raise NotARecord("not_done")
    subject = resource.get("subject")
    places = every(resource, "location.location")
    site = bundle.found(next(iter(places), None), within=resource)
    concepts = [*every(resource, "class"), *every(resource, "type"), *every(resource, "reasonCode")]
    where = place(bundle, [*places, resource.get("serviceProvider"), subject], within=resource)
    ended = every(resource, "hospitalization.dischargeDisposition")
    return {
        "class": coded(concepts, of=_field(kind, "class"), known={}),
        "facility_id": code_of(site),
        "facility_kind": _facility_kind(site, of=_field(kind, "facility_kind")),
        "start_ts": first(resource, "period.start"),
        "actual_end": first(resource, "period.end"),
        "end_reason": coded(ended, of=_field(kind, "end_reason"), known={"exp": "tu_vong"}),
        **where,
        **person(bundle, subject, within=resource),
    }


def _facility_kind(site: Resource, *, of: Field) -> str | None:
    return coded([*every(site, "type"), *every(site, "physicalType")], of=of, known=_HOME)


def _facility(resource: Resource, bundle: Bundle, kind: RecordKind) -> Cells:
    return {
        kind.key: code_of(resource),
        "name": first(resource, "name"),
        "kind": _facility_kind(resource, of=_field(kind, "kind")),
        **(area_of(resource) or place(bundle, [resource.get("partOf")], within=resource)),
    }


# --- declarations ---------------------------------------------------------------------------


def _declaration(resource: Resource, bundle: Bundle, kind: RecordKind) -> Cells:
    if resource.get("status") in {"in-progress", "stopped"}:
        raise NotARecord("not_done")
    about = resource.get("subject") or resource.get("source")
    answers = _answers(resource, kind)
    given = person(bundle, about, within=resource)
    where = place(bundle, [about], within=resource)
    kept = {name: value for name, value in answers.items() if value}
    if any(name.endswith("_code") and name in kept for name in where):
        where = {}
    return {"declared_at": first(resource, "authored"), **given, **where, **kept}


def _answers(resource: Resource, kind: RecordKind) -> Cells:
    """Return the answers under our names: by the item's linkId, or a code that is ticked."""
    fields = {each.name for each in kind.all_fields()}
    ticked = {code: f for f in kind.fields if f.kind.value == "codes" for code in f.allowed}
    found: dict[str, list[str]] = {}
    waiting = every(resource, "item")[::-1]
    while waiting:
        item = waiting.pop()
        given = every(item, "answer")
        waiting += [*every(item, "item"), *(i for each in given for i in every(each, "item"))][::-1]
        name = last_part(item.get("linkId"))
        texts = [text for text in map(value_of, given) if text is not None]
        code = next((code for code in ticked if code.casefold() == name), None)
        if name in fields:
            found.setdefault(name, []).extend(texts)
        elif code is not None and texts == ["true"]:
            found.setdefault(ticked[code].name, []).append(code)
    return {name: "|".join(texts) or None for name, texts in found.items()}


TRANSLATORS: Mapping[str, Translator] = {
    "dose": _each("Immunization", _dose),
    "sample": Translator(types=("Specimen", "Observation"), records=_samples),
    "stay": _each("Encounter", _stay),
    "facility": _each("Location", _facility),
    "declaration": _each("QuestionnaireResponse", _declaration),
}
"""Name of a record kind → how FHIR tells it. Kinds that FHIR has no resource for are missing."""
