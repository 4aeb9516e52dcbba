"""What records add to the cube. Pure: frames in, frames out.

Speed comes from numbers: each text is turned into a code once, the parts of a cell's key are packed
into one integer, and texts come back only for the few combinations that occur.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from data_access.codes import Level
from data_access.contracts.model import Grain, Kind, RecordKind, RollUp
from data_access.localtime import local_day

UNKNOWN = "unknown"
"""Code of a dimension that a record leaves empty."""

CONTRIBUTION: Mapping[str, pl.DataType] = {
    "measure": pl.String(),
    "day": pl.Date(),
    "area_id": pl.Int32(),
    "dims": pl.String(),
    "value": pl.Float64(),
    "n": pl.Int64(),
}
"""Columns of what records add up to; columns named in `by` stand in front."""

ROWS_AT_ONCE = 4_000_000
"""Records of a lazy frame whose numbers are held in memory at a time (about 150 MB)."""

_AREA_COLUMN = {Level.PROVINCE: "province_id", Level.DISTRICT: "district_id"}
_ONE = pl.lit(1, dtype=pl.Int64)
_ALL = pl.lit(value=True)
LARGEST_KEY = 2**63


def contributions(
    kind: RecordKind, records: pl.DataFrame | pl.LazyFrame, *, zone: str, by: Sequence[str] = ()
) -> pl.DataFrame:
    """Return what records add to each cell of every grain that their kind declares.

    Shape: one row per record version in; one row per (`by`, measure, day, area_id, dims) out.
    Needs: the kind's stored fields, province_id, district_id, deleted (Boolean); optionally
        `sign` (Int64; +1 to add a record, -1 to take it away, default +1).
    Returns: the columns of CONTRIBUTION after those of `by`. `value` is the signed sum (unit of
        the measure), `n` the signed number of records. Cells that come to nothing are left out.
    Method: the local day of an instant in `zone`. A deleted record, one without the day, or one
        whose contribution is empty adds nothing: missing is never zero. A lazy frame is read in
        pieces: memory grows with the cells, not with the records.
    Raises: ValueError if a grain has a level that records are not kept at.
    """
    given = records.lazy().collect_schema()
    schema = {name: given[name] for name in by} | dict(CONTRIBUTION)
    plan = _plan(kind, zone=zone, by=tuple(by), has_sign="sign" in given)
    parts: list[list[pl.DataFrame]] = [[] for _ in plan.cuts]
    for piece in _numbers(plan, records):
        for kept, cells in zip(parts, _summed(plan, piece), strict=True):
            kept.append(cells)
    finished = [
        _finished(plan, cut, pl.concat(cells), overlaps=len(cells) > 1)
        for cut, cells in zip(plan.cuts, parts, strict=True)
        if cells
    ]
    return pl.concat(finished).select(list(schema)) if finished else pl.DataFrame(schema=schema)


def columns_read(kind: RecordKind) -> tuple[str, ...]:
    """Return the stored columns that decide what a kind's records add to the cube, sorted."""
    grains = [grain for rollup in kind.rollups for grain in rollup.grains]
    said = [
        each
        for rollup in kind.rollups
        for each in (rollup.where, rollup.value, *rollup.dimensions.values())
    ]
    return tuple(
        sorted(
            {"deleted"}
            | {rollup.day for rollup in kind.rollups}
            | {_area_column(grain) for grain in grains}
            | {name for expression in said for name in expression.meta.root_names()}
        )
    )


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """One grain of one roll-up, in names of prepared columns.

    Attributes:
        measure: id of the measure.
        day: column of the day (Int32).
        area: column of the area number (Int32).
        names: dimensions, sorted.
        codes: their columns (UInt32), null where a record leaves the dimension empty.
        where: column that says which records contribute (Boolean); "" for all.
        value: column of the contribution (Int64); "" where each record counts one.
    """

    measure: str
    day: str
    area: str
    names: tuple[str, ...]
    codes: tuple[str, ...]
    where: str
    value: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name a cell."""
        return (self.day, self.area, *self.codes)


@dataclass(kw_only=True)
class _Plan:
    """What to compute from records, and what to sum it by.

    Attributes:
        by: columns of the caller that every cell is split by.
        has_sign: whether records carry a sign.
        columns: name → expression over records; equal expressions are computed once.
        cuts: the grains.
        dtype: how texts are numbered, the same in every piece.
        anchor: keeps that numbering alive while only its numbers are in frames.
    """

    by: tuple[str, ...]
    has_sign: bool
    columns: dict[str, pl.Expr] = field(default_factory=dict)
    cuts: list[_Cut] = field(default_factory=list)
    dtype: pl.Categorical = field(default_factory=lambda: pl.Categorical(pl.Categories.random()))
    anchor: pl.Series = field(init=False)

    def __post_init__(self) -> None:
        self.anchor = pl.Series([UNKNOWN], dtype=self.dtype)

    def column(self, prefix: str, expression: pl.Expr) -> str:
        """Return the name of the column that holds an expression, adding it if it is new."""
        for name, held in self.columns.items():
            if name.startswith(prefix) and held.meta.eq(expression):
                return name
        name = f"{prefix}{len(self.columns)}"
        self.columns[name] = expression
        return name


def _plan(kind: RecordKind, *, zone: str, by: tuple[str, ...], has_sign: bool) -> _Plan:
    plan = _Plan(by=by, has_sign=has_sign)
    for rollup in kind.rollups:
        day = plan.column("day_", _day(kind, rollup.day, zone=zone))
        where = "" if rollup.where.meta.eq(_ALL) else plan.column("where_", _where(rollup))
        counts = rollup.value.meta.eq(_ONE)
        value = "" if counts else plan.column("value_", rollup.value.cast(pl.Int64))
        for grain in rollup.grains:
            names = tuple(sorted(grain.cut))
            codes = [_code(rollup.dimensions[name], dtype=plan.dtype) for name in names]
            plan.cuts.append(
                _Cut(
                    measure=rollup.measure,
                    day=day,
                    area=plan.column("area_", pl.col(_area_column(grain)).cast(pl.Int32)),
                    names=names,
                    codes=tuple(plan.column("code_", code) for code in codes),
                    where=where,
                    value=value,
                )
            )
    return plan


def _day(kind: RecordKind, name: str, *, zone: str) -> pl.Expr:
    dated = kind.field_named(name)
    is_instant = dated is not None and dated.kind is Kind.INSTANT
    day = local_day(pl.col(name), zone=zone) if is_instant else pl.col(name)
    return day.cast(pl.Int32)


def _where(rollup: RollUp) -> pl.Expr:
    return rollup.where.fill_null(value=False)


def _area_column(grain: Grain) -> str:
    if grain.level not in _AREA_COLUMN:
        raise ValueError(f"records are rolled up by province or district, not by {grain.level}")
    return _AREA_COLUMN[grain.level]


def _code(dimension: pl.Expr, *, dtype: pl.Categorical) -> pl.Expr:
    return dimension.cast(pl.String).cast(dtype).to_physical()


def _numbers(plan: _Plan, records: pl.DataFrame | pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Yield the prepared columns of living records: one piece of a frame, several of a lazy one."""
    sign = [pl.col("sign").cast(pl.Int64)] if plan.has_sign else []
    columns = [expression.alias(name) for name, expression in plan.columns.items()]
    wanted = records.lazy().filter(~pl.col("deleted")).select(*plan.by, *sign, *columns)
    if isinstance(records, pl.DataFrame):
        pieces: Iterator[pl.DataFrame] = iter([wanted.collect(engine="streaming")])
    else:
        pieces = wanted.collect_batches(
            chunk_size=ROWS_AT_ONCE, maintain_order=False, engine="streaming"
        )
    return (piece for piece in pieces if not piece.is_empty())


