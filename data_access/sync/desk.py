"""What the desk adds up: refused rows by reason, and each province's data debt by its parts."""

from datetime import date

import polars as pl

from data_access.cube.hot import HotCube
from data_access.sync import rules
from data_access.sync.ledger import Owners, deliveries, reasons_of, with_open
from data_access.sync.reporting import by_platform
from data_access.viewer import Viewer

DEBT_SCHEMA = {
    "area_code": pl.String,
    "part": pl.String,
    "count": pl.Float64,
    "weight": pl.Float64,
    "points": pl.Float64,
}
REASONS_SCHEMA = {
    "platform": pl.String,
    "source": pl.String,
    "reason": pl.String,
    "n_rows": pl.Int64,
    "n_files": pl.UInt32,
}
_REJECT = "reject:"
_COUNTED_DAYS = {
    rules.SILENT: "days_silent",
    rules.PARTIAL: "days_partial",
}


def delivered(
    cube: HotCube, owners: Owners, *, viewer: Viewer, start: date, end: date
) -> pl.DataFrame:
    """Return the batches of some days, newest first, with `n_open`: see `sync.ledger`."""
    return with_open(deliveries(cube, owners, viewer=viewer, start=start, end=end))


def reject_reasons(
    cube: HotCube, owners: Owners, *, viewer: Viewer, start: date, end: date
) -> pl.DataFrame:
    """Return refused rows by platform, source and reason, most first: REASONS_SCHEMA.

    A row refused for two reasons is counted under both.
    """
    found = deliveries(cube, owners, viewer=viewer, start=start, end=end)
    flags = reasons_of(cube, found["batch_id"].to_list(), viewer=viewer)
    return (
        flags.filter(pl.col("reason").str.starts_with(_REJECT))
        .with_columns(pl.col("reason").str.strip_prefix(_REJECT))
        .join(found.select("batch_id", "platform", "source"), on="batch_id")
        .group_by("platform", "source", "reason")
        .agg(pl.col("n_rows").sum(), n_files=pl.col("batch_id").n_unique())
        .sort(["n_rows", "platform", "source", "reason"], descending=[True, False, False, False])
        .select(list(REASONS_SCHEMA))
    )


def data_debt(
    cube: HotCube,
    owners: Owners,
    found: pl.DataFrame,
    *,
    viewer: Viewer,
    start: date,
    end: date,
    findings: pl.DataFrame,
) -> pl.DataFrame:
    """Return each province's debt by part, the most indebted province first: DEBT_SCHEMA.

    Args:
        cube: where batches are read from.
        owners: whose batches they are.
        found: as `sync.reporting.reporting` gives it.
        viewer: who looks.
        start: first day counted.
        end: last day counted.
        findings: contradictions, columns of `reconcile.finding.FINDING_SCHEMA`.

    Only parts with a count appear. Refused rows, flags and identities can be laid to a province
    only where the source is its own (`sync.ledger.Owners`).
    """
    batches = delivered(cube, owners, viewer=viewer, start=start, end=end)
    flags = reasons_of(cube, batches["batch_id"].to_list(), viewer=viewer)
    counted = pl.concat(
        [_days(found), _hours(found), _files(batches, flags), _contradictions(findings)]
    )
    return debt_of(counted)


def debt_of(counted: pl.DataFrame) -> pl.DataFrame:
    """Return counts (area_code, part, count) with weight and points, most points first. Pure."""
    parts = pl.DataFrame(
        [(one.key, one.weight, one.cap) for one in rules.DEBT_PARTS],
        schema={"part": pl.String, "weight": pl.Float64, "cap": pl.Float64},
        orient="row",
    )
    points = pl.min_horizontal(pl.col("count") * pl.col("weight"), pl.col("cap"))
    return (
        counted.filter(pl.col("count") > 0)
        .join(parts, on="part")
        .with_columns(points=points)
        .with_columns(total=pl.col("points").sum().over("area_code"))
        .sort(["total", "area_code", "points", "part"], descending=[True, False, True, False])
        .select(list(DEBT_SCHEMA))
    )


def _days(found: pl.DataFrame) -> pl.DataFrame:
    best = by_platform(found).filter(pl.col("state").is_in(list(_COUNTED_DAYS)))
    part = pl.col("state").replace_strict(_COUNTED_DAYS, return_dtype=pl.String).alias("part")
    never = found.filter(pl.col("state") == rules.NEVER).group_by("area_code")
    return pl.concat(
        [
            _counts(best.group_by("area_code", part).agg(count=pl.len())),
            _counts(
                never.agg(count=pl.col("platform").n_unique()).with_columns(
                    part=pl.lit("platforms_never")
                )
            ),
        ]
    )


def _hours(found: pl.DataFrame) -> pl.DataFrame:
    late = by_platform(found).filter(pl.col("state") == rules.LATE)
    return _counts(
        late.group_by("area_code", pl.lit("hours_late").alias("part")).agg(
            count=pl.col("hours_late").sum()
        )
    )


def _files(batches: pl.DataFrame, flags: pl.DataFrame) -> pl.DataFrame:
    own = batches.filter(pl.col("area_code").is_not_null())
    rejected = own.group_by("area_code", pl.lit("rows_rejected").alias("part")).agg(
        count=pl.col("n_open").sum()
    )
    is_identity = pl.col("reason").is_in(list(rules.IDENTITY_FLAGS))
    part = pl.when(is_identity).then(pl.lit("identities")).otherwise(pl.lit("flags")).alias("part")
    flagged = (
        flags.filter(~pl.col("reason").str.starts_with(_REJECT))
        .join(own.select("batch_id", "area_code"), on="batch_id")
        .group_by("area_code", part)
        .agg(count=pl.col("n_rows").sum())
    )
    return pl.concat([_counts(rejected), _counts(flagged)])


def _contradictions(findings: pl.DataFrame) -> pl.DataFrame:
    serious = findings.filter(pl.col("severity") != "info", pl.col("area_level") == "province")
    return _counts(
        serious.group_by("area_code", pl.lit("contradictions").alias("part")).agg(count=pl.len())
    )


def _counts(counted: pl.DataFrame) -> pl.DataFrame:
    return counted.select("area_code", "part", pl.col("count").cast(pl.Float64))
