"""Checks one chunk of a record file against its contract. Vectorised; touches no database.

Every reason of a row is told, one reject row each; a row is counted once. Deletions need only
their key: what a deleted record once said is of no interest any more.
"""

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from data_access.contracts.model import (
    AREA_FIELDS,
    DELETED,
    DTYPES,
    LOCAL_DAY_SUFFIX,
    PERSON_STORED,
    VERSION,
    Check,
    Field,
    Kind,
    RecordKind,
    Severity,
)
from data_access.errors import BadInput
from data_access.ingest.columns import Formats, as_text
from data_access.ingest.places import Places
from data_access.ingest.pseudonyms import (
    OwnIdentity,
    People,
    identified,
    looks_like_a_number_of_people,
)
from data_access.ingest.readers import RawChunk
from data_access.ingest.reasons import reject_frame
from data_access.ingest.record_mapping import RecordMapping
from data_access.ingest.seam import ACCEPTED_HEAD, REJECTED, ROW_LINKS, Admitted
from data_access.ingest.time_text import local_days
from data_access.ingest.values import parse_field

# A formula is what a spreadsheet would run: "=", "@", or a sign before something that is no number.
_FORMULA = r"^[\s]*(?:[=@]|[+\-][^\d\s.,(+\-]|[+\-].*[=|!(])"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]"
_SUSPECT = rf"{_FORMULA}|{_CONTROL}"
_NOT_AS_GIVEN = ("person_ref", "district_code", "province_code")
"""Texts that are stored as something else: hashed, or as the code of an area that was found."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What stays the same for all chunks of a delivery.

    Attributes:
        kind: the record kind.
        places: finds areas.
        known_at: moment of the delivery, aware.
        key: secret of the pseudonyms; empty for a kind without persons.
        zone: time zone of the country.
        mapping: the record mapping, empty by default.
    """

    kind: RecordKind
    places: Places
    known_at: datetime
    key: bytes
    zone: str
    mapping: RecordMapping = field(default_factory=RecordMapping)

    def formats(self) -> Formats:
        """Return how values are written."""
        return Formats(
            zone=self.zone,
            dates=self.mapping.dates,
            numbers=self.mapping.numbers,
            missing=self.mapping.missing,
            first_year=self.mapping.first_year,
        )


class _Findings:
    """Collects reject rows and knows which rows are refused so far."""

    def __init__(self, row_nos: pl.Series, *, of_people: bool) -> None:
        self._row_nos = row_nos
        self._of_people = of_people
        self.refused = pl.Series([False]).new_from_index(0, len(row_nos))
        self.frames: list[pl.DataFrame] = []

    def add(
        self,
        reason: str,
        mask: pl.Series,
        *,
        of: Field | None = None,
        name: str = "",
        cells: pl.Series | None = None,
        texts: tuple[str, str] | None = None,
    ) -> None:
        """Refuse the rows of a mask (null = kept)."""
        mask = mask.fill_null(value=False)
        if not mask.any():
            return
        self.refused = self.refused | mask
        values = as_text(cells.filter(mask)).to_list() if cells is not None else None
        self.frames.append(
            reject_frame(
                reason,
                row_nos=self._row_nos.filter(mask),
                field=of.name if of else name,
                values=values,
                personal=bool(of and of.personal),
                of_people=self._of_people,
                texts=texts,
            )
        )


def check_columns(names: list[str], *, kind: RecordKind, file_name: str) -> None:
    """Refuse a file that lacks a column no row can do without.

    Raises:
        BadInput: naming all that is missing.
    """
    needed = [each.name for each in kind.fields if each.required]
    missing = [name for name in needed if name not in names]
    if not any(name in names for name in AREA_FIELDS):
        missing.append(" or ".join(AREA_FIELDS))
    if DELETED in names:  # a list of deletions needs no more than the key
        missing = [name for name in missing if name == kind.key]
    if missing:
        plural = "columns" if len(missing) > 1 else "column"
        raise BadInput(f"{file_name}: missing {plural} {', '.join(missing)}")


