"""The TOML that says how a table becomes figures (DESIGN §5), read and checked. Touches no table.

Any key that is not known is refused with the nearest known one, so that a typing error is never
read as an absent option.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from data_access.codes import PLATFORMS, Clearance, Level
from data_access.errors import BadInput
from data_access.ingest.record_mapping import NUMBER_STYLES, check_keys, read_toml
from data_access.ingest.seam import CellEntry
from data_access.ingest.sheet_rule import SHEET_KEYS, SheetRule, sheet_rule
from data_access.measures.model import MeasureKind
from data_access.measures.registry import MEASURES

DELIVERERS = (*PLATFORMS, "surveillance", "reference")
MODES = ("snapshot", "increment")
DUPLICATES = ("reject", "sum")
MATCHES = ("any", "name", "code")
_KEYS = (
    "source", "platform", "mode", "date", "area", "missing", "not_applicable", "measure",
    "precedence", "numbers", "encoding", "vintage", "level", "duplicates", "format",
    "clearance", *SHEET_KEYS,
)  # fmt: skip
_SOURCE_KEYS = ("name", "clearance")
_CLEARANCES = tuple(level.label for level in Clearance)
_DATE_KEYS = ("column", "format", "constant")
_AREA_KEYS = ("column", "match", "constant", "level", "vintage", "parent")
_MEASURE_KEYS = (
    "id", "column", "breakdown", "kind", "unit", "vi", "en", "scale", "where", "name", "name_en",
    "value", "clearance",
)  # fmt: skip
_ID = re.compile(r"^[a-z][a-z0-9_]{0,63}$")
_CODE_MARKS = re.compile(r"[|=\n\r\t]")


@dataclass(frozen=True, kw_only=True)
class DateRule:
    """Where the day comes from: a column with its format, or one day for the whole table."""

    column: str = ""
    format: str = "auto"
    constant: date | None = None


@dataclass(frozen=True, kw_only=True)
class AreaRule:
    """Where the area comes from.

    Attributes:
        column: column of codes or names; empty with a constant.
        match: "code", "name" or "any" (code first).
        constant: code of the one area of the whole table.
        level: level every area must have; empty for any.
        vintage: vintage of the codes; empty for the one in force on the row's day.
        parent: column with the area above, where names repeat.
    """

    column: str = ""
    match: str = "any"
    constant: str = ""
    level: str = ""
    vintage: str = ""
    parent: str = ""


@dataclass(frozen=True, kw_only=True)
class MeasureRule:
    """One [[measure]] entry.

    Attributes:
        id: id of the measure.
        column: column that holds the value; empty where every row counts for `value`.
        value: what every row counts for, as in a list with one thing a row; null with a column.
        constants: dimension → code, the same in every row.
        columns: dimension → column that holds the code.
        kind: "flow" or "stock"; of the registry for a known id.
        unit: unit; of the registry for a known id.
        is_new: whether the id has to be registered.
        vi: Vietnamese name.
        en: English name.
        scale: the value is multiplied by it.
        where: column → texts; only rows with one of them count.
    """

    id: str
    column: str = ""
    value: float | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    kind: str
    unit: str
    is_new: bool = False
    vi: str = ""
    en: str = ""
    scale: float = 1.0
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    clearance: str = ""


@dataclass(frozen=True, kw_only=True)
class TableMapping:
    """A whole table mapping.

    Attributes:
        source: name of the source.
        platform: platform id.
        mode: "snapshot" (a row that is gone is retracted) or "increment".
        date: where the day comes from.
        area: where the area comes from.
        measures: the entries, in order.
        missing: texts that mean "not reported", besides the empty one.
        not_applicable: texts that mean "does not apply here".
        precedence: rank among the sources of a measure; None for the default.
        numbers: "auto", "vi" or "en".
        encoding: encoding of the file; empty to find out.
        duplicates: "reject" a row that repeats a cell with another value, or "sum" them.
        fmt: "csv", "ndjson", "parquet" or "xlsx"; empty to find out.
        sheet: how a spreadsheet is read.
        name: file name, for messages.
        clearance: who may see the source's cells, where that is fewer than may see the measure.
    """

    source: str
    platform: str
    mode: str
    date: DateRule
    area: AreaRule
    measures: tuple[MeasureRule, ...]
    missing: tuple[str, ...] = ()
    not_applicable: tuple[str, ...] = ()
    precedence: int | None = None
    numbers: str = "auto"
    encoding: str = ""
    duplicates: str = "reject"
    fmt: str = ""
    sheet: SheetRule = field(default_factory=SheetRule)
    name: str = ""
    clearance: Clearance = Clearance.PUBLIC

    def entries(self) -> tuple[CellEntry, ...]:
        """Return the entries as the back of the gate needs them."""
        return tuple(self._entry(rule) for rule in self.measures)

    def _entry(self, rule: MeasureRule) -> CellEntry:
        return CellEntry(
            measure=rule.id,
            feed=feed_key(self, rule),
            kind=rule.kind if rule.is_new else "",
            unit=rule.unit if rule.is_new else "",
            vi=rule.vi,
            en=rule.en,
            clearance=rule.clearance if rule.is_new else "",
        )


def feed_key(mapping: TableMapping, rule: MeasureRule) -> str:
    """Return `source|measure|breakdown signature|area`.

    The signature names each dimension with its constant, or `*` for a column; the area is the
    constant one, or `*`, with the level where the mapping states it: a table of districts must
    not retract the provinces of another table of the same source.
    """
    dimensions = {**dict.fromkeys(rule.columns, "*"), **rule.constants}
    signature = ",".join(f"{name}={code}" for name, code in sorted(dimensions.items()))
    area = mapping.area.constant or "*"
    if mapping.area.level and not mapping.area.constant:
        area = f"*:{mapping.area.level}"
    return "|".join((mapping.source, rule.id, signature, area))


def load_table_mapping(path: Path) -> TableMapping:
    """Return the table mapping in a TOML file.

    Raises:
        BadInput: one line that names the file, the key and what is wrong with it.
    """
    content = read_toml(path)
    where = path.name
    check_keys(content, known=_KEYS, where=where)
    mapping = TableMapping(
        source=_source(content, where),
        clearance=_source_clearance(content, where),
        platform=_choice(content, "platform", DELIVERERS, where=where),
        mode=_choice(content, "mode", MODES, where=where, default="snapshot"),
        date=_date_rule(content, where),
        area=_area_rule(content, where),
        measures=_measures(content, where),
        missing=_words(content, "missing", where),
        not_applicable=_words(content, "not_applicable", where),
        precedence=_precedence(content, where),
        numbers=_choice(content, "numbers", NUMBER_STYLES, where=where, default="auto"),
        encoding=str(content.get("encoding", "")),
        duplicates=_choice(content, "duplicates", DUPLICATES, where=where, default="reject"),
        fmt=str(content.get("format", "")),
        sheet=sheet_rule(content, where=where),
        name=path.name,
    )
    _refuse_twins(mapping, where)
    return mapping


def _source_clearance(content: Mapping[str, Any], where: str) -> Clearance:
    """Return what the file says of its source: `clearance = "..."`, at the top or in [source]."""
    stated = content.get("source")
    inside = stated.get("clearance") if isinstance(stated, dict) else None
    told = {"clearance": inside or content.get("clearance", Clearance.PUBLIC.label)}
    return Clearance[_choice(told, "clearance", _CLEARANCES, where=where).upper()]


def _source(content: Mapping[str, Any], where: str) -> str:
    source = content.get("source")
    if isinstance(source, dict):
        check_keys(source, known=_SOURCE_KEYS, where=f"{where} [source]")
        source = source.get("name")
    if not isinstance(source, str) or not source.strip():
        raise BadInput(f"{where}: source is missing: the name under which the figures are kept")
    if _CODE_MARKS.search(source):
        raise BadInput(f"{where}: source may not contain | or =")
    return source.strip()


def _choice(
    content: Mapping[str, Any],
    key: str,
    choices: tuple[str, ...],
    *,
    where: str,
    default: str | None = None,
) -> str:
    value = content.get(key, default)
    if value is None:
        raise BadInput(f"{where}: {key} is missing; choose from {', '.join(choices)}")
    if value not in choices:
        near = difflib.get_close_matches(str(value), choices, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; choose from {', '.join(choices)}"
        raise BadInput(f"{where}: {key} cannot be {value!r}{hint}")
    return str(value)


def _words(content: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = content.get(key, [])
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(word, (str, int, float)) for word in listed):
        raise BadInput(f'{where}: {key} must be a list of texts, as in ["", "NA"]')
    return tuple(str(word) for word in listed)


def _precedence(content: Mapping[str, Any], where: str) -> int | None:
    value = content.get("precedence")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise BadInput(f"{where}: precedence must be a whole number; smaller is preferred")
    return value


def _table(
    content: Mapping[str, Any], key: str, known: tuple[str, ...], where: str
) -> dict[str, Any]:
    value = content.get(key)
    if isinstance(value, str):
        value = {"column": value}
    if not isinstance(value, dict):
        raise BadInput(f'{where}: {key} is missing, as in {key} = {{ column = "..." }}')
    check_keys(value, known=known, where=f"{where} {key}")
    if ("column" in value) == ("constant" in value):
        raise BadInput(f"{where}: {key} needs either a column or a constant")
    return value


def _date_rule(content: Mapping[str, Any], where: str) -> DateRule:
    value = _table(content, "date", _DATE_KEYS, where)
    if "constant" not in value:
        return DateRule(column=str(value["column"]), format=str(value.get("format", "auto")))
    constant = value["constant"]
    if isinstance(constant, datetime):
        return DateRule(constant=constant.date())
    if isinstance(constant, date):
        return DateRule(constant=constant)
    try:
        return DateRule(constant=date.fromisoformat(str(constant)))
    except ValueError as error:
        raise BadInput(
            f"{where}: date constant {constant!r} is not a day such as 2021-08-05"
        ) from error


def _area_rule(content: Mapping[str, Any], where: str) -> AreaRule:
    value = _table(content, "area", _AREA_KEYS, where)
    level = value.get("level", content.get("level", ""))
    if level:
        _choice({"level": level}, "level", tuple(each.value for each in Level), where=where)
    return AreaRule(
        column=str(value.get("column", "")),
        match=_choice(value, "match", MATCHES, where=f"{where} area", default="any"),
        constant=str(value.get("constant", "")),
        level=str(level),
        vintage=str(value.get("vintage", content.get("vintage", ""))),
        parent=str(value.get("parent", "")),
    )


def _measures(content: Mapping[str, Any], where: str) -> tuple[MeasureRule, ...]:
    listed = content.get("measure")
    if not isinstance(listed, list) or not listed:
        raise BadInput(f"{where}: no [[measure]]; each column of figures needs one")
    return tuple(
        measure_rule(each, where=f"{where} [[measure]] {number}")
        for number, each in enumerate(listed, 1)
    )


def measure_rule(value: Any, *, where: str) -> MeasureRule:  # noqa: ANN401 -- TOML holds anything
    """Return the rule that one table of a mapping describes.

    Raises:
        BadInput: one line that begins with `where`.
    """
    if not isinstance(value, dict):
        raise BadInput(f"{where}: must be a table with id and column")
    check_keys(value, known=_MEASURE_KEYS, where=where)
    if not isinstance(value.get("id"), str) or not value["id"].strip():
        raise BadInput(f"{where}: id is missing")
    column, counted = _column_or_value(value, where)
    kind, unit, is_new = _kind_and_unit(value, where)
    constants, columns = breakdown_codes(value.get("breakdown", {}), where=where)
    scale = value.get("scale", 1.0)
    if not isinstance(scale, (int, float)) or isinstance(scale, bool) or scale == 0:
        raise BadInput(f"{where}: scale must be a number other than 0")
    return MeasureRule(
        id=value["id"],
        column=column,
        value=counted,
        constants=constants,
        columns=columns,
        kind=kind,
        unit=unit,
        is_new=is_new,
        vi=str(value.get("vi", value.get("name", ""))),
        en=str(value.get("en", value.get("name_en", ""))),
        scale=float(scale),
        where=_where(value.get("where", {}), where),
        clearance=_measure_clearance(value, where),
    )


def _measure_clearance(value: Mapping[str, Any], where: str) -> str:
    """Return the clearance stated; that of a measure everybody knows cannot be changed by a file.

    Raises:
        BadInput: if it is no clearance, or another than the known measure has.
    """
    if "clearance" not in value:
        return ""
    stated = _choice(value, "clearance", _CLEARANCES, where=where)
    known = MEASURES.get(str(value["id"]))
    if known is not None and known.clearance.label != stated:
        raise BadInput(
            f"{where}: {known.key} is {known.clearance.label}; to keep these figures closer, state"
            " clearance in [source]"
        )
    return stated


def _column_or_value(value: Mapping[str, Any], where: str) -> tuple[str, float | None]:
    """Return the column that holds the figure, or the number that every row counts for."""
    column, counted = value.get("column"), value.get("value")
    if counted is None:
        if not isinstance(column, str) or not column.strip():
            raise BadInput(f"{where}: column is missing")
        return " ".join(column.split()), None
    if column is not None:
        raise BadInput(f"{where}: needs either a column or a value, not both")
    if not isinstance(counted, (int, float)) or isinstance(counted, bool):
        raise BadInput(f"{where}: value must be a number, as in value = 1")
    return "", float(counted)


def _kind_and_unit(value: Mapping[str, Any], where: str) -> tuple[str, str, bool]:
    name = value["id"]
    known = MEASURES.get(name)
    kinds = tuple(each.value for each in MeasureKind)
    stated = value.get("kind")
    if stated is not None and stated not in kinds:
        raise BadInput(f"{where}: kind must be flow or stock, not {stated!r}")
    if known is not None:
        if stated not in {None, known.kind.value}:
            raise BadInput(f"{where}: {name} is a {known.kind.value}, not a {stated}")
        return known.kind.value, known.unit, False
    if not _ID.match(name):
        raise BadInput(f"{where}: an id is lower case letters, digits and _, not {name!r}")
    if stated is None or not value.get("unit"):
        near = difflib.get_close_matches(name, list(MEASURES), n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise BadInput(f"{where}: unknown measure {name!r}{hint}; a new one needs kind and unit")
    return str(stated), str(value["unit"]), True


def breakdown_codes(
    value: Any,  # noqa: ANN401
    *,
    where: str,
) -> tuple[dict[str, str], dict[str, str]]:
    """Return (dimension → code, dimension → column) of a breakdown.

    Raises:
        BadInput: one line that begins with `where`.
    """
    if not isinstance(value, dict):
        raise BadInput(f'{where}: breakdown must be a table, as in {{ class = "F1" }}')
    constants: dict[str, str] = {}
    columns: dict[str, str] = {}
    for name, code in value.items():
        if not _ID.match(name):
            raise BadInput(f"{where}: {name!r} cannot be a dimension")
        if isinstance(code, dict):
            check_keys(code, known=("column",), where=f"{where} breakdown {name}")
            columns[name] = " ".join(str(code.get("column", "")).split())
        elif isinstance(code, (str, int)) and str(code) and not _CODE_MARKS.search(str(code)):
            constants[name] = str(code)
        else:
            raise BadInput(f"{where}: breakdown {name} needs a code or {{ column = ... }}")
    return constants, columns


def _where(value: Any, where: str) -> dict[str, tuple[str, ...]]:  # noqa: ANN401
    if not isinstance(value, dict):
        raise BadInput(f'{where}: where must be a table, as in {{ column = "text" }}')
    return {
        " ".join(column.split()): tuple(
            str(text) for text in (texts if isinstance(texts, list) else [texts])
        )
        for column, texts in value.items()
    }


def _refuse_twins(mapping: TableMapping, where: str) -> None:
    seen: set[tuple[object, ...]] = set()
    for rule in mapping.measures:
        twin = (feed_key(mapping, rule), tuple(sorted(rule.where.items())))
        if twin in seen:
            raise BadInput(
                f"{where}: two [[measure]] entries write {rule.id} with the same breakdown"
            )
        seen.add(twin)