def _summed(plan: _Plan, piece: pl.DataFrame) -> list[pl.DataFrame]:
    """Return one frame per cut: `by`, the cut's keys, value and n (Int64)."""
    keys = pl.col([name for name in plan.columns if name.startswith(("day_", "area_", "code_"))])
    low = piece.select(keys.min().fill_null(0).cast(pl.Int64)).row(0, named=True)
    high = piece.select(keys.max().fill_null(0).cast(pl.Int64)).row(0, named=True)
    # One more than the largest, so that "none given" has a number too.
    spans = {name: (low[name], high[name] - low[name] + 2) for name in low}
    sums = [_sums(plan, cut, piece.lazy(), spans=spans) for cut in plan.cuts]
    return pl.collect_all(sums, engine="streaming")


def _sums(
    plan: _Plan, cut: _Cut, piece: pl.LazyFrame, *, spans: Mapping[str, tuple[int, int]]
) -> pl.LazyFrame:
    rows = piece.filter(cut.where) if cut.where else piece
    rows = rows.drop_nulls([cut.day, cut.area, *([cut.value] if cut.value else [])])
    n = pl.col("sign").sum() if plan.has_sign else pl.len().cast(pl.Int64)
    each = pl.col(cut.value or cut.day)
    signed = each * pl.col("sign") if plan.has_sign else each
    value = signed.sum().cast(pl.Int64) if cut.value else n
    if math.prod(spans[name][1] for name in cut.keys) >= LARGEST_KEY:
        return rows.group_by(*plan.by, *cut.keys).agg(value=value, n=n)
    used = {*plan.by, *([cut.value] if cut.value else []), *(["sign"] if plan.has_sign else [])}
    packed = rows.select(*sorted(used), _key=_packed(cut, spans=spans))
    grouped = packed.group_by(*plan.by, "_key").agg(value=value, n=n)
    return grouped.select(*plan.by, *_unpacked(cut, spans=spans), "value", "n")