def admit_chunk(chunk: RawChunk, *, gate: Gate) -> Admitted:
    """Return the rows of a chunk behind all checks.

    Needs: columns already named as the fields of the kind; others are ignored.
    """
    raw = chunk.rows
    findings = _Findings(raw["row_no"], of_people=_is_of_people(gate.kind))
    parsed = _parsed(raw, gate=gate, findings=findings)
    deleted = parsed[DELETED].fill_null(value=False)
    _require(parsed, raw, deleted=deleted, gate=gate, findings=findings)
    _limits(parsed, raw, gate=gate, findings=findings)
    _misplaced_people(parsed, raw, gate=gate, findings=findings)
    parsed = _with_local_days(parsed, gate=gate)
    parsed = _placed(parsed, raw, deleted=deleted, gate=gate, findings=findings)
    flags = _place_flags(parsed["place_flag"], deleted=deleted)
    flags |= _contract_checks(parsed, raw, deleted=deleted, gate=gate, findings=findings)
    kept = parsed.filter(~findings.refused)
    people = _people(kept, gate=gate)
    accepted = _stored(kept, people, gate=gate)
    return Admitted(
        accepted=accepted,
        rejected=pl.concat([chunk.broken, *findings.frames], how="vertical"),
        n_read=chunk.n_read,
        flags={
            key: n for key, mask in flags.items() if (n := int((mask & ~findings.refused).sum()))
        },
        links=people.links,
    )


def _is_of_people(kind: RecordKind) -> bool:
    return kind.has_person or any(each.personal for each in kind.fields)


def _parsed(raw: pl.DataFrame, *, gate: Gate, findings: _Findings) -> pl.DataFrame:
    columns = {"row_no": raw["row_no"]}
    formats = gate.formats()
    for each in gate.kind.all_fields():
        dtype = DTYPES[each.kind]
        if each.name not in raw.columns:
            columns[each.name] = pl.Series([None], dtype=dtype).new_from_index(0, raw.height)
            continue
        cells = _translated(raw[each.name], gate.mapping.values.get(each.name))
        if each.name == "birth_date":
            cells = _whole_years(cells)
        found = parse_field(cells, of=each, formats=formats)
        columns[each.name] = found.values
        suspects = _suspects(cells, parsed=found.values, of=each, findings=findings)
        for reason, mask in found.bad.items():
            is_new = mask if suspects is None else mask & ~suspects
            findings.add(reason, is_new, of=each, cells=raw[each.name])
    return pl.DataFrame(columns)


def _translated(cells: pl.Series, table: object) -> pl.Series:
    if not isinstance(table, dict) or not table:
        return cells
    text = as_text(cells)
    plain = text.str.strip_chars().str.replace_all(r"\s+", " ").str.to_lowercase()
    found = plain.replace_strict(table, default=None, return_dtype=pl.String)
    return found.zip_with(found.is_not_null(), text)


def _whole_years(cells: pl.Series) -> pl.Series:
    """Read a bare year of birth as 1 January, the way registries write an unknown day."""
    if cells.dtype in (pl.Date, pl.Datetime):
        return cells
    return as_text(cells).str.replace(r"^\s*((?:18|19|20)\d\d)(?:\.0)?\s*$", "$1-01-01")


def _suspects(
    cells: pl.Series, *, parsed: pl.Series, of: Field, findings: _Findings
) -> pl.Series | None:
    """Refuse formulas and control characters; only unread or free text can hold them."""
    if cells.dtype != pl.String:
        return None
    unread = parsed.is_null() & cells.is_not_null()
    if of.kind is not Kind.TEXT and not unread.any():
        return None
    suspect = cells.str.contains(_SUSPECT).fill_null(value=False)
    if of.kind is not Kind.TEXT:
        suspect = suspect & unread
    if not suspect.any():
        return None
    formula = suspect & cells.str.contains(_FORMULA)
    findings.add("formula", formula, of=of, cells=cells)
    findings.add("control_character", suspect & ~formula, of=of, cells=cells)
    return suspect


