"""Contradictions between platforms as the sync desk takes them: their shape, and none at all. Pure."""

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


def no_findings() -> pl.DataFrame:
    """Return a frame of contradictions without any row."""
    return pl.DataFrame(schema=FINDING_SCHEMA)
