"""What records add to the cube. Pure: frames in, frames out."""

from collections.abc import Mapping, Sequence

import polars as pl

from data_access.codes import Level
from data_access.contracts.model import Grain, Kind, RecordKind, RollUp

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

_AREA_COLUMN = {Level.PROVINCE: "province_id", Level.DISTRICT: "district_id"}


def contributions(
    kind: RecordKind, records: pl.DataFrame, *, zone: str, by: Sequence[str] = ()
) -> pl.DataFrame:
    """Return what records add to each cell of every grain that their kind declares.

    Shape: one row per record version in; one row per (`by`, measure, day, area_id, dims) out.
    Needs: the kind's stored fields, province_id, district_id, deleted (Boolean); optionally
        `sign` (Int64; +1 to add a record, -1 to take it away, default +1).
    Returns: the columns of CONTRIBUTION after those of `by`. `value` is the signed sum (unit of
        the measure), `n` the signed number of records. Cells that come to nothing are left out.
    Method: the local day of an instant in `zone`. A deleted record, one without the day, or one
        whose contribution is empty adds nothing: missing is never zero.
    Raises: ValueError if a grain has a level that records are not kept at.
    """
    signed = records if "sign" in records.columns else records.with_columns(sign=pl.lit(1))
    living = signed.filter(~pl.col("deleted"))
    schema = {name: records.schema[name] for name in by} | dict(CONTRIBUTION)
    if living.is_empty() or not kind.rollups:
        return pl.DataFrame(schema=schema)
    parts = [
        part
        for rollup in kind.rollups
        for part in _by_grain(_rows_of(kind, rollup, living, zone=zone, by=by), rollup, by=by)
    ]
    together = pl.concat(parts).collect(engine="streaming")
    return together.filter((pl.col("value") != 0) | (pl.col("n") != 0)).select(list(schema))


def _rows_of(
    kind: RecordKind, rollup: RollUp, living: pl.DataFrame, *, zone: str, by: Sequence[str]
) -> pl.LazyFrame:
    """Return one row per contributing record, summed to the finest cell that any grain needs."""
    dated = kind.field_named(rollup.day)
    day = pl.col(rollup.day)
    if dated is not None and dated.kind is Kind.INSTANT:
        day = day.dt.convert_time_zone(zone).dt.date()
    names = sorted({name for grain in rollup.grains for name in grain.cut})
    levels = {grain.level for grain in rollup.grains}
    areas = sorted(_area_column(level) for level in levels)
    dimensions = [_code(rollup.dimensions[name]).alias(f"dim_{name}") for name in names]
    value = rollup.value.cast(pl.Int64)
    return (
        living.lazy()
        .filter(rollup.where.fill_null(value=False))
        .select(*by, "sign", *areas, *dimensions, day=day, value=value)
        .drop_nulls(["day", "value"])
        .group_by(*by, "day", *areas, *[f"dim_{name}" for name in names])
        .agg(value=(pl.col("value") * pl.col("sign")).sum(), n=pl.col("sign").sum())
    )


def _by_grain(rows: pl.LazyFrame, rollup: RollUp, *, by: Sequence[str]) -> list[pl.LazyFrame]:
    return [_at_grain(rows, rollup.measure, grain=grain, by=by) for grain in rollup.grains]


def _at_grain(rows: pl.LazyFrame, measure: str, *, grain: Grain, by: Sequence[str]) -> pl.LazyFrame:
    area = _area_column(grain.level)
    names = sorted(grain.cut)
    texts = [pl.format("{}={}", pl.lit(name), pl.col(f"dim_{name}")) for name in names]
    dims = pl.concat_str(texts, separator="|") if texts else pl.lit("")
    return (
        rows.drop_nulls([area])
        .group_by(*by, "day", area, *[f"dim_{name}" for name in names])
        .agg(pl.col("value").sum().cast(pl.Float64), pl.col("n").sum().cast(pl.Int64))
        .select(
            *by,
            "day",
            "value",
            "n",
            measure=pl.lit(measure),
            area_id=pl.col(area).cast(pl.Int32),
            dims=dims,
        )
    )


def _area_column(level: Level) -> str:
    if level not in _AREA_COLUMN:
        raise ValueError(f"records are rolled up by province or district, not by {level.value}")
    return _AREA_COLUMN[level]


def _code(dimension: pl.Expr) -> pl.Expr:
    # The two signs that a breakdown is written with cannot be part of a code.
    text = dimension.cast(pl.String).str.replace_all(r"[|=]", "/")
    return pl.when(text == "").then(None).otherwise(text).fill_null(UNKNOWN)


def dims_of(codes: Mapping[str, str]) -> str:
    """Return the canonical breakdown text of dimension → code: `a=x|b=y`, "" for none."""
    return "|".join(f"{name}={codes[name]}" for name in sorted(codes))