def _require(
    parsed: pl.DataFrame, raw: pl.DataFrame, *, deleted: pl.Series, gate: Gate, findings: _Findings
) -> None:
    for each in gate.kind.fields:
        if not (each.required or each.name == gate.kind.key):
            continue
        blank = parsed[each.name].is_null()
        if not blank.any():
            continue
        if each.name in raw.columns:  # an unread value has its own reason
            blank = blank & (as_text(raw[each.name]).str.strip_chars().fill_null("") == "")
        if each.name != gate.kind.key:
            blank = blank & ~deleted
        findings.add("required", blank, of=each)


def _limits(parsed: pl.DataFrame, raw: pl.DataFrame, *, gate: Gate, findings: _Findings) -> None:
    today = local_days(pl.Series([gate.known_at], dtype=DTYPES[Kind.INSTANT]), zone=gate.zone)[0]
    for each in gate.kind.all_fields():
        if each.name not in raw.columns:
            continue
        column, cells = parsed[each.name], raw[each.name]
        if each.kind is Kind.TEXT:
            findings.add("too_long", column.str.len_chars() > each.max_length, of=each, cells=cells)
        if each.minimum is not None:
            findings.add("out_of_range", column < each.minimum, of=each, cells=cells)
        if each.maximum is not None:
            findings.add("out_of_range", column > each.maximum, of=each, cells=cells)
        if each.not_future:
            limit = gate.known_at if each.kind is Kind.INSTANT else today
            findings.add("in_future", column > limit, of=each, cells=cells)


def _misplaced_people(
    parsed: pl.DataFrame, raw: pl.DataFrame, *, gate: Gate, findings: _Findings
) -> None:
    """Refuse rows that hold a person's name or number in a column that would be stored."""
    kind = gate.kind
    own = OwnIdentity(parsed, phones=_other_phones(kind))
    for each in kind.all_fields():
        if each.name not in raw.columns or parsed[each.name].null_count() == raw.height:
            continue
        if each.name == VERSION:
            mask = own.is_in(parsed[VERSION].cast(pl.String), or_is=False)
        elif each.kind is not Kind.TEXT or each.personal or each.name in _NOT_AS_GIVEN:
            continue
        else:
            mask = own.is_in(parsed[each.name], or_is=each.name not in AREA_FIELDS)
            if each.name != kind.key and not each.name.endswith("_id"):
                mask = mask | looks_like_a_number_of_people(parsed[each.name])
        findings.add("personal_value", mask, of=each, cells=raw[each.name])


def _other_phones(kind: RecordKind) -> list[str]:
    return [each.name for each in kind.fields if each.personal and each.name.endswith("_phone")]


def _placed(
    parsed: pl.DataFrame, raw: pl.DataFrame, *, deleted: pl.Series, gate: Gate, findings: _Findings
) -> pl.DataFrame:
    days = _record_days(parsed, gate=gate)
    asked = parsed.select(AREA_FIELDS).with_columns(vintage=gate.places.vintages_on(days))
    placed = gate.places.place(asked)
    for name, reason in _reasons_found(placed):
        mask = (placed["place_field"] == name) & (placed["place_reason"] == reason)
        findings.add(
            reason, mask & ~deleted, name=name, cells=raw[name] if name in raw.columns else None
        )
    return parsed.drop(AREA_FIELDS).hstack(placed.drop("place_field", "place_reason"))


def _reasons_found(placed: pl.DataFrame) -> list[tuple[str, str]]:
    found = (
        placed.select("place_field", "place_reason").unique().sort("place_field", "place_reason")
    )
    return [(name, reason) for name, reason in found.iter_rows() if reason]


def _place_flags(flagged: pl.Series, *, deleted: pl.Series) -> dict[str, pl.Series]:
    keys = sorted(set(flagged.drop_nulls().to_list()) - {""})
    return {key: (flagged == key).fill_null(value=False) & ~deleted for key in keys}


