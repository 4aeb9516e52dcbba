"""Turns DHIS2 data value sets (JSON or CSV) into cells of the cube. Writes nothing.

A figure of a day is kept under that day. A figure of a longer period is kept under the period's
last day: a stock as it is, because it says how much there was then; a flow with the dimension
`period` (weekly, monthly, ...), because a month's cases are not a day's. Who stored a value and
what they remarked is not read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from data_access.errors import BadInput
from data_access.ingest.cells import RawTable, settle_tables
from data_access.ingest.dhis2_mapping import DEFAULT_PLATFORM, Dhis2Mapping
from data_access.ingest.json_text import clean, read_json
from data_access.ingest.mapping import AreaRule, DateRule, MeasureRule, TableMapping
from data_access.ingest.periods import DAILY, parse_period
from data_access.ingest.readers import fold_name, read_chunks
from data_access.ingest.reasons import reject_frame
from data_access.ingest.seam import CellDelivery
from data_access.measures.model import MeasureKind
from data_access.measures.registry import MEASURES
from data_access.reference.areas import Areas

_FIELDS: Mapping[str, str] = {
    "dataelement": "dataElement",
    "period": "period",
    "orgunit": "orgUnit",
    "categoryoptioncombo": "categoryOptionCombo",
    "catoptcombo": "categoryOptionCombo",
    "attributeoptioncombo": "attributeOptionCombo",
    "attroptcombo": "attributeOptionCombo",
    "value": "value",
    "deleted": "deleted",
}
"""Their column, lower case without signs → as DHIS2 writes it in JSON."""
_NEEDED = ("dataElement", "period", "orgUnit")
_INHERITED = ("dataElement", "period", "orgUnit", "attributeOptionCombo")
_TAKEN_BACK = "\x00taken back"
_TRUE = ("true", "1")


@dataclass(frozen=True, kw_only=True)
class _Values:
    """The data values of a file: columns row_no and those of _FIELDS, all text."""

    rows: pl.DataFrame
    broken: pl.DataFrame
    n_read: int


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """What one data value is about, or why that is not known."""

    entry: str = ""
    day: str = ""
    dims: Mapping[str, str] | None = None
    field: str = ""
    reason: str = ""


class _Meanings:
    """What elements, periods and combinations mean; each question is answered once."""

    def __init__(self, mapping: Dhis2Mapping) -> None:
        self._mapping = mapping
        self._answers: dict[tuple[str | None, ...], _Figure] = {}
        self.rules: dict[str, MeasureRule] = {}

    def of(self, asked: tuple[str | None, ...]) -> _Figure:
        """Return what (element, period, category combination, attribute combination) mean."""
        if asked not in self._answers:
            self._answers[asked] = self._answer(*((text or "").strip() for text in asked))
        return self._answers[asked]

    def _answer(self, element: str, period: str, category: str, attribute: str) -> _Figure:
        rule, spanned = self._mapping.element(element), parse_period(period)
        if rule is None:
            return _Figure(field="dataElement", reason="element_unknown")
        if spanned is None:
            return _Figure(field="period", reason="period_unknown")
        combos = {
            "categoryOptionCombo": self._mapping.combo(category, dimension="category"),
            "attributeOptionCombo": self._mapping.combo(attribute, dimension="attribute"),
        }
        dims = dict(rule.constants)
        for name, codes in combos.items():
            if codes is None:
                return _Figure(field=name, reason="combo_unknown")
            dims |= codes
        if rule.kind == MeasureKind.FLOW.value and spanned.kind != DAILY:
            dims["period"] = spanned.kind
        return _Figure(entry=self._entry(rule, dims), day=spanned.last_day.isoformat(), dims=dims)

    def _entry(self, rule: MeasureRule, dims: Mapping[str, str]) -> str:
        """Return the name of the entry for a measure and a set of dimensions."""
        entry = "|".join((rule.id, repr(rule.scale), *sorted(dims)))
        columns = {name: f"dimension {name}" for name in sorted(dims)}
        entry_rule = replace(rule, constants={}, columns=columns, where={"entry": (entry,)})
        self.rules.setdefault(entry, entry_rule)
        return entry


def read_dhis2(
    paths: Sequence[Path],
    mapping: Dhis2Mapping,
    *,
    source: str,
    areas: Areas,
    known_at: datetime,
    zone: str,
) -> tuple[CellDelivery, TableMapping]:
    """Return all cells of one delivery of data value sets, checked, and how they were read.

    JSON values count from 1; in CSV the header is row 1. With several files the rows run on and
    reject rows name file and row.

    Args:
        paths: the delivered files.
        mapping: what the server's names mean.
        source: name of who delivers.
        areas: the country's areas.
        known_at: aware moment of the delivery; no period may end after it.
        zone: time zone of the country.

    Raises:
        BadInput: if a file as a whole cannot be used.
    """
    meanings = _Meanings(mapping)
    tables = []
    for path in paths:
        values = _read(path)
        tables.append((path.name, _table(values, mapping=mapping, meanings=meanings)))
    read_as = _table_mapping(mapping, source=source, rules=tuple(meanings.rules.values()))
    tables = [(name, _with_columns(table, read_as)) for name, table in tables]
    delivery = settle_tables(
        tables, read_as, n_files=len(paths), areas=areas, known_at=known_at, zone=zone
    )
    ended = pl.col("status") != 0
    cells = delivery.cells.with_columns(
        status=pl.when(~ended).then(pl.col("status")), value=pl.when(~ended).then(pl.col("value"))
    )
    return replace(delivery, cells=cells), read_as


def _table_mapping(
    mapping: Dhis2Mapping, *, source: str, rules: tuple[MeasureRule, ...]
) -> TableMapping:
    """Return the mapping of the table that the values have been turned into."""
    platforms = {MEASURES[rule.id].platform for rule in rules if rule.id in MEASURES}
    only = platforms.pop() if len(platforms) == 1 else DEFAULT_PLATFORM
    return TableMapping(
        source=source,
        platform=mapping.platform or only,
        mode="increment",
        date=DateRule(column="period", format="%Y-%m-%d"),
        area=AreaRule(column="orgUnit", vintage=mapping.vintage),
        measures=rules,
        missing=mapping.missing,
        not_applicable=(_TAKEN_BACK,),
        precedence=mapping.precedence,
        numbers="en",
        duplicates=mapping.duplicates,
        name=mapping.name or "dhis2",
    )


def _table(values: _Values, *, mapping: Dhis2Mapping, meanings: _Meanings) -> RawTable:
    """Return the values under our names: period, orgUnit, value, entry, one column a dimension."""
    asked = values.rows.select(
        "dataElement", "period", "categoryOptionCombo", "attributeOptionCombo"
    )
    found = [meanings.of(row) for row in asked.iter_rows()]
    rows = values.rows.with_columns(
        pl.Series("entry", [each.entry for each in found], dtype=pl.String),
        pl.Series("period", [each.day for each in found], dtype=pl.String),
        pl.Series("reason", [each.reason for each in found], dtype=pl.String),
        pl.Series("field", [each.field for each in found], dtype=pl.String),
        _mapped_units(values.rows["orgUnit"], mapping.org_units),
        pl.when(pl.col("deleted").str.to_lowercase().is_in(_TRUE))
        .then(pl.lit(_TAKEN_BACK))
        .otherwise(pl.col("value"))
        .alias("value"),
    )
    names = sorted(set(chain.from_iterable(each.dims or {} for each in found)))
    dims = {f"dimension {n}": [(each.dims or {}).get(n) for each in found] for n in names}
    rows = rows.with_columns(pl.Series(n, cells, dtype=pl.String) for n, cells in dims.items())
    refused = rows.filter(pl.col("reason") != "")
    given = values.rows.filter(pl.Series([each.reason != "" for each in found], dtype=pl.Boolean))
    return RawTable(
        rows=rows.filter(pl.col("reason") == "").drop("reason", "field"),
        broken=pl.concat([values.broken, *_rejects(refused, given)]),
        n_read=values.n_read,
    )


def _mapped_units(units: pl.Series, org_units: Mapping[str, str]) -> pl.Series:
    text = units.str.strip_chars()
    if not org_units:
        return text
    return text.replace(list(org_units), list(org_units.values()))


def _rejects(refused: pl.DataFrame, given: pl.DataFrame) -> list[pl.DataFrame]:
    frames = []
    together = given.with_columns(refused["reason"], refused["field"])
    for (reason, name), rows in together.group_by("reason", "field", maintain_order=True):
        cells = rows[str(name)]
        for key, mask in (("required", cells.is_null()), (str(reason), cells.is_not_null())):
            row_nos = rows["row_no"].filter(mask)
            frames.append(
                reject_frame(
                    key, row_nos=row_nos, field=str(name), values=cells.filter(mask).to_list()
                )
            )
    return frames


def _with_columns(table: RawTable, read_as: TableMapping) -> RawTable:
    """Add the dimensions that only another file of the delivery has."""
    wanted = dict.fromkeys(c for rule in read_as.measures for c in rule.columns.values())
    missing = [name for name in wanted if name not in table.rows.columns]
    blank = [pl.lit(None, dtype=pl.String).alias(name) for name in missing]
    return replace(table, rows=table.rows.with_columns(blank))


# --- files ----------------------------------------------------------------------------------


def _read(path: Path) -> _Values:
    try:
        with path.open("rb") as file:
            start = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    except OSError as error:
        raise BadInput(f"{path.name}: cannot be opened ({error.strerror})") from error
    return _json_values(path) if start in {b"{", b"["} else _csv_values(path)


def _json_values(path: Path) -> _Values:
    content = read_json(path)
    head = content if isinstance(content, dict) else {}
    listed = head.get("dataValues") if head else content
    if not isinstance(listed, list):
        raise BadInput(f"{path.name}: no dataValues; a DHIS2 data value set was expected")
    numbered = [(n, each) for n, each in enumerate(listed, 1) if isinstance(each, dict)]
    broken = [n for n, each in enumerate(listed, 1) if not isinstance(each, dict)]
    names = list(dict.fromkeys(_FIELDS.values()))
    columns = {
        name: pl.Series([_cell(each, name, head) for _, each in numbered], dtype=pl.String)
        for name in names
    }
    numbers = pl.Series([n for n, _ in numbered], dtype=pl.Int64)
    return _Values(
        rows=pl.DataFrame({"row_no": numbers, **columns}),
        broken=reject_frame("not_json", row_nos=broken),
        n_read=len(listed),
    )


def _cell(value: Mapping[str, Any], name: str, head: Mapping[str, Any]) -> str | None:
    found = value.get(name)
    if found is None and name in _INHERITED:
        found = head.get(name)
    if found is None or found == "":
        return None
    return clean(found) if isinstance(found, str) else clean(json.dumps(found))


def _csv_values(path: Path) -> _Values:
    chunks = list(read_chunks(path, fmt="csv"))
    raw = pl.concat([chunk.rows for chunk in chunks])
    given = {fold_name(name).replace("_", ""): name for name in raw.columns}
    found = {ours: given[theirs] for theirs, ours in _FIELDS.items() if theirs in given}
    missing = [name for name in (*_NEEDED, "value") if name not in found]
    if missing:
        raise BadInput(f"{path.name}: missing column {missing[0]}; not a DHIS2 data value set")
    blank = pl.lit(None, dtype=pl.String)
    return _Values(
        rows=raw.select(
            "row_no",
            *[
                (pl.col(found[name]) if name in found else blank).alias(name)
                for name in dict.fromkeys(_FIELDS.values())
            ],
        ),
        broken=pl.concat([chunk.broken for chunk in chunks]),
        n_read=sum(chunk.n_read for chunk in chunks),
    )
