"""Turns a delivered table into cells of the cube by a table mapping. Writes nothing.

One bad cell refuses its whole row: half a row of figures is worse than none. A cell that appears
twice with the same value is kept once; with another value the later row is refused.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl

from data_access.codes import Status
from data_access.errors import BadInput, BadUse
from data_access.ingest.columns import Formats, Parsed, as_text, cleaned
from data_access.ingest.mapping import MeasureRule, TableMapping
from data_access.ingest.number_text import number_style, parse_numbers
from data_access.ingest.places import Places
from data_access.ingest.readers import read_chunks
from data_access.ingest.reasons import reject_frame
from data_access.ingest.seam import CELLS, REJECTED, CellDelivery
from data_access.ingest.time_text import local_days, parse_days
from data_access.measures.model import MeasureKind
from data_access.reference.areas import Areas

UNKNOWN_CODE = "unknown"
SHARES = ("ratio", "share", "percent", "%")
"""Units of measures whose figures may be percentages; half a bed is none."""
_FORMULA = r"^[\s]*[=@]"
_NO_CELLS = pl.DataFrame(schema=dict(CELLS))


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """The raw rows of a delivery, with the columns the mapping names."""

    rows: pl.DataFrame
    broken: pl.DataFrame
    n_read: int


class _Refused:
    """Reject rows so far, and which rows they are."""

    def __init__(self, row_nos: pl.Series) -> None:
        self._row_nos = row_nos
        self.mask = pl.Series([False]).new_from_index(0, len(row_nos))
        self.frames: list[pl.DataFrame] = []

    def add(self, reason: str, mask: pl.Series, *, field: str, cells: pl.Series | None) -> None:
        mask = mask.fill_null(value=False)
        if not mask.any():
            return
        self.mask = self.mask | mask
        values = cells.filter(mask).to_list() if cells is not None else None
        self.frames.append(
            reject_frame(reason, row_nos=self._row_nos.filter(mask), field=field, values=values)
        )

    def add_parsed(self, parsed: Parsed, *, field: str, cells: pl.Series) -> None:
        formula = cells.str.contains(_FORMULA).fill_null(value=False)
        for reason, mask in parsed.bad.items():
            self.add("formula", mask & formula, field=field, cells=cells)
            self.add(reason, mask & ~formula, field=field, cells=cells)


def read_table(
    paths: Path | Sequence[Path],
    mapping: TableMapping,
    *,
    areas: Areas,
    known_at: datetime,
    zone: str,
) -> CellDelivery:
    """Return all cells of one table delivery, checked.

    Row numbers are those a person sees; with several files they run on from file to file and the
    reject rows name file and row.

    Args:
        paths: the delivered file or files.
        mapping: how they are to be read.
        areas: the country's areas.
        known_at: aware moment of the delivery; no day may lie after it.
        zone: time zone of the country.

    Raises:
        BadInput: if a file as a whole cannot be used, or lacks a column of the mapping.
    """
    files = [paths] if isinstance(paths, Path) else [Path(path) for path in paths]
    tables = ((path.name, _read(path, mapping=mapping)) for path in files)
    return settle_tables(
        tables, mapping, n_files=len(files), areas=areas, known_at=known_at, zone=zone
    )


def settle_tables(
    tables: Iterable[tuple[str, RawTable]],
    mapping: TableMapping,
    *,
    n_files: int,
    areas: Areas,
    known_at: datetime,
    zone: str,
) -> CellDelivery:
    """Return all cells of raw tables that are one delivery, checked.

    Args:
        tables: (file name, rows with the columns that the mapping names).
        mapping: how they are to be read.
        n_files: how many tables there are; of several, reject rows name the file.
        areas: the country's areas.
        known_at: aware moment of the delivery; no day may lie after it.
        zone: time zone of the country.

    Raises:
        BadInput: if the mapping names an area or a vintage that there is not.
    """
    places, today = Places(areas), _local_day(known_at, zone=zone)
    rules = _with_vintage(mapping, areas)
    found: list[CellDelivery] = []
    for name, table in tables:
        one = _cells_of(
            table, mapping=mapping, places=places, today=today, zone=zone, vintage=rules
        )
        offset = sum(_last_row(each) for each in found)
        found.append(_renumbered(one, offset=offset, name=name if n_files > 1 else ""))
    together = pl.concat([each.cells for each in found])
    cells, twins, flags = _settle(together, mapping=mapping)
    return CellDelivery(
        cells=cells.filter(~pl.col("row_no").is_in(twins["row_no"].implode())),
        rejected=pl.concat([*[each.rejected for each in found], twins]),
        n_read=sum(each.n_read for each in found),
        entries=mapping.entries(),
        flags=flags,
    )


def _local_day(moment: datetime, *, zone: str) -> date:
    day = local_days(pl.Series([moment], dtype=pl.Datetime("us", "UTC")), zone=zone)[0]
    return date.fromisoformat(str(day))


def _with_vintage(mapping: TableMapping, areas: Areas) -> str:
    if not mapping.area.vintage:
        return ""
    try:
        return areas.resolve_vintage(mapping.area.vintage)
    except BadUse as error:
        raise BadInput(f"{mapping.name}: {error}") from error


def _read(path: Path, *, mapping: TableMapping) -> RawTable:
    names = _named_columns(mapping)
    encoding = mapping.encoding or None
    chunks = list(
        read_chunks(
            path, fmt=mapping.fmt or None, encoding=encoding, wanted=names, sheet=mapping.sheet
        )
    )
    raw = pl.concat([chunk.rows for chunk in chunks], how="diagonal")
    return RawTable(
        rows=_chosen(raw, names, file_name=path.name, mapping=mapping),
        broken=pl.concat([chunk.broken for chunk in chunks]),
        n_read=sum(chunk.n_read for chunk in chunks),
    )


def _named_columns(mapping: TableMapping) -> list[str]:
    names = [mapping.date.column, mapping.area.column, mapping.area.parent]
    for rule in mapping.measures:
        names += [rule.column, *rule.columns.values(), *rule.where]
    return list(dict.fromkeys(name for name in names if name))


def _chosen(
    raw: pl.DataFrame, names: list[str], *, file_name: str, mapping: TableMapping
) -> pl.DataFrame:
    there = {" ".join(name.split()).casefold(): name for name in raw.columns}
    columns = [raw["row_no"]]
    for name in names:
        folded = " ".join(name.split()).casefold()
        if folded not in there:
            near = difflib.get_close_matches(folded, list(there), n=1)
            hint = f"; the nearest is {there[near[0]]!r}" if near else ""
            whose = mapping.name or "the mapping"
            raise BadInput(f"{file_name}: no column {name!r}, which {whose} names{hint}")
        columns.append(as_text(raw[there[folded]]).alias(name))
    return pl.DataFrame(columns)


def _cells_of(
    table: RawTable, *, mapping: TableMapping, places: Places, today: date, zone: str, vintage: str
) -> CellDelivery:
    rows = table.rows
    refused = _Refused(rows["row_no"])
    days = _days(rows, mapping=mapping, zone=zone, today=today, refused=refused)
    area_ids = _area_ids(
        rows, days, mapping=mapping, places=places, vintage=vintage, refused=refused
    )
    style = _table_style(rows, mapping)
    parts = [
        _entry_cells(rows, number, rule, mapping=mapping, style=style, refused=refused)
        for number, rule in enumerate(mapping.measures)
    ]
    placed = pl.DataFrame({"row_no": rows["row_no"], "day": days, "area_id": area_ids})
    good = placed.filter(~refused.mask)
    cells = [part.join(good, on="row_no", how="inner") for part in parts]
    return CellDelivery(
        cells=pl.concat([_NO_CELLS, *(_as_cells(part) for part in cells)]),
        rejected=pl.concat([table.broken, *refused.frames]),
        n_read=table.n_read,
        entries=(),
    )


def _as_cells(part: pl.DataFrame) -> pl.DataFrame:
    return part.select(pl.col(name).cast(dtype) for name, dtype in CELLS.items())


def _days(
    rows: pl.DataFrame, *, mapping: TableMapping, zone: str, today: date, refused: _Refused
) -> pl.Series:
    rule = mapping.date
    if rule.constant is not None:
        if rule.constant > today:
            raise BadInput(f"{mapping.name}: the day {rule.constant} lies in the future")
        return pl.Series("day", [rule.constant], dtype=pl.Date).new_from_index(0, rows.height)
    cells = rows[rule.column]
    text = cleaned(cells, missing=mapping.missing)
    parsed = parse_days(text, formats=Formats(zone=zone, dates=rule.format))
    refused.add("required", text.is_null(), field=rule.column, cells=None)
    refused.add_parsed(parsed, field=rule.column, cells=cells)
    refused.add("in_future", parsed.values > today, field=rule.column, cells=cells)
    return parsed.values


def _area_ids(
    rows: pl.DataFrame,
    days: pl.Series,
    *,
    mapping: TableMapping,
    places: Places,
    vintage: str,
    refused: _Refused,
) -> pl.Series:
    rule = mapping.area
    n_rows = rows.height
    given = pl.Series([rule.constant], dtype=pl.String).new_from_index(0, n_rows)
    blank = pl.Series([None], dtype=pl.String).new_from_index(0, n_rows)
    fixed = pl.Series([vintage]).new_from_index(0, n_rows)
    asked = pl.DataFrame(
        {
            "text": cleaned(rows[rule.column]) if rule.column else given,
            "vintage": fixed if vintage else _in_force(days, places),
            "parent": cleaned(rows[rule.parent]) if rule.parent else blank,
        }
    )
    found = _look_up(asked, mapping=mapping, places=places)
    for reason in found["reason"].unique().sort():
        if reason:
            # Without a day no vintage is known; the day has been refused already.
            mask = (found["reason"] == reason) & days.is_not_null()
            refused.add(reason, mask, field=rule.column, cells=asked["text"])
    return found["area_id"]


def _look_up(asked: pl.DataFrame, *, mapping: TableMapping, places: Places) -> pl.DataFrame:
    """Return area_id and reason of each row, each distinct question asked once."""
    rule = mapping.area
    distinct = asked.unique()
    answers: list[tuple[int | None, str]] = []
    for name, period, above in distinct.iter_rows():
        if name is None or period is None:
            answers.append((None, "area_missing"))
            continue
        level = rule.level or None
        found = places.area(name, match=rule.match, level=level, vintage=period, parent=above)
        answers.append(found)
        if rule.constant and found[0] is None:
            raise BadInput(f"{mapping.name}: no area {rule.constant!r} on the days of this table")
    table = distinct.with_columns(
        pl.Series("area_id", [found for found, _ in answers], dtype=pl.Int32),
        pl.Series("reason", [reason for _, reason in answers], dtype=pl.String),
    )
    return asked.join(
        table, on=["text", "vintage", "parent"], how="left", nulls_equal=True, maintain_order="left"
    )


def _in_force(days: pl.Series, places: Places) -> pl.Series:
    known = days.drop_nulls()
    if known.is_empty():
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(days))
    return places.vintages_on(days.fill_null(known[0])).set(days.is_null(), None)


def _table_style(rows: pl.DataFrame, mapping: TableMapping) -> str:
    """Return how numbers are written anywhere in the table, for columns that do not show it."""
    if mapping.numbers != "auto":
        return mapping.numbers
    styles = {
        number_style(cleaned(rows[name]))
        for name in {rule.column for rule in mapping.measures if rule.column}
    }
    styles.discard("")
    return styles.pop() if len(styles) == 1 and "both" not in styles else "auto"


def _entry_cells(
    rows: pl.DataFrame,
    number: int,
    rule: MeasureRule,
    *,
    mapping: TableMapping,
    style: str,
    refused: _Refused,
) -> pl.DataFrame:
    """Return the cells of one entry: row_no, entry, dims, value, status; blanks left out."""
    cells = _cells(rows, rule)
    text = cleaned(cells, missing=mapping.missing)
    chosen = _chosen_rows(rows, rule)
    text = text.set(~chosen, None)
    absent = _is_one_of(text, mapping.not_applicable)
    numbers = mapping.numbers
    if numbers == "auto" and not number_style(text):
        numbers = style
    parsed = parse_numbers(text.set(absent, None), numbers=numbers, whole=True)
    refused.add_parsed(parsed, field=rule.column, cells=cells)
    values = parsed.values * rule.scale if rule.scale != 1.0 else parsed.values
    if rule.unit.casefold() not in SHARES:
        shares = text.str.contains("%", literal=True) & values.is_not_null()
        refused.add("percentage", shares, field=rule.column, cells=cells)
    if rule.kind == MeasureKind.STOCK.value:
        refused.add("negative_stock", values < 0, field=rule.column, cells=cells)
    status = absent.cast(pl.Int8) * Status.NOT_APPLICABLE.value
    made = pl.DataFrame(
        {
            "row_no": rows["row_no"],
            "dims": _dims(rows, rule, refused),
            "value": values,
            "status": status,
        }
    )
    made = made.with_columns(pl.lit(number, dtype=pl.Int32).alias("entry"))
    return made.filter(pl.col("value").is_not_null() | (pl.col("status") != 0))


def _cells(rows: pl.DataFrame, rule: MeasureRule) -> pl.Series:
    """Return the texts that hold the figures: a column, or the same number in every row."""
    if rule.value is None:
        return rows[rule.column]
    return pl.Series([repr(rule.value)], dtype=pl.String).new_from_index(0, rows.height)


def _chosen_rows(rows: pl.DataFrame, rule: MeasureRule) -> pl.Series:
    chosen = pl.Series([True]).new_from_index(0, rows.height)
    for column, texts in rule.where.items():
        chosen = chosen & _is_one_of(cleaned(rows[column]), texts, blanks=True)
    return chosen


def _is_one_of(text: pl.Series, words: Sequence[str], *, blanks: bool = False) -> pl.Series:
    folded = [word.strip().casefold() for word in words]
    found = text.str.to_lowercase().is_in([word for word in folded if word])
    return found.fill_null(value=blanks and "" in folded)


def _dims(rows: pl.DataFrame, rule: MeasureRule, refused: _Refused) -> pl.Series:
    """Return the canonical breakdown of each row: a=x|b=y sorted by dimension."""
    parts: list[pl.Expr] = []
    for name in sorted({*rule.constants, *rule.columns}):
        if name in rule.constants:
            parts.append(pl.lit(f"{name}={rule.constants[name]}"))
            continue
        codes = cleaned(rows[rule.columns[name]])
        refused.add(
            "unknown_code", codes.str.contains(r"[|=]"), field=rule.columns[name], cells=codes
        )
        codes = codes.str.replace(r"^(\d+)\.0$", "$1").fill_null(UNKNOWN_CODE)
        parts.append(pl.lit(f"{name}=" + codes))
    if not parts:
        return pl.Series("dims", [""]).new_from_index(0, rows.height)
    made = rows.select(pl.concat_str(parts, separator="|").alias("dims")).to_series()
    return made if len(made) == rows.height else made.new_from_index(0, rows.height)


def _last_row(delivery: CellDelivery) -> int:
    highest = (delivery.cells["row_no"].max(), delivery.rejected["row_no"].max())
    return max((int(str(number)) for number in highest if number is not None), default=0)


def _renumbered(delivery: CellDelivery, *, offset: int, name: str) -> CellDelivery:
    """Number the rows of one file of several on, and name file and row in its reject rows."""
    if not name:
        return delivery
    named = pl.format("{} ({}:{})", "field", pl.lit(name), "row_no").alias("field")
    return CellDelivery(
        cells=delivery.cells.with_columns(pl.col("row_no") + offset),
        rejected=delivery.rejected.with_columns(named).with_columns(pl.col("row_no") + offset),
        n_read=delivery.n_read,
        entries=(),
    )


def _settle(
    cells: pl.DataFrame, *, mapping: TableMapping
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """Return (cells without repeats, rows refused as duplicates, flags)."""
    ids = [rule.id for rule in mapping.measures]
    key = ["measure", "dims", "day", "area_id"]
    named = cells.with_columns(
        pl.col("entry")
        .replace_strict(range(len(ids)), ids, return_dtype=pl.String)
        .alias("measure")
    )
    if mapping.duplicates == "sum":
        return _summed(named, key=key), pl.DataFrame(schema=dict(REJECTED)), {}
    named = named.sort("row_no", "entry", maintain_order=True)
    first = pl.struct("value", "status").first().over(key)
    differs = named.select(differs=pl.struct("value", "status") != first).to_series()
    columns = [rule.column for rule in mapping.measures]
    later = named.filter(differs).unique(["row_no"], keep="first", maintain_order=True)
    twins = [
        reject_frame("duplicate", row_nos=[row_no], field=columns[entry], values=[_plain(value)])
        for row_no, entry, value in later.select("row_no", "entry", "value").iter_rows()
    ]
    kept = named.unique(key, keep="first", maintain_order=True)
    n_equal = named.height - kept.height - int(differs.sum())
    flags = {"repeated_cell": n_equal} if n_equal else {}
    rejected = pl.concat([pl.DataFrame(schema=dict(REJECTED)), *twins])
    return kept.select(list(CELLS)), rejected, flags


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value.is_integer() else repr(value)


def _summed(named: pl.DataFrame, *, key: list[str]) -> pl.DataFrame:
    has_value = pl.col("value").is_not_null().any()
    added = named.group_by(key, maintain_order=True).agg(
        pl.col("row_no").min(),
        pl.col("entry").first(),
        pl.when(has_value).then(pl.col("value").sum()).alias("value"),
        pl.when(has_value).then(pl.lit(0, dtype=pl.Int8)).otherwise(pl.col("status").max())
        .alias("status"),
    )  # fmt: skip
    return added.select(pl.col(name).cast(dtype) for name, dtype in CELLS.items())