def _record_days(parsed: pl.DataFrame, *, gate: Gate) -> pl.Series:
    """Return the local day that decides a row's vintage: its event, else the delivery's day."""
    names = list(dict.fromkeys(rollup.day for rollup in gate.kind.rollups))
    today = local_days(pl.Series([gate.known_at], dtype=DTYPES[Kind.INSTANT]), zone=gate.zone)
    days = pl.Series("day", [None], dtype=pl.Date).new_from_index(0, parsed.height)
    for name in names:
        if not days.null_count():
            break
        column = _dated(parsed, name, kind=gate.kind)
        found = column if column.dtype == pl.Date else local_days(column, zone=gate.zone)
        days = days.zip_with(days.is_not_null(), found)
    return days.fill_null(today[0])


def _dated(parsed: pl.DataFrame, name: str, *, kind: RecordKind) -> pl.Series:
    if name not in kind.derived:
        return parsed[name]
    _, expression = kind.derived[name]
    return parsed.select(pl.coalesce(expression, pl.col(name)).alias(name)).to_series()


def _with_local_days(parsed: pl.DataFrame, *, gate: Gate) -> pl.DataFrame:
    instants = [each.name for each in gate.kind.fields if each.kind is Kind.INSTANT]
    return parsed.with_columns(
        local_days(parsed[name], zone=gate.zone).alias(f"{name}{LOCAL_DAY_SUFFIX}")
        for name in instants
    )


def _contract_checks(
    parsed: pl.DataFrame, raw: pl.DataFrame, *, deleted: pl.Series, gate: Gate, findings: _Findings
) -> dict[str, pl.Series]:
    checks = gate.kind.checks
    if not checks:
        return {}
    found = parsed.select(check.broken.fill_null(value=False).alias(check.key) for check in checks)
    flags: dict[str, pl.Series] = {}
    for check in checks:
        mask = found[check.key] & ~deleted
        if check.severity is Severity.FLAG:
            flags[check.key] = mask
        else:
            _refuse(check, mask, raw=raw, gate=gate, findings=findings)
    return flags


def _refuse(
    check: Check, mask: pl.Series, *, raw: pl.DataFrame, gate: Gate, findings: _Findings
) -> None:
    findings.add(
        check.key,
        mask,
        of=gate.kind.field_named(check.field),
        name=check.field,
        cells=raw[check.field] if check.field in raw.columns else None,
        texts=(check.vi, check.en),
    )


def _people(kept: pl.DataFrame, *, gate: Gate) -> People:
    """Return what is kept of the people in the rows; deletions link nothing."""
    if not gate.kind.has_person:
        return People(columns=pl.DataFrame(), links=pl.DataFrame(schema=dict(ROW_LINKS)))
    alive = ~kept[DELETED].fill_null(value=False)
    return identified(kept, key=gate.key, known_at=gate.known_at, linked=alive)


def _stored(kept: pl.DataFrame, people: People, *, gate: Gate) -> pl.DataFrame:
    """Return the columns that go on to the database; identities end here."""
    kind = gate.kind
    # What its sources give goes before what an export of ours brings along, unless the
    # expression reads that too: then it alone says what may be kept of it.
    derived = {
        name: expr if name in expr.meta.root_names() else pl.coalesce(expr, pl.col(name))
        for name, (_, expr) in kind.derived.items()
    }
    table = kept.with_columns(**derived)
    if kind.has_person:
        table = table.with_columns(people.columns[each.name] for each in PERSON_STORED)
    fields = [each for each in kind.stored_fields() if each.name != kind.key]
    return table.select(
        pl.col("row_no").cast(ACCEPTED_HEAD["row_no"]),
        pl.col(kind.key).alias("record_id"),
        pl.col(VERSION).fill_null(0),
        pl.col(DELETED).fill_null(value=False),
        pl.col("province_id", "district_id"),
        *[pl.col(each.name).cast(DTYPES[each.kind]) for each in fields],
    )


__all__ = ["REJECTED", "Gate", "admit_chunk", "check_columns"]