def _packed(cut: _Cut, *, spans: Mapping[str, tuple[int, int]]) -> pl.Expr:
    """Return one integer (Int64) for the cut's keys, as digits of a number of mixed base."""
    number = pl.lit(0, dtype=pl.Int64)
    for name in cut.keys:
        lowest, span = spans[name]
        digit = (pl.col(name).cast(pl.Int64) - lowest).fill_null(span - 1)
        number = digit if name == cut.keys[0] else number * span + digit
    return number


def _unpacked(cut: _Cut, *, spans: Mapping[str, tuple[int, int]]) -> list[pl.Expr]:
    columns, rest = [], pl.col("_key")
    for name in reversed(cut.keys):
        lowest, span = spans[name]
        digit = rest % span
        dtype = pl.UInt32 if name in cut.codes else pl.Int32
        number = pl.when(digit != span - 1).then(digit + lowest)
        columns.append(number.cast(dtype).alias(name))
        rest = rest // span
    return columns


def _finished(plan: _Plan, cut: _Cut, cells: pl.DataFrame, *, overlaps: bool) -> pl.DataFrame:
    """Return the cells of a cut with texts for codes: `by` and the columns of CONTRIBUTION."""
    if overlaps:
        sums = cells.lazy().group_by(*plan.by, *cut.keys).agg(pl.col("value", "n").sum())
        cells = sums.collect(engine="streaming")
    texts = _texts(plan, cut, cells)
    # Codes that differ only in signs a breakdown cannot hold are one code.
    merges = bool(texts["dims"].is_duplicated().any())
    named = (
        cells.join(texts, on=cut.codes, nulls_equal=True)
        if cut.codes
        else cells.join(texts, how="cross")
    )
    key = [*plan.by, cut.day, cut.area, "dims"]
    if merges:
        named = named.group_by(key).agg(pl.col("value", "n").sum())
    return named.filter((pl.col("value") != 0) | (pl.col("n") != 0)).select(
        *plan.by,
        measure=pl.lit(cut.measure),
        day=pl.col(cut.day).cast(pl.Date),
        area_id=cut.area,
        dims="dims",
        value=pl.col("value").cast(pl.Float64),
        n="n",
    )


def _texts(plan: _Plan, cut: _Cut, cells: pl.DataFrame) -> pl.DataFrame:
    """Return the combinations of codes that occur, each with its breakdown text `dims`."""
    if not cut.codes:
        return pl.DataFrame({"dims": [""]})
    pairs = [
        pl.format("{}={}", pl.lit(name), _word(pl.col(code).cat.to(plan.dtype)))
        for name, code in zip(cut.names, cut.codes, strict=True)
    ]
    return cells.select(cut.codes).unique().with_columns(dims=pl.concat_str(pairs, separator="|"))


def _word(code: pl.Expr) -> pl.Expr:
    # The two signs that a breakdown is written with cannot be part of a code.
    text = code.cast(pl.String).str.replace_all(r"[|=]", "/")
    return pl.when(text != "").then(text).fill_null(UNKNOWN)


def dims_of(codes: Mapping[str, str]) -> str:
    """Return the canonical breakdown text of dimension → code: `a=x|b=y`, "" for none."""
    return "|".join(f"{name}={codes[name]}" for name in sorted(codes))
