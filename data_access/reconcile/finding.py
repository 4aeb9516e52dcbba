"""What a finding looks like, its stable number and its gravity. Pure."""

import hashlib

import polars as pl

FINDING_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "finding_id": pl.String,
    "rule": pl.String,
    "date": pl.Date,
    "area_code": pl.String,
    "area_level": pl.String,
    "platform_a": pl.String,
    "measure_a": pl.String,
    "source_a": pl.String,
    "value_a": pl.Float64,
    "platform_b": pl.String,
    "measure_b": pl.String,
    "source_b": pl.String,
    "value_b": pl.Float64,
    "gap": pl.Float64,
    "gap_ratio": pl.Float64,
    "tolerance": pl.Float64,
    "cause": pl.String,
    "severity": pl.String,
    "known_at": pl.Datetime("us", "UTC"),
    "n": pl.Int64,
}
"""`known_at`: from when on it shows. Both sides (every record concerned) were known, and the lag
that the rule tolerates was over."""
_NAMED_BY = ("rule", "area_code", "area_level", "date", "platform_a", "measure_a", "source_a",
             "platform_b", "measure_b", "source_b")  # fmt: skip
ID_CHARACTERS = 16
WARNING_FROM, SERIOUS_FROM = 5.0, 20.0
WARNING_SHARE, SERIOUS_SHARE = 0.1, 0.5
"""A gap is a warning (serious) from this many units and this share of the larger side on."""


def finished(found: pl.DataFrame) -> pl.DataFrame:
    """Return found differences as findings.

    Shape: columns of FINDING_SCHEMA without finding_id, gap, gap_ratio and severity in (`known_at`
        in microseconds); FINDING_SCHEMA out, newest first.
    """
    if found.is_empty():
        return pl.DataFrame(schema=FINDING_SCHEMA)
    gap = pl.col("value_a").fill_null(0) - pl.col("value_b").fill_null(0)
    ratio = pl.when(pl.col("value_b") != 0).then(pl.col("gap") / pl.col("value_b").abs())
    made = (
        found.with_columns(
            gap=gap,
            known_at=pl.from_epoch("known_at", time_unit="us").dt.replace_time_zone("UTC"),
            finding_id=_numbers(found),
        )
        .with_columns(gap_ratio=ratio, severity=_severity())
        .select([pl.col(name).cast(dtype) for name, dtype in FINDING_SCHEMA.items()])
    )
    return newest_first(made)


def newest_first(found: pl.DataFrame) -> pl.DataFrame:
    """Return findings in the order they are read: began to show last, then the later day."""
    order = ["known_at", "date", "area_code", "rule", "source_a", "source_b", "finding_id"]
    return found.sort(order, descending=[True, True, *[False] * 5])


def _numbers(found: pl.DataFrame) -> pl.Series:
    """Return the same number for the same rule, place, day and sources in every run."""
    rows = found.select(pl.col(_NAMED_BY).cast(pl.String).fill_null("")).iter_rows()
    hashed = [hashlib.sha256("\x1f".join(row).encode()).hexdigest()[:ID_CHARACTERS] for row in rows]
    return pl.Series("finding_id", hashed, dtype=pl.String)


def _severity() -> pl.Expr:
    size = pl.col("gap").abs()
    larger = pl.max_horizontal(pl.col("value_a").abs(), pl.col("value_b").abs())
    share = size / larger
    return (
        pl.when((size >= SERIOUS_FROM) & (share >= SERIOUS_SHARE))
        .then(pl.lit("serious"))
        .when((size >= WARNING_FROM) & (share >= WARNING_SHARE))
        .then(pl.lit("warning"))
        .otherwise(pl.lit("info"))
    )
