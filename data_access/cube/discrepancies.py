"""Where a reported total is not the sum of its reported parts. Pure Polars over one view.

Both are kept and neither is changed: the difference is a finding.
"""

from datetime import date

import polars as pl

from data_access.codes import Level, Status
from data_access.cube.geography import NATIONAL, PROVINCE
from data_access.cube.resolve import Want, add_up, parts_of
from data_access.cube.view import CubeView

CUT, AREAS = "breakdown", "areas"
TOLERANCE = 1e-9
DISCREPANCY_SCHEMA: dict[str, type[pl.DataType]] = {
    "day": pl.Date,
    "area_id": pl.Int32,
    "source_id": pl.Int32,
    "kind": pl.String,
    "of": pl.String,
    "reported": pl.Float64,
    "parts": pl.Float64,
    "difference": pl.Float64,
}


def discrepancies(
    view: CubeView, key: str, *, days: tuple[date, date], vintage: str
) -> pl.DataFrame:
    """Return the totals of a measure that differ from the sum of their parts, source by source.

    Shape: DISCREPANCY_SCHEMA; `kind` is `breakdown` (a total of an area against its codes, `of`
        the cut) or `areas` (the nation's cell against its provinces, `of` the level);
        `difference` = reported − parts. Nothing is compared where some provinces are missing.
    """
    grains = {grain for one in view.partitions.get(key, ()) for grain in one.cells}
    tables = [pl.DataFrame(schema=DISCREPANCY_SCHEMA)]
    for rank in sorted({rank for rank, _ in grains}):
        want = Want(rank=rank, vintage=vintage)
        total = at_grain(view, key, rank=rank, cut="", want=want, days=days)
        for cut in sorted(cut for of, cut in grains if of == rank and cut):
            parts = at_grain(view, key, rank=rank, cut=cut, want=want, days=days)
            tables.append(_compared(total, parts, kind=CUT, of=cut))
    nation = Want(rank=NATIONAL, vintage=vintage)
    reported = at_grain(view, key, rank=NATIONAL, cut="", want=nation, days=days)
    provinces = at_grain(view, key, rank=PROVINCE, cut="", want=nation, days=days)
    whole = provinces.filter(pl.col("n_present") == pl.col("n_expected"))
    tables.append(_compared(reported, whole, kind=AREAS, of=Level.PROVINCE.value))
    return pl.concat(tables).sort("day", "area_id", "source_id", "kind", "of")


def at_grain(
    view: CubeView, key: str, *, rank: int, cut: str, want: Want, days: tuple[date, date]
) -> pl.DataFrame:
    """Return the sums of one grain, source by source: RESOLVED_SCHEMA and source_id."""
    here = view.presence(key).filter(
        pl.col("rank") == rank, pl.col("cut") == cut, pl.col("day").is_between(*days)
    )
    parts = parts_of(view, key, here, want=want)
    summed = add_up(view, parts, want=want, per_source=True)
    return summed.filter(pl.col("status") == Status.VALUE).with_columns(
        source_id=pl.col("source_ids").list.first()
    )


def _compared(reported: pl.DataFrame, parts: pl.DataFrame, *, kind: str, of: str) -> pl.DataFrame:
    beside = parts.select("day", "area_id", "source_id", pl.col("value").alias("parts"))
    return (
        reported.rename({"value": "reported"})
        .join(beside, on=["day", "area_id", "source_id"], how="inner")
        .with_columns(
            kind=pl.lit(kind), of=pl.lit(of), difference=pl.col("reported") - pl.col("parts")
        )
        .filter(pl.col("difference").abs() > TOLERANCE)
        .select(list(DISCREPANCY_SCHEMA))
    )
